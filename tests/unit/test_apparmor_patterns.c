/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser as the oracle: what apparmor_parser compiles of a glob's patterns is run as the kernel
 * would, and compared with the glob, and with what was read back.
 */
#include "compiler/apparmor_pattern.h"
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "compiler/glob_expand.h"
#include "tests/unit/apparmor_binary.h"
#include "tests/unit/glob_parsed.h"

#include <time.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))
#define READ 0x04u

static uint32_t matches(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < n; i++)
		bits |= tags[i];
	return bits;
}

/* A glob on its way through the parser and back. */
struct trip {
	const char *text;
	char name[32];	 /* of its profile */
	bool exact;	 /* none of its expansions was cut short */
	struct dfa *dfa; /* class: 1 the glob, 2 what was read back */
	struct aa_dfa compiled;
	uint32_t n_paths;
};

/* false: the glob is beyond what one automaton may take. */
static bool add_trip(struct arena *a, struct trip *t, const struct glob *g, struct text *profiles,
	uint32_t max_expansions)
{
	struct glob_expansions e = glob_expand(a, g, max_expansions);
	struct dfa_builder *b = dfa_builder_new(a);
	struct dfa_over_budget over;

	t->exact = true;
	dfa_entry(b);
	dfa_add(b, g, 1);
	snprintf(t->name, sizeof(t->name), "p%zu", profiles->len);
	text_printf(profiles, "profile \"%s\" {\n", t->name);
	for (uint32_t i = 0; i < e.n; i++) {
		_cleanup_(text_release) struct text pattern = TEXT_INIT;
		struct glob *back;

		t->exact &= apparmor_pattern(&pattern, &e.v[i], false);
		text_printf(profiles, "\t\"%s\" r,\n", pattern.s);
		back = apparmor_pattern_read(a, pattern.s, pattern.len);
		if (!back)
			fail_msg("%s: \"%s\" does not read back", g->text, pattern.s);
		dfa_add(b, back, 2);
	}
	text_puts(profiles, "}\n");
	return dfa_build(b, matches, NULL, &t->dfa, &over);
}

static void check_path(struct trip *t, const char *path, size_t len)
{
	uint32_t class = dfa_run(t->dfa, 0, path, len);
	bool compiled = aa_permissions(&t->compiled, path, len, true) & READ;
	_cleanup_(text_release) struct text shown = TEXT_INIT;

	text_escaped(&shown, path, len);
	t->n_paths++;
	if (compiled != !!(class & 2))
		fail_msg("%s: what was read back %s '%s' and the parser's does not", t->text,
			class & 2 ? "matches" : "does not match", shown.s);
	if (class & 1 && !compiled)
		fail_msg("%s: lost '%s'", t->text, shown.s);
	if (t->exact && !(class & 1) && compiled)
		fail_msg("%s: gained '%s'", t->text, shown.s);
}

static bool check_state(void *ctx, uint32_t state, uint32_t accept, const char *path, size_t len)
{
	char longer[8192];

	check_path(ctx, path, len);
	/* Each state's neighbours on and beyond its borders. */
	for (size_t i = 0; i < 8 && len + 2 < sizeof(longer); i++) {
		static const char next[] = "ab/.1@*\n";

		memcpy(longer, path, len);
		longer[len] = next[i];
		if (next[i] == '/' && len && path[len - 1] == '/')
			continue;
		check_path(ctx, longer, len + 1);
	}
	return true;
}

/* What can be no path says nothing: '//' and names of '.' and '..'. */
static void run_trips(struct arena *a, struct trip *trips, size_t n, const struct text *profiles)
{
	struct aa_binary b = aa_compile(profiles->s, profiles->len);

	assert_non_null(b.bytes);
	for (size_t i = 0; i < n; i++) {
		assert_true(aa_file_dfa(&b, trips[i].name, &trips[i].compiled));
		dfa_walk_paths(a, trips[i].dfa, 0, check_state, &trips[i]);
		assert_true(trips[i].n_paths > 0);
	}
	free(b.bytes);
}

static const char *const globs[] = { "/a", "/a/", "/a/*", "/a/**", "/a/**/", "/a/**/b", "/a/**/*",
	"/**", "/**/", "/**/b", "/a/b*", "/a/*b", "/a/*b*", "/a**", "/a/**b", "/a/b**", "/a/**/*.b",
	"/*/b", "/a/?", "/a/?*", "/a/[ab]", "/a/[!ab]", "/a/[a-z]*", "/{a,b}/c", "/a/{b,}x",
	"/a/{b,}*", "/a/{*,b}", "/a/{*,b}/c", "/a/{**,b}/c", "/a/{b,c}*{d,}", "/a/{b,{c,d/e}}/f",
	"/a b/c,d", "/a/\\*", "/a/\\{b\\}", "/a/[*?]", "/a/[\\]\\[]", "/a/[\\-a]",
	"/a/[!\\-\\]\\^]", "/a/[@\\{]x", "/a@\\{b\\}", "/a/***", "/a/*/*", "/a/**/**/b",
	"/a/**/b/**", "/\\x01\\x7f", "/a/\\xff*", "/a/[\\xc3\\xa9]", "/a/^b", "/a/#b", "/a/\\\\b",
	"/a/\\\"b" };

