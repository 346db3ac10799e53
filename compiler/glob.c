/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/glob.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"

#include <assert.h>
#include <string.h>

#define ESCAPABLE	   "*?[]{},$\\\""
#define ESCAPABLE_IN_CLASS ESCAPABLE "!-^"
#define HINT_ESCAPE	   "'\\' stands only before * ? [ ] { } , $ \\ \" and xHH"
#define HINT_DOTS	   "what a program opens is matched by its resolved path: write that"
#define HINT_ESCAPE_CLASS  "in a class '\\' stands only before * ? [ ] { } , $ \\ \" ! - ^ and xHH"

struct parser {
	struct arena *arena;
	const char *text;
	uint32_t len;
	uint32_t at;
	enum glob_kind kind;
	uint32_t depth;
	struct glob_error *error;
};

static bool fail(
	struct parser *p, uint32_t offset, uint32_t len, const char *message, const char *hint)
{
	*p->error = (struct glob_error){
		.offset = offset,
		.len = len,
		.message = message,
		.hint = hint,
	};
	return false;
}

static bool peek(const struct parser *p, uint32_t ahead, char c)
{
	return p->at + ahead < p->len && p->text[p->at + ahead] == c;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool parse_escape(struct parser *p, bool in_class, uint8_t *ret)
{
	const char *escapable = in_class ? ESCAPABLE_IN_CLASS : ESCAPABLE;
	const uint32_t from = p->at;
	char c;

	if (from + 1 == p->len)
		return fail(p, from, 1, "'\\' at the end", "a literal '\\' is written '\\\\'");
	c = p->text[from + 1];
	if (c == 'x') {
		int high = from + 2 < p->len ? hex_digit(p->text[from + 2]) : -1;
		int low = high >= 0 && from + 3 < p->len ? hex_digit(p->text[from + 3]) : -1;

		if (low < 0)
			return fail(p, from, 2, "'\\x' needs two hexadecimal digits", NULL);
		*ret = (uint8_t)(high << 4 | low);
		if (*ret == 0 && p->kind == GLOB_PATH)
			return fail(p, from, 4, "no path has a NUL byte", NULL);
		p->at += 4;
		return true;
	}
	if (c == '\0' || !strchr(escapable, c))
		return fail(p, from, 2, "'\\' before an ordinary character",
			in_class ? HINT_ESCAPE_CLASS : HINT_ESCAPE);
	*ret = (uint8_t)c;
	p->at += 2;
	return true;
}

static void push_literal(
	struct parser *p, struct glob_seq *seq, uint32_t at, const char *bytes, uint32_t n)
{
	ARENA_PUSH(p->arena, seq->v, seq->n, seq->cap,
		(struct glob_node){ .kind = GLOB_LITERAL, .at = at, .n = n, .bytes = bytes });
}

static void set_add(uint64_t set[4], uint8_t b)
{
	set[b / 64] |= UINT64_C(1) << b % 64;
}

static void set_remove(uint64_t set[4], uint8_t b)
{
	set[b / 64] &= ~(UINT64_C(1) << b % 64);
}

static bool set_has(const uint64_t set[4], uint8_t b)
{
	return set[b / 64] >> b % 64 & 1;
}

static int set_count(const uint64_t set[4])
{
	int n = 0;

	for (int i = 0; i < 4; i++)
		n += __builtin_popcountll(set[i]);
	return n;
}

static uint32_t character_bytes(const struct parser *p)
{
	size_t n = utf8_sequence((const unsigned char *)p->text + p->at, p->len - p->at);

	return n ? (uint32_t)n : 1;
}

static bool parse_class_byte(struct parser *p, bool dash_is_literal, uint8_t *ret)
{
	const uint32_t from = p->at;
	const char c = p->text[from];

	switch (c) {
	case '\\':
		if (!parse_escape(p, true, ret))
			return false;
		break;
	case '\0':
		return fail(p, from, 1, "NUL byte in a glob", NULL);
	case '[':
		return fail(p, from, 1, "'[' in a class",
			"a literal '[' is written '\\['; named classes are not known");
	case '-':
		if (!dash_is_literal)
			return fail(p, from, 1, "'-' beside a range",
				"a literal '-' stands first or last in its class, or as '\\-'");
		/* fallthrough */
	default:
		if ((uint8_t)c >= 0x80)
			return fail(p, from, character_bytes(p),
				"a character of several bytes in a class, which matches one byte",
				"list the characters as alternatives: {a,b}");
		*ret = (uint8_t)c;
		p->at++;
	}
	if (*ret == '/')
		return fail(p, from, p->at - from, "'/' in a class: no class matches it", NULL);
	return true;
}

static bool parse_class(struct parser *p, struct glob_seq *seq)
{
	const uint32_t from = p->at;
	uint64_t *set = arena_array(p->arena, 4, sizeof(*set));
	bool negated, first = true;

	p->at++;
	negated = peek(p, 0, '!');
	if (negated)
		p->at++;
	if (peek(p, 0, '^'))
		return fail(p, p->at, 1, "'^' in front of a class",
			"negation is '!'; a literal '^' is written '\\^'");
	for (;; first = false) {
		uint32_t member = p->at;
		uint8_t low, high;

		if (p->at == p->len)
			return fail(p, from, 1, "unclosed '['", "a literal '[' is written '\\['");
		if (peek(p, 0, ']'))
			break;
		if (!parse_class_byte(p, first || p->at + 1 == p->len || peek(p, 1, ']'), &low))
			return false;
		high = low;
		if (peek(p, 0, '-') && p->at + 1 < p->len && !peek(p, 1, ']')) {
			p->at++;
			if (!parse_class_byte(p, false, &high))
				return false;
			if (high < low)
				return fail(p, member, p->at - member,
					"a range that runs backwards", NULL);
		}
		for (unsigned int b = low; b <= high; b++)
			set_add(set, (uint8_t)b);
	}
	p->at++;
	if (first)
		return fail(p, from, p->at - from, "an empty class",
			"a literal ']' is written '\\]', also in a class");
	for (int i = 0; negated && i < 4; i++)
		set[i] = ~set[i];
	set_remove(set, '/');
	if (set_count(set) - (p->kind == GLOB_PATH && set_has(set, 0)) == 0)
		return fail(p, from, p->at - from, "a class that matches nothing", NULL);
	if (set_count(set) == 1) {
		char *byte = arena_alloc(p->arena, 1);

		while (!set_has(set, (uint8_t)*byte))
			++*byte;
		push_literal(p, seq, from, byte, 1);
		return true;
	}
	ARENA_PUSH(p->arena, seq->v, seq->n, seq->cap,
		(struct glob_node){ .kind = GLOB_SET, .at = from, .set = set });
	return true;
}

static bool parse_seq(struct parser *p, struct glob_seq *seq);

static bool parse_braces(struct parser *p, struct glob_seq *seq)
{
	struct glob_node node = { .kind = GLOB_ALTERNATIVES, .at = p->at };
	uint32_t cap = 0;

	if (p->depth == GLOB_NESTING_MAX)
		return fail(p, p->at, 1, "'{' nested more than 64 deep", NULL);
	_Static_assert(GLOB_NESTING_MAX == 64, "the message says 64");
	if (peek(p, 1, '}'))
		return fail(p, p->at, 2, "'{}' without alternatives", NULL);
	p->depth++;
	do {
		struct glob_seq alternative = { 0 };

		p->at++;
		if (!parse_seq(p, &alternative))
			return false;
		ARENA_PUSH(p->arena, node.alternatives, node.n, cap, alternative);
	} while (peek(p, 0, ','));
	if (p->at == p->len)
		return fail(p, node.at, 1, "unclosed '{'", "a literal '{' is written '\\{'");
	assert(peek(p, 0, '}'));
	p->at++;
	p->depth--;
	ARENA_PUSH(p->arena, seq->v, seq->n, seq->cap, node);
	return true;
}

static bool is_plain(char c, bool in_braces)
{
	return !strchr("*?[]{}$\\\"", c) && (c != ',' || !in_braces);
}

/* Up to the end, or within braces to the ',' or '}' that ends the alternative. */
static bool parse_seq(struct parser *p, struct glob_seq *seq)
{
	static const uint64_t not_slash[4] = { ~(UINT64_C(1) << '/'), ~UINT64_C(0), ~UINT64_C(0),
		~UINT64_C(0) };
	const bool in_braces = p->depth > 0;

	while (p->at < p->len) {
		struct glob_node node = { .at = p->at };
		uint8_t byte;

		switch (p->text[p->at]) {
		case '*':
			while (peek(p, 0, '*'))
				p->at++;
			node.kind = p->at - node.at == 1 ? GLOB_STAR : GLOB_ANY;
			ARENA_PUSH(p->arena, seq->v, seq->n, seq->cap, node);
			break;
		case '?':
			p->at++;
			node.kind = GLOB_SET;
			node.set = not_slash;
			ARENA_PUSH(p->arena, seq->v, seq->n, seq->cap, node);
			break;
		case '[':
			if (!parse_class(p, seq))
				return false;
			break;
		case '{':
			if (!parse_braces(p, seq))
				return false;
			break;
		case '\\':
			if (!parse_escape(p, false, &byte))
				return false;
			push_literal(p, seq, node.at,
				arena_memdup(p->arena, &(char){ (char)byte }, 1), 1);
			break;
		case ']':
			return fail(
				p, p->at, 1, "']' without '['", "a literal ']' is written '\\]'");
		case '$':
			return fail(p, p->at, 1, "a bare '$'", "a literal '$' is written '\\$'");
		case '"':
			return fail(p, p->at, 1, "a bare '\"'", "a literal '\"' is written '\\\"'");
		case '\0':
			return fail(p, p->at, 1, "NUL byte in a glob", NULL);
		case '}':
			if (in_braces)
				return true;
			return fail(
				p, p->at, 1, "'}' without '{'", "a literal '}' is written '\\}'");
		case ',':
			if (in_braces)
				return true;
			/* fallthrough */
		default:
			while (p->at < p->len && is_plain(p->text[p->at], in_braces))
				p->at++;
			push_literal(p, seq, node.at, p->text + node.at, p->at - node.at);
		}
	}
	return true;
}

/*
 * What the component that is being read can be so far, over all expansions. Each holds the offset
 * at which that component began, or NOWHERE.
 */
enum component { BEGUN, DOT, DOT_DOT, ORDINARY, N_COMPONENTS };
#define NOWHERE UINT32_MAX

struct components {
	uint32_t began[N_COMPONENTS];
};
static const struct components no_components = { { NOWHERE, NOWHERE, NOWHERE, NOWHERE } };

static void components_add(struct components *c, enum component kind, uint32_t began)
{
	if (c->began[kind] == NOWHERE)
		c->began[kind] = began;
}

static bool check_no_dots(struct parser *p, const struct components *c)
{
	if (c->began[DOT] != NOWHERE)
		return fail(p, c->began[DOT], 1, "the component '.' in a path", HINT_DOTS);
	if (c->began[DOT_DOT] != NOWHERE)
		return fail(p, c->began[DOT_DOT], 1, "the component '..' in a path", HINT_DOTS);
	return true;
}

static bool check_byte(struct parser *p, struct components *c, char byte, uint32_t at)
{
	/* Where a '.' leads to. */
	static const enum component next[] = { DOT, DOT_DOT, ORDINARY, ORDINARY };
	struct components to = no_components;

	if (byte == '/') {
		if (c->began[BEGUN] != NOWHERE)
			return fail(p, at, 1, "'//' in a path",
				"one '/' parts components; a variable's value ends without one");
		if (!check_no_dots(p, c))
			return false;
		to.began[BEGUN] = at + 1;
	} else {
		for (int i = 0; i < N_COMPONENTS; i++)
			if (c->began[i] != NOWHERE)
				components_add(&to, byte == '.' ? next[i] : ORDINARY,
					i == BEGUN ? at : c->began[i]);
	}
	*c = to;
	return true;
}

static bool check_components(struct parser *p, const struct glob_seq *seq, struct components *c)
{
	for (uint32_t i = 0; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];
		struct components to = no_components;

		switch (node->kind) {
		case GLOB_LITERAL:
			for (uint32_t k = 0; k < node->n; k++)
				if (!check_byte(p, c, node->bytes[k], node->at + k))
					return false;
			break;
		case GLOB_SET:
		case GLOB_STAR:
		case GLOB_ANY:
			*c = no_components;
			c->began[ORDINARY] = node->at;
			break;
		case GLOB_ALTERNATIVES:
			for (uint32_t k = 0; k < node->n; k++) {
				struct components one = *c;

				if (!check_components(p, &node->alternatives[k], &one))
					return false;
				for (int m = 0; m < N_COMPONENTS; m++)
					if (one.began[m] != NOWHERE)
						components_add(&to, m, one.began[m]);
			}
			*c = to;
			break;
		}
	}
	return true;
}

