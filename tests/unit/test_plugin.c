/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl-pale prints of objects as the API server has them. */
#include "compiler/base/cleanup.h"
#include "operator/api_time.h"
#include "operator/plugin/event_line.h"
#include "operator/plugin/pod_explanation.h"
#include "operator/plugin/profile_diagnostics.h"
#include "operator/plugin/status_report.h"
#include "compiler/base/text_table.h"
#include "operator/plugin/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/json_of.h"

#define NOW 1795698643 /* 2026-11-26T13:10:43Z */
#define D1  "1111111111111111111111111111111111111111111111111111111111111111"
#define D2  "2222222222222222222222222222222222222222222222222222222222222222"

static void is_text(struct text *t, const char *expected)
{
	if (strcmp(text_str(t), expected) != 0)
		fail_msg("printed:\n%s\nexpected:\n%s", text_str(t), expected);
	text_clear(t);
}

static void tables(void **state)
{
	static const char *const columns[] = { "A", "LONGER", "LAST", NULL };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *rows = json_of("[['a','','x'],['zwölf','b',''],['\\u001b[31m','c','d']]");

	text_table(columns, rows, &t);
	is_text(&t, "A          LONGER   LAST\n"
		    "a          -        x\n"
		    "zwölf      b\n"
		    "\\x1b[31m   c        d\n");
	json_decref(rows);
}

/* ---- status */

static void status_is(const char *profiles, const char *nodes, bool well, const char *expected)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *p = json_of(profiles), *n = json_of(nodes), *report = status_report(p, n, NOW);

	status_report_text(report, &t);
	is_text(&t, expected);
	assert_int_equal(status_report_is_well(report), well);
	json_decref(report);
	json_decref(p);
	json_decref(n);
}

#define NODE_HEAD     "NODE   READY   MECHANISMS   PROFILES   UNCONFINED   MESSAGE\n"
#define COMPILED      "{'type':'Compiled','status':'True'}"
#define READY	      "{'type':'Ready','status':'True'}"
#define META(name)    "'metadata':{'name':'" name "','generation':2}"
#define NODE(name, s) "{'metadata':{'name':'" name "'},'status':" s "}"

static void states_of_profiles(void **state)
{
	static const struct {
		const char *object, *state, *message;
	} cases[] = {
		{ "{" META("p") "}", "Pending", "" },
		{ "{" META("p") ",'status':{'observedGeneration':1,'conditions':[" COMPILED
				"," READY "]}}",
			"Pending", "" },
		{ "{" META(
			  "p") ",'status':{'observedGeneration':2,'conditions':[{'type':'Compiled',"
			       "'status':'Unknown','message':'it took too long'}]}}",
			"Pending", "it took too long" },
		{ "{" META(
			  "p") ",'status':{'observedGeneration':2,'conditions':[{'type':'Compiled',"
			       "'status':'False','message':'p.pale:1:1: no'}," READY "]}}",
			"Rejected", "p.pale:1:1: no" },
		{ "{" META("p") ",'status':{'observedGeneration':2,'conditions':[" COMPILED
				",{'type':'Distributed','status':'False','message':'0 of 3'}]}}",
			"Distributing", "0 of 3" },
		{ "{" META("p") ",'status':{'observedGeneration':2,'conditions':[" COMPILED
				"," READY
				",{'type':'Degraded','status':'True','message':'n1: no LSM'}]}}",
			"Degraded", "n1: no LSM" },
		{ "{" META("p") ",'status':{'observedGeneration':2,'conditions':[" COMPILED
				"," READY
				"],'rollout':{'phase':'Canary','message':'an hour more'}}}",
			"Ready", "an hour more" },
		{ "{'metadata':{'name':'p','deletionTimestamp':'2026-11-26T13:10:43Z'},'status':{"
		  "'conditions':[" COMPILED "," READY "]}}",
			"Deleting", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *o = json_of(cases[i].object), *all = json_pack("[o]", o);
		json_t *nodes = json_of("[" NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z',"
						       "'conditions':[" READY "]}") "]");
		json_t *report = status_report(all, nodes, NOW);
		json_t *p = json_array_get(json_object_get(report, "profiles"), 0);

		assert_string_equal(json_string_value(json_object_get(p, "state")), cases[i].state);
		assert_string_equal(
			json_string_value(json_object_get(p, "message")), cases[i].message);
		assert_int_equal(
			status_report_is_well(report), strcmp(cases[i].state, "Ready") == 0);
		json_decref(report);
		json_decref(nodes);
		json_decref(all);
	}
}

