/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/container_checks.h"

#include "compiler/base/cleanup.h"
#include "enforcer/posture/policy_answer.h"
#include "operator/memory.h"
#include "operator/webhook/capability_names.h"

#include <string.h>

/* Who a container runs as that is not to be root: what distroless images call nonroot. */
#define NONROOT_USER 65532

#define SECURITY(member)     "securityContext." member
#define CAPABILITIES(member) SECURITY("capabilities." member)

#define SECCOMP_ANNOTATION_POD	     "seccomp.security.alpha.kubernetes.io/pod"
#define SECCOMP_ANNOTATION_CONTAINER "container.seccomp.security.alpha.kubernetes.io/"
#define APPARMOR_ANNOTATION	     "container.apparmor.security.beta.kubernetes.io/"

static const json_t *own_security(const struct pod_container *c, const char *member)
{
	return json_member(json_member(c->json, "securityContext"), member);
}

static const json_t *capabilities(const struct pod_container *c, const char *list)
{
	return json_member(own_security(c, "capabilities"), list);
}

/* Where the value stands that audited_security() gives. */
static void security_evidence(
	const struct audited_pod *p, json_t *f, const struct pod_container *c, const char *member)
{
	const json_t *own = own_security(c, member), *value = audited_security(p, c, member);
	_cleanup_(text_release) struct text path = TEXT_INIT;

	text_printf(&path, SECURITY("%s"), member);
	if (own || !value)
		audited_container_evidence(p, f, c, value, text_str(&path));
	else
		audited_evidence(p, f, value, "spec.%s", text_str(&path));
}

/* One that only sets a member of the container's securityContext. Takes @value over. */
static void add_security(const struct audited_pod *p, const struct pod_container *c, json_t *f,
	const char *member, json_t *value)
{
	finding_patch(
		f, audited_security_patch(p, c, memory_checked(json_pack("{s:o}", member, value))));
	audited_add(p, f);
}

static void check_privileged(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *is = own_security(c, "privileged");
	json_t *f;

	if (!json_is_true(is))
		return;
	f = audited_finding(p, CONTROL_PRIVILEGED, c);
	audited_container_evidence(p, f, c, is, SECURITY("privileged"));
	add_security(p, c, f, "privileged", json_false());
}

/* ---- capabilities */

/* What of @list is none of @names, which end with a NULL. */
static json_t *without(const json_t *list, const char *const *names)
{
	json_t *left = memory_checked(json_array()), *v;
	size_t i;

	json_array_foreach ((json_t *)list, i, v) {
		bool goes = false;

		for (const char *const *n = names; *n; n++)
			goes |= json_is_string(v) && capability_is(json_string_value(v), *n);
		if (!goes)
			json_array_append(left, v);
	}
	return left;
}

static const char *const net_bind_service[] = { "NET_BIND_SERVICE", NULL };
static const char *const raw_names[] = { "NET_RAW", "ALL", NULL };
/* With which the API server refuses allowPrivilegeEscalation: false. */
static const char *const escalating[] = { "SYS_ADMIN", "ALL", NULL };

static void check_added(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *add = capabilities(c, "add");
	json_t *too_many = without(add, net_bind_service), *f, *kept;

	if (json_array_size(too_many)) {
		f = audited_finding(p, CONTROL_ADDED_CAPABILITIES, c);
		audited_container_evidence(p, f, c, add, CAPABILITIES("add"));
		kept = capabilities_have(add, "NET_BIND_SERVICE")
			       ? json_pack("[s]", "NET_BIND_SERVICE")
			       : json_null();
		add_security(
			p, c, f, "capabilities", memory_checked(json_pack("{s:o}", "add", kept)));
	}
	json_decref(too_many);
}

static void check_raw(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *add = capabilities(c, "add"), *drop = capabilities(c, "drop");
	bool added = capabilities_have(add, "NET_RAW") || capabilities_have(add, "ALL");
	bool dropped = capabilities_have(drop, "NET_RAW") || capabilities_have(drop, "ALL");
	json_t *f, *fields;
	struct request r;

	if (dropped && !added)
		return;
	f = audited_finding(p, CONTROL_RAW_SOCKETS, c);
	fields = memory_checked(json_object());
	if (added) {
		audited_container_evidence(p, f, c, add, CAPABILITIES("add"));
		json_object_set_new(fields, "add", without(add, raw_names));
	}
	if (!dropped) {
		json_t *more = json_is_array(drop) ? audited_copy(drop) : json_array();

		audited_container_evidence(p, f, c, drop, CAPABILITIES("drop"));
		json_array_append_new(more, json_string("NET_RAW"));
		json_object_set_new(fields, "drop", more);
	}
	if (policy_request_capability("net_raw", &r) && audited_refuses(p, c, &r, f))
		finding_severity(f, CONTROL_LOW);
	add_security(p, c, f, "capabilities", fields);
}

