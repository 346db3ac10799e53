/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/pod_checks.h"

#include "compiler/base/cleanup.h"
#include "enforcer/posture/policy_answer.h"
#include "operator/cluster/namespace.h"
#include "operator/memory.h"
#include "operator/posture/volume_checks.h"

#include <string.h>

#define TOKEN_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"
static void check_node_namespaces(const struct audited_pod *p)
{
	static const struct {
		const char *member, *path;
		enum control control;
	} shared[] = {
		{ "hostPID", "spec.hostPID", CONTROL_HOST_PID },
		{ "hostIPC", "spec.hostIPC", CONTROL_HOST_IPC },
		{ "hostNetwork", "spec.hostNetwork", CONTROL_HOST_NETWORK },
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		const json_t *is = json_object_get(p->pod.spec, shared[i].member);
		json_t *f;

		if (!json_is_true(is))
			continue;
		f = audited_finding(p, shared[i].control, NULL);
		audited_evidence(p, f, is, "%s", shared[i].path);
		finding_patch(
			f, audited_patch(p, json_pack("{s:{s:b}}", "spec", shared[i].member, 0)));
		audited_add(p, f);
	}
}

/* ---- the token for the API server */

const char *audited_service_account(const struct audited_pod *p)
{
	const char *name = json_member_text(p->pod.spec, "serviceAccountName");

	if (!name || !*name)
		name = json_member_text(p->pod.spec, "serviceAccount");
	return name && *name ? name : "default";
}

/* One that the volume has for the API server, and not for another audience. */
static bool has_token(const json_t *volume)
{
	json_t *source;
	size_t i;

	json_array_foreach (
		json_object_get(json_object_get(volume, "projected"), "sources"), i, source) {
		const json_t *token = json_member(source, "serviceAccountToken");
		const char *audience = json_member_text(token, "audience");

		if (token && (!audience || !*audience))
			return true;
	}
	return false;
}

static void add_name(json_t *names, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (names, i, v) {
		if (strcmp(json_string_value(v), name) == 0)
			return;
	}
	json_array_append_new(names, json_string(name));
}

/* The names of volumes with a token, and where containers have them. */
static json_t *find_tokens(const struct audited_pod *p, json_t *f)
{
	json_t *names = memory_checked(json_array()), *v, *m;
	size_t i, k;

	json_array_foreach (json_object_get(p->pod.spec, "volumes"), i, v) {
		if (has_token(v) && json_member_text(v, "name"))
			add_name(names, json_member_text(v, "name"));
	}
	for (i = 0; i < p->pod.n; i++) {
		const struct pod_container *c = &p->pod.v[i];

		json_array_foreach (json_object_get(c->json, "volumeMounts"), k, m) {
			const char *name = json_member_text(m, "name"),
				   *at = json_member_text(m, "mountPath");
			_cleanup_(text_release) struct text path = TEXT_INIT;
			size_t n = json_array_size(names), known;

			if (!name || !at)
				continue;
			for (known = 0; known < n; known++)
				if (!strcmp(json_string_value(json_array_get(names, known)), name))
					break;
			if (known == n && strcmp(at, TOKEN_FOLDER) != 0)
				continue;
			add_name(names, name);
			text_printf(&path, "volumeMounts[%zu].mountPath", k);
			audited_container_evidence(
				p, f, c, json_object_get(m, "mountPath"), text_str(&path));
		}
	}
	return names;
}

/* What the API server mounts by itself is not in what makes the pod. */
static json_t *without_admitted(const struct audited_pod *p, json_t *names)
{
	json_t *kept = memory_checked(json_array());
	const json_t *v;
	size_t i;

	json_array_foreach (names, i, v) {
		const char *name = json_string_value(v);

		if (!p->made ||
			(strncmp(name, "kube-api-access-", 16) != 0 && !strstr(name, "-token-")))
			json_array_append(kept, (json_t *)v);
	}
	json_decref(names);
	return kept;
}