static void status_of_a_cluster(void **state)
{
	status_is("[]", "[]", false,
		"There are no PaleProfiles.\n\n"
		"No node has said anything: does the DaemonSet pale-node run?\n");
	/* Old violations do not count, a rollout's share stands beside its mode. */
	status_is("[{" META("web") ",'spec':{'mode':'enforce'},'status':{'observedGeneration':2,"
				   "'mode':'audit','digest':'" D1
				   "','nodes':{'ready':1,'total':1},'rollout':{'phase':'Canary',"
				   "'canaryPercent':10},'conditions':[" COMPILED "," READY "]}}]",
		"[" NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z','mechanisms':['seccomp'],"
			       "'profiles':[{'name':'web','digest':'" D1
			       "','state':'Loaded','violations':["
			       "{'since':'2026-11-26T10:00:00Z','count':9},"
			       "{'since':'2026-11-26T13:05:00Z','count':2}]}],"
			       "'conditions':[" READY "]}") "]",
		true,
		"PROFILE   MODE                 STATE   DIGEST         NODES   VIOLATIONS   "
		"MESSAGE\n"
		"web       audit, 10% enforce   Ready   111111111111   1/1     2\n"
		"\n" NODE_HEAD "n1     True    seccomp      1/1        0\n");
}

static void nodes_that_are_not_well(void **state)
{
	status_is("[]",
		"[" NODE("a", "{'heartbeat':'2026-11-26T12:55:42Z','conditions':[" READY
			      "]}") "," NODE("b", "{}") "," NODE("c",
			"{'heartbeat':'2026-11-26T13:10:00Z','conditions':[{'type':'Ready',"
			"'status':'False','message':'paled does not answer'}]}") "," NODE("d",
			"{'heartbeat':'2026-11-26T13:10:00Z','unconfined':2,'conditions':[" READY
			"],'profiles':[{'name':'old','state':'Removing'},"
			"{'name':'web','state':'Pending'}]}") "]",
		false,
		"There are no PaleProfiles.\n\n"
		"NODE   READY    MECHANISMS   PROFILES   UNCONFINED   MESSAGE\n"
		"a      Silent   -            0/0        0            last heard of at "
		"2026-11-26T12:55:42Z\n"
		"b      Silent   -            0/0        0            never heard of\n"
		"c      False    -            0/0        0            paled does not answer\n"
		"d      True     -            0/1        2            web: Pending\n");
}

/* ---- events */

static void event_prints(const char *event, bool pales, const char *expected)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *e = json_of(event), *facts = event_facts(e);

	assert_int_equal(event_is_pales(e), pales);
	event_line(facts, &t);
	is_text(&t, expected);
	json_decref(facts);
	json_decref(e);
}

static void events(void **state)
{
	event_prints("{'involvedObject':{'kind':'Pod','namespace':'shop','name':'web-1',"
		     "'fieldPath':'spec.containers{app}'},'reason':'Violation','count':3,"
		     "'message':'a\\n b\\nc\\u0007\\n','lastTimestamp':'2026-11-26T13:10:43Z',"
		     "'reportingComponent':'pale-node'}",
		true,
		"2026-11-26T13:10:43Z Violation Pod shop/web-1 container app (3 times): a\n"
		" b\n"
		"    c\\x07\n");
	/* events.k8s.io leaves the old members empty; an older client the new ones. */
	event_prints("{'involvedObject':{'kind':'PaleProfile','name':'web'},'reason':'R',"
		     "'eventTime':'2026-11-26T13:10:43.000001Z','count':null,"
		     "'source':{'component':'pale-controller'},'reportingComponent':''}",
		true, "2026-11-26T13:10:43.000001Z R PaleProfile web: \n");
	event_prints("{'metadata':{'creationTimestamp':'2026-11-26T13:10:43Z'},'reason':'R',"
		     "'involvedObject':{'kind':'Pod','name':'p\\u001b','fieldPath':'{'},"
		     "'source':{'component':'kubelet'},'message':'m'}",
		false, "2026-11-26T13:10:43Z R Pod p\\x1b: m\n");
}

/* ---- diagnostics */

