/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socketcall and ipc, which stand for many calls on x86 (and machines that no policy knows). There
 * libseccomp has one list of rules for all of them (syscalls.c, abi_rule_add()): those that name
 * socketcall itself, which without conditions go before all others, and those that name what it
 * stands for, with the comparison of their argument 0 replaced. What was merged call by call is
 * therefore right there only in plain cases; in others the call that stands for them is refused.
 * The calls themselves have had numbers of their own since Linux 4.3 (ipc's: 5.1); programs that do
 * not use those (glibc built for older kernels, i386 only) lose their sockets then.
 */
#include "enforcer/runtime/oci_seccomp_internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

static const char *const socketcall[] = { "socketcall", "socket", "bind", "connect", "listen",
	"accept", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto", "recvfrom",
	"shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg",
	"sendmmsg", NULL };
static const char *const ipc[] = { "ipc", "semop", "semget", "semctl", "semtimedop", "msgsnd",
	"msgrcv", "msgget", "msgctl", "shmat", "shmdt", "shmget", "shmctl", NULL };

#define STOOD_FOR_MAX 24

struct multiplexed {
	struct section_merge *m;
	struct section_call *main; /* NULL: neither names it */
	struct section_call *calls[STOOD_FOR_MAX];
	uint32_t n;
};

static struct section_call *find(const struct section_merge *m, const char *name)
{
	for (uint32_t i = 0; i < m->n_calls; i++) {
		if (!strcmp(m->calls[i].name, name))
			return &m->calls[i];
	}
	return NULL;
}

/* The loosest that the result has for @c. */
static uint32_t loosest(const struct section_merge *m, const struct section_call *c)
{
	uint32_t action = m->default_action;

	if (c->is_whole)
		return c->action;
	for (uint32_t i = 0; i < c->n_entries; i++) {
		if (section_is_stricter(action, c->entries[i].action))
			action = c->entries[i].action;
	}
	return action;
}

static bool entries_differ(const struct section_call *c)
{
	for (uint32_t i = 1; i < c->n_entries; i++) {
		if (c->entries[i].action != c->entries[0].action)
			return true;
	}
	return false;
}

/* Whether what libseccomp makes of the entries is surely no looser than it makes of both halves. */
static bool is_plain(const struct multiplexed *x)
{
	uint32_t other = x->m->default_action;
	uint32_t action = x->main && x->main->is_whole ? x->main->action : other;

	if (x->main &&
		(x->main->halves[SECTION_OWN].n_rules || x->main->halves[SECTION_POLICY].n_rules))
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		const struct section_call *c = x->calls[i];

		if (action == other && (c->subtracted || entries_differ(c)))
			return false;
		for (int which = 0; which < 2; which++) {
			const struct section_half *h = x->main ? &x->main->halves[which] : NULL;

			/* The half answers all alike, and the result does not. */
			if (h && h->whole && action == other &&
				section_is_stricter(h->rest, loosest(x->m, c)))
				return false;
			/* The reverse. */
			if ((!h || !h->whole) && action != other &&
				section_is_stricter(section_strictest(&c->halves[which]), action))
				return false;
		}
	}
	return true;
}

static void close_all(struct multiplexed *x)
{
	uint32_t other = x->m->default_action, action = other;

	for (int which = 0; which < 2; which++) {
		action = section_stricter(action, section_strictest(&x->main->halves[which]));
		for (uint32_t i = 0; i < x->n; i++)
			action = section_stricter(
				action, section_strictest(&x->calls[i]->halves[which]));
	}
	/* An entry of the default's action is none: another errno makes it one. */
	if (action == other && (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		action = SECCOMP_RET_ERRNO |
			 (action == (SECCOMP_RET_ERRNO | ENOSYS) ? EPERM : ENOSYS);
	section_call_narrow(x->main, action);
	for (uint32_t i = 0; action == other && i < x->n; i++)
		section_call_narrow(x->calls[i], action);
}

static void look_at(struct section_merge *m, const char *const *names)
{
	struct multiplexed x = { .m = m };

	for (size_t i = 1; names[i]; i++) {
		struct section_call *c = find(m, names[i]);

		if (c)
			x.calls[x.n++] = c;
	}
	x.main = find(m, names[0]);
	if (is_plain(&x))
		return;
	if (!x.main) {
		struct section_call c = { .name = names[0] };
		struct section_call *before = m->calls;

		for (int which = 0; which < 2; which++)
			c.halves[which].rest = m->sections[which].default_action;
		ARENA_PUSH(m->arena, m->calls, m->n_calls, m->cap_calls, c);
		for (uint32_t i = 0; i < x.n; i++)
			x.calls[i] = m->calls + (x.calls[i] - before);
		x.main = &m->calls[m->n_calls - 1];
	}
	close_all(&x);
}

void section_multiplexed(struct section_merge *m)
{
	if (!section_has_multiplexed(m))
		return;
	look_at(m, socketcall);
	look_at(m, ipc);
}
