/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DFA_H
#define PALE_DFA_H

/*
 * Many globs as one minimised automaton over bytes. Every glob carries a tag; a state where some
 * globs have just matched knows their tags, and the caller folds each distinct set of tags into one
 * 32-bit class, e.g. "the row of verdicts for all file operations". The automaton is minimised with
 * respect to those classes.
 *
 * This is the only matcher of paths: decide() runs it, the BPF-LSM tables are its arrays as they
 * are, and the checks (coverage, shadowed rules, equality of two mechanisms) walk its states.
 *
 * An automaton may have several entries (one for each sub-profile): each is a set of globs of its
 * own, with a start state of its own in the one state space, so that common tails are shared.
 */

#include "compiler/base/arena.h"
#include "compiler/glob.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dfa_builder;

/*
 * What one automaton may take, all of it reached in well under a second. A policy that needs more
 * gets a diagnostic.
 */
#define DFA_BUDGET_STATES    200000    /* before minimisation */
#define DFA_BUDGET_POSITIONS 8000000   /* places in globs that those states stand for, in sum */
#define DFA_BUDGET_STEPS     100000000 /* positions looked at on the way: bounds the time */
#define DFA_STATES_MAX	     65535     /* after minimisation; the BPF-LSM tables have 16 bits */
#define DFA_TABLE_MAX	     (8 << 20) /* entries of dfa.next */

struct dfa_builder *dfa_builder_new(struct arena *a);
/* Globs added from here on belong to a new entry; returns its index, from 0. */
uint32_t dfa_entry(struct dfa_builder *b);
/* Adds @g under @tag to the current entry. Several globs may share a tag. @g must outlive the
 * builder. */
void dfa_add(struct dfa_builder *b, const struct glob *g, uint32_t tag);

/*
 * Folds a set of tags, ascending without repeats, into a class. Called once for each distinct
 * (entry, set), entry by entry, the empty set of each first; equal sets of different entries are
 * different calls. States with equal classes may merge. Reasonable implementations intern what they
 * compute, so that equal outcomes get equal classes.
 */
typedef uint32_t (*dfa_fold)(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n);

/*
 * A normal form: the fewest states and the fewest classes of bytes that give each string its fold
 * class; classes numbered by their smallest byte, states in breadth-first order from start[0],
 * start[1] and so on, by class. So automata that say the same have the same arrays, however their
 * globs are written. All states can be reached.
 */
struct dfa {
	uint32_t n_states;
	uint32_t n_classes; /* of bytes: columns of @next */
	uint32_t n_entries;
	uint8_t byte_class[256];
	uint32_t *start;  /* [n_entries] */
	uint32_t *next;	  /* [n_states * n_classes]; where nothing can match any more is a real
			     state that loops */
	uint32_t *accept; /* [n_states]: what @fold gave for the tags that match here */
	bool *absorbing;  /* [n_states]: all bytes lead back to it; no need to read on */
};

enum dfa_limit {
	DFA_OVER_WORK,	 /* a budget of determinising */
	DFA_OVER_STATES, /* DFA_STATES_MAX */
	DFA_OVER_TABLE,	 /* DFA_TABLE_MAX */
};

struct dfa_over_budget {
	enum dfa_limit limit;
	uint32_t states; /* where it stopped; for the last two, how many are needed */
	/* The costly glob: of all, it most multiplies the states. */
	uint32_t entry;
	uint32_t tag;
	const struct glob *glob;
	/* No glob multiplies anything: they are too many, and @glob is only one of them (the empty
	 * one when there is none and the entries alone are too many). */
	bool crowd;
};

/*
 * Determinises and minimises. Deterministic: equal input gives equal arrays. false when a budget is
 * exceeded, with *@ret_over saying by what; @fold may have been called. The result lives in the
 * builder's arena. There must be an entry.
 */
bool dfa_build(struct dfa_builder *b, dfa_fold fold, void *ctx, struct dfa **ret,
	struct dfa_over_budget *ret_over);

/* The class of @bytes (any bytes, @len of them) from @entry. */
uint32_t dfa_run(const struct dfa *d, uint32_t entry, const void *bytes, size_t len);
uint32_t dfa_step(const struct dfa *d, uint32_t state, uint8_t byte);

/* What two automata say of the same strings. */
struct dfa_pair {
	uint32_t a, b; /* classes */
};

#define DFA_PRODUCT_MAX 2000000 /* states */

/*
 * Both automata in step, from one entry each: an automaton whose class at a state is the state's
 * own number, by which *@ret_pairs has what either says there. For walking; it is not minimal. NULL
 * when it would have more than DFA_PRODUCT_MAX states.
 */
struct dfa *dfa_product(struct arena *arena, const struct dfa *a, uint32_t entry_a,
	const struct dfa *b, uint32_t entry_b, const struct dfa_pair **ret_pairs);

/*
 * For the checks. Visits each state that @entry reaches, once, with a shortest string that leads to
 * it; among those the one that reads best (letters, then digits, then what is common in paths, odd
 * bytes last). Shorter witnesses come first. @witness is valid during the call, NUL-terminated, and
 * may hold NUL. Stops when @visit returns false.
 */
typedef bool (*dfa_visit)(
	void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len);
void dfa_walk(
	struct arena *scratch, const struct dfa *d, uint32_t entry, dfa_visit visit, void *ctx);

/*
 * The same over what can be a resolved path: it begins with '/', holds no NUL and no '//', and no
 * component is '.' or '..'. A state that no path ends in is not visited: what it says has no
 * effect.
 */
void dfa_walk_paths(
	struct arena *scratch, const struct dfa *d, uint32_t entry, dfa_visit visit, void *ctx);

#endif
