/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/policy_choice.h"

#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DIGEST "sha256:0123456789abcdef"

static struct image_profile images[] = {
	{ "docker.io/library/nginx:1.25", "nginx-1.25" },
	{ "docker.io/library/nginx", "nginx-any" },
	{ "localhost:5000/app", "app" },
	{ DIGEST, "by-digest" },
	{ "localhost", "wrong" },
};

static const char *labels[] = { "redis", "web" };

static const struct daemon_config config = {
	.default_profile = "by-default",
	.on_missing = ON_MISSING_DENY,
	.images = images,
	.n_images = sizeof(images) / sizeof(*images),
	.image_labels = labels,
	.n_image_labels = 2,
};

/* "key=value" up to a NULL; NULL for no annotations at all. */
static json_t *annotations_of(const char *const *pairs)
{
	json_t *o = pairs ? json_object() : NULL;

	for (; pairs && *pairs; pairs++) {
		const char *equals = strchr(*pairs, '=');
		char key[256] = "";

		memcpy(key, *pairs, (size_t)(equals - *pairs));
		json_object_set_new(o, key, json_string(equals + 1));
	}
	return o;
}

#define A(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define IMAGE  "io.kubernetes.cri.image-name="
#define REF    "io.kubernetes.cri-o.ImageRef="

