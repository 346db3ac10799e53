/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POLICY_H
#define PALE_POLICY_H

/*
 * A resolved policy: one outermost profile with its sub-profiles, as flat rules. Names are looked
 * up, variables and groups multiplied out, fragments put in, operations expanded (`write` holds
 * append, `modify` its seven). Emitters, checks and reports see this and never the AST.
 *
 * What the rules mean together is decide.h's and nobody else's.
 */

#include "compiler/effect.h"
#include "compiler/base/source.h"
#include "compiler/dfa.h"
#include "compiler/glob.h"
#include "compiler/vocab.h"

#include <stdbool.h>
#include <stdint.h>

/* What an executed or mapped file is. A path alone says CLASS_PLAIN. */
enum object_class {
	CLASS_PLAIN,	 /* it has a path and is as the image shipped it */
	CLASS_DRIFT,	 /* it has a path; made or changed since the start */
	CLASS_ANONYMOUS, /* it has none: memfd, deleted, O_TMPFILE */
	CLASS_COUNT,
};

enum { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_ICMP, PROTOCOL_UNIX, PROTOCOL_COUNT };
extern const char *const protocol_names[PROTOCOL_COUNT];

/* One ADDRESS:PORT. IPv4 only in four bytes; an IPv4-mapped IPv6 address was turned into IPv4. */
struct endpoint {
	uint8_t family;		   /* 0: any address of either, 4, 6 */
	uint8_t prefix;		   /* leading bits that count */
	uint8_t address[16];	   /* network order; bits beyond @prefix are 0 */
	uint16_t port_lo, port_hi; /* both included; 0 to 65535 for '*' and for icmp */
};

struct endpoints {
	struct endpoint *v;
	uint32_t n, cap;
};

/* One comparison on one syscall argument, at the kernel's width and sign. */
enum test_kind {
	TEST_IN,    /* equal to one of the values */
	TEST_RANGE, /* values[0] <= argument <= values[1] */
	TEST_MASK,  /* argument & mask == values[0] */
};

struct syscall_test {
	const struct vocab_argument *argument;
	enum test_kind kind;
	bool negated;
	uint64_t mask;
	/* Truncated to the argument's width, and sign-extended to 64 bits if it is signed. IN:
	 * ascending, distinct. */
	uint64_t *values;
	uint32_t n_values;
};

struct syscall_match {
	int syscall;		    /* index into vocab_syscalls */
	struct syscall_test *tests; /* all must hold; none: whatever the arguments */
	uint32_t n_tests, cap_tests;
};

struct syscall_matches {
	struct syscall_match *v;
	uint32_t n, cap;
};

enum target_kind { TARGET_SELF, TARGET_DOMAIN, TARGET_ANY };

#define MOUNT_RO     1u
#define MOUNT_NOSUID 2u
#define MOUNT_NODEV  4u
#define MOUNT_NOEXEC 8u

/* One place where a rule stands. Equal rules share one id and list every line. */
struct rule_line {
	struct span at;
	const char *file; /* as shown */
	uint32_t line, column;
	const char *text; /* the whole source line, without its newline */
	bool own;	  /* in the file that the user named */
};

struct rule {
	uint32_t index;	 /* into policy.rules */
	uint32_t domain; /* whose rule it is */
	uint64_t id;	 /* stable: a hash of profile, effect, operations, expanded objects and
			    modifiers */
	enum effect effect;
	bool quiet;
	bool is_default;     /* what decides when no rule matches: one for each operation */
	bool derived;	     /* an allow of syscalls that the policy's other rules need */
	bool only;	     /* syscall: drops the derived set */
	uint32_t exception;  /* an audit instead of what is written: compile_exception.number; 0 */
	uint64_t operations; /* OP_BIT()s */
	uint64_t implied;    /* allowed too, never reported: exec's read and map */
	const char *
		text; /* the statement as written, one line; for a default "deny read by default" */
	struct rule_line
		*lines; /* at least one, except for derived ones; a default has its profile's */
	uint32_t n_lines, cap_lines;

	bool owner;
	int errnum;	    /* positive, 0 when the rule names none */
	int32_t transition; /* exec … as: the domain entered, or -1 */

	/* OBJECT_PATH, and unix of OBJECT_NETWORK */
	uint8_t classes; /* bit (1 << enum object_class): which it matches. Counts for exec and map
			    only */
	bool any_path;	 /* a class without paths, and the defaults */
	struct globs paths, except_paths;
	struct globs names, except_names; /* unix abstract sockets, without the leading NUL */

	/* OBJECT_NETWORK */
	uint8_t protocols; /* bit (1 << PROTOCOL_…) */
	struct endpoints endpoints, except_endpoints;

	/* OBJECT_SIGNAL, OBJECT_TASK */
	uint64_t signals; /* bit (number - 1) */
	enum target_kind target;
	uint32_t target_domain;

	/* OBJECT_CAPABILITY: bit (number) */
	uint64_t capabilities;

