/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXCEPTION_RULE_H
#define PALE_EXCEPTION_RULE_H

/*
 * One exception of exceptions.h, and what the words that it was asked for in mean in a policy: a
 * rule that refuses, named by its text or as FILE:LINE, whose every place is changed, or a rule to
 * add.
 */

#include "enforcer/daemon/exceptions.h"

struct place {
	char *file;
	uint32_t line, column;
};

struct exception {
	uint32_t number;
	char *rule;    /* as it was asked for */
	char *text;    /* of what is added; NULL: @places are changed */
	char *profile; /* whole name, of what is added */
	struct place *places;
	size_t n_places;
	uint64_t since_ns, until_ns; /* CLOCK_REALTIME */
	uint64_t uid;
	uint64_t used;
};

void exception_free(struct exception *e);
void exception_freep(struct exception **e);

/* What @request means in the container's own policy, @p: @e gets its places, or what is added.
 * -EINVAL where it means nothing there, or also something that was not asked for. */
int exception_understand(struct exception *e, const struct node_policy *p,
	const struct exception_request *request, struct pale_err **err);
void exception_add_place(struct exception *e, const char *file, uint32_t line, uint32_t column);
/* @s with one blank for each run of them, and none at its ends; the caller frees it. */
char *exception_squeezed(const char *s);

#endif
