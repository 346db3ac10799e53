/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/init_policy.h"
#include "compiler/policy_text.h"

#include <string.h>
#include <unistd.h>

enum { OPT_INCLUDE, OPT_OUTPUT, OPT_PROFILE };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_OUTPUT] = { "output", 'o', "FILE",
		.help = "write the policy there; a file that is there already stays as it is",
		.kind = &argument_policy },
	[OPT_PROFILE] = { "profile", 0, "NAME",
		.help = "the profile's name; without it named by the program" },
	OPTIONS_END,
};

static const struct operand_spec operands[] = { { "FILE", &argument_file }, OPERANDS_END };

static int make(const struct invocation *in, const struct source *s, struct diag_list *diags,
	struct text *to)
{
	struct compile_options compile = { 0 };
	_cleanup_free_ const char **dirs = input_include_dirs(in, OPT_INCLUDE, &compile);
	const struct init_options o = { .profile = option_argument(in, OPT_PROFILE),
		.include_dirs = compile.include_dirs,
		.n_include_dirs = compile.n_include_dirs };
	struct dockerfile d;
	bool ok = dockerfile_read(s, diags, &d) && init_policy(&d, &o, diags, to);

	diag_sort(diags);
	diag_print(diags, stderr, colour_wanted(stderr));
	return ok ? STATUS_OK : STATUS_POLICY;
}

static int init(const struct invocation *in)
{
	const char *output = option_argument(in, OPT_OUTPUT);
	const char *profile = option_argument(in, OPT_PROFILE);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;
	struct source *s;
	int status;

	if (profile && !policy_text_is_name(profile))
		return usage_error(in, "'%s' cannot name a profile", profile);
	if (output && access(output, F_OK) == 0)
		return usage_error(in, "%s is there already", output);
	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	if (source_read(&sources, in->operands[0], in->operands[0], &s, &err) < 0) {
		input_failure(in, err);
		return STATUS_POLICY;
	}
	status = make(in, s, &diags, &made);
	if (status != STATUS_OK)
		return status;
	return output_text(in, output, &made);
}

const struct command cmd_init = {
	.name = "init",
	.summary = "make a policy to start from, of a Dockerfile",
	.usage = "[OPTION…] FILE",
	.description =
		"Reads a Dockerfile and prints a policy for the image of its last stage: its "
		"program from ENTRYPOINT and CMD, the ports of EXPOSE, the folders of VOLUME, "
		"WORKDIR and COPY, and what the library knows of the program and of the packages "
		"that are installed. What a Dockerfile cannot say stands in comments.\n\n"
		"It is for who cannot run the image yet. What `pale learn` makes of runs is "
		"tighter, and knows what the program connects to and writes.\n\n"
		"Exits with 1, and writes nothing, when the Dockerfile is wrong.",
	.example = "pale init Dockerfile -o web.pale\n"
		   "pale init --profile shop docker/Dockerfile.prod",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = 1,
	.run = init,
};
