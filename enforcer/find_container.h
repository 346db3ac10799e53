/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FIND_CONTAINER_H
#define PALE_FIND_CONTAINER_H

/*
 * A container of this machine by what people call it: its id, the beginning of one, or a name. Asks
 * paled(8), where that runs, and looks at what runc and crun keep (runtime_state.h), where names
 * are known of those that Kubernetes started and those with the annotation pale.dev/name.
 */

#include "compiler/base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct found_container {
	char *id;
	char *name; /* NULL: not known */
	pid_t pid;  /* its first process */
	/* Whether that executes the container's own program, as far as can be seen; it may just
	 * do so. */
	bool has_begun;
};

/*
 * @run: the folder of paled's sockets. -ENOENT: there is none; -ENOTUNIQ: the word fits several,
 * which the text lists; -ESRCH: it has ended.
 */
int find_container(
	const char *run, const char *word, struct found_container *ret, struct pale_err **err);
/* Of ->pid; looks again. */
bool found_container_has_begun(const struct found_container *c);
void found_container_release(struct found_container *c);

#endif
