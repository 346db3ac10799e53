/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/volume_checks.h"

#include "compiler/base/cleanup.h"
#include "enforcer/node_paths.h"
#include "operator/memory.h"

#include <string.h>

static bool is_of(const json_t *names, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach ((json_t *)names, i, v) {
		if (name && strcmp(json_string_value(v), name) == 0)
			return true;
	}
	return false;
}

/* Mounts merge by where they are. */
static json_t *mounts_taken_away(const struct pod_container *c, const json_t *names)
{
	json_t *gone = memory_checked(json_array()), *m;
	size_t i;

	json_array_foreach (json_object_get(c->json, "volumeMounts"), i, m) {
		if (is_of(names, json_member_text(m, "name")))
			json_array_append_new(
				gone, json_pack("{s:O, s:s}", "mountPath",
					      json_object_get(m, "mountPath"), "$patch", "delete"));
	}
	return gone;
}

json_t *volumes_taken_away(const struct audited_pod *p, const json_t *names)
{
	json_t *spec = memory_checked(json_object()), *volumes = memory_checked(json_array());
	const json_t *name;
	size_t i;

	for (size_t k = 0; k < p->pod.n; k++) {
		const struct pod_container *c = &p->pod.v[k];
		json_t *gone = mounts_taken_away(c, names), *list;

		if (json_array_size(gone)) {
			list = json_object_get(spec, container_lists[c->place]);
			if (!list) {
				list = memory_checked(json_array());
				json_object_set_new(spec, container_lists[c->place], list);
			}
			json_array_append_new(list,
				json_pack("{s:s, s:O}", "name", c->name, "volumeMounts", gone));
		}
		json_decref(gone);
	}
	json_array_foreach ((json_t *)names, i, name)
		json_array_append_new(
			volumes, json_pack("{s:O, s:s}", "name", name, "$patch", "delete"));
	json_object_set_new(spec, "volumes", volumes);
	return spec;
}

static enum control control_of(const char *path)
{
	if (node_path_runtime_socket(path))
		return CONTROL_RUNTIME_SOCKET;
	return node_path_opens(path) ? CONTROL_NODE_FILES : CONTROL_HOST_PATH;
}

/* Whether any mount of the volume can be written to; how they stand is added to the evidence. */
static bool add_mounts(const struct audited_pod *p, json_t *f, const struct pod_container *c,
	const char *volume, size_t *n)
{
	bool writable = false;
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(c->json, "volumeMounts"), i, m) {
		const char *name = json_member_text(m, "name");
		_cleanup_(text_release) struct text path = TEXT_INIT;

		if (!name || strcmp(name, volume) != 0)
			continue;
		text_printf(&path, "volumeMounts[%zu].mountPath", i);
		audited_container_evidence(
			p, f, c, json_object_get(m, "mountPath"), text_str(&path));
		writable |= !json_is_true(json_object_get(m, "readOnly"));
		++*n;
	}
	return writable;
}

static void check_host_path(const struct audited_pod *p, const struct pod_container *c,
	const json_t *volume, size_t index)
{
	const json_t *path = json_object_get(json_object_get(volume, "hostPath"), "path");
	const char *name = json_member_text(volume, "name");
	enum control control = control_of(json_string_value(path));
	json_t *f = audited_finding(p, control, c), *names;
	size_t mounts = 0;
	bool writable = false;

	audited_evidence(p, f, path, "spec.volumes[%zu].hostPath.path", index);
	if (c)
		writable = add_mounts(p, f, c, name, &mounts);
	if (c && !mounts) {
		json_decref(f);
		return;
	}
	if (control == CONTROL_HOST_PATH && !writable)
		finding_severity(f, CONTROL_LOW);
	names = memory_checked(json_pack("[s]", name));
	finding_patch(
		f, audited_patch(p, json_pack("{s:o}", "spec", volumes_taken_away(p, names))));
	json_decref(names);
	audited_add(p, f);
}

static bool is_mounted(const struct audited_pod *p, const char *volume)
{
	for (size_t i = 0; i < p->pod.n; i++) {
		json_t *m;
		size_t k;

		json_array_foreach (json_object_get(p->pod.v[i].json, "volumeMounts"), k, m) {
			const char *name = json_member_text(m, "name");

			if (name && strcmp(name, volume) == 0)
				return true;
		}
	}
	return false;
}

void volume_checks(const struct audited_pod *p)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(p->pod.spec, "volumes"), i, v) {
		const char *name = json_member_text(v, "name");

		if (!name || !json_member_text(json_member(v, "hostPath"), "path"))
			continue;
		for (size_t k = 0; k < p->pod.n; k++)
			check_host_path(p, &p->pod.v[k], v, i);
		if (!is_mounted(p, name))
			check_host_path(p, NULL, v, i);
	}
}
