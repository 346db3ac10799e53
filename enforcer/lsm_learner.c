/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/lsm_learner.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "enforcer/bpf/lsm_learning.h"
#include "enforcer/libbpf_words.h"
#include "enforcer/lsm_internal.h"
#include "enforcer/lsm_observation.h"
#include "enforcer/new_run.h"
#include "enforcer/process.h"

#include <errno.h>
#include <learn.skel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Of names that are told once; many at a time, when a program starts. */
#define EVENT_BYTES (16u << 20)
/* New tasks of a task that was not known yet are found the next time. */
#define PASSES 16

#define NS_PER_S UINT64_C(1000000000)

/* All is told: there is no rule. */
static const char policy[] = "profile learned {\n\tmode audit\n}\n";

struct watched {
	struct learn_run *run;
	uint64_t generation;
	bool begins; /* its program has not been executed */
	bool alone;  /* it has been, and who else is there has been looked for */
	uint64_t acts;
};

struct lsm_learner {
	struct lsm *lsm;
	const struct bpf_program *running;
	struct lsm_learning *learning; /* [LSM_INSTANCES_MAX] */
	uint32_t policy;
	struct watched watched[LSM_INSTANCES_MAX];
	uint64_t failures[LSM_WHY_COUNT]; /* when the programs were loaded, or told since */
	struct text object;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- loading */

static int map_learning(struct lsm_learner *l, struct pale_err **err)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(l->lsm->skel->obj, "learning");
	void *at = mmap(NULL, LSM_INSTANCES_MAX * sizeof(*l->learning), PROT_READ | PROT_WRITE,
		MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return pale_err_set(err, errno, "map learning");
	l->learning = at;
	return 0;
}

static int add_policy(struct lsm_learner *l, struct pale_err **err)
{
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	struct compilation c;
	int r;

	compile_bytes(&c, "learned", policy, sizeof(policy) - 1, &(struct compile_options){ 0 });
	if (c.diags.n_errors)
		r = pale_err_set(err, EINVAL, "the policy that is learned with");
	else
		r = emit_lsm(c.policies[0], coverage_new(c.policies[0]), &blob, err);
	if (r >= 0)
		r = lsm_add_policy(l->lsm, blob.s, blob.len, &l->policy, err);
	compilation_release(&c);
	return r;
}

static int load(struct lsm_learner *l, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	struct lsm_elf object;
	struct bpf_program *running;
	int r;

	libbpf_listen(&previous);
	object.bytes = learn_bpf__elf_bytes(&object.len);
	r = lsm_new(&object, &l->lsm, err);
	if (r < 0)
		return r;
	/* No hook, and so not among those that lsm_new() took. */
	running = bpf_object__find_program_by_name(l->lsm->skel->obj, "label_running");
	bpf_program__set_autoload(running, true);
	l->running = running;
	bpf_map__set_max_entries(l->lsm->skel->maps.events, EVENT_BYTES);
	r = lsm_load_all(l->lsm, err);
	if (r >= 0)
		r = map_learning(l, err);
	return r < 0 ? r : add_policy(l, err);
}

int lsm_learner_new(struct lsm_learner **ret, struct pale_err **err)
{
	_cleanup_(lsm_learner_freep) struct lsm_learner *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		abort();
	r = load(l, err);
	if (r < 0)
		return pale_err_wrap(err, "learning with bpf-lsm");
	*ret = TAKE_PTR(l);
	return 0;
}

void lsm_learner_free(struct lsm_learner *l)
{
	if (!l)
		return;
	if (l->learning)
		munmap(l->learning, LSM_INSTANCES_MAX * sizeof(*l->learning));
	lsm_free(l->lsm);
	text_release(&l->object);
	free(l);
}

void lsm_learner_freep(struct lsm_learner **l)
{
	lsm_learner_free(*l);
}

/* ---- watching */

/* The number of tasks that were new, from one pass over all of the machine. */
static int label_running(struct lsm_learner *l, struct pale_err **err)
{
	struct bpf_link *link = bpf_program__attach_iter(l->running, NULL);
	_cleanup_close_ int fd = -1;
	char buffer[4096];
	ssize_t n = -1;
	int found = 0;

	if (link)
		fd = bpf_iter_create(bpf_link__fd(link));
	while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
		found += (int)n;
	bpf_link__destroy(link);
	return n < 0 ? pale_err_set(err, errno, "tasks that run already") : found;
}

/* How many of this watch there were. */
static int label_all_running(struct lsm_learner *l, uint32_t id, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	int r = 1, found = 0;

	libbpf_listen(&previous);
	l->learning[id].looked_for = 1;
	for (int i = 0; i < PASSES && r > 0; i++) {
		r = label_running(l, err);
		found += r > 0 ? r : 0;
	}
	l->learning[id].looked_for = 0;
	if (r > 0)
		return pale_err_plain(err, EAGAIN, "tasks come faster than they are found");
	return r < 0 ? r : found;
}

/* One that has ended meanwhile executes nothing any more. */
static int number_init(struct lsm_learner *l, uint32_t id, int init, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	const struct bpf_map *inits = bpf_object__find_map_by_name(l->lsm->skel->obj, "inits");
	const uint32_t its[] = { id, (uint32_t)l->watched[id].generation };

	libbpf_listen(&previous);
	if (bpf_map_update_elem(bpf_map__fd(inits), &init, its, BPF_ANY) < 0)
		return errno == ENOENT || errno == ESRCH
			       ? 0
			       : pale_err_set(err, errno, "a first process");
	return label_running(l, err);
}

static uint32_t beginner(const struct lsm_watch *w)
{
	if (w->init >= 0)
		return LSM_BEGINS_INIT;
	return w->any_begins ? LSM_BEGINS_ANY : LSM_BEGINS_OTHER;
}

int lsm_learner_watch(
	struct lsm_learner *l, const struct lsm_watch *w, uint32_t *ret_id, struct pale_err **err)
{
	uint32_t id;
	int r = lsm_add_instance(l->lsm, l->policy, w->start_ns, &id, err);

