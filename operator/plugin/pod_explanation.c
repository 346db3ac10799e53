/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/pod_explanation.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/plugin/object_text.h"
#include "operator/plugin/pale_names.h"
#include "operator/plugin/pod_running.h"
#include "operator/plugin/profile_diagnostics.h"
#include "operator/webhook/admission.h"
#include "operator/webhook/pod_patch.h"

#include <errno.h>
#include <string.h>

#define MIRROR_ANNOTATION "kubernetes.io/config.mirror"
#define SAID_BY_PALE	  "Pale: "
#define DIGEST_SHOWN	  12

struct explaining {
	const struct pod_facts *facts;
	struct cluster cluster;
	struct pod pod;
	const struct namespace *namespace;
	json_t *ret;
};

/* ---- the webhook's knowledge */

static void put_all(struct cluster *c, enum cluster_kind kind, const json_t *objects)
{
	json_t *o;
	size_t i;

	/* What cannot be told by its name decides nothing. */
	json_array_foreach ((json_t *)objects, i, o) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		cluster_put(c, kind, o, &err);
	}
}

static void know_cluster(struct explaining *e)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	cluster_init(&e->cluster);
	cluster_put(&e->cluster, CLUSTER_NAMESPACE, e->facts->namespace, &err);
	put_all(&e->cluster, CLUSTER_PROFILE, e->facts->profiles);
	put_all(&e->cluster, CLUSTER_BINDING, e->facts->bindings);
	put_all(&e->cluster, CLUSTER_RECORDING, e->facts->recordings);
	for (int kind = 0; kind < CLUSTER_KINDS; kind++)
		cluster_set_listed(&e->cluster, (enum cluster_kind)kind);
}

/* A static pod's mirror was made by its node, which no review of it says later. */
static json_t *user_of(const struct explaining *e)
{
	const char *node = object_text(e->pod.spec, "nodeName");

	if (!pod_annotation(&e->pod, MIRROR_ANNOTATION))
		return json_pack("{s:s}", "username", "kubectl-pale");
	return json_pack("{s:o, s:[s]}", "username", json_sprintf("system:node:%s", node), "groups",
		"system:nodes");
}

/* The webhook's response to a pod like this. */
static json_t *review(const struct explaining *e)
{
	static const struct admission_config config = { SYSTEM_NAMESPACE, RUNTIME_CLASS };
	_cleanup_(text_release) struct text answer = TEXT_INIT;
	_cleanup_free_ char *body = NULL;
	json_t *json = json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:O, s:o}}",
		"apiVersion", "admission.k8s.io/v1", "kind", "AdmissionReview", "request", "uid",
		"explain", "resource", "group", "", "version", "v1", "resource", "pods",
		"namespace", object_name(e->facts->namespace), "operation", "CREATE", "object",
		e->facts->pod, "userInfo", user_of(e));
	json_t *response;

	body = memory_checked(json_dumps(json, JSON_COMPACT));
	json_decref(json);
	admission_answer(
		&config, &e->cluster, ADMISSION_MUTATE, e->facts->now, body, strlen(body), &answer);
	json = json_loads(text_str(&answer), 0, NULL);
	response = json_incref(json_object_get(json, "response"));
	json_decref(json);
	return response;
}

static void add_verdict(struct explaining *e)
{
	json_t *response = review(e);
	json_t *warnings = json_object_get(response, "warnings");
	const char *why = object_text(json_object_get(response, "status"), "message");

	if (strncmp(why, SAID_BY_PALE, strlen(SAID_BY_PALE)) == 0)
		why += strlen(SAID_BY_PALE);
	json_object_set_new(e->ret, "allowed",
		json_boolean(json_is_true(json_object_get(response, "allowed"))));
	json_object_set_new(e->ret, "refusal", json_string(why));
	json_object_set_new(e->ret, "warnings", warnings ? json_incref(warnings) : json_array());
	json_decref(response);
}

/* ---- the pod as a whole */

static bool is_exempt(const char *namespace)
{
	return strcmp(namespace, "kube-system") == 0 || strcmp(namespace, SYSTEM_NAMESPACE) == 0;
}

static void set_word(json_t *to, const char *member, const char *word)
{
	json_object_set_new(to, member, json_string(word ? word : ""));
}

static void add_lacks(struct explaining *e, const struct pod_choice *choice)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *warnings = json_array(), *patch = NULL, *op;
	json_t *lacks = json_object_get(e->ret, "lacks");
	size_t i;

	pod_patch(&e->pod, choice, RUNTIME_CLASS, true, &patch, warnings, &err);
	json_array_foreach (patch, i, op)
		json_array_append(lacks, json_object_get(op, "path"));
	json_decref(patch);
	json_decref(warnings);
}

