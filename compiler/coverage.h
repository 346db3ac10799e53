/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVERAGE_H
#define PALE_COVERAGE_H

/*
 * What each mechanism makes of each rule. A rule is judged operation by operation: `allow read,
 * delete /x` may be exact for one and not for the other. Emitters fill this in; what an emitter
 * does not mention is unenforced.
 */

#include "compiler/policy.h"

#include <jansson.h>

enum mechanism {
	MECHANISM_SECCOMP, /* our own program */
	MECHANISM_OCI,	   /* NAME.seccomp.json as a runtime would load it */
	MECHANISM_APPARMOR,
	MECHANISM_BPF_LSM,
	MECHANISM_LANDLOCK,
	MECHANISM_CGROUP,	/* limits and rlimits */
	MECHANISM_CAPABILITIES, /* the bounding set of the process */
	MECHANISM_COUNT,
};

extern const char *const mechanism_names[MECHANISM_COUNT]; /* "seccomp", "oci", "apparmor",
							      "bpf-lsm", "landlock", "cgroup",
							      "capabilities" */
/* Bits (1 << enum mechanism). */
typedef uint32_t mechanisms;

enum coverage_verdict {
	COVERAGE_UNENFORCED, /* the mechanism has no say here and lets everything pass */
	COVERAGE_EXACT,
	COVERAGE_WIDER,	   /* lets more through than the rule says */
	COVERAGE_NARROWER, /* refuses what the policy allows (and may let other things through too:
			      the reason says) */
};

extern const char *const coverage_names[4];

struct coverage_entry {
	enum coverage_verdict verdict;
	const char *why; /* one clause, e.g. "cannot tell *.log from other files"; NULL when exact
			    or unenforced without reason */
};

struct coverage {
	const struct policy *policy;
	struct coverage_entry (*v)[OP_COUNT][MECHANISM_COUNT]; /* [rule index] */
	/* Operations of which seccomp refuses every call, with EPERM, before another is asked. */
	uint64_t settled_by_seccomp;
};

struct coverage *coverage_new(const struct policy *p);
/* @why lives in the policy's arena or is static. */
void coverage_set(struct coverage *c, const struct rule *rule, enum operation op, enum mechanism m,
	enum coverage_verdict verdict, const char *why);
/* Sets every operation of the rule. */
void coverage_set_all(struct coverage *c, const struct rule *rule, enum mechanism m,
	enum coverage_verdict verdict, const char *why);

/*
 * What the mechanisms of @set do together: they all must let a thing pass. Narrower if any is; else
 * exact if any is; else wider if any is; else unenforced. @ret_why (may be NULL): the reason of the
 * mechanism that settled it.
 *
 * A rule that kills, or names an errno, is at best wider beside a mechanism that has a say in it
 * and is asked before the one that could do so: seccomp comes before all, capabilities, Landlock
 * and AppArmor before BPF-LSM, and the first refusal is the answer.
 */
enum coverage_verdict coverage_together(const struct coverage *c, const struct rule *rule,
	enum operation op, mechanisms set, const char **ret_why);
/* The worst over the rule's operations: narrower, unenforced, wider, exact; @ret_op names the one.
 * Of a rule that has none of its own, a sub-profile's for its entry, over those that are implied.
 */
enum coverage_verdict coverage_of_rule(const struct coverage *c, const struct rule *rule,
	mechanisms set, enum operation *ret_op, const char **ret_why);

/*
 * Whether @m (AppArmor, Landlock) may refuse, before BPF-LSM is asked, what the policy wants killed
 * or failed with an errno of its own. By the operations that @m has a say in; which of their
 * objects it lets pass is not looked at.
 */
bool coverage_preempts(const struct policy *p, enum mechanism m);

/* coverage.json: files by their portable names; one object a rule with id, text, lines, and for
 * each mechanism and operation its verdict and reason. */
json_t *coverage_json(const struct coverage *c);

#endif
