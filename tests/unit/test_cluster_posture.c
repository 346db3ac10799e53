/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `pale audit --cluster` finds in objects of the API: each fault that is planted, nothing in a
 * pod that has none, and nothing any more where the change that a finding offers was made.
 */
#include "tests/unit/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/audited_objects.h"

static void nothing_in_what_is_right(void **state)
{
	for (size_t i = 0; i < WORKLOADS; i++) {
		_cleanup_(posture_release) struct posture p;
		json_t *objects = clean(i);

		audit(objects, &p);
		if (posture_status(&p) != STATUS_OK || json_array_size(p.notes))
			fail_with(&p, "something was found", workloads[i].kind);
		assert_int_equal(p.objects, 1);
		assert_int_equal(p.containers, 3);
		json_decref(objects);
	}
}

/* ---- faults, one by one */

static const struct fault faults[] = {
	{ CONTROL_PRIVILEGED, SECURITY("'privileged':true"), false, "securityContext.privileged",
		"true" },
	{ CONTROL_ADDED_CAPABILITIES, SECURITY("'capabilities':{'add':['CAP_SYS_PTRACE']}"), false,
		"securityContext.capabilities.add", "['CAP_SYS_PTRACE']" },
	{ CONTROL_ADDED_CAPABILITIES,
		SECURITY("'capabilities':{'add':['NET_BIND_SERVICE','chown']}"), false,
		"securityContext.capabilities.add", "['NET_BIND_SERVICE','chown']" },
	{ CONTROL_KEPT_CAPABILITIES, SECURITY("'capabilities':{'drop':['NET_RAW','CHOWN']}"), false,
		"securityContext.capabilities.drop", "['NET_RAW','CHOWN']" },
	{ CONTROL_ESCALATION, SECURITY("'allowPrivilegeEscalation':null"), false,
		"securityContext.allowPrivilegeEscalation", NULL },
	{ CONTROL_ESCALATION, SECURITY("'allowPrivilegeEscalation':true"), false,
		"securityContext.allowPrivilegeEscalation", "true" },
	{ CONTROL_ROOT_USER, SECURITY("'runAsNonRoot':null"), false, "securityContext.runAsNonRoot",
		NULL },
	{ CONTROL_ROOT_USER, SECURITY("'runAsNonRoot':false,'runAsUser':0"), false,
		"securityContext.runAsNonRoot", "false" },
	{ CONTROL_NO_SECCOMP, SECURITY("'seccompProfile':null"), false,
		"securityContext.seccompProfile", NULL },
	{ CONTROL_NO_SECCOMP, SECURITY("'seccompProfile':{'type':'Unconfined'}"), false,
		"securityContext.seccompProfile", "{'type':'Unconfined'}" },
	{ CONTROL_NO_APPARMOR, SECURITY("'appArmorProfile':{'type':'Unconfined'}"), false,
		"securityContext.appArmorProfile", "{'type':'Unconfined'}" },
	{ CONTROL_UNMASKED_PROC, SECURITY("'procMount':'Unmasked'"), false,
		"securityContext.procMount", "'Unmasked'" },
	{ CONTROL_WRITABLE_ROOT, SECURITY("'readOnlyRootFilesystem':null"), false,
		"securityContext.readOnlyRootFilesystem", NULL },
	{ CONTROL_WRITABLE_ROOT, SECURITY("'readOnlyRootFilesystem':false"), false,
		"securityContext.readOnlyRootFilesystem", "false" },
	{ CONTROL_HOST_PROCESS, SECURITY("'windowsOptions':{'hostProcess':true}"), false,
		"securityContext.windowsOptions", "{'hostProcess':true}" },
	{ CONTROL_HOST_PORT,
		FIELDS("'ports':[{'containerPort':80},{'containerPort':53,'protocol':'UDP',"
		       "'hostPort':53,'hostIP':'10.0.0.5'}]"),
		false, "ports[1].hostPort", "53" },
	{ CONTROL_SECRET_ENVIRONMENT,
		FIELDS("'env':[{'name':'A','value':'b'},{'name':'P','valueFrom':{'secretKeyRef':{"
		       "'name':'db.prod','key':'p'}}}]"),
		false, "env[1].valueFrom.secretKeyRef.name", "'db.prod'" },
	{ CONTROL_SECRET_ENVIRONMENT,
		FIELDS("'envFrom':[{'configMapRef':{'name':'c'}},{'secretRef':{'name':'db'}}]"),
		false, "envFrom[1].secretRef.name", "'db'" },
	{ CONTROL_HOST_PATH, VOLUME("/srv/data", ""), false, NULL, "'/srv/data'" },
	{ CONTROL_HOST_PATH, VOLUME("/srv/data", ",'readOnly':true"), false, NULL, "'/srv/data'" },
	{ CONTROL_NODE_FILES, VOLUME("/var/lib/kubelet/pki", ",'readOnly':true"), false, NULL,
		"'/var/lib/kubelet/pki'" },
	{ CONTROL_NODE_FILES, VOLUME("/var/log", ""), false, NULL, "'/var/log'" },
	{ CONTROL_RUNTIME_SOCKET, VOLUME("/var/run//docker.sock", ""), false, NULL,
		"'/var/run//docker.sock'" },
	{ CONTROL_RUNTIME_SOCKET, VOLUME("/", ",'readOnly':true"), false, NULL, "'/'" },
	{ CONTROL_HOST_PATH, "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/srv/data'}}]}}",
		true, "spec.volumes[0].hostPath.path", "'/srv/data'" },
	{ CONTROL_HOST_PID, "{'spec':{'hostPID':true}}", true, "spec.hostPID", "true" },
	{ CONTROL_HOST_IPC, "{'spec':{'hostIPC':true}}", true, "spec.hostIPC", "true" },
	{ CONTROL_NO_PROFILE,
		"{'metadata':{'annotations':{'pale.dev/profile':null,"
		"'container.profile.pale.dev/web':'w','container.profile.pale.dev/"
		"setup':'s','container.profile.pale.dev/debug':'d',"
		"'container.profile.pale.dev/%2$s':''}}}",
		false, NULL, NULL },
	{ CONTROL_TOKEN,
		"{'spec':{'serviceAccountName':'own','volumes':[{'name':'t','projected':{'sources':"
		"[{'serviceAccountToken':{'path':'token'}}]}}],'%s':[{'name':'%s','volumeMounts':["
		"{'name':'t','mountPath':'/t'}]}]}}",
		true, NULL, "'/t'" },
	{ CONTROL_TOKEN,
		"{'spec':{'serviceAccountName':'own','volumes':[{'name':'own-token-x1','secret':{"
		"'secretName':'own-token-x1'}}],'%s':[{'name':'%s','volumeMounts':["
		"{'name':'own-token-x1','mountPath':"
		"'/var/run/secrets/kubernetes.io/serviceaccount'}]}]}}",
		true, NULL, "'/var/run/secrets/kubernetes.io/serviceaccount'" },
};

