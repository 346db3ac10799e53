/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range-action NAME attack|twin [ARGUMENT]...: one action of the range, see action.h.
 * As another program: hold, which waits; ran, which says so; fetch, which downloads; show FILE.
 */
#include "tests/attacks/range/action.h"

int read_own(char **args)
{
	return show_file(DATA "/hello");
}

int write_own(char **args)
{
	return write_file(DATA "/log", O_CREAT, "one line\n");
}

int main(int argc, char **argv)
{
	static const struct action *const tables[] = { escape_actions, kernel_actions,
		program_actions, task_actions, file_actions, network_actions, resource_actions };

	if (argc == 2 && !strcmp(argv[1], "hold")) {
		sleep(30);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "ran")) {
		say("ran");
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "fetch"))
		return greet("203.0.113.10", 80);
	if (argc == 3 && !strcmp(argv[1], "show"))
		return show_file(argv[2]);
	for (size_t i = 0; argc > 2 && i < sizeof(tables) / sizeof(*tables); i++) {
		for (const struct action *a = tables[i]; a->name; a++) {
			if (strcmp(a->name, argv[1]))
				continue;
			/* Else what confines it has failed, not refused. */
			say("begun");
			return (strcmp(argv[2], "twin") ? a->attack : a->twin)(argv + 3);
		}
	}
	fprintf(stderr, "range-action: no such action\n");
	return 255;
}
