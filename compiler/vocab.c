/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/vocab_internal.h"

#include <assert.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint32_t audit_arch;
} abis[ABI_COUNT] = {
	[ABI_X86_64] = { "x86_64", AUDIT_ARCH_X86_64 },
	[ABI_X86] = { "x86", AUDIT_ARCH_I386 },
	[ABI_X32] = { "x32", AUDIT_ARCH_X86_64 },
	[ABI_AARCH64] = { "aarch64", AUDIT_ARCH_AARCH64 },
	[ABI_ARM] = { "arm", AUDIT_ARCH_ARM },
};

int vocab_abi_find(const char *name)
{
	for (int i = 0; i < ABI_COUNT; i++)
		if (strcmp(abis[i].name, name) == 0)
			return i;
	return -1;
}

const char *vocab_abi_name(enum abi abi)
{
	return abis[abi].name;
}

enum abi vocab_abi_native(void)
{
#if defined(__x86_64__) && defined(__ILP32__)
	return ABI_X32;
#elif defined(__x86_64__)
	return ABI_X86_64;
#elif defined(__i386__)
	return ABI_X86;
#elif defined(__aarch64__)
	return ABI_AARCH64;
#elif defined(__arm__)
	return ABI_ARM;
#else
#error "the vocabulary has no tables for this architecture"
#endif
}

uint32_t vocab_abi_audit_arch(enum abi abi)
{
	return abis[abi].audit_arch;
}

int vocab_operation_find(const char *name)
{
	for (int i = 0; i < OP_COUNT; i++)
		if (strcmp(vocab_operations[i].name, name) == 0)
			return i;
	return -1;
}

static int compare_syscall(const void *name, const void *row)
{
	return strcmp(name, ((const struct vocab_syscall *)row)->name);
}

int vocab_syscall_find(const char *name)
{
	const struct vocab_syscall *s = bsearch(
		name, vocab_syscalls, vocab_n_syscalls, sizeof(*vocab_syscalls), compare_syscall);

	return s ? (int)(s - vocab_syscalls) : -1;
}

int vocab_syscall_by_number(enum abi abi, int64_t number)
{
	const struct vocab_number *v = vocab_numbers[abi].v;
	uint32_t n = vocab_numbers[abi].n;

	while (n > 1) {
		uint32_t half = n / 2;

		if (v[half].number <= number)
			v += half;
		n -= half;
	}
	return n && v->number == number ? v->syscall : -1;
}

const struct vocab_argument *vocab_argument_find(int syscall, const char *name)
{
	const struct vocab_syscall *s = &vocab_syscalls[syscall];

	for (uint8_t i = 0; i < s->n_arguments; i++) {
		const struct vocab_argument *a = &s->arguments[i];

		if (strcmp(a->name, name) == 0 || (a->alias && strcmp(a->alias, name) == 0))
			return a;
	}
	return NULL;
}

unsigned int vocab_argument_width(const struct vocab_argument *argument, enum abi abi)
{
	if (abi == ABI_X32)
		return argument->x32_width;
	if ((abi == ABI_X86 || abi == ABI_ARM) && argument->width > 32)
		return 32;
	return argument->width;
}

/* Past @prefix, in either case. */
static const char *skip_prefix(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(name, prefix, n) == 0 ? name + n : name;
}

static int named_find(const struct vocab_named *v, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcasecmp(v[i].name, name) == 0)
			return v[i].number;
	return -1;
}

static const char *named_name(const struct vocab_named *v, uint32_t n, int number)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i].number == number)
			return v[i].name;
	return NULL;
}

int vocab_capability_find(const char *name)
{
	return named_find(vocab_capabilities, n_vocab_capabilities, skip_prefix(name, "CAP_"));
}

const char *vocab_capability_name(int capability)
{
	return named_name(vocab_capabilities, n_vocab_capabilities, capability);
}

#define RT_FIRST 34
#define RT_LAST	 64

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n": signal(7)'s notation. 32 and 33 are the C libraries' own.
 */
static int realtime_signal(const char *name)
{
	bool from_top = strncasecmp(name, "RTMAX", 5) == 0;
	const char *p = name + 5;
	int n = 0;

	if (!from_top && strncasecmp(name, "RTMIN", 5) != 0)
		return -1;
	if (*p) {
		if (*p++ != (from_top ? '-' : '+') || !*p)
			return -1;
		for (; *p; p++) {
			if (*p < '0' || *p > '9' || n > RT_LAST)
				return -1;
			n = n * 10 + (*p - '0');
		}
	}
	if (n > RT_LAST - RT_FIRST)
		return -1;
	return from_top ? RT_LAST - n : RT_FIRST + n;
}

