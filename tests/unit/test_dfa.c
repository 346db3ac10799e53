/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/text.h"
#include "tests/unit/dfa_build.h"

#include "random.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/glob_reference.h"

static struct dfa *build_one(const char *text, enum glob_kind kind)
{
	struct dfa_builder *b = dfa_builder_new(arena);

	dfa_entry(b);
	dfa_add(b, parse(text, kind), 0);
	return must_build(b);
}

static void assert_equal_dfas(const struct dfa *x, const struct dfa *y)
{
	assert_int_equal(x->n_states, y->n_states);
	assert_int_equal(x->n_classes, y->n_classes);
	assert_int_equal(x->n_entries, y->n_entries);
	assert_memory_equal(x->byte_class, y->byte_class, 256);
	assert_memory_equal(x->start, y->start, x->n_entries * sizeof(uint32_t));
	assert_memory_equal(x->accept, y->accept, x->n_states * sizeof(uint32_t));
	assert_memory_equal(x->absorbing, y->absorbing, x->n_states * sizeof(bool));
	assert_memory_equal(
		x->next, y->next, (size_t)x->n_states * x->n_classes * sizeof(uint32_t));
}

static void what_the_manual_says(void **state)
{
	static const struct {
		const char *glob;
		const char *yes[8], *no[8];
	} cases[] = {
		{ "/a?c",
			{ "/abc", "/a.c",
				"/a\xff"
				"c" },
			{ "/a/c", "/ac", "/abbc" } },
		{ "/[a-c]", { "/a", "/b", "/c" }, { "/d", "/", "/ab", "/-" } },
		{ "/[!a-c]", { "/d", "/-", "/\xff" }, { "/a", "//", "/", "/dd" } },
		{ "/[.-0]", { "/.", "/0" }, { "//", "/1" } },
		{ "/a/*", { "/a/b", "/a/.b", "/a/bcd" }, { "/a/", "/a", "/a/b/", "/a/b/c" } },
		{ "/a/*/b", { "/a/x/b", "/a/.x/b" }, { "/a//b", "/a/b", "/a/x/y/b" } },
		{ "/a/x*", { "/a/x", "/a/xy" }, { "/a/x/", "/a/", "/a/yx" } },
		{ "/a/*x", { "/a/x", "/a/yx" }, { "/a/", "/a/y/x" } },
		{ "/a*", { "/a", "/ab" }, { "/a/", "/a/b", "/" } },
		{ "/*", { "/a", "/abc" }, { "/", "", "/a/" } },
		{ "/{*,a}/x", { "/a/x", "/b/x" }, { "//x", "/x" } },
		{ "/a/{*,b}", { "/a/b", "/a/c" }, { "/a/" } },
		{ "/a/{*,}", { "/a/b", "/a/" }, { "/a", "/a/b/" } },
		{ "/a/{*,b}{*,c}", { "/a/b", "/a/c", "/a/xyc" }, { "/a/" } },
		{ "/a/{,x}*/b", { "/a/y/b", "/a/x/b" }, { "/a//b" } },
		{ "/a/{*/,b}c", { "/a/bc", "/a/x/c" }, { "/a/c", "/a//c" } },
		{ "/a/**", { "/a/b", "/a/b/c", "/a/b/", "/a/.b" }, { "/a/", "/a", "/b", "/ab" } },
		{ "/**", { "/a", "/a/", "/a/b" }, { "/", "", "a" } },
		{ "/**/", { "/", "/a/", "/a/b/" }, { "/a", "/a/b", "" } },
		{ "/a/**/", { "/a/", "/a/b/", "/a/b/c/" }, { "/a", "/a/b", "/ab/" } },
		{ "/a/**/b", { "/a/b", "/a/x/b", "/a/x/y/b" }, { "/ab", "/a/xb", "/a/b/", "/b" } },
		{ "/a/**/**/b", { "/a/b", "/a/x/b", "/a/x/y/b" }, { "/ab", "/a/xb" } },
		{ "/a/**/*", { "/a/b", "/a/b/c" }, { "/a/", "/a/b/", "/a" } },
		{ "/a/*/**", { "/a/b/c", "/a/b/c/d" }, { "/a/b", "/a/b/", "/a/" } },
		{ "/a**", { "/a", "/ab", "/a/", "/a/x/y" }, { "/", "/b", "/ba" } },
		{ "/a/**b", { "/a/b", "/a/xb", "/a/x/b", "/a/x/yb" }, { "/ab", "/a/", "/a/bc" } },
		{ "/a/b**", { "/a/b", "/a/bx", "/a/b/", "/a/b/x" }, { "/a/", "/a/xb" } },
		{ "/a/***", { "/a/b", "/a/b/c" }, { "/a/", "/a" } },
		{ "/a{/**,}/b", { "/a/b", "/a/x/b" }, { "/ab" } },
		{ "/a/{**,x}", { "/a/x", "/a/y/z" }, { "/a/" } },
		{ "/a/{**/,}b", { "/a/b", "/a/x/b" }, { "/ab", "/a/xb" } },
		{ "/a/{*,**}/b", { "/a/b", "/a/x/b", "/a/x/y/b" }, { "/ab" } },
		{ "/a{,/}", { "/a", "/a/" }, { "/", "/a/b" } },
		{ "/{a,b{c,d}}e", { "/ae", "/bce", "/bde" }, { "/be", "/ace", "/e" } },
		{ "/a/", { "/a/" }, { "/a", "/a/b" } },
		{ "/\\*\\x41", { "/*A" }, { "/aA", "/*", "/*a" } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct dfa *d = build_one(cases[i].glob, GLOB_PATH);

		for (int k = 0; k < 8 && cases[i].yes[k]; k++)
			if (dfa_run(d, 0, cases[i].yes[k], strlen(cases[i].yes[k])) != 1)
				fail_msg("%s does not match %s", cases[i].glob, cases[i].yes[k]);
		for (int k = 0; k < 8 && cases[i].no[k]; k++)
			if (dfa_run(d, 0, cases[i].no[k], strlen(cases[i].no[k])) != 0)
				fail_msg("%s matches %s", cases[i].glob, cases[i].no[k]);
	}
}

static void names_have_no_first_component(void **state)
{
	const struct dfa *star = build_one("*", GLOB_NAME), *any = build_one("**", GLOB_NAME);
	const struct dfa *deep = build_one("**/a", GLOB_NAME);

	assert_int_equal(dfa_run(star, 0, "", 0), 1);
	assert_int_equal(dfa_run(star, 0, "ab\0c", 4), 1);
	assert_int_equal(dfa_run(star, 0, "a/b", 3), 0);
	assert_int_equal(dfa_run(any, 0, "", 0), 1);
	assert_int_equal(dfa_run(any, 0, "a//b", 4), 1);
	assert_int_equal(any->n_states, 1);
	assert_true(any->absorbing[0]);
	assert_int_equal(dfa_run(deep, 0, "/a", 2), 1);
	assert_int_equal(dfa_run(deep, 0, "a", 1), 0);
}

/* xorshift64* */
static void random_seq(struct text *t, int depth)
{
	static const char *const atoms[] = { "a", "b", "/", "/", "/", ".", "*", "*", "**", "?",
		"[ab]", "[!a]", "/**/", "/*", "/**", "ab" };

	for (uint32_t n = random_below(5); n > 0; n--) {
		if (depth > 0 && random_below(5) == 0) {
			text_putc(t, '{');
			random_seq(t, depth - 1);
			for (uint32_t k = random_below(3); k > 0; k--) {
				text_putc(t, ',');
				random_seq(t, depth - 1);
			}
			text_putc(t, '}');
		} else {
			text_puts(t, atoms[random_below(sizeof(atoms) / sizeof(*atoms))]);
		}
	}
}

static struct glob *random_glob(void)
{
	for (;;) {
		const enum glob_kind kind = random_below(4) ? GLOB_PATH : GLOB_NAME;
		struct text t = TEXT_INIT;
		struct glob_error error;
		struct expansions e = { 0 };
		struct glob *g;
		bool ok;

		if (kind == GLOB_PATH)
			text_putc(&t, '/');
		random_seq(&t, 3);
		ok = glob_parse(arena, text_str(&t), t.len, kind, &g, &error);
		text_release(&t);
		if (!ok)
			continue;
		expand_seq(g->text, &e);
		if (e.n <= 200)
			return g;
	}
}

static const char alphabet[] = "ab/.";
#define EXHAUSTIVE_LEN 6

/* Calls @f for each string over the alphabet up to EXHAUSTIVE_LEN bytes. */
static void all_strings(void (*f)(void *ctx, const char *s, size_t len), void *ctx)
{
	char s[EXHAUSTIVE_LEN + 1];

	for (size_t len = 0; len <= EXHAUSTIVE_LEN; len++) {
		for (uint32_t code = 0; code < 1U << 2 * len; code++) {
			for (size_t i = 0; i < len; i++)
				s[i] = alphabet[code >> 2 * i & 3];
			s[len] = '\0';
			f(ctx, s, len);
		}
	}
}

#define GLOBS_MAX   5
#define ENTRIES_MAX 3

struct trial {
	const struct dfa *d;
	uint32_t n_entries;
	uint32_t n_globs[ENTRIES_MAX];
	const struct glob *globs[ENTRIES_MAX][GLOBS_MAX];
	uint32_t tags[ENTRIES_MAX][GLOBS_MAX];
	struct expansions expansions[ENTRIES_MAX][GLOBS_MAX];
};

static void compare(void *ctx, const char *s, size_t len)
{
	const struct trial *t = ctx;

	for (uint32_t e = 0; e < t->n_entries; e++) {
		uint32_t want = 0, got = dfa_run(t->d, e, s, len);

		for (uint32_t i = 0; i < t->n_globs[e]; i++)
			if (reference(&t->expansions[e][i], s))
				want |= 1U << t->tags[e][i];
		if (want == got)
			continue;
		for (uint32_t i = 0; i < t->n_globs[e]; i++)
			print_message("%u: %s\n", t->tags[e][i], t->globs[e][i]->text);
		fail_msg("entry %u, '%s': %#x, should be %#x", e, s, got, want);
	}
}

/* Which pairs of states differ, by marking until nothing changes. */
static void assert_minimal(const struct dfa *d)
{
	const uint32_t n = d->n_states;
	bool *differ = calloc((size_t)n * n, sizeof(*differ)), changed = true;
	bool *reached = calloc(n, sizeof(*reached));

	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = 0; y < n; y++)
			differ[x * n + y] = d->accept[x] != d->accept[y];
	while (changed) {
		changed = false;
		for (uint32_t x = 0; x < n; x++) {
			for (uint32_t y = 0; y < n; y++) {
				for (uint32_t c = 0; c < d->n_classes && !differ[x * n + y]; c++) {
					uint32_t to_x = d->next[x * d->n_classes + c];
					uint32_t to_y = d->next[y * d->n_classes + c];

					if (differ[to_x * n + to_y])
						differ[x * n + y] = changed = true;
				}
			}
		}
	}
	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = 0; y < x; y++)
			assert_true(differ[x * n + y]);

	for (uint32_t x = 0; x < d->n_classes; x++) {
		for (uint32_t y = 0; y < x; y++) {
			bool same = true;

			for (uint32_t s = 0; s < n; s++)
				if (d->next[s * d->n_classes + x] != d->next[s * d->n_classes + y])
					same = false;
			assert_false(same);
		}
	}

	for (uint32_t e = 0; e < d->n_entries; e++)
		reached[d->start[e]] = true;
	for (changed = true; changed;) {
		changed = false;
		for (uint32_t s = 0; s < n; s++)
			for (uint32_t c = 0; c < d->n_classes && reached[s]; c++)
				if (!reached[d->next[s * d->n_classes + c]])
					changed = reached[d->next[s * d->n_classes + c]] = true;
	}
	for (uint32_t s = 0; s < n; s++) {
		bool absorbing = true;

		assert_true(reached[s]);
		for (uint32_t c = 0; c < d->n_classes; c++)
			if (d->next[s * d->n_classes + c] != s)
				absorbing = false;
		assert_int_equal(d->absorbing[s], absorbing);
	}
	free(reached);
	free(differ);
}

