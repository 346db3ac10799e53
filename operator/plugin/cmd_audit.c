/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/posture/posture_command.h"
#include "operator/memory.h"
#include "operator/plugin/api.h"
#include "operator/plugin/commands.h"
#include "operator/posture/cluster_posture.h"
#include "operator/posture/manifest_file.h"

#include <errno.h>
#include <string.h>

enum { OPT_NAMESPACE = OPT_OWN, OPT_FILE, OPT_SARIF, OPT_SEVERITY };

static const struct option_spec options[] = {
	API_OPTIONS,
	[OPT_NAMESPACE] = { "namespace", 'n', "NAME", .help = "look there alone" },
	[OPT_FILE] = { "file", 'f', "FILE", .help = "look at manifests, and ask no cluster" },
	[OPT_SARIF] = OPTION_SARIF,
	[OPT_SEVERITY] = OPTION_SEVERITY,
	OPTIONS_END,
};

/* ---- an API server */

/*
 * What pods are judged by may be another's to see: then the report goes on without it and says so.
 * @ret is a list or, where it may not be seen or the cluster has none, an empty one.
 */
static int ask(struct api *a, const struct kube_resource *r, struct posture *p, json_t **ret,
	bool *known, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why = NULL;
	json_t *list;
	int result = api_list(a, r, NULL, &list, &why);

	*known = result == 0;
	if (result == -EPERM)
		posture_unseen(p, "%s: %s", r->plural, pale_err_text(why));
	else if (result < 0 && !(result == -ENOENT && strcmp(r->group_version, PALE_API) == 0))
		return api_keep_error(why, err);
	if (result == 0) {
		json_decref(*ret);
		*ret = list;
	}
	return 0;
}

/* What makes pods; of one kind the first that the server has. */
static const struct {
	const char *kind, *plural, *group_versions[2];
} makers[] = {
	{ "Deployment", "deployments", { "apps/v1" } },
	{ "StatefulSet", "statefulsets", { "apps/v1" } },
	{ "DaemonSet", "daemonsets", { "apps/v1" } },
	{ "ReplicaSet", "replicasets", { "apps/v1" } },
	{ "Job", "jobs", { "batch/v1" } },
	/* Servers before 1.21. */
	{ "CronJob", "cronjobs", { "batch/v1", "batch/v1beta1" } },
};

static int list_makers(
	struct api *a, size_t i, const char *namespace, json_t **ret, struct pale_err **err)
{
	int r = -ENOENT;

	for (size_t k = 0; k < 2 && makers[i].group_versions[k] && r == -ENOENT; k++) {
		pale_err_free(TAKE_PTR(*err));
		r = api_list(a,
			&(const struct kube_resource){ .group_version = makers[i].group_versions[k],
				.plural = makers[i].plural,
				.namespace = namespace },
			NULL, ret, err);
	}
	return r;
}

/* Those whose pods do not run now. */
static int audit_makers(
	struct api *a, const char *namespace, struct cluster_posture *to, struct pale_err **err)
{
	const struct object_source from = { 0 };

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;
		json_t *list = NULL, *o;
		size_t k;
		int r = list_makers(a, i, namespace, &list, &why);

		if (r == -EPERM)
			posture_unseen(to->posture, "%s: %s", makers[i].plural, pale_err_text(why));
		else if (r < 0)
			return api_keep_error(why, err);
		json_array_foreach (list, k, o)
			cluster_posture_add_idle(to, o, makers[i].kind, &from);
		json_decref(list);
	}
	return 0;
}

static int audit_cluster(const struct invocation *in, struct posture *p, struct pale_err **err)
{
	const char *namespace = option_argument(in, OPT_NAMESPACE);
	const struct kube_resource pods = {
		.group_version = "v1", .plural = "pods", .namespace = namespace
	};
	const struct kube_resource namespaces = { .group_version = "v1", .plural = "namespaces" };
	const struct kube_resource policies = { .group_version = "networking.k8s.io/v1",
		.plural = "networkpolicies",
		.namespace = namespace };
	const struct kube_resource accounts = {
		.group_version = "v1", .plural = "serviceaccounts", .namespace = namespace
	};
	const struct kube_resource profiles = { .group_version = PALE_API,
		.plural = "paleprofiles" };
	_cleanup_(cluster_objects_release) struct cluster_objects cluster = { 0 };
	_cleanup_(api_close) struct api api;
	struct object_source from = { 0 };
	struct cluster_posture posture;
	json_t *list = NULL;
	const json_t *pod;
	bool known;
	size_t i;
	int r;

	cluster_objects_init(&cluster);
	r = api_open(&api, in, err);
	if (r == 0)
		r = ask(&api, &namespaces, p, &cluster.namespaces, &cluster.namespaces_known, err);
	if (r == 0)
		r = ask(&api, &policies, p, &cluster.network_policies,
			&cluster.network_policies_known, err);
	if (r == 0)
		r = ask(&api, &accounts, p, &cluster.service_accounts, &known, err);
	if (r == 0)
		r = ask(&api, &profiles, p, &cluster.profiles, &known, err);
	if (r == 0)
		r = api_list(&api, &pods, NULL, &list, err);
	if (r < 0)
		return r;
	cluster_posture_init(&posture, p, &cluster);
	json_array_foreach (list, i, pod)
		cluster_posture_add(&posture, pod, "Pod", &from);
	r = audit_makers(&api, namespace, &posture, err);
	if (r == 0)
		cluster_posture_end(&posture);
	cluster_posture_release(&posture);
	json_decref(list);
	return r;
}

