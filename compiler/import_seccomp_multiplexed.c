/* SPDX-License-Identifier: Apache-2.0 */
/* socketcall and ipc, the calls of x86 that stand for many. */
#include "compiler/import_seccomp_internal.h"

/* linux/net.h, linux/ipc.h: which of x86's socketcall and ipc a call is. */
static const struct {
	const char *name, *by;
	uint8_t number;
} multiplexed[] = {
	{ "socket", "socketcall", 1 },
	{ "bind", "socketcall", 2 },
	{ "connect", "socketcall", 3 },
	{ "listen", "socketcall", 4 },
	{ "accept", "socketcall", 5 },
	{ "getsockname", "socketcall", 6 },
	{ "getpeername", "socketcall", 7 },
	{ "socketpair", "socketcall", 8 },
	{ "send", "socketcall", 9 },
	{ "recv", "socketcall", 10 },
	{ "sendto", "socketcall", 11 },
	{ "recvfrom", "socketcall", 12 },
	{ "shutdown", "socketcall", 13 },
	{ "setsockopt", "socketcall", 14 },
	{ "getsockopt", "socketcall", 15 },
	{ "sendmsg", "socketcall", 16 },
	{ "recvmsg", "socketcall", 17 },
	{ "accept4", "socketcall", 18 },
	{ "recvmmsg", "socketcall", 19 },
	{ "sendmmsg", "socketcall", 20 },
	{ "semop", "ipc", 1 },
	{ "semget", "ipc", 2 },
	{ "semctl", "ipc", 3 },
	{ "semtimedop", "ipc", 4 },
	{ "msgsnd", "ipc", 11 },
	{ "msgrcv", "ipc", 12 },
	{ "msgget", "ipc", 13 },
	{ "msgctl", "ipc", 14 },
	{ "shmat", "ipc", 21 },
	{ "shmdt", "ipc", 22 },
	{ "shmget", "ipc", 23 },
	{ "shmctl", "ipc", 24 },
};

/* As libseccomp does, which adds a rule for the call that stands for it. */
static void add_multiplexed(struct import_writing *w, size_t row)
{
	const char *by = multiplexed[row].by;
	int call = vocab_syscall_find(multiplexed[row].name), all = vocab_syscall_find(by);
	struct import_condition c = { .op = IMPORT_EQ, .value = multiplexed[row].number };
	const struct import_call *x;

	if (call < 0 || all < 0 || w->calls[all].whole)
		return;
	x = &w->calls[call];
	if (x->whole) {
		c.path = x->whole->path;
		import_add_alternative(w, (uint32_t)all, x->whole, &c, 1);
		return;
	}
	for (uint32_t i = 0; i < x->n; i++)
		import_without_effect(w, x->v[i].entry->path, by,
			arena_printf(w->arena, "there the arguments of %s lie in memory",
				multiplexed[row].name));
}

void import_multiplexed(struct import_writing *w)
{
	if (!(w->model->abis & 1u << ABI_X86))
		return;
	for (size_t i = 0; i < sizeof(multiplexed) / sizeof(*multiplexed); i++)
		add_multiplexed(w, i);
}
