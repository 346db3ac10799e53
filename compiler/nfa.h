/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NFA_H
#define PALE_NFA_H

/*
 * Globs as one nondeterministic automaton that shares their common beginnings: a state *is* the set
 * of strings that lead to it, and is made once for each way of making it. Five hundred globs that
 * begin with the same "any run" thus keep one state alive on every path, not five hundred, which is
 * what makes determinising them cheap.
 *
 * The states form a tree of steps, but for JOINs, where alternatives meet again. A parent's number
 * is smaller than its children's.
 */

#include "compiler/base/arena.h"
#include "compiler/base/hash_index.h"
#include "compiler/glob.h"

#include <stdbool.h>
#include <stdint.h>

/* Of tens of bytes each. More than DFA_BUDGET_STATES, since one state of a DFA may hold several. */
#define NFA_STATES_MAX 1000000
#define NFA_NONE       UINT32_MAX

enum nfa_op {
	NFA_ROOT,
	NFA_BYTE_OF, /* after @parent, one byte of the set @arg */
	NFA_LOOP,    /* after @parent, any number of bytes of the set @arg */
	NFA_JOIN,    /* @arg states, listed in joined[@parent...]: where one of them is */
};

/* Numbers of sets of bytes: b below 256 is the set of the byte b; then these; then others. */
#define NFA_SET_NOT_SLASH 256
#define NFA_SET_ANY	  257

struct nfa_set {
	uint64_t bytes[4];
};

struct nfa_state {
	enum nfa_op op;
	uint32_t parent;
	uint32_t arg;
	uint32_t first_step; /* NFA_BYTE_OF children, by next_sibling */
	uint32_t next_sibling;
	uint32_t first_within; /* links: LOOPs and JOINs that hold all that this state holds */
	uint32_t first_tag;    /* links: of the globs that match here */
	bool directories;      /* made as "nothing, or any run and '/'": again would add nothing */
};

struct nfa_link {
	uint32_t value;
	uint32_t next;
};

struct nfa {
	struct arena *arena;
	struct nfa_state *states;
	uint32_t n_states, cap_states;
	uint32_t *joined;
	uint32_t n_joined, cap_joined;
	struct nfa_link *links;
	uint32_t n_links, cap_links;
	struct nfa_set *sets;
	uint32_t n_sets, cap_sets;
	struct hash_index state_index, set_index;
	/* When set, called for every state that nfa_add() goes through, with repeats. */
	void (*trace)(void *ctx, uint32_t state);
	void *trace_ctx;
};

void nfa_init(struct nfa *n, struct arena *a);
/* A start state of its own. */
uint32_t nfa_root(struct nfa *n);
/*
 * Adds @g from @root on and returns the state where it matches, or NFA_NONE when NFA_STATES_MAX is
 * reached. Adding an equal glob again adds nothing.
 */
uint32_t nfa_add(struct nfa *n, uint32_t root, const struct glob *g);
void nfa_tag(struct nfa *n, uint32_t state, uint32_t tag);

#endif
