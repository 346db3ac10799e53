/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods and workloads an audit of a cluster looks at, and what it tells of those that it
 * cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/audited_objects.h"

#define REPLICA(n)                                                                                 \
	"{'metadata':{'name':'web-5d8f-" n "','namespace':'shop','uid':'" n                        \
	"','labels':{'app':'web','pod-template-hash':'5d8f'},'annotations':{'pale.dev/profile':"   \
	"'web'},'ownerReferences':[{'kind':'ReplicaSet','name':'web-5d8f','controller':true}]},"   \
	"'spec':{'runtimeClassName':'pale','containers':[{'name':'web',"                           \
	"'volumeMounts':[{'name':'kube-api-access-" n "','mountPath':"                             \
	"'/var/run/secrets/kubernetes.io/serviceaccount'}]," HELD                                  \
	"}],'volumes':[{'name':'kube-api-access-" n                                                \
	"','projected':{'sources':[{'serviceAccountToken':{'path':'token'}}]}}]}}"

static void pods_of_one_workload_are_one(void **state)
{
	_cleanup_(posture_release) struct posture p;
	json_t *objects = json_of("[{'kind':'PodList','items':[" REPLICA("a") "," REPLICA(
		       "b") "," REPLICA("c") "]}," NAMESPACE "," REFUSE_ALL "]"),
	       *f;

	audit(objects, &p);
	assert_int_equal(json_array_size(p.findings), 2);
	f = json_array_get(p.findings, 0);
	assert_string_equal(text(f, "control"), "service-account-token");
	assert_string_equal(text(f, "kind"), "Deployment");
	assert_string_equal(text(f, "name"), "web");
	assert_int_equal(json_integer_value(json_object_get(f, "pods")), 3);
	/* The API server's own volume is not in the Deployment. */
	{
		_cleanup_free_ char *patch = json_dumps(json_object_get(f, "patch"), JSON_COMPACT);

		assert_string_equal(patch, "{\"spec\":{\"template\":{\"spec\":{"
					   "\"automountServiceAccountToken\":false}}}}");
	}
	assert_int_equal(p.objects, 3);
	json_decref(objects);
}

/* A static pod's is its node; what others make is not known to have a template. */
static void pods_of_other_makers_are_themselves(void **state)
{
	static const char *const kinds[] = { "Node", "Rollout", "Pod" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		_cleanup_(posture_release) struct posture p;
		_cleanup_free_ char *patch = NULL;
		json_t *objects = clean(0);

		plant(pod_in(objects, 0), &(struct fault){ .patch = "{'spec':{'hostPID':true}}" },
			0);
		json_object_set_new(json_object_get(json_array_get(objects, 0), "metadata"),
			"ownerReferences",
			json_pack("[{s:s, s:s, s:b}]", "kind", kinds[i], "name", "n", "controller",
				1));
		audit(objects, &p);
		assert_int_equal(json_array_size(p.findings), 1);
		assert_string_equal(text(json_array_get(p.findings, 0), "kind"), "Pod");
		assert_string_equal(text(json_array_get(p.findings, 0), "name"), "web");
		patch = json_dumps(
			json_object_get(json_array_get(p.findings, 0), "patch"), JSON_COMPACT);
		assert_string_equal(patch, "{\"spec\":{\"hostPID\":false}}");
		json_decref(objects);
	}
}

