/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/glob_parsed.h"

static void errors_stand_at_their_byte(void **state)
{
	static const struct {
		const char *text;
		uint32_t offset, len;
		const char *message;
	} cases[] = {
		{ "", 0, 0, "an empty glob" },
		{ "a/b", 0, 1, "a path begins with '/'" },
		{ "{/a,/b}", 0, 1, "a path begins with '/'" },
		{ "/a[bc", 2, 1, "unclosed '['" },
		{ "/a[b\\]", 2, 1, "unclosed '['" },
		{ "/a[b-", 2, 1, "unclosed '['" },
		{ "/a{b,c", 2, 1, "unclosed '{'" },
		{ "/a{b,{c}", 2, 1, "unclosed '{'" },
		{ "/a{b,{c", 5, 1, "unclosed '{'" },
		{ "/a{", 2, 1, "unclosed '{'" },
		{ "/a}b", 2, 1, "'}' without '{'" },
		{ "/a]b", 2, 1, "']' without '['" },
		{ "/a{b]}", 4, 1, "']' without '['" },
		{ "/a{}", 2, 2, "'{}' without alternatives" },
		{ "/a[]", 2, 2, "an empty class" },
		{ "/a[]b]", 2, 2, "an empty class" },
		{ "/a[!]", 2, 3, "an empty class" },
		{ "/[z-a]", 2, 3, "a range that runs backwards" },
		{ "/[a\\x7a-\\x61]", 3, 9, "a range that runs backwards" },
		{ "/[a/b]", 3, 1, "'/' in a class: no class matches it" },
		{ "/[.-/]", 4, 1, "'/' in a class: no class matches it" },
		{ "/[\\x2f]", 2, 4, "'/' in a class: no class matches it" },
		{ "/[^a]", 2, 1, "'^' in front of a class" },
		{ "/[!^a]", 3, 1, "'^' in front of a class" },
		{ "/[[:alpha:]]", 2, 1, "'[' in a class" },
		{ "/[a-c-e]", 5, 1, "'-' beside a range" },
		{ "/[ab-]]", 6, 1, "']' without '['" },
		{ "/[+--]", 4, 1, "'-' beside a range" },
		{ "/[a\xc3\xa9]", 3, 2,
			"a character of several bytes in a class, which matches one byte" },
		{ "/[\xff]", 2, 1,
			"a character of several bytes in a class, which matches one byte" },
		{ "/[!\\x01-\\xff]", 1, 12, "a class that matches nothing" },
		{ "/a\\", 2, 1, "'\\' at the end" },
		{ "/a\\b", 2, 2, "'\\' before an ordinary character" },
		{ "/a\\-", 2, 2, "'\\' before an ordinary character" },
		{ "/[\\a]", 2, 2, "'\\' before an ordinary character" },
		{ "/\\x4", 1, 2, "'\\x' needs two hexadecimal digits" },
		{ "/\\x4g", 1, 2, "'\\x' needs two hexadecimal digits" },
		{ "/\\x", 1, 2, "'\\x' needs two hexadecimal digits" },
		{ "/\\x00", 1, 4, "no path has a NUL byte" },
		{ "/$a", 1, 1, "a bare '$'" },
		{ "/a\"", 2, 1, "a bare '\"'" },
		{ "//", 1, 1, "'//' in a path" },
		{ "/a//b", 3, 1, "'//' in a path" },
		{ "/a/\\x2fb", 3, 1, "'//' in a path" },
		{ "/a/**//b", 6, 1, "'//' in a path" },
		{ "/a/{/b,c}", 4, 1, "'//' in a path" },
		{ "/a/{b,}/c", 7, 1, "'//' in a path" },
		{ "/a{/,b/}/", 8, 1, "'//' in a path" },
		{ "/.", 1, 1, "the component '.' in a path" },
		{ "/./a", 1, 1, "the component '.' in a path" },
		{ "/a/../b", 3, 1, "the component '..' in a path" },
		{ "/a/..", 3, 1, "the component '..' in a path" },
		{ "/[.]/b", 1, 1, "the component '.' in a path" },
		{ "/{.,a}/b", 2, 1, "the component '.' in a path" },
		{ "/.{.,a}/b", 1, 1, "the component '..' in a path" },
		{ "/.{,a}", 1, 1, "the component '.' in a path" },
		{ "/{a,{b,c/..}}", 9, 1, "the component '..' in a path" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct glob_error error = { 0 };
		struct glob *g = NULL;

		if (glob_parse(arena, cases[i].text, strlen(cases[i].text), GLOB_PATH, &g, &error))
			fail_msg("%s: parsed", cases[i].text);
		assert_null(g);
		if (strcmp(error.message, cases[i].message) != 0 ||
			error.offset != cases[i].offset || error.len != cases[i].len)
			fail_msg("%s: %u+%u %s", cases[i].text, error.offset, error.len,
				error.message);
	}
}

static void limits(void **state)
{
	char text[GLOB_BYTES_MAX + 1];
	struct glob_error error = { 0 };
	struct glob *g;

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	assert_true(glob_parse(arena, text, GLOB_BYTES_MAX, GLOB_PATH, &g, &error));
	assert_false(glob_parse(arena, text, GLOB_BYTES_MAX + 1, GLOB_PATH, &g, &error));
	assert_string_equal(error.message, "a glob of more than 4096 bytes");

	memset(text + 1, '{', GLOB_NESTING_MAX);
	memset(text + 2 + GLOB_NESTING_MAX, '}', GLOB_NESTING_MAX);
	assert_true(glob_parse(arena, text, 2 * GLOB_NESTING_MAX + 2, GLOB_PATH, &g, &error));
	text[1 + GLOB_NESTING_MAX] = '{';
	assert_false(glob_parse(arena, text, sizeof(text), GLOB_PATH, &g, &error) ||
		     glob_parse(arena, text, GLOB_BYTES_MAX, GLOB_PATH, &g, &error));
	assert_string_equal(error.message, "'{' nested more than 64 deep");
	assert_int_equal(error.offset, 1 + GLOB_NESTING_MAX);

	assert_false(glob_parse(arena, "/a\0b", 4, GLOB_PATH, &g, &error));
	assert_string_equal(error.message, "NUL byte in a glob");
	assert_int_equal(error.offset, 2);
	assert_false(glob_parse(arena, "/[a\0b]", 6, GLOB_PATH, &g, &error));
	assert_int_equal(error.offset, 3);
}

static void what_is_no_error(void **state)
{
	static const char *const paths[] = { "/", "/a/", "/...", "/.a", "/..a/b", "/a.", "/.*",
		"/{a,}", "/{,}", "/{a}", "/a,b", "/[-a]", "/[a-]", "/[!-]", "/[\\]a]", "/[a\\-c]",
		"/[\\^a]", "/[a^]", "/[\\!a]", "/[a!]", "/[*?{},$]", "/[!a-c]", "/\\*\\?\\[\\]",
		"/\\{\\}\\,\\$\\\\\\\"", "/\\x20\\xff\\x0a", "/\xc3\xa9", "/\xff", "/a b#;", "/***",
		"/a{/,}", "/a/{b/,c/}d", "/.{a,b}/c", "/{.a,..b}", "/[.-0]" };
	static const char *const names[] = { "a", "*", "**", "//", "/../.", "a\\x00b", "{a,b}" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		parse(paths[i], GLOB_PATH);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		parse(names[i], GLOB_NAME);
}

static void prefixes(void **state)
{
	static const struct {
		const char *text, *prefix;
		bool literal;
	} cases[] = {
		{ "/", "/", true },
		{ "/etc/web.conf", "/etc/web.conf", true },
		{ "/a\\*b\\x41[c]\\\\", "/a*bAc\\", true },
		{ "/etc/web/**", "/etc/web/", false },
		{ "/etc/web*", "/etc/web", false },
		{ "/etc/{a,b}", "/etc/", false },
		{ "/e?", "/e", false },
		{ "/e[ab]c", "/e", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct glob *g = parse(cases[i].text, GLOB_PATH);

		assert_string_equal(g->prefix, cases[i].prefix);
		assert_int_equal(g->prefix_len, strlen(cases[i].prefix));
		assert_int_equal(g->literal, cases[i].literal);
	}
}

static void directories(void **state)
{
	static const struct {
		const char *text;
		bool yes;
	} cases[] = {
		{ "/", true },
		{ "/a/", true },
		{ "/a", false },
		{ "/a/**/", true },
		{ "/a/**", false },
		{ "/a/*", false },
		{ "/a/{b/,c/}", true },
		{ "/a/{b/,c}", false },
		{ "/a/{,b/}", true },
		{ "/a{,b/}", false },
		{ "/{a,b}/", true },
		{ "/a/{b/,{c/,{d/,}}}", true },
		{ "/a/?", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (glob_names_directories(parse(cases[i].text, GLOB_PATH)) != cases[i].yes)
			fail_msg("%s", cases[i].text);
}

static void literals_escape_themselves(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ "/a b", 4, "/a b" },
		{ "/*?[]{},$\\\"", 11, "/\\*\\?\\[\\]\\{\\}\\,\\$\\\\\\\"" },
		{ "/\n\x1b[0m\x7f", 7, "/\\x0a\\x1b\\[0m\\x7f" },
		{ "/\xc3\xa9\xff", 4, "/\xc3\xa9\\xff" },
		{ "a\0b", 3, "a\\x00b" },
		{ "", 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct glob *g = glob_literal(arena, cases[i].bytes, cases[i].len);

		assert_string_equal(g->text, cases[i].text);
		assert_int_equal(g->len, strlen(cases[i].text));
		if (cases[i].len)
			g = parse(cases[i].text, GLOB_NAME);
		assert_true(g->literal);
		assert_int_equal(g->prefix_len, cases[i].len);
		assert_memory_equal(g->prefix, cases[i].bytes, cases[i].len);
	}
	for (int b = 0; b < 256; b++) {
		const char byte = (char)b;
		struct glob *g = parse(glob_literal(arena, &byte, 1)->text, GLOB_NAME);

		assert_true(g->literal && g->prefix_len == 1 && g->prefix[0] == byte);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_stand_at_their_byte),
		cmocka_unit_test(limits),
		cmocka_unit_test(what_is_no_error),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(directories),
		cmocka_unit_test(literals_escape_themselves),
	};

	return cmocka_run_group_tests_name("glob", tests, setup, teardown);
}
