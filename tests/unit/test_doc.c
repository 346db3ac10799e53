/* SPDX-License-Identifier: Apache-2.0 */
/* What a document says beside its rules' sentences, as JSON has it. */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static json_t *document(struct compilation *c, const char *file)
{
	static const struct compile_options none;

	compile_bytes(c, "test.pale", file, strlen(file), &none);
	if (c->diags.n_errors) {
		diag_print(&c->diags, stderr, false);
		fail_msg("%s", file);
	}
	return doc_json(c->policies[0], 0);
}

/* The section of the @profile-th; NULL: it has none. */
static const json_t *section(const json_t *doc, size_t profile, const char *title)
{
	const json_t *of = json_array_get(json_object_get(doc, "profiles"), profile), *s;
	size_t i;

	json_array_foreach (json_object_get(of, "sections"), i, s) {
		if (!strcmp(json_string_value(json_object_get(s, "title")), title))
			return json_object_get(s, "sentences");
	}
	return NULL;
}

static void says(const json_t *sentences, size_t i, const char *want)
{
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(sentences, i), "sentence")), want);
}

static void limits_are_said_of_the_whole_tree_alone(void **state)
{
	struct compilation c;
	json_t *doc =
		document(&c, "profile p { limit { processes 9 }\nprocess { allow exec /a as x }\n"
			     "profile x { file { allow read /b } } }\n");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(doc, "profiles")), 2);
	says(section(doc, 0, "Limits"), 0, "may have at most 9 processes and threads");
	assert_null(section(doc, 1, "Limits"));
	assert_non_null(section(doc, 1, "Files"));
	json_decref(doc);
	compilation_release(&c);
}

static void programs_are_read_too(void **state)
{
	struct compilation c;
	json_t *doc = document(&c, "profile p { process { allow exec /a } }\n"
				   "profile q { process { deny exec /a } }\n"),
	       *q;
	const json_t *files = section(doc, 0, "Files");

	(void)state;
	assert_int_equal(json_array_size(files), 2);
	says(files, 0, "may read the programs that it may execute, shipped by the image or not");
	says(files, 1, "may not open or change any other file");
	q = doc_json(c.policies[1], 0);
	files = section(q, 0, "Files");
	assert_int_equal(json_array_size(files), 1);
	says(files, 0, "may not open or change any file");
	json_decref(q);
	json_decref(doc);
	compilation_release(&c);
}

static void what_is_audited_is_not_refused(void **state)
{
	struct compilation c;
	json_t *doc = document(&c, "profile p { mode audit\n}\n");

	(void)state;
	says(section(doc, 0, "Files"), 0, "would not be allowed to open or change any file");
	says(section(doc, 0, "Capabilities"), 0, "would not be allowed to use any");
	json_decref(doc);
	compilation_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_said_of_the_whole_tree_alone),
		cmocka_unit_test(programs_are_read_too),
		cmocka_unit_test(what_is_audited_is_not_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
