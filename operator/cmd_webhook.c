/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "operator/commands.h"
#include "operator/connection.h"
#include "operator/follow_cluster.h"
#include "operator/memory.h"
#include "operator/say.h"
#include "operator/webhook/certificate_files.h"
#include "operator/webhook/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#define NAME "webhook"

enum {
	OPT_KUBECONFIG,
	OPT_LISTEN,
	OPT_PORT,
	OPT_CERTIFICATES,
	OPT_NAMESPACE,
	OPT_RUNTIME_CLASS,
};

static const struct option_spec options[] = {
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",
		.help = "how to reach the API server; by default as the pod does" },
	[OPT_LISTEN] = { "listen", 0, "ADDRESS",
		.help = "an IPv4 or IPv6 address; by default all of the machine's" },
	[OPT_PORT] = { "port", 0, "PORT", .help = "by default 8443; 0 is any, which is told" },
	[OPT_CERTIFICATES] = { "certificates", 0, "DIR",
		.help = "tls.crt and tls.key; by default /etc/pale/webhook" },
	[OPT_NAMESPACE] = { "namespace", 0, "NAME",
		.help = "of Pale's own pods; by default $POD_NAMESPACE, or pale-system" },
	[OPT_RUNTIME_CLASS] = { "runtime-class", 0, "NAME",
		.help = "the one that calls pale-runtime; by default pale" },
	OPTIONS_END,
};

struct webhook {
	struct connection connection;
	struct cluster cluster;
	struct admission_config config;
	struct webhook_server *server;
	struct certificate_files *certificates;
	struct cluster_follower *follower;
};

static void webhook_close(struct webhook *w)
{
	certificate_files_free(w->certificates);
	webhook_server_free(w->server);
	cluster_follower_free(w->follower);
	cluster_release(&w->cluster);
	connection_close(&w->connection);
}

static const char *argument_or(const struct invocation *in, size_t option, const char *otherwise)
{
	const char *s = option_argument(in, option);

	return s ? s : otherwise;
}

/* 0 to 65535; -1: it is no port. */
static long read_port(const char *word)
{
	size_t len = strlen(word);

	if (!len || len > 5 || strspn(word, "0123456789") != len)
		return -1;
	return strtol(word, NULL, 10) <= 65535 ? strtol(word, NULL, 10) : -1;
}

static bool read_address(const char *word, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, word, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return inet_pton(AF_INET6, word, &six->sin6_addr) == 1;
}

static void tell(const struct pale_err *err)
{
	say_error(NAME, err);
}

static void print_metrics(void *ctx, struct text *t)
{
	const struct webhook *w = ctx;

	cluster_follower_print_metrics(w->follower, t);
}

/* @everywhere: :: stands for all addresses, and a machine may have none of IPv6. */
static int listen_on(
	struct webhook *w, struct sockaddr_storage *address, bool everywhere, struct pale_err **err)
{
	const uint16_t port = ntohs(((struct sockaddr_in6 *)address)->sin6_port);
	int r = webhook_server_new(w->connection.loop, (struct sockaddr *)address, &w->config,
		&w->cluster, &w->server, err);

	if (r != -EAFNOSUPPORT || !everywhere)
		return r;
	pale_err_free(TAKE_PTR(*err));
	read_address("0.0.0.0", port, address);
	return webhook_server_new(w->connection.loop, (struct sockaddr *)address, &w->config,
		&w->cluster, &w->server, err);
}

static int open_webhook(struct webhook *w, const struct invocation *in,
	struct sockaddr_storage *address, struct pale_err **err)
{
	const char *namespace = argument_or(in, OPT_NAMESPACE, getenv("POD_NAMESPACE"));
	int r = connection_open(&w->connection, NAME, option_argument(in, OPT_KUBECONFIG), err);

	if (r < 0)
		return r;
	/* Not the context's, of which "default" would be left alone. */
	w->config = (struct admission_config){
		.own_namespace = namespace && *namespace ? namespace : "pale-system",
		.runtime_class = argument_or(in, OPT_RUNTIME_CLASS, "pale"),
	};
	r = listen_on(w, address, !option_given(in, OPT_LISTEN), err);
	if (r < 0)
		return r;
	w->follower = cluster_follow(w->connection.client, &w->cluster, NAME);
	webhook_server_set_metrics(w->server, print_metrics, w);
	return certificate_files_follow(w->connection.loop,
		argument_or(in, OPT_CERTIFICATES, "/etc/pale/webhook"), w->server, tell,
		&w->certificates, err);
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(webhook_close) struct webhook w = { 0 };
	struct sockaddr_storage address;
	const char *listen = argument_or(in, OPT_LISTEN, "::");
	long port = read_port(argument_or(in, OPT_PORT, "8443"));

	cluster_init(&w.cluster);
	if (port < 0)
		return usage_error(
			in, "'%s' is no port from 0 to 65535", option_argument(in, OPT_PORT));
	if (!read_address(listen, (uint16_t)port, &address))
		return usage_error(in, "'%s' is no IPv4 or IPv6 address", listen);
	if (open_webhook(&w, in, &address, &err) < 0) {
		say_error(NAME, err);
		return STATUS_HOST;
	}
	say(NAME, "listening on port %u", webhook_server_port(w.server));
	sd_event_loop(w.connection.loop);
	return STATUS_OK;
}

const struct command cmd_webhook = {
	.name = NAME,
	.summary = "admit pods, and give them their policies",
	.usage = "[OPTION…]",
	.description =
		"Answers the API server's reviews of pods: which profile each container of a pod "
		"has, what the pod needs for it, and which pods may not run.\n\n"
		"Namespaces, PaleProfiles, PaleBindings and PaleRecordings are watched. Until all "
		"of them were listed, pods are refused; while the API server is away, what was "
		"known counts. The certificate is read again when its files change.\n\n"
		"POST /mutate and /validate take reviews; GET /healthz, /readyz and /metrics are "
		"served beside them.",
	.example = "pale-operator webhook --kubeconfig ~/.kube/config --certificates .",
	.options = options,
	.run = run,
};
