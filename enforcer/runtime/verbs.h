/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_VERBS_H
#define PALE_RUNTIME_VERBS_H

#include "enforcer/runtime/confinement.h"
#include "enforcer/runtime/runtime_conf.h"

/*
 * What pale-runtime does for the verbs that it acts on. Each function ends in the real runtime,
 * which it becomes, or gives what to exit with in *@status, or refuses: a negative errno, upon
 * which the program exits with 1.
 */

struct runtime {
	struct command_line cl;
	struct runtime_conf conf;
	char *real; /* path of the real runtime */
};

int verb_create(struct runtime *rt, int *status, struct pale_err **err);
int verb_run(struct runtime *rt, int *status, struct pale_err **err);
int verb_exec(struct runtime *rt, int *status, struct pale_err **err);
int verb_update(struct runtime *rt, int *status, struct pale_err **err);
int verb_delete(struct runtime *rt, int *status, struct pale_err **err);

/* Becomes the real runtime with the command line as it came. Returns on failure only. */
int pass_on(const struct runtime *rt, struct pale_err **err);
/* The same with the command line as it was read, and changed. */
int pass_on_changed(const struct runtime *rt, struct pale_err **err);

/*
 * What the container @id runs under. With *@confined false it runs as it is: it is not registered,
 * and there is none, or no policy is meant for it. -EPERM: one is meant for it, and paled does not
 * know it. @c is to be released either way.
 */
int look_up(const struct runtime *rt, const char *id, struct confinement *c, bool *confined,
	struct pale_err **err);

/*
 * run's hook: this program is started by the real runtime with HOOK_WORD and @request, the members
 * of register that are known before, with "sockets" and "wait_ms". The container's state stands on
 * standard input.
 */
#define HOOK_WORD "--pale-register"
int register_hook(const char *request, struct pale_err **err);

#endif