static void check_kept(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *drop = capabilities(c, "drop");
	json_t *f;

	if (capabilities_have(drop, "ALL"))
		return;
	f = audited_finding(p, CONTROL_KEPT_CAPABILITIES, c);
	audited_container_evidence(p, f, c, drop, CAPABILITIES("drop"));
	add_security(p, c, f, "capabilities", memory_checked(json_pack("{s:[s]}", "drop", "ALL")));
}

/* ---- what else a securityContext says */

/* The API server refuses it beside what gives all privileges, which goes away with it. */
static void check_escalation(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *is = own_security(c, "allowPrivilegeEscalation");
	const json_t *add = capabilities(c, "add");
	json_t *f, *fields;

	if (json_is_false(is))
		return;
	f = audited_finding(p, CONTROL_ESCALATION, c);
	fields = memory_checked(json_pack("{s:b}", "allowPrivilegeEscalation", 0));
	audited_container_evidence(p, f, c, is, SECURITY("allowPrivilegeEscalation"));
	if (json_is_true(own_security(c, "privileged")))
		json_object_set_new(fields, "privileged", json_false());
	if (capabilities_have(add, "SYS_ADMIN") || capabilities_have(add, "ALL"))
		json_object_set_new(fields, "capabilities",
			json_pack("{s:o}", "add", without(add, escalating)));
	finding_patch(f, audited_security_patch(p, c, fields));
	audited_add(p, f);
}

static void check_user(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *nonroot = audited_security(p, c, "runAsNonRoot"),
		     *user = audited_security(p, c, "runAsUser");
	json_t *f, *fields;

	if (json_is_true(nonroot) || json_integer_value(user) > 0)
		return;
	f = audited_finding(p, CONTROL_ROOT_USER, c);
	security_evidence(p, f, c, "runAsNonRoot");
	security_evidence(p, f, c, "runAsUser");
	/* Root of a user namespace is nobody on the node. */
	if (json_is_false(json_member(p->pod.spec, "hostUsers")))
		finding_severity(f, CONTROL_LOW);
	fields = memory_checked(json_pack("{s:b}", "runAsNonRoot", 1));
	if (json_is_integer(user))
		json_object_set_new(fields, "runAsUser", json_integer(NONROOT_USER));
	finding_patch(f, audited_security_patch(p, c, fields));
	audited_add(p, f);
}

/* By the annotations that came before the field, and went with 1.27. NULL: none says it. */
static const char *seccomp_annotation(
	const struct audited_pod *p, const struct pod_container *c, struct text *key)
{
	const char *own;

	text_printf(key, SECCOMP_ANNOTATION_CONTAINER "%s", c->name);
	own = pod_annotation(&p->pod, text_str(key));
	if (own)
		return own;
	text_clear(key);
	text_puts(key, SECCOMP_ANNOTATION_POD);
	return pod_annotation(&p->pod, SECCOMP_ANNOTATION_POD);
}

static void check_seccomp(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *profile = audited_security(p, c, "seccompProfile");
	_cleanup_(text_release) struct text key = TEXT_INIT;
	const char *annotated = profile ? NULL : seccomp_annotation(p, c, &key);
	const char *type = json_member_text(profile, "type");
	json_t *f, *patch;

	if ((type && strcmp(type, "Unconfined") != 0) ||
		(annotated && strcmp(annotated, "unconfined") != 0))
		return;
	f = audited_finding(p, CONTROL_NO_SECCOMP, c);
	patch = json_pack("{s:{s:[{s:s, s:{s:{s:s}}}]}}", "spec", container_lists[c->place], "name",
		c->name, "securityContext", "seccompProfile", "type", "RuntimeDefault");
	if (annotated)
		audited_evidence(p, f, json_object_get(p->pod.annotations, text_str(&key)),
			"metadata.annotations['%s']", text_str(&key));
	else
		security_evidence(p, f, c, "seccompProfile");
	/* Servers that know the annotation write one beside the field, and refuse two that differ.
	 */
	text_clear(&key);
	text_printf(&key, SECCOMP_ANNOTATION_CONTAINER "%s", c->name);
	if (pod_annotation(&p->pod, text_str(&key)))
		json_object_set_new(
			patch, "metadata", json_pack("{s:{s:n}}", "annotations", text_str(&key)));
	finding_patch(f, audited_patch(p, patch));
	audited_add(p, f);
}

