/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reviews and their exact answers, from tests/webhook/: cluster.json, and lists of cases. Each pod
 * that was patched is asked about again: there is nothing left to patch, /validate lets it pass,
 * and pale-runtime reads for each container what is expected. PALE_ACCEPT=1 writes the answers
 * anew.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"
#include "tests/unit/webhook_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static json_t *load(const char *name)
{
	json_error_t e;
	char path[256];
	json_t *j;

	snprintf(path, sizeof(path), "tests/webhook/%s", name);
	j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		fail_msg("%s:%d: %s", path, e.line, e.text);
	return j;
}

static void load_cluster(struct cluster *c)
{
	static const char *const kinds[CLUSTER_KINDS] = { "Namespace", "PaleProfile", "PaleBinding",
		"PaleRecording" };
	json_t *all = load("cluster.json"), *object;
	size_t i;

	cluster_init(c);
	for (int kind = 0; kind < CLUSTER_KINDS; kind++) {
		json_array_foreach (all, i, object) {
			const char *is = json_string_value(json_object_get(object, "kind"));

			if (strcmp(is, kinds[kind]) == 0)
				assert_int_equal(
					cluster_put(c, (enum cluster_kind)kind, object, NULL), 0);
		}
		cluster_set_listed(c, (enum cluster_kind)kind);
	}
	json_decref(all);
}

static const char *text_of(const json_t *o, const char *member, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : otherwise;
}

static json_t *copy_of(const json_t *o, const char *member)
{
	json_t *v = json_object_get(o, member);

	return v ? json_deep_copy(v) : NULL;
}

static json_t *review_of(const json_t *one, json_t *object)
{
	json_t *review = scene_review(text_of(one, "namespace", "shop"),
		text_of(one, "operation", "CREATE"), text_of(one, "subResource", ""), object,
		copy_of(one, "oldObject"), copy_of(one, "userInfo"));

	json_object_set_new(json_object_get(json_object_get(review, "request"), "resource"),
		"resource", json_string(text_of(one, "resource", "pods")));
	return review;
}

/* What the container's own pale-runtime reads. */
static const char *read_by_runtime(const json_t *pod, const char *container, json_t **annotations)
{
	*annotations =
		json_deep_copy(json_object_get(json_object_get(pod, "metadata"), "annotations"));
	if (!*annotations)
		*annotations = json_object();
	json_object_set_new(
		*annotations, "io.kubernetes.cri.container-name", json_string(container));
	return annotations_profile(*annotations);
}

