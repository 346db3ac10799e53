/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/glob_expand.h"

static void append_node(struct arena *a, struct glob_seq *seq, const struct glob_node *node)
{
	ARENA_PUSH(a, seq->v, seq->n, seq->cap, *node);
}

static struct glob_seq concatenated(
	struct arena *a, const struct glob_seq *head, const struct glob_seq *tail)
{
	struct glob_seq seq = { 0 };

	for (uint32_t i = 0; i < head->n; i++)
		append_node(a, &seq, &head->v[i]);
	for (uint32_t i = 0; i < tail->n; i++)
		append_node(a, &seq, &tail->v[i]);
	return seq;
}

static struct glob_expansions expand(struct arena *a, const struct glob_seq *seq, uint32_t max);

static struct glob_expansions expand_braces(
	struct arena *a, const struct glob_node *node, uint32_t max)
{
	struct glob_expansions all = { 0 };

	for (uint32_t i = 0; i < node->n; i++) {
		struct glob_expansions one = expand(a, &node->alternatives[i], max);

		all.partial |= one.partial;
		for (uint32_t k = 0; k < one.n && all.n <= max; k++)
			ARENA_PUSH(a, all.v, all.n, all.cap, one.v[k]);
	}
	return all;
}

static struct glob_expansions expand(struct arena *a, const struct glob_seq *seq, uint32_t max)
{
	struct glob_expansions all = { 0 };

	ARENA_PUSH(a, all.v, all.n, all.cap, (struct glob_seq){ 0 });
	for (uint32_t i = 0; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];
		struct glob_expansions some, product = { 0 };

		if (node->kind != GLOB_ALTERNATIVES) {
			for (uint32_t k = 0; k < all.n; k++)
				append_node(a, &all.v[k], node);
			continue;
		}
		some = expand_braces(a, node, max);
		if ((uint64_t)some.n * all.n > max) {
			all.partial = true;
			for (uint32_t k = 0; k < all.n; k++)
				append_node(a, &all.v[k], node);
			continue;
		}
		product.partial = all.partial || some.partial;
		for (uint32_t k = 0; k < all.n; k++) {
			for (uint32_t m = 0; m < some.n; m++)
				ARENA_PUSH(a, product.v, product.n, product.cap,
					concatenated(a, &all.v[k], &some.v[m]));
		}
		all = product;
	}
	return all;
}

struct glob_expansions glob_expand(struct arena *a, const struct glob *g, uint32_t max)
{
	return expand(a, &g->seq, max);
}