#define FAULTS (sizeof(faults) / sizeof(*faults))

/* Of a container's securityContext, as the API server refuses it (core/validation). */
static bool is_refused(const json_t *security)
{
	const json_t *add = json_object_get(json_object_get(security, "capabilities"), "add"), *v;
	bool all = json_is_true(json_object_get(security, "privileged"));
	size_t i;

	json_array_foreach (add, i, v)
		all |= strcmp(json_string_value(v), "CAP_SYS_ADMIN") == 0;
	return all && json_is_false(json_object_get(security, "allowPrivilegeEscalation"));
}

/* Nothing that an object has is refused. */
static bool is_taken(const json_t *o)
{
	bool taken = !is_refused(o);
	const char *member;
	json_t *v;
	size_t i;

	json_object_foreach ((json_t *)o, member, v)
		taken &= is_taken(v);
	json_array_foreach ((json_t *)o, i, v)
		taken &= is_taken(v);
	return taken;
}

/* Does what the finding offers; what the API server took before it takes then. */
static void mend(json_t *objects, const json_t *finding)
{
	const json_t *patch = json_object_get(finding, "patch"),
		     *create = json_object_get(finding, "create");
	json_t *object = json_array_get(objects, strcmp(text(finding, "kind"), "Namespace") == 0);
	bool taken = is_taken(object);

	if (json_is_null(patch) && json_is_null(create))
		fail_msg("%s offers nothing", text(finding, "control"));
	if (!json_is_null(patch))
		strategic_merge(object, patch);
	if (!json_is_null(create))
		json_array_append_new(objects, json_deep_copy(create));
	if (taken && !is_taken(object))
		fail_msg("the change of %s is refused", text(finding, "control"));
}

