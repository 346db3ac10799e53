/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/lsp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPT_INCLUDE, OPT_STDIO };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_STDIO] = { "stdio", .help = "what it does anyway; some editors add it" },
	OPTIONS_END,
};

static ssize_t read_input(void *ctx, void *bytes, size_t n)
{
	return read(STDIN_FILENO, bytes, n);
}

static bool input_ready(void *ctx)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static bool write_output(void *ctx, const void *bytes, size_t n)
{
	const char *s = bytes;

	while (n) {
		ssize_t written = write(STDOUT_FILENO, s, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		s += written;
		n -= (size_t)written;
	}
	return true;
}

static int lsp(const struct invocation *in)
{
	static const struct lsp_stream stream = { read_input, input_ready, write_output, NULL };
	struct compile_options compile = { 0 };
	const char **dirs = input_include_dirs(in, OPT_INCLUDE, &compile);
	bool proper;

	/* An editor that is gone is no reason to die in the middle of an answer. */
	signal(SIGPIPE, SIG_IGN);
	proper = lsp_serve(&stream, &compile);
	free(dirs);
	return proper ? STATUS_OK : STATUS_POLICY;
}

const struct command cmd_lsp = {
	.name = "lsp",
	.summary = "tell an editor what a policy means while it is written",
	.usage = "[OPTION…]",
	.description =
		"A language server: speaks the Language Server Protocol 3.17 on stdin and stdout. "
		"An editor starts it; it says what is wrong as 'pale check' does, explains what a "
		"word or a rule means, offers words, finds declarations and lists them. "
		"grammar/editors has what Vim and Visual Studio Code need beside it.\n\n"
		"Exits with 0 after 'shutdown' and 'exit', with 1 when the editor goes without "
		"them.",
	.example = "vim.lsp.start({ name = 'pale', cmd = { 'pale', 'lsp' } })  -- Neovim",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.run = lsp,
};
