/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a glob, and the bytes after a newline as what it may match. Beside what the
 * sanitisers see: a glob that is its own literal matches itself and nothing else, its text parses
 * again to the same automaton, and the walk's witnesses lead where they say.
 */
#include "compiler/dfa.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t fold(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (tags[i - 1] >= tags[i])
			abort();
	return n ? tags[0] + 1 : 0;
}

static bool check_witness(
	void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	if (dfa_run(ctx, 0, witness, len) != accept)
		abort();
	return true;
}

static void run(struct arena *a, const struct glob *g, const char *subject, size_t len)
{
	struct dfa_builder *b = dfa_builder_new(a);
	struct dfa_over_budget over;
	struct dfa *d;

	dfa_entry(b);
	dfa_add(b, g, 0);
	dfa_entry(b);
	dfa_add(b, glob_literal(a, subject, len), 0);
	if (!dfa_build(b, fold, NULL, &d, &over)) {
		if (!over.crowd && over.glob != g)
			abort();
		return;
	}
	if (dfa_run(d, 1, subject, len) != 1)
		abort();
	if (g->literal && dfa_run(d, 0, subject, len) !=
				  (len == g->prefix_len && memcmp(subject, g->prefix, len) == 0))
		abort();
	if (dfa_run(d, 0, subject, len) == 1 &&
		(len < g->prefix_len || memcmp(subject, g->prefix, g->prefix_len) != 0 ||
			(glob_names_directories(g) && subject[len - 1] != '/')))
		abort();
	if (d->n_states < 2000) {
		dfa_walk(a, d, 0, check_witness, d);
		dfa_walk_paths(a, d, 0, check_witness, d);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = memchr(data, '\n', size);
	const size_t len = end ? (size_t)(end - text) : size;
	const enum glob_kind kind = len > 0 && text[0] == '/' ? GLOB_PATH : GLOB_NAME;
	struct arena *a = arena_new();
	struct glob_error error = { 0 };
	struct glob *g;

	if (glob_parse(a, text, len, kind, &g, &error))
		run(a, g, end ? end + 1 : "", end ? size - len - 1 : 0);
	else if (error.offset + (size_t)error.len > len || !error.message)
		abort();
	arena_free(a);
	return 0;
}
