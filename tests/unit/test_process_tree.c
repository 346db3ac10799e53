/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/process_tree.h"

#include "compiler/base/cleanup.h"
#include "enforcer/event_text.h"
#include "enforcer/html_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static json_t *entries;

static int setup(void **state)
{
	entries = json_array();
	return 0;
}

static int teardown(void **state)
{
	json_decref(entries);
	return 0;
}

/* At second @time; parent 0: of none. */
static json_t *add(struct process_tree *t, const char *kind, int time, int pid, int start,
	int parent, int parent_start)
{
	json_t *e = json_pack("{s:s, s:o, s:{s:i, s:i}, s:{s:i, s:i}}", "kind", kind, "time",
		json_sprintf("2026-01-01T00:00:%02d.000000000Z", time), "process", "host_pid", pid,
		"start_ns", start, "parent", "host_pid", parent, "start_ns", parent_start);

	json_array_append_new(entries, e);
	process_tree_add(t, e);
	return e;
}

static json_t *add_violation(struct process_tree *t, int time, int pid)
{
	json_t *e = json_pack("{s:s, s:o, s:{s:i}}", "kind", "violation", "time",
		json_sprintf("2026-01-01T00:00:%02d.500000000Z", time), "process", "host_pid", pid);

	json_array_append_new(entries, e);
	process_tree_add(t, e);
	return e;
}

/* "1@0 2@1 …": numbers and depths. */
static void expect(const struct process_tree *t, const char *expected)
{
	_cleanup_(text_release) struct text s = TEXT_INIT;

	for (const struct tree_process *p = NULL; (p = process_tree_next(t, p));)
		text_printf(&s, "%s%d@%u", s.len ? " " : "", (int)p->host_pid, p->depth);
	assert_string_equal(text_str(&s), expected);
}

static void children_stand_behind_their_parents(void **state)
{
	_cleanup_(process_tree_freep) struct process_tree *t = process_tree_new();

	/* An exec may be read before the start, and a parent's entry after its child's. */
	add(t, "exec", 1, 10, 100, 9, 90);
	add(t, "exec", 2, 12, 120, 11, 110);
	add(t, "start", 3, 11, 110, 10, 100);
	add(t, "start", 3, 12, 120, 11, 110);
	add(t, "start", 4, 13, 130, 10, 100);
	add(t, "exec", 5, 20, 200, 19, 190);
	add(t, "exit", 6, 12, 120, 11, 110);
	process_tree_link(t);
	expect(t, "10@0 11@1 12@2 13@1 20@0");
	assert_non_null(process_tree_find(t, 12, 120)->exit);
	assert_null(process_tree_find(t, 12, 121));
}

static void a_number_that_is_used_again_is_another_process(void **state)
{
	_cleanup_(process_tree_freep) struct process_tree *t = process_tree_new();
	const json_t *early, *late, *between;

	add(t, "start", 10, 7, 100, 1, 1);
	add(t, "exit", 20, 7, 100, 1, 1);
	add(t, "start", 30, 7, 300, 1, 1);
	early = add_violation(t, 12, 7);
	between = add_violation(t, 25, 7);
	late = add_violation(t, 31, 7);
	process_tree_link(t);
	expect(t, "7@0 7@0");
	assert_int_equal(process_tree_find(t, 7, 100)->n_acts, 2);
	assert_ptr_equal(process_tree_find(t, 7, 100)->acts[0], early);
	assert_ptr_equal(process_tree_find(t, 7, 100)->acts[1], between);
	assert_int_equal(process_tree_find(t, 7, 300)->n_acts, 1);
	assert_ptr_equal(process_tree_find(t, 7, 300)->acts[0], late);
}

