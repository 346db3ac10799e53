/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_TREE_H
#define PALE_LEARN_TREE_H

/*
 * The paths of one operation and executable as a tree of components, and what is left of it: from
 * the leaves up, names of one directory that differ from run to run become a star. Of the globs
 * that match them all it is the one that admits the fewest others: what the names have in common
 * stays, and each component its own star.
 */

#include "compiler/learn_internal.h"

/* One path of one operation and executable. */
struct learn_entry {
	const struct learn_item *item;
	const char *path;
	uint32_t len;
	const char *key;	     /* as policy text, tokens put in */
	const char *plain;	     /* without */
	enum learn_token_kind token; /* the last one that was put in */
	bool sure;		     /* none of them needs to have differed */
	bool weak;		     /* one of them may be a word */
	bool made;		     /* the program made the file, by whatever operation */
};

struct learn_node;

struct learn_shape {
	const char *rest; /* from its "/" on */
	struct learn_seen seen;
	const char *why; /* NULL: literal */
};

struct learn_shapes {
	struct learn_shape *v;
	uint32_t n, cap;
};

/* In the work's arena. */
struct learn_node *learn_tree_new(struct learn_work *w);
/* Entries come in the order of their keys. */
void learn_tree_insert(struct learn_work *w, struct learn_node *root, const struct learn_entry *e);
/* Adds what is left of all paths of @op to @to. Marks the tree. */
void learn_tree_shapes(struct learn_work *w, const struct learn_node *root, enum operation op,
	struct learn_shapes *to);
/* As learn_seen_join(), of several items. */
void learn_seen_add(struct learn_work *w, struct learn_seen *to, const struct learn_seen *s);

#endif
