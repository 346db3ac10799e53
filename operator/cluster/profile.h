/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_PROFILE_H
#define PALE_CLUSTER_PROFILE_H

#include "operator/cluster/object_table.h"
#include "operator/cluster/strictness.h"
#include "operator/cluster/string_list.h"
#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of a PaleProfile what a pod needs: no policy is compiled here. The controller writes status.pod
 * when a source has compiled, and leaves it when a later one does not, so that what is there is the
 * last policy that nodes can have.
 */
struct profile {
	struct object_head head; /* of no namespace */
	enum mode mode;		 /* status.mode, the step of a rollout, or else spec.mode */
	uint32_t canary_percent; /* of new pods are under enforce all the same, see canary.h */
	struct string_list namespaces; /* that may use it, "*" for all; none: no namespace may */
	bool deleted;		       /* a finalizer is all that holds it */
	bool ready;		       /* its condition Ready is True */
	bool behind;		       /* the controller has not seen this generation of it */
	bool failed;		       /* its condition Compiled is False */
	char *diagnostic;	 /* NULL: none; "12:3: unknown operation 'raed'", the first one */
	char *seccomp;		 /* "pale/web-0123456789ab.json"; NULL: there is no policy yet */
	struct string_list drop; /* capabilities as pods name them: "NET_ADMIN" */
	bool no_escalation;	 /* allowPrivilegeEscalation is false */
	char *wrong;		 /* NULL: all of it has a meaning. Otherwise nobody may use it */
};

/* NULL with -EINVAL when it has no name; what else is wrong is kept in it. */
struct profile *profile_read(const json_t *object, struct pale_err **err);
bool profile_is_for(const struct profile *p, const char *namespace);
/*
 * Whether a pod's localhostProfile is one that Pale makes, of whatever policy; and whether it is
 * one of the profile of this name, of whatever digest.
 */
bool profile_is_seccomp_file(const char *file);
bool profile_is_seccomp_file_of(const char *file, const char *name);
void profile_free(struct object_head *head);

#endif
