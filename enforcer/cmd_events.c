/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/event_text.h"
#include "enforcer/history_client.h"
#include "enforcer/process_tree.h"
#include "enforcer/time_argument.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { OPT_RUN, OPT_CONTAINER, OPT_JSON, OPT_SINCE, OPT_UNTIL, OPT_KIND, OPT_TREE };

#define OPTION_CONTAINER                                                                           \
	{                                                                                          \
		"container", .argument = "ID",                                                     \
			     .help = "only of the container of this id, the beginning of one, or " \
				     "a name"                                                      \
	}

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_CONTAINER] = OPTION_CONTAINER,
	[OPT_JSON] = { "json", .help = "print a JSON object on each line" },
	[OPT_SINCE] = { "since", .argument = "TIME",
		.help = "from there on: 90s, 15m, 1h, 2d, or a date as events have it" },
	[OPT_UNTIL] = { "until", .argument = "TIME", .help = "up to there; of what was recorded" },
	[OPT_KIND] = { "kind", .argument = "KIND,…", .kind = &history_kinds,
		.help = "of what was recorded these kinds, separated by commas" },
	[OPT_TREE] = { "tree", .argument = "ID",
		.help = "the processes of this container, with what each did" },
	OPTIONS_END,
};

static void print_event(const json_t *e, bool json, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (json) {
		json_dumpf(e, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
		return;
	}
	event_text_line(&t, e, colour);
	fputs(text_str(&t), stdout);
}

static int show(const struct invocation *in, struct paled *p, json_t *answer)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool json = option_given(in, OPT_JSON), colour = colour_wanted(stdout);
	bool last = false;

	while (!last) {
		const json_t *event = json_object_get(answer, "event"),
			     *missed = json_object_get(answer, "missed");

		last = !json_is_true(json_object_get(answer, "continues"));
		if (event)
			print_event(event, json, colour);
		if (missed)
			fprintf(stderr,
				"pale %s: %" JSON_INTEGER_FORMAT
				" events were not taken in time and are not shown\n",
				in->command->name, json_integer_value(missed));
		json_decref(answer);
		answer = NULL;
		fflush(stdout);
		if (!last && paled_next(p, &answer, &err) < 0) {
			json_decref(answer);
			input_failure(in, err);
			return STATUS_HOST;
		}
	}
	return STATUS_OK;
}

static int ask(const struct invocation *in, bool follow)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	const char *since = follow ? NULL : option_argument(in, OPT_SINCE),
		   *container = option_argument(in, OPT_CONTAINER);
	json_t *arguments = json_pack("{s:b}", "follow", follow), *answer = NULL;
	int64_t ms;
	int status;

	if (since && !time_argument_parse(since, TIME_BEFORE_NOW, &ms)) {
		json_decref(arguments);
		return usage_error(in, "'%s' is no time", since);
	}
	if (since)
		json_object_set_new(arguments, "since", json_integer(ms));
	if (container)
		json_object_set_new(arguments, "container", json_string(container));
	status = daemon_command_connect(in, OPT_RUN, "events", &p);
	if (status == STATUS_OK && follow)
		paled_set_timeout(p, PALED_FOREVER);
	if (status == STATUS_OK)
		status = daemon_command_call(in, p, "events", arguments, &answer);
	json_decref(arguments);
	return status == STATUS_OK ? show(in, p, answer) : status;
}

struct printing {
	bool json, colour;
};

static void print_entry(void *ctx, json_t *entry)
{
	const struct printing *p = ctx;

	print_event(entry, p->json, p->colour);
}

static int recorded(const struct invocation *in)
{
	struct printing p = { option_given(in, OPT_JSON), colour_wanted(stdout) };
	struct history_query q;

	if (!history_query_read(in, OPT_CONTAINER, OPT_SINCE, OPT_UNTIL, OPT_KIND, &q))
		return STATUS_USAGE;
	return history_ask(in, OPT_RUN, &q, print_entry, &p);
}

/* However deep processes are, there is room for what they did. */
#define INDENT_MAX 40

static void indent(struct text *t, unsigned depth)
{
	unsigned columns = 2 * depth;

	text_printf(t, "%*s", (int)(columns > INDENT_MAX ? INDENT_MAX : columns), "");
}

static void put_act(struct text *t, const json_t *act, bool colour)
{
	if (strcmp(daemon_command_text(act, "kind"), "violation") != 0) {
		text_printf(t, "%s ", daemon_command_text(act, "kind"));
		event_text_what(t, act);
		return;
	}
	text_printf(t, "%s%s:%s ", colour ? "\033[31m" : "", event_outcome(act),
		colour ? "\033[0m" : "");
	for (size_t i = 0; i < 2; i++) {
		const char *s = daemon_command_text(act, i ? "object" : "operation");

		text_escaped(t, s, strlen(s));
		text_puts(t, i ? "  " : " ");
	}
	event_text_policy_line(t, act);
	text_puts(t, " | ");
	text_escaped(t, daemon_command_text(act, "rule"), strlen(daemon_command_text(act, "rule")));
}

