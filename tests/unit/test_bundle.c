/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/sha256.h"
#include "compiler/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void digests_are_those_of_the_standard(void **state)
{
	/* FIPS 180-4's own examples, and a length that needs two blocks of padding. */
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char hex[65];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sha256_hex(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

static struct text sample(void)
{
	struct bundle b = { 0 };
	struct text t = TEXT_INIT;

	bundle_add(&b, "policy.json", "{}", 2);
	bundle_add(&b, "empty", "", 0);
	bundle_add(&b, "lsm", "\0\1\2\3", 4);
	bundle_write(&b, &t);
	return t;
}

static void what_was_written_is_read(void **state)
{
	struct text t = sample();
	struct pale_err *err = NULL;
	struct bundle b;

	assert_int_equal(bundle_read(t.s, t.len, &b, &err), 0);
	assert_int_equal(b.n, 3);
	assert_int_equal(bundle_find(&b, "lsm")->len, 4);
	assert_memory_equal(bundle_find(&b, "lsm")->bytes, "\0\1\2\3", 4);
	assert_int_equal(bundle_find(&b, "empty")->len, 0);
	assert_null(bundle_find(&b, "apparmor"));
	text_release(&t);
}

static void every_flipped_bit_is_seen(void **state)
{
	struct text t = sample();

	for (size_t i = 0; i < t.len * 8; i++) {
		struct pale_err *err = NULL;
		struct bundle b;

		t.s[i / 8] = (char)(t.s[i / 8] ^ 1 << i % 8);
		assert_true(bundle_read(t.s, t.len, &b, &err) < 0);
		assert_non_null(err);
		pale_err_free(err);
		t.s[i / 8] = (char)(t.s[i / 8] ^ 1 << i % 8);
	}
	text_release(&t);
}

static void every_cut_is_seen(void **state)
{
	struct text t = sample();

	for (size_t len = 0; len < t.len; len++) {
		struct pale_err *err = NULL;
		struct bundle b;

		assert_true(bundle_read(t.s, len, &b, &err) < 0);
		pale_err_free(err);
	}
	text_putc(&t, 0);
	struct pale_err *err = NULL;
	struct bundle b;

	assert_true(bundle_read(t.s, t.len, &b, &err) < 0);
	assert_non_null(strstr(pale_err_text(err), "bytes after its end"));
	pale_err_free(err);
	text_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_flipped_bit_is_seen),
		cmocka_unit_test(every_cut_is_seen),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
