/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/cluster_posture.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/namespace.h"
#include "operator/memory.h"
#include "operator/pod_owner.h"
#include "operator/posture/container_checks.h"
#include "operator/posture/pod_checks.h"
#include "operator/posture/reach_checks.h"
#include "operator/posture/workload_kind.h"

#include <string.h>

#define SECURITY_LABEL "pod-security.kubernetes.io/enforce"

static const char *name_of(const json_t *object)
{
	const char *s = json_member_text(json_object_get(object, "metadata"), "name");

	return s ? s : "";
}

static const char *namespace_of(const json_t *object)
{
	const char *s = json_member_text(json_object_get(object, "metadata"), "namespace");

	return s ? s : "";
}

static const char *kind_of(const json_t *object, const char *otherwise)
{
	const char *s = json_member_text(object, "kind");

	return s && *s ? s : otherwise;
}

/* The kind of a list's items, where they have none of their own; malloc-ed. NULL: it is no list. */
static char *item_kind(const char *kind)
{
	size_t n = strlen(kind);

	if (n < 4 || strcmp(kind + n - 4, "List") != 0)
		return NULL;
	return memory_checked(strndup(kind, n - 4));
}

/* ---- what pods are judged by */

void cluster_objects_init(struct cluster_objects *c)
{
	*c = (struct cluster_objects){
		.namespaces = memory_checked(json_array()),
		.network_policies = memory_checked(json_array()),
		.service_accounts = memory_checked(json_array()),
		.profiles = memory_checked(json_array()),
	};
}

void cluster_objects_release(struct cluster_objects *c)
{
	json_decref(c->namespaces);
	json_decref(c->network_policies);
	json_decref(c->service_accounts);
	json_decref(c->profiles);
	*c = (struct cluster_objects){ 0 };
}

static void take(struct cluster_objects *c, const json_t *object, const char *otherwise)
{
	const char *kind = kind_of(object, otherwise);
	_cleanup_free_ char *items = item_kind(kind);
	const struct {
		const char *kind;
		json_t *list;
	} kept[] = {
		{ "Namespace", c->namespaces },
		{ "NetworkPolicy", c->network_policies },
		{ "ServiceAccount", c->service_accounts },
		{ "PaleProfile", c->profiles },
	};
	json_t *v;
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (strcmp(kind, kept[i].kind) == 0)
			json_array_append(kept[i].list, (json_t *)object);
	}
	/* Somebody thought of them: where there is one, all are meant to be there. */
	if (json_array_size(c->network_policies))
		c->network_policies_known = true;
	if (!items)
		return;
	json_array_foreach (json_object_get(object, "items"), i, v)
		take(c, v, items);
}

void cluster_objects_take(struct cluster_objects *c, const json_t *object)
{
	take(c, object, "");
}

/* ---- pods */

void cluster_posture_init(
	struct cluster_posture *c, struct posture *p, const struct cluster_objects *cluster)
{
	*c = (struct cluster_posture){
		.posture = p,
		.cluster = cluster,
		.profiles = profile_set_new(cluster->profiles),
		.used = memory_checked(json_object()),
		.makers = memory_checked(json_object()),
	};
}

void cluster_posture_release(struct cluster_posture *c)
{
	profile_set_free(c->profiles);
	json_decref(c->used);
	json_decref(c->makers);
	*c = (struct cluster_posture){ 0 };
}

static bool account_gives_no_token(const struct cluster_posture *c, const struct audited_pod *p)
{
	const char *name = audited_service_account(p);
	json_t *v;
	size_t i;

	json_array_foreach (c->cluster->service_accounts, i, v) {
		if (strcmp(name_of(v), name) == 0 &&
			strcmp(namespace_of(v), p->place.namespace) == 0)
			return json_is_false(json_object_get(v, "automountServiceAccountToken"));
	}
	return false;
}

