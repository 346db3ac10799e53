/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/pod_patch.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/webhook/capability_names.h"
#include "operator/webhook/json_patch.h"
#include "operator/webhook/pod_recording.h"
#include "operator/webhook/warnings.h"

#include <errno.h>

#define POD_SECCOMP_ANNOTATION	 "seccomp.security.alpha.kubernetes.io/pod"
#define CONTAINER_SECCOMP_PREFIX "container.seccomp.security.alpha.kubernetes.io/"
#define LOCALHOST_PREFIX	 "localhost/"

/* enforcer/annotations.h: what engines say, with Kubernetes and without, which some hand over as a
 * pod has it; and what is for recorded pods. */
static const char *const not_for_pods[] = { "pale.dev/name", "pale.dev/image",
	"pale.dev/image-digest", RECORDING_ANNOTATION, "io.kubernetes.cri.container-name",
	"io.kubernetes.cri.container-type", "io.kubernetes.cri.image-name",
	"io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.sandbox-namespace",
	"io.kubernetes.cri.sandbox-uid" };

struct patching {
	const struct pod *pod;
	const struct pod_choice *choice;
	bool any_digest;
	json_t *annotations; /* what they are to be; NULL: an annotation is to go */
	json_t *patch, *warnings;
};

static void want_annotation(struct patching *p, const char *name, const char *value)
{
	json_object_set_new(p->annotations, name, value ? json_string(value) : json_null());
}

static void want_container_profiles(struct patching *p)
{
	const struct pod_choice *choice = p->choice;

	for (size_t i = 0; i < choice->n; i++) {
		const struct container_choice *c = &choice->v[i];
		const char *covers = c->own ? c->own : choice->pod_profile;
		_cleanup_(text_release) struct text name = TEXT_INIT;

		if (covers && strcmp(covers, c->profile->head.name) == 0)
			continue;
		text_printf(&name, CONTAINER_PROFILE_PREFIX "%s", c->container->name);
		want_annotation(p, text_str(&name), c->profile->head.name);
	}
}

static void want_annotations(struct patching *p)
{
	const struct pod_choice *choice = p->choice;

	if (choice->pod_profile)
		want_annotation(p, PROFILE_ANNOTATION, choice->pod_profile);
	want_container_profiles(p);
	if (choice->mode == MODE_AUDIT || choice->canary || pod_annotation(p->pod, MODE_ANNOTATION))
		want_annotation(p, MODE_ANNOTATION, mode_word(choice->mode));
	if (choice->on_missing != MISSING_UNSAID)
		want_annotation(p, ON_MISSING_ANNOTATION, when_missing_word(choice->on_missing));
}

static void want_recording(struct patching *p)
{
	_cleanup_(text_release) struct text value = TEXT_INIT;

	pod_recording_text(p->choice->recording, &value);
	want_annotation(p, RECORDING_ANNOTATION, text_str(&value));
}

static void want_no_others(struct patching *p)
{
	for (size_t i = 0; i < sizeof(not_for_pods) / sizeof(*not_for_pods); i++) {
		if (!pod_annotation(p->pod, not_for_pods[i]) ||
			json_object_get(p->annotations, not_for_pods[i]))
			continue;
		want_annotation(p, not_for_pods[i], NULL);
		warnings_add(p->warnings, "annotation %s is not a pod's to say: taken away",
			not_for_pods[i]);
	}
}

static void patch_annotation(struct patching *p, const char *name, json_t *value)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	const char *has = pod_annotation(p->pod, name);

	text_puts(&path, "/metadata/annotations");
	json_pointer_add(&path, name);
	if (json_is_null(value) && has)
		json_patch_remove(p->patch, &path);
	else if (json_is_string(value) && (!has || strcmp(has, json_string_value(value)) != 0))
		json_patch_add(p->patch, &path, json_incref(value));
}

static void patch_annotations(struct patching *p)
{
	const char *name;
	json_t *value;

	/* Nothing is to go where there is nothing. */
	if (!p->pod->annotations && json_object_size(p->annotations)) {
		_cleanup_(text_release) struct text path = TEXT_INIT;

		text_puts(&path, "/metadata/annotations");
		json_patch_add(p->patch, &path, json_incref(p->annotations));
		return;
	}
	json_object_foreach (p->annotations, name, value)
		patch_annotation(p, name, value);
}

static void patch_runtime_class(struct patching *p, const char *runtime_class)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	const char *has = json_member_text(p->pod->spec, "runtimeClassName");

	if (has && strcmp(has, runtime_class) == 0)
		return;
	text_puts(&path, "/spec/runtimeClassName");
	json_patch_add(p->patch, &path, json_string(runtime_class));
}