/* Of the finding that a fault is to give. */
static void check_finding(const json_t *f, const struct fault *fault, size_t workload, size_t place)
{
	const json_t *evidence = json_array_get(json_object_get(f, "evidence"), 0);
	_cleanup_(text_release) struct text path = TEXT_INIT;
	json_t *value = fault->value ? json_of(fault->value) : json_null();
	bool found = false;
	const json_t *one;
	size_t i;

	assert_string_equal(text(f, "kind"), workloads[workload].kind);
	assert_string_equal(text(f, "namespace"), "shop");
	assert_string_equal(text(f, "name"), "web");
	assert_string_equal(text(f, "container"), fault->of_pod ? "" : places[place].name);
	assert_string_equal(text(f, "place"), fault->of_pod ? "" : places[place].place);
	if (fault->evidence) {
		text_puts(&path, workloads[workload].prefix);
		if (!fault->of_pod)
			text_printf(&path, "spec.%s[0].", places[place].list);
		text_puts(&path, fault->evidence);
		assert_string_equal(text(evidence, "path"), text_str(&path));
	}
	json_array_foreach (json_object_get(f, "evidence"), i, one)
		found |= json_equal(json_object_get(one, "value"), value);
	assert_true(found);
	json_decref(value);
}

static void each_fault_is_found_and_mended(void **state)
{
	for (size_t n = 0; n < FAULTS * WORKLOADS * PLACES; n++) {
		const struct fault *fault = &faults[n % FAULTS];
		size_t workload = n / FAULTS % WORKLOADS, place = n / FAULTS / WORKLOADS;
		_cleanup_(posture_release) struct posture before, after;
		json_t *objects = clean(workload);
		const json_t *f;

		plant(pod_in(objects, workload), fault, place);
		audit(objects, &before);
		posture_init(&after);
		f = json_array_get(before.findings, 0);
		if (json_array_size(before.findings) != 1 || finding_control(f) != fault->control)
			fail_with(&before, "not what was planted", fault->patch);
		assert_int_equal(posture_status(&before), STATUS_POLICY);
		check_finding(f, fault, workload, place);
		mend(objects, f);
		posture_release(&after);
		audit(objects, &after);
		if (json_array_size(after.findings))
			fail_with(&after, "still there after it was mended", fault->patch);
		json_decref(objects);
	}
}

/* ---- faults that are several findings, or of what is around a pod */

struct scene {
	const char *what;
	const char *objects;  /* with the manifest's own, beside NAMESPACE and REFUSE_ALL */
	const char *expected; /* "control container" of each finding, in their order; behind "; "
				 what is found when they are mended */
};

#define TOKENED                                                                                    \
	"{'kind':'Pod','metadata':{'name':'web','namespace':'shop','annotations':{"                \
	"'pale.dev/profile':'web'}},'spec':{" ONE

