/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cbpf_graph.h"

#include <assert.h>

/*
 * Intervals are gathered into segments: one target, but for single values in it that go elsewhere.
 * Such a value costs one jeq where its two edges would cost two jge, so the fewest comparisons are
 * the fewest segments and exceptions together. Segments are then divided by a balanced tree.
 */
struct segment {
	uint32_t start;
	cbpf_node to;
	uint32_t first,
		last; /* the intervals in it; those that do not lead to @to are exceptions */
	uint32_t n_exceptions;
};

struct switching {
	struct cbpf_graph *g;
	struct cbpf_word word;
	const struct cbpf_interval *v;
	uint32_t n;
	struct segment *segments;
	uint32_t n_segments, cap_segments;
};

/* More than this many jeq in a row are divided, at the price of a jge. */
#define CHAIN_MAX 4

static bool is_single(const struct switching *s, uint32_t i)
{
	return i + 1 < s->n && s->v[i + 1].start - s->v[i].start == 1;
}

struct choice {
	uint32_t cost;	/* of all up to here */
	uint32_t first; /* where the last segment begins */
	cbpf_node to;
};

static void divide_into_segments(struct switching *s, struct arena *a)
{
	struct choice *best = arena_array(a, s->n + 1, sizeof(*best));
	uint32_t n = 0;

	for (uint32_t i = 1; i <= s->n; i++)
		best[i].cost = UINT32_MAX;
	for (uint32_t first = 0; first < s->n; first++) {
		/* The target is the first interval's, or the second's when the first is single. */
		for (uint32_t base = first; base < s->n && base <= first + 1; base++) {
			uint32_t cost = best[first].cost + 1;

			for (uint32_t i = first; i < s->n; i++) {
				if (s->v[i].to != s->v[base].to) {
					if (!is_single(s, i))
						break;
					cost++;
				}
				if (i >= base && cost < best[i + 1].cost)
					best[i + 1] = (struct choice){ cost, first, s->v[base].to };
			}
		}
	}
	for (uint32_t end = s->n; end > 0; end = best[end].first) {
		struct segment seg = { .start = s->v[best[end].first].start,
			.to = best[end].to,
			.first = best[end].first,
			.last = end - 1 };

		for (uint32_t i = seg.first; i <= seg.last; i++)
			seg.n_exceptions += s->v[i].to != seg.to;
		ARENA_PUSH(a, s->segments, s->n_segments, s->cap_segments, seg);
	}
	for (uint32_t i = 0; i < s->n_segments / 2; i++) {
		struct segment seg = s->segments[i];

		n = s->n_segments - 1 - i;
		s->segments[i] = s->segments[n];
		s->segments[n] = seg;
	}
}

/* The exceptions among the intervals @first to @last, divided where there are many. */
static cbpf_node build_segment(const struct switching *s, cbpf_node to, uint32_t first,
	uint32_t last, uint32_t n_exceptions)
{
	cbpf_node node = to;
	uint32_t half = n_exceptions / 2, passed = 0, at = first;

	if (n_exceptions > CHAIN_MAX) {
		for (; passed < half || s->v[at].to == to; at++)
			passed += s->v[at].to != to;
		return cbpf_test(s->g, s->word, BPF_JGE, s->v[at].start,
			build_segment(s, to, at, last, n_exceptions - half),
			build_segment(s, to, first, at - 1, half));
	}
	for (at = last + 1; at-- > first;) {
		if (s->v[at].to != to)
			node = cbpf_test(s->g, s->word, BPF_JEQ, s->v[at].start, s->v[at].to, node);
	}
	return node;
}

static cbpf_node build_tree(const struct switching *s, uint32_t first, uint32_t last)
{
	const struct segment *seg = &s->segments[first];
	uint32_t total = 0, below = 0, split = first + 1;

	if (first == last)
		return build_segment(s, seg->to, seg->first, seg->last, seg->n_exceptions);
	for (uint32_t i = first; i <= last; i++)
		total += 1 + s->segments[i].n_exceptions;
	for (uint32_t i = first; i < last; i++) {
		uint32_t with = below + 1 + s->segments[i].n_exceptions;

		split = i + 1;
		if (2 * with >= total) {
			/* The nearer to the middle of the two edges of this segment. */
			if (i > first && total - 2 * below < 2 * with - total)
				split = i;
			break;
		}
		below = with;
	}
	return cbpf_test(s->g, s->word, BPF_JGE, s->segments[split].start,
		build_tree(s, split, last), build_tree(s, first, split - 1));
}

cbpf_node cbpf_switch(struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *intervals, uint32_t n)
{
	struct arena *a = arena_new();
	struct switching s = { .g = g, .word = word };
	struct cbpf_interval *v = arena_array(a, n, sizeof(*v));
	cbpf_node node;

	assert(n && intervals[0].start == 0);
	for (uint32_t i = 0; i < n; i++) {
		if (s.n == 0 || v[s.n - 1].to != intervals[i].to)
			v[s.n++] = intervals[i];
	}
	s.v = v;
	divide_into_segments(&s, a);
	node = build_tree(&s, 0, s.n_segments - 1);
	arena_free(a);
	return node;
}
