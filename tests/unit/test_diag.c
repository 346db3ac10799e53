/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct source_set set;
static struct diag_list list;

static int start(void **state)
{
	(void)state;
	arena = arena_new();
	source_set_init(&set, arena);
	diag_list_init(&list, &set);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* A place: the first @word in @s. */
static struct span at(const struct source *s, const char *word)
{
	const char *found = strstr(s->bytes, word);

	assert_non_null(found);
	return (struct span){ s->id, (uint32_t)(found - s->bytes), (uint32_t)strlen(word) };
}

static const struct source *text(const char *bytes)
{
	return source_add(&set, "t.pale", bytes, strlen(bytes));
}

static void prints(bool colour, const char *want)
{
	_cleanup_free_ char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	assert_non_null(f);
	diag_print(&list, f, colour);
	fclose(f);
	assert_string_equal(got, want);
	assert_int_equal(len, strlen(want));
}

static void a_word_is_marked_with_notes_and_hint(void **state)
{
	const struct source *s = text("profile web {\n    allow raed /x\n    allow read /x\n}\n");
	struct diag *d = diag_error(&list, at(s, "raed"), "unknown operation '%s'", "raed");

	(void)state;
	diag_note(&list, d, at(s, "read /x"), "used like %s", "this");
	diag_note_unplaced(&list, d, "in profile 'web'");
	diag_hint(&list, d, "did you mean 'read'?");
	prints(false, "t.pale:2:11: error: unknown operation 'raed'\n"
		      "    2 |     allow raed /x\n"
		      "      |           ^~~~\n"
		      "t.pale:3:11: note: used like this\n"
		      "    3 |     allow read /x\n"
		      "      |           ^~~~~~~\n"
		      "  note: in profile 'web'\n"
		      "  hint: did you mean 'read'?\n");
}

static void colours_surround_the_severity_and_the_caret(void **state)
{
	const struct source *s = text("a bc d\n");

	(void)state;
	diag_warning(&list, at(s, "bc"), "w");
	diag_error_unplaced(&list, "e");
	diag_sort(&list);
	prints(true, "\033[1;31merror:\033[0m e\n"
		     "t.pale:1:3: \033[1;35mwarning:\033[0m w\n"
		     "    1 | a bc d\n"
		     "      |   \033[1;35m^~\033[0m\n");
	assert_int_equal(list.n_errors, 1);
}

static void carets_stand_under_their_word_whatever_a_tab_is(void **state)
{
	const struct source *s = text("\tallow\tgr\xc3\xbcn \xe2\x82\xac raed\r\n");

	(void)state;
	diag_error(&list, at(s, "raed"), "x");
	/* Columns count bytes, the caret characters. */
	prints(false, "t.pale:1:18: error: x\n"
		      "    1 | \tallow\tgr\xc3\xbcn \xe2\x82\xac raed\n"
		      "      | \t     \t       ^~~~\n");
}

static void marks_of_characters_and_of_nothing(void **state)
{
	const struct source *s = text("gr\xc3\xbcn\nend");

	(void)state;
	diag_error(&list, at(s, "r\xc3\xbcn"), "a");
	diag_error(&list, (struct span){ s->id, 7, 0 }, "b");
	/* One that goes on beyond its line ends with it. */
	diag_error(&list, (struct span){ s->id, 2, 100 }, "c");
	/* After the last byte. */
	diag_error(&list, (struct span){ s->id, s->len, 0 }, "d");
	diag_sort(&list);
	prints(false, "t.pale:1:2: error: a\n"
		      "    1 | gr\xc3\xbcn\n"
		      "      |  ^~~\n"
		      "t.pale:1:3: error: c\n"
		      "    1 | gr\xc3\xbcn\n"
		      "      |   ^~\n"
		      "t.pale:2:2: error: b\n"
		      "    2 | end\n"
		      "      |  ^\n"
		      "t.pale:2:4: error: d\n"
		      "    2 | end\n"
		      "      |    ^\n");
}

static void hostile_bytes_drive_no_terminal(void **state)
{
	const char bytes[] = "a\033[31m\0\x7f\xff\xc2\x9b word\n";
	const struct source *s = source_add(&set, "\033[2Jt.pale", bytes, sizeof(bytes) - 1);
	struct diag *d =
		diag_error(&list, (struct span){ s->id, 12, 4 }, "no '%s'", "\033[31m\xff");

	(void)state;
	diag_hint(&list, d, "not '\a'");
	diag_note_unplaced(&list, d, "nor '\r'");
	prints(false, "\\x1b[2Jt.pale:1:13: error: no '\\x1b[31m\\xff'\n"
		      "    1 | a?[31m????? word\n"
		      "      |             ^~~~\n"
		      "  note: nor '\\x0d'\n"
		      "  hint: not '\\x07'\n");
}

/* A line that fills no screen: what is around the word. */
static void long_lines_are_cut_around_the_word(void **state)
{
	char line[100000], want[1000], dots[161], blanks[161];
	const struct source *s;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line + 50000, "WORD", 4);
	memset(dots, 'x', sizeof(dots) - 1);
	memset(blanks, ' ', sizeof(blanks));
	dots[160] = blanks[160] = 0;
	s = source_add(&set, "t.pale", line, sizeof(line));
	diag_error(&list, (struct span){ s->id, 50000, 4 }, "far");
	diag_error(&list, (struct span){ s->id, 0, 4 }, "first");
	diag_error(&list, (struct span){ s->id, 99999, 1 }, "last");
	diag_sort(&list);
	snprintf(want, sizeof(want),
		"t.pale:1:1: error: first\n"
		"    1 | %.160s\n"
		"      | ^~~~\n"
		"t.pale:1:50001: error: far\n"
		"    1 | %.79sWORD%.77s\n"
		"      | %.79s^~~~\n"
		"t.pale:1:100000: error: last\n"
		"    1 | %.80s\n"
		"      | %.79s^\n",
		dots, dots, dots, blanks, dots, blanks);
	prints(false, want);
}

