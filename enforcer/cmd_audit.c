/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/posture/node_checks.h"
#include "enforcer/posture/node_reach.h"
#include "enforcer/posture/posture_command.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What asks the API server: `pale` has no client of its own. */
#define CLUSTER_PROGRAM "kubectl-pale"

enum {
	OPT_CLUSTER,
	OPT_FILE,
	OPT_NAMESPACE,
	OPT_CONTEXT,
	OPT_KUBECONFIG,
	OPT_PROBE,
	OPT_RUN,
	OPT_SEVERITY,
	OPT_JSON,
	OPT_SARIF,
};

static const struct option_spec options[] = {
	[OPT_CLUSTER] = { "cluster", .help = "look at a cluster's workloads, not at this node" },
	[OPT_FILE] = { "file", 'f', "FILE",
		.help = "look at manifests, and ask no cluster; with --cluster" },
	[OPT_NAMESPACE] = { "namespace", 'n', "NAME", .help = "look there alone; with --cluster" },
	[OPT_CONTEXT] = { "context", 0, "NAME", .help = "of the kubeconfig's; with --cluster" },
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",
		.help = "which cluster, and who asks; with --cluster" },
	[OPT_PROBE] = { "probe", .help = "try from each container's network what it reaches" },
	[OPT_RUN] = OPTION_RUN,
	[OPT_SEVERITY] = OPTION_SEVERITY,
	[OPT_JSON] = OPTION_JSON,
	[OPT_SARIF] = OPTION_SARIF,
	OPTIONS_END,
};

/* Only of a cluster, and only of a node. */
static const size_t of_cluster[] = { OPT_FILE, OPT_NAMESPACE, OPT_CONTEXT, OPT_KUBECONFIG };
static const size_t of_node[] = { OPT_PROBE, OPT_RUN };

static int misplaced(const struct invocation *in, const size_t *which, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++) {
		if (option_given(in, which[i]))
			return usage_error(in, "--%s %s", options[which[i]].name, why);
	}
	return STATUS_OK;
}

/* ---- a cluster */

/* Beside this program, as both are installed together, before what $PATH has. */
static void find_cluster_program(struct text *to)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		text_printf(to, "%.*s/" CLUSTER_PROGRAM, (int)(slash - self), self);
		if (access(text_str(to), X_OK) == 0)
			return;
		text_clear(to);
	}
	text_puts(to, CLUSTER_PROGRAM);
}

static int audit_cluster(const struct invocation *in)
{
	_cleanup_(text_release) struct text program = TEXT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char **argv = calloc(2 * in->n_uses + 4, sizeof(*argv));
	size_t n = 0;
	int errnum;

	if (!argv)
		abort();
	find_cluster_program(&program);
	argv[n++] = (char *)CLUSTER_PROGRAM;
	argv[n++] = (char *)"audit";
	for (size_t i = 0; i < in->n_uses; i++) {
		const struct option_use *use = &in->uses[i];

		if (use->option == OPT_CLUSTER)
			continue;
		if (asprintf(&argv[n++], "--%s%s%s", options[use->option].name,
			    use->argument ? "=" : "", use->argument ? use->argument : "") < 0)
			abort();
	}
	execvp(text_str(&program), argv);
	errnum = errno;
	for (size_t i = 2; i < n; i++)
		free(argv[i]);
	pale_err_set(&err, errnum, "execute " CLUSTER_PROGRAM);
	pale_err_hint(&err, "it asks the API server, and is installed with pale");
	input_failure(in, err);
	return STATUS_HOST;
}

/* ---- this node */

static bool is_asked_for(const struct invocation *in, const struct node_container *c)
{
	for (size_t i = 0; i < in->n_operands; i++) {
		if (node_container_is(c, in->operands[i]))
			return true;
	}
	return in->n_operands == 0;
}

/* A word that fits none is a mistake, not a container without faults. */
static int check_words(
	const struct invocation *in, const struct node_containers *all, struct pale_err **err)
{
	for (size_t i = 0; i < in->n_operands; i++) {
		bool found = false;

		for (size_t k = 0; k < all->n; k++)
			found |= node_container_is(&all->v[k], in->operands[i]);
		if (!*in->operands[i] || !found)
			return pale_err_plain(
				err, ENOENT, "no container '%s' runs here", in->operands[i]);
	}
	return 0;
}

