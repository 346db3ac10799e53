/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/audited_pod.h"

#include "compiler/base/cleanup.h"
#include "enforcer/posture/policy_answer.h"
#include "operator/cluster/namespace.h"
#include "operator/memory.h"

#include <stdarg.h>
#include <string.h>

/* As operator/deploy/ has it: what calls pale-runtime. */
#define RUNTIME_CLASS "pale"

json_t *audited_copy(const json_t *value)
{
	return memory_checked(value ? json_deep_copy(value) : json_null());
}

json_t *audited_finding(
	const struct audited_pod *p, enum control control, const struct pod_container *c)
{
	static const char *const places[PLACE_COUNT] = {
		[PLACE_INIT] = "init container",
		[PLACE_MAIN] = "container",
		[PLACE_EPHEMERAL] = "ephemeral container",
	};
	struct finding_place place = p->place;

	if (c) {
		place.container = c->name;
		place.place = places[c->place];
	}
	return finding_new(control, &place);
}

/* "spec.template." of a maker's manifest; pods are looked at as they are. */
static void put_prefix(const struct audited_pod *p, struct text *to)
{
	for (const char *const *s = p->made ? NULL : p->template; s && *s; s++)
		text_printf(to, "%s.", *s);
}

void audited_evidence(const struct audited_pod *p, json_t *finding, const json_t *value,
	const char *path_format, ...)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *s = NULL;
	va_list ap;

	va_start(ap, path_format);
	if (vasprintf(&s, path_format, ap) < 0)
		abort();
	va_end(ap);
	put_prefix(p, &path);
	text_puts(&path, s);
	finding_evidence(finding, value ? audited_copy(value) : NULL, "%s", text_str(&path));
}

void audited_container_evidence(const struct audited_pod *p, json_t *finding,
	const struct pod_container *c, const json_t *value, const char *path)
{
	audited_evidence(
		p, finding, value, "spec.%s[%zu].%s", container_lists[c->place], c->index, path);
}

void audited_add(const struct audited_pod *p, json_t *finding)
{
	const json_t *first = json_array_get(json_object_get(finding, "evidence"), 0);
	const char *path = json_member_text(first, "path");

	if (p->line && path)
		json_object_set_new(finding, "line", json_integer(p->line(p->ctx, path)));
	posture_add(p->posture, finding);
}

json_t *audited_patch(const struct audited_pod *p, json_t *pod_patch)
{
	size_t n = 0;

	while (p->template && p->template[n])
		n++;
	while (n--)
		pod_patch = memory_checked(json_pack("{s:o}", p->template[n], pod_patch));
	return pod_patch;
}

json_t *audited_container_patch(
	const struct audited_pod *p, const struct pod_container *c, json_t *fields)
{
	json_t *named = memory_checked(json_pack("{s:s}", "name", c->name));

	json_object_update(named, fields);
	json_decref(fields);
	return audited_patch(p,
		memory_checked(json_pack("{s:{s:[o]}}", "spec", container_lists[c->place], named)));
}

json_t *audited_security_patch(
	const struct audited_pod *p, const struct pod_container *c, json_t *fields)
{
	return audited_container_patch(
		p, c, memory_checked(json_pack("{s:o}", "securityContext", fields)));
}

const json_t *audited_security(
	const struct audited_pod *p, const struct pod_container *c, const char *member)
{
	const json_t *own = json_member(json_member(c->json, "securityContext"), member);

	return own ? own : json_member(json_member(p->pod.spec, "securityContext"), member);
}

const char *audited_profile(
	const struct audited_pod *p, const struct pod_container *c, bool *ret_called)
{
	const char *runtime = json_member_text(p->pod.spec, "runtimeClassName");
	const char *profile = pod_container_annotation(&p->pod, c->name);

	/* Of a manifest the annotation is enough: Pale's webhook does the rest. */
	*ret_called = !p->admitted || (runtime && strcmp(runtime, RUNTIME_CLASS) == 0);
	if (!profile)
		profile = pod_annotation(&p->pod, PROFILE_ANNOTATION);
	return profile ? profile : "";
}

static const struct policy *policy_in_force(
	const struct audited_pod *p, const struct pod_container *c, const char *profile)
{
	const char *mode = pod_annotation(&p->pod, MODE_ANNOTATION);

	if (!p->profiles || (mode && strcmp(mode, "enforce") != 0))
		return NULL;
	return profile_set_enforced(p->profiles, profile);
}

bool audited_refuses(const struct audited_pod *p, const struct pod_container *c,
	const struct request *r, json_t *finding)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	bool called, lets;
	const char *profile = audited_profile(p, c, &called);
	const struct policy *policy = called ? policy_in_force(p, c, profile) : NULL;

	if (!policy)
		return false;
	lets = policy_lets(policy, r, &why);
	finding_evidence(finding, json_string(text_str(&why)), "PaleProfile/%s", profile);
	return !lets;
}