/* Of each state: the length of a shortest string to it, by relaxing until nothing changes. */
static uint32_t *distances(const struct dfa *d, uint32_t entry)
{
	uint32_t *distance = arena_array(arena, d->n_states, sizeof(*distance));
	bool changed = true;

	for (uint32_t s = 0; s < d->n_states; s++)
		distance[s] = s == d->start[entry] ? 0 : UINT32_MAX;
	while (changed) {
		changed = false;
		for (uint32_t s = 0; s < d->n_states; s++) {
			for (uint32_t b = 0; b < 256 && distance[s] != UINT32_MAX; b++) {
				uint32_t to = dfa_step(d, s, (uint8_t)b);

				if (distance[to] > distance[s] + 1) {
					distance[to] = distance[s] + 1;
					changed = true;
				}
			}
		}
	}
	return distance;
}

struct visits {
	const struct dfa *d;
	uint32_t entry;
	uint32_t *distance;
	size_t last_len;
	char **witness; /* [state] */
	uint32_t n;
};

static bool note_visit(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct visits *v = ctx;
	uint32_t at = v->d->start[v->entry];

	assert_null(v->witness[state]);
	assert_int_equal(accept, v->d->accept[state]);
	assert_true(len >= v->last_len);
	assert_int_equal(witness[len], 0);
	v->last_len = len;
	for (size_t i = 0; i < len; i++)
		at = dfa_step(v->d, at, (uint8_t)witness[i]);
	assert_int_equal(at, state);
	if (v->distance)
		assert_int_equal(len, v->distance[state]);
	v->witness[state] = arena_memdup(arena, witness, len);
	v->n++;
	return true;
}

