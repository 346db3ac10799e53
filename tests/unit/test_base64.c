/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/base64.h"

#include "compiler/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const void *bytes, size_t len, const char *expected)
{
	_cleanup_free_ char *s = base64_encode(bytes, len);

	assert_string_equal(s, expected);
}

/* RFC 4648, section 10. */
static void vectors_of_the_standard(void **state)
{
	static const char *const coded[] = { "", "Zg==", "Zm8=", "Zm9v",
		"Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };

	for (size_t i = 0; i < sizeof(coded) / sizeof(*coded); i++)
		expect("foobar", i, coded[i]);
}

static void every_digit(void **state)
{
	/* 0, 1 … 63 in six bits each. */
	static const uint8_t bytes[] = { 0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30,
		0xd3, 0x8f, 0x41, 0x14, 0x93, 0x51, 0x55, 0x97, 0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f,
		0x82, 0x18, 0xa3, 0x92, 0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf, 0xc3, 0x1c,
		0xb3, 0xd3, 0x5d, 0xb7, 0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf };

	expect(bytes, sizeof(bytes),
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	expect("\0\0", 2, "AAA=");
	expect("\xff\xff\xff\xff", 4, "/////w==");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_standard),
		cmocka_unit_test(every_digit),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
