/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_YAML_CONFIG_H
#define PALE_BASE_YAML_CONFIG_H

/*
 * Configurations in YAML: a file of one document, whose maps are read by tables of their keys.
 * Nothing is guessed: what has no meaning is an error at its place.
 */

#include "compiler/base/error.h"
#include "compiler/base/yaml_read.h"

/*
 * Hands the document of @path to @take, NULL when it has none. What it puts into @diags, or was no
 * YAML, is the error: -EINVAL with the first one's place and text. Texts and nodes are in @arena.
 */
int yaml_config_read(const char *path, struct arena *arena,
	void (*take)(void *ctx, const struct yaml_node *root, struct diag_list *diags), void *ctx,
	struct pale_err **err);

struct yaml_key {
	const char *key;
	void (*read)(void *ctx, const struct yaml_node *value);
};

/* Each value of @map to its reader of @keys, which end with a NULL. @of: "'recorder'", for the
 * message about one that is not there; NULL: of the file itself. */
void yaml_read_keys(const struct yaml_node *map, const struct yaml_key *keys, const char *of,
	void *ctx, struct diag_list *diags);

/* In @arena. NULL: it is none, or empty; then that is said of @what. */
const char *yaml_text(
	const struct yaml_node *n, const char *what, struct arena *arena, struct diag_list *diags);
/* false, too, when it is neither true nor false, which is said. */
bool yaml_boolean(const struct yaml_node *n, const char *what, struct diag_list *diags);
/* Its index in @names, which end with a NULL; -1: it is none of them. */
int yaml_choice(const struct yaml_node *n, const char *const *names);

struct yaml_unit {
	const char *name; /* "ms"; "" for none */
	uint64_t factor;
};

/* A whole number with one of @units, which end with a NULL, from @min to @max times the smallest.
 * false: it is none. */
bool yaml_quantity(const struct yaml_node *n, const struct yaml_unit *units, uint64_t min,
	uint64_t max, uint64_t *ret);
/* A whole number from @min to @max. */
bool yaml_number(const struct yaml_node *n, uint64_t min, uint64_t max, uint64_t *ret);

#endif
