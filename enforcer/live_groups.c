/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/live_groups.h"

#include "compiler/base/cleanup.h"
#include "compiler/file_set.h"
#include "enforcer/bpf/lsm_event.h"
#include "enforcer/find_container.h"
#include "enforcer/group_processes.h"
#include "enforcer/live_learner.h"
#include "enforcer/lsm_source.h"
#include "enforcer/new_run.h"
#include "enforcer/record_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

struct session {
	const struct live_groups *live;
	struct recorded_group *groups;
	struct found_container *found; /* where it is one */
	struct lsm_learner *learner;   /* NULL: this kernel has no BPF-LSM, or not for us */
	struct lsm_source *sources;
	bool told; /* that the recording cannot be written */
};

static void session_release(struct session *s)
{
	for (uint32_t i = 0; i < s->live->n; i++) {
		closep(&s->groups[i].fd);
		closep(&s->groups[i].init);
		closep(&s->groups[i].root);
		lsm_source_release(&s->sources[i]);
		learn_run_free(s->groups[i].run);
		found_container_release(&s->found[i]);
	}
	lsm_learner_free(s->learner);
	free(s->sources);
	free(s->groups);
	free(s->found);
}

static const char *kind(const struct live_group *g)
{
	return g->container ? "container" : "cgroup";
}

/* ---- what is named */

static int open_init(struct recorded_group *g, pid_t pid, struct pale_err **err)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/%d/root", pid);
	g->init = (int)syscall(SYS_pidfd_open, pid, 0);
	g->root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return g->init < 0 ? pale_err_set(err, errno, "open process %d", pid) : 0;
}

static void note_program(struct recorded_group *g, pid_t pid)
{
	_cleanup_free_ char *path = group_process_program(pid);

	if (path)
		learn_run_program(g->run, path, strlen(path));
	g->age_ns = group_process_age(pid);
}

static bool container_begun(void *ctx)
{
	return found_container_has_begun(ctx);
}

static int find(struct session *s, uint32_t i, struct pale_err **err)
{
	_cleanup_free_ char *path = NULL;
	struct recorded_group *g = &s->groups[i];
	struct found_container *c = &s->found[i];
	int r = find_container(s->live->run_dir, s->live->v[i].name, c, err);

	if (r < 0)
		return r;
	r = open_init(g, c->pid, err);
	if (r >= 0)
		r = group_of_process(c->pid, c->id, &path, err);
	if (r >= 0)
		r = group_open(path, &g->fd, &g->cgroup, err);
	if (r < 0)
		return pale_err_wrap(err, "container '%s'", c->id);
	g->has_begun = c->has_begun;
	g->begun = container_begun;
	g->ctx = c;
	if (g->has_begun)
		note_program(g, c->pid);
	return 0;
}

static int find_group(struct session *s, uint32_t i, struct pale_err **err)
{
	struct recorded_group *g = &s->groups[i];
	pid_t first;
	int r = group_open(s->live->v[i].name, &g->fd, &g->cgroup, err);

	if (r < 0)
		return r;
	first = group_first_process(g->fd);
	if (first < 0) {
		r = pale_err_plain(err, EOPNOTSUPP,
			"cgroup '%s' has processes that cannot be seen from this process namespace",
			s->live->v[i].name);
		pale_err_hint(err, "run pale in the machine's own, or in that of the processes");
		return r;
	}
	/* It may end meanwhile; then its end is not seen, and nothing else depends on it. */
	if (first > 0 && open_init(g, first, err) < 0)
		pale_err_free(*err), *err = NULL;
	g->has_begun = first > 0;
	if (first > 0)
		note_program(g, first);
	return 0;
}