static void check_runtime(const json_t *one, const json_t *pod, const json_t *response)
{
	_cleanup_free_ char *said =
		strdup(text_of(json_object_get(response, "auditAnnotations"), "profiles", ""));
	char *save = NULL;

	/* What the answer says of each container is what its runtime reads. */
	for (char *s = strtok_r(said, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		char *profile = strchr(s, '=');
		json_t *annotations;
		const char *read;

		*profile++ = '\0';
		read = read_by_runtime(pod, s, &annotations);
		if (!read || strcmp(read, profile) != 0)
			fail_msg("%s: the runtime of %s reads %s", text_of(one, "what", ""), s,
				read ? read : "nothing");
		json_decref(annotations);
	}
}

static void check_again(const struct cluster *c, const json_t *one, const json_t *response)
{
	json_t *pod = copy_of(one, "object");
	enum admission_result result;
	json_t *again;

	scene_apply(pod, json_object_get(response, "patch"));
	check_runtime(one, pod, response);
	again = scene_ask(c, ADMISSION_MUTATE, review_of(one, json_deep_copy(pod)), &result);
	if (result != ADMISSION_ALLOWED)
		fail_msg(
			"%s: is patched again: %s", text_of(one, "what", ""), json_dumps(again, 0));
	json_decref(again);
	again = scene_ask(c, ADMISSION_VALIDATE, review_of(one, pod), &result);
	if (result != ADMISSION_ALLOWED)
		fail_msg("%s: is not valid: %s", text_of(one, "what", ""), json_dumps(again, 0));
	json_decref(again);
}

static void check_case(const struct cluster *c, json_t *one)
{
	bool validate = strcmp(text_of(one, "call", "mutate"), "validate") == 0;
	enum admission_result result;
	json_t *response = scene_ask(c, validate ? ADMISSION_VALIDATE : ADMISSION_MUTATE,
		review_of(one, copy_of(one, "object")), &result);
	const char *uid = text_of(response, "uid", "");

	assert_string_equal(uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
	json_object_del(response, "uid");
	if (getenv("PALE_ACCEPT"))
		json_object_set(one, "response", response);
	if (!json_equal(response, json_object_get(one, "response")))
		fail_msg("%s: %s", text_of(one, "what", ""), json_dumps(response, JSON_INDENT(1)));
	if (result == ADMISSION_PATCHED)
		check_again(c, one, response);
	json_decref(response);
}

static void check_file(const char *name)
{
	json_t *cases = load(name), *one;
	struct cluster c;
	size_t i;

	load_cluster(&c);
	assert_true(json_array_size(cases) > 0);
	json_array_foreach (cases, i, one)
		check_case(&c, one);
	if (getenv("PALE_ACCEPT")) {
		char path[256];

		snprintf(path, sizeof(path), "tests/webhook/%s", name);
		json_dump_file(cases, path, JSON_INDENT(1));
	}
	json_decref(cases);
	cluster_release(&c);
}

static void pods_that_are_patched(void **state)
{
	check_file("patched.json");
}

static void pods_that_are_refused(void **state)
{
	check_file("refused.json");
}

static void pods_that_stay_as_they_are(void **state)
{
	check_file("untouched.json");
}

static void floors(void **state)
{
	check_file("floors.json");
}

static void containers_for_pods_that_run(void **state)
{
	check_file("ephemeral.json");
}

static void recordings(void **state)
{
	check_file("recorded.json");
}

static void canaries(void **state)
{
	check_file("canaries.json");
}

static void what_was_done_behind_the_patch(void **state)
{
	check_file("validate.json");
}

static void nothing_starts_before_the_cluster_is_known(void **state)
{
	static const char expected[] =
		"{\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\",\"allowed\":false,\"status\":"
		"{\"code\":503,\"reason\":\"ServiceUnavailable\",\"message\":\"Pale: the cluster's "
		"profiles are not known yet (try again)\"}}";
	json_t *pod = json_pack("{s:{}, s:{}}", "metadata", "spec"), *response;
	enum admission_result result;
	struct cluster c;
	char *said;

	cluster_init(&c);
	response = scene_ask(&c, ADMISSION_MUTATE,
		scene_review("shop", "CREATE", "", json_incref(pod), NULL, NULL), &result);
	said = json_dumps(response, JSON_COMPACT);
	assert_int_equal(result, ADMISSION_UNKNOWN);
	assert_string_equal(said, expected);
	free(said);
	json_decref(response);
	/* kube-system's pods do not wait for Pale. */
	response = scene_ask(&c, ADMISSION_MUTATE,
		scene_review("kube-system", "CREATE", "", json_incref(pod), NULL, NULL), &result);
	assert_int_equal(result, ADMISSION_ALLOWED);
	json_decref(response);
	response = scene_ask(&c, ADMISSION_MUTATE,
		scene_review("pale-system", "CREATE", "", pod, NULL, NULL), &result);
	assert_int_equal(result, ADMISSION_ALLOWED);
	json_decref(response);
	cluster_release(&c);
}

static void what_is_no_review(void **state)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "", "the body is not JSON" },
		{ "{", "the body is not JSON" },
		{ "[]", "the body is no AdmissionReview" },
		{ "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}", "the body is no AdmissionReview" },
		{ "{\"kind\":\"AdmissionReview\",\"kind\":\"AdmissionReview\"}",
			"the body is not JSON" },
		{ "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
			"only AdmissionReview of admission.k8s.io/v1 is answered" },
#define V1 "\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\""
		{ "{" V1 "}", "the AdmissionReview has no request.uid" },
		{ "{" V1 ",\"request\":[]}", "the AdmissionReview has no request.uid" },
		{ "{" V1 ",\"request\":{\"uid\":\"\"}}", "the AdmissionReview has no request.uid" },
		{ "{" V1 ",\"request\":{\"uid\":\"u\"}}",
			"the AdmissionReview has no request.namespace" },
		{ "{" V1 ",\"request\":{\"uid\":\"u\\u0000\",\"namespace\":\"shop\"}}",
			"the body is not JSON" },
	};
	struct cluster c;

	load_cluster(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text said = TEXT_INIT;

		assert_int_equal(admission_answer(&scene_config, &c, ADMISSION_MUTATE, SCENE_NOW,
					 cases[i].body, strlen(cases[i].body), &said),
			ADMISSION_MALFORMED);
		assert_string_equal(text_str(&said), cases[i].said);
	}
	cluster_release(&c);
}

