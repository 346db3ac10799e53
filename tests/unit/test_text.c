/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_text_grows_by_every_means(void **state)
{
	struct text t = TEXT_INIT;
	char *taken;

	(void)state;
	assert_string_equal(text_str(&t), "");
	text_puts(&t, "a");
	text_putc(&t, 'b');
	text_add(&t, "c\0d", 3);
	text_printf(&t, "%d", 42);
	assert_int_equal(t.len, 7);
	assert_memory_equal(text_str(&t), "abc\0d42\0", 8);
	text_clear(&t);
	assert_int_equal(t.len, 0);
	assert_string_equal(text_str(&t), "");
	text_printf(&t, "%50000d", 1);
	assert_int_equal(t.len, 50000);
	taken = text_take(&t);
	assert_int_equal(strlen(taken), 50000);
	assert_int_equal(t.len, 0);
	assert_string_equal(text_str(&t), "");
	free(taken);
	taken = text_take(&t);
	assert_string_equal(taken, "");
	free(taken);
	text_release(&t);
}

static void numbers_are_little_endian(void **state)
{
	struct text t = TEXT_INIT;

	(void)state;
	text_u16(&t, 0x0102);
	text_u32(&t, 0x03040506);
	text_u64(&t, 0x0708090a0b0c0d0e);
	assert_int_equal(t.len, 14);
	assert_memory_equal(
		text_str(&t), "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 14);
	text_release(&t);
}

static void sequences_are_those_of_unicode(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, is;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 1, 1 },
		{ "\0", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xbf", 1, 0 },
		{ "\xc0\x80", 2, 0 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xc2", 1, 0 },
		{ "\xc2\x7f", 2, 0 },
		{ "\xc2\xc0", 2, 0 },
		{ "\xdf\xbf", 2, 2 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xe0\xa0", 2, 0 },
		{ "\xe2\x82\xac", 3, 3 },
		{ "\xed\x9f\xbf", 3, 3 },
		/* the surrogates */
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xed\xbf\xbf", 3, 0 },
		{ "\xee\x80\x80", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf0\x90\x80", 3, 0 },
		{ "\xf0\x90\x80\x7f", 4, 0 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		/* above U+10FFFF */
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff", 1, 0 },
		/* what follows does not matter */
		{ "\xc3\xa9\xff", 3, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = utf8_sequence((const unsigned char *)cases[i].bytes, cases[i].len);

		if (n != cases[i].is)
			fail_msg("case %zu: %zu, not %zu", i, n, cases[i].is);
	}
}

static void escaped_is(const char *bytes, size_t len, const char *want)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, bytes, len);
	assert_string_equal(text_str(&t), want);
	assert_int_equal(t.len, strlen(want));
}

static void what_drives_a_terminal_is_escaped(void **state)
{
	(void)state;
	escaped_is("", 0, "");
	escaped_is("a \"b\" 'c' \\", 11, "a \"b\" 'c' \\");
	escaped_is("gr\xc3\xbcn", 5, "gr\xc3\xbcn");
	escaped_is("\xf0\x9f\x90\xa7", 4, "\xf0\x9f\x90\xa7");
	escaped_is("\033[31m", 5, "\\x1b[31m");
	escaped_is("a\nb\tc\rd\x7f", 8, "a\\x0ab\\x09c\\x0dd\\x7f");
	escaped_is("a\0b", 3, "a\\x00b");
	/* CSI as one character: both of its bytes. */
	escaped_is("\xc2\x9b"
		   "31m",
		5, "\\xc2\\x9b31m");
	escaped_is("\xc2\xa0", 2, "\xc2\xa0");
	/* Half a character at the end does not reach beyond it. */
	escaped_is("a\xe2\x82\xac", 3, "a\\xe2\\x82");
	escaped_is("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	escaped_is("\xff\xfe", 2, "\\xff\\xfe");
	/* What turns the direction, and its neighbours. */
	escaped_is("\u200d\u200e\u200f\u2010", 12, "\u200d\\u{200e}\\u{200f}\u2010");
	escaped_is("\u2029\u202a\u202e\u202f", 12, "\u2029\\u{202a}\\u{202e}\u202f");
	escaped_is("\u2065\u2066\u2069\u206a", 12, "\u2065\\u{2066}\\u{2069}\u206a");
	escaped_is("\u061b\u061c\u061d", 6, "\u061b\\u{61c}\u061d");
}

static void whatever_the_bytes_what_is_escaped_is_clean(void **state)
{
	char bytes[3];

	(void)state;
	for (unsigned int i = 0; i < 256 * 256; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		bytes[0] = (char)(i >> 8);
		bytes[1] = (char)i;
		bytes[2] = 'x';
		text_escaped(&t, bytes, 3);
		for (size_t at = 0, n; at < t.len; at += n) {
			const unsigned char *s = (const unsigned char *)t.s + at;

			n = utf8_sequence(s, t.len - at);
			assert_true(n > 0 && *s >= 0x20 && *s != 0x7f);
			assert_false(n == 2 && s[0] == 0xc2 && s[1] < 0xa0);
		}
		assert_int_equal(t.s[t.len - 1], 'x');
	}
}

static void json_of_any_bytes(void **state)
{
	json_t *plain = json_text("gr\xc3\xbcn\n"), *escaped = json_text("a\xff\n");

	(void)state;
	assert_string_equal(json_string_value(plain), "gr\xc3\xbcn\n");
	assert_string_equal(json_string_value(escaped), "a\\xff\\x0a");
	json_decref(plain);
	json_decref(escaped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_grows_by_every_means),
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(sequences_are_those_of_unicode),
		cmocka_unit_test(what_drives_a_terminal_is_escaped),
		cmocka_unit_test(whatever_the_bytes_what_is_escaped_is_clean),
		cmocka_unit_test(json_of_any_bytes),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
