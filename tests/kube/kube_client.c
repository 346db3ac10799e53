/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets the Kubernetes client do one thing and prints what it tells, a line each, for client.bats:
 *
 *	kube_client [--token-file FILE] [--token-age SECONDS] COMMAND ARGUMENT…
 *
 * $KUBECONFIG says where the API server is. SIGTERM ends what goes on for ever.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_apply.h"
#include "operator/kube/kube_discovery.h"
#include "operator/kube/kube_event.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lease.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_time.h"
#include "operator/kube/kube_watch.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static sd_event *loop;
static struct kube_client *client;
static unsigned int open_requests;

static _Noreturn void fail(const struct pale_err *err)
{
	fprintf(stderr, "kube_client: %s\n", pale_err_text(err));
	exit(1);
}

static void end(int status)
{
	sd_event_exit(loop, status);
}

/* watch PATH [page=N] [seconds=N] [stop-after=N] [metadata] [cached] */
static unsigned long stop_after, seen;

static void on_seen(void *ctx, json_t *object)
{
	struct kube_object_id id = kube_json_id(object);

	printf("seen %s/%s %s%s\n", id.namespace, id.name, kube_json_version(object),
		json_object_get(object, "data") ? " data" : "");
	if (++seen == stop_after)
		raise(SIGSTOP);
}

static void on_gone(void *ctx, const struct kube_object_id *id)
{
	printf("gone %s/%s\n", id->namespace, id->name);
}

static struct kube_watch *watch;

static void on_synced(void *ctx)
{
	printf("synced %" PRIu32 " at %s\n", kube_watch_count(watch), kube_watch_version(watch));
}

static void on_restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	printf("restart %s at %s%s%s\n", kube_watch_restart_names[why], kube_watch_version(watch),
		err ? ": " : "", err ? pale_err_text(err) : "");
}

static const struct kube_watch_handlers handlers = { on_seen, on_gone, on_synced, on_restarted };

static void run_watch(char **arg)
{
	struct kube_watch_spec spec = { .path = *arg++, .handlers = &handlers };

	for (; *arg; arg++) {
		const char *value = strchr(*arg, '=');
		unsigned long n = value ? strtoul(value + 1, NULL, 10) : 0;

		if (!strncmp(*arg, "page=", 5))
			spec.page = (uint32_t)n;
		else if (!strncmp(*arg, "seconds=", 8))
			spec.seconds = (uint32_t)n;
		else if (!strncmp(*arg, "stop-after=", 11))
			stop_after = n;
		spec.metadata_only |= !strcmp(*arg, "metadata");
		spec.cached |= !strcmp(*arg, "cached");
	}
	watch = kube_watch_new(client, &spec);
}

/* request METHOD PATH [N [ATTEMPTS]]: so often, all at once; the body, if any, from stdin. */
static void on_answer(void *ctx, const struct kube_answer *a)
{
	if (a->err)
		printf("failed %s\n", pale_err_text(a->err));
	else if (ctx)
		printf("%s\n", (const char *)ctx);
	else
		json_dumpf(a->body, stdout, JSON_COMPACT), putchar('\n');
	if (!--open_requests) {
		printf("sent %" PRIu64 "\n", kube_client_sent(client));
		end(0);
	}
}

static enum kube_method method_of(const char *s)
{
	static const char *const names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

	for (int i = 0; i < 5; i++) {
		if (!strcmp(s, names[i]))
			return (enum kube_method)i;
	}
	exit(2);
}

static void run_request(char **arg)
{
	struct kube_request r = { .method = method_of(arg[0]), .path = arg[1], .done = on_answer };
	unsigned long n = arg[2] ? strtoul(arg[2], NULL, 10) : 1;
	json_t *body = r.method == KUBE_GET || r.method == KUBE_DELETE
			       ? NULL
			       : json_loadf(stdin, JSON_DECODE_ANY, NULL);

	r.body = body;
	r.ctx = n > 1 ? (void *)(uintptr_t) "ok" : NULL;
	r.attempts = arg[2] && arg[3] ? (unsigned int)strtoul(arg[3], NULL, 10) : 0;
	for (open_requests = 0; open_requests < n;) {
		open_requests++;
		kube_request(client, &r);
	}
	json_decref(body);
}

