/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_WEBHOOK_SCENE_H
#define PALE_TESTS_WEBHOOK_SCENE_H

/* Reviews as the API server sends them, answers as it reads them, and patches as it applies them.
 */

#include "operator/webhook/admission.h"

#include <stdlib.h>
#include <string.h>

/* 2026-01-01T00:00:00Z */
#define SCENE_NOW INT64_C(1767225600)

static const struct admission_config scene_config = { "pale-system", "pale" };

/* Takes @object and @old, which may be NULL, over. */
static inline json_t *scene_review(const char *namespace, const char *operation, const char *sub,
	json_t *object, json_t *old, json_t *user)
{
	return json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:s, s:s, s:s, "
			 "s:o, s:o, s:o, s:b}}",
		"kind", "AdmissionReview", "apiVersion", "admission.k8s.io/v1", "request", "uid",
		"705ab4f5-6393-11e8-b7cc-42010a800002", "kind", "group", "", "version", "v1",
		"kind", "Pod", "resource", "group", "", "version", "v1", "resource", "pods",
		"subResource", sub, "namespace", namespace, "operation", operation, "object",
		object ? object : json_null(), "oldObject", old ? old : json_null(), "userInfo",
		user ? user
		     : json_pack("{s:s, s:[s]}", "username", "kubernetes-admin", "groups",
			       "system:masters"),
		"dryRun", 0);
}

/* The response of the answering review, with the patch as JSON. */
static inline json_t *scene_response(const char *answer)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	json_t *review = json_loads(answer, 0, NULL), *response;
	const char *s;
	struct text patch = TEXT_INIT;
	unsigned bits = 0, n = 0;

	if (!review)
		abort();
	response = json_incref(json_object_get(review, "response"));
	s = json_string_value(json_object_get(response, "patch"));
	for (; s && *s && *s != '='; s++) {
		const char *at = strchr(digits, *s);

		if (!at)
			abort();
		bits = bits << 6 | (unsigned)(at - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			text_putc(&patch, (char)(bits >> n));
		}
	}
	if (patch.len)
		json_object_set_new(response, "patch", json_loads(text_str(&patch), 0, NULL));
	text_release(&patch);
	json_decref(review);
	return response;
}

/* One step of a JSON pointer, unescaped; NULL at its end. To be freed. */
static inline char *scene_step(const char **pointer)
{
	struct text t = TEXT_INIT;
	const char *s = *pointer;

	if (*s != '/')
		return NULL;
	for (s++; *s && *s != '/'; s++) {
		if (*s == '~')
			text_putc(&t, *++s == '1' ? '/' : '~');
		else
			text_putc(&t, *s);
	}
	*pointer = s;
	text_puts(&t, "");
	return t.s ? text_take(&t) : strdup("");
}

/* RFC 6902, add and remove: aborts where the API server would refuse the patch. */
static inline void scene_apply(json_t *document, const json_t *patch)
{
	json_t *op;
	size_t i;

	json_array_foreach (patch, i, op) {
		const char *pointer = json_string_value(json_object_get(op, "path"));
		const char *what = json_string_value(json_object_get(op, "op"));
		json_t *at = document;
		char *step = scene_step(&pointer);

		while (*pointer) {
			at = json_is_array(at) ? json_array_get(at, strtoul(step, NULL, 10))
					       : json_object_get(at, step);
			free(step);
			step = scene_step(&pointer);
		}
		if (!json_is_object(at))
			abort();
		if (strcmp(what, "add") == 0)
			json_object_set(at, step, json_object_get(op, "value"));
		else if (strcmp(what, "remove") != 0 || json_object_del(at, step) < 0)
			abort();
		free(step);
	}
}

/* Takes @review over. The response, as scene_response() has it. */
static inline json_t *scene_ask(const struct cluster *c, enum admission_call call, json_t *review,
	enum admission_result *result)
{
	char *body = json_dumps(review, JSON_COMPACT);
	struct text answer = TEXT_INIT;
	json_t *response;

	*result = admission_answer(&scene_config, c, call, SCENE_NOW, body, strlen(body), &answer);
	response = *result == ADMISSION_MALFORMED ? json_string(text_str(&answer))
						  : scene_response(text_str(&answer));
	text_release(&answer);
	free(body);
	json_decref(review);
	return response;
}

#endif