/* Which pods are a rollout's canaries is known of pods alone, and written into them. */
static void add_canaries(struct explaining *e, const struct pod_choice *choice)
{
	uint32_t percent = 0;

	if (!e->facts->template || (choice->mode != MODE_AUDIT && !choice->canary))
		return;
	for (size_t i = 0; i < choice->n; i++) {
		if (choice->v[i].profile && choice->v[i].profile->canary_percent > percent)
			percent = choice->v[i].profile->canary_percent;
	}
	if (!percent || e->namespace->floor.mode != MODE_UNSAID ||
		pod_annotation(&e->pod, MODE_ANNOTATION))
		return;
	set_word(e->ret, "mode", mode_word(MODE_AUDIT));
	json_object_set_new(e->ret, "canaryPercent", json_integer(percent));
}

static void add_whole(struct explaining *e)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(pod_choice_release) struct pod_choice choice = { 0 };
	json_t *warnings = json_array();
	bool decided = pod_choose(&e->cluster, e->namespace, &e->pod, e->facts->now, &choice,
			       warnings, &err) == 0 &&
		       !is_exempt(e->namespace->head.name);

	json_decref(warnings);
	set_word(e->ret, "mode", decided ? mode_word(choice.mode) : NULL);
	set_word(e->ret, "onMissing", decided ? when_missing_word(choice.on_missing) : NULL);
	if (decided)
		add_canaries(e, &choice);
	json_object_set_new(e->ret, "lacks", json_array());
	if (decided && !choice.untouched && !e->facts->template)
		add_lacks(e, &choice);
}

/* ---- its containers */

static void add_because(
	const struct explaining *e, const struct container_choice *c, struct text *t)
{
	const char *pods = pod_annotation(&e->pod, PROFILE_ANNOTATION);

	if (c->binding)
		text_printf(t, "PaleBinding '%s' says so%s, and a pod cannot change it",
			c->binding->head.name, c->by_name ? " of this container" : "");
	else if (c->floor)
		text_puts(t, "the namespace's annotation " PROFILE_ANNOTATION
			     " says so, and a pod cannot change it");
	else if (c->own)
		text_printf(t, "the pod's annotation " CONTAINER_PROFILE_PREFIX "%s says so",
			c->container->name);
	else if (pods)
		text_puts(t, "the pod's annotation " PROFILE_ANNOTATION " says so");
	else
		text_puts(t, "the namespace's annotation " DEFAULT_PROFILE_ANNOTATION " says so");
}

/* "container 'web': " is told already. */
static const char *without_container(const char *s, const struct pod_container *c)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	pod_container_text(c, &t);
	text_puts(&t, ": ");
	return strncmp(s, text_str(&t), t.len) == 0 ? s + t.len : s;
}

static const json_t *profile_object(const struct explaining *e, const char *name)
{
	json_t *p;
	size_t i;

	json_array_foreach ((json_t *)e->facts->profiles, i, p) {
		if (strcmp(object_name(p), name) == 0)
			return p;
	}
	return NULL;
}

static const char *digest_of(const struct explaining *e, const char *profile)
{
	return object_text(json_object_get(profile_object(e, profile), "status"), "digest");
}

static void add_refusal(
	json_t *to, const struct pod_container *container, const struct pale_err *err)
{
	json_object_set_new(to, "refusal",
		json_pack("{s:s, s:s}", "message", without_container(pale_err_text(err), container),
			"hint", pale_err_hint_text(err) ?: ""));
}

/* What would be chosen for it now, a profile's name, if perhaps refused; NULL: none. */
static const char *choose(
	const struct explaining *e, const struct pod_container *container, json_t *to)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(pod_choice_release) struct pod_choice choice = { 0 };
	_cleanup_(text_release) struct text because = TEXT_INIT;
	struct pod alone = e->pod;
	const struct profile *profile = NULL;
	json_t *warnings = json_array();

	alone.v = (struct pod_container *)container;
	alone.n = 1;
	pod_choose(&e->cluster, e->namespace, &alone, e->facts->now, &choice, warnings, &err);
	json_decref(warnings);
	if (is_exempt(e->namespace->head.name)) {
		text_puts(&because, "pods of this namespace are left as they are");
	} else if (err) {
		add_refusal(to, container, err);
	} else if (choice.recording) {
		text_printf(&because, "PaleRecording '%s' records it", choice.recording->head.name);
	} else if (choice.untouched) {
		text_puts(&because, "nothing names a profile for it");
	}
	if (!because.len && choice.n)
		profile = choice.v[0].profile;
	if (profile)
		add_because(e, &choice.v[0], &because);
	set_word(to, "because", text_str(&because));
	return profile ? profile->head.name : NULL;
}

