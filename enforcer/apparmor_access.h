/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_ACCESS_H
#define PALE_APPARMOR_ACCESS_H

/* What a record of AppArmor's says was asked, in the language's words, and decide()'s answer. */

#include "compiler/decide.h"
#include "enforcer/apparmor_record.h"

#define APPARMOR_ACCESSES_MAX 8

struct apparmor_access {
	enum operation operation;
	char *object; /* as reports write it */
	size_t object_len;
	enum object_class object_class; /* exec and map */
	struct decision decision;
};

struct apparmor_accesses {
	struct apparmor_access v[APPARMOR_ACCESSES_MAX];
	unsigned n;
};

/* What does not change from one record to the next. */
struct apparmor_judge;

struct apparmor_judge *apparmor_judge_new(const struct policy *p);
void apparmor_judge_free(struct apparmor_judge *j);

/*
 * What the file at @path, which was executed or mapped, is to be taken for: records do not tell.
 * Unset: CLASS_PLAIN.
 */
typedef enum object_class apparmor_classify(void *ctx, const char *path);
void apparmor_judge_set_classify(struct apparmor_judge *j, apparmor_classify *classify, void *ctx);

/* The domain whose label a record names, or -1. */
int32_t apparmor_judge_domain(const struct apparmor_judge *j, struct apparmor_value label);

/*
 * @inner_pid: the process's number where its /proc was mounted; its own folder there is /proc/self/
 * to the policy. What the record leaves open:
 *	addresses	AppArmor asks about families and types, and the decision is that of the
 *			default or a deny rule; or allow when there is an address that is allowed
 *	drift		executed and mapped files are classified as they are by now
 *	unix listen	bind(2) to a path reads like any creation of a file
 * Leaves @ret empty when the record's operation is none of the language's. To be released.
 */
void apparmor_judge(struct apparmor_judge *j, uint32_t domain, const struct apparmor_record *r,
	int inner_pid, struct apparmor_accesses *ret);
void apparmor_accesses_release(struct apparmor_accesses *a);

#endif