/* A few bytes of text may be a hundred times as many in memory. */
static void heavy_bodies(void **state)
{
	static const struct {
		const char *unit;
		size_t n;
		bool heavy;
	} cases[] = {
		{ "{},", 149999, false },
		{ "{},", 150000, true },
		{ "[],", 150000, true },
		{ "1,", 500000, false },
		{ "1,", 500001, true },
		/* What strings hold is text. */
		{ "\"[{,\\\",\",", 400000, false },
	};
	struct cluster c;

	load_cluster(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text body = TEXT_INIT, said = TEXT_INIT;

		text_putc(&body, '[');
		for (size_t k = 0; k < cases[i].n; k++)
			text_puts(&body, cases[i].unit);
		body.s[body.len - 1] = ']';
		assert_int_equal(admission_answer(&scene_config, &c, ADMISSION_MUTATE, SCENE_NOW,
					 text_str(&body), body.len, &said),
			ADMISSION_MALFORMED);
		assert_string_equal(
			text_str(&said), cases[i].heavy ? "the body has more values than any pod"
							: "the body is no AdmissionReview");
	}
	cluster_release(&c);
}

/* A sentence stays short, and shows no terminal what it could obey. */
static void names_from_a_hostile_pod(void **state)
{
	struct cluster c;
	enum admission_result result;
	char name[5000], *said;
	json_t *response;

	load_cluster(&c);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "\033[2J", 4);
	response = scene_ask(&c, ADMISSION_MUTATE,
		scene_review("shop", "CREATE", "",
			json_pack("{s:{s:s}, s:{s:[{s:s}]}}", "metadata", "name", "p", "spec",
				"containers", "name", name),
			NULL, NULL),
		&result);
	assert_int_equal(result, ADMISSION_REFUSED);
	said = json_dumps(response, JSON_COMPACT);
	assert_null(strstr(said, "\\u001b"));
	assert_non_null(strstr(said, "\\\\x1b[2J"));
	assert_true(strlen(said) < 1300);
	free(said);
	json_decref(response);
	cluster_release(&c);
}

static json_t *pod_with(const char *annotation, json_t *volumes)
{
	json_t *pod = json_pack("{s:{s:s, s:{s:s}}, s:{s:[{s:s}], s:o}}", "metadata", "name",
		"web-1", "annotations", "pale.dev/profile", "web", "spec", "containers", "name",
		"web", "volumes", volumes);

	if (annotation)
		json_object_set_new(
			json_object_get(json_object_get(pod, "metadata"), "annotations"),
			annotation, json_string("x"));
	return pod;
}