static bool is_path(const char *s)
{
	if (*s != '/')
		return false;
	while (*s == '/') {
		size_t len = strcspn(++s, "/");

		if (len == 0 && *s == '/')
			return false;
		if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += len;
	}
	return true;
}

static void check_path_visited(void *ctx, const char *s, size_t len)
{
	const struct visits *v = ctx;
	uint32_t at = v->d->start[v->entry];

	if (!is_path(s))
		return;
	for (size_t i = 0; i < len; i++)
		at = dfa_step(v->d, at, (uint8_t)s[i]);
	if (!v->witness[at] || strlen(v->witness[at]) > len)
		fail_msg("%s: %s", s, v->witness[at] ? v->witness[at] : "not visited");
}

static void assert_walks(const struct dfa *d, uint32_t entry)
{
	struct visits v = { .d = d, .entry = entry, .distance = distances(d, entry) };
	uint32_t n_reached = 0;

	v.witness = arena_array(arena, d->n_states, sizeof(*v.witness));
	dfa_walk(arena, d, entry, note_visit, &v);
	for (uint32_t s = 0; s < d->n_states; s++)
		if (v.distance[s] != UINT32_MAX)
			n_reached++;
	assert_int_equal(v.n, n_reached);

	v = (struct visits){ .d = d, .entry = entry };
	v.witness = arena_array(arena, d->n_states, sizeof(*v.witness));
	dfa_walk_paths(arena, d, entry, note_visit, &v);
	for (uint32_t s = 0; s < d->n_states; s++)
		if (v.witness[s] && !is_path(v.witness[s]))
			fail_msg("%s is no path", v.witness[s]);
	all_strings(check_path_visited, &v);
}