/* By each of its names: /var/run may be a link in the image. */
static bool refuses_token(const struct audited_pod *p, const struct pod_container *c, json_t *f)
{
	static const char *const folders[] = { "/run/secrets/kubernetes.io/serviceaccount",
		TOKEN_FOLDER, NULL };
	json_t *answer = NULL, *one;
	bool refuses = true;
	size_t k;

	for (const char *const *file = policy_token_files; *file; file++) {
		for (const char *const *folder = folders; refuses && *folder; folder++) {
			_cleanup_(text_release) struct text path = TEXT_INIT;
			struct request r;

			text_printf(&path, "%s%s", *folder, *file);
			json_decref(answer);
			answer = memory_checked(json_pack("{s:[]}", "evidence"));
			policy_request_read(text_str(&path), &r);
			refuses = audited_refuses(p, c, &r, answer);
		}
	}
	json_array_foreach (json_object_get(answer, "evidence"), k, one)
		finding_evidence(f, audited_copy(json_object_get(one, "value")), "%s",
			json_member_text(one, "path"));
	json_decref(answer);
	return refuses;
}

static bool all_refuse_token(const struct audited_pod *p, json_t *f)
{
	bool all = true;

	for (size_t i = 0; i < p->pod.n; i++)
		all &= refuses_token(p, &p->pod.v[i], f);
	return all;
}

/*
 * Of a pod that was admitted: whether it has one. Of a manifest: whether it would get one. Findings
 * of the token and of whose it is are ended by the same.
 */
static void check_token(const struct audited_pod *p)
{
	const json_t *automount = json_member(p->pod.spec, "automountServiceAccountToken");
	json_t *f = audited_finding(p, CONTROL_TOKEN, NULL), *names = find_tokens(p, f), *spec,
	       *patch;
	bool would = !p->admitted && !json_is_false(automount) &&
		     !(p->no_tokens && !json_is_true(automount));

	if (!json_array_size(names) && !would) {
		json_decref(names);
		json_decref(f);
		return;
	}
	if (would)
		audited_evidence(p, f, automount, "spec.automountServiceAccountToken");
	if (all_refuse_token(p, f))
		finding_severity(f, CONTROL_LOW);
	names = without_admitted(p, names);
	spec = json_array_size(names) ? volumes_taken_away(p, names) : json_object();
	json_object_set_new(spec, "automountServiceAccountToken", json_false());
	patch = audited_patch(p, json_pack("{s:o}", "spec", spec));
	finding_patch(f, json_incref(patch));
	audited_add(p, f);
	json_decref(names);
	if (strcmp(audited_service_account(p), "default") == 0) {
		f = audited_finding(p, CONTROL_DEFAULT_ACCOUNT, NULL);
		audited_evidence(p, f, json_member(p->pod.spec, "serviceAccountName"),
			"spec.serviceAccountName");
		finding_patch(f, json_incref(patch));
		audited_add(p, f);
	}
	json_decref(patch);
}

/* ---- Pale's policy, and where the pod is */

/* As Pale's webhook leaves the pod: with both. */
static void check_profile(const struct audited_pod *p)
{
	if (pod_is_for_windows_alone(&p->pod))
		return;
	for (size_t i = 0; i < p->pod.n; i++) {
		const struct pod_container *c = &p->pod.v[i];
		_cleanup_(text_release) struct text key = TEXT_INIT;
		bool called;
		const char *profile = audited_profile(p, c, &called);
		json_t *f;

		if (*profile && called)
			continue;
		f = audited_finding(p, CONTROL_NO_PROFILE, c);
		text_printf(&key, CONTAINER_PROFILE_PREFIX "%s", c->name);
		audited_evidence(p, f, json_object_get(p->pod.annotations, PROFILE_ANNOTATION),
			"metadata.annotations['" PROFILE_ANNOTATION "']");
		if (!called)
			audited_evidence(p, f, json_member(p->pod.spec, "runtimeClassName"),
				"spec.runtimeClassName");
		finding_patch(f, audited_patch(p, json_pack("{s:{s:{s:s}}, s:{s:s}}", "metadata",
							  "annotations", text_str(&key),
							  *profile ? profile : c->name, "spec",
							  "runtimeClassName", "pale")));
		audited_add(p, f);
	}
}

static void check_namespace(const struct audited_pod *p)
{
	json_t *f;

	if (!p->place.namespace || strcmp(p->place.namespace, "default") != 0)
		return;
	f = audited_finding(p, CONTROL_DEFAULT_NAMESPACE, NULL);
	finding_evidence(f, json_string("default"), "metadata.namespace");
	finding_patch(f, json_pack("{s:{s:s}}", "metadata", "namespace", p->place.name));
	audited_add(p, f);
}

void pod_checks(const struct audited_pod *p)
{
	check_node_namespaces(p);
	volume_checks(p);
	check_token(p);
	check_profile(p);
	check_namespace(p);
}
