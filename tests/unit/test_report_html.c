/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report_html.h"

#include "compiler/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE "</title></style>--><x y='\" z=1"

static const char *const kinds[] = { "start", "exec", "exit", "connect", "violation", "policy",
	"gap", HOSTILE };

/* Each member that a page shows something of, whatever the kind has. */
static const char *const members[] = { "time", "object", "operation", "outcome", "file", "rule",
	"protocol", "reason", "error", "from", "until", "change", "profile", "mode", "digest" };
static const char *const names[] = { "id", "name", "image", "namespace", "pod" };

static json_t *hostile(const char *kind)
{
	json_t *e = json_pack("{s:s, s:{s:i, s:i, s:s, s:s, s:[s, s]}, s:{}, s:{}}", "kind", kind,
		"process", "host_pid", 7, "start_ns", 70, "executable", HOSTILE, "filename",
		HOSTILE, "arguments", HOSTILE, HOSTILE, "parent", "container");

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_object_set_new(e, members[i], json_string(HOSTILE));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(
			json_object_get(e, "container"), names[i], json_string(HOSTILE));
	return e;
}

static void nothing_shown_is_markup(void **state)
{
	_cleanup_(history_kept_release) struct history_kept kept = { 0 };
	_cleanup_free_ char *page = NULL;
	size_t len = 0, shown = 0;
	FILE *to = open_memstream(&page, &len);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		json_t *e = hostile(kinds[i]);

		history_keep(&kept, e);
		json_decref(e);
	}
	assert_int_equal(report_html(to, HOSTILE, &kept, NULL), 0);
	fclose(to);
	assert_null(strstr(page, "<x"));
	assert_null(strstr(page, "-->"));
	assert_null(strstr(page, "y='"));
	assert_null(strstr(page, "\" z=1"));
	for (const char *at = page; (at = strstr(at, "&lt;x y=&#39;&quot; z=1")); at++)
		shown++;
	/* In the title, the heading, eight terms and what is in tables and the tree. */
	assert_true(shown > 40);
	assert_non_null(strstr(page, "<title>Pale: &lt;/title&gt;"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_shown_is_markup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