static const struct scene scenes[] = {
	{ "an engine's capabilities",
		"[" POD("", "'containers':[{'name':'web','securityContext':{"
			    "'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':"
			    "true,'runAsUser':7,"
			    "'seccompProfile':{'type':'Localhost','localhostProfile':'p'}}}"
			    "]") "," NAMESPACE "," REFUSE_ALL "]",
		"raw-sockets web, kept-capabilities web" },
	{ "all capabilities",
		"[" POD("", "'containers':[{'name':'web','securityContext':{"
			    "'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':"
			    "true,'runAsUser':7,"
			    "'capabilities':{'add':['ALL'],'drop':['ALL']},'seccompProfile'"
			    ":{'type':'RuntimeDefault'}}}]") "," NAMESPACE "," REFUSE_ALL "]",
		"added-capabilities web, raw-sockets web" },
	{ "the pod's securityContext counts where the container's is silent",
		"[" POD("", "'securityContext':{'runAsNonRoot':true,'seccompProfile':{'"
			    "type':'RuntimeDefault'}},"
			    "'containers':[{'name':'web','securityContext':{'"
			    "allowPrivilegeEscalation':false,"
			    "'readOnlyRootFilesystem':true,'capabilities':{'drop':['ALL']}}"
			    "}]") "," NAMESPACE "," REFUSE_ALL "]",
		"" },
	{ "and not where it speaks",
		"[" POD("", "'securityContext':{'runAsUser':7,'seccompProfile':{'type':'"
			    "RuntimeDefault'}},"
			    "'containers':[{'name':'web','securityContext':{'"
			    "allowPrivilegeEscalation':false,'runAsUser':0,"
			    "'readOnlyRootFilesystem':true,'capabilities':{'drop':['ALL']},"
			    "'seccompProfile':{'type':'Unconfined'}}}]") "," NAMESPACE
									 "," REFUSE_ALL "]",
		"root-user web, no-seccomp web" },
	{ "annotations of servers before 1.27",
		"[" POD("", "'containers':[{'name':'web','securityContext':{"
			    "'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,'"
			    "runAsUser':7,'capabilities':{'drop':['ALL']}}}]") ",{'kind':'Pod',"
									       "'metadata':{'"
									       "name':'two','"
									       "namespace':'"
									       "shop','"
									       "annotations':{'"
									       "pale.dev/"
									       "profile':'p',"
									       "'seccomp."
									       "security.alpha."
									       "kubernetes.io/"
									       "pod':'runtime/"
									       "default',"
									       "'container."
									       "apparmor."
									       "security.beta."
									       "kubernetes.io/"
									       "web':'"
									       "unconfined'}},'"
									       "spec':{"
									       "'automountServi"
									       "ceAccountToken'"
									       ":false,'"
									       "containers':[{'"
									       "name':'web','"
									       "securityContext"
									       "':{"
									       "'allowPrivilege"
									       "Escalation':"
									       "false,'"
									       "readOnlyRootFil"
									       "esystem':true,'"
									       "runAsUser':7,'"
									       "capabilities':{"
									       "'drop':['ALL']}"
									       "}}]}}"
									       "," NAMESPACE
									       "," REFUSE_ALL "]",
		"no-seccomp web, no-apparmor web" },
	{ "a seccomp annotation that takes the filter away",
		"[{'kind':'Pod','metadata':{'name':'two','namespace':'shop',"
		"'annotations':{'pale.dev/profile':'p','seccomp.security.alpha.kubernetes.io/"
		"pod':'runtime/default',"
		"'container.seccomp.security.alpha.kubernetes.io/web':'unconfined'}},'spec':{"
		"'automountServiceAccountToken':false,'containers':[{'name':'web','securityContext'"
		":{"
		"'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,'runAsUser':7,'"
		"capabilities':{'drop':['ALL']}}}]}}," NAMESPACE "," REFUSE_ALL "]",
		"no-seccomp web" },
	{ "a token by default, of the default account",
		"[" TOKENED "}}," NAMESPACE "," REFUSE_ALL "]",
		"service-account-token, default-account" },
	{ "a token of an own account",
		"[" TOKENED ",'serviceAccountName':'own'}}," NAMESPACE "," REFUSE_ALL "]",
		"service-account-token" },
	{ "an account that gives none",
		"[" TOKENED ",'serviceAccountName':'own'}},{'kind':'ServiceAccount',"
		"'metadata':{'name':'own','namespace':'shop'},'"
		"automountServiceAccountToken':false}," NAMESPACE "," REFUSE_ALL "]",
		"" },
	{ "of another namespace",
		"[" TOKENED ",'serviceAccountName':'own'}},{'kind':'ServiceAccount',"
		"'metadata':{'name':'own','namespace':'else'},'"
		"automountServiceAccountToken':false}," NAMESPACE "," REFUSE_ALL "]",
		"service-account-token" },
	{ "a token for somebody else",
		"[" POD("", "'volumes':[{'name':'v','projected':{'sources':[{"
			    "'serviceAccountToken':{'audience':'vault','path':'t'}}]}}]"
			    "," ONE) "," NAMESPACE "," REFUSE_ALL "]",
		"" },
	{ "a namespace without a label",
		"[" POD("", ONE) ",{'kind':'Namespace','metadata':{'name':'shop'}}," REFUSE_ALL "]",
		"no-admission-policy" },
	{ "one that lets everything be",
		"[" POD("", ONE) ",{'kind':'Namespace','metadata':{'name':'shop','labels':{"
				 "'pod-security.kubernetes.io/"
				 "enforce':'privileged'}}}," REFUSE_ALL "]",
		"no-admission-policy" },
	{ "one that Pale's webhook holds",
		"[" POD("", ONE) ",{'kind':'Namespace','metadata':{'name':'shop','labels':{"
				 "'pale.dev/inject':'enabled'}}}," REFUSE_ALL "]",
		"" },
	{ "Kubernetes' own", "[{'kind':'Namespace','metadata':{'name':'kube-system'}}]", "" },
	{ "and what is only called like it",
		"[{'kind':'Namespace','metadata':{'name':'kube-prometheus'}}]",
		"no-admission-policy" },
	{ "no NetworkPolicy here",
		"[" POD("", ONE) "," NAMESPACE ",{'kind':'NetworkPolicy','metadata':{'name':'n',"
				 "'namespace':'else'},'spec':{'podSelector':{}}}]",
		"no-network-policy, metadata-address" },
	{ "the node's network",
		"[" POD("", "'hostNetwork':true," ONE) "," NAMESPACE "," REFUSE_ALL "]",
		"host-network, metadata-address" },
	{ "the namespace default",
		"[{'kind':'Pod','metadata':{'name':'web','namespace':'default','"
		"annotations':{"
		"'pale.dev/"
		"profile':'web'}},'spec':{'automountServiceAccountToken':false," ONE
		"}},{'kind':'NetworkPolicy',"
		"'metadata':{'name':'n','namespace':'default'},'spec':{'podSelector':{},'"
		"policyTypes':['Egress']}}]",
		"default-namespace; no-network-policy, metadata-address" },
	{ "Windows has no capabilities",
		"[" POD("", "'os':{'name':'windows'},'containers':[{'name':'web'}]") "," NAMESPACE
										     "," REFUSE_ALL
										     "]",
		"" },
	{ "Windows' options, which a node of Linux ignores",
		"[" POD("", "'securityContext':{'windowsOptions':{'runAsUserName':'u'}},"
			    "'containers':[{'name':'web','securityContext':{'privileged':true,"
			    "'allowPrivilegeEscalation':true,'readOnlyRootFilesystem':true,"
			    "'runAsUser':7,'capabilities':{'drop':['ALL']},"
			    "'seccompProfile':{'type':'RuntimeDefault'}}}]") "," NAMESPACE
									     "," REFUSE_ALL "]",
		"privileged web, privilege-escalation web" },
	{ "a user namespace",
		"[" POD("", "'hostUsers':false,'containers':[{'name':'web','securityContext':{"
			    "'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,'"
			    "capabilities':{'drop':['ALL']},"
			    "'seccompProfile':{'type':'RuntimeDefault'}}}]") "," NAMESPACE
									     "," REFUSE_ALL "]",
		"root-user web" },
	{ "a pod that was admitted without pale-runtime",
		"[" POD(",'uid':'u'", ONE) "," NAMESPACE "," REFUSE_ALL "]", "no-profile web" },
	{ "a manifest that says so of a pod",
		"[{'kind':'Pod','metadata':{'name':'web','namespace':'shop','annotations':{"
		"'pale.dev/profile':'p'}},'spec':{'hostPID':true,"
		"'automountServiceAccountToken':false," ONE "},'status':{'phase':'Succeeded'}}"
		"," NAMESPACE "," REFUSE_ALL "]",
		"host-pid" },
	{ "a pod that has ended",
		"[{'kind':'Pod','metadata':{'name':'web','namespace':'shop','uid':'u'},'"
		"spec':{"
		"'containers':[{'name':'web'}]},'status':{'phase':'Succeeded'}}," NAMESPACE
		"," REFUSE_ALL "]",
		"" },
};