static void diagnostics(void **state)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *p = json_of(
		"{" META("web") ",'spec':{'source':'profile web {\\n\\tallow raed /ö ü\\n}',"
				"'files':{'common.pale':'x'}},'status':{'observedGeneration':2,"
				"'diagnostics':["
				"{'severity':'error','line':2,'column':8,'message':'unknown',"
				"'hint':'did you'},"
				"{'severity':'warning','line':2,'column':17,'message':'odd'},"
				"{'severity':'error','file':'common.pale','line':1,'column':1,"
				"'message':'no'},"
				"{'severity':'error','file':'base/libc.pale','line':7,'column':3,"
				"'message':'of the library'},"
				"{'severity':'error','line':9,'column':1,'message':'behind'},"
				"{'message':'as a whole\\u001b'}]}}");
	json_t *all = json_array();

	profile_diagnostics_add(all, p);
	profile_diagnostics_text(all, &t);
	is_text(&t, "web:2:8: error: unknown\n"
		    "    2 | \tallow raed /ö ü\n"
		    "      | \t      ^\n"
		    "   hint: did you\n"
		    "web:2:17: warning: odd\n"
		    "    2 | \tallow raed /ö ü\n"
		    "      | \t              ^\n"
		    "web common.pale:1:1: error: no\n"
		    "    1 | x\n"
		    "      | ^\n"
		    "web base/libc.pale:7:3: error: of the library\n"
		    "web:9:1: error: behind\n"
		    "web: error: as a whole\\x1b\n");
	/* Of another source than what stands there by now no line is shown. */
	json_array_clear(all);
	json_object_set_new(json_object_get(p, "metadata"), "generation", json_integer(3));
	profile_diagnostics_add(all, p);
	assert_string_equal(json_string_value(json_object_get(json_array_get(all, 0), "text")), "");
	json_decref(all);
	json_decref(p);
}

/* ---- explain */

#define PROFILE(name, more)                                                                        \
	"{" META(name) ",'spec':{'namespaces':['*']},'status':{'observedGeneration':2,"            \
		       "'digest':'" D1 "','conditions':[" COMPILED "," READY                       \
		       "],'pod':{'seccompProfile':'pale/" name "-111111111111.json'" more "}}}"
#define SHOP(annotations)                                                                          \
	"{'metadata':{'name':'shop','labels':{'pale.dev/"                                          \
	"inject':'enabled'},'annotations':{" annotations "}}}"
#define FILTER(file)                                                                               \
	"'securityContext':{'seccompProfile':{'type':'Localhost','localhostProfile':'pale/" file   \
	".json'}}"
#define POD(annotations, spec)                                                                     \
	"{'metadata':{'name':'p','labels':{'app':'x'},'annotations':{" annotations "}},"           \
	"'spec':{'nodeName':'n1','runtimeClassName':'pale'," spec "}}"
#define LOADED                                                                                     \
	NODE("n1",                                                                                 \
		"{'heartbeat':'2026-11-26T13:10:00Z','profiles':["                                 \
		"{'name':'web','digest':'" D1 "','state':'Loaded'},"                               \
		"{'name':'log','digest':'" D1 "','state':'Degraded','message':'no AppArmor'}]}")

struct scene {
	const char *pod, *namespace, *bindings, *recordings, *node, *unconfined;
	bool template, well;
};

static void explains(const struct scene *s, const char *expected)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *pod = json_of(s->pod), *namespace = json_of(s->namespace ?: SHOP(""));
	json_t *profiles =
		json_of("[" PROFILE("web", ",'dropCapabilities':['NET_RAW']") "," PROFILE("log",
			"") "," PROFILE("new", "}, 'mode':'audit','rollout':{'phase':'Canary',"
					       "'canaryPercent':50") "]");
	json_t *bindings = json_of(s->bindings ?: "[]");
	json_t *recordings = json_of(s->recordings ?: "[]");
	json_t *node = s->node ? json_of(s->node) : NULL;
	json_t *unconfined = json_of(s->unconfined ?: "[]"), *e;

	e = pod_explanation(&(struct pod_facts){ .pod = pod,
				    .template = s->template,
				    .namespace = namespace,
				    .profiles = profiles,
				    .bindings = bindings,
				    .recordings = recordings,
				    .node = node,
				    .unconfined = unconfined,
				    .now = NOW },
		&err);
	if (!e)
		fail_msg("%s", pale_err_text(err));
	pod_explanation_text(e, &t);
	is_text(&t, expected);
	assert_int_equal(pod_explanation_is_well(e), s->well);
	json_decref(e);
	json_decref(pod);
	json_decref(namespace);
	json_decref(profiles);
	json_decref(bindings);
	json_decref(recordings);
	json_decref(node);
	json_decref(unconfined);
}

