/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/record_cgroups.h"

#include "compiler/base/cleanup.h"
#include "enforcer/count_calls.h"
#include "enforcer/group_processes.h"
#include "enforcer/new_run.h"
#include "enforcer/record_pace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct watched {
	struct recorded_group *group;
	int events; /* cgroup.events */
	bool ended, knows_program;
	uint64_t began_ns; /* CLOCK_MONOTONIC */
	enum learn_phase phase;
};

struct loop {
	struct record_cgroups *record;
	struct count_calls *counts;
	struct watched *watched;
	struct pollfd *polled; /* signals, programs, and two of each group */
	int signals;
	bool told_to_end;
	uint64_t start_ns, start_s, next_flush;
};

static void loop_release(struct loop *l)
{
	for (uint32_t i = 0; l->watched && i < l->record->n; i++)
		closep(&l->watched[i].events);
	free(l->watched);
	free(l->polled);
	closep(&l->signals);
	count_calls_free(l->counts);
}

/* ---- programs */

static void add_exec(
	struct recorded_group *g, const struct counted_program *p, const char *path, size_t len)
{
	uint64_t time = record_now(CLOCK_REALTIME) / NS_PER_S;
	struct learn_observation o = {
		.operation = OP_EXEC,
		.object = path,
		.object_len = (uint32_t)len,
		.object_class = p->anonymous ? CLASS_ANONYMOUS : CLASS_PLAIN,
		.execed = p->execed,
		.phases = (uint8_t)LEARN_PHASE_BIT(p->phase),
		.first = time,
		.last = time,
	};

	learn_run_add(g->run, &o);
}

/* As the mounts of @fd's own namespace name it, below @root. */
static int path_of(int fd, int root, char path[PATH_MAX])
{
	char name[32], top[PATH_MAX];
	ssize_t n, len;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, PATH_MAX - 1);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", root);
	len = readlink(name, top, sizeof(top) - 1);
	if (n <= 0 || len <= 0)
		return -ENOENT;
	path[n] = top[len] = 0;
	if (len > 1 && strncmp(path, top, (size_t)len) == 0 && path[len] == '/')
		memmove(path, path + len, (size_t)(n - len) + 1);
	return path[0] == '/' ? 0 : -ENOENT;
}

