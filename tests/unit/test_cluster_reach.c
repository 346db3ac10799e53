/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an audit says that pods reach, by their NetworkPolicies, and what changes where a
 * PaleProfile refuses it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/audited_objects.h"

#define RULES(rules)                                                                               \
	"{'kind':'NetworkPolicy','metadata':{'name':'n','namespace':'shop'},'spec':{"              \
	"'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress'],'egress':[" rules    \
	"]}}"

static const struct {
	const char *policies, *expected;
} reaches[] = {
	{ REFUSE_ALL, "" },
	{ RULES(""), "" },
	{ RULES("{}"), "metadata-address, kubelet-port" },
	{ RULES("{'ports':[{'port':53,'protocol':'UDP'}]}"), "" },
	{ RULES("{'ports':[{'port':80}]}"), "metadata-address" },
	{ RULES("{'ports':[{'port':80,'protocol':'UDP'}]}"), "" },
	{ RULES("{'ports':[{'port':'http'}]}"), "" },
	{ RULES("{'ports':[{'port':10000,'endPort':11000}]}"), "kubelet-port" },
	{ RULES("{'ports':[{'protocol':'TCP'}]}"), "metadata-address, kubelet-port" },
	{ RULES("{'to':[{'podSelector':{}},{'namespaceSelector':{}}]}"), "" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'0.0.0.0/0'}}]}"), "metadata-address, kubelet-port" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':['169.254.0.0/16']}}]}"),
		"kubelet-port" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':['169.254.169.254/32','10.0.0.5/"
		"32']}}]}"),
		"" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'10.0.0.4/31'}}],'ports':[{'port':10250}]}"),
		"kubelet-port" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'10.0.0.4/32'}}]}"), "" },
	{ RULES("{'to':[{'ipBlock':{'cidr':'::/0'}}]}"), "" },
	/* One of several lets it. */
	{ RULES("{'ports':[{'port':53}]}") "," REFUSE_ALL ",{'kind':'NetworkPolicy','metadata':{"
					   "'name':'m','namespace':'shop'},'spec':{'podSelector':{'"
					   "matchExpressions':[{'key':'app',"
					   "'operator':'Exists'}]},'egress':[{}]}}",
		"metadata-address, kubelet-port" },
	/* Without policyTypes one without rules for it does not hold what is sent. */
	{ "{'kind':'NetworkPolicy','metadata':{'name':'m','namespace':'shop'},'spec':{"
	  "'podSelector':{}}}",
		"metadata-address, kubelet-port" },
	/* Nor does one for other pods. */
	{ "{'kind':'NetworkPolicy','metadata':{'name':'m','namespace':'shop'},'spec':{"
	  "'podSelector':{'matchLabels':{'app':'db'}},'policyTypes':['Egress']}}",
		"metadata-address, kubelet-port" },
};

static json_t *with_policies(const char *policies, const char *more)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "[%s,%s,%s%s]", workloads[0].object, NAMESPACE, policies, more);
	return json_of(text_str(&t));
}

static void what_the_network_lets_through_is_told(void **state)
{
	for (size_t i = 0; i < sizeof(reaches) / sizeof(*reaches); i++) {
		_cleanup_(text_release) struct text found = TEXT_INIT;
		_cleanup_(posture_release) struct posture p;
		json_t *objects = with_policies(reaches[i].policies, "");

		audit(objects, &p);
		put_findings(&p, &found);
		if (strcmp(text_str(&found), reaches[i].expected) != 0)
			fail_msg("%s: found '%s'", reaches[i].policies, text_str(&found));
		json_decref(objects);
	}
}

static void a_network_policy_is_offered_that_ends_both(void **state)
{
	_cleanup_(posture_release) struct posture p, after;
	json_t *objects =
		       with_policies("{'kind':'NetworkPolicy','metadata':{'name':'m','namespace':"
				     "'else'},'spec':{'podSelector':{}}}",
			       ""),
	       *f;
	size_t i;

	audit(objects, &p);
	assert_int_equal(json_array_size(p.findings), 3);
	json_array_foreach (p.findings, i, f) {
		if (finding_control(f) == CONTROL_KUBELET)
			json_array_append_new(
				objects, json_deep_copy(json_object_get(f, "create")));
	}
	audit(objects, &after);
	assert_int_equal(json_array_size(after.findings), 0);
	json_decref(objects);
}

static void a_network_policy_that_is_none_is_told(void **state)
{
	_cleanup_(posture_release) struct posture p;
	json_t *objects = with_policies(RULES("{'to':[{'ipBlock':{'cidr':'10.0.0.0/33'}}]}"), "");

	audit(objects, &p);
	assert_int_equal(posture_status(&p), STATUS_HOST);
	assert_string_equal(json_string_value(json_array_get(p.unseen, 0)),
		"shop/web: NetworkPolicy 'n': '10.0.0.0/33' is no network");
	json_decref(objects);
}

#define PROFILE(mode, rules)                                                                       \
	",{'kind':'PaleProfile','metadata':{'name':'web'},'spec':{'mode':'" mode                   \
	"'},'status':{'bundle':{'main':'web.pale','files':{'web.pale':'profile web {\\n" rules     \
	"\\n}\\n'}}}}"

