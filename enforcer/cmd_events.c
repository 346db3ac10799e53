/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/time_argument.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_RUN, OPT_CONTAINER, OPT_JSON, OPT_SINCE };

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
	OPTIONS_END,
};

static void put(struct text *t, const json_t *o, const char *member)
{
	const char *s = daemon_command_text(o, member);

	text_escaped(t, s, strlen(s));
}

/* "shop/web-7f/nginx", or the beginning of its id. */
static void put_container(struct text *t, const json_t *c)
{
	static const char *const members[] = { "namespace", "pod", "name" };
	size_t before = t->len;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (!json_object_get(c, members[i]))
			continue;
		text_puts(t, t->len > before ? "/" : "");
		put(t, c, members[i]);
	}
	if (t->len == before) {
		const char *id = daemon_command_text(c, "id");

		text_escaped(t, id, strnlen(id, 12));
	}
}

static void put_process(struct text *t, const json_t *e)
{
	const json_t *process = json_object_get(e, "process"), *pid;

	pid = json_object_get(process, "host_pid");
	text_printf(t, "  (pid %" JSON_INTEGER_FORMAT " ", json_integer_value(pid));
	put(t, process, "executable");
	text_puts(t, ", container ");
	if (json_is_object(json_object_get(e, "container")))
		put_container(t, json_object_get(e, "container"));
	else
		text_puts(t, "unknown");
	text_puts(t, ", ");
	put(t, e, "mechanism");
	text_puts(t, ")\n");
}

/* "1, 'deny read /etc/foo', until 2026-11-26T17:00:00Z" */
static void put_exception(struct text *t, const json_t *e, const char *before)
{
	text_printf(t, "%s%" JSON_INTEGER_FORMAT ", '", before,
		json_integer_value(json_object_get(e, "number")));
	put(t, e, "rule");
	text_printf(t, "', until %.19sZ\n", daemon_command_text(e, "until"));
}

/* The same two lines as under `pale run`, with the time before them. */
static void put_violation(struct text *t, const json_t *e, bool colour)
{
	const char *outcome = daemon_command_text(e, "outcome");
	bool refused = strcmp(outcome, "refused") == 0;

	text_puts(t, colour ? "\033[1m" : "");
	put(t, e, "file");
	text_printf(t, ":%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT ": %s%s:%s ",
		json_integer_value(json_object_get(e, "line")),
		json_integer_value(json_object_get(e, "column")), colour ? "\033[31m" : "",
		refused ? "denied" : outcome, colour ? "\033[0;1m" : "");
	put(t, e, "operation");
	text_puts(t, " ");
	put(t, e, "object");
	text_puts(t, colour ? "\033[0m" : "");
	put_process(t, e);
	text_printf(
		t, "%5" JSON_INTEGER_FORMAT " | ", json_integer_value(json_object_get(e, "line")));
	put(t, e, "rule");
	text_puts(t, "\n");
	if (json_is_true(json_object_get(e, "own")))
		text_puts(t, "  note: the container's own configuration refuses it\n");
	if (json_object_get(e, "exception"))
		put_exception(t, json_object_get(e, "exception"), "  note: let pass by exception ");
	if (json_object_get(e, "hint")) {
		text_puts(t, "  hint: '");
		put(t, e, "hint");
		text_puts(t, "' would allow it\n");
	}
	if (json_object_get(e, "lost"))
		text_printf(t,
			"  note: %" JSON_INTEGER_FORMAT " events before this one were lost\n",
			json_integer_value(json_object_get(e, "lost")));
}

/* "kill-process (pid 12) because of deny read /srv/x (web.pale:3), 5 within 1000 ms" */
static void put_response(struct text *t, const json_t *e)
{
	const json_t *cause = json_object_get(e, "cause"),
		     *pid = json_object_get(json_object_get(e, "process"), "host_pid"),
		     *within = json_object_get(cause, "within_ms");

	text_puts(t, json_is_true(json_object_get(e, "done")) ? ": " : ": not done: ");
	put(t, e, "action");
	if (pid)
		text_printf(t, " (pid %" JSON_INTEGER_FORMAT ")", json_integer_value(pid));
	text_puts(t, " because of ");
	put(t, cause, json_object_get(cause, "rule") ? "rule" : "operation");
	text_puts(t, " (");
	put(t, cause, "file");
	text_printf(t, ":%" JSON_INTEGER_FORMAT ")",
		json_integer_value(json_object_get(cause, "line")));
	if (within)
		text_printf(t, ", %" JSON_INTEGER_FORMAT " within %" JSON_INTEGER_FORMAT " ms",
			json_integer_value(json_object_get(cause, "violations")),
			json_integer_value(within));
}

static void put_notice(struct text *t, const json_t *e)
{
	put(t, e, "kind");
	if (json_is_object(json_object_get(e, "container"))) {
		text_puts(t, ": container ");
		put_container(t, json_object_get(e, "container"));
	}
	if (json_object_get(e, "cause"))
		put_response(t, e);
	if (json_object_get(e, "profile")) {
		text_puts(t, ", profile ");
		put(t, e, "profile");
	}
	if (json_object_get(e, "error")) {
		text_puts(t, ": ");
		put(t, e, "error");
	}
	if (json_object_get(e, "events"))
		text_printf(t, ": %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(e, "events")));
	if (json_object_get(e, "exception"))
		put_exception(t, json_object_get(e, "exception"), ": ");
	else
		text_putc(t, '\n');
}

static void print_event(const json_t *e, bool json, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (json) {
		json_dumpf(e, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
		return;
	}
	/* To the second; the rest is for machines. */
	text_printf(&t, "%.19sZ ", daemon_command_text(e, "time"));
	if (strcmp(daemon_command_text(e, "kind"), "violation") == 0)
		put_violation(&t, e, colour);
	else
		put_notice(&t, e);
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

static int events(const struct invocation *in)
{
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
		       "and how many events were lost, if any.",
	.example = "pale events --since 1h --container web",
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