static int root_of(pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/%d/root", pid);
	return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Its own; where it has ended already, that of those who are there, which mostly is the same. */
static int open_root(struct recorded_group *g, uint32_t pid)
{
	int fd = root_of((pid_t)pid);
	pid_t other;

	if (fd >= 0)
		return fd;
	other = g->root < 0 ? group_first_process(g->fd) : 0;
	if (other > 0)
		g->root = root_of(other);
	return g->root < 0 ? -1 : fcntl(g->root, F_DUPFD_CLOEXEC, 0);
}

static void add_script(struct recorded_group *g, const struct counted_program *p)
{
	_cleanup_close_ int root = open_root(g, p->pid);
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *name = strndup(p->text, p->len);
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char path[PATH_MAX];

	if (!name)
		abort();
	if (root >= 0)
		fd = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	if (p->cut || fd < 0 || path_of(fd, root, path) < 0) {
		learn_run_lost(g->run, 1, "scripts of which the path could not be told");
		return;
	}
	add_exec(g, p, path, strlen(path));
}

/* A source tells what is executed, too, and by whom. */
static bool tells_programs(const struct recorded_group *g)
{
	return g->source != NULL;
}

static void take_program(void *ctx, const struct counted_program *p)
{
	struct loop *l = ctx;
	struct watched *w = &l->watched[p->group];

	w->group->programs += !p->script && !p->execed;
	if (tells_programs(w->group))
		return;
	if (p->script) {
		add_script(w->group, p);
		return;
	}
	if (p->cut) {
		learn_run_lost(w->group->run, 1,
			"programs with paths that are longer than the "
			"kernel tells");
		return;
	}
	if (!w->knows_program && !p->execed && !p->anonymous)
		learn_run_program(w->group->run, p->text, p->len);
	w->knows_program |= !p->execed;
	add_exec(w->group, p, p->text, p->anonymous ? 0 : p->len);
}

/* ---- counts, into a run or a copy of one */

struct counted {
	struct learn_run *run;
	struct learn_observation seen;
	uint64_t calls;
};

static void add_call(void *ctx, const struct counted_call *call)
{
	struct counted *c = ctx;

	c->seen.phases = (uint8_t)LEARN_PHASE_BIT(call->phase);
	c->seen.execed = call->execed;
	c->seen.count = call->count;
	if (!call->execed && call->phase != LEARN_RUNTIME)
		c->calls += call->count;
	learn_run_add_call(c->run, &c->seen, call->abi, call->number, call->registers, call->known);
}

static void add_forks(const struct loop *l, uint32_t i, struct counted *c)
{
	struct learn_observation o = {
		.operation = OP_FORK, .object = "", .first = c->seen.first, .last = c->seen.last
	};

	for (int execed = 0; execed < 2; execed++)
		for (int phase = 0; phase < LEARN_PHASES; phase++) {
			o.count = count_calls_forks(l->counts, i, execed, (enum learn_phase)phase);
			o.execed = execed;
			o.phases = (uint8_t)LEARN_PHASE_BIT(phase);
			if (o.count)
				learn_run_add(c->run, &o);
		}
}

static void add_counts(struct loop *l, uint32_t i, struct learn_run *to)
{
	struct recorded_group *g = l->watched[i].group;
	struct counted c = { .run = to,
		.seen = { .first = l->start_s, .last = record_now(CLOCK_REALTIME) / NS_PER_S } };
	const struct count_group *kernel = count_calls_group(l->counts, i);

	count_calls_each(l->counts, i, add_call, &c);
	add_forks(l, i, &c);
	count_calls_add_losses(l->counts, i, !tells_programs(g), to);
	g->calls = c.calls;
	g->execed = kernel->execed;
	g->interactive = kernel->interactive;
	g->began = kernel->phase != LEARN_RUNTIME;
}

/* What this does not see, whatever happens. */
static void note_blindness(const struct recorded_group *g)
{
	if (!g->source)
		learn_run_lost(g->run, 1,
			"files, network and capabilities: this recorder sees calls and programs");
	if (g->has_begun)
		learn_run_lost(g->run, 1, NEW_RUN_LOST_BEFORE);
}

static void flush(struct loop *l, struct pale_err **err)
{
	_cleanup_(learn_runs_release) struct learn_runs copies = { 0 };
	uint64_t before = record_now(CLOCK_MONOTONIC);

	if (before < l->next_flush)
		return;
	for (uint32_t i = 0; i < l->record->n; i++) {
		if (copy_run(l->watched[i].group->run, &copies, err) < 0)
			return;
		add_counts(l, i, copies.v[i]);
	}
	l->record->flush(l->record->ctx, &copies);
	l->next_flush = record_next_flush(before);
}

/* ---- the course of a group */

static int tell_phase(const struct watched *w, struct pale_err **err)
{
	const struct learn_source *s = w->group->source;

	return s && s->phase ? s->phase(s->ctx, w->phase, err) : 0;
}

static int note_phase(struct loop *l, uint32_t i, struct pale_err **err)
{
	struct watched *w = &l->watched[i];
	const struct count_group *kernel = count_calls_group(l->counts, i);
	uint64_t began = kernel->began_ns ? kernel->began_ns : w->began_ns;

	if (kernel->phase == LEARN_INIT && record_now(CLOCK_MONOTONIC) - began >= RECORD_INIT_NS)
		count_calls_advance(l->counts, i, LEARN_STEADY);
	if (kernel->phase == w->phase)
		return 0;
	w->phase = (enum learn_phase)kernel->phase;
	return tell_phase(w, err);
}

static bool has_begun_or_never_will(const struct watched *w)
{
	struct pollfd init = { .fd = w->group->init, .events = POLLIN };

	return w->phase != LEARN_RUNTIME || (init.fd >= 0 && poll(&init, 1, 0) > 0);
}

/* It has no process, nor any group below it has; or it was removed. */
static void note_end(struct watched *w)
{
	char text[256];
	ssize_t n = pread(w->events, text, sizeof(text) - 1, 0);

	if (n < 0) {
		w->ended |= errno == ENODEV || errno == ENOENT;
		return;
	}
	text[n] = 0;
	w->ended |= strstr(text, "populated 0") && has_begun_or_never_will(w);
}

static bool all_have_ended(const struct loop *l)
{
	for (uint32_t i = 0; i < l->record->n; i++)
		if (!l->watched[i].ended)
			return false;
	return true;
}

static int read_source(const struct recorded_group *g, struct pale_err **err)
{
	return g->source ? g->source->read(g->source->ctx, err) : 0;
}

static int read_all(struct loop *l, struct pale_err **err)
{
	int r = count_calls_read(l->counts, take_program, l, err);

	for (uint32_t i = 0; r >= 0 && i < l->record->n; i++) {
		r = read_source(l->watched[i].group, err);
		if (r >= 0)
			r = note_phase(l, i, err);
		note_end(&l->watched[i]);
	}
	return r;
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo s;

	while (read(l->signals, &s, sizeof(s)) == sizeof(s))
		l->told_to_end = true;
}

/* In milliseconds, for poll(2). */
static int time_left(const struct loop *l)
{
	uint64_t duration = l->record->duration_ns,
		 gone = record_now(CLOCK_MONOTONIC) - l->start_ns;
	uint64_t left = RECORD_FLUSH_NS;

	if (duration && gone >= duration)
		return 0;
	if (duration && duration - gone < left)
		left = duration - gone;
	return (int)(left / 1000000) + 1;
}

static bool is_over(const struct loop *l)
{
	uint64_t duration = l->record->duration_ns;

	return l->told_to_end || all_have_ended(l) ||
	       (duration && record_now(CLOCK_MONOTONIC) - l->start_ns >= duration);
}

/* The descriptors of a group that has ended are readable for ever. */
static void choose_polled(struct loop *l)
{
	struct pollfd *p = l->polled;

	*p++ = (struct pollfd){ .fd = l->signals, .events = POLLIN };
	*p++ = (struct pollfd){ .fd = count_calls_fd(l->counts), .events = POLLIN };
	for (uint32_t i = 0; i < l->record->n; i++) {
		const struct watched *w = &l->watched[i];
		const struct learn_source *s = w->group->source;

		*p++ = (struct pollfd){ .fd = w->ended ? -1 : w->events, .events = POLLPRI };
		*p++ = (struct pollfd){ .fd = s && !w->ended ? s->fd : -1, .events = POLLIN };
	}
}

static int serve(struct loop *l, struct pale_err **err)
{
	while (!is_over(l)) {
		int r;

		choose_polled(l);
		if (poll(l->polled, 2 + 2 * l->record->n, time_left(l)) < 0 && errno != EINTR)
			return pale_err_set(err, errno, "wait for events");
		read_signals(l);
		r = read_all(l, err);
		if (r >= 0)
			flush(l, err);
		if (r < 0 || *err)
			return *err ? -pale_err_errno(*err) : r;
	}
	return 0;
}

/* ---- beginning and end */

static int block_signals(struct loop *l, struct pale_err **err)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return pale_err_set(err, errno, "block signals");
	l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->signals < 0 ? pale_err_set(err, errno, "signalfd") : 0;
}

