/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some calls do what others do, with arguments that lie in memory, where no filter sees them: a
 * comparison on the one says nothing of the other. clone3 is not here: decide() answers ENOSYS to
 * it where clone is compared. The same for openat2 would break programs that do not fall back (they
 * ask for RESOLVE_ flags, which openat cannot give), and the file rules see what it opens.
 */
#include "compiler/decide.h"
#include "compiler/lower.h"

#include <string.h>

struct hiding {
	const char *hider;
	const char *const *does; /* the calls whose part it can take; ends with NULL */
	const char *hint;
};

/* linux fs/open.c, net/socket.c SYSCALL_DEFINE2(socketcall), ipc/syscall.c, io_uring/opdef.c */
static const struct hiding hidings[] = {
	{ "openat2", (const char *const[]){ "open", "openat", "creat", NULL },
		"file rules look at what it opens; or 'deny openat2 errno ENOSYS', for programs "
		"that "
		"can do without" },
	{ "socketcall",
		(const char *const[]){ "socket", "bind", "connect", "listen", "accept", "accept4",
			"socketpair", "send", "sendto", "recv", "recvfrom", "shutdown",
			"setsockopt", "getsockopt", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
			NULL },
		"deny it: since Linux 4.3 each of its calls has a number of its own" },
	{ "ipc",
		(const char *const[]){ "semget", "semctl", "semop", "semtimedop", "shmget",
			"shmctl", "shmat", "shmdt", "msgget", "msgctl", "msgsnd", "msgrcv", NULL },
		"deny it: since Linux 5.1 each of its calls has a number of its own" },
	{ "io_uring_setup",
		(const char *const[]){ "openat", "openat2", "socket", "connect", "bind", "listen",
			"accept4", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown",
			"setsockopt", "getsockopt", "fallocate", "madvise", "splice", "unlinkat",
			"renameat2", "mkdirat", "linkat", "statx", "fadvise64", "epoll_ctl",
			"waitid", "futex", "pipe2", NULL },
		"deny it, or let file and network rules look at what the ring does" },
};

bool hides_arguments(int syscall)
{
	for (size_t i = 0; i < sizeof(hidings) / sizeof(*hidings); i++) {
		if (!strcmp(hidings[i].hider, vocab_syscalls[syscall].name))
			return true;
	}
	return false;
}

static bool does(const struct hiding *h, const char *call)
{
	for (const char *const *c = h->does; *c; c++) {
		if (!strcmp(*c, call))
			return true;
	}
	return false;
}

static struct decision ask(const struct policy *p, uint32_t domain, enum abi abi, int call)
{
	struct request r = {
		.operation = OP_SYSCALL, .abi = abi, .number = vocab_syscalls[call].number[abi]
	};

	return decide(p, domain, &r);
}

/* Whether a call that does what @call does passes where @call is told apart by its arguments. */
static const struct rule *who_lets_through(
	const struct policy *p, uint32_t domain, int call, const struct hiding *h)
{
	int hider = vocab_syscall_find(h->hider);

	for (uint32_t rest = p->abis; rest; rest &= rest - 1) {
		enum abi abi = (enum abi)__builtin_ctz(rest);
		struct decision d;

		if (vocab_syscalls[call].number[abi] < 0 || vocab_syscalls[hider].number[abi] < 0)
			continue;
		if (ask(p, domain, abi, call).verdict == VERDICT_ALLOW)
			continue;
		d = ask(p, domain, abi, hider);
		if (d.verdict == VERDICT_ALLOW || d.depends)
			return d.rule;
	}
	return NULL;
}

void check_hidden(const struct policy *p, const struct rule *r, struct diag_list *diags)
{
	for (size_t i = 0; i < sizeof(hidings) / sizeof(*hidings); i++) {
		const struct hiding *h = &hidings[i];

		for (uint32_t k = 0; k < r->calls.n; k++) {
			const struct syscall_match *m = &r->calls.v[k];
			const char *call = vocab_syscalls[m->syscall].name;
			const struct rule *by;
			struct diag *d;

			if (!m->n_tests || !does(h, call))
				continue;
			by = who_lets_through(p, r->domain, m->syscall, h);
			if (!by)
				continue;
			d = diag_warning(diags, r->lines[0].at,
				"'%s' is compared here, and '%s' does the same with arguments that "
				"no "
				"filter sees",
				call, h->hider);
			if (by->derived)
				diag_note_unplaced(
					diags, d, "'%s' is allowed, %s", h->hider, by->text);
			else
				diag_note(diags, d, by->lines[0].at, "'%s' is allowed here",
					h->hider);
			diag_hint(diags, d, "%s", h->hint);
			break;
		}
	}
}
