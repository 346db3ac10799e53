/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "operator/commands.h"
#include "operator/connection.h"
#include "operator/manager/manager.h"
#include "operator/say.h"

#include <errno.h>

#define PORT 8080

enum { OPT_KUBECONFIG, OPT_NAMESPACE, OPT_PORT };

static const struct option_spec options[] = {
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",
		.help = "how to reach the API server; by default as the pod does" },
	[OPT_NAMESPACE] = { "namespace", 0, "NAME",
		.help = "where Pale is: of the lease, and of the webhook's Secret and Service; "
			"$POD_NAMESPACE by default, or the kubeconfig's" },
	[OPT_PORT] = { "port", 0, "PORT",
		.help = "of /metrics, /healthz and /readyz; 8080 by default" },
	OPTIONS_END,
};

static const char *namespace_of(const struct invocation *in, const struct connection *c)
{
	const char *s = option_argument(in, OPT_NAMESPACE);

	if (!s)
		s = getenv("POD_NAMESPACE");
	return s && *s ? s : c->config.namespace;
}

static bool read_port(const char *s, uint16_t *ret)
{
	char *end;
	unsigned long n;

	if (!s) {
		*ret = PORT;
		return true;
	}
	errno = 0;
	n = strtoul(s, &end, 10);
	*ret = (uint16_t)n;
	return *s >= '0' && *s <= '9' && !*end && !errno && n && n <= UINT16_MAX;
}

static int follow(
	const struct invocation *in, struct connection *c, uint16_t port, struct pale_err **err)
{
	const struct manager_options o = { .namespace = namespace_of(in, c), .port = port };
	struct manager *m;
	int r;

	if (!o.namespace) {
		pale_err_plain(err, EINVAL, "it is not known which namespace Pale is in");
		pale_err_hint(err, "say so with --namespace, or set POD_NAMESPACE");
		return -EINVAL;
	}
	r = manager_new(c, &o, &m, err);
	if (r < 0)
		return r;
	r = sd_event_loop(c->loop);
	manager_free(m);
	return r < 0 ? pale_err_set(err, -r, "the event loop") : 0;
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(connection_close) struct connection c;
	uint16_t port;
	bool right = read_port(option_argument(in, OPT_PORT), &port);
	int r;

	c = (struct connection){ 0 };
	if (!right)
		return usage_error(in, "--port %s: a port is a number from 1 to 65535",
			option_argument(in, OPT_PORT));
	r = connection_open(&c, "controller", option_argument(in, OPT_KUBECONFIG), &err);
	if (r == 0)
		r = follow(in, &c, port, &err);
	if (r == 0)
		return STATUS_OK;
	say_error("controller", err);
	return STATUS_HOST;
}

const struct command cmd_controller = {
	.name = "controller",
	.summary = "compile policies and roll them out",
	.usage = "[OPTION…]",
	.description =
		"Compiles PaleProfiles, says in their status what comes of them, rolls them out in "
		"stages and keeps those that are used; makes PaleProfiles of what PaleRecordings "
		"recorded; and renews the certificates of the webhook.\n\n"
		"Of several that run one does so, the one that holds the lease pale-controller.",
	.example = "pale-operator controller --kubeconfig ~/.kube/config --namespace pale-system",
	.options = options,
	.run = run,
};