static enum learn_phase first_phase(const struct recorded_group *g)
{
	if (!g->has_begun)
		return LEARN_RUNTIME;
	return g->age_ns < RECORD_INIT_NS ? LEARN_INIT : LEARN_STEADY;
}

/* It was executed between who looked, and the kernel's programs. */
static void check_begun(struct loop *l, uint32_t i)
{
	struct recorded_group *g = l->watched[i].group;

	if (g->has_begun || !g->begun || !g->begun(g->ctx))
		return;
	if (count_calls_begin(l->counts, i))
		learn_run_lost(g->run, 1, NEW_RUN_LOST_BEFORE);
}

static int watch(struct loop *l, struct pale_err **err)
{
	_cleanup_free_ struct counted_group *groups = calloc(l->record->n, sizeof(*groups));
	int r = 0;

	l->watched = calloc(l->record->n, sizeof(*l->watched));
	l->polled = calloc(2 + 2 * (size_t)l->record->n, sizeof(*l->polled));
	if (!groups || !l->watched || !l->polled)
		abort();
	for (uint32_t i = 0; i < l->record->n; i++)
		l->watched[i].events = -1;
	for (uint32_t i = 0; r >= 0 && i < l->record->n; i++) {
		struct recorded_group *g = &l->record->groups[i];
		struct watched *w = &l->watched[i];

		w->group = g;
		w->knows_program = g->has_begun;
		w->began_ns = l->start_ns > g->age_ns ? l->start_ns - g->age_ns : 0;
		w->phase = first_phase(g);
		groups[i] = (struct counted_group){
			.cgroup = g->cgroup, .phase = w->phase, .init = g->init
		};
		w->events = openat(g->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
		if (w->events < 0)
			r = pale_err_set(err, errno, "open its cgroup.events");
	}
	if (r >= 0)
		r = count_calls_new(groups, l->record->n, true, &l->counts, err);
	for (uint32_t i = 0; r >= 0 && i < l->record->n; i++) {
		note_blindness(l->watched[i].group);
		check_begun(l, i);
		r = tell_phase(&l->watched[i], err);
	}
	return r;
}

static int finish(struct loop *l, struct pale_err **err)
{
	int r;

	count_calls_detach(l->counts);
	r = read_all(l, err);
	for (uint32_t i = 0; r >= 0 && i < l->record->n; i++) {
		const struct learn_source *s = l->watched[i].group->source;

		add_counts(l, i, l->watched[i].group->run);
		if (s)
			r = s->finish(s->ctx, err);
	}
	return r;
}

int record_cgroups(struct record_cgroups *r, struct pale_err **err)
{
	_cleanup_(loop_release) struct loop l = { .record = r, .signals = -1 };
	int n;

	l.start_ns = record_now(CLOCK_MONOTONIC);
	l.start_s = record_now(CLOCK_REALTIME) / NS_PER_S;
	n = block_signals(&l, err);
	if (n >= 0)
		n = watch(&l, err);
	if (n < 0)
		return n;
	r->ready(r->ctx);
	n = serve(&l, err);
	return n < 0 ? n : finish(&l, err);
}
