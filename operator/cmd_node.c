/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "operator/commands.h"
#include "operator/connection.h"
#include "operator/say.h"

enum { OPT_KUBECONFIG };

static const struct option_spec options[] = {
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",
		.help = "how to reach the API server; by default as the pod does" },
	OPTIONS_END,
};

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(connection_close) struct connection c;

	if (connection_open(&c, "node", option_argument(in, OPT_KUBECONFIG), &err) < 0) {
		say_error("node", err);
		return STATUS_HOST;
	}
	sd_event_loop(c.loop);
	return STATUS_OK;
}

const struct command cmd_node = {
	.name = "node",
	.summary = "bring policies to this node's paled",
	.usage = "[OPTION…]",
	.description = "Stands beside paled on a node.",
	.example = "pale-operator node --kubeconfig ~/.kube/config",
	.options = options,
	.run = run,
};
