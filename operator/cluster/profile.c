/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/profile.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/cluster/object_name.h"
#include "operator/memory.h"

#include <errno.h>

#define SECCOMP_FOLDER "pale/"
#define SECCOMP_SUFFIX ".json"
#define DIGEST_LEN     12
#define CAPABILITY_MAX 64

static int read_mode(struct profile *p, const json_t *object, struct pale_err **err)
{
	const json_t *status = json_object_get(json_object_get(object, "status"), "mode");
	const json_t *v =
		status ? status : json_object_get(json_object_get(object, "spec"), "mode");
	const char *word = json_string_value(v);

	p->mode = MODE_ENFORCE;
	if (v && (!word || !mode_parse(word, &p->mode)))
		return pale_err_plain(err, EINVAL, "%s.mode is neither enforce nor audit",
			status ? "status" : "spec");
	return 0;
}

/* rollout.h of the controller: in another step there is no share, and in this one the mode is
 * audit. */
static int read_canary(struct profile *p, const json_t *rollout, struct pale_err **err)
{
	const char *phase = json_string_value(json_object_get(rollout, "phase"));
	const json_t *v = json_object_get(rollout, "canaryPercent");
	json_int_t n = json_integer_value(v);

	if (!phase || strcmp(phase, "Canary") != 0 || p->mode != MODE_AUDIT)
		return 0;
	if (!json_is_integer(v) || n < 0 || n > 100)
		return pale_err_plain(
			err, EINVAL, "status.rollout.canaryPercent is no number from 0 to 100");
	p->canary_percent = (uint32_t)n;
	return 0;
}

static bool is_digest(const char *s)
{
	return strspn(s, "0123456789abcdef") == DIGEST_LEN &&
	       strcmp(s + DIGEST_LEN, SECCOMP_SUFFIX) == 0;
}

bool profile_is_seccomp_file(const char *file)
{
	return strncmp(file, SECCOMP_FOLDER, strlen(SECCOMP_FOLDER)) == 0;
}

bool profile_is_seccomp_file_of(const char *file, const char *name)
{
	size_t len = strlen(name);

	if (!profile_is_seccomp_file(file))
		return false;
	file += strlen(SECCOMP_FOLDER);
	return strncmp(file, name, len) == 0 && file[len] == '-' && is_digest(file + len + 1);
}

/* CAP_NET_ADMIN is NET_ADMIN in a pod. */
static bool is_capability(const char *s)
{
	size_t len = strlen(s);

	return len && len <= CAPABILITY_MAX && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == len &&
	       strncmp(s, "CAP_", 4) != 0;
}

static int read_drop(struct profile *p, const json_t *list, struct pale_err **err)
{
	int r = string_list_read(list, "status.pod.dropCapabilities", &p->drop, err);

	for (size_t i = 0; r == 0 && i < p->drop.n; i++) {
		if (!is_capability(p->drop.v[i]))
			return pale_err_plain(err, EINVAL,
				"status.pod.dropCapabilities has one that is no capability");
	}
	return r;
}

static int read_pod(struct profile *p, const json_t *pod, struct pale_err **err)
{
	const json_t *escalation = json_object_get(pod, "allowPrivilegeEscalation");
	const char *file = json_string_value(json_object_get(pod, "seccompProfile"));
	int r;

	if (!pod)
		return 0;
	if (!file || !profile_is_seccomp_file_of(file, p->head.name))
		return pale_err_plain(err, EINVAL,
			"status.pod.seccompProfile is not pale/%s-DIGEST.json with twelve digits",
			p->head.name);
	if (escalation && !json_is_boolean(escalation))
		return pale_err_plain(
			err, EINVAL, "status.pod.allowPrivilegeEscalation is no truth value");
	p->no_escalation = json_is_false(escalation);
	r = read_drop(p, json_object_get(pod, "dropCapabilities"), err);
	if (r == 0)
		p->seccomp = memory_string(file);
	return r;
}

/* "True", "False" or "Unknown"; "" when there is no such condition. */
static const char *condition(const json_t *status, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(status, "conditions"), i, c) {
		const char *is = json_string_value(json_object_get(c, "type"));
		const char *value = json_string_value(json_object_get(c, "status"));

		if (is && value && strcmp(is, type) == 0)
			return value;
	}
	return "";
}

static char *first_diagnostic(const json_t *status)
{
	const json_t *d = json_array_get(json_object_get(status, "diagnostics"), 0);
	const char *message = json_string_value(json_object_get(d, "message"));
	struct text t = TEXT_INIT;

	if (!message)
		return NULL;
	if (json_is_integer(json_object_get(d, "line")))
		text_printf(&t,
			"%lld:%lld: ", (long long)json_integer_value(json_object_get(d, "line")),
			(long long)json_integer_value(json_object_get(d, "column")));
	text_puts(&t, message);
	return text_take(&t);
}

static int read_all(struct profile *p, const json_t *object, struct pale_err **err)
{
	const json_t *status = json_object_get(object, "status");
	int r = string_list_read(json_object_get(json_object_get(object, "spec"), "namespaces"),
		"spec.namespaces", &p->namespaces, err);

	if (r == 0)
		r = read_mode(p, object, err);
	if (r == 0)
		r = read_canary(p, json_object_get(status, "rollout"), err);
	return r < 0 ? r : read_pod(p, json_object_get(status, "pod"), err);
}

struct profile *profile_read(const json_t *object, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *wrong = NULL;
	const json_t *metadata = json_object_get(object, "metadata");
	const json_t *status = json_object_get(object, "status");
	struct profile *p = memory_new(sizeof(*p));

	if (object_name_read(object, false, &p->head, err) < 0) {
		profile_free(&p->head);
		return NULL;
	}
	p->deleted = json_is_string(json_object_get(metadata, "deletionTimestamp"));
	p->behind = json_integer_value(json_object_get(status, "observedGeneration")) <
		    json_integer_value(json_object_get(metadata, "generation"));
	p->ready = strcmp(condition(status, "Ready"), "True") == 0;
	p->failed = strcmp(condition(status, "Compiled"), "False") == 0;
	p->diagnostic = first_diagnostic(status);
	if (read_all(p, object, &wrong) < 0)
		p->wrong = memory_string(pale_err_text(wrong));
	return p;
}

bool profile_is_for(const struct profile *p, const char *namespace)
{
	return string_list_has(&p->namespaces, namespace) || string_list_has(&p->namespaces, "*");
}

void profile_free(struct object_head *head)
{
	struct profile *p = (struct profile *)head;

	object_name_release(&p->head);
	string_list_release(&p->namespaces);
	string_list_release(&p->drop);
	free(p->diagnostic);
	free(p->seccomp);
	free(p->wrong);
	free(p);
}
