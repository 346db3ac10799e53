/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/time_argument.h"

#include <inttypes.h>
#include <string.h>

enum { OPT_RUN, OPT_CONTAINER, OPT_UNTIL, OPT_IN, OPT_LIST, OPT_REMOVE, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_CONTAINER] = { "container", .argument = "ID",
		.help = "the container of this id, the beginning of one, or a name" },
	[OPT_UNTIL] = { "until", .argument = "TIME",
		.help = "when it expires: 30m, 2h, 1d from now, or a date as events have it; 30 "
			"days "
			"at most" },
	[OPT_IN] = { "in", .argument = "SUBPROFILE",
		.help = "RULE is one of this sub-profile, or for it" },
	[OPT_LIST] = { "list", .help = "show the exceptions that are in force" },
	[OPT_REMOVE] = { "remove", .help = "end the one of this RULE, or of this number, now" },
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

#define COLUMNS 5

static const int widths[COLUMNS] = { 12, 3, 20, 5, 0 };

static void print_exception(const json_t *container, const json_t *e)
{
	_cleanup_(text_release) struct text id = TEXT_INIT, number = TEXT_INIT, until = TEXT_INIT,
					    used = TEXT_INIT;
	const char *whole = daemon_command_text(container, "id");

	text_add(&id, whole, strnlen(whole, 12));
	text_printf(
		&number, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(e, "number")));
	text_printf(&until, "%.19sZ", daemon_command_text(e, "until"));
	text_printf(&used, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(e, "used")));
	daemon_command_row(stdout, widths,
		(const char *const[]){ text_str(&id), text_str(&number), text_str(&until),
			text_str(&used), daemon_command_text(e, "rule") },
		COLUMNS);
}

static bool is_meant(const struct invocation *in, const json_t *container)
{
	const char *word = option_argument(in, OPT_CONTAINER);

	return !word || strncmp(daemon_command_text(container, "id"), word, strlen(word)) == 0 ||
	       strcmp(daemon_command_text(container, "name"), word) == 0;
}

static int list(const struct invocation *in, struct paled *p)
{
	static const char *const head[COLUMNS] = { "CONTAINER", "NO", "UNTIL", "USED", "RULE" };
	json_t *answer = NULL, *found = json_array();
	const json_t *c, *e;
	size_t i, k;
	int status = daemon_command_call(in, p, "ps", NULL, &answer);

	if (status == STATUS_OK && !option_given(in, OPT_JSON))
		daemon_command_row(stdout, widths, head, COLUMNS);
	json_array_foreach (json_object_get(answer, "containers"), i, c) {
		if (!is_meant(in, c))
			continue;
		json_array_foreach (json_object_get(c, "exceptions"), k, e) {
			json_t *one = json_deep_copy(e);

			if (!option_given(in, OPT_JSON))
				print_exception(c, e);
			json_object_set(one, "container", json_object_get(c, "id"));
			json_array_append_new(found, one);
		}
	}
	if (status == STATUS_OK && option_given(in, OPT_JSON))
		output_json(json_incref(found), stdout);
	json_decref(found);
	json_decref(answer);
	return status;
}

/* NULL: one of them is not UTF-8. */
static json_t *arguments_of(const struct invocation *in)
{
	const char *sub = option_argument(in, OPT_IN);
	json_t *arguments = json_pack("{s:s, s:s}", "container", option_argument(in, OPT_CONTAINER),
		"rule", in->operands[0]);

	if (sub && json_object_set_new(arguments, "in", json_string(sub)) < 0) {
		json_decref(arguments);
		return NULL;
	}
	return arguments;
}

static int call(const struct invocation *in, struct paled *p, const char *method, json_t *arguments,
	json_t **ret)
{
	int status = arguments
			     ? daemon_command_call(in, p, method, arguments, ret)
			     : usage_error(in,
				       "the rule, the container and the sub-profile must be UTF-8");

	json_decref(arguments);
	return status;
}

static int remove_one(const struct invocation *in, struct paled *p)
{
	json_t *answer = NULL;
	int status = call(in, p, "unexcept", arguments_of(in), &answer);

	if (status == STATUS_OK)
		printf("%s: '%s' is excepted no more\n", daemon_command_text(answer, "id"),
			in->operands[0]);
	json_decref(answer);
	return status;
}

static int grant(const struct invocation *in, struct paled *p, int64_t until_ms)
{
	json_t *arguments = arguments_of(in), *answer = NULL;
	int status;

	json_object_set_new(arguments, "until", json_integer(until_ms));
	status = call(in, p, "except", arguments, &answer);
	if (status == STATUS_OK)
		printf("%s: exception %" JSON_INTEGER_FORMAT "\n",
			daemon_command_text(answer, "id"),
			json_integer_value(json_object_get(answer, "number")));
	json_decref(answer);
	return status;
}

/* STATUS_OK, or what is wrong with the command line was told. */
static int check(const struct invocation *in, int64_t *until_ms)
{
	const char *until = option_argument(in, OPT_UNTIL);

	if (option_given(in, OPT_LIST)) {
		if (in->n_operands || until || option_given(in, OPT_REMOVE) ||
			option_given(in, OPT_IN))
			return usage_error(in, "--list takes no RULE, --until, --in or --remove");
		return STATUS_OK;
	}
	if (!in->n_operands)
		return usage_error(in, "no RULE");
	if (!option_given(in, OPT_CONTAINER))
		return usage_error(in, "--container is missing");
	if (option_given(in, OPT_REMOVE))
		return until || option_given(in, OPT_IN)
			       ? usage_error(in, "--remove takes no --until or --in")
			       : STATUS_OK;
	if (!until)
		return usage_error(in, "--until is missing");
	if (!time_argument_parse(until, TIME_AFTER_NOW, until_ms))
		return usage_error(in, "'%s' is no time", until);
	return STATUS_OK;
}

static int except(const struct invocation *in)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	int64_t until_ms = 0;
	int status = check(in, &until_ms);

	if (status == STATUS_OK)
		status = daemon_command_connect(in, OPT_RUN, "control", &p);
	if (status != STATUS_OK)
		return status;
	if (option_given(in, OPT_LIST))
		return list(in, p);
	return option_given(in, OPT_REMOVE) ? remove_one(in, p) : grant(in, p, until_ms);
}

static const struct operand_spec operands[] = { { "RULE", &argument_free }, OPERANDS_END };

const struct command cmd_except = {
	.name = "except",
	.summary = "let a container do for a while what a rule refuses",
	.usage = "[OPTION…] --container ID --until TIME RULE",
	.description =
		"Until TIME the container is not refused by RULE; each time is reported, with the "
		"exception that let it pass, and its own policy comes back by itself. RULE is the "
		"place of a rule that refuses, FILE:LINE as events have it or PROFILE:LINE; or the "
		"text of such a rule; or, where a default refuses, the text of a rule that would "
		"allow it, as the hint of an event has it.\n\n"
		"This is possible where BPF-LSM alone decides it. What seccomp, AppArmor or the "
		"capabilities of the container would refuse all the same is not excepted, and the "
		"command says so.\n\n"
		"Each exception is an event when it is granted, used for the first time, removed "
		"and expired, and stands in pale ps.",
	.example = "pale except --container web-7f --until 2h web.pale:22\n"
		   "pale except --container web-7f --until 2h 'allow read /etc/foo'\n"
		   "pale except --list\n"
		   "pale except --container web-7f --remove 1",
	.options = options,
	.operands = operands,
	.operands_max = 1,
	.run = except,
};
