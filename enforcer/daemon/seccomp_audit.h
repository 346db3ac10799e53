/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SECCOMP_AUDIT_H
#define PALE_SECCOMP_AUDIT_H

/*
 * What seccomp filters refused, where the kernel loads no program that sees it: by its audit
 * records (audit_netlink.h), which name the call without its arguments. Where the policy decides by
 * arguments the rule is a candidate, and the report says so.
 */

#include "enforcer/audit_record.h"
#include "enforcer/report.h"

#define AUDIT_RECORD_SECCOMP 1326 /* AUDIT_SECCOMP of linux/audit.h */

struct seccomp_record {
	pid_t pid; /* in the initial pid namespace */
	uint32_t uid;
	uint32_t arch;	 /* AUDIT_ARCH_… */
	int64_t number;	 /* of the call */
	uint32_t action; /* SECCOMP_RET_… */
	char executable[256];
};

/* false: it is not such a record. */
bool seccomp_record_parse(const struct audit_record *r, struct seccomp_record *ret);

/*
 * The violation of @p. @v->object and ->executable point into @r or are static; what the record
 * does not say (container, parent) is the caller's to fill in. false: the filter let it pass, or it
 * is refused quietly, and nothing is to be told.
 */
bool seccomp_record_violation(const struct seccomp_record *r, const struct policy *p,
	uint64_t time_ns, struct violation *ret);

#endif