/* Others say neither, and what an API server never had says nothing of what will become of it. */
static bool has_ended(const struct workload_kind *w, const json_t *object)
{
	const json_t *status = json_object_get(object, "status");
	const char *phase = json_member_text(status, "phase");

	if (!json_member(json_object_get(object, "metadata"), "uid"))
		return false;
	if (strcmp(w->kind, "Job") == 0)
		return json_member(status, "completionTime");
	return strcmp(w->kind, "Pod") == 0 && phase &&
	       (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
}

static char *maker_key(const char *namespace, const char *kind, const char *name)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/%s/%s", namespace, kind, name);
	return text_take(&t);
}

/* Of a pod that runs: what keeps it, in @p's place; malloc-ed, NULL where patches are the pod's. */
static char *put_maker(struct audited_pod *p, const json_t *pod)
{
	_cleanup_free_ char *owner = pod_owner(pod);
	char *slash = owner ? strchr(owner, '/') : NULL;
	const struct workload_kind *w;

	if (!slash)
		return NULL;
	*slash = '\0';
	w = workload_kind_find(owner);
	if (!w || !w->template)
		return NULL;
	p->made = true;
	p->template = w->template;
	p->place.kind = w->kind;
	p->place.name = slash + 1;
	return TAKE_PTR(owner);
}

static void check(struct cluster_posture *c, struct audited_pod *p)
{
	_cleanup_free_ char *key = maker_key(p->place.namespace, p->place.kind, p->place.name);

	c->posture->objects++;
	c->posture->containers += p->pod.n;
	json_object_set_new(c->makers, key, json_true());
	json_object_set_new(c->used, p->place.namespace, json_true());
	p->no_tokens = account_gives_no_token(c, p);
	container_checks(p);
	pod_checks(p);
	reach_checks(p);
}

static void add_workload(struct cluster_posture *c, const json_t *object,
	const struct workload_kind *w, const struct object_source *from)
{
	json_t *pod = workload_kind_pod(w, object);
	const json_t *metadata = json_object_get(object, "metadata");
	struct audited_pod p = {
		.posture = c->posture,
		.place = { .kind = w->kind,
			.namespace = namespace_of(object),
			.name = name_of(object),
			.file = from->file },
		.template = w->template,
		.admitted = !w->template && json_member(metadata, "uid"),
		.network_policies =
			c->cluster->network_policies_known ? c->cluster->network_policies : NULL,
		.profiles = c->profiles,
		.host_address = json_member_text(json_object_get(object, "status"), "hostIP"),
		.line = from->line,
		.ctx = from->ctx,
	};
	_cleanup_free_ char *maker = p.admitted ? put_maker(&p, object) : NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (!*p.place.name)
		p.place.name = json_member_text(metadata, "generateName");
	if (!p.place.name)
		p.place.name = "";
	if (pod_read(pod, NULL, &p.pod, &err) < 0)
		posture_unseen(c->posture, "%s%s%s/%s: %s", p.place.namespace,
			*p.place.namespace ? "/" : "", w->kind, p.place.name, pale_err_text(err));
	else if (!has_ended(w, object))
		check(c, &p);
	pod_release(&p.pod);
	json_decref(pod);
}

/* The path of a list's item, for who knows lines by those of the whole object. */
struct item_source {
	const struct object_source *from;
	size_t index;
};

static uint32_t item_line(void *ctx, const char *path)
{
	const struct item_source *item = ctx;
	_cleanup_(text_release) struct text whole = TEXT_INIT;

	text_printf(&whole, "items[%zu].%s", item->index, path);
	return item->from->line(item->from->ctx, text_str(&whole));
}

void cluster_posture_add(struct cluster_posture *c, const json_t *object, const char *kind,
	const struct object_source *from)
{
	const char *is = kind_of(object, kind);
	const struct workload_kind *w = workload_kind_find(is);
	_cleanup_free_ char *items = item_kind(is);
	json_t *v;
	size_t i;

	if (w)
		add_workload(c, object, w, from);
	if (!*is)
		posture_unseen(
			c->posture, "an object without a kind, called '%s'", name_of(object));
	if (!items)
		return;
	/* Other kinds may be called like one. */
	if ((!*items || workload_kind_find(items)) && json_member(object, "items") &&
		!json_is_array(json_object_get(object, "items")))
		posture_unseen(c->posture, "%s: items is no list", is);
	json_array_foreach (json_object_get(object, "items"), i, v) {
		struct item_source item = { from, i };
		struct object_source of = { from->file, from->line ? item_line : NULL, &item };

		cluster_posture_add(c, v, items, &of);
	}
}

