/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INSTALL_ROOT_H
#define PALE_INSTALL_ROOT_H

/*
 * Configuration files below a root, which is "/" or the folder of an image that is being built.
 * Paths are absolute as a program inside sees them: symbolic links are followed, and never lead out
 * of the root (openat2(2), RESOLVE_IN_ROOT).
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>

struct install_root {
	int fd;
	char *dir; /* without links and without a '/' at its end: "" is "/" */
};

#define INSTALL_ROOT_INIT                                                                          \
	{                                                                                          \
		-1, NULL                                                                           \
	}

struct root_file {
	bool exists;
	struct text bytes;
};

#define ROOT_FILE_INIT                                                                             \
	{                                                                                          \
		false, TEXT_INIT                                                                   \
	}

/* Longer files are refused. */
#define ROOT_FILE_BYTES_MAX ((size_t)1 << 20)

int install_root_open(struct install_root *root, const char *dir, struct pale_err **err);
void install_root_release(struct install_root *root);

/* A file that is not there is no error; a link to nothing, or what is no regular file, is one. */
int root_file_read(const struct install_root *root, const char *path, struct root_file *ret,
	struct pale_err **err);
void root_file_release(struct root_file *f);
/*
 * In one step: a reader sees the former or the new content. Owner and mode of a file that is there
 * stay, and a link to it stays a link. Its folder must be there.
 */
int root_file_write(const struct install_root *root, const char *path, const struct text *bytes,
	struct pale_err **err);
/* One that is not there is no error. */
int root_file_remove(const struct install_root *root, const char *path, struct pale_err **err);
/* Makes the folders above @path that are missing, and appends each to the array @made. */
int root_make_folders(
	const struct install_root *root, const char *path, json_t *made, struct pale_err **err);
/* Removes the folders of @made, the last one first, as far as they are empty. */
void root_remove_folders(const struct install_root *root, const json_t *made);
/* Whether there is a regular file that somebody may execute. */
bool root_has_program(const struct install_root *root, const char *path);

#endif
