/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/pod_running.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "operator/cluster/namespace.h"
#include "operator/cluster/profile.h"
#include "operator/cluster/recorded_pods.h"
#include "operator/api_time.h"
#include "operator/controller/node_table.h"
#include "operator/plugin/object_text.h"
#include "operator/plugin/pale_names.h"

#include <string.h>

#define DIGEST_SHOWN 12
#define SUFFIX	     ".json"

const char *pod_running_profile(const struct pod *pod, const char *container)
{
	const char *own = pod_container_annotation(pod, container);

	return own ? own : pod_annotation(pod, PROFILE_ANNOTATION);
}

const char *pod_running_digest(const struct pod_container *c)
{
	const json_t *seccomp =
		json_member(json_member(c->json, "securityContext"), "seccompProfile");
	const char *file = object_text(seccomp, "localhostProfile");
	size_t len = strlen(file), tail = DIGEST_SHOWN + strlen(SUFFIX);

	return profile_is_seccomp_file(file) && len > tail ? file + len - tail : "";
}

/* ---- what its kubelet says */

static const char *const status_lists[PLACE_COUNT] = {
	[PLACE_INIT] = "initContainerStatuses",
	[PLACE_MAIN] = "containerStatuses",
	[PLACE_EPHEMERAL] = "ephemeralContainerStatuses",
};

static const json_t *status_of(const struct pod_facts *facts, const struct pod_container *c)
{
	const json_t *all =
		json_object_get(json_object_get(facts->pod, "status"), status_lists[c->place]);
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)all, i, one) {
		if (strcmp(object_text(one, "name"), c->name) == 0)
			return one;
	}
	return NULL;
}

static void add_part(struct text *t, const char *s)
{
	if (*s)
		text_printf(t, ": %s", s);
}

json_t *pod_running_state(const struct pod_facts *facts, const struct pod_container *c)
{
	static const char *const words[] = { "running", "waiting", "terminated" };
	const json_t *state = json_object_get(status_of(facts, c), "state");
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const json_t *one = json_object_get(state, words[i]);

		if (!one)
			continue;
		text_puts(&t, words[i]);
		add_part(&t, object_text(one, "reason"));
		add_part(&t, object_text(one, "message"));
		break;
	}
	return json_string(text_str(&t));
}

/* ---- what its node says */

static json_t *answer(const char *word, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static json_t *answer(const char *word, const char *format, ...)
{
	_cleanup_free_ char *detail = FORMATTED(format);

	return json_pack("{s:s, s:s}", "answer", word, "detail", detail);
}

/* An Event of the container, or of the pod as a whole. */
static const char *unconfined(const struct pod_facts *facts, const char *container)
{
	_cleanup_(text_release) struct text braced = TEXT_INIT;
	const char *found = NULL;
	json_t *e;
	size_t i;

	text_printf(&braced, "{%s}", container);
	json_array_foreach ((json_t *)facts->unconfined, i, e) {
		const char *path = object_text(json_object_get(e, "involvedObject"), "fieldPath");

		if (!strchr(path, '{') || strstr(path, text_str(&braced)))
			found = object_text(e, "message");
	}
	return found;
}

static const json_t *on_node(const struct pod_facts *facts, const char *profile, const char *digest)
{
	const json_t *all = json_object_get(json_object_get(facts->node, "status"), "profiles");
	json_t *p;
	size_t i;

	json_array_foreach ((json_t *)all, i, p) {
		if (strcmp(object_text(p, "name"), profile) == 0 &&
			strncmp(object_text(p, "digest"), digest, DIGEST_SHOWN) == 0)
			return p;
	}
	return NULL;
}

static bool is_silent(const struct pod_facts *facts)
{
	const json_t *status = json_object_get(facts->node, "status");
	int64_t heard = api_time_parse(json_object_get(status, "heartbeat"));

	return heard < facts->now - NODE_STALE || heard > facts->now + NODE_STALE;
}

/* A node keeps what something runs under. Where it has the newest alone, that was put in the place
 * of the one that the container began with. */
static const json_t *in_force(
	const struct pod_facts *facts, const char *profile, const char **digest, const char *newest)
{
	const json_t *p = on_node(facts, profile, *digest);

	if (p || !*newest)
		return p;
	p = on_node(facts, profile, newest);
	if (p)
		*digest = newest;
	return p;
}

static json_t *by_its_node(const struct pod_facts *facts, const char *node, const char *profile,
	const char *digest, const char *newest)
{
	const json_t *p = in_force(facts, profile, &digest, newest);
	const char *state = object_text(p, "state"), *why = object_text(p, "message");

	json_t *ret;

	if (!p)
		return answer("no", "node %s does not have %s with digest %.*s", node, profile,
			DIGEST_SHOWN, digest);
	/* One that is being removed is kept for those that run under it. */
	if (strcmp(state, "Loaded") == 0 || strcmp(state, "Removing") == 0)
		ret = answer("yes", "node %s has %s in force, digest %.*s", node, profile,
			DIGEST_SHOWN, digest);
	else
		ret = answer(strcmp(state, "Degraded") == 0 ? "yes" : "no",
			"on node %s %s is %s%s%s", node, profile, state, *why ? ": " : "", why);
	json_object_set_new(ret, "digest", json_sprintf("%.*s", DIGEST_SHOWN, digest));
	return ret;
}

json_t *pod_running_under(const struct pod_facts *facts, const struct pod *pod,
	const struct pod_container *c, const char *digest, const char *newest)
{
	const char *class = object_text(pod->spec, "runtimeClassName");
	const char *node = object_text(pod->spec, "nodeName");
	const char *profile = pod_running_profile(pod, c->name);
	const char *recording = pod_annotation(pod, RECORDING_ANNOTATION);
	const char *said = unconfined(facts, c->name);

	if (recording)
		return answer(
			"no", "it is recorded for PaleRecording %s, without a policy", recording);
	if (!profile)
		return answer("no", "the pod's annotations name no profile for it");
	if (strcmp(class, RUNTIME_CLASS) != 0)
		return answer("no", "the pod's runtimeClassName is %s, not " RUNTIME_CLASS,
			*class ? class : "not set");
	if (said)
		return answer("no", "the node has said: %s", said);
	if (!*node)
		return answer("unknown", "the pod is on no node yet");
	if (!facts->node)
		return answer("unknown", "node %s has no PaleNodeStatus", node);
	if (is_silent(facts))
		return answer("unknown", "node %s was last heard of at %s", node,
			object_text(json_object_get(facts->node, "status"), "heartbeat"));
	if (!*digest)
		return answer("unknown", "PaleProfile %s has no digest", profile);
	return by_its_node(facts, node, profile, digest, newest);
}
