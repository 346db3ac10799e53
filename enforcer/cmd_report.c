/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/history_client.h"
#include "enforcer/report_html.h"

#include <errno.h>
#include <stdio.h>

enum { OPT_RUN, OPT_HTML, OPT_OUTPUT, OPT_SINCE, OPT_UNTIL };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_HTML] = { "html",
		.help = "as one page that needs nothing else; there is no other form" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", .help = "write it there, not to standard output" },
	[OPT_SINCE] = { "since", .argument = "TIME",
		.help = "from there on: 90s, 15m, 1h, 2d, or a date as events have it" },
	[OPT_UNTIL] = { "until", .argument = "TIME", .help = "up to there" },
	OPTIONS_END,
};

static int write_page(const struct invocation *in, const struct history_kept *k)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const char *path = option_argument(in, OPT_OUTPUT);
	FILE *to = path ? fopen(path, "we") : stdout;
	int r;

	if (!to)
		r = pale_err_set(&err, errno, "open %s", path);
	else
		r = report_html(to, in->operands[0], k, &err);
	if (to && path && fclose(to) && r >= 0)
		r = pale_err_set(&err, errno, "write %s", path);
	if (r < 0)
		input_failure(in, err);
	return r < 0 ? STATUS_HOST : STATUS_OK;
}

static bool any_of_container(const struct history_kept *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (json_object_get(history_kept_get(k, i), "container"))
			return true;
	}
	return false;
}

static int report(const struct invocation *in)
{
	_cleanup_(history_kept_release) struct history_kept k = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct history_query q;
	int status;

	if (!option_given(in, OPT_HTML))
		return usage_error(in, "'--html' is missing");
	if (!history_query_read(in, SIZE_MAX, OPT_SINCE, OPT_UNTIL, SIZE_MAX, &q))
		return STATUS_USAGE;
	q.container = in->operands[0];
	status = history_ask(in, OPT_RUN, &q, history_keep, &k);
	if (status != STATUS_OK)
		return status;
	if (any_of_container(&k))
		return write_page(in, &k);
	pale_err_plain(&err, ENOENT, "nothing was recorded of a container '%s'", q.container);
	input_failure(in, err);
	return STATUS_HOST;
}

static const struct operand_spec operands[] = { { "CONTAINER", &argument_free }, OPERANDS_END };

const struct command cmd_report = {
	.name = "report",
	.summary = "write a page on what a container did",
	.usage = "CONTAINER --html [OPTION…]",
	.description = "What paled has recorded of a container, which is named by its id, the "
		       "beginning of one, or its name: a summary, where something is missing, its "
		       "violations with the lines of the policy, its connections, its processes "
		       "with what each did, and a timeline.",
	.example = "pale report web --html -o web.html",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = 1,
	.run = report,
};