int vocab_signal_find(const char *name)
{
	const char *bare = skip_prefix(name, "SIG");
	int number = realtime_signal(bare);

	return number > 0 ? number : named_find(vocab_signals, n_vocab_signals, bare);
}

const char *vocab_signal_name(int signal)
{
	static const char realtime[RT_LAST - RT_FIRST + 1][9] = { "RTMIN", "RTMIN+1", "RTMIN+2",
		"RTMIN+3", "RTMIN+4", "RTMIN+5", "RTMIN+6", "RTMIN+7", "RTMIN+8", "RTMIN+9",
		"RTMIN+10", "RTMIN+11", "RTMIN+12", "RTMIN+13", "RTMIN+14", "RTMIN+15", "RTMIN+16",
		"RTMIN+17", "RTMIN+18", "RTMIN+19", "RTMIN+20", "RTMIN+21", "RTMIN+22", "RTMIN+23",
		"RTMIN+24", "RTMIN+25", "RTMIN+26", "RTMIN+27", "RTMIN+28", "RTMIN+29", "RTMAX" };

	if (signal >= RT_FIRST && signal <= RT_LAST)
		return realtime[signal - RT_FIRST];
	return named_name(vocab_signals, n_vocab_signals, signal);
}

int vocab_errno_find(const char *name)
{
	for (uint32_t i = 0; i < n_vocab_errnos; i++)
		if (strcmp(vocab_errnos[i].name, name) == 0)
			return vocab_errnos[i].number;
	return -1;
}

const char *vocab_errno_name(int errnum)
{
	return named_name(vocab_errnos, n_vocab_errnos, errnum);
}

static int compare_constant(const void *name, const void *row)
{
	return strcmp(name, ((const struct vocab_constant *)row)->name);
}

bool vocab_constant_find(const char *name, enum abi abi, uint64_t *ret)
{
	const struct vocab_constant *c = bsearch(name, vocab_constants, vocab_n_constants,
		sizeof(*vocab_constants), compare_constant);

	if (!c || !(c->abis & 1u << abi))
		return false;
	*ret = c->value[abi];
	return true;
}

int vocab_family_find(const char *name)
{
	for (uint32_t i = 0; i < vocab_n_families; i++)
		if (strcmp(vocab_families[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* linux/socket.h and linux/net.h; this file would rather not depend on the C library's. */
enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, TYPE_MASK = 0xf };

int vocab_family_of_socket(int family, int type)
{
	type &= TYPE_MASK;
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		const struct vocab_family *f = &vocab_families[i];

		if (family >= 0 && (f->family[0] == family || f->family[1] == family) &&
			(f->type < 0 || f->type == type))
			return (int)i;
	}
	if (family == FAMILY_UNIX || family == FAMILY_INET || family == FAMILY_INET6)
		return VOCAB_FAMILY_COVERED;
	return -1;
}

int vocab_netlink_find(const char *name)
{
	return named_find(vocab_netlinks, n_vocab_netlinks, skip_prefix(name, "NETLINK_"));
}

const char *vocab_netlink_name(int protocol)
{
	return named_name(vocab_netlinks, n_vocab_netlinks, protocol);
}

static void each_named(const struct vocab_named *v, uint32_t n,
	void (*each)(void *ctx, const char *name), void *ctx)
{
	for (uint32_t i = 0; i < n; i++)
		each(ctx, v[i].name);
}

void vocab_each(enum vocab_kind kind, void (*each)(void *ctx, const char *name), void *ctx)
{
	switch (kind) {
	case VOCAB_SYSCALL:
		for (uint32_t i = 0; i < vocab_n_syscalls; i++)
			each(ctx, vocab_syscalls[i].name);
		break;
	case VOCAB_CAPABILITY:
		each_named(vocab_capabilities, n_vocab_capabilities, each, ctx);
		break;
	case VOCAB_SIGNAL:
		each_named(vocab_signals, n_vocab_signals, each, ctx);
		for (int i = RT_FIRST; i <= RT_LAST; i++)
			each(ctx, vocab_signal_name(i));
		break;
	case VOCAB_ERRNO:
		each_named(vocab_errnos, n_vocab_errnos, each, ctx);
		break;
	case VOCAB_CONSTANT:
		for (uint32_t i = 0; i < vocab_n_constants; i++)
			each(ctx, vocab_constants[i].name);
		break;
	case VOCAB_FAMILY:
		for (uint32_t i = 0; i < vocab_n_families; i++)
			each(ctx, vocab_families[i].name);
		break;
	case VOCAB_NETLINK:
		each_named(vocab_netlinks, n_vocab_netlinks, each, ctx);
		break;
	}
}