/* ---- manifests */

static int read_files(const struct invocation *in, struct manifest_file *files, size_t *n,
	struct cluster_objects *cluster, struct pale_err **err)
{
	for (size_t i = 0; i < in->n_uses; i++) {
		const json_t *o;
		size_t k;
		int r;

		if (in->uses[i].option != OPT_FILE)
			continue;
		r = manifest_file_read(in->uses[i].argument, &files[(*n)++], err);
		if (r < 0)
			return r;
		json_array_foreach (files[*n - 1].objects, k, o)
			cluster_objects_take(cluster, o);
	}
	return 0;
}

static void audit_objects(const struct manifest_file *files, size_t n, struct cluster_posture *to)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *o;
		size_t k;

		json_array_foreach (files[i].objects, k, o) {
			struct manifest_object at = { &files[i], k };
			struct object_source from = manifest_object_source(&at);

			cluster_posture_add(to, o, "", &from);
		}
	}
	cluster_posture_end(to);
}

static int audit_files(const struct invocation *in, struct posture *p, struct pale_err **err)
{
	_cleanup_free_ struct manifest_file *files = memory_new(in->n_uses * sizeof(*files));
	_cleanup_(cluster_objects_release) struct cluster_objects cluster = { 0 };
	struct cluster_posture posture;
	size_t n = 0;
	int r;

	cluster_objects_init(&cluster);
	r = read_files(in, files, &n, &cluster, err);
	if (r == 0) {
		cluster_posture_init(&posture, p, &cluster);
		audit_objects(files, n, &posture);
		cluster_posture_release(&posture);
	}
	for (size_t i = 0; i < n; i++)
		manifest_file_release(&files[i]);
	return r;
}

/* ---- the command */

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(posture_release) struct posture p;
	bool files = option_given(in, OPT_FILE);
	enum control_severity least;
	int status = posture_options(in, OPT_JSON, OPT_SARIF, OPT_SEVERITY, &least);

	posture_init(&p);
	if (status != STATUS_OK)
		return status;
	if (files && (option_given(in, OPT_NAMESPACE) || option_given(in, OPT_CONTEXT) ||
			     option_given(in, OPT_KUBECONFIG)))
		return usage_error(in, "a file is looked at, or a cluster");
	if ((files ? audit_files(in, &p, &err) : audit_cluster(in, &p, &err)) < 0) {
		status = api_failure(in, err);
		return pale_err_errno(err) == EINVAL && files ? STATUS_POLICY : status;
	}
	posture_finish(&p, least);
	return posture_print(in, &p, OPT_JSON, OPT_SARIF);
}

static const struct operand_spec operands[] = { OPERANDS_END };

const struct command plugin_audit = {
	.name = "audit",
	.summary = "show what containers could do to the cluster, and what ends it",
	.usage = "[-n NAME] [OPTION…] | -f FILE… [OPTION…]",
	.description =
		"Looks at each container of each pod, init containers and ephemeral ones too, as "
		"the CIS Kubernetes Benchmark asks in 5.1 to 5.7: privileges, capabilities, "
		"namespaces and folders of the node, users, seccomp, Secrets in the environment; "
		"and at what an attacker in it would reach: a token for the API server, a "
		"container runtime's socket, raw sockets, the cloud's metadata address and the "
		"node's kubelet, by the NetworkPolicies there are and by the PaleProfile that it "
		"is under. Then at the namespaces. Each finding has its evidence, and the change "
		"of the manifest, or of a policy, that ends it: a strategic merge patch, as "
		"`kubectl patch` takes it, or an object to create. Of pods that a workload keeps "
		"the workload is told of, once, and so is one whose pods do not run now.\n\n"
		"With --file the objects of manifests are looked at, of YAML or JSON, as `kubectl "
		"get pods -A -o json` prints them too; - is standard input. SARIF then has their "
		"lines.",
	.exit_status =
		"Exits with 0 when nothing was found; with 1 when something was, or a file is no "
		"manifest; 2 when the command line is wrong; 3 when the API server could not be "
		"asked, or something in it may not be seen: findings are printed then, too.",
	.example = "kubectl pale audit --severity high\n"
		   "kubectl pale audit -f deployment.yaml --sarif >audit.sarif",
	.options = options,
	.operands = operands,
	.run = run,
};
