/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FILE_TREE_H
#define PALE_FILE_TREE_H

/*
 * Files below a folder that is the caller's own. Nothing is followed out of it: what somebody
 * planted there (a symbolic link, a name with "..") is an error or is removed itself.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

/* Makes @name, with the folders on its way, mode 0600. -EEXIST: it is there. */
int file_tree_write(
	int dir, const char *name, const void *bytes, size_t len, struct pale_err **err);

/* Puts @name (one component) in place of what there was, in one step. */
int file_tree_replace(
	const char *dir, const char *name, const void *bytes, size_t len, struct pale_err **err);

/* At most @max bytes of @name, which must be a regular file; -EFBIG. */
int file_tree_read(
	const char *dir, const char *name, size_t max, struct text *ret, struct pale_err **err);

/* With all that is below it, on the same file system; what is not there is no error. */
void file_tree_remove(const char *path);

/* Makes it with its parents, owned by the caller and of @mode; one that is there must be a folder
 * that nobody else can write to. */
int file_tree_make(const char *path, unsigned mode, struct pale_err **err);

#endif