static void what_is_said_twice_is_said_once(void **state)
{
	const struct source *s = text("a b\n"), *other = text("a b\n");
	struct diag *d = diag_error(&list, at(s, "b"), "x");

	(void)state;
	assert_ptr_equal(diag_error(&list, at(s, "b"), "x"), d);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.n_errors, 1);
	assert_ptr_not_equal(diag_error(&list, at(s, "b"), "y"), d);
	assert_ptr_not_equal(diag_error(&list, at(s, "a"), "x"), d);
	assert_ptr_not_equal(diag_error(&list, at(other, "b"), "x"), d);
	assert_int_equal(list.n, 4);
	diag_note(&list, d, at(s, "a"), "n");
	diag_note(&list, d, at(s, "a"), "n");
	assert_int_equal(d->n_notes, 1);
	diag_note(&list, d, at(other, "a"), "n");
	diag_note_unplaced(&list, d, "n");
	diag_note_unplaced(&list, d, "n");
	assert_int_equal(d->n_notes, 3);
}

static void beyond_the_most_they_are_counted(void **state)
{
	_cleanup_free_ char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	(void)state;
	for (int i = 0; i < DIAG_MAX + 7; i++)
		diag_hint(&list, diag_error_unplaced(&list, "%d", i), "still there");
	assert_int_equal(list.n, DIAG_MAX);
	assert_int_equal(list.n_dropped, 7);
	assert_int_equal(list.n_errors, DIAG_MAX + 7);
	diag_print(&list, f, false);
	fclose(f);
	assert_string_equal(got + len - strlen("and 7 more\n"), "and 7 more\n");
}

static void order_is_that_of_reading(void **state)
{
	const struct source *first = text("a b\n"), *second = text("a b\n");
	const char *const want[] = { "none", "1a", "1b", "1b too", "2a" };

	(void)state;
	diag_error(&list, at(second, "a"), "2a");
	diag_error(&list, at(first, "b"), "1b");
	diag_error_unplaced(&list, "none");
	diag_error(&list, at(first, "b"), "1b too");
	diag_error(&list, at(first, "a"), "1a");
	diag_sort(&list);
	for (int i = 0; i < 5; i++)
		assert_string_equal(list.v[i]->text, want[i]);
}

static void json_has_every_field(void **state)
{
	const struct source *s = text("a\n\tb cd\n");
	struct diag *d = diag_error(&list, at(s, "cd"), "bad '%s'", "\xff");
	json_t *all, *first, *want;

	(void)state;
	diag_note(&list, d, at(s, "a"), "near");
	diag_note_unplaced(&list, d, "anywhere");
	diag_hint(&list, d, "better");
	diag_warning(&list, at(s, "b"), "w");
	all = diag_json(&list);
	first = json_array_get(all, 0);
	want = json_pack(
		"{s:s, s:s, s:i, s:i, s:i, s:s, s:[{s:s, s:i, s:i, s:i, s:s}, {s:s}], s:s}",
		"severity", "error", "file", "t.pale", "line", 2, "column", 4, "length", 2,
		"message", "bad '\\xff'", "notes", "file", "t.pale", "line", 1, "column", 1,
		"length", 1, "message", "near", "message", "anywhere", "hint", "better");
	assert_non_null(want);
	assert_true(json_equal(first, want));
	assert_int_equal(json_array_size(all), 2);
	assert_null(json_object_get(json_array_get(all, 1), "hint"));
	json_decref(want);
	json_decref(all);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_word_is_marked_with_notes_and_hint),
		TEST(colours_surround_the_severity_and_the_caret),
		TEST(carets_stand_under_their_word_whatever_a_tab_is),
		TEST(marks_of_characters_and_of_nothing),
		TEST(hostile_bytes_drive_no_terminal),
		TEST(long_lines_are_cut_around_the_word),
		TEST(what_is_said_twice_is_said_once),
		TEST(beyond_the_most_they_are_counted),
		TEST(order_is_that_of_reading),
		TEST(json_has_every_field),
	};

	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