/* Mends one finding after another, each of which has to be gone then and no new one there. */
static void mend_all(json_t *objects, const char *what)
{
	for (size_t steps = 0;; steps++) {
		_cleanup_(posture_release) struct posture p, then;
		const json_t *f, *left;
		size_t i;

		audit(objects, &p);
		posture_init(&then);
		if (!json_array_size(p.findings))
			return;
		if (steps > 200)
			fail_with(&p, "there is no end to it", what);
		f = json_array_get(p.findings, random_below((uint32_t)json_array_size(p.findings)));
		mend(objects, f);
		posture_release(&then);
		audit(objects, &then);
		json_array_foreach (then.findings, i, left) {
			bool before = false;
			const json_t *was;
			size_t k;

			if (json_equal(json_object_get(left, "control"),
				    json_object_get(f, "control")) &&
				json_equal(json_object_get(left, "evidence"),
					json_object_get(f, "evidence")) &&
				strcmp(text(left, "name"), text(f, "name")) == 0)
				fail_with(&then, "its change did not end it", text(f, "control"));
			json_array_foreach (p.findings, k, was)
				before |= json_equal(json_object_get(was, "control"),
						  json_object_get(left, "control")) &&
					  strcmp(text(was, "container"), text(left, "container")) ==
						  0;
			if (!before)
				fail_with(&then, "its change brought another one",
					text(f, "control"));
		}
	}
}

