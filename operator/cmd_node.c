/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/paled_client.h"
#include "operator/commands.h"
#include "operator/connection.h"
#include "operator/node/node.h"
#include "operator/say.h"

#include <arpa/inet.h>
#include <string.h>

enum { OPT_KUBECONFIG, OPT_NODE_NAME, OPT_RUN, OPT_METRICS };

static const struct option_spec options[] = {
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",
		.help = "how to reach the API server; by default as the pod does" },
	[OPT_NODE_NAME] = { "node-name", 0, "NAME", .help = "of this node; by default $NODE_NAME" },
	[OPT_RUN] = { "run", 0, "DIR",
		.help = "where paled's sockets are; by default " PALED_RUN_DIR },
	[OPT_METRICS] = { "metrics", 0, "ADDRESS:PORT",
		.help = "serve /metrics, /healthz and /readyz here; by default nowhere" },
	OPTIONS_END,
};

/* "127.0.0.1:8080", "[::]:8080" */
static bool parse_address(const char *s, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	const char *colon = strrchr(s, ':');
	char host[INET6_ADDRSTRLEN + 2], *end;
	unsigned long port;
	size_t len;

	*ret = (struct sockaddr_storage){ 0 };
	if (!colon || (size_t)(colon - s) >= sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > UINT16_MAX)
		return false;
	len = (size_t)(colon - s);
	memcpy(host, s, len);
	host[len] = '\0';
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

static int follow(const struct node_options *node, const char *kubeconfig)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(connection_close) struct connection c;
	struct node *n;

	if (connection_open(&c, "node", kubeconfig, &err) < 0 ||
		node_new(c.client, node, &n, &err) < 0) {
		say_error("node", err);
		return STATUS_HOST;
	}
	sd_event_loop(c.loop);
	node_free(n);
	return STATUS_OK;
}

static int run(const struct invocation *in)
{
	const char *name = option_argument(in, OPT_NODE_NAME);
	const char *dir = option_argument(in, OPT_RUN);
	const char *metrics = option_argument(in, OPT_METRICS);
	const char *namespace = getenv("POD_NAMESPACE");
	struct sockaddr_storage address;

	if (!name)
		name = getenv("NODE_NAME");
	if (!name || !*name)
		return usage_error(in, "the node's name is not known: --node-name, or $NODE_NAME");
	if (metrics && !parse_address(metrics, &address))
		return usage_error(in,
			"--metrics must be an address and a port, 127.0.0.1:8080 or [::]:8080, not "
			"'%s'",
			metrics);
	return follow(&(struct node_options){ .name = name,
			      .run = dir ? dir : PALED_RUN_DIR,
			      .own_namespace = namespace && *namespace ? namespace : "pale-system",
			      .metrics = metrics ? &address : NULL },
		option_argument(in, OPT_KUBECONFIG));
}

const struct command cmd_node = {
	.name = "node",
	.summary = "bring policies to this node's paled",
	.usage = "[OPTION…]",
	.description =
		"Stands beside paled on a node, in group pale and not as root: brings it the "
		"PaleProfiles of the cluster, and tells the cluster what became of them, which "
		"containers run without the policy that is meant for them, and what was refused to "
		"whom, as Events of the pods.\n\n"
		"$POD_NAMESPACE names Pale's own namespace, pale-system where it is not set.",
	.example = "pale-operator node --node-name node1 --kubeconfig ~/.kube/config "
		   "--metrics 127.0.0.1:8080",
	.options = options,
	.run = run,
};