static int audit_node(const struct invocation *in, struct posture *p, struct pale_err **err)
{
	_cleanup_(node_containers_release) struct node_containers all = { 0 };
	const char *run = option_argument(in, OPT_RUN);
	int r;

	if (geteuid() != 0) {
		pale_err_plain(err, EPERM, "only root sees with what containers run");
		pale_err_hint(
			err, "manifests are looked at by anybody: pale audit --cluster -f FILE");
		return -EPERM;
	}
	r = node_containers_find(run ? run : PALED_RUN_DIR, &all, err);
	if (r == 0)
		r = check_words(in, &all, err);
	if (r < 0)
		return r;
	node_containers_compile(&all, run ? run : PALED_RUN_DIR);
	for (size_t i = 0; i < all.n; i++) {
		if (!is_asked_for(in, &all.v[i]))
			continue;
		node_checks(p, &all.v[i], all.paled);
		if (option_given(in, OPT_PROBE))
			node_reach(p, &all.v[i]);
	}
	if (!all.paled)
		posture_note(p, "the policies that containers are under, since no paled runs here");
	if (!option_given(in, OPT_PROBE))
		posture_note(p, "what the network lets containers reach, which --probe tries");
	return 0;
}

static int audit(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(posture_release) struct posture p;
	bool cluster = option_given(in, OPT_CLUSTER);
	enum control_severity least;
	int status = posture_options(in, OPT_JSON, OPT_SARIF, OPT_SEVERITY, &least);

	posture_init(&p);
	if (status == STATUS_OK)
		status = cluster ? misplaced(in, of_node, sizeof(of_node) / sizeof(*of_node),
					   "is of a node, and not of a cluster")
				 : misplaced(in, of_cluster,
					   sizeof(of_cluster) / sizeof(*of_cluster),
					   "is of a cluster: --cluster");
	if (status != STATUS_OK)
		return status;
	if (cluster && in->n_operands)
		return usage_error(in, "'%s' is of a node, and not of a cluster", in->operands[0]);
	if (cluster)
		return audit_cluster(in);
	if (audit_node(in, &p, &err) < 0) {
		input_failure(in, err);
		return STATUS_HOST;
	}
	posture_finish(&p, least);
	return posture_print(in, &p, OPT_JSON, OPT_SARIF);
}

static const struct operand_spec operands[] = { { "CONTAINER", &argument_free }, OPERANDS_END };

const struct command cmd_audit = {
	.name = "audit",
	.summary = "show what containers could do to the node, and what ends it",
	.usage = "[OPTION…] [CONTAINER…] | --cluster [-f FILE]… [OPTION…]",
	.description =
		"Looks at the containers that run on this node, or those that are named by their "
		"ids or names, whoever started them: their processes' capabilities, users, "
		"seccomp filters and AppArmor profiles, the namespaces that they share with the "
		"node, what they have of its files and of its runtimes' sockets, and the policy "
		"that paled has them under. Each finding says where in /proc it was seen, what an "
		"attacker has of it, and what ends it: in the manifest or the engine's words, and "
		"by a policy. Where a policy is at hand it is asked, and the rule is named.\n\n"
		"With --probe a process enters the network of each container and tries to connect "
		"to the cloud's metadata address and to the node's kubelet. Nothing is sent.\n\n"
		"With --cluster the workloads of a cluster are looked at, or the manifests of "
		"--file: what `kubectl pale audit` does, and this command starts it.",
	.exit_status =
		"Exits with 0 when nothing was found; with 1 when something was; 2 when the "
		"command "
		"line is wrong; 3 when containers could not be looked for, or something not be "
		"looked at: findings are printed then, too.",
	.example = "pale audit --severity medium\n"
		   "pale audit --cluster -f deployment.yaml --sarif >audit.sarif",
	.options = options,
	.operands = operands,
	.operands_max = OPERANDS_ANY,
	.run = audit,
};