static json_t *of_name(json_t *objects, const char *kind, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach (objects, i, o) {
		if (strcmp(text(o, "kind"), kind) == 0 &&
			strcmp(text(json_object_get(o, "metadata"), "name"), name) == 0)
			return o;
	}
	return NULL;
}

static void scenes_are_found_and_mended(void **state)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		_cleanup_(text_release) struct text found = TEXT_INIT;
		_cleanup_(posture_release) struct posture p, after;
		json_t *objects = json_of(scenes[i].objects), *f;
		size_t now = strcspn(scenes[i].expected, ";"), k;
		const char *then = scenes[i].expected + now;

		audit(objects, &p);
		put_findings(&p, &found);
		if (strlen(text_str(&found)) != now ||
			strncmp(text_str(&found), scenes[i].expected, now) != 0)
			fail_msg("%s: found '%s', expected '%s'", scenes[i].what, text_str(&found),
				scenes[i].expected);
		assert_int_equal(json_array_size(p.unseen), 0);
		json_array_foreach (p.findings, k, f) {
			const json_t *patch = json_object_get(f, "patch"),
				     *create = json_object_get(f, "create");

			if (!json_is_null(patch))
				strategic_merge(
					of_name(objects, text(f, "kind"), text(f, "name")), patch);
			if (!json_is_null(create))
				json_array_append_new(objects, json_deep_copy(create));
		}
		audit(objects, &after);
		text_clear(&found);
		put_findings(&after, &found);
		if (strcmp(text_str(&found), *then ? then + 2 : "") != 0)
			fail_with(&after, "is mended", scenes[i].what);
		json_decref(objects);
	}
}

