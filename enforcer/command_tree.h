/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COMMAND_TREE_H
#define PALE_COMMAND_TREE_H

/*
 * A command and all that it starts, until the last of them is gone: this process becomes their
 * subreaper, hands signals on to them and reaps.
 */

#include "compiler/base/error.h"
#include "enforcer/launch.h"

struct command_tree {
	int signals; /* a signalfd: POLLIN means command_tree_handle() */
	struct launched command;
	bool reaped;	 /* the command itself: */
	int wait_status; /* as waitpid(2) gives it */
	int exec_errno;	 /* the execve failed with this; 0: it did not */
	bool alone;	 /* no process of it is left */
	int told_to_end; /* SIGTERM, SIGINT or SIGQUIT once one came; 0 */
	/* Children that this process had before: of a shell, say, that became pale by exec. */
	pid_t *foreign;
	size_t n_foreign;
};

#define COMMAND_TREE_INIT                                                                          \
	{                                                                                          \
		.signals = -1, .command = LAUNCHED_INIT                                            \
	}

/*
 * Before launch() into @t->command. From here on the signals that are handed on are blocked;
 * @ret_mask is what was blocked before, for the command.
 */
int command_tree_prepare(struct command_tree *t, sigset_t *ret_mask, struct pale_err **err);
/* A child that is none of the command's. */
void command_tree_pass_over(struct command_tree *t, pid_t pid);
int command_tree_handle(struct command_tree *t, struct pale_err **err);
/* Kills and reaps them all: nobody would answer for them. */
void command_tree_end(struct command_tree *t);
void command_tree_release(struct command_tree *t);

#endif
