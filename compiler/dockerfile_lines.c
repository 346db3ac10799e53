/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dockerfile_lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct reading {
	const struct source *s;
	struct diag_list *diags;
	struct arena *a;
	struct docker_lines *to;
	uint32_t line; /* the next one, from 1 */
	bool wrong;
};

struct span docker_span(
	const struct source *s, const struct docker_line *line, uint32_t from, uint32_t to)
{
	struct span at = { .source = s->id, .offset = line->at[from] };

	/* Over a line's end: the first line's part. */
	for (uint32_t i = from; i < to && line->at[i] == at.offset + at.len; i++)
		at.len++;
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static const char *raw_line(const struct reading *r, uint32_t line, uint32_t *ret_len)
{
	const char *s = source_line(r->s, line, ret_len);

	/* A byte order mark is no part of the first. */
	if (line == 1 && *ret_len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) {
		s += 3;
		*ret_len -= 3;
	}
	return s;
}

static uint32_t skip_blanks(const char *s, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && is_blank(s[n]))
		n++;
	return n;
}

static bool is_comment(const char *s, uint32_t len)
{
	uint32_t n = skip_blanks(s, len);

	return n < len && s[n] == '#';
}

static bool is_empty(const char *s, uint32_t len)
{
	return skip_blanks(s, len) == len;
}

static struct span span_at(const struct reading *r, const char *s, uint32_t len)
{
	return (struct span){
		.source = r->s->id, .offset = (uint32_t)(s - r->s->bytes), .len = len
	};
}

/* "# name=value" above everything else; false where the directives end. */
static bool read_directive(struct reading *r)
{
	uint32_t len, n, name, value;
	const char *s;

	if (r->line > r->s->n_lines)
		return false;
	s = raw_line(r, r->line, &len);
	if (!is_comment(s, len))
		return false;
	n = skip_blanks(s, len) + 1;
	n += skip_blanks(s + n, len - n);
	for (name = n; n < len && (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-');)
		n++;
	value = n + skip_blanks(s + n, len - n);
	if (n == name || value >= len || s[value] != '=')
		return false;
	if (n - name != 6 || strncasecmp(s + name, "escape", 6) != 0) {
		r->line++;
		return true;
	}
	value++;
	value += skip_blanks(s + value, len - value);
	while (len > value && is_blank(s[len - 1]))
		len--;
	if (len - value != 1 || (s[value] != '\\' && s[value] != '`')) {
		diag_error(r->diags, span_at(r, s + value, len - value),
			"the escape character is '\\' or '`'");
		r->wrong = true;
		return false;
	}
	r->to->escape = s[value];
	r->line++;
	return true;
}

struct building {
	char *text;
	uint32_t *at;
	uint32_t n, cap, n_at, cap_at;
};

static void push(struct reading *r, struct building *b, char c, uint32_t at)
{
	ARENA_PUSH(r->a, b->text, b->n, b->cap, c);
	ARENA_PUSH(r->a, b->at, b->n_at, b->cap_at, at);
}

/* The length of the line without what continues it; @ret_more: something does. */
static uint32_t continued(const struct reading *r, const char *s, uint32_t len, bool *ret_more)
{
	uint32_t n = len;

	while (n && is_blank(s[n - 1]))
		n--;
	*ret_more = n && s[n - 1] == r->to->escape;
	/* An escaped one is itself. */
	if (*ret_more && n > 1 && s[n - 2] == r->to->escape)
		*ret_more = false;
	return *ret_more ? n - 1 : n;
}

static void read_instruction(struct reading *r, struct docker_line *to)
{
	struct building b = { 0 };
	bool more = true, first = true;
	uint32_t end = 0;

	while (more && r->line <= r->s->n_lines) {
		uint32_t len, n, from;
		const char *s = raw_line(r, r->line, &len);

		/* Comments and empty lines between continuation lines are left out. */
		if (!first && (is_comment(s, len) || is_empty(s, len))) {
			r->line++;
			continue;
		}
		from = first ? skip_blanks(s, len) : 0;
		n = continued(r, s, len, &more);
		for (uint32_t i = from; i < n; i++)
			push(r, &b, s[i], (uint32_t)(s + i - r->s->bytes));
		end = (uint32_t)(s + n - r->s->bytes);
		first = false;
		r->line++;
	}
	to->len = b.n;
	push(r, &b, 0, end);
	to->text = b.text;
	to->at = b.at;
}

/* ---- here-documents */

bool docker_takes_heredocs(const char *name, uint32_t len)
{
	static const char *const names[] = { "RUN", "COPY", "ADD" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i]) == len && !strncasecmp(names[i], name, len))
			return true;
	}
	return false;
}