static void add_all(struct dfa_builder *b, const struct trial *t, bool backwards)
{
	for (uint32_t e = 0; e < t->n_entries; e++) {
		dfa_entry(b);
		for (uint32_t i = 0; i < t->n_globs[e]; i++) {
			uint32_t k = backwards ? t->n_globs[e] - 1 - i : i;

			dfa_add(b, t->globs[e][k], t->tags[e][k]);
		}
	}
}

static void random_globs_match_as_the_reference_does(void **state)
{
	random_seed(20240917);
	for (int n = 0; n < 150; n++) {
		struct dfa_builder *b, *again;
		struct trial t = { .n_entries = 1 + random_below(ENTRIES_MAX) };

		arena_free(arena);
		arena = arena_new();
		b = dfa_builder_new(arena);
		again = dfa_builder_new(arena);
		for (uint32_t e = 0; e < t.n_entries; e++) {
			t.n_globs[e] = random_below(GLOBS_MAX + 1);
			for (uint32_t i = 0; i < t.n_globs[e]; i++) {
				t.globs[e][i] = random_glob();
				t.tags[e][i] = random_below(GLOBS_MAX);
				expand_seq(t.globs[e][i]->text, &t.expansions[e][i]);
			}
		}
		add_all(b, &t, false);
		t.d = must_build(b);
		all_strings(compare, &t);
		for (int k = 0; k < 300; k++) {
			char s[24] = { 0 };

			for (uint32_t i = random_below(sizeof(s)); i > 0; i--)
				s[i - 1] = "aaabbb//..c*"[random_below(12)];
			compare(&t, s, strlen(s));
		}
		assert_minimal(t.d);
		for (uint32_t e = 0; e < t.n_entries; e++)
			assert_walks(t.d, e);
		assert_equal_dfas(t.d, must_build(b));
		add_all(again, &t, true);
		assert_equal_dfas(t.d, must_build(again));
	}
}

