/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FILE_SET_H
#define PALE_FILE_SET_H

/*
 * Files of one folder that are written together or not at all: each beside its name first, and
 * renamed when all of them are on disk. What was there before stays until then.
 *
 *	_cleanup_(file_set_release) struct file_set set = FILE_SET_INIT;
 *	file_set_open(&set, dir, err); file_set_add(…); …; file_set_commit(&set, err);
 */

#include "compiler/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct file_set {
	char *dir;
	bool made_dir;
	struct pending_file {
		char *path, *temporary;
	} * v;
	size_t n;
};

#define FILE_SET_INIT                                                                              \
	{                                                                                          \
		NULL, false, NULL, 0                                                               \
	}

/* Makes @dir if it is missing (its parent must be there). */
int file_set_open(struct file_set *set, const char *dir, struct pale_err **err);
int file_set_add(struct file_set *set, const char *name, const void *bytes, size_t len,
	struct pale_err **err);
/*
 * As file_set_add(), in place of a file that is there, whose mode and owner it gets; those of the
 * file that a link leads to, where one is replaced.
 */
int file_set_replace(struct file_set *set, const char *name, const void *bytes, size_t len,
	struct pale_err **err);
/* The folder of @path, as file_set_open() has it. */
int file_set_open_of(struct file_set *set, const char *path, struct pale_err **err);
/* file_set_replace() where there is a file of @path's last component, otherwise file_set_add(). */
int file_set_put(struct file_set *set, const char *path, const void *bytes, size_t len,
	struct pale_err **err);
/* A set of one file, from the first step to the last. */
int file_set_write(const char *path, const void *bytes, size_t len, struct pale_err **err);
int file_set_commit(struct file_set *set, struct pale_err **err);
/* Removes what was not committed, and the folder if it was made for that. */
void file_set_release(struct file_set *set);

#endif
