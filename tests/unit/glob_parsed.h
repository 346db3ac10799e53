/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_GLOB_PARSED_H
#define PALE_TESTS_GLOB_PARSED_H

/* Globs that have to parse, in an arena: the tests', from setup() to teardown(), or a test's own.
 */

#include "compiler/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static inline int setup(void **state)
{
	arena = arena_new();
	return 0;
}

static inline int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

static inline struct glob *glob_parsed(struct arena *a, const char *text, enum glob_kind kind)
{
	struct glob_error error = { 0 };
	struct glob *g = NULL;

	if (!glob_parse(a, text, strlen(text), kind, &g, &error))
		fail_msg("%s: %u: %s", text, error.offset, error.message);
	assert_string_equal(g->text, text);
	assert_int_equal(g->len, strlen(text));
	return g;
}

static inline struct glob *parse(const char *text, enum glob_kind kind)
{
	return glob_parsed(arena, text, kind);
}

#endif