static void equal_meaning_gives_equal_arrays(void **state)
{
	static const char *const pairs[][2] = {
		{ "/{a,b}", "/[ab]" },
		{ "/a/{,x}b", "/a/{xb,b}" },
		{ "/a/**/**/b", "/a/**/b" },
		{ "/a/***", "/a/**" },
		{ "/**/*?", "/**/?*" },
		{ "/{x,y,?}", "/?" },
		{ "/a/?*", "/a/*" },
		{ "/a/{b,c}/d", "/a/{b/d,c/d}" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_equal_dfas(
			build_one(pairs[i][0], GLOB_PATH), build_one(pairs[i][1], GLOB_PATH));
}

struct fold_calls {
	uint32_t n;
	struct {
		uint32_t entry, n, tags[4];
	} v[32];
};

static uint32_t note_fold(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct fold_calls *calls = ctx;

	assert_true(calls->n < 32 && n <= 4);
	calls->v[calls->n].entry = entry;
	calls->v[calls->n].n = n;
	for (uint32_t i = 0; i < n; i++)
		calls->v[calls->n].tags[i] = tags[i];
	return calls->n++;
}

static void fold_is_called_once_for_each_set(void **state)
{
	static const struct {
		uint32_t entry, n, tags[4];
	} want[] = { { 0, 0, { 0 } }, { 0, 2, { 3, 900 } }, { 0, 3, { 3, 7, 900 } },
		{ 1, 0, { 0 } }, { 2, 0, { 0 } }, { 2, 1, { 3 } } };
	struct dfa_builder *b = dfa_builder_new(arena);
	struct fold_calls calls = { 0 };
	struct dfa_over_budget over;
	struct dfa *d;

	dfa_entry(b);
	dfa_add(b, parse("/a/*", GLOB_PATH), 900);
	dfa_add(b, parse("/a/b", GLOB_PATH), 7);
	dfa_add(b, parse("/a/{b,*}", GLOB_PATH), 3);
	dfa_add(b, parse("/a/?*", GLOB_PATH), 3);
	dfa_add(b, parse("/a/b", GLOB_PATH), 7);
	assert_int_equal(dfa_entry(b), 1);
	dfa_entry(b);
	dfa_add(b, parse("/x", GLOB_PATH), 3);
	assert_true(dfa_build(b, note_fold, &calls, &d, &over));
	assert_int_equal(calls.n, sizeof(want) / sizeof(*want));
	for (uint32_t i = 0; i < calls.n; i++)
		assert_memory_equal(&calls.v[i], &want[i], sizeof(want[i]));
	assert_int_equal(dfa_run(d, 0, "/a/b", 4), 2);
	assert_int_equal(dfa_run(d, 0, "/a/c", 4), 1);
	assert_int_equal(dfa_run(d, 0, "/a", 2), 0);
	assert_int_equal(dfa_run(d, 1, "/a", 2), 3);
	assert_int_equal(dfa_run(d, 2, "/x", 2), 5);
}

static void entries_share_states(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	struct dfa *one = build_one("/usr/lib/**/lib*.so", GLOB_PATH), *two;

	dfa_entry(b);
	dfa_add(b, parse("/usr/lib/**/lib*.so", GLOB_PATH), 0);
	dfa_entry(b);
	dfa_add(b, parse("/usr/lib/**/lib*.so", GLOB_PATH), 0);
	dfa_entry(b);
	two = must_build(b);
	assert_int_equal(two->n_states, one->n_states);
	assert_int_equal(two->start[0], two->start[1]);
	assert_true(two->absorbing[two->start[2]]);
}

struct best {
	uint32_t accept;
	char text[64];
};

static bool find_accept(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct best *best = ctx;

	if (accept != best->accept)
		return true;
	snprintf(best->text, sizeof(best->text), "%s", witness);
	return false;
}

static void witnesses_read_well(void **state)
{
	static const struct {
		const char *glob, *witness, *path;
	} cases[] = {
		{ "/etc/**", "/etc/a", "/etc/a" },
		{ "/etc/*/?*", "/etc/a/a", "/etc/a/a" },
		{ "/[!a-z]", "/0", "/0" },
		{ "/[!a-zA-Z0-9]", "/.", "/_" },
		{ "/a/**/", "/a/", "/a/" },
		{ "/a/**/?/**/", "/a/a/", "/a/a/" },
		{ "/**/?**/b", "/a/b", "/a/b" },
		{ "/a**/**b", "/a/b", "/a/b" },
		{ "/a**/?**/c", "/a/a/c", "/a/a/c" },
		{ "/[.][.]?", "/..a", "/..a" },
		{ "/[.]?", "/.a", "/.a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct dfa *d = build_one(cases[i].glob, GLOB_PATH);
		struct best best = { .accept = 1 };

		dfa_walk(arena, d, 0, find_accept, &best);
		assert_string_equal(best.text, cases[i].witness);
		dfa_walk_paths(arena, d, 0, find_accept, &best);
		assert_string_equal(best.text, cases[i].path);
	}
}

static void all_bytes_have_a_class(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	const struct dfa *d;

	dfa_entry(b);
	for (int c = 0; c < 256; c++)
		dfa_add(b, glob_literal(arena, &(char){ (char)c }, 1), (uint32_t)c % 24);
	for (int c = 0; c < 256; c++) {
		char deep[3] = { 'x', (char)c, (char)~c };

		dfa_add(b, glob_literal(arena, deep, 3), (uint32_t)c % 24);
	}
	d = must_build(b);
	assert_int_equal(d->n_classes, 256);
	for (int c = 0; c < 256; c++) {
		char deep[3] = { 'x', (char)c, (char)~c };

		assert_int_equal(dfa_run(d, 0, &deep[1], 1), 1U << c % 24);
		assert_int_equal(dfa_run(d, 0, deep, 3), 1U << c % 24);
		assert_int_equal(dfa_run(d, 0, deep, 2), 0);
	}
	assert_minimal(d);
}

static void entries_without_globs(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	const struct dfa *d;

	dfa_entry(b);
	dfa_entry(b);
	d = must_build(b);
	assert_int_equal(d->n_states, 1);
	assert_int_equal(d->n_classes, 1);
	assert_int_equal(dfa_run(d, 1, "/a", 2), 0);
	assert_true(d->absorbing[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_manual_says),
		cmocka_unit_test(names_have_no_first_component),
		cmocka_unit_test(random_globs_match_as_the_reference_does),
		cmocka_unit_test(equal_meaning_gives_equal_arrays),
		cmocka_unit_test(fold_is_called_once_for_each_set),
		cmocka_unit_test(entries_share_states),
		cmocka_unit_test(witnesses_read_well),
		cmocka_unit_test(all_bytes_have_a_class),
		cmocka_unit_test(entries_without_globs),
	};

	return cmocka_run_group_tests_name("dfa", tests, setup, teardown);
}
