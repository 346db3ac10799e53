/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers of a node's pods run without their policies, and whose they are. */
#include "compiler/base/cleanup.h"
#include "operator/node/pod_list.h"
#include "operator/pod_owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pod_list list;
static char told[256];

static int begin(void **state)
{
	(void)state;
	list = (struct pod_list){ .own_namespace = "pale-system" };
	*told = '\0';
	return 0;
}

static int end(void **state)
{
	(void)state;
	pod_list_release(&list);
	return 0;
}

/* In namespace @namespace, named and with the uid @name; @annotations a JSON object; a container
 * "c" that runs, with this id. */
static json_t *pod(const char *namespace, const char *name, const char *annotations, const char *id)
{
	return json_pack("{s:{s:s, s:s, s:s, s:o}, s:{s:[{s:s, s:o, s:{s:{}}}]}}", "metadata",
		"namespace", namespace, "name", name, "uid", name, "annotations",
		json_loads(annotations, 0, NULL), "status", "containerStatuses", "name", "c",
		"containerID", json_sprintf("containerd://%s", id), "state", "running");
}

static void put(json_t *p)
{
	pod_list_put(&list, p);
	json_decref(p);
}

static void on_unconfined(
	void *ctx, const struct pod_list_pod *p, const struct pod_list_container *c)
{
	(void)ctx;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s/%s/%s;", p->namespace,
		p->name, c->name);
}

/* An answer to `ps` with one container, or none. */
static void ps(const char *id, const char *state, int64_t now_ms)
{
	json_t *o = json_pack("{s:b, s:[]}", "ok", 1, "containers");

	if (id)
		json_array_append_new(json_object_get(o, "containers"),
			json_pack("{s:s, s:s}", "id", id, "state", state));
	*told = '\0';
	pod_list_take_ps(&list, o, now_ms, on_unconfined, NULL);
	json_decref(o);
}

#define MEANT "{\"pale.dev/profile\": \"web\"}"

static void a_container_that_paled_has_is_confined(void **state)
{
	(void)state;
	put(pod("shop", "web", MEANT, "1"));
	assert_true(pod_list_needs_ps(&list));
	ps("1", "running", 1000);
	assert_string_equal(told, "");
	assert_false(pod_list_needs_ps(&list));
	/* Its status may be old when it has ended. */
	put(pod("shop", "web", MEANT, "1"));
	assert_false(pod_list_needs_ps(&list));
	ps(NULL, NULL, 90000);
	assert_string_equal(told, "");
	assert_int_equal(pod_list_unconfined(&list), 0);
}

static void one_that_runs_unconfined_is_told_once_and_counted_as_long_as_it_runs(void **state)
{
	json_t *ended = pod("shop", "web", MEANT, "1");

	(void)state;
	put(pod("shop", "web", MEANT, "1"));
	ps("1", "unconfined", 1000);
	assert_string_equal(told, "shop/web/c;");
	assert_int_equal(pod_list_unconfined(&list), 1);
	assert_false(pod_list_needs_ps(&list));
	put(pod("shop", "web", MEANT, "1"));
	ps("1", "unconfined", 2000);
	assert_string_equal(told, "");
	assert_int_equal(pod_list_unconfined(&list), 1);
	json_object_set_new(
		json_array_get(
			json_object_get(json_object_get(ended, "status"), "containerStatuses"), 0),
		"state", json_pack("{s:{}}", "terminated"));
	put(ended);
	assert_int_equal(pod_list_unconfined(&list), 0);
	/* Started again. */
	put(pod("shop", "web", MEANT, "2"));
	ps("2", "unconfined", 3000);
	assert_string_equal(told, "shop/web/c;");
	pod_list_gone(&list, "web");
	assert_int_equal(pod_list_unconfined(&list), 0);
	assert_int_equal(list.n, 0);
}

static void one_that_paled_does_not_have_at_all_is_waited_for(void **state)
{
	(void)state;
	put(pod("shop", "web", MEANT, "1"));
	ps(NULL, NULL, 1000);
	assert_string_equal(told, "");
	assert_true(pod_list_needs_ps(&list));
	ps(NULL, NULL, 1000 + POD_MISSING_MS - 1);
	assert_string_equal(told, "");
	ps(NULL, NULL, 1000 + POD_MISSING_MS);
	assert_string_equal(told, "shop/web/c;");
}

