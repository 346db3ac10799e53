/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DECIDE_H
#define PALE_DECIDE_H

/*
 * The one meaning of a policy. Reports, queries, tests, emitters' proofs and every oracle ask here.
 *
 * Meaning does not depend on order: kill beats deny, both beat audit and allow, the default comes
 * last. Among denies kill, then one with errno, then plain; quiet only if all that match are. Among
 * allows, reported if any is `audit`. The rule named is the one with the winning effect, own file
 * before fragments, then the earliest.
 */

#include "compiler/policy.h"

enum request_target { REQUEST_SELF, REQUEST_DOMAIN, REQUEST_OUTSIDE };

/* Of one operation. What the operation does not use is ignored. */
struct request {
	enum operation operation;

	/*
	 * Files, exec, unix sockets, umount; the mount point of mount and bind. Absolute in the
	 * container's root, resolved as the language says, /proc/PID of the caller's own process as
	 * /proc/self, a directory with its '/' at the end. @path NULL: it has none.
	 */
	const char *path;
	uint32_t path_len;
	enum object_class object_class; /* exec and map */
	bool owner;			/* the file's owner is the caller's fsuid */

	/* connect, listen */
	int protocol; /* PROTOCOL_…; PROTOCOL_UNIX with @path, or @name for an abstract address */
	uint8_t family; /* 4 or 6; a mapped address is turned into IPv4 by decide() */
	uint8_t address[16];
	uint16_t port;
	const char *name;
	uint32_t name_len;

	int socket_family, socket_type, socket_protocol; /* socket */

	int signal;		    /* 1 to 64 */
	enum request_target target; /* signal, ptrace */
	uint32_t target_domain;

	int capability;

	/* syscall */
	enum abi abi;
	int64_t number; /* as the kernel sees it, x32's bit included */
	/* false: only those of @known_arguments are known, and the answer may be `depends` */
	bool has_arguments;
	uint8_t known_arguments; /* bit (position) */
	uint64_t arguments[6];	 /* as in seccomp_data: all 64 bits */

	/* mount, bind */
	const char *fstype;
	const char *source;
	uint32_t source_len;
	uint32_t mount_flags;
};

enum verdict { VERDICT_ALLOW, VERDICT_DENY, VERDICT_KILL };

struct decision {
	enum verdict verdict;	 /* what enforcement does; `mode audit` is the caller's to apply */
	bool reported;		 /* audit, and every refusal that is not quiet */
	int errnum;		 /* of a refusal, positive: EACCES, EPERM, ENOSYS, or the rule's */
	const struct rule *rule; /* the one that decided; NULL only for a syscall that no table
				    knows and ABIs not spoken */
	int32_t transition;	 /* exec: the domain entered, or -1 */
	/* syscall without arguments: some arguments are allowed and some refused */
	bool depends;
	uint64_t allowed_witness[6], denied_witness[6];
};

/* @domain: the sub-profile that asks; 0 for the profile itself. Never fails: what is not known is
 * denied. */
struct decision decide(const struct policy *p, uint32_t domain, const struct request *r);

/*
 * What one seccomp filter for the whole process tree must answer, since a tree has only one:
 * allowed if any domain allows (the lowest number names the rule), otherwise as domain 0 has it.
 */
struct decision decide_syscall_union(const struct policy *p, const struct request *r);

/*
 * Precedence of two rules that both match a request for @op: true when @a decides before @b. A
 * total order: kill, errno deny, deny, audit, allow, default; non-quiet before quiet; written
 * before derived; own file before fragments; then position. What a rule only implies counts as
 * allow.
 */
bool rule_before(const struct rule *a, const struct rule *b, enum operation op);

/*
 * Whether @a goes before @b for its errno and is quiet, where @b reports: of all denies that match
 * one request each would have to be quiet. Such pairs are errors in a policy.
 */
bool rule_hides_report(const struct rule *a, const struct rule *b);

/* Whether a rule of mount or bind speaks of the request; which rule decides it is not asked. */
bool mount_rule_matches(const struct rule *rule, const struct request *r);

/* Whether the tests hold for these arguments under @abi. */
bool syscall_match_holds(const struct syscall_match *m, enum abi abi, const uint64_t arguments[6]);

/* An argument as the kernel reads it: cut to its width, sign-extended if signed. */
uint64_t vocab_argument_value(
	const struct vocab_argument *argument, enum abi abi, const uint64_t arguments[6]);

/* "allow", "deny" (kill too). */
const char *verdict_word(const struct decision *d);

#endif
