/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"

#include <inttypes.h>
#include <string.h>

enum { OPT_RUN, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

/* As engines shorten ids. */
#define ID_SHOWN 12

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_OWNER,
	COLUMN_PROFILE,
	COLUMN_MODE,
	COLUMN_STATE,
	COLUMN_REFUSED,
	COLUMN_NOTE,
	COLUMNS
};

static const int widths[COLUMNS] = { ID_SHOWN, 20, 16, 16, 7, 10, 8, 0 };

/* Owners are Kubernetes' alone: elsewhere they have no column. */
static void put_row(const char *const *cells, bool owners)
{
	const char *shown[COLUMNS];
	int shown_widths[COLUMNS];
	size_t n = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (i == COLUMN_OWNER && !owners)
			continue;
		shown[n] = cells[i];
		shown_widths[n++] = widths[i];
	}
	daemon_command_row(stdout, shown_widths, shown, n);
}

/* "namespace/pod/name" as far as it is known. */
static void put_name(struct text *t, const json_t *c)
{
	static const char *const members[] = { "namespace", "pod", "name" };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const char *s = daemon_command_text(c, members[i]);

		if (*s)
			text_printf(t, "%s%s", t->len ? "/" : "", s);
	}
	if (!t->len)
		text_puts(t, "-");
}

static void print_container(const json_t *c, bool owners)
{
	_cleanup_(text_release) struct text id = TEXT_INIT, name = TEXT_INIT, refused = TEXT_INIT;
	_cleanup_(text_release) struct text note = TEXT_INIT;
	const char *whole = daemon_command_text(c, "id");
	const char *profile = daemon_command_text(c, "profile"),
		   *mode = daemon_command_text(c, "mode"), *owner = daemon_command_text(c, "owner");
	const json_t *n = json_object_get(c, "refused");
	size_t exceptions = json_array_size(json_object_get(c, "exceptions"));
	json_int_t lost = json_integer_value(json_object_get(c, "lost"));

	text_add(&id, whole, strnlen(whole, ID_SHOWN));
	put_name(&name, c);
	if (n)
		text_printf(&refused, "%" JSON_INTEGER_FORMAT, json_integer_value(n));
	if (json_is_true(json_object_get(c, "late")))
		text_puts(&note, "restart for all of its policy");
	else if (json_is_true(json_object_get(c, "restart_required")))
		text_puts(&note, "restart for its new policy");
	if (exceptions)
		text_printf(&note, "%s%zu exception%s", note.len ? ", " : "", exceptions,
			exceptions == 1 ? "" : "s");
	if (lost)
		text_printf(&note, "%s%" JSON_INTEGER_FORMAT " events lost", note.len ? ", " : "",
			lost);
	put_row(
		(const char *const[COLUMNS]){
			[COLUMN_ID] = text_str(&id),
			[COLUMN_NAME] = text_str(&name),
			[COLUMN_OWNER] = *owner ? owner : "-",
			[COLUMN_PROFILE] = *profile ? profile : "-",
			[COLUMN_MODE] = *mode ? mode : "-",
			[COLUMN_STATE] = daemon_command_text(c, "state"),
			[COLUMN_REFUSED] = text_str(&refused),
			[COLUMN_NOTE] = text_str(&note),
		},
		owners);
}

static void print(const json_t *containers)
{
	static const char *const head[COLUMNS] = { "CONTAINER", "NAME", "OWNER", "PROFILE", "MODE",
		"STATE", "REFUSED", "NOTE" };
	bool owners = false;
	const json_t *c;
	size_t i;

	json_array_foreach ((json_t *)containers, i, c)
		owners |= json_object_get(c, "owner") != NULL;
	put_row(head, owners);
	json_array_foreach ((json_t *)containers, i, c)
		print_container(c, owners);
}

static int ps(const struct invocation *in)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *answer = NULL;
	int status = daemon_command_connect(in, OPT_RUN, "events", &p);

	if (status == STATUS_OK)
		status = daemon_command_call(in, p, "ps", NULL, &answer);
	if (status != STATUS_OK)
		return status;
	if (option_given(in, OPT_JSON))
		output_json(json_incref(json_object_get(answer, "containers")), stdout);
	else
		print(json_object_get(answer, "containers"));
	json_decref(answer);
	return STATUS_OK;
}

static const struct operand_spec operands[] = { OPERANDS_END };

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list this node's containers and their policies",
	.usage = "[--run DIR] [--json]",
	.description = "Asks paled which containers it knows: the policy that each was started "
		       "with, whether it enforces or audits, how much it was refused since, and "
		       "whether the policy has changed meanwhile.",
	.example = "pale ps",
	.options = options,
	.operands = operands,
	.run = ps,
};