static void who_is_not_meant_is_not_told(void **state)
{
	static const struct {
		const char *namespace, *annotations;
		bool meant, owned_by_node;
	} cases[] = {
		{ "shop", MEANT, true, false },
		{ "shop", "{\"container.profile.pale.dev/c\": \"web\"}", true, false },
		{ "shop", "{\"container.profile.pale.dev/d\": \"web\"}", false, false },
		{ "shop", "{\"pale.dev/profile\": \"\"}", false, false },
		{ "shop", "{}", false, false },
		{ "shop", "{\"pale.dev/profile\": \"web\", \"pale.dev/recording\": \"shop/r\"}",
			true, false },
		{ "kube-system", MEANT, false, false },
		{ "pale-system", MEANT, false, false },
		{ "shop", "{\"pale.dev/profile\": \"web\", \"kubernetes.io/config.mirror\": \"1\"}",
			true, false },
		{ "shop", "{\"pale.dev/profile\": \"web\", \"kubernetes.io/config.mirror\": \"1\"}",
			false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *p = pod(cases[i].namespace, "web", cases[i].annotations, "1");

		if (cases[i].owned_by_node)
			json_object_set_new(json_object_get(p, "metadata"), "ownerReferences",
				json_pack("[{s:s, s:s, s:b}]", "kind", "Node", "name", "n",
					"controller", 1));
		put(p);
		ps("1", "unconfined", 1000);
		assert_int_equal(*told != '\0', cases[i].meant);
		assert_int_equal(pod_list_unconfined(&list), cases[i].meant);
		/* It is not looked at again and again. */
		assert_false(pod_list_needs_ps(&list));
		pod_list_gone(&list, "web");
	}
}

static void init_and_ephemeral_containers_are_containers(void **state)
{
	static const char *const lists[] = { "initContainerStatuses",
		"ephemeralContainerStatuses" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		json_t *p = pod("shop", "web", MEANT, "1");
		json_t *status = json_object_get(p, "status");

		json_object_set(status, lists[i], json_object_get(status, "containerStatuses"));
		json_object_del(status, "containerStatuses");
		put(p);
		ps("1", "unconfined", 1000);
		assert_string_equal(told, "shop/web/c;");
		pod_list_gone(&list, "web");
	}
}

static void what_has_no_container_yet_is_not_looked_for(void **state)
{
	json_t *p = pod("shop", "web", MEANT, "");

	(void)state;
	put(p);
	assert_false(pod_list_needs_ps(&list));
}

static char *owner_of(const char *kind, const char *name, const char *hash)
{
	_cleanup_(json_decrefp) json_t *p =
		json_pack("{s:{s:[{s:s, s:s}, {s:s, s:s, s:b}], s:{s:s*}}}", "metadata",
			"ownerReferences", "kind", "Other", "name", "o", "kind", kind, "name", name,
			"controller", 1, "labels", "pod-template-hash", hash);

	return pod_owner(p);
}

static void an_owner_is_what_a_person_made(void **state)
{
	static const char *const cases[][4] = {
		{ "ReplicaSet", "web-5d4f8c7b9", "5d4f8c7b9", "Deployment/web" },
		{ "ReplicaSet", "web-shop-5d4f8c7b9", "5d4f8c7b9", "Deployment/web-shop" },
		/* Made by hand. */
		{ "ReplicaSet", "web", NULL, "ReplicaSet/web" },
		{ "ReplicaSet", "web-5d4f", "8c7b9", "ReplicaSet/web-5d4f" },
		{ "ReplicaSet", "5d4f8c7b9", "5d4f8c7b9", "ReplicaSet/5d4f8c7b9" },
		{ "ReplicaSet", "-5d4f8c7b9", "5d4f8c7b9", "ReplicaSet/-5d4f8c7b9" },
		{ "DaemonSet", "log-5d4f8c7b9", "5d4f8c7b9", "DaemonSet/log-5d4f8c7b9" },
		{ "Job", "once", NULL, "Job/once" },
	};
	_cleanup_(json_decrefp) json_t *alone = pod("shop", "web", "{}", "1");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ char *owner = owner_of(cases[i][0], cases[i][1], cases[i][2]);

		assert_string_equal(owner, cases[i][3]);
	}
	assert_null(pod_owner(alone));
}

static void paled_is_told_the_owner_of_what_it_has_once(void **state)
{
	_cleanup_(json_decrefp) json_t *request = NULL, *want = NULL;
	json_t *p = pod("shop", "web", "{}", "1");

	(void)state;
	json_object_set_new(json_object_get(p, "metadata"), "ownerReferences",
		json_pack("[{s:s, s:s, s:b}]", "kind", "Job", "name", "once", "controller", 1));
	put(json_incref(p));
	assert_null(pod_list_describe(&list));
	ps("1", "created", 1000);
	request = pod_list_describe(&list);
	want = json_pack("{s:s, s:s, s:s}", "method", "describe", "id", "1", "owner", "Job/once");
	assert_true(json_equal(request, want));
	put(p);
	assert_null(pod_list_describe(&list));
	/* paled was started anew, and says whether it has the container still. */
	pod_list_forget_paled(&list);
	json_decref(request);
	assert_null(pod_list_describe(&list));
	assert_true(pod_list_needs_ps(&list));
	ps("1", "running", 2000);
	request = pod_list_describe(&list);
	assert_true(json_equal(request, want));
}

static void pods_are_found_by_uid_before_name(void **state)
{
	const struct pod_list_pod *p = NULL;

	(void)state;
	put(pod("shop", "web", MEANT, "1"));
	assert_ptr_equal(pod_list_find(&list, "shop", "web", ""), list.v[0]);
	assert_ptr_equal(pod_list_find(&list, "", "", "web"), list.v[0]);
	assert_null(pod_list_find(&list, "shop", "web", "another"));
	assert_null(pod_list_find(&list, "other", "web", ""));
	assert_non_null(pod_list_container(&list, "1", &p));
	assert_ptr_equal(p, list.v[0]);
	assert_null(pod_list_container(&list, "2", &p));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_container_that_paled_has_is_confined),
		TEST(one_that_runs_unconfined_is_told_once_and_counted_as_long_as_it_runs),
		TEST(one_that_paled_does_not_have_at_all_is_waited_for),
		TEST(who_is_not_meant_is_not_told),
		TEST(init_and_ephemeral_containers_are_containers),
		TEST(what_has_no_container_yet_is_not_looked_for),
		TEST(an_owner_is_what_a_person_made),
		TEST(paled_is_told_the_owner_of_what_it_has_once),
		TEST(pods_are_found_by_uid_before_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
