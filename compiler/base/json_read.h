/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_JSON_READ_H
#define PALE_BASE_JSON_READ_H

/*
 * JSON that people wrote, read by jansson, with what jansson alone does not give: whole numbers up
 * to 2^64 - 1, and the place in the text of whatever is wrong with a value.
 *
 * A member that stands twice in one object, bytes that are no UTF-8, a NUL in a string and nesting
 * beyond jansson's 2048 levels are errors.
 */

#include "compiler/base/diag.h"

#include <jansson.h>

struct json_document {
	const struct source *source;
	json_t *root;
	/* What jansson's signed numbers cannot hold: see json_whole_number(). */
	uint64_t *large;
	uint32_t n_large, cap_large;
};

/* Longer texts are refused: finding a value's place reads the text from its beginning. */
#define JSON_BYTES_MAX ((uint32_t)1 << 20)

/* false with an error in @diags. @ret is to be released either way. */
bool json_read(const struct source *s, struct diag_list *diags, struct json_document *ret);
void json_document_release(struct json_document *d);

/* false when @v is no whole number from 0 to 2^64 - 1. */
bool json_whole_number(const struct json_document *d, const json_t *v, uint64_t *ret);
/* The text of a string. NULL when @v is none; a number of json_whole_number() is none either. */
const char *json_text_value(const json_t *v);
/* "a string", "an object", …: for messages. */
const char *json_kind(const json_t *v);

/* A value by the way from the root to it; lives on the callers' stacks. */
struct json_path {
	const struct json_path *up; /* NULL: the root */
	const char *member;	    /* of an object; NULL: */
	size_t index;		    /* of an array */
};

/* A copy of one step in @a; the steps above it must be there already. */
const struct json_path *json_path_copy(struct arena *a, const struct json_path *path);
/* "syscalls[3].args[0].op"; "" for the root. */
const char *json_path_text(struct arena *a, const struct json_path *path);
/*
 * Where the value stands, its first word or bracket; where there is none, what it would stand in.
 * Reads the text from its beginning: for what is told, not for every value. Takes a document that
 * was released, too.
 */
struct span json_path_place(const struct json_document *d, const struct json_path *path);

#endif
