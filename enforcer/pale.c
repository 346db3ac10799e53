/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "enforcer/commands.h"

static const struct command *const commands[] = {
	&cmd_check,
	&cmd_build,
	&cmd_explain,
	&cmd_query,
	&cmd_doc,
	&cmd_diff,
	&cmd_test,
	&cmd_fmt,
	&cmd_import,
	&cmd_learn,
	&cmd_init,
	&cmd_lsp,
	&cmd_run,
	&cmd_status,
	&cmd_audit,
	&cmd_ps,
	&cmd_load,
	&cmd_unload,
	&cmd_update,
	&cmd_thaw,
	&cmd_except,
	&cmd_events,
	&cmd_watch,
	&cmd_report,
	&cmd_install_runtime,
	&cmd_uninstall_runtime,
	NULL,
};

static const struct operand_spec operands[] = { { "FILE", &argument_policy }, OPERANDS_END };

const struct program pale = {
	.name = "pale",
	.tagline = "a policy language for confining containers, and its compiler",
	.summary = "Compiles a policy file into what the kernel can enforce, runs programs under "
		   "it, and names the line of the policy that decided when something is refused.",
	.commands = commands,
	.section = 1,
	.see_also = "*pale*(5)",
	.operands = operands,
};
