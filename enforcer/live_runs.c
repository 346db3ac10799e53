/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/live_runs.h"

#include "compiler/base/cleanup.h"
#include "compiler/file_set.h"
#include "enforcer/cgroup.h"
#include "enforcer/count_calls.h"
#include "enforcer/launch.h"
#include "enforcer/live_learner.h"
#include "enforcer/lsm_source.h"
#include "enforcer/new_run.h"
#include "enforcer/record.h"
#include "enforcer/record_filter.h"
#include "enforcer/supervise_seccomp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct recording {
	const struct live_runs *live;
	uint32_t first;		     /* of those in live->runs that are in the file */
	bool told;		     /* that it cannot be written */
	struct lsm_learner *learner; /* NULL: seccomp tells of what is more than a count */
};

/* Names come from people's and programs' files. */
static void print(const struct live_runs *l, const struct text *what)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, text_str(what), what->len);
	fprintf(stderr, "pale %s: %s\n", l->command, text_str(&t));
}

static void complain(const struct live_runs *l, const struct pale_err *err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_puts(&t, pale_err_text(err));
	print(l, &t);
}

static int save(struct recording *rec, struct learn_run *running, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const struct learn_runs *runs = rec->live->runs;

	for (uint32_t i = rec->first; i < runs->n; i++)
		learn_run_write(runs->v[i], &t);
	if (running)
		learn_run_write(running, &t);
	return file_set_write(rec->live->recording, text_str(&t), t.len, err);
}

/* A disk that is full must not end the command. */
static void flush(void *ctx, struct learn_run *so_far)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct recording *rec = ctx;

	/* As it would be found if this process ended now. */
	learn_run_lost(so_far, 1, NEW_RUN_LOST_LATER);
	if (save(rec, so_far, &err) >= 0 || rec->told)
		return;
	complain(rec->live, err);
	rec->told = true;
}

static void say(void *ctx, const char *what)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const struct recording *rec = ctx;

	text_printf(&t, "%s: %s", rec->live->argv[0], what);
	print(rec->live, &t);
}

static void tell(
	const struct live_runs *l, uint32_t i, bool with_lsm, const struct record_result *result)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "run %u of %u: looked at %" PRIu64 " %s", i + 1, l->n, result->looked_at,
		with_lsm ? "different acts" : "calls");
	if (WIFSIGNALED(result->wait_status))
		text_printf(&t, "; %s was ended by signal %d", l->argv[0],
			WTERMSIG(result->wait_status));
	else if (WEXITSTATUS(result->wait_status))
		text_printf(&t, "; %s ended with %d", l->argv[0], WEXITSTATUS(result->wait_status));
	print(l, &t);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What is executed first in the group is the command. */
static int record_with_lsm(struct recording *rec, const struct record *without,
	struct learn_run *run, struct record_result *ret, struct pale_err **err)
{
	_cleanup_(lsm_source_release) struct lsm_source source = { 0 };
	struct lsm_watch w = { .cgroup = without->cgroup->id,
		.run = run,
		.begins = true,
		.init = -1,
		.any_begins = true,
		.start_ns = now_ns() };
	struct record r = *without;
	int n = lsm_source_watch(&source, rec->learner, &w, err);

	r.source = &source.source;
	return n < 0 ? n : record(&r, run, ret, err);
}

static int record_run(struct recording *rec, const struct record *r, struct record_result *ret,
	struct pale_err **err)
{
	_cleanup_(learn_run_freep) struct learn_run *run = NULL;
	int n = new_run(rec->learner ? "bpf-lsm"
			: r->counts  ? "tracepoint"
				     : "seccomp-notify",
		&run, err);

	if (n >= 0 && rec->learner)
		n = record_with_lsm(rec, r, run, ret, err);
	else if (n >= 0)
		n = record(r, run, ret, err);
	if (n >= 0 && ret->exec_errno)
		n = pale_err_set(err, ret->exec_errno, "execute %s", r->path);
	if (n < 0)
		return n;
	keep_run(rec->live->runs, TAKE_PTR(run));
	return save(rec, NULL, err);
}

/* A cgroup and counts of its own, where that works. */
static void count(struct cgroup **ret_cgroup, struct count_calls **ret_counts)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
	_cleanup_(cgroup_freep) struct cgroup *cgroup = NULL;
	/* This program, too, may be what is watched. */
	struct counted_group group = { .phase = LEARN_RUNTIME, .init = -1, .any_begins = true };
	char name[64];

	snprintf(name, sizeof(name), "pale-learn-%d", getpid());
	if (cgroup_new(name, 1u << CGROUP_PIDS, &cgroup, &unused) < 0)
		return;
	group.cgroup = cgroup->id;
	if (count_calls_new(&group, 1, false, ret_counts, &unused) >= 0)
		*ret_cgroup = TAKE_PTR(cgroup);
}

static int record_one(struct recording *rec, const struct record *all, struct record_result *ret,
	struct pale_err **err)
{
	struct record r = *all;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(cgroup_freep) struct cgroup *cgroup = NULL;
	_cleanup_(count_calls_freep) struct count_calls *counts = NULL;
	struct sock_fprog filter;
	int n;

	if (!rec->live->unprivileged)
		count(&cgroup, &counts);
	r.cgroup = cgroup;
	r.counts = counts;
	if (rec->learner && counts)
		return record_run(rec, &r, ret, err);
	/* Without counts there is nothing that sees the calls. */
	lsm_learner_free(rec->learner);
	rec->learner = NULL;
	n = record_filter(arena, counts != NULL, &filter, err);
	if (n < 0)
		return n;
	r.filter = &filter;
	return record_run(rec, &r, ret, err);
}

static int record_all(const struct live_runs *l, const char *path, struct pale_err **err)
{
	struct recording rec = { .live = l, .first = l->runs->n };
	struct record r = {
		.path = path, .argv = l->argv, .flush = flush, .say = say, .ctx = &rec
	};
	struct record_result result = { 0 };
	int n = 0;

	if (!l->unprivileged)
		rec.learner = live_learner_new(l->command);
	sigprocmask(SIG_BLOCK, NULL, &r.signal_mask);
	for (uint32_t i = 0; n >= 0 && i < l->n && result.told_to_end != SIGQUIT; i++) {
		n = record_one(&rec, &r, &result, err);
		if (n >= 0)
			tell(l, i, rec.learner != NULL, &result);
	}
	lsm_learner_free(rec.learner);
	return n;
}

int live_runs_record(const struct live_runs *l, struct pale_err **err)
{
	_cleanup_free_ char *path = NULL;
	int n = launch_find(l->argv[0], getenv("PATH"), &path);

	if (n < 0)
		return pale_err_set(err, n == -ENOENT ? 0 : -n,
			n == -ENOENT ? "%s: command not found" : "%s", l->argv[0]);
	n = seccomp_supported(err);
	return n < 0 ? n : record_all(l, path, err);
}
