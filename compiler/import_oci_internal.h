/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_OCI_INTERNAL_H
#define PALE_IMPORT_OCI_INTERNAL_H

/*
 * What the parts of import_oci() share. Each reads its members of the profile into the model.
 *
 * A mistake is an error in the list, and reading goes on: what a function then returns only has to
 * be safe to go on with, since no policy is written. All is allocated from the arena of the
 * diagnostics, and outlives the JSON.
 */

#include "compiler/import.h"
#include "compiler/import_seccomp.h"

struct import_reading {
	struct arena *arena;
	struct diag_list *diags;
	const struct import_options *options;
	struct json_document document;
	struct import_seccomp *model;
	enum abi native; /* whose conditions on machines hold; import_read_abis() sets it */
	bool killed_threads;
};

/* import_oci_json.c. @path is that of the value itself, but for import_member(). */

/* Words of the file, shortened: they may be of any length. */
const char *import_quoted(struct import_reading *r, const char *s);
/* An error at the value, whose path is put before the text. */
struct diag *import_wrong(struct import_reading *r, const struct json_path *path,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

enum import_member_type { OF_OBJECT, OF_ARRAY, OF_STRING, OF_NUMBER };

/* false, with an error, when @v is of another. */
bool import_check_type(struct import_reading *r, const struct json_path *path, const json_t *v,
	enum import_member_type type);
/* The member @name of @o, which stands at @path. NULL when there is none, when it is null, and,
 * with an error, when it is of another type. Borrowed from @o. */
json_t *import_member(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *name, enum import_member_type type);
/* An error for each member of @o that is not in @known, which ends with NULL. */
void import_check_members(struct import_reading *r, const struct json_path *path, json_t *o,
	const char *const *known);

struct import_word {
	const char *name;
	int value; /* not negative */
};

/* -1, with an error, when @s is not in @words, which end with a NULL name. @what they are is for
 * the error: "action". */
int import_find_word(struct import_reading *r, const struct json_path *path, const char *what,
	const struct import_word *words, const char *s);

/* import_oci_action.c */

/*
 * The member @name of @o, an action, with its errno from the members @number_name or @text_name.
 * false, mostly with an error, when there is none. @ret_other: NULL, or where to put an action that
 * no rule says. Without it such an action is an error.
 */
bool import_read_action(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *name, const char *number_name, const char *text_name, struct import_action *ret,
	const char **ret_other);

/* import_oci_abis.c */

/* Sets the model's ABIs, and r->native. */
void import_read_abis(struct import_reading *r, const struct json_path *path, const json_t *o);

/* import_oci_applies.c */

/* Bits of the numbers of the capabilities in an array. */
uint64_t import_read_capabilities(
	struct import_reading *r, const struct json_path *path, const json_t *list);
/* What `includes` and `excludes` of the entry @o say, against the model's capabilities, r->native
 * and the options' kernel. NULL when the entry applies: "only with capability sys_admin". */
const char *import_why_left_out(
	struct import_reading *r, const struct json_path *path, const json_t *o);

/* import_oci_entry.c */

/* Adds it to the model's. The model's capabilities and r->native must be there already. */
void import_read_entry(struct import_reading *r, const struct json_path *path, json_t *o);

/* import_oci.c */

/* A comment for the policy's head. */
void import_note(struct import_reading *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