/* By what is looked at by its own template. */
static bool is_kept(const json_t *object)
{
	const char *kind = json_member_text(pod_controller(object), "kind");
	const struct workload_kind *w = kind ? workload_kind_find(kind) : NULL;

	return w && w->template;
}

void cluster_posture_add_idle(struct cluster_posture *c, const json_t *object, const char *kind,
	const struct object_source *from)
{
	_cleanup_free_ char *key = maker_key(namespace_of(object), kind, name_of(object));

	if (!is_kept(object) && !json_object_get(c->makers, key))
		cluster_posture_add(c, object, kind, from);
}

/* ---- namespaces */

/* With which each cluster begins; others that are called kube-… somebody made. */
static bool is_kubernetes_own(const char *namespace)
{
	static const char *const own[] = { "kube-system", "kube-public", "kube-node-lease" };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (strcmp(namespace, own[i]) == 0)
			return true;
	}
	return false;
}

static json_t *namespace_finding(enum control control, const char *name)
{
	return finding_new(control, &(struct finding_place){ .kind = "Namespace", .name = name });
}

static void check_admission(struct cluster_posture *c, const json_t *namespace)
{
	const json_t *labels = json_object_get(json_object_get(namespace, "metadata"), "labels");
	const char *level = json_member_text(labels, SECURITY_LABEL),
		   *inject = json_member_text(labels, INJECT_LABEL);
	json_t *f;

	if ((level && (strcmp(level, "baseline") == 0 || strcmp(level, "restricted") == 0)) ||
		(inject && strcmp(inject, "enabled") == 0))
		return;
	f = namespace_finding(CONTROL_ADMISSION_POLICY, name_of(namespace));
	finding_evidence(
		f, level ? json_string(level) : NULL, "metadata.labels['" SECURITY_LABEL "']");
	finding_evidence(
		f, inject ? json_string(inject) : NULL, "metadata.labels['" INJECT_LABEL "']");
	finding_patch(
		f, json_pack("{s:{s:{s:s}}}", "metadata", "labels", SECURITY_LABEL, "baseline"));
	posture_add(c->posture, f);
}

static bool has_network_policy(const struct cluster_posture *c, const char *namespace)
{
	json_t *v;
	size_t i;

	json_array_foreach (c->cluster->network_policies, i, v) {
		if (strcmp(namespace_of(v), namespace) == 0)
			return true;
	}
	return false;
}

static void check_network(struct cluster_posture *c, const char *namespace)
{
	json_t *f;

	if (!*namespace || has_network_policy(c, namespace))
		return;
	f = namespace_finding(CONTROL_NETWORK_POLICY, namespace);
	finding_evidence(f, json_integer(0), "NetworkPolicies");
	finding_create(f, json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:{}, s:[s, s]}}", "apiVersion",
				  "networking.k8s.io/v1", "kind", "NetworkPolicy", "metadata",
				  "name", "refuse-all", "namespace", namespace, "spec",
				  "podSelector", "policyTypes", "Ingress", "Egress"));
	posture_add(c->posture, f);
}

void cluster_posture_end(struct cluster_posture *c)
{
	const char *name;
	json_t *v;
	size_t i;

	json_array_foreach (c->cluster->namespaces, i, v) {
		bool counts = json_object_get(c->used, name_of(v)) || !c->cluster->namespaces_known;

		if (counts && !is_kubernetes_own(name_of(v)))
			check_admission(c, v);
	}
	if (!c->cluster->network_policies_known)
		posture_note(c->posture, "what pods reach, since NetworkPolicies are not known");
	json_object_foreach (c->used, name, v) {
		if (c->cluster->network_policies_known)
			check_network(c, name);
	}
}
