/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "operator/kube/kube_watch.h"
#include "operator/memory.h"
#include "operator/plugin/api.h"
#include "operator/plugin/commands.h"
#include "operator/plugin/event_line.h"

#include <errno.h>
#include <string.h>

enum { OPT_NAMESPACE = OPT_OWN, OPT_ALL, OPT_FOLLOW };

static const struct option_spec options[] = {
	API_OPTIONS,
	[OPT_NAMESPACE] = API_OPTION_NAMESPACE,
	[OPT_ALL] = { "all-namespaces", 'A', .help = "of all namespaces" },
	[OPT_FOLLOW] = { "follow", 'f', .help = "go on as they happen" },
	OPTIONS_END,
};

/* Until the first list is in, events are kept for the order of their times. */
struct showing {
	struct api *api;
	bool json, follow, synced;
	json_t **kept;
	size_t n;
	int r;
	struct pale_err *err;
};

static void showing_release(struct showing *s)
{
	for (size_t i = 0; i < s->n; i++)
		json_decref(s->kept[i]);
	free(s->kept);
	pale_err_free(s->err);
}

static void stop(struct showing *s, int r)
{
	s->r = r;
	sd_event_exit(s->api->loop, 0);
}

static void show(struct showing *s, const json_t *facts)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;

	if (s->json) {
		json_dumpf(facts, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	event_line(facts, &line);
	fwrite(line.s, 1, line.len, stdout);
}

static void seen(void *ctx, json_t *object)
{
	struct showing *s = ctx;
	json_t *facts;

	if (!event_is_pales(object))
		return;
	facts = event_facts(object);
	if (s->synced) {
		show(s, facts);
		json_decref(facts);
		if (fflush(stdout) == EOF)
			stop(s, 0);
		return;
	}
	s->kept = memory_resize(s->kept, s->n + 1, sizeof(*s->kept));
	s->kept[s->n++] = facts;
}

static void synced(void *ctx)
{
	struct showing *s = ctx;

	if (s->n)
		qsort(s->kept, s->n, sizeof(*s->kept), event_facts_order);
	for (size_t i = 0; i < s->n; i++) {
		show(s, s->kept[i]);
		json_decref(s->kept[i]);
	}
	s->n = 0;
	s->synced = true;
	if (!s->follow || fflush(stdout) == EOF)
		stop(s, 0);
}

/* Who is followed may be away for a while; what it forbids stays forbidden. */
static void restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	struct showing *s = ctx;

	if (why == KUBE_RESTART_ENDED || why == KUBE_RESTART_EXPIRED)
		return;
	if (!s->synced || pale_err_errno(err) == EPERM || pale_err_errno(err) == EACCES)
		stop(s, api_keep_error(err, &s->err));
	else
		fprintf(stderr, "kubectl-pale events: %s\n", pale_err_text(err));
}

static int follow(struct showing *s, const struct kube_resource *events, const char *query)
{
	static const struct kube_watch_handlers handlers = {
		.seen = seen, .synced = synced, .restarted = restarted
	};
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct kube_watch *watch;
	int r;

	kube_path(&path, events);
	watch = kube_watch_new(s->api->client,
		&(struct kube_watch_spec){
			.path = text_str(&path), .query = query, .handlers = &handlers, .ctx = s });
	r = sd_event_loop(s->api->loop);
	kube_watch_free(watch);
	return r < 0 ? pale_err_set(&s->err, -r, "wait for the API server") : s->r;
}

/* "fieldSelector=…" for one pod; what kube_query() escapes begins with '?'. */
static void query_of(const struct invocation *in, struct text *query)
{
	_cleanup_(text_release) struct text selector = TEXT_INIT, all = TEXT_INIT;

	if (!in->n_operands)
		return;
	text_printf(&selector, "involvedObject.kind=Pod,involvedObject.name=%s", in->operands[0]);
	kube_query(&all, "fieldSelector", text_str(&selector));
	text_puts(query, text_str(&all) + 1);
}

static int run(const struct invocation *in)
{
	_cleanup_(text_release) struct text query = TEXT_INIT;
	_cleanup_(api_close) struct api api = { 0 };
	_cleanup_(showing_release) struct showing s = { .api = &api,
		.json = option_given(in, OPT_JSON),
		.follow = option_given(in, OPT_FOLLOW) };
	struct kube_resource events = { .group_version = "v1",
		.plural = "events",
		.namespace = option_argument(in, OPT_NAMESPACE) };

	if (option_given(in, OPT_ALL) && (events.namespace || in->n_operands))
		return usage_error(in, "--all-namespaces stands alone: a pod is in one of them");
	query_of(in, &query);
	s.r = api_open(&api, in, &s.err);
	if (!events.namespace && !option_given(in, OPT_ALL))
		events.namespace = api.config.namespace;
	if (s.r == 0)
		s.r = follow(&s, &events, query.len ? text_str(&query) : NULL);
	return s.r < 0 ? api_failure(in, s.err) : STATUS_OK;
}

static const struct operand_spec operands[] = { { "POD", &argument_free }, OPERANDS_END };

const struct command plugin_events = {
	.name = "events",
	.summary = "show what was refused, and what else Pale has told",
	.usage = "[-n NAME] [--follow] [OPTION…] [POD]",
	.description =
		"Prints the Events that Pale's components have written, the oldest first: what "
		"policies refused, with the rule that did it (Violation), containers that run "
		"without the policy that their pod names (Unconfined), and of profiles, rollouts "
		"and recordings how they get on. The API server keeps Events for an hour, and the "
		"same one again is counted in one that is there.\n\n"
		"Without a POD they are those of a namespace, by default the context's. Events of "
		"objects that lie in no namespace, like PaleProfiles, lie in the namespace "
		"'default'.\n\n"
		"All of them, with more to each, has pale-export on the nodes; who may create "
		"Events in a namespace can make some that look like Pale's.",
	.exit_status =
		"Exits with 0, also where there is none; 2 when the command line is wrong; 3 "
		"when the API server could not be asked.",
	.example = "kubectl pale events -n shop\n"
		   "kubectl pale events -n shop web-5d8f --follow",
	.options = options,
	.operands = operands,
	.operands_max = 1,
	.run = run,
};
