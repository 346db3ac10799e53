/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NODE_CONTAINER_H
#define PALE_POSTURE_NODE_CONTAINER_H

/*
 * The containers that run on this node: what paled(8) has, where it runs, what runc and crun keep
 * (runtime_state.h), and what is seen by its cgroup alone (cgroup_containers.h). The sandboxes of
 * pods, which run nothing, are none, and what is created and not started is none yet.
 */

#include "compiler/base/error.h"
#include "compiler/compile.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct node_container {
	char *id;
	char *name, *namespace, *pod;  /* NULL: not known */
	char *profile, *digest, *mode; /* of its policy; NULL: it has none */
	pid_t pid;		       /* its first process */
	bool of_paled; /* who has said that; by another process namespace it may be somebody else */
	/* What of its policy could be compiled here, by the same digest; NULL: not at hand. */
	const struct policy *policy;
	struct compilation compilation;
};

struct node_containers {
	struct node_container *v;
	size_t n;
	bool paled; /* it has told its own */
};

/*
 * @run: the folder of paled's sockets, and of its policies' sources. Errors of a paled that runs
 * and does not answer are an error; that none runs is not.
 */
int node_containers_find(const char *run, struct node_containers *ret, struct pale_err **err);
void node_containers_release(struct node_containers *c);
/* Compiles the policy of each that is enforced, from where paled has it. */
void node_containers_compile(struct node_containers *c, const char *run);
/* By a beginning of its id, or its name. */
bool node_container_is(const struct node_container *c, const char *word);

#endif