static void makers_without_pods_are_looked_at(void **state)
{
#define MAKER(metadata, more)                                                                      \
	"{'metadata':{'name':'web','namespace':'shop'" metadata "},'spec':{'template':{'spec':{"   \
	"'hostPID':true,'containers':[" CONTAINER("web") "]}}}" more "}"
	static const struct {
		const char *kind, *object;
		bool looked_at;
	} cases[] = {
		{ "StatefulSet", MAKER("", ""), true },
		/* It has pods. */
		{ "Deployment", MAKER("", ""), false },
		/* What keeps it is looked at. */
		{ "ReplicaSet",
			MAKER(",'ownerReferences':[{'kind':'Deployment','name':'web',"
			      "'controller':true}]",
				""),
			false },
		/* What keeps it has no template that is known. */
		{ "StatefulSet",
			MAKER(",'ownerReferences':[{'kind':'Prometheus','name':'web',"
			      "'controller':true}]",
				""),
			true },
		{ "Job", MAKER("", ",'status':{'active':1}"), true },
		{ "Job", MAKER(",'uid':'u'", ",'status':{'completionTime':'2026-11-26T13:10:43Z'}"),
			false },
		/* A manifest says nothing of what will be. */
		{ "Job", MAKER("", ",'status':{'completionTime':'2026-11-26T13:10:43Z'}"), true },
		/* Of which none ends. */
		{ "StatefulSet",
			MAKER(",'uid':'u'", ",'status':{'completionTime':'2026-11-26T13:10:43Z'}"),
			true },
		{ "DaemonSet", MAKER(",'uid':'u'", ",'status':{'phase':'Succeeded'}"), true },
	};
	const struct object_source nowhere = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(cluster_objects_release) struct cluster_objects cluster = { 0 };
		_cleanup_(posture_release) struct posture p;
		json_t *pod = json_of(REPLICA("a")), *o = json_of(cases[i].object);
		struct cluster_posture c;

		posture_init(&p);
		cluster_objects_init(&cluster);
		cluster_posture_init(&c, &p, &cluster);
		cluster_posture_add(&c, pod, "Pod", &nowhere);
		cluster_posture_add_idle(&c, o, cases[i].kind, &nowhere);
		cluster_posture_end(&c);
		cluster_posture_release(&c);
		assert_int_equal(p.objects, cases[i].looked_at ? 2 : 1);
		json_decref(pod);
		json_decref(o);
	}
}

static void what_is_no_pod_is_told(void **state)
{
	static const struct {
		const char *object, *told;
	} cases[] = {
		{ "{'kind':'Pod','metadata':{'name':'a','namespace':'n'}}",
			"n/Pod/a: a Pod without metadata or spec" },
		{ "{'kind':'Pod','metadata':{'name':'a'},'spec':{'containers':[]}}",
			"Pod/a: a Pod without containers" },
		{ "{'kind':'Pod','metadata':{'name':'a'},'spec':{'containers':{}}}",
			"Pod/a: spec.containers is no list" },
		{ "{'kind':'Deployment','metadata':{'name':'a','namespace':'n'},'spec':{}}",
			"n/Deployment/a: a Pod without metadata or spec" },
		{ "{'kind':'Pod','metadata':{'name':'a'},'spec':{'containers':[{'name':'c',"
		  "'securityContext':[]}]}}",
			"Pod/a: spec.containers[0].securityContext is no object" },
		{ "{'metadata':{'name':'a'},'spec':{'hostPID':true,'containers':[{'name':'c'}]}}",
			"an object without a kind, called 'a'" },
		{ "{'kind':7}", "an object without a kind, called ''" },
		{ "{'kind':'PodList','items':{}}", "PodList: items is no list" },
		{ "{'kind':'List','items':[3]}", "an object without a kind, called ''" },
		{ "{'kind':'List','items':'a'}", "List: items is no list" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(posture_release) struct posture p;
		json_t *o = json_of(cases[i].object), *objects = json_pack("[o]", o);

		audit(objects, &p);
		assert_int_equal(posture_status(&p), STATUS_HOST);
		assert_string_equal(json_string_value(json_array_get(p.unseen, 0)), cases[i].told);
		json_decref(objects);
	}
}

static void network_policies_that_are_not_known_are_noted(void **state)
{
	_cleanup_(posture_release) struct posture p;
	json_t *objects = json_of("[" POD("", ONE) "]");

	audit(objects, &p);
	assert_int_equal(posture_status(&p), STATUS_OK);
	assert_string_equal(json_string_value(json_array_get(p.notes, 0)),
		"what pods reach, since NetworkPolicies are not known");
	json_decref(objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_of_one_workload_are_one),
		cmocka_unit_test(pods_of_other_makers_are_themselves),
		cmocka_unit_test(makers_without_pods_are_looked_at),
		cmocka_unit_test(what_is_no_pod_is_told),
		cmocka_unit_test(network_policies_that_are_not_known_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
