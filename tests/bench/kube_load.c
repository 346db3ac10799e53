/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes and pods of a large cluster do to an API server, played against one:
 *
 *	kube_load nodes N < "NAME DIGEST" lines     N nodes say that they have these profiles
 *	kube_load pods FIRST LAST NODES NAMESPACES PROFILES
 *	                                            each is created, bound to a node, and runs
 *	kube_load delete FIRST LAST NAMESPACES      these pods are gone
 *
 * Sixteen requests are under way at a time, those of one pod in their order. $KUBECONFIG says where
 * the API server is. Prints how many requests there were, and how long they took.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_request.h"
#include "operator/kube/kube_time.h"

#include <inttypes.h>
#include <string.h>

#define UNDER_WAY 16

static sd_event *loop;
static struct kube_client *client;
static unsigned long next, last, done;
static unsigned int under_way;
static unsigned long n_nodes, n_namespaces, n_profiles;
static json_t *profiles; /* of each node's status */

/* One request of a step of what is being played. */
struct step {
	struct text path;
	enum kube_method method;
	json_t *body;
	const char *type;
};

struct thing {
	unsigned long i;
	unsigned int step;
};

/* Fills in @s, one of @steps. */
static void (*play)(const struct thing *t, struct step *s);
static unsigned int steps;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "kube_load: %s\n", what);
	exit(1);
}

/* ---- nodes */

static json_t *now(void)
{
	char buffer[KUBE_TIME_BYTES];

	return json_string(kube_time(kube_realtime_us(), buffer));
}

static void play_node(const struct thing *t, struct step *s)
{
	char name[32];
	struct kube_resource at = { .group_version = "pale.dev/v1alpha1",
		.plural = "palenodestatuses" };

	snprintf(name, sizeof(name), "n%05lu", t->i);
	if (t->step == 0) {
		s->method = KUBE_POST;
		s->body = json_pack("{s:s, s:s, s:{s:s}, s:{s:s}}", "apiVersion",
			"pale.dev/v1alpha1", "kind", "PaleNodeStatus", "metadata", "name", name,
			"spec", "nodeName", name);
	} else {
		at.name = name;
		at.subresource = "status";
		s->method = KUBE_PATCH;
		s->type = KUBE_MERGE_PATCH;
		s->body = json_pack(
			"{s:{s:o, s:O}}", "status", "heartbeat", now(), "profiles", profiles);
	}
	kube_path(&s->path, &at);
}

static void read_profiles(void)
{
	char name[129], digest[65];

	profiles = json_array();
	while (scanf("%128s %64s", name, digest) == 2)
		json_array_append_new(profiles, json_pack("{s:s, s:s, s:s}", "name", name, "digest",
							digest, "state", "Loaded"));
}

/* ---- pods: as Deployments make them */

static json_t *new_pod(const char *name, unsigned long i)
{
	return json_pack(
		"{s:s, s:s, s:{s:s, s:{s:s, s:s}, s:{s:o, s:s}}, s:{s:b, s:[{s:s, s:s, s:s, "
		"s:{s:{s:s, s:s}, s:{s:s}}, s:[{s:s, s:s}, {s:s, s:s}], s:[{s:i}], "
		"s:{s:{s:s, s:i}}, s:{s:b, s:{s:[s]}, s:{s:s, s:s}}}]}}",
		"apiVersion", "v1", "kind", "Pod", "metadata", "name", name, "labels", "app", "web",
		"pod-template-hash", "7f9c6d5b8", "annotations", "pale.dev/profile",
		json_sprintf("p%lu", i % n_profiles), "pale.dev/mode", "enforce", "spec",
		"automountServiceAccountToken", 0, "containers", "name", "web", "image",
		"registry.example/shop/web:1.4.2", "imagePullPolicy", "IfNotPresent", "resources",
		"requests", "cpu", "50m", "memory", "64Mi", "limits", "memory", "128Mi", "env",
		"name", "DATABASE", "value", "postgres://database.shop.svc:5432/shop", "name",
		"LOG_LEVEL", "value", "info", "ports", "containerPort", 8080, "readinessProbe",
		"httpGet", "path", "/healthz", "port", 8080, "securityContext",
		"allowPrivilegeEscalation", 0, "capabilities", "drop", "ALL", "seccompProfile",
		"type", "Localhost", "localhostProfile", "pale/p-0123456789ab.json");
}

static json_t *binding_of(const char *name, unsigned long i)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:o}}", "apiVersion", "v1", "kind",
		"Binding", "metadata", "name", name, "target", "apiVersion", "v1", "kind", "Node",
		"name", json_sprintf("n%05lu", i % n_nodes));
}

