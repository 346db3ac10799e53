/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "operator/memory.h"
#include "operator/plugin/api.h"
#include "operator/plugin/commands.h"
#include "operator/plugin/object_text.h"
#include "operator/plugin/pod_explanation.h"
#include "operator/plugin/workload.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { OPT_NAMESPACE = OPT_OWN };

static const struct option_spec options[] = {
	API_OPTIONS,
	[OPT_NAMESPACE] = API_OPTION_NAMESPACE,
	OPTIONS_END,
};

/* What was asked for; released together. */
struct asked {
	struct api api;
	const struct workload *workload;
	const char *name, *namespace_name;
	json_t *pod, *namespace, *profiles, *bindings, *recordings, *node, *unconfined;
};

static void asked_release(struct asked *a)
{
	json_decref(a->pod);
	json_decref(a->namespace);
	json_decref(a->profiles);
	json_decref(a->bindings);
	json_decref(a->recordings);
	json_decref(a->node);
	json_decref(a->unconfined);
	api_close(&a->api);
}

static int ask_pod(struct asked *a, struct pale_err **err)
{
	json_t *object;
	int r = api_get(&a->api,
		&(struct kube_resource){ .group_version = a->workload->group_version,
			.plural = a->workload->plural,
			.namespace = a->namespace_name,
			.name = a->name },
		&object, err);

	if (r == -ENOENT && !a->workload->template)
		pale_err_hint(err, "a pod that was refused is nowhere; ask about what makes it, "
				   "like deployment/NAME");
	if (r < 0)
		return r;
	a->pod = workload_pod(a->workload, object);
	json_decref(object);
	return 0;
}

static int ask_node(struct asked *a, struct pale_err **err)
{
	const char *node = object_text(json_object_get(a->pod, "spec"), "nodeName");

	if (!*node)
		return 0;
	return api_find(&a->api,
		&(struct kube_resource){
			.group_version = PALE_API, .plural = "palenodestatuses", .name = node },
		&a->node, err);
}

/* Of this pod, and not of one before it that had its name. */
static int ask_unconfined(struct asked *a, struct pale_err **err)
{
	const struct kube_resource events = {
		.group_version = "v1", .plural = "events", .namespace = a->namespace_name
	};
	_cleanup_(text_release) struct text selector = TEXT_INIT, query = TEXT_INIT;

	if (a->workload->template)
		return 0;
	text_printf(&selector, "involvedObject.uid=%s,reason=Unconfined",
		object_text(json_object_get(a->pod, "metadata"), "uid"));
	kube_query(&query, "fieldSelector", text_str(&selector));
	return api_list(&a->api, &events, text_str(&query) + 1, &a->unconfined, err);
}

static int ask(struct asked *a, struct pale_err **err)
{
	const struct kube_resource namespace = {
		.group_version = "v1", .plural = "namespaces", .name = a->namespace_name
	};
	const struct kube_resource profiles = { .group_version = PALE_API,
		.plural = "paleprofiles" };
	const struct kube_resource bindings = {
		.group_version = PALE_API, .plural = "palebindings", .namespace = a->namespace_name
	};
	const struct kube_resource recordings = { .group_version = PALE_API,
		.plural = "palerecordings",
		.namespace = a->namespace_name };
	int r = ask_pod(a, err);

	if (r == 0)
		r = api_get(&a->api, &namespace, &a->namespace, err);
	if (r == 0)
		r = api_list(&a->api, &profiles, NULL, &a->profiles, err);
	if (r == 0)
		r = api_list(&a->api, &bindings, NULL, &a->bindings, err);
	if (r == 0)
		r = api_list(&a->api, &recordings, NULL, &a->recordings, err);
	if (r == 0)
		r = ask_node(a, err);
	return r < 0 ? r : ask_unconfined(a, err);
}

static int explain(
	const struct invocation *in, struct asked *a, json_t **ret, struct pale_err **err)
{
	int r = api_open(&a->api, in, err);

	*ret = NULL;
	if (r < 0)
		return r;
	a->namespace_name = option_argument(in, OPT_NAMESPACE);
	if (!a->namespace_name)
		a->namespace_name = a->api.config.namespace;
	r = ask(a, err);
	if (r < 0)
		return r;
	*ret = pod_explanation(&(struct pod_facts){ .pod = a->pod,
				       .template = a->workload->template != NULL,
				       .namespace = a->namespace,
				       .profiles = a->profiles,
				       .bindings = a->bindings,
				       .recordings = a->recordings,
				       .node = a->node,
				       .unconfined = a->unconfined,
				       .now = time(NULL) },
		err);
	return *ret ? 0 : -pale_err_errno(*err);
}

static int unknown_kind(const struct invocation *in, const char *word)
{
	_cleanup_(text_release) struct text words = TEXT_INIT;

	workload_words(&words);
	return usage_error(in, "'%s' is none of %s", word, text_str(&words));
}

static int print(const struct invocation *in, json_t *explanation)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	bool well = pod_explanation_is_well(explanation);

	if (option_given(in, OPT_JSON)) {
		output_json(explanation, stdout);
	} else {
		pod_explanation_text(explanation, &t);
		fputs(text_str(&t), stdout);
		json_decref(explanation);
	}
	return well ? STATUS_OK : STATUS_POLICY;
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(asked_release) struct asked asked = { .name = in->operands[0] };
	const char *slash = strchr(asked.name, '/');
	_cleanup_free_ char *kind =
		slash ? strndup(asked.name, (size_t)(slash - asked.name)) : NULL;
	json_t *explanation;

	asked.workload = workload_find(kind);
	if (!asked.workload)
		return unknown_kind(in, kind);
	if (slash)
		asked.name = slash + 1;
	if (!*asked.name)
		return usage_error(in, "the name is missing behind '%s'", in->operands[0]);
	if (explain(in, &asked, &explanation, &err) < 0)
		return api_failure(in, err);
	return print(in, explanation);
}

static const struct operand_spec operands[] = { { "POD", &argument_free }, OPERANDS_END };

const struct command plugin_explain = {
	.name = "explain",
	.summary = "show which policies a pod's containers have, and why",
	.usage = "[-n NAME] [OPTION…] POD",
	.description =
		"Shows for each container of a pod, init containers and ephemeral ones too, which "
		"PaleProfile it has and who says so: an annotation of the pod for this container "
		"or "
		"for all, the namespace's default, or a namespace or PaleBinding whose word a pod "
		"cannot change. A pod that a PaleRecording records has none. It is decided by the "
		"same code as in Pale's webhook, by what the "
		"cluster has now; whatever would be refused comes with the reason and with what to "
		"do. Then whether the container is under it, by what the pod and its node say, and "
		"what is wrong in the profile's source.\n\n"
		"POD is a pod's name, or KIND/NAME of what makes pods (deployment, statefulset, "
		"daemonset, replicaset, job, cronjob): a pod that was refused is nowhere, and its "
		"template says what would become of it.",
	.exit_status = "Exits with 0 when nothing is refused and each container is under its "
		       "profile, or of a template would be; with 1 when not, or when that is not "
		       "known; 2 when the command line is wrong; 3 when the API server could not "
		       "be asked, or there is no such pod.",
	.example = "kubectl pale explain web-5d8f -n shop\n"
		   "kubectl pale explain deployment/web -n shop",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