static void add_running(
	const struct explaining *e, const struct pod_container *c, const char *chosen, json_t *to)
{
	const char *has = pod_running_profile(&e->pod, c->name);
	const char *filter = pod_running_digest(c), *now = has ? digest_of(e, has) : "";
	_cleanup_(text_release) struct text digest = TEXT_INIT;
	const char *held;
	json_t *under;

	text_add(&digest, *filter ? filter : now, strnlen(*filter ? filter : now, DIGEST_SHOWN));
	set_word(to, "profile", has);
	set_word(to, "digest", text_str(&digest));
	if (chosen && (!has || strcmp(has, chosen) != 0))
		set_word(to, "newProfile", chosen);
	under = pod_running_under(e->facts, &e->pod, c, text_str(&digest), now);
	json_object_set_new(to, "under", under);
	held = *object_text(under, "digest") ? object_text(under, "digest") : text_str(&digest);
	if (*now && strncmp(now, held, DIGEST_SHOWN) != 0)
		json_object_set_new(to, "newDigest", json_sprintf("%.*s", DIGEST_SHOWN, now));
	json_object_set_new(to, "state", pod_running_state(e->facts, c));
}

static json_t *container_of(const struct explaining *e, const struct pod_container *c)
{
	static const char *const kinds[PLACE_COUNT] = {
		[PLACE_INIT] = "init container",
		[PLACE_MAIN] = "container",
		[PLACE_EPHEMERAL] = "ephemeral container",
	};
	json_t *ret = json_pack("{s:s, s:s}", "name", c->name, "kind", kinds[c->place]);
	const char *chosen = choose(e, c, ret);

	if (e->facts->template)
		set_word(ret, "profile", chosen);
	else
		add_running(e, c, chosen, ret);
	return ret;
}

static void add_diagnostics(struct explaining *e)
{
	static const char *const members[] = { "profile", "newProfile" };
	json_t *to = json_array(), *told = json_object(), *c;
	size_t i;

	json_array_foreach (json_object_get(e->ret, "containers"), i, c) {
		for (size_t k = 0; k < sizeof(members) / sizeof(*members); k++) {
			const char *name = object_text(c, members[k]);

			if (json_object_get(told, name))
				continue;
			json_object_set_new(told, name, json_true());
			profile_diagnostics_add(to, profile_object(e, name));
		}
	}
	json_decref(told);
	json_object_set_new(e->ret, "diagnostics", to);
}

/* ---- all of it */

static bool is_well(const struct explaining *e)
{
	json_t *c;
	size_t i;

	if (!json_is_true(json_object_get(e->ret, "allowed")))
		return false;
	json_array_foreach (json_object_get(e->ret, "containers"), i, c) {
		const json_t *under = json_object_get(c, "under");

		if (json_object_get(c, "refusal") || !*object_text(c, "profile"))
			return false;
		if (under && strcmp(object_text(under, "answer"), "yes") != 0)
			return false;
	}
	return true;
}

static void explain(struct explaining *e)
{
	const char *namespace = e->namespace->head.name;
	json_t *containers = json_array();

	set_word(e->ret, "name", pod_name(&e->pod));
	set_word(e->ret, "namespace", namespace);
	set_word(e->ret, "node", object_text(e->pod.spec, "nodeName"));
	json_object_set_new(
		e->ret, "asked", json_boolean(e->namespace->inject && !is_exempt(namespace)));
	add_verdict(e);
	add_whole(e);
	for (size_t i = 0; i < e->pod.n; i++)
		json_array_append_new(containers, container_of(e, &e->pod.v[i]));
	json_object_set_new(e->ret, "containers", containers);
	add_diagnostics(e);
	json_object_set_new(e->ret, "well", json_boolean(is_well(e)));
}

json_t *pod_explanation(const struct pod_facts *facts, struct pale_err **err)
{
	struct explaining e = { .facts = facts };
	int r = pod_read(facts->pod, NULL, &e.pod, err);

	know_cluster(&e);
	e.namespace = cluster_namespace(&e.cluster, object_name(facts->namespace));
	if (r == 0 && !e.namespace)
		r = pale_err_plain(err, EINVAL, "the pod's namespace has no name");
	if (r == 0) {
		e.ret = memory_checked(json_object());
		explain(&e);
	}
	pod_release(&e.pod);
	cluster_release(&e.cluster);
	return e.ret;
}

bool pod_explanation_is_well(const json_t *explanation)
{
	return json_is_true(json_object_get(explanation, "well"));
}