static void the_profile_is_asked(void **state)
{
	static const struct {
		const char *profile, *expected, *answer;
	} cases[] = {
		{ PROFILE("enforce", "network { allow connect tcp *:443 }"), "", NULL },
		{ PROFILE("enforce", "network { allow connect tcp 169.254.0.0/16:80 }"),
			"metadata-address",
			"allowed by web.pale:2:11: allow connect tcp 169.254.0.0/16:80" },
		{ PROFILE("enforce", "network { allow connect tcp *:10250 }"), "kubelet-port",
			"allowed by web.pale:2:11: allow connect tcp *:10250" },
		/* A sub-profile may be entered. */
		{ PROFILE("enforce",
			  "profile sub { network { allow connect tcp *:80 } }\\nprocess { allow "
			  "exec /bin/sub as sub }"),
			"metadata-address", NULL },
		{ PROFILE("audit", "network { allow connect tcp *:443 }"),
			"metadata-address, kubelet-port", NULL },
		{ PROFILE("enforce", "mode audit"), "metadata-address, kubelet-port",
			"let pass by mode audit" },
		{ PROFILE("enforce", "no policy"), "metadata-address, kubelet-port", NULL },
		{ "", "metadata-address, kubelet-port", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text found = TEXT_INIT;
		_cleanup_(posture_release) struct posture p;
		json_t *objects = with_policies(RULES("{}"), cases[i].profile);
		const json_t *evidence;

		audit(objects, &p);
		put_findings(&p, &found);
		if (strcmp(text_str(&found), cases[i].expected) != 0)
			fail_msg("%s: found '%s'", cases[i].profile, text_str(&found));
		if (cases[i].answer) {
			evidence = json_object_get(json_array_get(p.findings, 0), "evidence");
			evidence = json_array_get(evidence, json_array_size(evidence) - 1);
			assert_string_equal(text(evidence, "path"), "PaleProfile/web");
			assert_string_equal(text(evidence, "value"), cases[i].answer);
		}
		json_decref(objects);
	}
}

/* Nor is one in force where the pod asks for audit, or was started without pale-runtime. */
static void a_profile_that_is_not_in_force_is_not_asked(void **state)
{
	static const char *const patches[] = {
		"{'metadata':{'annotations':{'pale.dev/mode':'audit'}}}",
		"{'spec':{'runtimeClassName':'runc'}}",
		"{'metadata':{'annotations':{"
		"'container.profile.pale.dev/debug':'other'}}}"
	};

	for (size_t i = 0; i <= sizeof(patches) / sizeof(*patches); i++) {
		_cleanup_(posture_release) struct posture p;
		json_t *objects = with_policies(
			RULES("{}"), PROFILE("enforce", "network { allow connect tcp *:443 }"));
		bool found = false;
		const json_t *f;
		size_t k;

		if (i < sizeof(patches) / sizeof(*patches))
			plant(json_array_get(objects, 0), &(struct fault){ .patch = patches[i] },
				0);
		audit(objects, &p);
		json_array_foreach (p.findings, k, f)
			found |= finding_control(f) == CONTROL_METADATA;
		assert_int_equal(found, i < sizeof(patches) / sizeof(*patches));
		json_decref(objects);
	}
}

/* Raw sockets and the token count less where the profile refuses them. */
static void what_a_profile_refuses_weighs_less(void **state)
{
	static const struct {
		const char *profile, *severity;
	} cases[] = {
		{ PROFILE("enforce", ""), "low" },
		{ PROFILE("enforce",
			  "capability { allow net_raw }\\nfile { allow read /run/secrets/**"
			  " }"),
			"medium" },
		{ "", "medium" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(posture_release) struct posture p;
		json_t *objects = with_policies(REFUSE_ALL, cases[i].profile), *f;
		size_t k;

		plant(json_array_get(objects, 0),
			&(struct fault){ .patch = SECURITY("'capabilities':{'drop':['CHOWN']}") },
			1);
		plant(json_array_get(objects, 0),
			&(struct fault){ .patch = FIELDS("'volumeMounts':[{'name':'t','mountPath':"
							 "'/var/run/secrets/kubernetes.io/"
							 "serviceaccount'}]") },
			1);
		audit(objects, &p);
		json_array_foreach (p.findings, k, f) {
			if (finding_control(f) == CONTROL_RAW_SOCKETS ||
				finding_control(f) == CONTROL_TOKEN)
				assert_string_equal(text(f, "severity"), cases[i].severity);
		}
		assert_int_equal(json_array_size(p.findings), 4);
		json_decref(objects);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_network_lets_through_is_told),
		cmocka_unit_test(a_network_policy_is_offered_that_ends_both),
		cmocka_unit_test(a_network_policy_that_is_none_is_told),
		cmocka_unit_test(the_profile_is_asked),
		cmocka_unit_test(a_profile_that_is_not_in_force_is_not_asked),
		cmocka_unit_test(what_a_profile_refuses_weighs_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
