/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent to the webhook: bytes as they come, and lists of cases and objects as in
 * tests/webhook/, whose objects become the cluster and whose cases reviews. Each is answered with
 * one review or a sentence; a patch can be applied, and leaves nothing to patch.
 */
#include "compiler/base/cleanup.h"
#include "tests/unit/webhook_scene.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void answer_bytes(const struct cluster *c, const uint8_t *bytes, size_t len)
{
	for (int call = 0; call < 2; call++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		enum admission_result r = admission_answer(&scene_config, c,
			(enum admission_call)call, SCENE_NOW, (const char *)bytes, len, &t);

		must(t.len > 0);
		if (r != ADMISSION_MALFORMED)
			json_decref(scene_response(text_str(&t)));
	}
}

static void put(struct cluster *c, const json_t *object)
{
	static const char *const kinds[CLUSTER_KINDS] = { "Namespace", "PaleProfile", "PaleBinding",
		"PaleRecording" };
	const char *kind = json_string_value(json_object_get(object, "kind"));

	for (int i = 0; kind && i < CLUSTER_KINDS; i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		if (strcmp(kind, kinds[i]) == 0 &&
			cluster_put(c, (enum cluster_kind)i, object, &err) < 0)
			must(*pale_err_text(err) != '\0');
	}
}

static const char *text_of(const json_t *o, const char *member, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s && *s ? s : otherwise;
}

static json_t *review_of(const json_t *one, const json_t *pod)
{
	json_t *old = json_object_get(one, "oldObject"), *user = json_object_get(one, "userInfo");

	return scene_review(text_of(one, "namespace", "shop"), text_of(one, "operation", "CREATE"),
		text_of(one, "subResource", ""), json_deep_copy(pod),
		old ? json_deep_copy(old) : NULL, user ? json_deep_copy(user) : NULL);
}

static void ask(const struct cluster *c, const json_t *one)
{
	json_t *pod = json_deep_copy(json_object_get(one, "object")), *response;
	enum admission_result result;

	if (!pod)
		return;
	response = scene_ask(c, ADMISSION_MUTATE, review_of(one, pod), &result);
	if (result == ADMISSION_PATCHED) {
		scene_apply(pod, json_object_get(response, "patch"));
		json_decref(scene_ask(c, ADMISSION_MUTATE, review_of(one, pod), &result));
		must(result == ADMISSION_ALLOWED);
		json_decref(scene_ask(c, ADMISSION_VALIDATE, review_of(one, pod), &result));
		must(result == ADMISSION_ALLOWED);
	}
	json_decref(response);
	json_decref(pod);
}

static void fill(struct cluster *c)
{
	json_t *all = json_load_file("tests/webhook/cluster.json", 0, NULL), *object;
	size_t i;

	cluster_init(c);
	json_array_foreach (all, i, object)
		put(c, object);
	for (int kind = 0; kind < CLUSTER_KINDS; kind++)
		cluster_set_listed(c, (enum cluster_kind)kind);
	json_decref(all);
}

/* What is in a list may change the cluster: it has one of its own. */
static void ask_list(const json_t *all)
{
	struct cluster c;
	json_t *one;
	size_t i;

	fill(&c);
	json_array_foreach (all, i, one)
		put(&c, one);
	json_array_foreach (all, i, one)
		ask(&c, one);
	cluster_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct cluster c;
	json_t *all = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);

	if (!c.listed[0])
		fill(&c);
	answer_bytes(&c, bytes, len);
	if (json_is_array(all))
		ask_list(all);
	else if (json_is_object(all))
		ask(&c, all);
	json_decref(all);
	return 0;
}