static void find_prefix(struct arena *a, struct glob *g)
{
	char *prefix;
	uint32_t n = 0, i;

	for (i = 0; i < g->seq.n && g->seq.v[i].kind == GLOB_LITERAL; i++)
		n += g->seq.v[i].n;
	g->literal = i == g->seq.n;
	prefix = arena_alloc(a, n + 1);
	for (uint32_t k = 0, to = 0; k < i; to += g->seq.v[k++].n)
		memcpy(prefix + to, g->seq.v[k].bytes, g->seq.v[k].n);
	g->prefix = prefix;
	g->prefix_len = n;
}

bool glob_parse(struct arena *a, const char *text, size_t len, enum glob_kind kind,
	struct glob **ret, struct glob_error *ret_error)
{
	struct parser p = { .arena = a, .kind = kind, .error = ret_error };
	struct components c = no_components;
	struct glob *g;

	if (len == 0)
		return fail(&p, 0, 0, "an empty glob", NULL);
	if (len > GLOB_BYTES_MAX && kind != GLOB_MADE)
		return fail(&p, 0, GLOB_BYTES_MAX, "a glob of more than 4096 bytes", NULL);
	_Static_assert(GLOB_BYTES_MAX == 4096, "the message says 4096");
	if (kind == GLOB_PATH && text[0] != '/')
		return fail(&p, 0, 1, "a path begins with '/'", NULL);
	g = arena_alloc(a, sizeof(*g));
	g->text = p.text = arena_memdup(a, text, len);
	g->len = p.len = (uint32_t)len;
	if (!parse_seq(&p, &g->seq))
		return false;
	assert(p.at == p.len && p.depth == 0);
	c.began[ORDINARY] = 0;
	if (kind == GLOB_PATH && (!check_components(&p, &g->seq, &c) || !check_no_dots(&p, &c)))
		return false;
	find_prefix(a, g);
	*ret = g;
	return true;
}

