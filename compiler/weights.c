/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/weights.h"

#include "compiler/base/suggest.h"
#include "compiler/vocab.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, as an offset and a length; 0 at its end or at a comment. */
static uint32_t word_at(const char *line, uint32_t len, uint32_t *at)
{
	uint32_t n = 0;

	while (*at < len && is_blank(line[*at]))
		++*at;
	if (*at < len && line[*at] == '#')
		return 0;
	while (*at + n < len && !is_blank(line[*at + n]))
		n++;
	return n;
}

static bool count_of(const char *word, uint32_t len, uint64_t *ret)
{
	*ret = 0;
	for (uint32_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' ||
			__builtin_mul_overflow(*ret, (uint64_t)10, ret) ||
			__builtin_add_overflow(*ret, (uint64_t)(word[i] - '0'), ret))
			return false;
	}
	return len > 0;
}

static void add(uint64_t *sum, uint64_t count)
{
	if (__builtin_add_overflow(*sum, count, sum))
		*sum = UINT64_MAX;
}

static void unknown_call(struct diag_list *diags, struct span at, const char *name)
{
	struct diag *d = diag_error(diags, at, "unknown syscall '%s'", name);
	struct suggest near;

	suggest_init(&near, name);
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		suggest_offer(&near, vocab_syscalls[i].name);
	if (suggest_best(&near))
		diag_hint(diags, d, "did you mean '%s'?", suggest_best(&near));
}

static void read_line(
	struct diag_list *diags, struct weights *w, const struct source *s, uint32_t line)
{
	uint32_t len, at = 0, n, base;
	const char *bytes = source_line(s, line, &len), *name;
	struct span place = { .source = s->id };
	uint64_t count;
	int call;

	base = (uint32_t)(bytes - s->bytes);
	n = word_at(bytes, len, &at);
	if (!n)
		return;
	place.offset = base + at;
	place.len = n;
	name = arena_printf(diags->arena, "%.*s", (int)n, bytes + at);
	/* A NUL ends the copy, not the word. */
	call = memchr(bytes + at, 0, n) ? -1 : vocab_syscall_find(name);
	if (call < 0) {
		unknown_call(diags, place, name);
		return;
	}
	at += n;
	n = word_at(bytes, len, &at);
	place.offset = base + at;
	place.len = n;
	if (!count_of(bytes + at, n, &count)) {
		diag_error(diags, place, "expected how often '%s' was called, a number below 2^64",
			name);
		return;
	}
	add(&w->counts[call], count);
	add(&w->total, count);
	at += n;
	n = word_at(bytes, len, &at);
	place.offset = base + at;
	place.len = n;
	if (n)
		diag_error(diags, place, "expected the end of the line: each has one call");
}

struct weights *weights_read(struct diag_list *diags, const char *path)
{
	struct weights *w = arena_alloc(diags->arena, sizeof(*w));
	uint32_t errors = diags->n_errors;
	struct pale_err *err = NULL;
	struct source *s;

	if (source_read(diags->sources, path, path, &s, &err) < 0) {
		diag_error_unplaced(diags, "%s", pale_err_text(err));
		pale_err_free(err);
		return NULL;
	}
	w->counts = arena_array(diags->arena, vocab_n_syscalls, sizeof(*w->counts));
	for (uint32_t line = 1; line <= s->n_lines; line++)
		read_line(diags, w, s, line);
	return diags->n_errors == errors ? w : NULL;
}
