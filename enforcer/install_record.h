/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INSTALL_RECORD_H
#define PALE_INSTALL_RECORD_H

/*
 * What was written for each engine, in /etc/pale/install-runtime.json: all that is needed to take
 * it back. It lies under /etc, as what it tells of does, so that both are in the same image.
 */

#include "enforcer/install_engine.h"

struct install_record {
	char *path;   /* the engine's file; NULL: nothing was written */
	bool created; /* that file, whole */
	struct install_edits edits;
	json_t *adds;	 /* as in struct install_plan, never NULL */
	json_t *folders; /* that were made, from the top down */
};

#define INSTALL_RECORD_INIT                                                                        \
	{                                                                                          \
		.edits = INSTALL_EDITS_INIT                                                        \
	}

/* A record that was never written has no path. */
int install_record_read(const struct install_root *root, const struct install_engine *engine,
	struct install_record *ret, struct pale_err **err);
/* Beside those of the other engines; makes the folder that it lies in. */
int install_record_write(const struct install_root *root, const struct install_engine *engine,
	const struct install_record *r, struct pale_err **err);
/* The last one's file goes with it, and the folder if it was made for that. */
int install_record_remove(const struct install_root *root, const struct install_engine *engine,
	struct pale_err **err);
void install_record_release(struct install_record *r);

#endif