static int find_all(struct session *s, struct pale_err **err)
{
	const struct live_groups *l = s->live;

	for (uint32_t i = 0; i < l->n; i++) {
		int r = new_run(s->learner ? "bpf-lsm" : "tracepoint", &s->groups[i].run, err);

		if (r >= 0)
			r = l->v[i].container ? find(s, i, err) : find_group(s, i, err);
		for (uint32_t k = 0; r >= 0 && k < i; k++)
			if (s->groups[k].cgroup == s->groups[i].cgroup)
				r = pale_err_plain(err, EEXIST, "%s '%s' and %s '%s' are the same",
					kind(&l->v[k]), l->v[k].name, kind(&l->v[i]), l->v[i].name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- files, network, capabilities */

/*
 * Of a container whatever is not in its image is drift; of other groups, and of containers whose
 * root is no overlay, what was made since it was looked at.
 */
static uint64_t drift_begins(const struct recorded_group *g)
{
	struct statfs fs;
	struct timespec t;

	if (g->root >= 0 && fstatfs(g->root, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		return LSM_START_OF_IMAGE;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int watch_all(struct session *s, struct pale_err **err)
{
	int r = 0;

	for (uint32_t i = 0; s->learner && r >= 0 && i < s->live->n; i++) {
		struct recorded_group *g = &s->groups[i];
		struct lsm_watch w = {
			.cgroup = g->cgroup,
			.run = g->run,
			.begins = !g->has_begun,
			.init = g->init,
			.start_ns = drift_begins(g),
		};

		r = lsm_source_watch(&s->sources[i], s->learner, &w, err);
		g->source = &s->sources[i].source;
	}
	return r;
}

/* ---- while it goes on */

static void put_escaped(const char *name)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, name, strlen(name));
	fputs(text_str(&t), stderr);
}

static void ready(void *ctx)
{
	const struct session *s = ctx;

	for (uint32_t i = 0; i < s->live->n; i++) {
		fprintf(stderr, "pale %s: %s '", s->live->command, kind(&s->live->v[i]));
		put_escaped(s->live->v[i].name);
		fprintf(stderr, "' is recorded%s\n",
			s->groups[i].has_begun ? "" : ", from the start of its program on");
	}
}

static int save(const struct session *s, const struct learn_runs *runs, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint32_t i = 0; i < runs->n; i++)
		learn_run_write(runs->v[i], &t);
	return file_set_write(s->live->recording, text_str(&t), t.len, err);
}

/* A disk that is full must not end the recording. */
static void flush(void *ctx, const struct learn_runs *runs)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct session *s = ctx;

	for (uint32_t i = 0; i < runs->n; i++)
		learn_run_lost(runs->v[i], 1, NEW_RUN_LOST_LATER);
	if (save(s, runs, &err) >= 0 || s->told)
		return;
	fprintf(stderr, "pale %s: ", s->live->command);
	put_escaped(pale_err_text(err));
	fputc('\n', stderr);
	s->told = true;
}

/* ---- afterwards */

static void tell(const struct session *s, uint32_t i)
{
	const struct recorded_group *g = &s->groups[i];

	fprintf(stderr, "pale %s: %s '", s->live->command, kind(&s->live->v[i]));
	put_escaped(s->live->v[i].name);
	if (!g->began) {
		fputs("': its program did not start, and nothing was recorded\n", stderr);
		return;
	}
	fprintf(stderr, "': %" PRIu64 " calls, %" PRIu64 " programs executed", g->calls,
		g->programs);
	if (g->execed)
		fprintf(stderr, "; kept apart: %" PRIu64 " from outside", g->execed);
	if (g->interactive)
		fprintf(stderr, "; left out: %" PRIu64 " with a terminal", g->interactive);
	fputc('\n', stderr);
}

static int keep(struct session *s, struct pale_err **err)
{
	_cleanup_(learn_runs_release) struct learn_runs kept = { 0 };
	int r;

	for (uint32_t i = 0; i < s->live->n; i++) {
		tell(s, i);
		if (s->groups[i].began)
			keep_run(&kept, TAKE_PTR(s->groups[i].run));
	}
	if (!kept.n) {
		unlink(s->live->recording);
		return pale_err_plain(
			err, ENODATA, "no program started: there is nothing to learn");
	}
	r = save(s, &kept, err);
	for (uint32_t i = 0; r >= 0 && i < kept.n; i++)
		keep_run(s->live->runs, TAKE_PTR(kept.v[i]));
	if (r >= 0)
		kept.n = 0;
	return r;
}

int live_groups_record(const struct live_groups *l, struct pale_err **err)
{
	_cleanup_(session_release) struct session s = {
		.live = l,
		.groups = calloc(l->n, sizeof(*s.groups)),
		.found = calloc(l->n, sizeof(*s.found)),
		.sources = calloc(l->n, sizeof(*s.sources)),
	};
	struct record_cgroups record = {
		.n = l->n,
		.duration_ns = l->duration_ns,
		.ready = ready,
		.flush = flush,
		.ctx = &s,
	};
	int r;

	if (!s.groups || !s.found || !s.sources)
		abort();
	for (uint32_t i = 0; i < l->n; i++)
		s.groups[i].fd = s.groups[i].init = s.groups[i].root = -1;
	record.groups = s.groups;
	if (geteuid() != 0)
		return pale_err_plain(
			err, EPERM, "only root may record what runs already in the kernel");
	s.learner = live_learner_new(l->command);
	r = find_all(&s, err);
	if (r >= 0)
		r = watch_all(&s, err);
	if (r >= 0)
		r = record_cgroups(&record, err);
	return r < 0 ? r : keep(&s, err);
}
