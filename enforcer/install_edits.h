/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INSTALL_EDITS_H
#define PALE_INSTALL_EDITS_H

/*
 * Changes to a text that can be taken back, byte for byte, although the rest of the text changed in
 * the meantime: what was written is looked for by its text, not by its place.
 */

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>

struct install_edit {
	size_t at;	  /* where @old stands in the text before; not kept */
	char *old, *made; /* and what stands there afterwards */
	/* Whole lines, put behind a text that may have had no newline at its end. */
	bool lines;
};

struct install_edits {
	struct install_edit *v;
	size_t n;
};

#define INSTALL_EDITS_INIT                                                                         \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* In the order of their places. Copies @old_len bytes at @old, and @made. */
void install_edits_add(
	struct install_edits *e, size_t at, const char *old, size_t old_len, const char *made);
/* Lines at the end of @before. */
void install_edits_append_lines(
	struct install_edits *e, const struct text *before, const char *lines);
void install_edits_apply(
	const struct install_edits *e, const struct text *before, struct text *after);
/* false when one of them does not stand in @now exactly once. */
bool install_edits_undo(const struct install_edits *e, const struct text *now, struct text *before);
/* Whether any of them stands in @now. */
bool install_edits_remain(const struct install_edits *e, const struct text *now);
/* What edits of UTF-8 texts are on disk. */
json_t *install_edits_json(const struct install_edits *e);
/* false when that is not what @a is. */
bool install_edits_of_json(struct install_edits *e, const json_t *a);
void install_edits_release(struct install_edits *e);

#endif
