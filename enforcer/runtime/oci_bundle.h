/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_BUNDLE_H
#define PALE_RUNTIME_OCI_BUNDLE_H

#include "enforcer/runtime/command_line.h"

#include <jansson.h>
#include <sys/stat.h>

/* A container's bundle: the directory with its config.json. */
struct oci_bundle {
	int dir;
	char *path;	   /* absolute, without links */
	char *config_name; /* in @dir */
	json_t *config;
	struct stat config_was;
};

/* Of a create or run: --bundle, or the working directory; crun's --config only where it is in the
 * bundle. The config has passed oci_config_check(). @ret is to be released either way. */
int oci_bundle_open(const struct command_line *cl, struct oci_bundle *ret, struct pale_err **err);
int oci_bundle_open_path(
	const char *path, const char *config_name, struct oci_bundle *ret, struct pale_err **err);
/* Writes @config back. */
int oci_bundle_write(struct oci_bundle *b, struct pale_err **err);
void oci_bundle_release(struct oci_bundle *b);

/* The container's root, absolute and without links, malloc-ed. */
int oci_bundle_rootfs(const struct oci_bundle *b, char **ret, struct pale_err **err);

/*
 * Where the bundle of the container @id is, malloc-ed, from what the real runtime keeps of it below
 * --root: runc's state.json, crun's status. *@ret NULL: it keeps nothing of it.
 */
int oci_bundle_find(
	const struct command_line *cl, const char *id, char **ret, struct pale_err **err);

#endif