#define DROP "'capabilities':{'drop':['NET_RAW']}"
#define WEB_C                                                                                      \
	"'containers':[{'name':'c','securityContext':{" DROP                                       \
	",'seccompProfile':{'type':'Localhost','localhostProfile':'pale/"                          \
	"web-111111111111.json'}}}]"
#define AS_POD "  profile   web: the pod's annotation pale.dev/profile says so\n"

static void whether_a_pod_is_under_its_policy(void **state)
{
	static const struct {
		const char *node, *unconfined, *line;
		bool well;
	} cases[] = {
		{ LOADED, NULL, "yes: node n1 has web in force, digest 111111111111", true },
		{ NULL, NULL, "unknown: node n1 has no PaleNodeStatus", false },
		{ NODE("n1", "{'heartbeat':'2026-11-26T12:55:42Z'}"), NULL,
			"unknown: node n1 was last heard of at 2026-11-26T12:55:42Z", false },
		{ NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z','profiles':[{'name':'web',"
			     "'digest':'" D2 "','state':'Loaded'}]}"),
			NULL, "no: node n1 does not have web with digest 111111111111", false },
		{ NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z','profiles':[{'name':'web',"
			     "'digest':'" D1 "','state':'Removing'}]}"),
			NULL, "yes: node n1 has web in force, digest 111111111111", true },
		{ NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z','profiles':[{'name':'web',"
			     "'digest':'" D1 "','state':'Pending'}]}"),
			NULL, "no: on node n1 web is Pending", false },
		{ LOADED,
			"[{'involvedObject':{'fieldPath':'spec.containers{c}'},'message':'late'}]",
			"no: the node has said: late", false },
		{ LOADED,
			"[{'involvedObject':{'fieldPath':'spec.containers{cc}'},'message':'late'}]",
			"yes: node n1 has web in force, digest 111111111111", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		text_printf(&t,
			"pod shop/p on node n1\n"
			"  mode      enforce\n\n"
			"container 'c'\n" AS_POD "  under it  %s\n",
			cases[i].line);
		explains(&(struct scene){ .pod = POD("'pale.dev/profile':'web'", WEB_C),
				 .node = cases[i].node,
				 .unconfined = cases[i].unconfined,
				 .well = cases[i].well },
			text_str(&t));
	}
}

