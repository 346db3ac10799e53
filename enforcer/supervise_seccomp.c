/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/supervise_seccomp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/seccomp_answer.h"
#include "enforcer/notified_calls.h"
#include "enforcer/watched_calls.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

struct supervisor {
	struct notified_calls *calls;
	struct supervise_options options;
	uint64_t unexamined;
};

int seccomp_supported(struct pale_err **err)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return 0;
	pale_err_set(err, errno, "seccomp user notification");
	pale_err_hint(err, "it needs Linux 5.5 with CONFIG_SECCOMP_FILTER, and a container runtime "
			   "that lets seccomp(2) through");
	return -pale_err_errno(*err);
}

void supervise_notify_set(uint64_t *bits)
{
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		if (watched_call((int)i))
			bits[i / 64] |= (uint64_t)1 << (i % 64);
}

int supervisor_new(int listener, const struct supervise_options *options, struct supervisor **ret,
	struct pale_err **err)
{
	_cleanup_(notified_calls_freep) struct notified_calls *calls = NULL;
	int r = notified_calls_new(listener, &calls, err);

	if (r < 0)
		return r;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	**ret = (struct supervisor){ .calls = TAKE_PTR(calls), .options = *options };
	return 0;
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	notified_calls_free(s->calls);
	free(s);
}

void supervisor_freep(struct supervisor **s)
{
	supervisor_free(*s);
}

int supervisor_fd(const struct supervisor *s)
{
	return notified_calls_fd(s->calls);
}

uint64_t supervisor_unexamined(const struct supervisor *s)
{
	return s->unexamined;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void report(
	const struct supervisor *s, const struct notified_call *call, struct violation *v)
{
	const struct process *p = call->process;

	v->policy = s->options.policy;
	v->container = s->options.container;
	v->pid = p ? p->pid : (pid_t)call->notification->pid;
	v->parent = p ? p->parent : 0;
	v->executable = p ? p->executable : "";
	v->parent_executable = p ? p->parent_executable : "";
	v->syscall = call->syscall;
	v->abi = call->abi;
	v->syscall_number = call->notification->data.nr;
	v->has_arguments = true;
	for (int i = 0; i < 6; i++)
		v->arguments[i] = call->notification->data.args[i];
	v->time_ns = now_ns();
	s->options.report(s->options.ctx, v);
}

/* A process, as the language says, not just the thread that made the call. */
static bool kill_process(const struct supervisor *s, const struct notified_call *call)
{
	_cleanup_close_ int pidfd = -1;

	if (!call->process)
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, call->process->pid, 0);
	return pidfd >= 0 && notified_call_is_stopped(s->calls) &&
	       syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0;
}

/* What all sub-profiles together say, for a process tree has one Landlock domain. */
static struct decision decide_union(
	const struct policy *p, const struct request *r, uint32_t *ret_domain)
{
	struct decision outermost = decide(p, 0, r);

	*ret_domain = 0;
	for (uint32_t i = 0; i < p->n_domains; i++) {
		struct decision d = i ? decide(p, i, r) : outermost;

		if (d.verdict == VERDICT_ALLOW) {
			*ret_domain = i;
			return d;
		}
	}
	return outermost;
}

/* Whether the loaded ruleset lets it pass; what Landlock has no say in passes. */
static bool landlock_allows(const struct landlock_rules *l, const struct request *r)
{
	if (r->operation != OP_CONNECT && r->operation != OP_LISTEN)
		return !r->path || landlock_model_allows(l, r->operation, r->path, r->path_len);
	if (r->protocol == PROTOCOL_TCP)
		return landlock_model_allows_port(l, r->operation == OP_LISTEN, r->port);
	if (r->protocol == PROTOCOL_UNIX && r->path)
		return landlock_model_allows(l, r->operation, r->path, r->path_len);
	/* Only a socket of the run itself passes that scope, and listening no scope. */
	if (r->protocol == PROTOCOL_UNIX && r->operation == OP_CONNECT)
		return !(l->scoped & LL_SCOPE_ABSTRACT_UNIX_SOCKET);
	return true;
}

/*
 * What Landlock lets pass is refused here where a look at the call can tell: it cannot tell a file
 * that changed since the start from what was there before, and is not asked about a connection that
 * a send opens. A thread that swaps the path or address after this look is not held up, so the
 * coverage keeps saying wider.
 */
static bool refused_here(const struct access *a)
{
	return (a->request.operation == OP_EXEC && a->request.object_class != CLASS_PLAIN) ||
	       a->fast_open;
}

/* Gives the error to answer the call with, or 0 to leave it to the kernel. */
static int judge_access(
	struct supervisor *s, const struct notified_call *call, const struct access *a)
{
	struct violation v = {
		.mechanism = s->options.landlock ? MECHANISM_LANDLOCK : MECHANISM_SECCOMP,
		.operation = a->request.operation,
		.object = a->object,
		.object_len = (uint32_t)a->object_len,
		.object_class = a->request.object_class,
	};
	bool refused, passes;
	int errnum = 0;

