/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/observer.h"

#include "compiler/base/cleanup.h"
#include "enforcer/recorded_calls.h"
#include "enforcer/recorded_capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Beside those that the derived set compares: arguments by which one call is many. */
static const char *const selectors[][2] = {
	{ "ioctl", "cmd" },
	{ "prctl", "option" },
	{ "fcntl", "cmd" },
	{ "socket", "family" },
	{ "socketpair", "family" },
	{ "keyctl", "option" },
	{ "bpf", "cmd" },
};

static uint8_t place_of(const struct vocab_argument *a)
{
	uint8_t place = a ? a->index[vocab_abi_native()] : VOCAB_NO_INDEX;

	return place == VOCAB_NO_INDEX ? 0 : (uint8_t)(1u << place);
}

uint8_t observer_compared(int syscall)
{
	uint8_t places = 0;

	for (uint32_t i = 0; i < vocab_n_needs; i++)
		for (uint32_t k = 0;
			vocab_needs[i].syscall == syscall && k < vocab_needs[i].n_conditions; k++)
			places |= place_of(vocab_needs[i].conditions[k].argument);
	for (size_t i = 0; i < sizeof(selectors) / sizeof(*selectors); i++)
		if (!strcmp(selectors[i][0], vocab_syscalls[syscall].name))
			places |= place_of(vocab_argument_find(syscall, selectors[i][1]));
	return places;
}

bool observer_looks_at(int syscall)
{
	return watched_call(syscall) || recorded_call(syscall) ||
	       recorded_capability_call(syscall) || recorded_gap_call(syscall);
}

void observer_init(struct observer *r, struct learn_run *run, uint64_t start_ns)
{
	*r = (struct observer){ .run = run, .start_ns = start_ns, .phase = LEARN_INIT };
	r->compared = calloc(vocab_n_syscalls, sizeof(*r->compared));
	if (!r->compared)
		abort();
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		r->compared[i] = observer_compared((int)i);
}

void observer_release(struct observer *r)
{
	free(r->compared);
	r->compared = NULL;
}

static struct learn_observation observation(const struct observer *r, const struct process *p)
{
	uint64_t now = (uint64_t)time(NULL);
	struct learn_observation o = {
		.phases = LEARN_PHASE_BIT(r->phase), .first = now, .last = now
	};

	/* Until its execve a process is ours still. */
	if (r->has_begun && *p->executable) {
		o.executable = p->executable;
		o.executable_len = (uint32_t)strlen(p->executable);
	}
	return o;
}

static bool has_classes(enum operation op)
{
	return op == OP_EXEC || op == OP_MAP;
}

static void add_access(struct observer *r, struct learn_observation o, const struct access *a)
{
	bool needs_path = vocab_operations[a->request.operation].object == OBJECT_PATH;

	o.operation = a->request.operation;
	o.object_class = has_classes(o.operation) ? a->request.object_class : CLASS_PLAIN;
	o.object = a->object;
	o.object_len = (uint32_t)a->object_len;
	o.created = o.operation == OP_CREATE;
	if (needs_path && !a->request.path) {
		if (!has_classes(o.operation)) {
			learn_run_lost(r->run, 1, "files without a path, of which no rule speaks");
			return;
		}
		o.object_len = 0;
		o.object_class = CLASS_ANONYMOUS;
	}
	learn_run_add(r->run, &o);
}

static void add_capabilities(struct observer *r, struct learn_observation o, uint64_t capabilities)
{
	o.operation = OP_CAPABILITY;
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		if (!(capabilities >> i & 1))
			continue;
		o.object = vocab_capability_name(i);
		o.object_len = (uint32_t)strlen(o.object);
		learn_run_add(r->run, &o);
	}
}

static bool is_exec(const struct notified_call *call)
{
	return !strcmp(vocab_syscalls[call->syscall].name, "execve") ||
	       !strcmp(vocab_syscalls[call->syscall].name, "execveat");
}

/* Its execve may fail: what is executed is the last of the chain of interpreters. */
static const struct access *executed(const struct accesses *accesses)
{
	const struct access *last = NULL;

	for (unsigned i = 0; i < accesses->n; i++)
		if (accesses->v[i].request.operation == OP_EXEC)
			last = &accesses->v[i];
	return last;
}

/* Opened and mapped by the program that is executed, not by the one that executes it. */
static int add_loader(struct observer *r, const struct notified_call *call,
	const struct access *program, struct learn_observation o)
{
	struct accesses loader = { .n = 0 };
	int n = recorded_loader_accesses(call->process, program, r->start_ns, &loader);

	o.executable = program->request.path;
	o.executable_len = program->request.path_len;
	for (unsigned i = 0; n >= 0 && i < loader.n; i++)
		add_access(r, o, &loader.v[i]);
	accesses_release(&loader);
	return n;
}

/*
 * The kernel will not get there either: the folder is not ours to pass, and the process has our
 * rights at most. Not so where the process itself may not be looked at, or has capabilities in a
 * user namespace of its own (user_namespaces(7): over files of who is mapped into it).
 */
static bool is_refused(const struct process *p, int r)
{
	_cleanup_(credentials_release) struct credentials who = { 0 };
	int root;

	if (r != -EACCES)
		return false;
	if (credentials_read(p, &who) < 0 ||
		(who.elsewhere && (who.effective >> CAP_DAC_OVERRIDE & 3)))
		return false;
	root = process_open_path(p, "root");
	if (root < 0)
		return false;
	close(root);
	return true;
}

