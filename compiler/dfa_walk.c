/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa.h"

#include <stdlib.h>
#include <string.h>

/*
 * What the string so far is as a path. Walking runs over pairs of a state of the automaton and one
 * of these; walking all strings has the one ANYTHING.
 */
enum progress { ANYTHING, BEGINNING, SLASH, DOT, DOT_DOT, NAME, N_PROGRESS, NO_PATH };

static enum progress advance(enum progress at, uint8_t byte)
{
	static const enum progress after_dot[N_PROGRESS] = { ANYTHING, NO_PATH, DOT, DOT_DOT, NAME,
		NAME };

	if (at == ANYTHING)
		return ANYTHING;
	if (byte == 0)
		return NO_PATH;
	if (byte == '/')
		return at == BEGINNING || at == NAME ? SLASH : NO_PATH;
	if (byte == '.')
		return after_dot[at];
	return at == BEGINNING ? NO_PATH : NAME;
}

static bool is_whole(enum progress at)
{
	return at == ANYTHING || at == SLASH || at == NAME;
}

struct node {
	uint32_t from; /* a node, by number */
	uint8_t byte;
	bool reached;
};

struct walk {
	const struct dfa *d;
	struct node *nodes; /* [state * N_PROGRESS + progress] */
	uint32_t *queue, n_queue;
	bool *visited; /* [state] */
	dfa_visit visit;
	void *ctx;
	char *witness;
	size_t cap_witness;
	struct arena *scratch;
};

/* How well a byte reads in a witness: the lower the better. */
static int awkwardness(int byte)
{
	static const char common[] = "/._-";
	const char *found;

	if (byte >= 'a' && byte <= 'z')
		return byte - 'a';
	if (byte >= '0' && byte <= '9')
		return 100 + byte;
	if (byte >= 'A' && byte <= 'Z')
		return 200 + byte;
	found = byte ? strchr(common, byte) : NULL;
	if (found)
		return 300 + (int)(found - common);
	if (byte > ' ' && byte < 0x7f)
		return 400 + byte;
	return byte == ' ' ? 600 : 700 + byte;
}

static int compare_awkwardness(const void *a, const void *b)
{
	return awkwardness(*(const uint8_t *)a) - awkwardness(*(const uint8_t *)b);
}

/*
 * Bytes to try, the best first: of each class the best one, and for paths also '/', '.' and NUL
 * apart from the others of their class, since these advance differently.
 */
static uint32_t choose_bytes(const struct dfa *d, bool paths, uint8_t ret[256])
{
	bool have[256] = { false };
	uint8_t all[256];
	uint32_t n = 0;

	for (int b = 0; b < 256; b++)
		all[b] = (uint8_t)b;
	qsort(all, 256, 1, compare_awkwardness);
	for (int i = 0; i < 256; i++) {
		const uint8_t b = all[i];

		if (paths && (b == '/' || b == '.' || b == 0)) {
			ret[n++] = b;
		} else if (!have[d->byte_class[b]]) {
			have[d->byte_class[b]] = true;
			ret[n++] = b;
		}
	}
	return n;
}

static bool show(struct walk *w, uint32_t node)
{
	const uint32_t state = node / N_PROGRESS;
	size_t len = 0, at;

	for (uint32_t i = node; w->nodes[i].from != i; i = w->nodes[i].from)
		len++;
	if (len >= w->cap_witness) {
		w->cap_witness = (len + 1) * 2;
		w->witness = arena_alloc(w->scratch, w->cap_witness);
	}
	at = len;
	w->witness[len] = '\0';
	for (uint32_t i = node; w->nodes[i].from != i; i = w->nodes[i].from)
		w->witness[--at] = (char)w->nodes[i].byte;
	return w->visit(w->ctx, state, w->d->accept[state], w->witness, len);
}

static void reach(struct walk *w, uint32_t node, uint32_t from, uint8_t byte)
{
	if (w->nodes[node].reached)
		return;
	w->nodes[node] = (struct node){ .from = from, .byte = byte, .reached = true };
	w->queue[w->n_queue++] = node;
}

static void walk(struct arena *scratch, const struct dfa *d, uint32_t entry, enum progress begin,
	dfa_visit visit, void *ctx)
{
	const size_t n = (size_t)d->n_states * N_PROGRESS;
	struct walk w = {
		.d = d,
		.nodes = arena_array(scratch, n, sizeof(*w.nodes)),
		.queue = arena_array(scratch, n, sizeof(*w.queue)),
		.visited = arena_array(scratch, d->n_states, sizeof(*w.visited)),
		.visit = visit,
		.ctx = ctx,
		.scratch = scratch,
	};
	const uint32_t start = d->start[entry] * N_PROGRESS + begin;
	uint8_t bytes[256];
	const uint32_t n_bytes = choose_bytes(d, begin != ANYTHING, bytes);

	reach(&w, start, start, 0);
	for (uint32_t i = 0; i < w.n_queue; i++) {
		const uint32_t state = w.queue[i] / N_PROGRESS;
		const enum progress at = w.queue[i] % N_PROGRESS;

		if (is_whole(at) && !w.visited[state]) {
			w.visited[state] = true;
			if (!show(&w, w.queue[i]))
				return;
		}
		for (uint32_t k = 0; k < n_bytes; k++) {
			const enum progress next = advance(at, bytes[k]);

			if (next != NO_PATH)
				reach(&w, dfa_step(d, state, bytes[k]) * N_PROGRESS + next,
					w.queue[i], bytes[k]);
		}
	}
}

void dfa_walk(
	struct arena *scratch, const struct dfa *d, uint32_t entry, dfa_visit visit, void *ctx)
{
	walk(scratch, d, entry, ANYTHING, visit, ctx);
}

void dfa_walk_paths(
	struct arena *scratch, const struct dfa *d, uint32_t entry, dfa_visit visit, void *ctx)
{
	walk(scratch, d, entry, BEGINNING, visit, ctx);
}