static void check_apparmor(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *profile = audited_security(p, c, "appArmorProfile");
	const char *type = json_member_text(profile, "type"), *annotated;
	_cleanup_(text_release) struct text key = TEXT_INIT;
	json_t *f;

	text_printf(&key, APPARMOR_ANNOTATION "%s", c->name);
	annotated = profile ? NULL : pod_annotation(&p->pod, text_str(&key));
	if (type && strcmp(type, "Unconfined") == 0) {
		f = audited_finding(p, CONTROL_NO_APPARMOR, c);
		security_evidence(p, f, c, "appArmorProfile");
		add_security(
			p, c, f, "appArmorProfile", json_pack("{s:s}", "type", "RuntimeDefault"));
	} else if (annotated && strcmp(annotated, "unconfined") == 0) {
		f = audited_finding(p, CONTROL_NO_APPARMOR, c);
		audited_evidence(p, f, json_object_get(p->pod.annotations, text_str(&key)),
			"metadata.annotations['%s']", text_str(&key));
		finding_patch(
			f, audited_patch(p, json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
						    text_str(&key), "runtime/default")));
		audited_add(p, f);
	}
}

static void check_proc(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *mount = own_security(c, "procMount");
	json_t *f;

	if (!json_is_string(mount) || strcmp(json_string_value(mount), "Unmasked") != 0)
		return;
	f = audited_finding(p, CONTROL_UNMASKED_PROC, c);
	audited_container_evidence(p, f, c, mount, SECURITY("procMount"));
	add_security(p, c, f, "procMount", json_string("Default"));
}

static void check_root(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *is = own_security(c, "readOnlyRootFilesystem");
	json_t *f;

	if (json_is_true(is))
		return;
	f = audited_finding(p, CONTROL_WRITABLE_ROOT, c);
	audited_container_evidence(p, f, c, is, SECURITY("readOnlyRootFilesystem"));
	add_security(p, c, f, "readOnlyRootFilesystem", json_true());
}

static void check_host_process(const struct audited_pod *p, const struct pod_container *c)
{
	const json_t *options = audited_security(p, c, "windowsOptions");
	json_t *f;

	if (!json_is_true(json_object_get(options, "hostProcess")))
		return;
	f = audited_finding(p, CONTROL_HOST_PROCESS, c);
	security_evidence(p, f, c, "windowsOptions");
	add_security(p, c, f, "windowsOptions", json_pack("{s:b}", "hostProcess", 0));
}

/* ---- ports and environment */

/* The list as a whole: a port of two protocols stands in it twice under one merge key. */
static void check_ports(const struct audited_pod *p, const struct pod_container *c)
{
	json_t *f = NULL, *left = memory_checked(json_pack("[{s:s}]", "$patch", "replace")), *port;
	size_t i;

	json_array_foreach (json_object_get(c->json, "ports"), i, port) {
		const json_t *host = json_member(port, "hostPort");
		_cleanup_(text_release) struct text path = TEXT_INIT;
		json_t *copy = audited_copy(port);

		json_object_del(copy, "hostPort");
		json_object_del(copy, "hostIP");
		json_array_append_new(left, copy);
		if (json_integer_value(host) == 0)
			continue;
		if (!f)
			f = audited_finding(p, CONTROL_HOST_PORT, c);
		text_printf(&path, "ports[%zu].hostPort", i);
		audited_container_evidence(p, f, c, host, text_str(&path));
	}
	if (f) {
		finding_patch(f, audited_container_patch(p, c, json_pack("{s:O}", "ports", left)));
		audited_add(p, f);
	}
	json_decref(left);
}

/* A volume's name: of the letters that one may have, and not longer. */
static void volume_name(const char *secret, struct text *to)
{
	text_puts(to, "secret-");
	for (const char *s = secret; *s && to->len < 63; s++)
		text_putc(to, *s == '.' ? '-' : *s);
}

/* In place of variables: the Secret's keys as files. */
struct secret_patch {
	json_t *volumes, *mounts;
};

/* @reference: a SecretKeySelector or a SecretEnvSource. What may be missing may be missing as a
 * file, too, unless another variable of it may not. */