static void what_weighs_less_or_more(void **state)
{
	static const struct {
		const char *patch, *severity;
	} cases[] = {
		{ VOLUME("/srv/data", ""), "medium" },
		{ VOLUME("/srv/data", ",'readOnly':true"), "low" },
		{ VOLUME("/var/log", ",'readOnly':true"), "high" },
		{ SECURITY("'runAsNonRoot':null"), "medium" },
		{ "{'spec':{'hostUsers':false,'%s':[{'name':'%s','securityContext':{'runAsNonRoot':"
		  "null}}]}}",
			"low" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(posture_release) struct posture p;
		json_t *objects = clean(0);

		plant(pod_in(objects, 0), &(struct fault){ .patch = cases[i].patch }, 1);
		audit(objects, &p);
		assert_int_equal(json_array_size(p.findings), 1);
		assert_string_equal(
			text(json_array_get(p.findings, 0), "severity"), cases[i].severity);
		json_decref(objects);
	}
}

/* Of a container that has all privileges: those that cannot be beside it go with it. */
static void a_change_is_taken_beside_all_privileges(void **state)
{
	static const char *const patches[] = {
		SECURITY("'privileged':true,'allowPrivilegeEscalation':null"),
		SECURITY("'capabilities':{'add':['CAP_SYS_ADMIN','CHOWN']},"
			 "'allowPrivilegeEscalation':true"),
	};

	for (size_t i = 0; i < 2 * WORKLOADS * PLACES; i++) {
		size_t workload = i / 2 % WORKLOADS, place = i / 2 / WORKLOADS, k;
		_cleanup_(posture_release) struct posture p, after;
		json_t *objects = clean(workload);
		const json_t *f;
		bool found = false;

		plant(pod_in(objects, workload), &(struct fault){ .patch = patches[i % 2] }, place);
		audit(objects, &p);
		json_array_foreach (p.findings, k, f) {
			if (finding_control(f) != CONTROL_ESCALATION)
				continue;
			found = true;
			mend(objects, f);
		}
		assert_true(found);
		audit(objects, &after);
		json_array_foreach (after.findings, k, f)
			assert_int_not_equal(finding_control(f), CONTROL_ESCALATION);
		json_decref(objects);
	}
}

/* A volume of what is not there keeps a pod from its start. */
static void a_secret_that_may_be_missing_may_be_missing_as_a_file(void **state)
{
	json_t *objects = clean(0),
	       *expected = json_of(
		       "[{'name':'secret-maybe','secret':{'secretName':'maybe','optional':true}},"
		       "{'name':'secret-both','secret':{'secretName':'both'}},"
		       "{'name':'secret-all','secret':{'secretName':'all','optional':true}}]");
	_cleanup_(posture_release) struct posture p;
	const json_t *patch;

	plant(pod_in(objects, 0),
		&(struct fault){
			.patch = FIELDS(
				"'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'maybe',"
				"'key':'k','optional':true}}},{'name':'B','valueFrom':{"
				"'secretKeyRef':{'name':'both','key':'k','optional':true}}},"
				"{'name':'C','valueFrom':{'secretKeyRef':{'name':'both','key':"
				"'l'}}}],'envFrom':[{'secretRef':{'name':'all','optional':true}},"
				"{'secretRef':{'name':'maybe','optional':true}}]") },
		1);
	audit(objects, &p);
	assert_int_equal(json_array_size(p.findings), 1);
	patch = json_object_get(json_array_get(p.findings, 0), "patch");
	assert_true(
		json_equal(json_object_get(json_object_get(patch, "spec"), "volumes"), expected));
	json_decref(expected);
	json_decref(objects);
}

/* ---- any of them together */

static void any_faults_are_mended_one_by_one(void **state)
{
	random_seed(20261127);
	for (int round = 0; round < 60; round++) {
		size_t workload = random_below(WORKLOADS), n = 1 + random_below(12);
		json_t *objects = clean(workload);
		uint64_t before = random_state;
		char what[64];

		for (size_t i = 0; i < n; i++)
			plant(pod_in(objects, workload), &faults[random_below(FAULTS)],
				random_below(PLACES));
		snprintf(what, sizeof(what), "PALE_SEED=%llu", (unsigned long long)before);
		mend_all(objects, what);
		json_decref(objects);
	}
}

/* Each control that an object can be held to was planted by some test above. */
static void no_control_is_left_out(void **state)
{
	static const char *const elsewhere[] = {
		"kubelet-port", /* reached in test_cluster_reach.c */
	};

	for (int c = 0; c < CONTROL_COUNT; c++) {
		bool planted = false;

		for (size_t i = 0; i < FAULTS; i++)
			planted |= faults[i].control == (enum control)c;
		for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++)
			planted |= strstr(scenes[i].expected, controls[c].id) != NULL;
		for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
			planted |= strcmp(elsewhere[i], controls[c].id) == 0;
		if (!planted)
			fail_msg("no fault is planted for %s", controls[c].id);
		assert_true(*controls[c].title && *controls[c].why && *controls[c].remedy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_what_is_right),
		cmocka_unit_test(each_fault_is_found_and_mended),
		cmocka_unit_test(scenes_are_found_and_mended),
		cmocka_unit_test(what_weighs_less_or_more),
		cmocka_unit_test(a_change_is_taken_beside_all_privileges),
		cmocka_unit_test(a_secret_that_may_be_missing_may_be_missing_as_a_file),
		cmocka_unit_test(any_faults_are_mended_one_by_one),
		cmocka_unit_test(no_control_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
