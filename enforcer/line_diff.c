/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/line_diff.h"

#include "compiler/base/cleanup.h"

#include <stdbool.h>
#include <string.h>

#define CONTEXT 3

struct line {
	const char *s;
	size_t len; /* with its newline; the last one may have none */
};

struct lines {
	struct line *v;
	size_t n;
};

static void lines_release(struct lines *l)
{
	free(l->v);
}

static void split(const struct text *t, struct lines *ret)
{
	const char *s = t ? text_str(t) : "", *end = s + (t ? t->len : 0);

	while (s < end) {
		const char *newline = memchr(s, '\n', (size_t)(end - s));
		size_t len = newline ? (size_t)(newline - s) + 1 : (size_t)(end - s);

		ret->v = reallocarray(ret->v, ret->n + 1, sizeof(*ret->v));
		if (!ret->v)
			abort();
		ret->v[ret->n++] = (struct line){ s, len };
		s += len;
	}
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

static void put(struct text *to, char sign, const struct lines *l, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		text_putc(to, sign);
		text_add(to, l->v[i].s, l->v[i].len);
		if (l->v[i].s[l->v[i].len - 1] != '\n')
			text_puts(to, "\n\\ No newline at end of file\n");
	}
}

/* An empty range stands behind the line that it names. */
static void put_range(struct text *to, char sign, size_t from, size_t end)
{
	text_printf(to, " %c%zu,%zu", sign, end > from ? from + 1 : from, end - from);
}

void line_diff(struct text *to, const char *name, const struct text *before, const struct text *now)
{
	_cleanup_(lines_release) struct lines a = { 0 }, b = { 0 };
	size_t head = 0, tail = 0, from, after;

	split(before, &a);
	split(now, &b);
	while (head < a.n && head < b.n && same(&a.v[head], &b.v[head]))
		head++;
	if (head == a.n && head == b.n)
		return;
	while (tail < a.n - head && tail < b.n - head &&
		same(&a.v[a.n - 1 - tail], &b.v[b.n - 1 - tail]))
		tail++;
	from = head < CONTEXT ? 0 : head - CONTEXT;
	after = tail < CONTEXT ? tail : CONTEXT;
	text_printf(
		to, "--- %s\n+++ %s\n@@", before ? name : "/dev/null", now ? name : "/dev/null");
	put_range(to, '-', from, a.n - tail + after);
	put_range(to, '+', from, b.n - tail + after);
	text_puts(to, " @@\n");
	put(to, ' ', &a, from, head);
	put(to, '-', &a, head, a.n - tail);
	put(to, '+', &b, head, b.n - tail);
	put(to, ' ', &a, a.n - tail, a.n - tail + after);
}