/* None is left out, and none is another's. */
static void violations_of_unknown_processes_have_their_own(void **state)
{
	_cleanup_(process_tree_freep) struct process_tree *t = process_tree_new();
	const json_t *early;

	early = add_violation(t, 5, 7);
	add(t, "start", 10, 7, 100, 1, 1);
	add_violation(t, 11, 7);
	add_violation(t, 4, 8);
	add_violation(t, 6, 8);
	/* It was there before. */
	add(t, "exec", 12, 9, 90, 1, 1);
	add_violation(t, 5, 9);
	process_tree_link(t);
	expect(t, "8@0 7@0 7@0 9@0");
	assert_int_equal(process_tree_find(t, 7, 100)->n_acts, 1);
	assert_int_equal(process_tree_find(t, 7, 0)->n_acts, 1);
	assert_ptr_equal(process_tree_find(t, 7, 0)->acts[0], early);
	assert_int_equal(process_tree_find(t, 8, 0)->n_acts, 2);
	assert_int_equal(process_tree_find(t, 9, 90)->n_acts, 2);
}

static void acts_are_in_order_of_time(void **state)
{
	_cleanup_(process_tree_freep) struct process_tree *t = process_tree_new();
	const struct tree_process *p;

	for (int i = 0; i < 50; i++)
		add(t, i % 2 ? "connect" : "exec", i, 7, 100, 1, 1);
	add_violation(t, 3, 7);
	process_tree_link(t);
	p = process_tree_find(t, 7, 100);
	assert_int_equal(p->n_acts, 51);
	for (size_t i = 1; i < p->n_acts; i++)
		assert_true(strcmp(json_string_value(json_object_get(p->acts[i - 1], "time")),
				    json_string_value(json_object_get(p->acts[i], "time"))) <= 0);
	assert_string_equal(json_string_value(json_object_get(p->exec, "time")),
		"2026-01-01T00:00:48.000000000Z");
}

/* Each the child of the one before; and one that says it is its own parent is not shown for ever.
 */
static void depth_is_no_matter(void **state)
{
	_cleanup_(process_tree_freep) struct process_tree *t = process_tree_new();
	size_t n = 0;

	for (int i = 1; i <= 100000; i++)
		add(t, "start", 1, i, i, i - 1, i - 1);
	add(t, "start", 1, 500000, 5, 500000, 5);
	process_tree_link(t);
	for (const struct tree_process *p = NULL; (p = process_tree_next(t, p)); n++)
		assert_int_equal(p->depth, n);
	assert_int_equal(n, 100000);
}

static void commands_are_quoted(void **state)
{
	static const struct {
		const char *arguments, *shown;
	} commands[] = {
		{ "[\"ls\", \"-l\", \"/tmp\"]", "ls -l /tmp" },
		{ "[\"sh\", \"-c\", \"a b\"]", "sh -c 'a b'" },
		{ "[\"\", \"it's\", \"''\"]", "'' 'it'\\''s' ''\\'''\\'''" },
		{ "[\"a\\nb\", \"\\u001b[2J\", \"ä\"]", "'a\\x0ab' '\\x1b[2J' 'ä'" },
		{ "[\"$(x)\", \"`x`\", \"*\"]", "'$(x)' '`x`' '*'" },
		{ "[]", "/bin/x" },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		json_t *e = json_pack("{s:{s:o, s:s}}", "process", "arguments",
			json_loads(commands[i].arguments, 0, NULL), "filename", "/bin/x");

		event_text_command(&t, e);
		json_decref(e);
		assert_string_equal(text_str(&t), commands[i].shown);
	}
}

static void html_is_text(void **state)
{
	static const struct {
		const char *text, *html;
	} texts[] = {
		{ "", "" },
		{ "a b", "a b" },
		{ "<script>x&y</script>", "&lt;script&gt;x&amp;y&lt;/script&gt;" },
		{ "\" onload='x'", "&quot; onload=&#39;x&#39;" },
		{ "a\033[2J\nb", "a\\x1b[2J\\x0ab" },
		{ "ä€", "ä€" },
		{ "\xff<", "\\xff&lt;" },
		{ "a\xe2\x80\xae"
		  "gpj.exe",
			"a\\u{202e}gpj.exe" },
		{ "\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c", "\\u{2066}\\u{2069}\\u{61c}" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		html_puts(&t, texts[i].text);
		assert_string_equal(text_str(&t), texts[i].html);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(children_stand_behind_their_parents),
		TEST(a_number_that_is_used_again_is_another_process),
		TEST(violations_of_unknown_processes_have_their_own),
		TEST(acts_are_in_order_of_time),
		TEST(depth_is_no_matter),
		TEST(commands_are_quoted),
		TEST(html_is_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
