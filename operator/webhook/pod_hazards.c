/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/pod_hazards.h"

#include "compiler/base/cleanup.h"
#include "enforcer/node_paths.h"
#include "operator/webhook/capability_names.h"
#include "operator/webhook/warnings.h"

#include <errno.h>
#include <string.h>

/* With which another process of the same pid namespace can be entered or changed. */
static const char *const entering[] = { "ALL", "SYS_PTRACE", "SYS_ADMIN", "SYS_MODULE" };

static bool is_dotted(const char *path)
{
	for (const char *s = path; (s = strstr(s, "..")); s++) {
		if ((s == path || s[-1] == '/') && (s[2] == '/' || s[2] == '\0'))
			return true;
	}
	return false;
}

static int check_host_path(
	const char *volume, const json_t *source, json_t *warnings, struct pale_err **err)
{
	const char *path = json_member_text(source, "path"), *opens;

	if (!path || *path != '/' || is_dotted(path))
		return pale_err_plain(err, EACCES,
			"volume '%s': hostPath is no absolute path without '..'", volume);
	opens = node_path_opens(path);
	if (!opens) {
		warnings_add(warnings,
			"volume '%s' is the node's %s: the profile's rules for that path hold for "
			"it",
			volume, path);
		return 0;
	}
	pale_err_plain(err, EACCES,
		"volume '%s' is the node's %s, and by %s containers and processes can be reached "
		"that no policy holds",
		volume, path, opens);
	pale_err_hint(
		err, "take the volume away, or run the pod in a namespace without " INJECT_LABEL);
	return -EACCES;
}

static int check_volumes(const json_t *spec, json_t *warnings, struct pale_err **err)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(spec, "volumes"), i, v) {
		const json_t *source = json_member(v, "hostPath");
		const char *name = json_member_text(v, "name");
		int r = source ? check_host_path(name ? name : "", source, warnings, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static bool profile_drops(const struct profile *p, const char *capability)
{
	for (size_t i = 0; i < p->drop.n; i++) {
		if (capability_is(p->drop.v[i], capability))
			return true;
	}
	return false;
}

/* The capability it adds, and keeps, with which it could leave through the node's processes. */
static const char *what_enters(const struct container_choice *c)
{
	const json_t *capabilities =
		json_member(json_member(c->container->json, "securityContext"), "capabilities");

	for (size_t i = 0; i < sizeof(entering) / sizeof(*entering); i++) {
		if (capabilities_have(json_member(capabilities, "add"), entering[i]) &&
			!(c->profile && profile_drops(c->profile, entering[i])))
			return entering[i];
	}
	return NULL;
}

static int check_container(const struct pod *pod, const struct container_choice *c,
	json_t *warnings, struct pale_err **err)
{
	_cleanup_(text_release) struct text who = TEXT_INIT;
	const json_t *security = json_member(c->container->json, "securityContext");
	const char *unmasked = json_member_text(security, "procMount");
	const char *enters =
		json_is_true(json_object_get(pod->spec, "hostPID")) ? what_enters(c) : NULL;

	pod_container_text(c->container, &who);
	if (json_is_true(json_object_get(security, "privileged"))) {
		pale_err_plain(err, EACCES,
			"%s is privileged, and no policy can hold a privileged container",
			text_str(&who));
		pale_err_hint(err,
			"set securityContext.privileged to false and add the capabilities "
			"that it needs");
		return -EACCES;
	}
	if (enters) {
		pale_err_plain(err, EACCES,
			"%s has the node's processes (hostPID) and the capability %s, by which it "
			"could enter them",
			text_str(&who), enters);
		pale_err_hint(err, "take hostPID or the capability away");
		return -EACCES;
	}
	if (unmasked && strcmp(unmasked, "Unmasked") == 0)
		warnings_add(warnings, "%s has all of /proc (procMount: Unmasked)", text_str(&who));
	return 0;
}

static bool has_several_profiles(const struct pod_choice *choice)
{
	for (size_t i = 1; i < choice->n; i++) {
		if (choice->v[i].profile != choice->v[0].profile)
			return true;
	}
	return false;
}

static void tell_of_namespaces(
	const struct pod *pod, const struct pod_choice *choice, json_t *warnings)
{
	static const struct {
		const char *member, *told;
	} shared[] = {
		{ "hostNetwork", "hostNetwork: addresses and ports in the profile are the node's" },
		{ "hostPID", "hostPID: the pod sees all processes of the node" },
		{ "hostIPC", "hostIPC: the pod shares memory and queues with the node" },
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		if (json_is_true(json_object_get(pod->spec, shared[i].member)))
			warnings_add(warnings, "%s", shared[i].told);
	}
	if (json_is_true(json_object_get(pod->spec, "shareProcessNamespace")) &&
		has_several_profiles(choice))
		warnings_add(warnings,
			"shareProcessNamespace: containers with different profiles see one "
			"another's processes");
}

static int check_runtime_class(
	const struct pod *pod, const char *runtime_class, struct pale_err **err)
{
	const char *is = json_member_text(pod->spec, "runtimeClassName");

	if (pod->exists && (!is || strcmp(is, runtime_class) != 0)) {
		pale_err_plain(err, EACCES,
			"the pod was started without Pale (runtimeClassName is %s), so that "
			"nothing would hold the container",
			is ? is : "not set");
		pale_err_hint(err, "delete the pod, so that it is created anew");
		return -EACCES;
	}
	if (!is || !*is || strcmp(is, runtime_class) == 0)
		return 0;
	pale_err_plain(err, EACCES,
		"runtimeClassName is '%s', but only '%s' puts containers under a policy", is,
		runtime_class);
	pale_err_hint(err, "take runtimeClassName away");
	return -EACCES;
}

static int check_system(const struct pod *pod, struct pale_err **err)
{
	if (!pod_is_windows(pod))
		return 0;
	pale_err_plain(err, EACCES, "a Windows pod, which no policy of Pale can hold");
	pale_err_hint(err, "run it in a namespace without the label " INJECT_LABEL);
	return -EACCES;
}

int pod_hazards_check(const struct pod *pod, const struct pod_choice *choice,
	const char *runtime_class, json_t *warnings, struct pale_err **err)
{
	int r = check_system(pod, err);

	if (r == 0)
		r = check_runtime_class(pod, runtime_class, err);
	if (r == 0 && !pod->exists)
		r = check_volumes(pod->spec, warnings, err);
	for (size_t i = 0; r == 0 && i < choice->n; i++)
		r = check_container(pod, &choice->v[i], warnings, err);
	if (r == 0 && !pod->exists)
		tell_of_namespaces(pod, choice, warnings);
	return r;
}
