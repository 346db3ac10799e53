/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"

enum { OPT_RUN };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	OPTIONS_END,
};

static int thaw_one(const struct invocation *in, struct paled *p, const char *container)
{
	json_t *arguments = json_pack("{s:s}", "container", container), *answer = NULL;
	int status;

	if (!arguments)
		return usage_error(in, "'%s' is no container's name", container);
	status = daemon_command_call(in, p, "thaw", arguments, &answer);
	json_decref(arguments);
	if (status == STATUS_OK)
		printf("%s: thawed\n", daemon_command_text(answer, "id"));
	json_decref(answer);
	return status;
}

static int thaw(const struct invocation *in)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	int status = daemon_command_connect(in, OPT_RUN, "control", &p);

	for (size_t i = 0; i < in->n_operands && status == STATUS_OK; i++)
		status = thaw_one(in, p, in->operands[i]);
	return status;
}

static const struct operand_spec operands[] = { { "CONTAINER", &argument_free }, OPERANDS_END };

const struct command cmd_thaw = {
	.name = "thaw",
	.summary = "let a container go on that a response has frozen",
	.usage = "[--run DIR] CONTAINER…",
	.description = "A response of paled.conf may freeze a container's cgroup: its processes "
		       "stay as they are and do nothing, so that they can be looked at. This lets "
		       "them go on. CONTAINER is an id, the beginning of one, or a name. What was "
		       "frozen by others, as by an engine's pause, is theirs to thaw.",
	.example = "pale thaw web-7f",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = thaw,
};
