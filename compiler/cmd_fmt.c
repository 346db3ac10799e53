/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/file_set.h"
#include "compiler/fmt.h"

#include <errno.h>
#include <string.h>

enum { OPT_CHECK, OPT_WRITE };

static const struct option_spec options[] = {
	[OPT_CHECK] = { "check", .help = "print the names of the files that would change, and "
					 "exit with 1 if there are any" },
	[OPT_WRITE] = { "write", 'w', .help = "write the files in place" },
	OPTIONS_END,
};

static bool is_stdin(const char *path)
{
	return !strcmp(path, "-");
}

/* In one step, so that no reader sees half a file. A symbolic link stays one. */
static int write_in_place(const char *path, const struct text *t, struct pale_err **err)
{
	_cleanup_(file_set_release) struct file_set files = FILE_SET_INIT;
	_cleanup_free_ char *real = realpath(path, NULL);
	char *name;
	int r;

	if (!real)
		return pale_err_set(err, errno, "cannot write '%s'", path);
	name = strrchr(real, '/');
	*name++ = 0;
	r = file_set_open(&files, *real ? real : "/", err);
	if (r >= 0)
		r = file_set_replace(&files, name, text_str(t), t->len, err);
	return r < 0 ? r : file_set_commit(&files, err);
}

static void print_name(const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, path, strlen(path));
	printf("%s\n", text_str(&t));
}

static int fmt_file(const struct invocation *in, const char *path)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;
	struct source *s;
	bool same;
	int r;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	if (is_stdin(path))
		r = source_read_fd(&sources, STDIN_FILENO, "standard input", &s, &err);
	else
		r = source_read(&sources, path, path, &s, &err);
	if (r < 0) {
		input_failure(in, err);
		return STATUS_POLICY;
	}
	if (!fmt_policy(s, &diags, &made)) {
		diag_sort(&diags);
		diag_print(&diags, stderr, colour_wanted(stderr));
		return STATUS_POLICY;
	}
	same = made.len == s->len && !memcmp(text_str(&made), s->bytes, s->len);
	if (option_given(in, OPT_CHECK)) {
		if (!same)
			print_name(path);
		return same ? STATUS_OK : STATUS_POLICY;
	}
	if (!option_given(in, OPT_WRITE)) {
		fwrite(text_str(&made), 1, made.len, stdout);
	} else if (!same && write_in_place(path, &made, &err) < 0) {
		input_failure(in, err);
		return STATUS_POLICY;
	}
	return STATUS_OK;
}

static int fmt(const struct invocation *in)
{
	bool check = option_given(in, OPT_CHECK), write = option_given(in, OPT_WRITE);
	int status = STATUS_OK;

	if (check && write)
		return usage_error(in, "--check writes nothing; --write does");
	if (!check && !write && in->n_operands > 1)
		return usage_error(in, "several files need --write or --check");
	for (size_t i = 0; i < in->n_operands; i++) {
		if (write && is_stdin(in->operands[i]))
			return usage_error(in, "standard input cannot be written in place");
	}
	for (size_t i = 0; i < in->n_operands; i++) {
		if (fmt_file(in, in->operands[i]) != STATUS_OK)
			status = STATUS_POLICY;
	}
	return status;
}

const struct command cmd_fmt = {
	.name = "fmt",
	.summary = "lay a policy file out as all are",
	.usage = "[-w|--check] FILE…",
	.description =
		"Prints the file with its words and comments as they are, and indentation, blanks, "
		"blank lines and long lines as the reference of the language has them under "
		"\"Layout\". FILE may be '-', for standard input. What the file uses need not be "
		"there, but the file must be one without syntax errors.\n\n"
		"What was formatted is parsed and compared with the file before it is printed or "
		"written.\n\n"
		"Exits with 1, and changes nothing, where a file has errors.",
	.example = "pale fmt -w web.pale\n"
		   "pale fmt --check profiles/*/*.pale",
	.options = options,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = fmt,
};
