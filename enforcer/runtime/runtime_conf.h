/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_RUNTIME_CONF_H
#define PALE_RUNTIME_RUNTIME_CONF_H

#include "enforcer/runtime/command_line.h"

/*
 * /etc/pale/runtime.conf, which need not be there: lines of "name = value", and comments from '#'
 * on. pale-runtime(8) says what the names mean.
 */
#define RUNTIME_CONF_FILE "/etc/pale/runtime.conf"

struct runtime_conf {
	char *runc, *crun;	/* paths; NULL: to be found */
	char *socket_dir;	/* of paled's sockets */
	int wait_ms;		/* for a daemon or a policy that is not there yet */
	bool allow_unreachable; /* on-missing=allow holds when paled is away, too */
};

/* @path NULL: RUNTIME_CONF_FILE, if it is there. -EINVAL with file and line; -EPERM: others than
 * root and the caller may write to it. */
int runtime_conf_read(const char *path, struct runtime_conf *ret, struct pale_err **err);
void runtime_conf_release(struct runtime_conf *conf);

/*
 * The runtime of @kind, malloc-ed: @asked (a path; may be NULL), the configuration's, or the first
 * in the directories of the system. -ENOENT; -ELOOP: it is this program.
 */
int runtime_conf_find(const struct runtime_conf *conf, enum real_kind kind, const char *asked,
	char **ret, struct pale_err **err);

#endif