static void mount_secret(struct secret_patch *s, const json_t *reference)
{
	const char *secret = json_member_text(reference, "name");
	bool optional = json_is_true(json_object_get(reference, "optional"));
	_cleanup_(text_release) struct text name = TEXT_INIT, path = TEXT_INIT;
	json_t *v, *source;
	size_t i;

	volume_name(secret, &name);
	json_array_foreach (s->volumes, i, v) {
		if (strcmp(json_member_text(v, "name"), text_str(&name)) != 0)
			continue;
		if (!optional)
			json_object_del(json_object_get(v, "secret"), "optional");
		return;
	}
	text_printf(&path, "/run/secrets/%s", secret);
	source = memory_checked(json_pack("{s:s}", "secretName", secret));
	if (optional)
		json_object_set_new(source, "optional", json_true());
	json_array_append_new(
		s->volumes, json_pack("{s:s, s:o}", "name", text_str(&name), "secret", source));
	json_array_append_new(s->mounts, json_pack("{s:s, s:s, s:b}", "name", text_str(&name),
						 "mountPath", text_str(&path), "readOnly", 1));
}

static const json_t *reference_of_variable(const json_t *variable)
{
	return json_member(json_member(variable, "valueFrom"), "secretKeyRef");
}

static void check_environment(const struct audited_pod *p, const struct pod_container *c)
{
	struct secret_patch s = { memory_checked(json_array()), memory_checked(json_array()) };
	json_t *f = audited_finding(p, CONTROL_SECRET_ENVIRONMENT, c), *env = json_array(),
	       *from = json_array(), *fields = json_pack("{s:s}", "name", c->name), *v;
	size_t i;

	json_array_foreach (json_object_get(c->json, "env"), i, v) {
		const json_t *reference = reference_of_variable(v);
		_cleanup_(text_release) struct text path = TEXT_INIT;

		if (!json_member_text(reference, "name"))
			continue;
		text_printf(&path, "env[%zu].valueFrom.secretKeyRef.name", i);
		audited_container_evidence(
			p, f, c, json_object_get(reference, "name"), text_str(&path));
		json_array_append_new(env, json_pack("{s:O, s:s}", "name",
						   json_object_get(v, "name"), "$patch", "delete"));
		mount_secret(&s, reference);
	}
	json_array_foreach (json_object_get(c->json, "envFrom"), i, v) {
		const json_t *reference = json_member(v, "secretRef");
		_cleanup_(text_release) struct text path = TEXT_INIT;

		if (!json_member_text(reference, "name")) {
			json_array_append(from, v);
			continue;
		}
		text_printf(&path, "envFrom[%zu].secretRef.name", i);
		audited_container_evidence(
			p, f, c, json_object_get(reference, "name"), text_str(&path));
		mount_secret(&s, reference);
	}
	if (json_array_size(env))
		json_object_set(fields, "env", env);
	if (json_array_size(from) != json_array_size(json_object_get(c->json, "envFrom")))
		json_object_set(fields, "envFrom", from);
	json_object_set(fields, "volumeMounts", s.mounts);
	finding_patch(
		f, audited_patch(p, json_pack("{s:{s:[o], s:O}}", "spec", container_lists[c->place],
					    fields, "volumes", s.volumes)));
	if (json_array_size(s.volumes))
		audited_add(p, f);
	else
		json_decref(f);
	json_decref(env);
	json_decref(from);
	json_decref(s.volumes);
	json_decref(s.mounts);
}

static void (*const checks[])(const struct audited_pod *p, const struct pod_container *c) = {
	check_host_process,
	check_ports,
	check_environment,
};

static void (*const linux_checks[])(const struct audited_pod *p, const struct pod_container *c) = {
	check_privileged,
	check_added,
	check_raw,
	check_kept,
	check_escalation,
	check_user,
	check_seccomp,
	check_apparmor,
	check_proc,
	check_root,
};

void container_checks(const struct audited_pod *p)
{
	bool windows = pod_is_for_windows_alone(&p->pod);

	for (size_t i = 0; i < p->pod.n; i++) {
		for (size_t k = 0; k < sizeof(checks) / sizeof(*checks); k++)
			checks[k](p, &p->pod.v[i]);
		for (size_t k = 0; !windows && k < sizeof(linux_checks) / sizeof(*linux_checks);
			k++)
			linux_checks[k](p, &p->pod.v[i]);
	}
}
