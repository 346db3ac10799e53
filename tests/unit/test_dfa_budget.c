/* SPDX-License-Identifier: Apache-2.0 */
/* What is too large for an automaton, and whom that is told of. */
#include "compiler/base/text.h"
#include "tests/unit/dfa_build.h"

#include "random.h"

static uint32_t by_tags(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	uint32_t hash = n;

	for (uint32_t i = 0; i < n; i++)
		hash = hash * 31 + tags[i];
	return hash;
}

static void add_innocents(struct dfa_builder *b, uint32_t first_tag)
{
	static const char *const forms[] = { "/srv/app%u/**", "/srv/app%u/*/cache/**/*.json",
		"/usr/lib/**/libfoo%u*.so*", "/etc/{a,b}%u/*.conf", "/**/exact%u" };

	static const char everywhere[] = "?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**?**";

	for (uint32_t i = 0; i < 100; i++)
		dfa_add(b, parse(arena_printf(arena, forms[i % 5], i), GLOB_PATH), first_tag + i);
	/* In many places at once, but in the same ones always. */
	dfa_add(b, parse(arena_printf(arena, "/**%s%s%%", everywhere, everywhere), GLOB_PATH),
		first_tag + 100);
}

static void the_costly_glob_is_named(void **state)
{
	static const char *const costly[] = {
		"/**/*a??????????????????????????",
		"/**a{b,c,}{b,c,}?{b,c,}?{b,c,}?{b,c,}?{b,c,}?{b,c,}?{b,c,}?{b,c,}????????????",
		"/var/**/*[!b]?????????????????????????",
	};

	for (size_t i = 0; i < sizeof(costly) / sizeof(*costly); i++) {
		struct dfa_builder *b = dfa_builder_new(arena);
		struct dfa_over_budget over = { 0 };
		struct dfa *d = NULL;

		dfa_entry(b);
		add_innocents(b, 1000);
		dfa_entry(b);
		add_innocents(b, 0);
		dfa_add(b, parse(costly[i], GLOB_PATH), 500);
		add_innocents(b, 2000);
		assert_false(dfa_build(b, by_tags, NULL, &d, &over));
		assert_null(d);
		assert_int_equal(over.limit, DFA_OVER_WORK);
		assert_int_equal(over.tag, 500);
		assert_int_equal(over.entry, 1);
		assert_string_equal(over.glob->text, costly[i]);
		assert_false(over.crowd);
	}
}

static void one_of_many_costly_globs_is_named(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	struct dfa_over_budget over = { 0 };
	struct dfa *d;

	random_seed(20240917);
	dfa_entry(b);
	add_innocents(b, 0);
	for (uint32_t i = 0; i < 30; i++) {
		char letters[27] = "abcdefghijklmnopqrstuvwxyz";
		struct text t = TEXT_INIT;

		text_puts(&t, "/**/*");
		for (uint32_t k = 25; k > 0; k--) {
			uint32_t other = random_below(k + 1);
			char c = letters[k];

			letters[k] = letters[other];
			letters[other] = c;
		}
		for (uint32_t k = 0; k < 26; k++)
			text_printf(&t, "%c*", letters[k]);
		dfa_add(b, parse(text_str(&t), GLOB_PATH), 500 + i);
		text_release(&t);
	}
	assert_false(dfa_build(b, by_tags, NULL, &d, &over));
	assert_in_range(over.tag, 500, 529);
	assert_false(over.crowd);
}

static void crowds_are_told_apart(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	struct dfa_over_budget over = { 0 };
	struct dfa *d;

	dfa_entry(b);
	for (uint32_t i = 0; i < 100000; i++)
		dfa_add(b, parse(arena_printf(arena, "/data/%x/f%05x", i % 256, i), GLOB_PATH), i);
	assert_false(dfa_build(b, by_tags, NULL, &d, &over));
	assert_true(over.crowd);
	assert_non_null(over.glob);
}

static void what_is_left_may_be_too_much(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	struct dfa_over_budget over = { 0 };
	struct dfa *d;

	dfa_entry(b);
	for (uint32_t i = 0; i < 40000; i++)
		dfa_add(b, parse(arena_printf(arena, "/data/file%05u", i), GLOB_PATH), i);
	assert_true(dfa_build(b, by_tags, NULL, &d, &over));
	for (int c = 0; c < 256; c++) {
		char deep[2] = { (char)c, (char)c };

		dfa_add(b, glob_literal(arena, deep, 2), 50000 + (uint32_t)c);
	}
	assert_false(dfa_build(b, by_tags, NULL, &d, &over));
	assert_int_equal(over.limit, DFA_OVER_TABLE);
	assert_true(over.states > 40000 && over.crowd);
	for (uint32_t i = 0; i < 40000; i++)
		dfa_add(b, parse(arena_printf(arena, "/srv/%05u", i), GLOB_PATH), 100000 + i);
	assert_false(dfa_build(b, by_tags, NULL, &d, &over));
	assert_int_equal(over.limit, DFA_OVER_STATES);
	assert_true(over.states > 80000 && over.crowd);

	b = dfa_builder_new(arena);
	for (uint32_t i = 0; i <= DFA_BUDGET_STATES; i++)
		dfa_entry(b);
	assert_false(dfa_build(b, by_tags, NULL, &d, &over));
	assert_int_equal(over.limit, DFA_OVER_WORK);
	assert_string_equal(over.glob->text, "");
	assert_true(over.crowd);
}

static void many_literals_fit(void **state)
{
	struct dfa_builder *b = dfa_builder_new(arena);
	struct dfa *d;
	char path[32];

	dfa_entry(b);
	for (uint32_t i = 0; i < 100000; i++) {
		snprintf(path, sizeof(path), "/data/file%05u", i);
		dfa_add(b, glob_literal(arena, path, strlen(path)), i % 7);
	}
	d = must_build(b);
	for (uint32_t i = 0; i < 100000; i += 11) {
		snprintf(path, sizeof(path), "/data/file%05u", i);
		assert_int_equal(dfa_run(d, 0, path, strlen(path)), 1U << i % 7);
		path[5] = 'x';
		assert_int_equal(dfa_run(d, 0, path, strlen(path)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_costly_glob_is_named),
		cmocka_unit_test(one_of_many_costly_globs_is_named),
		cmocka_unit_test(crowds_are_told_apart),
		cmocka_unit_test(what_is_left_may_be_too_much),
		cmocka_unit_test(many_literals_fit),
	};

	return cmocka_run_group_tests_name("dfa_budget", tests, setup, teardown);
}
