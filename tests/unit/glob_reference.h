/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_GLOB_REFERENCE_H
#define PALE_TESTS_GLOB_REFERENCE_H

/*
 * The reference: braces expanded into lists of tokens, and the tokens matched by trying every
 * length. It shares nothing with the automaton but the text of the glob.
 */
enum token_kind { ONE_OF, STAR, ANY };

struct token {
	enum token_kind kind;
	bool in[256];
};

struct expansion {
	struct token *v;
	uint32_t n, cap;
};

struct expansions {
	struct expansion *v;
	uint32_t n, cap;
};

#define EXPANSIONS_MAX 4096

static const char *expand_seq(const char *at, struct expansions *ret);

static bool is_slash(const struct token *t)
{
	return t->kind == ONE_OF && t->in['/'];
}

static void append(struct expansions *e, struct token t)
{
	for (uint32_t i = 0; i < e->n; i++)
		ARENA_PUSH(arena, e->v[i].v, e->v[i].n, e->v[i].cap, t);
}

/* Every one of @e followed by every one of @with. */
static void multiply(struct expansions *e, const struct expansions *with)
{
	struct expansions product = { 0 };

	for (uint32_t i = 0; i < e->n; i++) {
		for (uint32_t k = 0; k < with->n; k++) {
			struct expansion one = { 0 };

			for (uint32_t m = 0; m < e->v[i].n; m++)
				ARENA_PUSH(arena, one.v, one.n, one.cap, e->v[i].v[m]);
			for (uint32_t m = 0; m < with->v[k].n; m++)
				ARENA_PUSH(arena, one.v, one.n, one.cap, with->v[k].v[m]);
			ARENA_PUSH(arena, product.v, product.n, product.cap, one);
		}
	}
	*e = product;
}

static const char *expand_class(const char *at, struct token *ret)
{
	bool negated = at[1] == '!';

	for (at += negated ? 2 : 1; *at != ']'; at++)
		ret->in[(uint8_t)*at] = true;
	for (int b = 0; negated && b < 256; b++)
		ret->in[b] = !ret->in[b];
	ret->in['/'] = false;
	return at + 1;
}

static const char *expand_braces(const char *at, struct expansions *e)
{
	struct expansions all = { 0 };

	do {
		struct expansions one = { 0 };

		at = expand_seq(at + 1, &one);
		for (uint32_t i = 0; i < one.n; i++)
			ARENA_PUSH(arena, all.v, all.n, all.cap, one.v[i]);
	} while (*at == ',');
	multiply(e, &all);
	return at + 1;
}

static const char *expand_seq(const char *at, struct expansions *e)
{
	ARENA_PUSH(arena, e->v, e->n, e->cap, (struct expansion){ 0 });
	while (*at && *at != ',' && *at != '}' && e->n <= EXPANSIONS_MAX) {
		struct token t = { .kind = ONE_OF };

		switch (*at) {
		case '{':
			at = expand_braces(at, e);
			continue;
		case '*':
			t.kind = at[1] == '*' ? ANY : STAR;
			while (*at == '*')
				at++;
			break;
		case '?':
			memset(t.in, true, sizeof(t.in));
			t.in['/'] = false;
			at++;
			break;
		case '[':
			at = expand_class(at, &t);
			break;
		default:
			t.in[(uint8_t)*at++] = true;
		}
		append(e, t);
	}
	return at;
}

static bool matches(const struct expansion *e, uint32_t i, const char *s);

/* A component of stars alone, that ends before token @end. */
static bool matches_stars(const struct expansion *e, bool any, uint32_t end, const char *s)
{
	if (!any) {
		for (const char *to = s; *to && *to != '/';)
			if (matches(e, end, ++to))
				return true;
		return false;
	}
	if (end == e->n)
		return *s != '\0';
	if (matches(e, end + 1, s))
		return true;
	for (const char *to = s; *to; to++)
		if (*to == '/' && matches(e, end + 1, to + 1))
			return true;
	return false;
}

static bool matches(const struct expansion *e, uint32_t i, const char *s)
{
	bool any = false;
	uint32_t end = i;

	if (i == e->n)
		return *s == '\0';
	if (i > 0 && is_slash(&e->v[i - 1])) {
		for (; end < e->n && e->v[end].kind != ONE_OF; end++)
			any = any || e->v[end].kind == ANY;
		if (end > i && (end == e->n || is_slash(&e->v[end])))
			return matches_stars(e, any, end, s);
	}
	if (e->v[i].kind == ONE_OF)
		return *s && e->v[i].in[(uint8_t)*s] && matches(e, i + 1, s + 1);
	for (;; s++) {
		if (matches(e, i + 1, s))
			return true;
		if (!*s || (*s == '/' && e->v[i].kind == STAR))
			return false;
	}
}

static bool reference(const struct expansions *e, const char *s)
{
	for (uint32_t i = 0; i < e->n; i++)
		if (matches(&e->v[i], 0, s))
			return true;
	return false;
}

#endif