static void the_first_that_names_a_profile_counts(void **state)
{
	const struct {
		const char *const *annotations;
		const char *label, *profile, *named_by;
	} cases[] = {
		{ NULL, NULL, "by-default", "the node's default" },
		{ A("other=1"), NULL, "by-default", "the node's default" },
		{ NULL, "redis", "redis", "its image's label" },
		{ A(IMAGE "docker.io/library/nginx:1.25"), "redis", "nginx-1.25",
			"the node's map of images" },
		{ A(IMAGE "docker.io/library/nginx:1.25", REF "docker.io/x@" DIGEST), "redis",
			"by-digest", "the node's map of images" },
		{ A("pale.dev/profile=named", REF DIGEST), "redis", "named", "its annotation" },
		{ A("pale.dev/profile=named", "io.kubernetes.cri.container-name=c",
			  "container.profile.pale.dev/c=own"),
			"redis", "own", "its annotation" },
		{ A("pale.dev/profile=named", "io.kubernetes.cri.container-name=c",
			  "container.profile.pale.dev/d=own"),
			NULL, "named", "its annotation" },
		/* An empty one says nothing. */
		{ A("pale.dev/profile="), NULL, "by-default", "the node's default" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *a = annotations_of(cases[i].annotations);
		struct policy_choice c;

		assert_int_equal(policy_choose(&config, a, false, cases[i].label, &c, &err), 0);
		assert_string_equal(c.profile, cases[i].profile);
		assert_string_equal(c.named_by, cases[i].named_by);
		assert_false(c.unconfined || c.sandbox || c.audit);
		assert_int_equal(c.on_missing, ON_MISSING_DENY);
		json_decref(a);
	}
}

static void images_by_name(void **state)
{
	const struct {
		const char *annotation, *profile;
	} cases[] = {
		{ IMAGE "docker.io/library/nginx", "nginx-any" },
		{ IMAGE "docker.io/library/nginx:1.24", "nginx-any" },
		{ IMAGE "docker.io/library/nginx:1.25", "nginx-1.25" },
		{ IMAGE "docker.io/library/nginx:1.25@sha256:77", "nginx-1.25" },
		{ IMAGE "docker.io/library/nginx:1.24@sha256:77", "nginx-any" },
		{ IMAGE "docker.io/library/nginx@sha256:77", "nginx-any" },
		{ IMAGE "docker.io/library/nginx:1.25-alpine", "nginx-any" },
		{ IMAGE "docker.io/library/nginx-evil", NULL },
		{ IMAGE "docker.io/library/nginx/evil", NULL },
		{ IMAGE "evil/docker.io/library/nginx", NULL },
		{ IMAGE "docker.io/library/ngin", NULL },
		/* A port is no tag. */
		{ IMAGE "localhost:5000/app", "app" },
		{ IMAGE "localhost:5000/app:2", "app" },
		{ IMAGE "localhost:5000/other", NULL },
		{ IMAGE "localhost:2", "wrong" },
		{ "io.kubernetes.cri-o.ImageName=localhost:5000/app", "app" },
		{ "pale.dev/image=localhost:5000/app", "app" },
		/* Digests whole. */
		{ REF DIGEST, "by-digest" },
		{ REF "docker.io/any@" DIGEST, "by-digest" },
		{ "pale.dev/image-digest=" DIGEST, "by-digest" },
		{ REF DIGEST "0", NULL },
		{ REF "sha256:0123456789abcde", NULL },
		{ REF "0123456789abcdef", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *a = annotations_of(A(cases[i].annotation));
		struct policy_choice c;

		assert_int_equal(policy_choose(&config, a, false, NULL, &c, &err), 0);
		assert_string_equal(c.profile, cases[i].profile ? cases[i].profile : "by-default");
		json_decref(a);
	}
}

static void what_is_refused(void **state)
{
	const struct {
		const char *const *annotations;
		bool privileged;
		const char *label;
		int errnum;
		const char *error;
	} cases[] = {
		{ NULL, false, "nginx", EACCES,
			"the image's label names profile 'nginx', which this node lets no image "
			"choose" },
		{ NULL, true, NULL, EACCES,
			"a privileged container cannot be held by a policy, and profile "
			"'by-default' is meant for it (the node's default)" },
		{ A("pale.dev/profile=web"), true, NULL, EACCES,
			"a privileged container cannot be held by a policy, and profile 'web' is "
			"meant for it (its annotation)" },
		{ A("pale.dev/mode=audit"), false, NULL, EACCES,
			"annotation pale.dev/mode: this node lets no container choose audit" },
		{ A("pale.dev/mode=Audit"), false, NULL, EINVAL,
			"annotation pale.dev/mode is 'Audit', which is neither enforce nor "
			"audit" },
		{ A("pale.dev/mode=off"), false, NULL, EINVAL,
			"annotation pale.dev/mode is 'off', which is neither enforce nor audit" },
		{ A("pale.dev/on-missing=skip"), false, NULL, EINVAL,
			"annotation pale.dev/on-missing is 'skip', which is none of wait, deny "
			"and allow" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *a = annotations_of(cases[i].annotations);
		struct policy_choice c;

		assert_int_equal(
			policy_choose(&config, a, cases[i].privileged, cases[i].label, &c, &err),
			-cases[i].errnum);
		assert_string_equal(pale_err_text(err), cases[i].error);
		json_decref(a);
	}
}

static void a_label_that_does_not_count_does_not_matter(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *a = annotations_of(A("pale.dev/profile=web"));
	struct policy_choice c;

	assert_int_equal(policy_choose(&config, a, false, "nginx", &c, &err), 0);
	assert_string_equal(c.profile, "web");
	json_decref(a);
}

static void modes_and_sandboxes(void **state)
{
	static const char *const types[] = { "io.kubernetes.cri.container-type=",
		"io.kubernetes.cri-o.ContainerType=" };
	struct daemon_config c = config;
	struct policy_choice choice;
	json_t *a = annotations_of(A("pale.dev/mode=audit", "pale.dev/on-missing=allow"));

	c.audit_by_annotation = true;
	assert_int_equal(policy_choose(&c, a, false, NULL, &choice, NULL), 0);
	assert_true(choice.audit);
	assert_int_equal(choice.on_missing, ON_MISSING_ALLOW);
	json_decref(a);
	a = annotations_of(A("pale.dev/mode=enforce"));
	assert_int_equal(policy_choose(&c, a, false, NULL, &choice, NULL), 0);
	assert_false(choice.audit);
	json_decref(a);

	for (size_t i = 0; i < 2; i++) {
		for (int sandbox = 0; sandbox < 2; sandbox++) {
			char text[128];

			strcat(strcpy(text, types[i]), sandbox ? "sandbox" : "container");
			a = annotations_of(A(text));
			assert_int_equal(policy_choose(&c, a, false, NULL, &choice, NULL), 0);
			assert_int_equal(choice.sandbox, sandbox);
			json_decref(a);
		}
	}
}

static void without_a_default_nothing_is_confined(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	static const struct daemon_config none;
	struct policy_choice c;
	json_t *a = annotations_of(A("io.kubernetes.cri.container-type=sandbox"));

	assert_int_equal(policy_choose(&none, NULL, true, NULL, &c, NULL), 0);
	assert_true(c.unconfined);
	assert_null(c.profile);
	/* Nothing is meant for its pod, so nothing is for its sandbox. */
	assert_int_equal(policy_choose(&none, a, false, NULL, &c, NULL), 0);
	assert_true(c.unconfined && !c.sandbox);
	json_decref(a);
	/* An image cannot choose what the node does not list. */
	assert_int_equal(policy_choose(&none, NULL, false, "web", &c, &err), -EACCES);
}

static void annotations_of_engines(void **state)
{
	static const struct {
		enum annotation what;
		const char *key;
	} keys[] = {
		{ ANNOTATION_PROFILE, "pale.dev/profile" },
		{ ANNOTATION_MODE, "pale.dev/mode" },
		{ ANNOTATION_ON_MISSING, "pale.dev/on-missing" },
		{ ANNOTATION_NAME, "io.kubernetes.cri.container-name" },
		{ ANNOTATION_NAME, "io.kubernetes.container.name" },
		{ ANNOTATION_NAME, "pale.dev/name" },
		{ ANNOTATION_IMAGE, "io.kubernetes.cri.image-name" },
		{ ANNOTATION_IMAGE, "io.kubernetes.cri-o.ImageName" },
		{ ANNOTATION_POD, "io.kubernetes.cri.sandbox-name" },
		{ ANNOTATION_POD, "io.kubernetes.pod.name" },
		{ ANNOTATION_NAMESPACE, "io.kubernetes.cri.sandbox-namespace" },
		{ ANNOTATION_NAMESPACE, "io.kubernetes.pod.namespace" },
		{ ANNOTATION_POD_UID, "io.kubernetes.cri.sandbox-uid" },
		{ ANNOTATION_POD_UID, "io.kubernetes.pod.uid" },
	};
	json_t *a = annotations_of(A("pale.dev/name=ours", "io.kubernetes.container.name=theirs"));

	/* An engine's word goes before what a container's author says of it. */
	assert_string_equal(annotation(a, ANNOTATION_NAME), "theirs");
	json_decref(a);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		a = json_pack("{s:s}", keys[i].key, "x");
		for (int what = 0; what < ANNOTATION_COUNT; what++)
			assert_int_equal(annotation(a, (enum annotation)what) != NULL,
				what == (int)keys[i].what);
		json_decref(a);
		/* What is no text is none. */
		a = json_pack("{s:i}", keys[i].key, 1);
		assert_null(annotation(a, keys[i].what));
		json_decref(a);
	}
	assert_null(annotation(NULL, ANNOTATION_NAME));
	assert_null(annotations_profile(NULL));
	assert_false(annotations_are_of_sandbox(NULL));
}

static void what_is_recorded_has_no_profile(void **state)
{
	static const char forbidden[] =
		"annotation pale.dev/recording: this node lets no container "
		"be recorded instead of confined",
			  both[] = "annotation pale.dev/recording: profile 'x' is named, too, and "
				   "what is recorded runs under none",
			  meant[] = "annotation pale.dev/recording: profile 'by-default' is meant "
				    "for it (the node's default), and what is recorded runs under "
				    "none",
			  labelled[] = "annotation pale.dev/recording: profile 'web' is meant for "
				       "it (its image's label), and what is recorded runs under "
				       "none";
	const struct {
		const char *const *annotations;
		bool allowed;
		int r;
		const char *recording, *error;
	} cases[] = {
		{ A("pale.dev/recording=shop/web"), true, 0, "shop/web", NULL },
		{ A("pale.dev/recording=shop/web", "io.kubernetes.cri.container-type=sandbox"),
			true, 0, NULL, NULL },
		{ A("pale.dev/recording=shop/web"), false, -EACCES, NULL, forbidden },
		{ A("pale.dev/recording=a", "pale.dev/profile=x"), true, -EINVAL, NULL, both },
		{ A("pale.dev/recording=a", "pale.dev/name=c", "container.profile.pale.dev/c=x"),
			true, -EINVAL, NULL, both },
		/* Another container's. */
		{ A("pale.dev/recording=a", "pale.dev/name=c", "container.profile.pale.dev/d=x"),
			true, 0, "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct daemon_config c = config;
		struct policy_choice choice;
		json_t *a = annotations_of(cases[i].annotations);

		c.recording = cases[i].allowed;
		c.default_profile = NULL;
		assert_int_equal(policy_choose(&c, a, false, NULL, &choice, &err), cases[i].r);
		if (cases[i].r < 0) {
			assert_string_equal(pale_err_text(err), cases[i].error);
		} else {
			assert_true(choice.unconfined);
			assert_null(choice.profile);
			if (cases[i].recording)
				assert_string_equal(choice.recording, cases[i].recording);
			else
				assert_null(choice.recording);
		}
		json_decref(a);
	}
	/* It takes off nothing that the node's configuration means for the container. */
	for (int by_label = 0; by_label < 2; by_label++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct daemon_config c = config;
		struct policy_choice choice;
		json_t *a = annotations_of(A("pale.dev/recording=a"));

		c.recording = true;
		assert_int_equal(
			policy_choose(&c, a, false, by_label ? "web" : NULL, &choice, &err),
			-EACCES);
		assert_string_equal(pale_err_text(err), by_label ? labelled : meant);
		json_decref(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_names_a_profile_counts),
		cmocka_unit_test(images_by_name),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(a_label_that_does_not_count_does_not_matter),
		cmocka_unit_test(modes_and_sandboxes),
		cmocka_unit_test(without_a_default_nothing_is_confined),
		cmocka_unit_test(annotations_of_engines),
		cmocka_unit_test(what_is_recorded_has_no_profile),
	};

	return cmocka_run_group_tests_name("policy_choice", tests, NULL, NULL);
}
