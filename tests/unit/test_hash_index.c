/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/hash_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool same(const void *ctx, uint32_t value)
{
	return *(const uint32_t *)ctx == value;
}

static uint32_t find(const struct hash_index *index, uint64_t hash, uint32_t value)
{
	return hash_index_find(index, hash, same, &value);
}

/* All under their own hash, all under one, and as they come. */
static const uint32_t spreads[] = { 1, 100000, 7 };

static void what_was_added_is_found(void **state)
{
	struct arena *a = arena_new();

	for (size_t k = 0; k < sizeof(spreads) / sizeof(*spreads); k++) {
		struct hash_index index;

		hash_index_init(&index, a);
		assert_int_equal(find(&index, 0, 0), HASH_INDEX_NONE);
		for (int round = 0; round < 3; round++) {
			for (uint32_t i = 0; i < 1000; i++) {
				assert_int_equal(find(&index, i / spreads[k], i), HASH_INDEX_NONE);
				hash_index_add(&index, i / spreads[k], i);
			}
			for (uint32_t i = 0; i < 1000; i++) {
				assert_int_equal(find(&index, i / spreads[k], i), i);
				assert_int_equal(
					find(&index, i / spreads[k] + 1001, i), HASH_INDEX_NONE);
			}
			hash_index_reset(&index, round == 0 ? 3 : 5000);
			assert_int_equal(find(&index, 0, 0), HASH_INDEX_NONE);
		}
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_was_added_is_found) };

	return cmocka_run_group_tests_name("hash_index", tests, NULL, NULL);
}
