/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/connection.h"

#include "compiler/base/cleanup.h"
#include "compiler/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	struct connection *c = ctx;

	(void)info;
	if (!c->end)
		return sd_event_exit(sd_event_source_get_event(source), 0);
	TAKE_PTR(c->end)(c->end_ctx);
	return 0;
}

static int make_loop(struct connection *c)
{
	static const int ends[] = { SIGTERM, SIGINT };
	sigset_t set;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	r = sd_event_default(&c->loop);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends) && r >= 0; i++)
		r = sd_event_add_signal(c->loop, NULL, ends[i], on_signal, c);
	return r < 0 ? r : 0;
}

int connection_open(
	struct connection *c, const char *command, const char *kubeconfig, struct pale_err **err)
{
	char agent[64];
	int r;

	*c = (struct connection){ 0 };
	r = make_loop(c);
	if (r < 0)
		return pale_err_set(err, -r, "make an event loop");
	r = kube_config_find(kubeconfig, &c->config, err);
	if (r < 0)
		return r;
	snprintf(agent, sizeof(agent), "pale-operator/%s (%s)", PALE_VERSION, command);
	return kube_client_new(c->loop, &c->config, agent, &c->client, err);
}

void connection_close(struct connection *c)
{
	kube_client_free(c->client);
	kube_config_release(&c->config);
	sd_event_unref(c->loop);
}

void connection_on_end(struct connection *c, void (*end)(void *ctx), void *ctx)
{
	c->end = end;
	c->end_ctx = ctx;
}