	/* OBJECT_SYSCALL */
	struct syscall_matches calls, except_calls;

	/* OBJECT_FAMILY */
	uint64_t families; /* bit (index into vocab_families) */
	uint32_t netlink;  /* bit (protocol) when netlink(…) names some; 0: all */

	/* OBJECT_MOUNT: mount, bind; umount and pivot use @paths or nothing */
	const char *fstype;   /* or NULL */
	struct globs sources; /* mount … from, bind SOURCE; none: any */
	uint32_t mount_flags; /* MOUNT_…: must be set */
	/* mount, bind: automata of @paths and @sources; class 1 where an object matches and no
	 * exception does. NULL: any. */
	const struct dfa *mount_on, *mount_source;

	/*
	 * Rules on paths, set when the automaton is built: whether any path is left after the
	 * exceptions; whether it is allowed somewhere where this rule allows it; and if nowhere, a
	 * rule that refuses instead, and another if there are several.
	 */
	bool matches_some_path, effective;
	const struct rule *beaten_by, *beaten_also;

	/* OBJECT_LIMIT */
	enum limit_kind {
		LIMIT_PROCESSES,
		LIMIT_MEMORY,
		LIMIT_OPEN_FILES,
		LIMIT_CPU,
		LIMIT_FILE_SIZE,
		LIMIT_COUNT
	} limit;
	uint64_t limit_value; /* processes, bytes, descriptors, per cent of one CPU, bytes */
};

extern const char *const limit_names[LIMIT_COUNT];

/* One place where a rule names a syscall; its exceptions count for the whole rule. */
struct call_match {
	const struct rule *rule;
	const struct syscall_match *match;
};

struct call_matches {
	struct call_match *v; /* in the rules' order of precedence */
	uint32_t n;
};

/* The profile (0) or a sub-profile. */
struct domain {
	uint32_t index;
	const char *name;      /* "web", "web/thumbnailer" */
	int32_t parent;	       /* -1 for the outermost */
	struct span at;	       /* its name's word */
	struct rule_line line; /* `profile NAME {` */
	bool default_kill;     /* on violation kill */
	struct rule *defaults[OP_COUNT];
	/*
	 * The rules of this domain that speak of an operation, in order of precedence
	 * (rule_before()), the default last: the first that matches decides.
	 */
	struct rule **by_operation[OP_COUNT];
	uint32_t n_by_operation[OP_COUNT];
	struct call_matches *by_call; /* [vocab_n_syscalls], call_index.h */
	bool only;		      /* its syscall set is not derived */
};

/* owner is the caller's fsuid (1) or not (0) */
#define PATH_VARIANTS			  (2 * CLASS_COUNT)
#define PATH_VARIANT(owner, object_class) ((object_class)*2 + ((owner) ? 1 : 0))

/*
 * What an accepting class of the path automaton stands for: for each operation on paths, and each
 * variant, the rule that decides. Rows are interned: equal rows have equal numbers, and dfa.accept
 * is the number.
 */
struct path_row {
	const struct rule *by[OP_COUNT][PATH_VARIANTS]; /* NULL for operations that have no path */
};

struct policy {
	struct arena *arena;
	struct source_set *sources;
	const char *name; /* the outermost profile's */
	const char *file;
	bool audit;    /* mode audit */
	uint32_t abis; /* bit (1 << enum abi) */
	struct domain **domains;
	uint32_t n_domains, cap_domains;
	struct rule **rules;
	uint32_t n_rules, cap_rules;

	/* Paths: entry 2 * domain are files and unix socket paths, 2 * domain + 1 abstract names.
	 */
	const struct dfa *dfa;
	const struct path_row *const *rows; /* by dfa accept class */
	uint32_t n_rows;
	const struct path_row **pathless; /* [n_domains]: what has no path */
	/* SHA-256 over everything that the policy means; hexadecimal. Independent of file names and
	 * machine. */
	char digest[65];
};

/* The sub-profile of @p with the whole name "web/thumbnailer"; -1 when there is none. */
int32_t policy_domain_find(const struct policy *p, const char *name);
/* As a rule of domain @from means it: @name whole, then as one of its own sub-profiles, then of
 * those around it. */
int32_t policy_domain_from(const struct policy *p, uint32_t from, const char *name);

#define DFA_ENTRY_PATHS(domain) (2 * (domain))
#define DFA_ENTRY_NAMES(domain) (2 * (domain) + 1)

/* Operations whose objects run through the path automaton. */
#define OPS_FILE                                                                                   \
	(OP_BIT(OP_READ) | OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_CREATE) |              \
		OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) | OP_BIT(OP_SETATTR) |     \
		OP_BIT(OP_MAP) | OP_BIT(OP_IOCTL) | OP_BIT(OP_LOCK))
#define OPS_PATH                                                                                   \
	(OPS_FILE | OP_BIT(OP_EXEC) | OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN) | OP_BIT(OP_UMOUNT))

#endif