/* The node has put the profile's newest policy in the place of the one that the pod began with. */
static void updated_while_it_runs(void **state)
{
	explains(
		&(struct scene){ .pod = POD("'pale.dev/profile':'web'",
					 "'containers':[{'name':'c','securityContext':{" DROP
					 ",'seccompProfile':{'type':'Localhost','localhostProfile':"
					 "'pale/web-222222222222.json'}}}]"),
			.node = LOADED,
			.well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n\n"
		"container 'c'\n" AS_POD
		"  under it  yes: node n1 has web in force, digest 111111111111\n");
}

static void an_older_policy_is_kept(void **state)
{
	explains(
		&(struct scene){ .pod = POD("'pale.dev/profile':'web'",
					 "'containers':[{'name':'c','securityContext':{" DROP
					 ",'seccompProfile':{'type':'Localhost','localhostProfile':"
					 "'pale/web-222222222222.json'}}}]"),
			.node = NODE("n1", "{'heartbeat':'2026-11-26T13:10:00Z','profiles':["
					   "{'name':'web','digest':'" D2 "','state':'Removing'},"
					   "{'name':'web','digest':'" D1 "','state':'Loaded'}]}"),
			.well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n\n"
		"container 'c'\n" AS_POD
		"  under it  yes: node n1 has web in force, digest 222222222222\n"
		"  anew      111111111111 is the profile's digest by now\n");
}

static void who_says_which_profile(void **state)
{
	static const char namespaces[] = SHOP("'pale.dev/profile':'web','pale.dev/mode':'enforce'");
	static const char binding[] = "[{'metadata':{'name':'b','namespace':'shop'},'spec':{'"
				      "selector':{},'profile':'log',"
				      "'mode':'enforce','onMissing':'deny'}}]";

	explains(&(struct scene){ .pod = POD("", "'containers':[{'name':'c'}]"),
			 .namespace = namespaces,
			 .template = true,
			 .well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n\n"
		"container 'c'\n"
		"  profile   web: the namespace's annotation pale.dev/profile says so, and a pod "
		"cannot change it\n");
	explains(&(struct scene){ .pod = POD("", "'containers':[{'name':'c'}]"),
			 .bindings = binding,
			 .template = true,
			 .well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n"
		"  missing   deny\n\n"
		"container 'c'\n"
		"  profile   log: PaleBinding 'b' says so, and a pod cannot change it\n");
	explains(&(struct scene){ .pod = POD("'container.profile.pale.dev/i':'log'",
					  "'containers':[{'name':'c'}],'initContainers':[{'name':"
					  "'i'}],'ephemeralContainers':[{'name':'e'}]"),
			 .namespace = SHOP("'pale.dev/default-profile':'web'"),
			 .template = true,
			 .well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n\n"
		"init container 'i'\n"
		"  profile   log: the pod's annotation container.profile.pale.dev/i says so\n\n"
		"container 'c'\n"
		"  profile   web: the namespace's annotation pale.dev/default-profile says so\n\n"
		"ephemeral container 'e'\n"
		"  profile   web: the namespace's annotation pale.dev/default-profile says so\n");
	/* What a tenant asks for in vain. */
	explains(&(struct scene){ .pod = POD(
					  "'pale.dev/mode':'audit'", "'containers':[{'name':'c'}]"),
			 .namespace = namespaces,
			 .template = true,
			 .well = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n\n"
		"container 'c'\n"
		"  profile   web: the namespace's annotation pale.dev/profile says so, and a pod "
		"cannot change it\n\n"
		"warning: pale.dev/mode: audit is not for this pod to choose; it stays enforce\n");
}

static void what_is_refused(void **state)
{
	explains(&(struct scene){ .pod = POD("'pale.dev/profile':'wbe'",
					  "'containers':[{'name':'c'},{'name':'d'}]"),
			 .template = true },
		"pod shop/p on node n1\n"
		"  refused   pod p: container 'c': there is no PaleProfile 'wbe' (is 'web' "
		"meant?)\n\n"
		"container 'c'\n"
		"  profile   none\n"
		"  refused   there is no PaleProfile 'wbe'\n"
		"  to do     is 'web' meant?\n\n"
		"container 'd'\n"
		"  profile   none\n"
		"  refused   there is no PaleProfile 'wbe'\n"
		"  to do     is 'web' meant?\n");
	/* No container's fault alone. */
	explains(&(struct scene){ .pod = POD("'pale.dev/profile':'web'",
					  "'containers':[{'name':'c','securityContext':{"
					  "'privileged':true}}]"),
			 .template = true },
		"pod shop/p on node n1\n"
		"  mode      enforce\n"
		"  refused   pod p: container 'c' is privileged, and no policy can hold a "
		"privileged container (set securityContext.privileged to false and add the "
		"capabilities that it needs)\n\n"
		"container 'c'\n"
		"  profile   web: the pod's annotation pale.dev/profile says so\n");
	explains(&(struct scene){ .pod = POD("", "'containers':[{'name':'c'}]"), .node = LOADED },
		"pod shop/p on node n1\n"
		"  refused   pod p: container 'c': no profile is named for it in namespace 'shop' "
		"(annotate the pod with pale.dev/profile, or the namespace with "
		"pale.dev/default-profile)\n\n"
		"container 'c'\n"
		"  profile   none\n"
		"  refused   no profile is named for it in namespace 'shop'\n"
		"  to do     annotate the pod with pale.dev/profile, or the namespace with "
		"pale.dev/default-profile\n"
		"  under it  no: the pod's annotations name no profile for it\n");
}

static void what_is_not_asked_about(void **state)
{
	explains(&(struct scene){ .pod = POD("", "'containers':[{'name':'c'}]"),
			 .namespace = "{'metadata':{'name':'open'}}",
			 .template = true },
		"pod open/p on node n1\n"
		"  webhook   the API server does not ask Pale about pods of this namespace\n\n"
		"container 'c'\n"
		"  profile   none: nothing names a profile for it\n");
	explains(&(struct scene){ .pod = POD("'pale.dev/profile':'web'",
					  "'containers':[{'name':'c'}]"),
			 .namespace =
				 "{'metadata':{'name':'kube-system','labels':{'pale.dev/inject':"
				 "'enabled'}}}",
			 .template = true },
		"pod kube-system/p on node n1\n"
		"  webhook   the API server does not ask Pale about pods of this namespace\n\n"
		"container 'c'\n"
		"  profile   none: pods of this namespace are left as they are\n");
}

static void changed_since_it_was_created(void **state)
{
	explains(&(struct scene){ .pod = POD("'pale.dev/profile':'log'",
					  "'containers':[{'name':'c'," FILTER(
						  "log-222222222222") "}]"),
			 .namespace = SHOP("'pale.dev/profile':'web'"),
			 .node = LOADED },
		"pod shop/p on node n1\n"
		"  refused   pod p: container 'c': annotation pale.dev/profile names profile "
		"'log', "
		"but namespace 'shop' sets web, which a pod cannot change (take the annotation "
		"away)\n\n"
		"container 'c'\n"
		"  profile   log\n"
		"  refused   annotation pale.dev/profile names profile 'log', but namespace 'shop' "
		"sets web, which a pod cannot change\n"
		"  to do     take the annotation away\n"
		"  under it  yes: on node n1 log is Degraded: no AppArmor\n");
}

/* Of its pods half, which are not known. */
static void template_of_canaries(void **state)
{
	for (int i = 0; i < 8; i++) {
		_cleanup_(text_release) struct text pod = TEXT_INIT, expected = TEXT_INIT;

		text_printf(&pod,
			"{'metadata':{'generateName':'p%d-','annotations':{'pale.dev/"
			"profile':'new'}},"
			"'spec':{'containers':[{'name':'c'}]}}",
			i);
		text_printf(&expected,
			"pod shop/p%d-\n"
			"  mode      audit, but enforce for canaries, per cent: 50\n\n"
			"container 'c'\n"
			"  profile   new: the pod's annotation pale.dev/profile says so\n",
			i);
		explains(&(struct scene){ .pod = text_str(&pod), .template = true, .well = true },
			text_str(&expected));
	}
}

static void recorded_pods(void **state)
{
	explains(&(struct scene){ .pod = POD("'pale.dev/recording':'shop/all'",
					  "'containers':[{'name':'c'}]"),
			 .recordings = "[{'metadata':{'name':'all','namespace':'shop'},'spec':{"
				       "'selector':{}}}]",
			 .node = LOADED },
		"pod shop/p on node n1\n\n"
		"container 'c'\n"
		"  profile   none: PaleRecording 'all' records it\n"
		"  under it  no: it is recorded for PaleRecording shop/all, without a policy\n\n"
		"warning: recorded for PaleRecording 'all': it runs without a policy of Pale\n");
}

static void pods_of_workloads(void **state)
{
	_cleanup_(text_release) struct text words = TEXT_INIT;
	json_t *cron = json_of("{'metadata':{'name':'nightly'},'spec':{'jobTemplate':{'spec':{"
			       "'template':{'spec':{'containers':[]}}}}}}");
	json_t *pod = workload_pod(workload_find("cj"), cron);
	json_t *expected = json_of("{'apiVersion':'v1','kind':'Pod','metadata':{'generateName':"
				   "'nightly-'},'spec':{'containers':[]}}");

	assert_true(json_equal(pod, expected));
	assert_null(workload_find("node"));
	assert_null(workload_find(NULL)->template);
	workload_words(&words);
	is_text(&words, "pod, deployment, statefulset, daemonset, replicaset, job, cronjob");
	json_decref(pod);
	json_decref(expected);
	json_decref(cron);
}

static void no_pod_at_all(void **state)
{
	static const char *const pods[] = { "{}", "{'metadata':{},'spec':{}}", "[]" };

	for (size_t i = 0; i < sizeof(pods) / sizeof(*pods); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *pod = json_of(pods[i]), *namespace = json_of(SHOP(""));

		assert_null(pod_explanation(
			&(struct pod_facts){ .pod = pod, .namespace = namespace }, &err));
		assert_string_equal(pale_err_text(err),
			i == 1 ? "a Pod without containers" : "a Pod without metadata or spec");
		json_decref(pod);
		json_decref(namespace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(states_of_profiles),
		cmocka_unit_test(status_of_a_cluster),
		cmocka_unit_test(nodes_that_are_not_well),
		cmocka_unit_test(events),
		cmocka_unit_test(diagnostics),
		cmocka_unit_test(whether_a_pod_is_under_its_policy),
		cmocka_unit_test(updated_while_it_runs),
		cmocka_unit_test(an_older_policy_is_kept),
		cmocka_unit_test(who_says_which_profile),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(what_is_not_asked_about),
		cmocka_unit_test(changed_since_it_was_created),
		cmocka_unit_test(template_of_canaries),
		cmocka_unit_test(recorded_pods),
		cmocka_unit_test(pods_of_workloads),
		cmocka_unit_test(no_pod_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