/* A seccompProfile from an annotation's word; NULL where it asks for none. */
static json_t *seccomp_of_word(const char *word)
{
	if (strcmp(word, "runtime/default") == 0 || strcmp(word, "docker/default") == 0)
		return json_pack("{s:s}", "type", "RuntimeDefault");
	if (strncmp(word, LOCALHOST_PREFIX, strlen(LOCALHOST_PREFIX)) == 0)
		return json_pack("{s:s, s:s}", "type", "Localhost", "localhostProfile",
			word + strlen(LOCALHOST_PREFIX));
	return NULL;
}

static const char *seccomp_word(const struct pod *pod, const char *container)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	const char *word;

	text_printf(&key, CONTAINER_SECCOMP_PREFIX "%s", container);
	word = pod_annotation(pod, text_str(&key));
	return word ? word : pod_annotation(pod, POD_SECCOMP_ANNOTATION);
}

/* Whether what the container has by itself or from its pod confines it, so that it stays. */
static bool seccomp_stays(
	const struct patching *p, const json_t *seccomp, const struct profile *profile)
{
	const char *type = json_member_text(seccomp, "type");
	const char *file = json_member_text(seccomp, "localhostProfile");

	if (!type)
		return false;
	if (strcmp(type, "RuntimeDefault") == 0)
		return true;
	if (strcmp(type, "Localhost") != 0 || !file)
		return false;
	if (!profile_is_seccomp_file(file) || strcmp(file, profile->seccomp) == 0)
		return true;
	return p->any_digest && profile_is_seccomp_file_of(file, profile->head.name);
}

/* What seccompProfile of the container is to become; NULL: it stays. */
static json_t *wanted_seccomp(
	const struct patching *p, const struct container_choice *c, const json_t *security)
{
	const json_t *own = json_member(security, "seccompProfile");
	const json_t *pods =
		json_member(json_member(p->pod->spec, "securityContext"), "seccompProfile");
	const char *word = own || pods ? NULL : seccomp_word(p->pod, c->container->name);
	json_t *converted = word ? seccomp_of_word(word) : NULL;

	if (seccomp_stays(p, own ? own : pods, c->profile))
		return NULL;
	if (converted && seccomp_stays(p, converted, c->profile))
		return converted;
	json_decref(converted);
	return json_pack(
		"{s:s, s:s}", "type", "Localhost", "localhostProfile", c->profile->seccomp);
}

/* The word that an older server would want to agree with the field. */
static void want_seccomp_annotation(
	struct patching *p, const struct container_choice *c, const json_t *seccomp)
{
	_cleanup_(text_release) struct text key = TEXT_INIT, word = TEXT_INIT;
	const char *file = json_member_text(seccomp, "localhostProfile"), *has;

	text_printf(&key, CONTAINER_SECCOMP_PREFIX "%s", c->container->name);
	has = pod_annotation(p->pod, text_str(&key));
	if (!has)
		return;
	if (file)
		text_printf(&word, LOCALHOST_PREFIX "%s", file);
	else
		text_puts(&word, "runtime/default");
	/* docker/default is another word for the same. */
	if (file || strcmp(has, "docker/default") != 0)
		want_annotation(p, text_str(&key), text_str(&word));
}

/* @drop of the container and what its profile drops; NULL: nothing is to be added. */
static json_t *wanted_drop(const json_t *drop, const struct profile *profile)
{
	json_t *all = drop ? json_copy((json_t *)drop) : json_array();

	for (size_t i = 0; i < profile->drop.n; i++) {
		if (!capabilities_have(all, "ALL") && !capabilities_have(all, profile->drop.v[i]))
			json_array_append_new(all, json_string(profile->drop.v[i]));
	}
	if (json_array_size(all) > json_array_size(drop))
		return all;
	json_decref(all);
	return NULL;
}

static bool profile_drops(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->drop.n; i++) {
		if (capability_is(p->drop.v[i], name))
			return true;
	}
	return false;
}

/* @add without what the profile drops; NULL: there is none of it. */
static json_t *wanted_add(struct patching *p, const json_t *add, const struct container_choice *c)
{
	json_t *kept = json_array(), *v;
	size_t i;

	json_array_foreach (add, i, v) {
		const char *name = json_string_value(v);

		if (!name || !profile_drops(c->profile, name)) {
			json_array_append(kept, v);
			continue;
		}
		warnings_add(p->warnings,
			"container '%s' asks for %s, which its profile '%s' does not allow: taken "
			"away",
			c->container->name, name, c->profile->head.name);
	}
	if (json_array_size(kept) < json_array_size(add))
		return kept;
	json_decref(kept);
	return NULL;
}

