/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_VOCAB_H
#define PALE_VOCAB_H

/*
 * The words of the language and what the kernel means by them. The tables are made from
 * grammar/vocab/CSV files; each says there where its facts come from. Look-ups take the name in the
 * form that the language allows (capabilities and signals with or without CAP_/SIG, in either case)
 * and give -1 for an unknown one.
 */

#include <vocab_tables.h> /* enum operation: OP_EXEC …, OP_COUNT */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum abi { ABI_X86_64, ABI_X86, ABI_X32, ABI_AARCH64, ABI_ARM, ABI_COUNT };

/* "x86_64", … as in `abi`; -1 when unknown. */
int vocab_abi_find(const char *name);
const char *vocab_abi_name(enum abi abi);
/* What this program was compiled for. */
enum abi vocab_abi_native(void);
/* AUDIT_ARCH_… of linux/audit.h. x32 shares x86_64's and is told apart by bit 30 of the number. */
uint32_t vocab_abi_audit_arch(enum abi abi);

enum vocab_object {
	OBJECT_PATH,
	OBJECT_SIGNAL,
	OBJECT_TASK, /* ptrace */
	OBJECT_NONE, /* fork, userns, pivot */
	OBJECT_NETWORK,
	OBJECT_FAMILY, /* socket */
	OBJECT_MOUNT,  /* mount, bind */
	OBJECT_SYSCALL,
	OBJECT_CAPABILITY,
	OBJECT_LIMIT,
};

struct vocab_operation {
	const char *name;  /* "exec" */
	const char *block; /* "process" */
	enum vocab_object object;
	const char *summary; /* one line, for help and hover */
};

extern const struct vocab_operation vocab_operations[OP_COUNT];
int vocab_operation_find(const char *name);

#define OP_BIT(op) ((uint64_t)1 << (op))

#define VOCAB_NO_INDEX 255

/* What a policy's argument comparison needs to know. Widths and signs are the kernel's, not the C
 * library's. */
struct vocab_argument {
	const char *name;  /* the kernel's (SYSCALL_DEFINE) */
	const char *alias; /* the manual page's, when it differs; or NULL */
	/* Position among the six; clone's differ by architecture. VOCAB_NO_INDEX: under that ABI
	 * the call has no such register (x86's mmap takes a pointer to its arguments), and a
	 * comparison cannot be made. */
	uint8_t index[ABI_COUNT];
	uint8_t width;	   /* bits the kernel reads: 16 (umode_t), 32 or 64 */
	uint8_t x32_width; /* under x32, which reads some 64-bit ones as 32 */
	bool is_signed;
	bool is_pointer;
	/* Its width is another argument's to say: fcntl's third is an int to F_SETFL. */
	bool width_varies;
};

struct vocab_syscall {
	const char *name;
	int32_t number[ABI_COUNT]; /* -1: not in that ABI. x32: with bit 30 set */
	const char *since;	   /* "2.6.11"; "" when before 2.6 */
	const struct vocab_argument *arguments;
	uint8_t n_arguments; /* described ones; 0 when none is in the table */
};

extern const struct vocab_syscall vocab_syscalls[];
extern const uint32_t vocab_n_syscalls;

/* An index into vocab_syscalls, or -1. */
int vocab_syscall_find(const char *name);
/* The index of the call with @number under @abi, or -1: no such call, or newer than the table. */
int vocab_syscall_by_number(enum abi abi, int64_t number);
/* By the kernel's name or the manual page's; NULL when the table does not describe it. */
const struct vocab_argument *vocab_argument_find(int syscall, const char *name);

/* Bits that the kernel reads under @abi: x86 and arm have no 64-bit ones. */
unsigned int vocab_argument_width(const struct vocab_argument *argument, enum abi abi);

/* Capability numbers of linux/capability.h; the text is "net_bind_service". */
#define VOCAB_N_CAPABILITIES 41
int vocab_capability_find(const char *name);
const char *vocab_capability_name(int capability); /* NULL when unknown */

/* Signal numbers 1 to 31 by name, 34 to 64 as RTMIN+n or RTMAX-n; "TERM". The name is NULL for 32,
 * 33 and unknown ones. */
int vocab_signal_find(const char *name);
const char *vocab_signal_name(int signal);

/* "EACCES" ↔ 13; in upper case only. */
int vocab_errno_find(const char *name);
const char *vocab_errno_name(int errnum);

/* Symbolic constants for argument values: O_CREAT, FIONBIO, AF_INET, CLONE_NEWUSER. As the kernel
 * of @abi has them. */
bool vocab_constant_find(const char *name, enum abi abi, uint64_t *ret);

/* Socket families that `socket` names: raw (AF_INET and AF_INET6 with SOCK_RAW), packet, vsock,
 * netlink, alg …; see families.csv. */
struct vocab_family {
	const char *name;
	int32_t family[2]; /* AF_…; the second is -1 unless there are two */
	int32_t type;	   /* SOCK_RAW for `raw`, otherwise -1: any */
	const char *summary;
};
extern const struct vocab_family vocab_families[];
extern const uint32_t vocab_n_families; /* at most 64 */
int vocab_family_find(const char *name);
/* The row that a socket(2) call with these arguments falls under, @type with or without
 * SOCK_CLOEXEC and SOCK_NONBLOCK. VOCAB_FAMILY_COVERED: the rules for connect and listen speak for
 * it. -1: none, and nothing allows it. */
#define VOCAB_FAMILY_COVERED (-2)
int vocab_family_of_socket(int family, int type);
/* NETLINK_ROUTE by "ROUTE", with or without NETLINK_, in either case; below 32. -1 and NULL when
 * unknown. */
int vocab_netlink_find(const char *name);
const char *vocab_netlink_name(int protocol);

/* For did-you-mean: calls @each for every name of the kind. */
enum vocab_kind {
	VOCAB_SYSCALL,
	VOCAB_CAPABILITY,
	VOCAB_SIGNAL,
	VOCAB_ERRNO,
	VOCAB_CONSTANT,
	VOCAB_FAMILY,
	VOCAB_NETLINK
};
void vocab_each(enum vocab_kind kind, void (*each)(void *ctx, const char *name), void *ctx);

/*
 * Which calls a policy's other rules need, for the derived set. A row says: @kind/@which needs
 * @syscall where all of @conditions hold. Several rows of one need and one syscall are
 * alternatives. Rows of one need stand together. needs.csv gives the reason for each.
 */
enum vocab_need_kind {
	NEED_ALWAYS,	 /* every process that libc starts */
	NEED_OPERATION,	 /* @which is an enum operation. OP_FORK counts unless denied */
	NEED_CAPABILITY, /* @which is a capability number */
	NEED_PROTOCOL, /* @which is a PROTOCOL_… bit number of policy.h: connect or listen for it */
	NEED_FAMILY,   /* @which is an index into vocab_families */
};
enum vocab_comparison { NEED_EQ, NEED_IN, NEED_MASK_EQ };
struct vocab_condition {
	const struct vocab_argument *argument;
	enum vocab_comparison comparison;
	uint64_t mask; /* NEED_MASK_EQ */
	/* Not yet cut to the argument's width. */
	const uint64_t *values;
	uint32_t n_values; /* 1 but for NEED_IN */
};
struct vocab_need {
	enum vocab_need_kind kind;
	int which;
	int syscall;
	const struct vocab_condition *conditions; /* NULL: whatever the arguments */
	uint32_t n_conditions;
};
extern const struct vocab_need vocab_needs[];
extern const uint32_t vocab_n_needs;

#endif