static json_t *running(void)
{
	json_t *started = now(), *status;

	status = json_pack(
		"{s:{s:s, s:s, s:[{s:s, s:s, s:O}, {s:s, s:s, s:O}], s:[{s:s, s:b, s:i, s:s, s:s, "
		"s:s, s:{s:{s:O}}}], s:O}}",
		"status", "phase", "Running", "podIP", "10.0.0.1", "conditions", "type",
		"Initialized", "status", "True", "lastTransitionTime", started, "type", "Ready",
		"status", "True", "lastTransitionTime", started, "containerStatuses", "name", "web",
		"ready", 1, "restartCount", 0, "image", "registry.example/shop/web:1.4.2",
		"imageID", "registry.example/shop/web@sha256:0123456789abcdef", "containerID",
		"containerd://0123456789abcdef0123456789abcdef", "state", "running", "startedAt",
		started, "startTime", started);
	json_decref(started);
	return status;
}

static struct kube_resource place_of(
	const struct thing *t, char namespace[static 32], char name[static 48])
{
	snprintf(namespace, 32, "load-%lu", t->i % n_namespaces);
	snprintf(name, 48, "web-7f9c6d5b8-%05lu", t->i);
	return (struct kube_resource){
		.group_version = "v1", .plural = "pods", .namespace = namespace, .name = name
	};
}

static void play_pod(const struct thing *t, struct step *s)
{
	char namespace[32], name[48];
	struct kube_resource at = place_of(t, namespace, name);

	s->method = KUBE_POST;
	if (t->step == 0) {
		at.name = NULL;
		s->body = new_pod(name, t->i);
	} else if (t->step == 1) {
		at.subresource = "binding";
		s->body = binding_of(name, t->i);
	} else {
		at.subresource = "status";
		s->method = KUBE_PATCH;
		s->type = KUBE_MERGE_PATCH;
		s->body = running();
	}
	kube_path(&s->path, &at);
}

static void play_end(const struct thing *t, struct step *s)
{
	char namespace[32], name[48];
	struct kube_resource at = place_of(t, namespace, name);

	s->method = KUBE_DELETE;
	/* There is no kubelet that would let it go. */
	s->body = json_pack("{s:s, s:s, s:i}", "apiVersion", "v1", "kind", "DeleteOptions",
		"gracePeriodSeconds", 0);
	kube_path(&s->path, &at);
}

/* ---- */

static void go_on(struct thing *t);

static void on_answer(void *ctx, const struct kube_answer *a)
{
	struct thing *t = ctx;

	/* What was sent twice was done the first time. */
	if (a->err && a->status.code != 409 && a->status.code != 404)
		fail(pale_err_text(a->err));
	done++;
	t->step++;
	go_on(t);
}

static void go_on(struct thing *t)
{
	struct step s = { .path = TEXT_INIT };

	if (t->step == steps) {
		*t = (struct thing){ .i = next++ };
		if (t->i > last && !--under_way)
			sd_event_exit(loop, 0);
		if (t->i > last)
			return;
	}
	play(t, &s);
	kube_request(client, &(struct kube_request){ .method = s.method,
				     .path = text_str(&s.path),
				     .body = s.body,
				     .type = s.type,
				     .repeatable = true,
				     .done = on_answer,
				     .ctx = t });
	json_decref(s.body);
	text_release(&s.path);
}

static void begin(void)
{
	static struct thing things[UNDER_WAY];

	for (; under_way < UNDER_WAY && next <= last; under_way++) {
		things[under_way].i = next++;
		go_on(&things[under_way]);
	}
	if (!under_way)
		fail("nothing is asked for");
}

static unsigned long number(const char *s)
{
	return strtoul(s, NULL, 10);
}

static void read_arguments(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "nodes")) {
		last = number(argv[2]) - 1;
		read_profiles();
		play = play_node;
		steps = 2;
	} else if (argc == 7 && !strcmp(argv[1], "pods")) {
		next = number(argv[2]);
		last = number(argv[3]);
		n_nodes = number(argv[4]);
		n_namespaces = number(argv[5]);
		n_profiles = number(argv[6]);
		play = play_pod;
		steps = 3;
	} else if (argc == 5 && !strcmp(argv[1], "delete")) {
		next = number(argv[2]);
		last = number(argv[3]);
		n_namespaces = number(argv[4]);
		play = play_end;
		steps = 1;
	} else {
		fail("see tests/bench/kube_load.c");
	}
}

int main(int argc, char **argv)
{
	struct kube_config config;
	struct pale_err *err = NULL;
	uint64_t begun = kube_boottime_us(), us;

	read_arguments(argc, argv);
	if (kube_config_find(NULL, &config, &err) < 0 || sd_event_default(&loop) < 0 ||
		kube_client_new(loop, &config, "kube_load", &client, &err) < 0)
		fail(err ? pale_err_text(err) : "no event loop");
	begin();
	sd_event_loop(loop);
	us = kube_boottime_us() - begun;
	printf("%lu requests in %.1f s\n", done, (double)us / 1e6);
	kube_client_free(client);
	kube_config_release(&config);
	sd_event_unref(loop);
	json_decref(profiles);
	return 0;
}
