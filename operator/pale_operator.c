/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/commands.h"

static const struct command *const commands[] = {
	&cmd_webhook,
	&cmd_controller,
	&cmd_node,
	NULL,
};

static const struct operand_spec operands[] = { OPERANDS_END };

const struct program pale_operator = {
	.name = "pale-operator",
	.tagline = "annotated pods of a Kubernetes cluster run under their policies",
	.summary = "The part of Pale that speaks Kubernetes: a webhook that admits pods, a "
		   "controller for the policies, and on each node what stands beside paled.",
	.commands = commands,
	.operands = operands,
	.section = 8,
	.see_also = "*kubectl-pale*(1), *paled*(8), *pale-runtime*(8)",
};
