/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/docs.h"

#include "docs/completions.h"
#include "docs/manual_page.h"

#include <string.h>

static const struct {
	const char *shell;
	void (*print)(const struct program *program, FILE *to);
} completions[] = {
	{ "bash", complete_bash },
	{ "zsh", complete_zsh },
	{ "fish", complete_fish },
};

static bool print_completion(const struct program *program, const char *shell)
{
	for (size_t i = 0; i < sizeof(completions) / sizeof(*completions); i++) {
		if (!strcmp(completions[i].shell, shell)) {
			completions[i].print(program, stdout);
			return true;
		}
	}
	return false;
}

static bool print_page(const struct program *program, const char *page)
{
	size_t len = strlen(program->name);
	const struct command *command;

	if (!strcmp(page, program->name)) {
		manual_page_program(program, stdout);
		return true;
	}
	if (strncmp(page, program->name, len) != 0 || page[len] != '-')
		return false;
	command = program_command(program, page + len + 1);
	if (command)
		manual_page_command(program, command, stdout);
	return command;
}

static bool print(const struct program *program, int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "name")) {
		puts(program->name);
		return true;
	}
	if (argc == 2 && !strcmp(argv[1], "pages")) {
		printf("%s.%d\n", program->name, program->section);
		for (const struct command *const *c = program->commands; *c; c++)
			printf("%s-%s.%d\n", program->name, (*c)->name, program->section);
		return true;
	}
	if (argc == 3 && !strcmp(argv[1], "man"))
		return print_page(program, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "complete"))
		return print_completion(program, argv[2]);
	return false;
}

int docs_main(const struct program *program, int argc, char **argv)
{
	if (!print(program, argc, argv)) {
		fprintf(stderr, "usage: %s name | pages | man PAGE | complete bash|zsh|fish\n",
			argv[0]);
		return STATUS_USAGE;
	}
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror(argv[0]);
		return STATUS_POLICY;
	}
	return STATUS_OK;
}
