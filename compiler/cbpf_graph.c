/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cbpf_graph.h"

#include <assert.h>
#include <string.h>

/* How a node is reached: what still has to be done before its test. */
enum entry {
	ENTRY_LOAD, /* the accumulator holds something else */
	ENTRY_AND,  /* it holds the whole word, the test wants some bits of it */
	ENTRY_TEST, /* it holds what is tested */
	ENTRY_COUNT,
};

#define NOWHERE UINT32_MAX

struct node {
	bool is_return;
	uint16_t op;
	struct cbpf_word word;
	uint32_t k; /* or the action */
	cbpf_node yes, no;
	/* While assembling: */
	bool seen, placed;
	bool used[ENTRY_COUNT];
	uint32_t at[ENTRY_COUNT]; /* counted from the program's end */
};

struct cbpf_graph {
	struct arena *arena;
	struct node *v;
	uint32_t n, cap;
	cbpf_node *slots; /* open addressing; node + 1, 0 is free */
	uint32_t n_slots;
	struct sock_filter *code; /* from the end backwards */
	uint32_t n_code;
};

struct cbpf_graph *cbpf_graph_new(struct arena *a)
{
	struct cbpf_graph *g = arena_alloc(a, sizeof(*g));

	g->arena = a;
	g->n_slots = 1024;
	g->slots = arena_array(a, g->n_slots, sizeof(*g->slots));
	return g;
}

static uint32_t hash(const struct node *x)
{
	uint32_t parts[] = { x->is_return, x->op, x->word.offset, x->word.mask, x->k, x->yes,
		x->no };
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		h = (h ^ parts[i]) * 16777619u;
		h ^= h >> 15;
	}
	return h;
}

static bool same(const struct node *a, const struct node *b)
{
	return a->is_return == b->is_return && a->op == b->op && a->word.offset == b->word.offset &&
	       a->word.mask == b->word.mask && a->k == b->k && a->yes == b->yes && a->no == b->no;
}

static uint32_t slot_of(const struct cbpf_graph *g, const struct node *x)
{
	uint32_t i = hash(x) & (g->n_slots - 1);

	while (g->slots[i] && !same(&g->v[g->slots[i] - 1], x))
		i = (i + 1) & (g->n_slots - 1);
	return i;
}

static cbpf_node intern(struct cbpf_graph *g, struct node x)
{
	uint32_t slot = slot_of(g, &x);

	if (g->slots[slot])
		return g->slots[slot] - 1;
	if (2 * g->n >= g->n_slots) {
		g->n_slots *= 2;
		g->slots = arena_array(g->arena, g->n_slots, sizeof(*g->slots));
		for (uint32_t i = 0; i < g->n; i++)
			g->slots[slot_of(g, &g->v[i])] = i + 1;
		slot = slot_of(g, &x);
	}
	ARENA_PUSH(g->arena, g->v, g->n, g->cap, x);
	g->slots[slot] = g->n;
	return g->n - 1;
}

cbpf_node cbpf_return(struct cbpf_graph *g, uint32_t action)
{
	return intern(g, (struct node){ .is_return = true, .k = action });
}

cbpf_node cbpf_test(struct cbpf_graph *g, struct cbpf_word word, uint16_t op, uint32_t k,
	cbpf_node yes, cbpf_node no)
{
	if (yes == no)
		return yes;
	return intern(g, (struct node){ .op = op, .word = word, .k = k, .yes = yes, .no = no });
}

cbpf_node cbpf_test_mask(struct cbpf_graph *g, uint32_t offset, uint32_t mask, uint32_t value,
	cbpf_node yes, cbpf_node no)
{
	struct cbpf_word whole = { offset, UINT32_MAX }, some = { offset, mask };

	assert(!(value & ~mask));
	if (mask == 0)
		return yes;
	if (mask == UINT32_MAX)
		return cbpf_test(g, whole, BPF_JEQ, value, yes, no);
	if (value == 0)
		return cbpf_test(g, whole, BPF_JSET, mask, no, yes);
	if ((mask & (mask - 1)) == 0)
		return cbpf_test(g, whole, BPF_JSET, mask, yes, no);
	return cbpf_test(g, some, BPF_JEQ, value, yes, no);
}

static enum entry entry_of(struct cbpf_word held, bool holds, const struct node *x)
{
	if (x->is_return)
		return ENTRY_TEST;
	if (!holds || held.offset != x->word.offset)
		return ENTRY_LOAD;
	if (held.mask == x->word.mask)
		return ENTRY_TEST;
	return held.mask == UINT32_MAX ? ENTRY_AND : ENTRY_LOAD;
}

