/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const operations[] = { "read", "write", "append", "create", "connect", "listen",
	"capability", NULL };

static void suggests(const char *const *candidates, const char *word, const char *want)
{
	struct suggest s;
	const char *best;

	suggest_init(&s, word);
	for (; *candidates; candidates++)
		suggest_offer(&s, *candidates);
	best = suggest_best(&s);
	if (!want != !best || (want && strcmp(best, want) != 0))
		fail_msg(
			"'%s': %s, not %s", word, best ? best : "nothing", want ? want : "nothing");
}

static void the_nearest_is_suggested(void **state)
{
	(void)state;
	/* One of each kind of mistake, a transposition being one. */
	suggests(operations, "raed", "read");
	suggests(operations, "reed", "read");
	suggests(operations, "rea", "read");
	suggests(operations, "readd", "read");
	suggests(operations, "wrtie", "write");
	suggests(operations, "conect", "connect");
	suggests(operations, "cretae", "create");
	suggests(operations, "listn", "listen");
}

static void what_is_far_is_not(void **state)
{
	(void)state;
	suggests(operations, "xyzzy", NULL);
	suggests(operations, "r", NULL);
	suggests(operations, "", NULL);
	suggests(operations, "wxyz", NULL);
	/* A third of the letters, and one step below six of them. */
	suggests(operations, "coXXect", "connect");
	suggests(operations, "coXXXct", NULL);
	suggests(operations, "wXiXe", NULL);
}

static void the_first_among_equals_wins(void **state)
{
	static const char *const two[] = { "cat", "car", NULL }, *const other[] = { "car", "cat",
		NULL };

	(void)state;
	suggests(two, "cax", "cat");
	suggests(other, "cax", "car");
	/* But never against a nearer one, nor one that begins alike. */
	suggests(two, "car", "car");
	suggests((const char *[]){ "bat", "cat", NULL }, "cit", "cat");
	suggests((const char *[]){ "bat", "cab", NULL }, "cat", "cab");
}

static void long_words_are_left_alone(void **state)
{
	char longest[65], longer[66];
	const char *candidates[] = { longest, NULL };

	(void)state;
	memset(longest, 'a', 64);
	longest[64] = 0;
	memset(longer, 'a', 65);
	longer[65] = 0;
	suggests(candidates, longest, longest);
	suggests(candidates, longer, NULL);
	suggests((const char *[]){ longer, NULL }, longest, NULL);
	suggests((const char *[]){ NULL }, "word", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_is_suggested),
		cmocka_unit_test(what_is_far_is_not),
		cmocka_unit_test(the_first_among_equals_wins),
		cmocka_unit_test(long_words_are_left_alone),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
