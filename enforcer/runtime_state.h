/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_STATE_H
#define PALE_RUNTIME_STATE_H

/*
 * What an OCI runtime keeps on disk of a container that it made, which tells of one that nobody
 * registered where its bundle is. runc writes ROOT/ID/state.json and crun ROOT/ID/status, where
 * ROOT is what their --root was: the engines' own ones are known here.
 */

#include "compiler/base/error.h"
#include "enforcer/oci_runtime.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct runtime_state {
	enum oci_runtime runtime;
	pid_t pid;	     /* its first process */
	uint64_t start_time; /* of it, proc_pid_stat(5) */
	char *bundle;
	bool waits; /* it was created, and nobody has started it: the fifo for that is there */
};

/*
 * @root: below which / is looked for the engines' folders; "" but for tests. -ENOENT: no runtime
 * that is known has it. -EBADMSG: what is there is none of what runc 1.1 and crun 1.8 write. @id is
 * a name without slashes.
 */
int runtime_state_find(
	const char *root, const char *id, struct runtime_state *ret, struct pale_err **err);
/* Each container of each known runtime; what cannot be read is left out. @root as above. */
void runtime_state_each(const char *root,
	void (*take)(void *ctx, const char *id, const struct runtime_state *state), void *ctx);
void runtime_state_release(struct runtime_state *s);

#endif