/* configmaps VERB NAMESPACE FIRST LAST: makes, changes or deletes them. */
static void on_configmap(void *ctx, const struct kube_answer *a)
{
	if (a->err)
		fail(a->err);
	if (!--open_requests)
		end(0);
}

static void configmap(const char *verb, const char *namespace, unsigned long i, uint64_t now)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct kube_resource at = { "v1", "configmaps", namespace, NULL, NULL };
	struct kube_request r = { .done = on_configmap };
	char name[32], value[700];
	json_t *body;

	snprintf(name, sizeof(name), "c%05lu", i);
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(value, 24, "%020" PRIu64, now);
	value[20] = 'x';
	body = json_pack("{s:s, s:s, s:{s:s}, s:{s:s}}", "apiVersion", "v1", "kind", "ConfigMap",
		"metadata", "name", name, "data", "value", value);
	if (strcmp(verb, "create") != 0)
		at.name = name;
	r.method = !strcmp(verb, "create")   ? KUBE_POST
		   : !strcmp(verb, "change") ? KUBE_PUT
					     : KUBE_DELETE;
	kube_path(&path, &at);
	r.path = text_str(&path);
	r.body = r.method == KUBE_DELETE ? NULL : body;
	open_requests++;
	kube_request(client, &r);
	json_decref(body);
}

static void run_configmaps(char **arg)
{
	uint64_t now = kube_realtime_us();

	for (unsigned long i = strtoul(arg[2], NULL, 10); i <= strtoul(arg[3], NULL, 10); i++)
		configmap(arg[0], arg[1], i, now);
}

/* apply GROUP/VERSION PLURAL NAMESPACE NAME SUBRESOURCE MANAGER FORCE: "-" is none; fields from
 * stdin. */
static const char *or_none(const char *s)
{
	return strcmp(s, "-") ? s : NULL;
}

static void run_apply(char **arg)
{
	struct kube_resource at = { arg[0], arg[1], or_none(arg[2]), arg[3], or_none(arg[4]) };
	json_t *fields = json_loadf(stdin, 0, NULL);

	open_requests = 1;
	kube_apply(client, &(struct kube_apply){ .at = &at,
				   .fields = fields,
				   .manager = arg[5],
				   .force = !strcmp(arg[6], "force"),
				   .done = on_answer });
	json_decref(fields);
}

/* lease NAMESPACE NAME IDENTITY [DURATION DEADLINE RETRY], in milliseconds. */
static struct kube_lease *lease;

static void tell(const char *what)
{
	printf("%" PRIu64 " %s\n", kube_boottime_us() / 1000, what);
}

static void on_taken(void *ctx)
{
	tell("taken");
}

static void on_lost(void *ctx)
{
	tell("lost");
}

static void on_failed(void *ctx, const struct pale_err *err)
{
	tell(pale_err_text(err));
}

static void run_lease(char **arg)
{
	struct kube_lease_spec spec = { .namespace = arg[0],
		.name = arg[1],
		.identity = arg[2],
		.times = KUBE_LEASE_TIMES,
		.taken = on_taken,
		.lost = on_lost,
		.failed = on_failed };

	if (arg[3]) {
		spec.times.duration_us = strtoull(arg[3], NULL, 10) * 1000;
		spec.times.deadline_us = strtoull(arg[4], NULL, 10) * 1000;
		spec.times.retry_us = strtoull(arg[5], NULL, 10) * 1000;
	}
	lease = kube_lease_new(client, &spec);
}

/* events NAMESPACE NAME SAME DIFFERENT [again]: about a ConfigMap; SAME times one, and DIFFERENT
 * ones; and one more of the first each second. */
static struct kube_events *events;
static json_t *subject;

static void tell_same(void)
{
	kube_event(events, &(struct kube_event){ subject, "Same", "the same", true });
}