/* Children before parents, without recursion: chains of tests are as long as programs. false when
 * there are more nodes than instructions may be. */
static bool order_nodes(struct cbpf_graph *g, cbpf_node root, cbpf_node *order, uint32_t *ret_n)
{
	cbpf_node stack[BPF_MAXINSNS + 1];
	uint32_t depth = 0, seen = 1, n = 0;

	g->v[root].seen = true;
	stack[depth++] = root;
	while (depth) {
		struct node *x = &g->v[stack[depth - 1]];
		cbpf_node next = NOWHERE;

		if (!x->is_return && !g->v[x->no].seen)
			next = x->no;
		else if (!x->is_return && !g->v[x->yes].seen)
			next = x->yes;
		if (next == NOWHERE) {
			order[n++] = stack[--depth];
			continue;
		}
		if (++seen > BPF_MAXINSNS)
			return false;
		g->v[next].seen = true;
		stack[depth++] = next;
	}
	*ret_n = n;
	return true;
}

static uint32_t put(struct cbpf_graph *g, struct sock_filter f)
{
	if (g->n_code < BPF_MAXINSNS)
		g->code[g->n_code] = f;
	return g->n_code++;
}

/*
 * The distance to a node's entry from an instruction that is put after at most one more than what
 * this call puts: so near that it fits into a conditional jump.
 */
static void bring_near(struct cbpf_graph *g, struct node *x, enum entry entry)
{
	const uint32_t reach = 250;

	if (g->n_code - x->at[entry] <= reach)
		return;
	if (x->is_return)
		x->at[entry] = put(g, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, x->k));
	else
		x->at[entry] = put(g, (struct sock_filter)BPF_STMT(
					      BPF_JMP | BPF_JA, g->n_code - x->at[entry] - 1));
}

static void place(struct cbpf_graph *g, struct node *x)
{
	struct node *yes, *no;
	enum entry yes_entry, no_entry;
	uint32_t at;

	if (x->is_return) {
		x->at[ENTRY_TEST] = put(g, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, x->k));
		return;
	}
	yes = &g->v[x->yes];
	no = &g->v[x->no];
	yes_entry = entry_of(x->word, true, yes);
	no_entry = entry_of(x->word, true, no);
	bring_near(g, yes, yes_entry);
	bring_near(g, no, no_entry);
	at = g->n_code;
	x->at[ENTRY_TEST] = put(g, (struct sock_filter){ BPF_JMP | x->op | BPF_K,
					   (uint8_t)(at - yes->at[yes_entry] - 1),
					   (uint8_t)(at - no->at[no_entry] - 1), x->k });
	if (x->word.mask != UINT32_MAX && (x->used[ENTRY_AND] || x->used[ENTRY_LOAD]))
		x->at[ENTRY_AND] = put(
			g, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, x->word.mask));
	if (x->used[ENTRY_LOAD])
		x->at[ENTRY_LOAD] = put(
			g, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, x->word.offset));
}

bool cbpf_assemble(struct cbpf_graph *g, cbpf_node root, struct sock_filter **ret, uint32_t *ret_n)
{
	cbpf_node order[BPF_MAXINSNS];
	uint32_t n;

	for (uint32_t i = 0; i < g->n; i++) {
		g->v[i].seen = false;
		memset(g->v[i].used, 0, sizeof(g->v[i].used));
	}
	if (!order_nodes(g, root, order, &n))
		return false;
	g->v[root].used[entry_of((struct cbpf_word){ 0 }, false, &g->v[root])] = true;
	for (uint32_t i = 0; i < n; i++) {
		struct node *x = &g->v[order[i]];

		if (x->is_return)
			continue;
		g->v[x->yes].used[entry_of(x->word, true, &g->v[x->yes])] = true;
		g->v[x->no].used[entry_of(x->word, true, &g->v[x->no])] = true;
	}
	g->code = arena_array(g->arena, BPF_MAXINSNS, sizeof(*g->code));
	g->n_code = 0;
	for (uint32_t i = 0; i < n && g->n_code <= BPF_MAXINSNS; i++)
		place(g, &g->v[order[i]]);
	if (g->n_code > BPF_MAXINSNS)
		return false;
	*ret = arena_array(g->arena, g->n_code, sizeof(**ret));
	for (uint32_t i = 0; i < g->n_code; i++)
		(*ret)[i] = g->code[g->n_code - 1 - i];
	*ret_n = g->n_code;
	return true;
}
