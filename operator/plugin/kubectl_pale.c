/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/commands.h"

static const struct command *const commands[] = {
	&plugin_status,
	&plugin_events,
	&plugin_explain,
	&plugin_audit,
	NULL,
};

static const struct operand_spec operands[] = { OPERANDS_END };

const struct program kubectl_pale = {
	.name = "kubectl-pale",
	.tagline = "what Pale does in a Kubernetes cluster",
	.summary = "A plugin of kubectl, which runs it as 'kubectl pale': which policies there are "
		   "and where they are in force, what they refused, why a pod has the one that it "
		   "has, and what the cluster's containers could do without. It reads from the API "
		   "server and writes nothing.",
	.commands = commands,
	.operands = operands,
	.section = 1,
	.see_also = "*kubectl*(1), *pale-operator*(8), *pale*(5)",
};
