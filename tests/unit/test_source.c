/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct source_set set;

static int start(void **state)
{
	(void)state;
	arena = arena_new();
	source_set_init(&set, arena);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct source *text(const char *bytes)
{
	return source_add(&set, "t.pale", bytes, strlen(bytes));
}

static void position_is(const struct source *s, uint32_t offset, uint32_t line, uint32_t column)
{
	uint32_t l, c;

	source_position(s, offset, &l, &c);
	if (l != line || c != column)
		fail_msg("offset %u: %u:%u, not %u:%u", offset, l, c, line, column);
}

static void line_is(const struct source *s, uint32_t line, const char *want)
{
	uint32_t len;
	const char *got = source_line(s, line, &len);

	if (len != strlen(want) || memcmp(got, want, len) != 0)
		fail_msg("line %u: '%.*s', not '%s'", line, (int)len, got, want);
}

static void positions_count_from_one_in_bytes(void **state)
{
	const struct source *s = text("ab\n\n\xc3\xa9x\n\ty");

	(void)state;
	position_is(s, 0, 1, 1);
	position_is(s, 1, 1, 2);
	/* A newline belongs to the line that it ends. */
	position_is(s, 2, 1, 3);
	position_is(s, 3, 2, 1);
	position_is(s, 4, 3, 1);
	position_is(s, 6, 3, 3);
	position_is(s, 8, 4, 1);
	position_is(s, 9, 4, 2);
	/* Just after the last byte, where what is missing is missed. */
	position_is(s, 10, 4, 3);
	line_is(s, 1, "ab");
	line_is(s, 2, "");
	line_is(s, 3, "\xc3\xa9x");
	line_is(s, 4, "\ty");
}

static void ends_of_files(void **state)
{
	const struct source *empty = text(""), *newline = text("a\n");

	(void)state;
	position_is(empty, 0, 1, 1);
	line_is(empty, 1, "");
	position_is(newline, 2, 2, 1);
	line_is(newline, 1, "a");
	line_is(newline, 2, "");
}

static void every_offset_of_a_long_file(void **state)
{
	char bytes[5000];
	uint32_t line = 1, column = 1;
	const struct source *s;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * i % 7 == 3 ? '\n' : 'x';
	s = source_add(&set, "t.pale", bytes, sizeof(bytes));
	for (uint32_t i = 0; i < sizeof(bytes); i++) {
		position_is(s, i, line, column);
		column++;
		if (bytes[i] == '\n') {
			line++;
			column = 1;
		}
	}
}

static void bytes_are_copied_and_may_be_nul(void **state)
{
	char bytes[] = { 'a', 0, '\n', 'b' };
	const struct source *s = source_add(&set, "t.pale", bytes, 4);

	(void)state;
	memset(bytes, 'z', 4);
	assert_int_equal(s->len, 4);
	assert_memory_equal(s->bytes, "a\0\nb\0", 5);
	position_is(s, 3, 2, 1);
}

static void an_artefact_names_no_folder(void **state)
{
	(void)state;
	assert_string_equal(source_add(&set, "/a/b/c.pale", "", 0)->portable_name, "c.pale");
	assert_string_equal(source_add(&set, "c.pale", "", 0)->portable_name, "c.pale");
	assert_string_equal(source_add(&set, "../c.pale", "", 0)->portable_name, "c.pale");
}

static void cannot_read(const char *path, int errnum)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct source *s = NULL;
	uint32_t n = set.n;

	assert_int_equal(source_read(&set, path, "shown", &s, &err), -errnum);
	assert_non_null(strstr(pale_err_text(err), "cannot read 'shown': "));
	assert_int_equal(set.n, n);
	assert_null(s);
}

static void what_cannot_be_read_adds_nothing(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct source *s;

	(void)state;
	cannot_read("/nowhere/at/all", ENOENT);
	cannot_read("/tmp", EISDIR);
	/* Would never end. */
	cannot_read("/dev/zero", EFBIG);
	assert_int_equal(source_read(&set, "/dev/null", "empty", &s, &err), 0);
	assert_int_equal(s->len, 0);
	assert_ptr_equal(set.v[s->id], s);
}

static void joined_spans_cover_both(void **state)
{
	struct span a = { 3, 10, 5 }, b = { 3, 2, 3 }, inside = { 3, 11, 1 };

	(void)state;
	assert_int_equal(span_join(a, b).source, 3);
	assert_int_equal(span_join(a, b).offset, 2);
	assert_int_equal(span_join(a, b).len, 13);
	assert_int_equal(span_join(b, a).offset, 2);
	assert_int_equal(span_join(b, a).len, 13);
	assert_int_equal(span_join(a, inside).offset, 10);
	assert_int_equal(span_join(a, inside).len, 5);
}

static void a_lines_text_is_made_once(void **state)
{
	struct arena *mine = arena_new();
	struct source_set own;
	struct source *s;

	source_set_init(&own, mine);
	s = source_add(&own, "t", "one\n\nthree", 10);
	assert_string_equal(source_line_text(s, mine, 1), "one");
	assert_string_equal(source_line_text(s, mine, 2), "");
	assert_string_equal(source_line_text(s, mine, 3), "three");
	assert_ptr_equal(source_line_text(s, mine, 3), source_line_text(s, mine, 3));
	arena_free(mine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(positions_count_from_one_in_bytes, start, stop),
		cmocka_unit_test_setup_teardown(ends_of_files, start, stop),
		cmocka_unit_test(a_lines_text_is_made_once),
		cmocka_unit_test_setup_teardown(every_offset_of_a_long_file, start, stop),
		cmocka_unit_test_setup_teardown(bytes_are_copied_and_may_be_nul, start, stop),
		cmocka_unit_test_setup_teardown(an_artefact_names_no_folder, start, stop),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_adds_nothing, start, stop),
		cmocka_unit_test_setup_teardown(joined_spans_cover_both, start, stop),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
