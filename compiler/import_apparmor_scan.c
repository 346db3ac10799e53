/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to words. */
#include "compiler/import_apparmor.h"

#include <string.h>

static char peek(const struct aa_scanner *s, uint32_t ahead)
{
	return s->at + ahead < s->end ? s->source->bytes[s->at + ahead] : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(const struct aa_scanner *s, uint32_t ahead)
{
	return s->at + ahead >= s->end || is_blank(peek(s, ahead));
}

static bool begins_include(const struct aa_scanner *s)
{
	return s->end - s->at > 8 && !memcmp(s->source->bytes + s->at, "#include", 8) &&
	       (is_blank(peek(s, 8)) || peek(s, 8) == '<' || peek(s, 8) == '"');
}

static void skip_blanks(struct aa_scanner *s)
{
	while (s->at < s->end) {
		if (is_blank(peek(s, 0))) {
			s->at++;
		} else if (peek(s, 0) == '#' && !begins_include(s)) {
			while (s->at < s->end && peek(s, 0) != '\n')
				s->at++;
		} else {
			return;
		}
	}
}

static struct span span(const struct aa_scanner *s, uint32_t from)
{
	return (struct span){ s->source->id, from, s->at - from };
}

static struct aa_token token(
	const struct aa_scanner *s, enum aa_token_kind kind, uint32_t from, uint32_t skip)
{
	uint32_t len = s->at - from - 2 * skip;

	return (struct aa_token){
		.kind = kind,
		.text = arena_memdup(s->arena, s->source->bytes + from + skip, len),
		.len = len,
		.at = span(s, from),
	};
}

static struct aa_token wrong(struct aa_scanner *s, struct span at, const char *text)
{
	diag_error(s->diags, at, "%s", text);
	s->at = s->end;
	return (struct aa_token){ .kind = AA_WRONG, .text = "", .at = at };
}

/* NUL bytes: they end nothing, and hide what follows from whoever looks at the file. */
static struct aa_token control(struct aa_scanner *s)
{
	unsigned char c = (unsigned char)peek(s, 0);
	struct span at = { s->source->id, s->at, 1 };

	return wrong(s, at, arena_printf(s->arena, "the control character \\x%02x", c));
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && !is_blank(c)) || c == 0x7f;
}

static struct aa_token quoted(struct aa_scanner *s)
{
	uint32_t from = s->at++;

	while (s->at < s->end && peek(s, 0) != '"') {
		if (is_control(peek(s, 0)))
			return control(s);
		if (peek(s, 0) == '\n')
			break;
		s->at += peek(s, 0) == '\\' && s->at + 1 < s->end ? 2 : 1;
	}
	if (s->at >= s->end || peek(s, 0) != '"')
		return wrong(s, (struct span){ s->source->id, from, 1 }, "unclosed '\"'");
	s->at++;
	return token(s, AA_QUOTED, from, 1);
}

/* @{HOME}=/home, without blanks. */
static bool ends_variable(const struct aa_scanner *s, uint32_t from)
{
	const char *begin = s->source->bytes + from;

	if (peek(s, 0) != '=' && !(peek(s, 0) == '+' && peek(s, 1) == '='))
		return false;
	return *begin == '$' || (*begin == '@' && s->at > from && begin[s->at - from - 1] == '}' &&
					!memchr(begin, '/', s->at - from));
}

static struct aa_token word(struct aa_scanner *s, bool options)
{
	uint32_t from = s->at;
	int depth = 0;

	while (s->at < s->end && !is_blank(peek(s, 0))) {
		char c = peek(s, 0);

		if (is_control(c))
			return control(s);
		if (c == '"' && (s->at == from || s->source->bytes[s->at - 1] != '}'))
			break;
		if (c == ',' && depth <= 0 &&
			(options || ends_word(s, 1) || peek(s, 1) == '}' || peek(s, 1) == '#'))
			break;
		if (c == '}' && depth <= 0)
			break;
		if ((options && depth <= 0 && strchr("()=", c)) || ends_variable(s, from))
			break;
		depth += c == '{';
		depth -= c == '}';
		if (c == '\\' && s->at + 1 < s->end)
			s->at++;
		s->at++;
	}
	return token(s, AA_WORD, from, 0);
}

static bool accept(struct aa_scanner *s, const char *what)
{
	size_t n = strlen(what);

	if (s->end - s->at < n || memcmp(s->source->bytes + s->at, what, n) != 0)
		return false;
	s->at += (uint32_t)n;
	return true;
}

struct aa_token aa_next(struct aa_scanner *s, bool options)
{
	static const struct {
		const char *text;
		enum aa_token_kind kind;
		bool options;
	} marks[] = {
		{ ",", AA_COMMA, false },
		{ "}", AA_CLOSE, false },
		{ "->", AA_ARROW, false },
		{ "#include", AA_INCLUDE, false },
		{ "+=", AA_EQUALS, false },
		{ "<=", AA_EQUALS, true },
		{ "=", AA_EQUALS, false },
		{ "(", AA_LPAREN, true },
		{ ")", AA_RPAREN, true },
	};
	struct aa_token t;
	uint32_t from;

	skip_blanks(s);
	from = s->at;
	if (s->at >= s->end)
		return (struct aa_token){ .kind = AA_END, .text = "", .at = span(s, from) };
	if (is_control(peek(s, 0)))
		return control(s);
	if (peek(s, 0) == '{' && (ends_word(s, 1) || peek(s, 1) == '}' || peek(s, 1) == '#')) {
		s->at++;
		return token(s, AA_OPEN, from, 0);
	}
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if ((options || !marks[i].options) && accept(s, marks[i].text))
			return token(s, marks[i].kind, from, 0);
	}
	if (peek(s, 0) == '"')
		return quoted(s);
	t = word(s, options);
	if (t.kind == AA_WORD && t.len == 7 && !memcmp(t.text, "include", 7))
		t.kind = AA_INCLUDE;
	return t;
}
