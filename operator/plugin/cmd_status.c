/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "operator/plugin/api.h"
#include "operator/plugin/commands.h"
#include "operator/plugin/status_report.h"

#include <time.h>

static const struct option_spec options[] = {
	API_OPTIONS,
	OPTIONS_END,
};

static int ask(const struct invocation *in, json_t **ret, struct pale_err **err)
{
	static const struct kube_resource profiles = { .group_version = PALE_API,
		.plural = "paleprofiles" };
	static const struct kube_resource nodes = { .group_version = PALE_API,
		.plural = "palenodestatuses" };
	_cleanup_(api_close) struct api api;
	json_t *p = NULL, *n = NULL;
	int r = api_open(&api, in, err);

	if (r == 0)
		r = api_list(&api, &profiles, NULL, &p, err);
	if (r == 0)
		r = api_list(&api, &nodes, NULL, &n, err);
	if (r == 0)
		*ret = status_report(p, n, time(NULL));
	json_decref(p);
	json_decref(n);
	return r;
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *report = NULL;
	bool well;

	if (ask(in, &report, &err) < 0)
		return api_failure(in, err);
	well = status_report_is_well(report);
	if (option_given(in, OPT_JSON)) {
		output_json(report, stdout);
	} else {
		status_report_text(report, &t);
		fputs(text_str(&t), stdout);
		json_decref(report);
	}
	return well ? STATUS_OK : STATUS_POLICY;
}

static const struct operand_spec operands[] = { OPERANDS_END };

const struct command plugin_status = {
	.name = "status",
	.summary = "show policies and nodes, and what is wrong with them",
	.usage = "[--context NAME] [--kubeconfig FILE] [--json]",
	.description =
		"Lists the PaleProfiles: whether each enforces or audits, whether its source has "
		"compiled, on how many nodes it is in force, and how much it has refused, or would "
		"have, in the last hour. A profile is Ready, Distributing (not on all nodes yet), "
		"Degraded (a node does not have all of it), Rejected (its source is wrong; the "
		"last "
		"one that was right stays in force), Pending (pale-operator's controller has not "
		"seen it yet) or Deleting (pods still use it).\n\n"
		"Then the nodes: what they enforce policies by, how many profiles they have "
		"loaded, "
		"and how many containers run there without the policy that their pod names. A node "
		"that was not heard of for 15 minutes is Silent.",
	.exit_status = "Exits with 0 when every profile is Ready, every node too, and nothing runs "
		       "unconfined; with 1 when something is not; 2 when the command line is "
		       "wrong; 3 when the API server could not be asked.",
	.example = "kubectl pale status",
	.options = options,
	.operands = operands,
	.run = run,
};
