/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/glob_directory.h"

#include <string.h>

/* Whether the sequence ends in a run of stars that matches a '/' at the end, too. */
static bool ends_in_any(const struct glob_seq *seq)
{
	for (uint32_t i = seq->n; i-- > 0;) {
		if (seq->v[i].kind == GLOB_ANY)
			return true;
		if (seq->v[i].kind != GLOB_STAR)
			break;
	}
	return false;
}

static struct glob_seq joined(
	struct arena *a, const struct glob_seq *head, uint32_t n, const struct glob_seq *tail)
{
	struct glob_seq seq = { 0 };

	for (uint32_t i = 0; i < n; i++)
		ARENA_PUSH(a, seq.v, seq.n, seq.cap, head->v[i]);
	for (uint32_t i = 0; i < tail->n; i++)
		ARENA_PUSH(a, seq.v, seq.n, seq.cap, tail->v[i]);
	return seq;
}

/* Alternatives at the end are taken apart: a '/' behind {b,**} would make another star of the `**`.
 */
static void add_directory(
	struct arena *a, const struct glob *of, const struct glob_seq *seq, struct globs *ret)
{
	struct glob_node slash = { .kind = GLOB_LITERAL, .at = of->len, .n = 1, .bytes = "/" };
	struct glob_seq end = { .v = &slash, .n = 1 };
	const struct glob_node *last;
	struct glob *g;

	if (!seq->n || ends_in_any(seq))
		return;
	last = &seq->v[seq->n - 1];
	if (last->kind == GLOB_LITERAL && last->bytes[last->n - 1] == '/')
		return;
	if (last->kind == GLOB_ALTERNATIVES) {
		for (uint32_t i = 0; i < last->n; i++) {
			struct glob_seq one = joined(a, seq, seq->n - 1, &last->alternatives[i]);

			add_directory(a, of, &one, ret);
		}
		return;
	}
	g = arena_alloc(a, sizeof(*g));
	*g = *of;
	g->seq = joined(a, seq, seq->n, &end);
	if (g->literal) {
		g->prefix = arena_printf(a, "%s/", of->prefix);
		g->prefix_len = of->prefix_len + 1;
	}
	ARENA_PUSH(a, ret->v, ret->n, ret->cap, g);
}

void glob_directories(struct arena *a, const struct globs *globs, struct globs *ret)
{
	for (uint32_t i = 0; i < globs->n; i++)
		add_directory(a, globs->v[i], &globs->v[i]->seq, ret);
}