static void folders_by_which_a_node_is_taken(void **state)
{
	static const struct {
		const char *path, *by; /* NULL: it may be had */
	} cases[] = {
		{ "/var/lib/rancher", "/var/lib/rancher" },
		{ "/var/lib/pale", "/var/lib/pale" },
		{ "/var/lib/pale-export", "/var/lib/pale-export" },
		{ "/var/lib/palette", NULL },
		{ "/etc/rancher/k3s", "/etc/rancher" },
		{ "/etc/cni/net.d", "/etc/cni" },
		{ "/opt/cni/bin", "/opt/cni" },
		{ "/opt/pale", "/opt/pale" },
		{ "/opt", "/opt/cni" },
		{ "/opt/app", NULL },
		{ "/usr/libexec/kubernetes/kubelet-plugins", "/usr/libexec/kubernetes" },
		{ "/usr/bin", "/usr/bin" },
		{ "/usr/sbin", "/usr/sbin" },
		{ "/usr/lib/systemd", "/usr/lib" },
		{ "/usr/local/bin", "/usr/local" },
		{ "/usr/share/zoneinfo", NULL },
		{ "/bin", "/bin" },
		{ "/sbin", "/sbin" },
		{ "/lib/modules", "/lib" },
		{ "/lib64", "/lib64" },
		{ "/boot", "/boot" },
		{ "/root/.ssh", "/root" },
		{ "/etc/systemd/system", "/etc/systemd" },
		{ "/etc/cron.d", "/etc/cron.d" },
		{ "/etc/crontab", "/etc/crontab" },
		{ "/var/spool/cron/crontabs", "/var/spool/cron" },
		{ "/var/log/pale", "/var/log/pale" },
		{ "/var/log", "/var/log/pale" },
		{ "/var/log/pods", NULL },
	};
	struct cluster c;

	load_cluster(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *volumes = json_pack(
			"[{s:s, s:{s:s}}]", "name", "v", "hostPath", "path", cases[i].path);
		enum admission_result result;
		json_t *response = scene_ask(&c, ADMISSION_MUTATE,
			scene_review("shop", "CREATE", "", pod_with(NULL, volumes), NULL, NULL),
			&result);
		_cleanup_(text_release) struct text by = TEXT_INIT;

		text_printf(&by, "the node's %s, and by %s containers", cases[i].path,
			cases[i].by ? cases[i].by : "");
		if (result != (cases[i].by ? ADMISSION_REFUSED : ADMISSION_PATCHED) ||
			(cases[i].by &&
				!strstr(text_of(json_object_get(response, "status"), "message", ""),
					text_str(&by))))
			fail_msg("%s: %s", cases[i].path, json_dumps(response, 0));
		json_decref(response);
	}
	cluster_release(&c);
}

/* pale-runtime would take a container for its pod's sandbox, or for another one. */
static void what_engines_say_is_not_a_pods(void **state)
{
	static const char *const names[] = { "io.kubernetes.cri.container-name",
		"io.kubernetes.cri.container-type", "io.kubernetes.cri.image-name",
		"io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.sandbox-namespace",
		"io.kubernetes.cri.sandbox-uid" };
	struct cluster c;

	load_cluster(&c);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		enum admission_result result;
		json_t *pod = pod_with(names[i], json_array());
		json_t *response = scene_ask(&c, ADMISSION_MUTATE,
			scene_review("shop", "CREATE", "", json_deep_copy(pod), NULL, NULL),
			&result);
		json_t *annotations =
			json_object_get(json_object_get(pod, "metadata"), "annotations");

		assert_int_equal(result, ADMISSION_PATCHED);
		scene_apply(pod, json_object_get(response, "patch"));
		assert_null(json_object_get(annotations, names[i]));
		assert_string_equal(text_of(annotations, "pale.dev/profile", ""), "web");
		json_decref(response);
		/* Nor does it come, or go, by an update. */
		for (int gone = 0; gone < 2; gone++) {
			json_t *with = pod_with(names[i], json_array());

			response = scene_ask(&c, ADMISSION_VALIDATE,
				scene_review("shop", "UPDATE", "",
					gone ? json_deep_copy(pod) : with,
					gone ? with : json_deep_copy(pod), NULL),
				&result);
			assert_int_equal(result, ADMISSION_REFUSED);
			assert_non_null(
				strstr(text_of(json_object_get(response, "status"), "message", ""),
					names[i]));
			json_decref(response);
		}
		json_decref(pod);
	}
	cluster_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_that_are_patched),
		cmocka_unit_test(pods_that_are_refused),
		cmocka_unit_test(pods_that_stay_as_they_are),
		cmocka_unit_test(floors),
		cmocka_unit_test(containers_for_pods_that_run),
		cmocka_unit_test(recordings),
		cmocka_unit_test(canaries),
		cmocka_unit_test(what_was_done_behind_the_patch),
		cmocka_unit_test(nothing_starts_before_the_cluster_is_known),
		cmocka_unit_test(what_is_no_review),
		cmocka_unit_test(heavy_bodies),
		cmocka_unit_test(names_from_a_hostile_pod),
		cmocka_unit_test(folders_by_which_a_node_is_taken),
		cmocka_unit_test(what_engines_say_is_not_a_pods),
	};

	return cmocka_run_group_tests_name("webhook_admission", tests, NULL, NULL);
}