	if (r < 0)
		return r;
	l->watched[id] = (struct watched){
		.run = w->run,
		.generation = l->lsm->instances[id].generation,
		.begins = w->begins,
		.alone = !w->begins,
	};
	l->learning[id] = (struct lsm_learning){
		.phase = w->begins ? LEARN_INIT : LEARN_STEADY,
		.begins = w->begins,
		.beginner = beginner(w),
	};
	r = w->begins && w->init >= 0 ? number_init(l, id, w->init, err) : 0;
	if (r >= 0)
		r = lsm_bind_cgroup(l->lsm, w->cgroup, id, err);
	if (r >= 0 && !w->begins)
		r = label_all_running(l, id, err);
	if (r < 0) {
		_cleanup_(pale_err_freep) struct pale_err *unused = NULL;

		lsm_remove_instance(l->lsm, id, &unused);
		l->watched[id] = (struct watched){ 0 };
		return r;
	}
	*ret_id = id;
	return 0;
}

int lsm_learner_phase(
	struct lsm_learner *l, uint32_t id, enum learn_phase phase, struct pale_err **err)
{
	uint32_t one = 1;
	int r;

	if (phase == LEARN_RUNTIME)
		return 0;
	__atomic_store_n(&l->learning[id].phase, (uint32_t)phase, __ATOMIC_RELEASE);
	if (!__atomic_compare_exchange_n(
		    &l->learning[id].begins, &one, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	l->watched[id].alone = true;
	learn_run_lost(l->watched[id].run, 1, NEW_RUN_LOST_BEFORE);
	r = label_all_running(l, id, err);
	return r < 0 ? r : 0;
}

/* ---- reading */

static void set_times(struct learn_observation *o, const struct lsm_event *e)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), ago = now > e->time_ns ? now - e->time_ns : 0;

