/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_DOCUMENT_H
#define PALE_RUNTIME_OCI_DOCUMENT_H

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * JSON files of the OCI runtime specification, read from a hostile hand and written back with every
 * field that Pale does not know.
 *
 * Whole numbers from 2^63 to 2^64 - 1 (RLIM_INFINITY) are more than jansson's integers hold. In a
 * document they are strings of a NUL and their digits, which no string of a file can be: a NUL in
 * one is an error, and so are a member that stands twice, bytes that are no UTF-8, and nesting
 * beyond jansson's 2048 levels.
 *
 * runc, written in Go, takes "Process" for "process"; crun does not. Members whose names differ
 * from a known one by that only are errors: see oci_members().
 */

/* Longer files are refused. */
#define OCI_BYTES_MAX ((size_t)4 << 20)

/*
 * Reads @name below @dir (or AT_FDCWD), which has to be a regular file and no symbolic link; it is
 * called @shown in errors. Its root is an object, a new reference. @st: as it was, for
 * oci_document_write(). -ELOOP, -EINVAL, -EFBIG; what open(2) gives.
 */
int oci_document_read(int dir, const char *name, const char *shown, json_t **ret, struct stat *st,
	struct pale_err **err);
/* The same of a descriptor, of any kind, from where it stands to its end. */
int oci_document_read_fd(int fd, const char *shown, json_t **ret, struct pale_err **err);
/* The same of bytes. */
int oci_document_parse(
	const char *bytes, size_t len, const char *shown, json_t **ret, struct pale_err **err);

/* malloc-ed, NUL-terminated. Members stand in the order that they were read in. */
char *oci_document_text(const json_t *root);
/* Puts a file of @st's owner and mode in the place of @name, whole or not at all. */
int oci_document_write(int dir, const char *name, const json_t *root, const struct stat *st,
	struct pale_err **err);

/*
 * false with nothing in *@ret when @v is no whole number from 0 to 2^64 - 1. The other direction
 * gives a new reference.
 */
bool oci_number(const json_t *v, uint64_t *ret);
json_t *oci_number_new(uint64_t v);

/*
 * 0 when no member of @object has a name that Go's encoding/json takes for one of @known
 * (NULL-terminated) without being it. @where: "config.json: linux". -EINVAL.
 */
int oci_members(
	const json_t *object, const char *const *known, const char *where, struct pale_err **err);

/*
 * The member @name of @in, of the type asked for; NULL in *@ret when there is none or it is null.
 * Borrowed. -EINVAL when it is of another type. @where: what @in is called, "config.json: linux",
 * or the document's name alone when it is the root.
 */
int oci_object(
	const json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err);
int oci_array(
	const json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err);
int oci_string(const json_t *in, const char *name, const char *where, const char **ret,
	struct pale_err **err);
/* As oci_object(), but makes one where there is none. */
int oci_object_made(
	json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err);
/* Signed 64 bits, as Go's int64; *@given false when there is none. */
int oci_integer(const json_t *in, const char *name, const char *where, int64_t *ret, bool *given,
	struct pale_err **err);

#endif