/* A line, and one for each thing that it did. Its first program stands in the line. */
static void print_process(const struct tree_process *p, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const json_t *first = NULL;

	for (size_t i = 0; i < p->n_acts && !first; i++) {
		if (strcmp(daemon_command_text(p->acts[i], "kind"), "exec") == 0)
			first = p->acts[i];
	}
	text_printf(&t, "%.19sZ ", p->since);
	indent(&t, p->depth);
	text_printf(&t, "%s%" JSON_INTEGER_FORMAT "%s ", colour ? "\033[1m" : "", p->host_pid,
		colour ? "\033[0m" : "");
	if (first)
		event_text_command(&t, first);
	else
		text_puts(&t, p->start ? "(executed nothing)" : "(was there before)");
	if (p->exit) {
		text_puts(&t, "  [");
		event_text_end(&t, p->exit);
		text_puts(&t, "]");
	}
	text_putc(&t, '\n');
	for (size_t i = 0; i < p->n_acts; i++) {
		if (p->acts[i] == first)
			continue;
		text_printf(&t, "%.19sZ ", daemon_command_text(p->acts[i], "time"));
		indent(&t, p->depth);
		text_puts(&t, "  · ");
		put_act(&t, p->acts[i], colour);
		text_putc(&t, '\n');
	}
	fputs(text_str(&t), stdout);
}

static void say_left_out(const struct invocation *in, const struct history_kept *k)
{
	if (k->left_out)
		fprintf(stderr, "pale %s: %" PRIu64 " older entries are not shown; see '--since'\n",
			in->command->name, k->left_out);
}

static void print_tree(const struct history_kept *k, bool colour)
{
	_cleanup_(process_tree_freep) struct process_tree *tree = process_tree_new();

	for (size_t i = 0; i < k->n; i++) {
		json_t *e = history_kept_get(k, i);

		if (strcmp(daemon_command_text(e, "kind"), "gap") == 0)
			print_event(e, false, colour);
		process_tree_add(tree, e);
	}
	process_tree_link(tree);
	for (const struct tree_process *p = NULL; (p = process_tree_next(tree, p));)
		print_process(p, colour);
}

static int tree(const struct invocation *in)
{
	_cleanup_(history_kept_release) struct history_kept k = { 0 };
	struct history_query q;
	int status;

	if (option_given(in, OPT_JSON) || option_given(in, OPT_CONTAINER) ||
		option_given(in, OPT_KIND))
		return usage_error(in, "'--tree' goes with '--since' and '--until' alone");
	if (!history_query_read(in, OPT_TREE, OPT_SINCE, OPT_UNTIL, SIZE_MAX, &q))
		return STATUS_USAGE;
	status = history_ask(in, OPT_RUN, &q, history_keep, &k);
	if (status != STATUS_OK)
		return status;
	print_tree(&k, colour_wanted(stdout));
	say_left_out(in, &k);
	return STATUS_OK;
}

static int events(const struct invocation *in)
{
	if (option_given(in, OPT_TREE))
		return tree(in);
	if (option_given(in, OPT_KIND) || option_given(in, OPT_UNTIL))
		return recorded(in);
	return ask(in, false);
}

static int watch(const struct invocation *in)
{
	return ask(in, true);
}

static const struct operand_spec operands[] = { OPERANDS_END };

const struct command cmd_events = {
	.name = "events",
	.summary = "show what this node's containers were refused",
	.usage = "[OPTION…]",
	.description = "Shows what paled has kept: each violation with the line of the policy that "
		       "decided it, the process and the container; containers that came and went; "
		       "and how many events were lost, if any."
		       "\n\n"
		       "With --kind, --until or --tree, what paled has recorded of the past: each "
		       "process that began and ended, what it executed and whereto it connected, "
		       "violations, changes of policies, and where something is missing.",
	.example = "pale events --since 1h --container web\n"
		   "pale events --since 1h --kind exec,connect --json\n"
		   "pale events --tree web",
	.options = options,
	.operands = operands,
	.run = events,
};

static const struct option_spec watch_options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_CONTAINER] = OPTION_CONTAINER,
	[OPT_JSON] = { "json", .help = "print a JSON object on each line" },
	OPTIONS_END,
};

const struct command cmd_watch = {
	.name = "watch",
	.summary = "show what containers are refused, as it happens",
	.usage = "[OPTION…]",
	.description = "As pale events, for what comes from now on, until it is interrupted.",
	.example = "pale watch --json | jq .object",
	.options = watch_options,
	.operands = operands,
	.run = watch,
};