/* What of securityContext is to become what: a part of it as it should look, only in what
 * changes. */
static json_t *wanted_capabilities(
	struct patching *p, const json_t *security, const struct container_choice *c)
{
	const json_t *has = json_member(security, "capabilities");
	json_t *drop = wanted_drop(json_member(has, "drop"), c->profile);
	json_t *add = wanted_add(p, json_member(has, "add"), c);
	json_t *ret = drop || add ? json_object() : NULL;

	if (add)
		json_object_set_new(ret, "add", add);
	if (drop)
		json_object_set_new(ret, "drop", drop);
	return ret;
}

static int check_escalation(
	const struct container_choice *c, const json_t *security, struct pale_err **err)
{
	const json_t *add = json_member(json_member(security, "capabilities"), "add");
	json_t *v;
	size_t i;

	/* ValidateSecurityContext() of Kubernetes compares this one word. */
	json_array_foreach (add, i, v) {
		const char *name = json_string_value(v);

		if (!name || strcmp(name, "CAP_SYS_ADMIN") != 0 || profile_drops(c->profile, name))
			continue;
		pale_err_plain(err, EACCES,
			"container '%s' adds CAP_SYS_ADMIN, with which Kubernetes takes no "
			"allowPrivilegeEscalation: false, and profile '%s' implies that",
			c->container->name, c->profile->head.name);
		pale_err_hint(err, "write SYS_ADMIN, or take the capability away");
		return -EACCES;
	}
	return 0;
}

/* Members that are there get one operation each, so that what is beside them stays. */
static void patch_member(
	struct patching *p, struct text *path, const json_t *has, const char *name, json_t *value)
{
	const json_t *there = json_member(has, name);
	size_t len = path->len;
	const char *member;
	json_t *v;

	json_pointer_add(path, name);
	if (json_is_object(there) && strcmp(name, "seccompProfile") != 0) {
		json_object_foreach (value, member, v)
			patch_member(p, path, there, member, v);
	} else {
		json_patch_add(p->patch, path, json_incref(value));
	}
	path->len = len;
	path->s[len] = '\0';
}

static int patch_container(
	struct patching *p, const struct container_choice *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	const json_t *security = json_member(c->container->json, "securityContext");
	const json_t *capabilities = json_member(security, "capabilities");
	json_t *seccomp = wanted_seccomp(p, c, security), *wanted = json_object(), *caps;

	if (seccomp) {
		want_seccomp_annotation(p, c, seccomp);
		json_object_set_new(wanted, "seccompProfile", seccomp);
	}
	if ((capabilities && !json_is_object(capabilities)) ||
		(json_member(capabilities, "drop") &&
			!json_is_array(json_member(capabilities, "drop")))) {
		json_decref(wanted);
		return pale_err_plain(err, EINVAL, "container '%s': capabilities have no lists",
			c->container->name);
	}
	caps = wanted_capabilities(p, security, c);
	if (caps)
		json_object_set_new(wanted, "capabilities", caps);
	if (c->profile->no_escalation &&
		!json_is_false(json_member(security, "allowPrivilegeEscalation")))
		json_object_set_new(wanted, "allowPrivilegeEscalation", json_false());
	text_printf(
		&path, "/spec/%s/%zu", container_lists[c->container->place], c->container->index);
	if (json_object_size(wanted)) {
		/* As if it were a member of the container. */
		patch_member(p, &path, c->container->json, "securityContext", wanted);
	}
	json_decref(wanted);
	return c->profile->no_escalation ? check_escalation(c, security, err) : 0;
}

static int patch_containers(struct patching *p, struct pale_err **err)
{
	for (size_t i = 0; p->choice->mode == MODE_ENFORCE && i < p->choice->n; i++) {
		int r = patch_container(p, &p->choice->v[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

int pod_patch(const struct pod *pod, const struct pod_choice *choice, const char *runtime_class,
	bool any_digest, json_t **ret, json_t *warnings, struct pale_err **err)
{
	struct patching p = { .pod = pod,
		.choice = choice,
		.any_digest = any_digest,
		.annotations = json_object(),
		.patch = json_array(),
		.warnings = warnings };
	int r;

	if (!pod->exists) {
		if (choice->recording)
			want_recording(&p);
		else
			want_annotations(&p);
		want_no_others(&p);
		patch_runtime_class(&p, runtime_class);
	}
	r = patch_containers(&p, err);
	/* Of a pod that exists the API server takes none. */
	if (r == 0 && !pod->exists)
		patch_annotations(&p);
	json_decref(p.annotations);
	if (r < 0)
		json_decref(p.patch);
	*ret = r < 0 ? NULL : p.patch;
	return r;
}