	o->first = o->last = (clock_ns(CLOCK_REALTIME) - ago) / NS_PER_S;
}

/* What ran before it was watched is not known to the kernel's part; who is gone is to nobody. */
static char *executable_of(const struct lsm_event *e)
{
	if (e->errnum & LSM_SEEN_BEGINS)
		return NULL;
	if (e->executable_len && !e->executable_cut)
		return strndup(e->executable, e->executable_len);
	return process_executable((pid_t)e->tgid);
}

/* The first thing that a program does is to have its loader mapped. */
static void note_begin(struct watched *w, const struct lsm_event *e, const char *executable)
{
	if (!w->begins || (e->errnum & (LSM_SEEN_BEGINS | LSM_SEEN_EXECED)))
		return;
	w->begins = false;
	if (executable && *executable)
		learn_run_program(w->run, executable, strlen(executable));
}

static void take(void *ctx, const struct lsm_event *e)
{
	struct lsm_learner *l = ctx;
	struct watched *w = e->instance < LSM_INSTANCES_MAX ? &l->watched[e->instance] : NULL;
	_cleanup_free_ char *executable = NULL;
	struct learn_observation o;
	const char *why;

	if (!w || !w->run || (uint32_t)w->generation != e->generation)
		return;
	executable = executable_of(e);
	note_begin(w, e, executable);
	w->acts++;
	why = lsm_observation(e, &l->object, &o);
	if (why) {
		learn_run_lost(w->run, 1, why);
		return;
	}
	if (executable && *executable) {
		o.executable = executable;
		o.executable_len = (uint32_t)strlen(executable);
	}
	o.phases = (uint8_t)LEARN_PHASE_BIT(LSM_SEEN_PHASE(e->errnum));
	o.execed = e->errnum & LSM_SEEN_EXECED;
	set_times(&o, e);
	learn_run_add(w->run, &o);
}

int lsm_learner_fd(const struct lsm_learner *l)
{
	return lsm_event_fd(l->lsm);
}

/*
 * Who was in the group before its program, which need not be its child, is of it from then on. What
 * they did until now was not seen. Who has ended meanwhile is not found.
 */
static int find_others(struct lsm_learner *l, uint32_t id, struct pale_err **err)
{
	struct watched *w = &l->watched[id];
	int r;

	if (!w->run || w->begins || w->alone)
		return 0;
	w->alone = true;
	r = label_all_running(l, id, err);
	if (r > 0)
		learn_run_lost(w->run, (uint64_t)r, LSM_LEARNER_LOST_OTHERS);
	return r;
}

int lsm_learner_read(struct lsm_learner *l, struct pale_err **err)
{
	int r = lsm_poll(l->lsm, 0, take, l, err);

	for (uint32_t id = 0; id < LSM_INSTANCES_MAX && r >= 0; id++)
		r = find_others(l, id, err);
	return r;
}

bool lsm_learner_has_begun(const struct lsm_learner *l, uint32_t id)
{
	return !l->watched[id].begins;
}

uint64_t lsm_learner_acts(const struct lsm_learner *l, uint32_t id)
{
	return l->watched[id].acts;
}

uint64_t lsm_learner_interactive(const struct lsm_learner *l, uint32_t id)
{
	return __atomic_load_n(&l->learning[id].interactive, __ATOMIC_ACQUIRE);
}

/* ---- what was lost */

static void add_losses(struct watched *w, const struct lsm_instance *counters)
{
	static const struct {
		enum lsm_why why;
		const char *text;
	} failures[] = {
		{ LSM_WHY_STORAGE, "acts for which the kernel had no memory" },
		{ LSM_WHY_POLICY, "acts that the kernel's part could not judge" },
	};

	if (counters->lost)
		learn_run_lost(w->run, counters->lost,
			"acts that came faster than they were written down");
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (counters->unresolved[failures[i].why])
			learn_run_lost(
				w->run, counters->unresolved[failures[i].why], failures[i].text);
}

/* Of tasks that got no label nobody knows whose they are: it is every run's loss. */
static void add_failures(struct lsm_learner *l)
{
	const int map = bpf_map__fd(l->lsm->skel->maps.failures);

	for (uint32_t why = 0; why < LSM_WHY_COUNT; why++) {
		uint64_t n = 0;

		bpf_map_lookup_elem(map, &why, &n);
		for (uint32_t id = 0; id < LSM_INSTANCES_MAX && n > l->failures[why]; id++)
			if (l->watched[id].run)
				learn_run_lost(l->watched[id].run, n - l->failures[why],
					"processes for which the kernel had no memory");
		l->failures[why] = n;
	}
}

int lsm_learner_end(struct lsm_learner *l, uint32_t id, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
	struct watched *w = &l->watched[id];
	/* find_others() finds them while it is watched. */
	int r = lsm_learner_read(l, err), removed;

	/* From then on nothing is told; what was is in the buffer, and the counts stay. */
	removed = lsm_remove_instance(l->lsm, id, r < 0 ? &unused : err);
	if (r >= 0)
		r = removed < 0 ? removed : lsm_learner_read(l, err);
	if (r >= 0) {
		add_failures(l);
		add_losses(w, &l->lsm->instances[id]);
	}
	*w = (struct watched){ .acts = w->acts };
	return r < 0 ? r : 0;
}