static void read_body(struct reading *r, struct docker_heredoc *h, bool strip)
{
	struct building b = { 0 };
	size_t name = strlen(h->name);

	for (; r->line <= r->s->n_lines; r->line++) {
		uint32_t len, n = 0;
		const char *s = source_line(r->s, r->line, &len);

		while (len && s[len - 1] == '\r')
			len--;
		while (strip && n < len && s[n] == '\t')
			n++;
		if (len - n == name && !memcmp(s + n, h->name, name)) {
			r->line++;
			push(r, &b, 0, 0);
			h->body = b.text;
			return;
		}
		for (; n < len; n++)
			push(r, &b, s[n], 0);
		push(r, &b, '\n', 0);
	}
	diag_error(r->diags, h->at, "the here-document has no line '%s' that ends it", h->name);
	r->wrong = true;
}

/* "<<EOF", "<<-EOF", "<<'EOF'": the length of it, 0 for none. */
static uint32_t heredoc_at(struct reading *r, const char *s, const char **ret_name, bool *ret_strip)
{
	uint32_t n = 2, begin;
	char quote = 0;

	if (strncmp(s, "<<", 2) != 0)
		return 0;
	*ret_strip = s[n] == '-';
	n += *ret_strip;
	if (s[n] == '"' || s[n] == '\'')
		quote = s[n++];
	for (begin = n; isalnum((unsigned char)s[n]) || s[n] == '_' || (s[n] == '.' && n > begin);)
		n++;
	if (n == begin || isdigit((unsigned char)s[begin]) || (quote && s[n] != quote))
		return 0;
	*ret_name = arena_memdup(r->a, s + begin, n - begin);
	return n + (quote != 0);
}

static void read_heredocs(struct reading *r, struct docker_line *line)
{
	uint32_t name = 0;
	char quote = 0;

	while (isalpha((unsigned char)line->text[name]))
		name++;
	if (!docker_takes_heredocs(line->text, name))
		return;
	for (uint32_t i = name; i < line->len; i++) {
		struct docker_heredoc h = { 0 };
		bool strip;
		uint32_t n;
		char c = line->text[i];

		if (c == '\\' && quote != '\'') {
			i++;
			continue;
		}
		if (c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		/* "<<<" is the shell's here-string. */
		if (quote || c != '<' || line->text[i + 1] != '<')
			continue;
		if (line->text[i + 2] == '<') {
			i += 2;
			continue;
		}
		n = heredoc_at(r, line->text + i, &h.name, &strip);
		if (!n)
			continue;
		h.at = docker_span(r->s, line, i, i + n);
		read_body(r, &h, strip);
		if (r->wrong)
			return;
		ARENA_PUSH(r->a, line->heredocs, line->n_heredocs, line->cap_heredocs, h);
		i += n - 1;
	}
}

bool docker_lines_read(const struct source *s, struct diag_list *diags, struct docker_lines *ret)
{
	struct reading r = { .s = s, .diags = diags, .a = diags->arena, .to = ret, .line = 1 };
	const char *nul = memchr(s->bytes, 0, s->len);

	*ret = (struct docker_lines){ .escape = '\\' };
	if (nul) {
		diag_error(diags, span_at(&r, nul, 1), "a NUL byte in a Dockerfile");
		return false;
	}
	while (read_directive(&r))
		;
	while (r.line <= s->n_lines && !r.wrong) {
		struct docker_line line = { 0 };
		uint32_t len;
		const char *text = raw_line(&r, r.line, &len);

		if (is_comment(text, len) || is_empty(text, len)) {
			r.line++;
			continue;
		}
		read_instruction(&r, &line);
		if (!line.len)
			continue;
		read_heredocs(&r, &line);
		ARENA_PUSH(r.a, ret->v, ret->n, ret->cap, line);
	}
	return !r.wrong;
}
