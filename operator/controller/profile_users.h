/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROFILE_USERS_H
#define PALE_PROFILE_USERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Who uses which PaleProfile: PaleBindings name one, namespaces have one as their floor and one as
 * their default, pods that may still run a container are annotated with them, one for all and one
 * for each container. Fed with the objects of watches, it keeps of each its name and its profiles'
 * names: 20,000 pods take some 4 MiB.
 *
 * A profile that is used need not exist.
 */

enum profile_user { USER_BINDING, USER_NAMESPACE, USER_POD, USER_KINDS };

struct profile_users {
	void *users, *profiles; /* tsearch(3) trees */
	/* A profile has no user any more, or its first. NULL: nobody asks. */
	void (*changed)(void *ctx, const char *profile);
	void *ctx;
};

void profile_users_release(struct profile_users *u);

/* It is there in this version. A pod that has ended (phase Succeeded or Failed) uses
 * nothing. */
void profile_users_seen(struct profile_users *u, enum profile_user kind, const json_t *object);
/* It is not there any more. @namespace: "" for what has none. */
void profile_users_gone(
	struct profile_users *u, enum profile_user kind, const char *namespace, const char *name);

/* How many objects of @kind use it. */
uint32_t profile_users_count(
	const struct profile_users *u, const char *profile, enum profile_user kind);
bool profile_users_any(const struct profile_users *u, const char *profile);

/*
 * "2 PaleBindings (shop/front and others), 1 namespace (shop) and 12 pods (shop/web-1 and others)";
 * malloc-ed. "nobody". Looks at all users: for messages.
 */
char *profile_users_text(const struct profile_users *u, const char *profile);

#endif