struct glob *glob_literal(struct arena *a, const char *bytes, size_t len)
{
	_cleanup_(text_release) struct text escaped = TEXT_INIT;
	struct glob *g = arena_alloc(a, sizeof(*g));
	struct glob_node node = { .kind = GLOB_LITERAL };
	size_t step;

	assert(len <= UINT32_MAX);
	for (size_t i = 0; i < len; i += step) {
		const unsigned char c = (unsigned char)bytes[i];

		step = utf8_sequence((const unsigned char *)bytes + i, len - i);
		if (step == 0 || c < ' ' || c == 0x7f) {
			step = 1;
			text_printf(&escaped, "\\x%02x", c);
			continue;
		}
		if (strchr(ESCAPABLE, c))
			text_putc(&escaped, '\\');
		text_add(&escaped, bytes + i, step);
	}
	g->text = arena_memdup(a, text_str(&escaped), escaped.len);
	g->len = (uint32_t)escaped.len;
	node.n = (uint32_t)len;
	node.bytes = arena_memdup(a, bytes, len);
	if (len)
		ARENA_PUSH(a, g->seq.v, g->seq.n, g->seq.cap, node);
	find_prefix(a, g);
	return g;
}

static bool ends_in_slash(const struct glob_seq *seq, bool before)
{
	for (uint32_t i = 0; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];
		bool all = true;

		switch (node->kind) {
		case GLOB_LITERAL:
			before = node->bytes[node->n - 1] == '/';
			break;
		case GLOB_SET:
		case GLOB_STAR:
		case GLOB_ANY:
			before = false;
			break;
		case GLOB_ALTERNATIVES:
			for (uint32_t k = 0; k < node->n; k++)
				all = ends_in_slash(&node->alternatives[k], before) && all;
			before = all;
			break;
		}
	}
	return before;
}

bool glob_names_directories(const struct glob *g)
{
	return ends_in_slash(&g->seq, false);
}