static int find_accesses(const struct observer *r, const struct notified_call *call,
	const uint64_t arguments[6], struct accesses *ret)
{
	int n = 0;

	if (call->syscall < 0)
		return 0;
	if (watched_call(call->syscall))
		n = watched_call_accesses(
			call->process, call->abi, call->syscall, arguments, r->start_ns, ret);
	if (n >= 0 && recorded_call(call->syscall))
		n = recorded_call_accesses(
			call->process, call->abi, call->syscall, arguments, r->start_ns, ret);
	return is_refused(call->process, n) ? 0 : n;
}

static const char *why_lost(int r)
{
	switch (-r) {
	case EOPNOTSUPP:
		return "mounts and signals of which this recorder cannot tell what they are";
	case EOVERFLOW:
		return "paths that are longer than the kernel tells";
	case ENOSYS:
		return "files that became code by mprotect(2)";
	case ENXIO:
		return "calls with arguments in memory that nobody else may read";
	case EPERM:
	case EACCES:
		return "calls of processes that may not be looked at";
	default:
		return "calls of which the objects could not be resolved";
	}
}

/* Servers are at work once they take a client. */
static void note_phase(struct observer *r, const struct notified_call *call)
{
	const char *name = vocab_syscalls[call->syscall].name;

	if (r->phase == LEARN_INIT && (!strcmp(name, "accept") || !strcmp(name, "accept4")))
		r->phase = LEARN_STEADY;
}

static void begin(struct observer *r, const struct access *program)
{
	if (r->has_begun)
		return;
	r->has_begun = true;
	/* What has no path (memfd_create(2), a file that is deleted) has none to be told by. */
	if (program && program->request.path)
		learn_run_program(r->run, program->object, program->object_len);
}

static void add_call(struct observer *r, const struct notified_call *call,
	const struct learn_observation *o, const uint64_t arguments[6])
{
	/* The launcher's own. */
	if (is_exec(call) && !r->has_begun)
		return;
	learn_run_add_call(r->run, o, call->abi, call->notification->data.nr, arguments,
		call->abi == vocab_abi_native() ? r->compared[call->syscall] : 0);
}

static void note_gaps(struct observer *r, const struct notified_call *call,
	const uint64_t arguments[6], const struct accesses *accesses)
{
	const char *gap = recorded_gap(call->process, call->abi, call->syscall, arguments);

	if (gap)
		learn_run_lost(r->run, 1, gap);
	for (unsigned i = 0; i < accesses->n; i++) {
		gap = recorded_gap_of_access(&r->gaps, &accesses->v[i]);
		if (gap)
			learn_run_lost(r->run, 1, gap);
	}
}

static void write_down(struct observer *r, const struct notified_call *call,
	const uint64_t arguments[6], const struct accesses *accesses, uint64_t capabilities)
{
	struct learn_observation o = observation(r, call->process);
	const struct access *program = is_exec(call) ? executed(accesses) : NULL;
	int n = 0;

	note_phase(r, call);
	note_gaps(r, call, arguments, accesses);
	add_call(r, call, &o, arguments);
	for (unsigned i = 0; i < accesses->n; i++)
		add_access(r, o, &accesses->v[i]);
	add_capabilities(r, o, capabilities);
	if (program)
		n = add_loader(r, call, program, o);
	if (is_exec(call))
		begin(r, program);
	if (n < 0)
		learn_run_lost(r->run, 1, "loaders of programs that may not be read");
	if (accesses->cut)
		learn_run_lost(r->run, 1, "messages to more addresses than are looked at");
}

static void examine(
	struct observer *r, const struct notified_calls *n, const struct notified_call *call)
{
	struct accesses accesses = { .n = 0 };
	struct credentials who = { 0 };
	uint64_t arguments[6], capabilities = 0;
	bool asks;
	int e;

	for (int i = 0; i < 6; i++)
		arguments[i] = call->notification->data.args[i];
	e = find_accesses(r, call, arguments, &accesses);
	/* Most others come often: what a client's requests are received with. */
	asks = accesses.n || recorded_capability_call(call->syscall);
	if (e >= 0 && asks)
		e = credentials_read(call->process, &who);
	if (e >= 0 && asks)
		capabilities = recorded_capabilities(
			call->process, &who, call->syscall, arguments, &accesses);
	/* Gone meanwhile: what was read may be of another process, and nothing will happen. */
	if (notified_call_is_stopped(n)) {
		if (e < 0)
			learn_run_lost(r->run, 1, why_lost(e));
		write_down(r, call, arguments, &accesses, capabilities);
	}
	accesses_release(&accesses);
	credentials_release(&who);
}

void observer_take(
	struct observer *r, const struct notified_calls *n, const struct notified_call *call)
{
	r->calls++;
	if (!call->abi_known)
		learn_run_lost(r->run, 1, "calls under an architecture that no table has");
	else if (call->syscall < 0)
		learn_run_lost(r->run, 1, "calls that no table knows");
	else if (call->process)
		examine(r, n, call);
	else if (notified_call_is_stopped(n))
		learn_run_lost(r->run, 1, "calls of processes that may not be looked at");
}
