/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/record.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/command_tree.h"
#include "enforcer/credentials.h"
#include "enforcer/keeper.h"
#include "enforcer/new_run.h"
#include "enforcer/observer.h"
#include "enforcer/record_pace.h"
#include "enforcer/task_limit.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct loop {
	const struct record *record;
	struct command_tree tree;
	struct notified_calls *calls; /* NULL: no process is left behind the filter */
	struct observer observer;
	pid_t keeper;
	struct task_limit tasks;
	bool told_of_tasks, told_of_copy;
	uint64_t start, next_flush;
	uint64_t flushed; /* how much had been looked at */
};

static void loop_release(struct loop *l)
{
	keeper_stop(l->keeper);
	notified_calls_free(l->calls);
	command_tree_release(&l->tree);
	observer_release(&l->observer);
}

static uint64_t looked_at(const struct loop *l)
{
	const struct learn_source *s = l->record->source;

	return s ? s->acts(s->ctx) : l->observer.calls;
}

/* The filter does not tell of it where it is counted. */
static bool takes_clients(const struct loop *l)
{
	return l->record->counts && count_calls_group(l->record->counts, 0)->phase >= LEARN_STEADY;
}

static void note_phase(struct loop *l)
{
	struct observer *r = &l->observer;

	if (l->tree.told_to_end)
		r->phase = LEARN_SHUTDOWN;
	else if (r->phase == LEARN_INIT &&
		 (record_now(CLOCK_MONOTONIC) - l->start >= RECORD_INIT_NS || takes_clients(l)))
		r->phase = LEARN_STEADY;
	if (l->record->counts)
		count_calls_advance(l->record->counts, 0, r->phase);
}

static int read_source(struct loop *l, struct pale_err **err)
{
	const struct learn_source *s = l->record->source;
	int r = s ? s->read(s->ctx, err) : 0;

	/* The kernel knows first when the program begins. */
	if (r < 0 || !s || count_calls_group(l->record->counts, 0)->phase == LEARN_RUNTIME)
		return r;
	return s->phase(s->ctx, l->observer.phase, err);
}

struct counted {
	struct learn_run *run;
	bool alone; /* nobody else writes calls down */
	struct learn_observation seen;
};

/* What was looked at is written down already, and the launcher's own calls are nobody's. */
static void add_counted(void *ctx, const struct counted_call *counted)
{
	struct counted *c = ctx;
	int call = vocab_syscall_by_number(counted->abi, counted->number);

	if (counted->phase == LEARN_RUNTIME)
		return;
	if (!c->alone &&
		(counted->abi != vocab_abi_native() || call < 0 || observer_looks_at(call)))
		return;
	c->seen.phases = (uint8_t)LEARN_PHASE_BIT(counted->phase);
	c->seen.count = counted->count;
	learn_run_add_call(c->run, &c->seen, counted->abi, counted->number, counted->registers,
		counted->known);
}

static void add_counts(const struct loop *l, struct learn_run *to)
{
	uint64_t end = record_now(CLOCK_REALTIME) / NS_PER_S;
	struct counted c = { .run = to,
		.alone = l->record->source != NULL,
		.seen = { .first = l->observer.start_ns / NS_PER_S, .last = end } };

	if (!l->record->counts)
		return;
	count_calls_each(l->record->counts, 0, add_counted, &c);
	count_calls_add_losses(l->record->counts, 0, false, to);
}

/* What is counted is added once, at the end: to a copy until then. */
static void flush(struct loop *l)
{
	_cleanup_(learn_runs_release) struct learn_runs copy = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	uint64_t before = record_now(CLOCK_MONOTONIC);

	if (before < l->next_flush || l->flushed == looked_at(l))
		return;
	l->flushed = looked_at(l);
	if (copy_run(l->observer.run, &copy, &err) >= 0) {
		add_counts(l, copy.v[0]);
		l->record->flush(l->record->ctx, copy.v[0]);
	} else if (!l->told_of_copy) {
		l->record->say(l->record->ctx, pale_err_text(err));
		l->told_of_copy = true;
	}
	l->next_flush = record_next_flush(before);
}

static void lose_tasks(struct loop *l, uint64_t n)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;

	text_printf(&why, "processes and threads beyond %u, which is as many as a run may have",
		l->tasks.max);
	if (n)
		learn_run_lost(l->observer.run, n, text_str(&why));
}

/* The errno that the call is to fail with, or 0. */
static int refuse(struct loop *l, const struct notified_call *call)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!task_limit_call(call->syscall) || task_limit_admits(&l->tasks))
		return 0;
	lose_tasks(l, 1);
	text_printf(&t,
		"it has %u processes and threads, and gets no more while it has them (EAGAIN): the "
		"run is partial",
		l->tasks.max);
	if (!l->told_of_tasks)
		l->record->say(l->record->ctx, text_str(&t));
	l->told_of_tasks = true;
	return EAGAIN;
}