static void patterns_mean_what_the_globs_do(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text profiles = TEXT_INIT;
	struct trip trips[2 * N(globs)] = { 0 };

	text_puts(&profiles, "abi <abi/3.0>,\n");
	for (size_t i = 0; i < N(globs); i++) {
		/* Once with all braces gone, once with them. */
		for (int k = 0; k < 2; k++) {
			struct trip *t = &trips[2 * i + k];

			t->text = globs[i];
			assert_true(add_trip(
				a, t, glob_parsed(a, globs[i], GLOB_PATH), &profiles, k ? 1 : 64));
			if (k == 0)
				assert_true(t->exact);
		}
	}
	run_trips(a, trips, N(trips), &profiles);
}

static void no_byte_is_syntax(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text profiles = TEXT_INIT;
	struct trip trips[2 * 255] = { 0 };
	struct aa_binary b;

	text_puts(&profiles, "abi <abi/3.0>,\n");
	for (unsigned int c = 1; c < 256; c++) {
		/* Beside what could make a form of it. */
		char path[] = { '/', 'x', (char)c, '{', (char)c, 'y', '}', (char)c, 'z', 0 };
		char class[64];

		if (c == '/')
			path[2] = path[4] = path[7] = 'q';
		trips[c - 1].text = arena_strdup(a, path);
		assert_true(add_trip(a, &trips[c - 1], glob_literal(a, path, 9), &profiles, 64));
		snprintf(class, sizeof(class), "/[\\x%02x\\x%02x]\\x7bb\\x7d", c == '/' ? 'q' : c,
			c == '{' ? '}' : '{');
		trips[254 + c].text = arena_strdup(a, class);
		assert_true(add_trip(
			a, &trips[254 + c], glob_parsed(a, class, GLOB_PATH), &profiles, 64));
	}
	b = aa_compile(profiles.s, profiles.len);
	assert_non_null(b.bytes);
	for (size_t i = 0; i < N(trips); i++) {
		assert_true(aa_file_dfa(&b, trips[i].name, &trips[i].compiled));
		dfa_walk_paths(a, trips[i].dfa, 0, check_state, &trips[i]);
		for (unsigned int c = 1; c < 256; c++) {
			char path[] = { '/', 'x', (char)c, '{', (char)c, 'y', '}', (char)c, 'z' };
			char class[] = { '/', (char)c, '{', 'b', '}' };

			check_path(&trips[i], path, sizeof(path));
			check_path(&trips[i], class, sizeof(class));
		}
	}
	free(b.bytes);
}

static void random_glob(struct text *to)
{
	static const char *const parts[] = { "a", "b", "*", "**", "?", "/", "/", "[ab]", "[!a]",
		"{a,b}", "{*,a}", "{a/,}", "{,b*}", "{a,{b,**}}", "." };
	char last = '/';

	text_clear(to);
	text_putc(to, '/');
	for (uint32_t n = 1 + random_below(7); n > 0; n--) {
		const char *part = parts[random_below(N(parts))];

		if (last == '/' && part[0] == '/')
			continue;
		text_puts(to, part);
		last = part[strlen(part) - 1];
	}
}

static void random_patterns(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text profiles = TEXT_INIT, text = TEXT_INIT;
	struct trip trips[300] = { 0 };
	size_t n = 0;

	random_seed(42);
	text_puts(&profiles, "abi <abi/3.0>,\n");
	while (n < N(trips)) {
		struct glob_error e;
		struct glob *g;

		random_glob(&text);
		if (!glob_parse(a, text.s, text.len, GLOB_PATH, &g, &e))
			continue;
		trips[n].text = arena_strdup(a, text.s);
		n += add_trip(a, &trips[n], g, &profiles, n % 2 ? 64 : 2);
	}
	run_trips(a, trips, n, &profiles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_the_globs_do),
		cmocka_unit_test(no_byte_is_syntax),
		cmocka_unit_test(random_patterns),
	};

	if (system("apparmor_parser --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "# apparmor: not tested with apparmor_parser, which is missing\n");
		return 1;
	}
	return cmocka_run_group_tests_name("apparmor_patterns", tests, NULL, NULL);
}