	v.decision = decide_union(s->options.policy, &a->request, &v.domain);
	refused = v.decision.verdict != VERDICT_ALLOW;
	passes = !s->options.landlock || a->fast_open ||
		 landlock_allows(s->options.landlock, &a->request);
	if (s->options.audit || (!refused && passes)) {
		if (!v.decision.reported)
			return 0;
		v.outcome = OUTCOME_AUDITED;
	} else if (!refused) {
		v.outcome = OUTCOME_OVERBLOCKED;
	} else if (v.decision.verdict == VERDICT_KILL && kill_process(s, call)) {
		v.outcome = OUTCOME_KILLED;
	} else {
		if (passes && refused_here(a)) {
			errnum = v.decision.errnum ? v.decision.errnum : EACCES;
			v.mechanism = MECHANISM_SECCOMP;
			passes = false;
		}
		if (!v.decision.reported)
			return errnum;
		v.outcome = passes ? OUTCOME_NOT_ENFORCED : OUTCOME_REFUSED;
	}
	report(s, call, &v);
	return errnum;
}

static int examine(struct supervisor *s, const struct notified_call *call)
{
	_cleanup_(accesses_release) struct accesses accesses = { .n = 0 };
	uint64_t arguments[6];
	int r, errnum = 0;

	for (int i = 0; i < 6; i++)
		arguments[i] = call->notification->data.args[i];
	r = call->process ? watched_call_accesses(call->process, call->abi, call->syscall,
				    arguments, s->options.start_ns, &accesses)
			  : -ESRCH;
	/* Gone meanwhile: what was read may be of another process, and nothing will happen. */
	if (!notified_call_is_stopped(s->calls))
		return 0;
	if (r < 0 || accesses.cut)
		s->unexamined++;
	for (unsigned i = 0; r == 0 && i < accesses.n; i++) {
		int e = judge_access(s, call, &accesses.v[i]);

		errnum = errnum ? errnum : e;
	}
	return errnum;
}

/* Whose default refused the call: what the rules say of its objects is said then. */
static bool is_of_objects(const struct notified_call *call, const struct decision *d)
{
	return d->verdict != VERDICT_ALLOW && d->rule && d->rule->is_default && call->process &&
	       call->syscall >= 0 && watched_call(call->syscall);
}

/*
 * A call that no rule needs is refused before it comes to its objects. What the policy says of
 * these is what its reader expects to be told: the line, errno and silence of a deny, or which path
 * would have to be allowed. The call is refused in any case: who changes the path after this look
 * changes what is said of it, no more.
 *
 * false: nothing refuses what it was about to do.
 */
static bool judge_objects(struct supervisor *s, const struct notified_call *call, int *ret_errnum)
{
	_cleanup_(accesses_release) struct accesses accesses = { .n = 0 };
	uint64_t arguments[6];

	for (int i = 0; i < 6; i++)
		arguments[i] = call->notification->data.args[i];
	if (watched_call_accesses(call->process, call->abi, call->syscall, arguments,
		    s->options.start_ns, &accesses) < 0 ||
		!notified_call_is_stopped(s->calls))
		return false;
	for (unsigned i = 0; i < accesses.n; i++) {
		const struct access *a = &accesses.v[i];
		struct violation v = {
			.mechanism = MECHANISM_SECCOMP,
			.operation = a->request.operation,
			.object = a->object,
			.object_len = (uint32_t)a->object_len,
			.object_class = a->request.object_class,
			.outcome = OUTCOME_REFUSED,
		};

		v.decision = decide_union(s->options.policy, &a->request, &v.domain);
		if (v.decision.verdict == VERDICT_ALLOW)
			continue;
		if (v.decision.verdict == VERDICT_KILL && kill_process(s, call))
			v.outcome = OUTCOME_KILLED;
		if (v.decision.reported)
			report(s, call, &v);
		*ret_errnum = v.decision.errnum;
		return true;
	}
	return false;
}

/* What the filter itself stopped the call for; gives the error to answer with, or 0 to go on. */
static int judge_call(struct supervisor *s, const struct notified_call *call)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct violation v = {
		.mechanism = MECHANISM_SECCOMP,
		.operation = OP_SYSCALL,
		.decision = seccomp_decide(s->options.policy, &call->notification->data),
	};
	bool refused = v.decision.verdict != VERDICT_ALLOW;
	int errnum;

	/* An audit goes on to the objects by itself: examine(). */
	if (!s->options.audit && is_of_objects(call, &v.decision) &&
		judge_objects(s, call, &errnum))
		return errnum;
	if (v.decision.reported) {
		if (call->syscall >= 0)
			text_puts(&object, vocab_syscalls[call->syscall].name);
		else
			text_printf(&object, "%d", call->notification->data.nr);
		v.object = text_str(&object);
		v.object_len = (uint32_t)object.len;
		v.domain = v.decision.rule ? v.decision.rule->domain : 0;
		if (!refused || s->options.audit)
			v.outcome = OUTCOME_AUDITED;
		else if (v.decision.verdict == VERDICT_KILL && kill_process(s, call))
			v.outcome = OUTCOME_KILLED;
		else
			v.outcome = OUTCOME_REFUSED;
		report(s, call, &v);
	}
	if (!refused || s->options.audit)
		return 0;
	return v.decision.errnum ? v.decision.errnum : EPERM;
}

int supervisor_handle(struct supervisor *s, struct pale_err **err)
{
	const struct notified_call *call;
	int r = notified_calls_take(s->calls, &call, err), errnum;

	if (r <= 0)
		return r;
	errnum = judge_call(s, call);
	if (!errnum && call->syscall >= 0 && watched_call(call->syscall) &&
		(s->options.landlock || s->options.audit))
		errnum = examine(s, call);
	return notified_calls_answer(s->calls, errnum, err);
}
