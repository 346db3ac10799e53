/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LANDLOCK_COVER_H
#define PALE_LANDLOCK_COVER_H

#include "compiler/coverage_paths.h"
#include "compiler/landlock_answer.h"
#include "compiler/landlock_lower.h"

/* What emit_landlock() and the coverage of its result share. */
struct landlock_cover {
	const struct policy *policy;
	const struct landlock_rules *rules;
	struct landlock_wishes wishes;
	struct path_grants grants; /* the wishes read back as globs */
	uint32_t *wish_of;	   /* [grant] */
	uint32_t cap_wish_of;
	struct coverage_notes *notes;
	/* Where files may be moved: they must have the same rights everywhere. */
	bool moves, moves_differ;
	uint64_t move_rights;
	const char *move_path, *differing_path;
	bool (*moved)[2]; /* [rule index]: decides a rename, a link */
};

/* Fills grants from the wishes as they are now. */
void landlock_cover_grants(struct landlock_cover *k);

/* The scopes that refuse nothing that any domain may do. */
uint64_t landlock_scopes(const struct policy *p, unsigned int abi);

/* Everything unenforced: mode audit. */
void landlock_cover_nothing(struct landlock_cover *k, struct coverage *c);
int landlock_cover(struct landlock_cover *k, struct coverage *c, struct pale_err **err);

#endif