static int on_second(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)us;
	(void)ctx;
	tell_same();
	sd_event_source_set_time_relative(source, 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_event_lost(void *ctx, const struct pale_err *err, uint32_t count)
{
	printf("lost %" PRIu32 ": %s\n", count, pale_err_text(err));
}

static void run_events(char **arg)
{
	char message[32];

	subject = json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", "v1", "kind", "ConfigMap",
		"namespace", arg[0], "name", arg[1]);
	events = kube_events_new(client,
		&(struct kube_events_spec){
			.component = "pale-test", .period_us = 1000000, .lost = on_event_lost });
	for (unsigned long i = 0; i < strtoul(arg[2], NULL, 10); i++)
		tell_same();
	for (unsigned long i = 0; i < strtoul(arg[3], NULL, 10); i++) {
		snprintf(message, sizeof(message), "number %lu", i);
		kube_event(events, &(struct kube_event){ subject, "Different", message, false });
	}
	if (arg[4])
		sd_event_add_time_relative(
			loop, NULL, CLOCK_MONOTONIC, 1000000, 0, on_second, NULL);
}

/* discover GROUP/VERSION/RESOURCE… */
static char **wanted;

static void on_found(void *ctx, struct kube_discovery *found, const struct pale_err *err)
{
	if (err)
		fail(err);
	printf("%s %s\n", kube_discovery_version(found),
		kube_discovery_is_since(found, 1, 30) ? "since 1.30" : "older");
	for (char **w = wanted; *w; w += 2)
		printf("%s %s: %s\n", w[0], w[1],
			kube_discovery_offers(found, w[0], w[1]) ? "yes" : "no");
	kube_discovery_free(found);
	end(0);
}

static void run_discover(char **arg)
{
	const char *versions[16] = { NULL };

	wanted = arg;
	for (size_t i = 0; i < 15 && arg[2 * i]; i++)
		versions[i] = arg[2 * i];
	kube_discovery_ask(client, versions, on_found, NULL);
}

static const struct {
	const char *name;
	void (*run)(char **arg);
	int args;
} commands[] = {
	{ "watch", run_watch, 1 },
	{ "request", run_request, 2 },
	{ "configmaps", run_configmaps, 4 },
	{ "apply", run_apply, 7 },
	{ "lease", run_lease, 3 },
	{ "events", run_events, 4 },
	{ "discover", run_discover, 2 },
};

static void on_given_back(void *ctx)
{
	end(0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	(void)source;
	(void)info;
	if (lease) {
		kube_lease_give_back(lease, on_given_back);
		return 0;
	}
	printf("sent %" PRIu64 "\n", kube_client_sent(client));
	return sd_event_exit(loop, 0);
}

static void start(struct kube_config *config, long token_age_s)
{
	struct pale_err *err = NULL;
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (sd_event_new(&loop) < 0 ||
		sd_event_add_signal(loop, NULL, SIGTERM, on_signal, NULL) < 0)
		abort();
	if (kube_client_new(loop, config, "kube_client", &client, &err) < 0)
		fail(err);
	if (token_age_s >= 0)
		kube_client_set_token_age(client, (uint64_t)token_age_s * 1000000);
}

static int run(char **arg, int n)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int status = 0;

		if (strcmp(commands[i].name, *arg) != 0 || n <= commands[i].args)
			continue;
		commands[i].run(arg + 1);
		if (sd_event_loop(loop) < 0)
			return 1;
		sd_event_get_exit_code(loop, &status);
		return status;
	}
	fprintf(stderr, "kube_client: see tests/kube/kube_client.c\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct kube_config config;
	struct pale_err *err = NULL;
	const char *token_file = NULL;
	long token_age_s = -1;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (argv++, argc--; argc > 2 && !strncmp(*argv, "--", 2); argv += 2, argc -= 2) {
		if (!strcmp(*argv, "--token-file"))
			token_file = argv[1];
		else
			token_age_s = strtol(argv[1], NULL, 10);
	}
	if (argc < 1)
		return 2;
	if (kube_config_find(NULL, &config, &err) < 0)
		fail(err);
	if (token_file) {
		free(config.certificate_file);
		free(config.key_file);
		config.certificate_file = config.key_file = NULL;
		config.token_file = strdup(token_file);
	}
	start(&config, token_age_s);
	status = run(argv, argc);
	kube_watch_free(watch);
	kube_lease_free(lease);
	kube_events_free(events);
	json_decref(subject);
	kube_client_free(client);
	sd_event_unref(loop);
	kube_config_release(&config);
	return status;
}