static void note_unseen(struct loop *l)
{
	uint64_t n = l->calls ? notified_calls_unseen(l->calls) : 0;

	if (n)
		learn_run_lost(l->observer.run, n,
			"calls that went on unseen, as one could not be looked at in time");
}

static int take_call(struct loop *l, short events, struct pale_err **err)
{
	const struct notified_call *call;
	int r;

	if (!(events & POLLIN)) {
		keeper_stop(l->keeper);
		l->keeper = 0;
		note_unseen(l);
		notified_calls_free(l->calls);
		l->calls = NULL;
		return 0;
	}
	r = notified_calls_take(l->calls, &call, err);
	if (r <= 0)
		return r;
	observer_take(&l->observer, l->calls, call);
	note_phase(l);
	return notified_calls_answer(l->calls, refuse(l, call), err);
}

static int serve(struct loop *l, struct pale_err **err)
{
	while (!l->tree.alone) {
		struct pollfd p[] = { { .fd = l->tree.signals, .events = POLLIN },
			{ .fd = l->calls ? notified_calls_fd(l->calls) : -1, .events = POLLIN },
			{ .fd = l->record->source ? l->record->source->fd : -1,
				.events = POLLIN } };
		int n = poll(p, 3, (int)(RECORD_FLUSH_NS / 1000000)), r = 0;

		if (n < 0 && errno != EINTR)
			return pale_err_set(err, errno, "wait for events");
		if (n > 0 && p[0].revents)
			r = command_tree_handle(&l->tree, err);
		note_phase(l);
		if (r >= 0 && n > 0 && p[1].revents)
			r = take_call(l, p[1].revents, err);
		if (r >= 0)
			r = read_source(l, err);
		if (r < 0)
			return r;
		flush(l);
	}
	return 0;
}

/* seccomp(2): who has it loads a filter without no_new_privs, so that set-user-ID programs stay. */
static bool is_admin(void)
{
	_cleanup_(process_freep) struct process *self = NULL;
	_cleanup_(credentials_release) struct credentials who = { 0 };

	return process_open(getpid(), &self) == 0 && credentials_read(self, &who) == 0 &&
	       (who.effective >> CAP_SYS_ADMIN & 1);
}

static int start(struct loop *l, struct pale_err **err)
{
	const struct record *r = l->record;
	struct launch launch_options = {
		.path = r->path,
		.argv = r->argv,
		.envp = environ,
		.signal_mask = r->signal_mask,
		.outlives_parent = true,
		.cgroup_procs_fd = r->cgroup ? r->cgroup->procs_fd : -1,
		.no_new_privs = !is_admin(),
		.landlock_fd = -1,
		.seccomp = r->filter,
	};
	sigset_t before;
	int n = command_tree_prepare(&l->tree, &before, err);

	l->observer.gaps = (struct gap_rules){ .no_new_privs = launch_options.no_new_privs };
	if (n >= 0)
		n = launch(&launch_options, &l->tree.command, err);
	if (n >= 0 && r->filter)
		n = notified_calls_new(TAKE_FD(l->tree.command.listener), &l->calls, err);
	if (n >= 0)
		n = keeper_start(l->calls, r->cgroup, &l->keeper, err);
	if (n >= 0)
		command_tree_pass_over(&l->tree, l->keeper);
	return n;
}

/* What ends a program that was not told to. */
static void note_end(const struct command_tree *t, struct learn_run *run)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	int signo = WIFSIGNALED(t->wait_status) ? WTERMSIG(t->wait_status) : 0;
	const char *name = signo ? vocab_signal_name(signo) : NULL;

	if (!signo || signo == SIGTERM || signo == SIGINT || signo == SIGQUIT || signo == SIGHUP)
		return;
	text_printf(&why, "what the program would have done: SIG%s ended it", name ? name : "?");
	learn_run_lost(run, 1, text_str(&why));
}

int record(const struct record *r, struct learn_run *run, struct record_result *ret,
	struct pale_err **err)
{
	_cleanup_(loop_release) struct loop l = { .record = r, .tree = COMMAND_TREE_INIT };
	int n;

	*ret = (struct record_result){ 0 };
	observer_init(&l.observer, run, record_now(CLOCK_REALTIME_COARSE));
	task_limit_init(&l.tasks);
	task_limit_hold(&l.tasks, r->cgroup);
	l.start = record_now(CLOCK_MONOTONIC);
	l.next_flush = l.start + RECORD_FLUSH_NS;
	n = start(&l, err);
	if (n >= 0)
		n = serve(&l, err);
	if (n < 0)
		command_tree_end(&l.tree);
	else
		note_end(&l.tree, run);
	note_unseen(&l);
	lose_tasks(&l, task_limit_held(r->cgroup));
	if (n >= 0)
		add_counts(&l, run);
	if (n >= 0 && r->source)
		n = r->source->finish(r->source->ctx, err);
	ret->wait_status = l.tree.wait_status;
	ret->exec_errno = l.tree.exec_errno;
	ret->told_to_end = l.tree.told_to_end;
	ret->looked_at = looked_at(&l);
	return n;
}
