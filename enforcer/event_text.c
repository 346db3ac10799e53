/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/event_text.h"

#include "enforcer/daemon_command.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

static void put(struct text *t, const json_t *o, const char *member)
{
	const char *s = daemon_command_text(o, member);

	text_escaped(t, s, strlen(s));
}

void event_text_container(struct text *t, const json_t *c)
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
	if (json_object_get(c, "owner")) {
		text_puts(t, " of ");
		put(t, c, "owner");
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
		event_text_container(t, json_object_get(e, "container"));
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

/* Of the daemon's log. */
static void put_notice(struct text *t, const json_t *e)
{
	put(t, e, "kind");
	if (json_is_object(json_object_get(e, "container"))) {
		text_puts(t, ": container ");
		event_text_container(t, json_object_get(e, "container"));
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

/* As a shell would be given it, but for what is no text. */
static void put_word(struct text *t, const char *s)
{
	bool plain =
		*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "%+,-./:=@_")];

	if (plain) {
		text_puts(t, s);
		return;
	}
	text_putc(t, '\'');
	while (*s) {
		size_t n = strcspn(s, "'");

		text_escaped(t, s, n);
		s += n;
		if (*s) {
			text_puts(t, "'\\''");
			s++;
		}
	}
	text_putc(t, '\'');
}

void event_text_command(struct text *t, const json_t *exec)
{
	const json_t *process = json_object_get(exec, "process"), *one;
	const json_t *arguments = json_object_get(process, "arguments");
	size_t i;

	json_array_foreach ((json_t *)arguments, i, one) {
		text_puts(t, i ? " " : "");
		put_word(t, json_string_value(one) ? json_string_value(one) : "");
	}
	if (!json_array_size(arguments))
		put(t, process, "filename");
	if (json_is_true(json_object_get(process, "arguments_truncated")))
		text_puts(t, "…");
}

void event_text_end(struct text *t, const json_t *exit)
{
	const json_t *killed = json_object_get(exit, "signal");
	const char *name = killed ? sigabbrev_np((int)json_integer_value(killed)) : NULL;

	if (name)
		text_printf(t, "killed by %s", name);
	else if (killed)
		text_printf(
			t, "killed by signal %" JSON_INTEGER_FORMAT, json_integer_value(killed));
	else
		text_printf(t, "exit %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(exit, "exit_code")));
	if (json_is_true(json_object_get(exit, "core_dumped")))
		text_puts(t, ", core dumped");
}

void event_text_policy_line(struct text *t, const json_t *violation)
{
	put(t, violation, "file");
	text_printf(t, ":%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(violation, "line")),
		json_integer_value(json_object_get(violation, "column")));
}

const char *event_outcome(const json_t *violation)
{
	const char *outcome = daemon_command_text(violation, "outcome");

	return strcmp(outcome, "refused") == 0 ? "denied" : outcome;
}

void event_text_gap(struct text *t, const json_t *gap)
{
	const json_t *n = json_object_get(gap, "entries");

	if (n)
		text_printf(
			t, "%" JSON_INTEGER_FORMAT " entries are missing: ", json_integer_value(n));
	else
		text_puts(t, "entries may be missing: ");
	put(t, gap, "reason");
	if (json_object_get(gap, "error")) {
		text_puts(t, ": ");
		put(t, gap, "error");
	}
	if (json_object_get(gap, "from"))
		text_printf(t, ", from %.19sZ", daemon_command_text(gap, "from"));
	if (json_object_get(gap, "until"))
		text_printf(t, ", until %.19sZ", daemon_command_text(gap, "until"));
}

void event_text_change(struct text *t, const json_t *policy)
{
	put(t, policy, "change");
	if (json_object_get(policy, "profile")) {
		text_puts(t, ", profile ");
		put(t, policy, "profile");
	}
	if (json_object_get(policy, "mode")) {
		text_puts(t, ", mode ");
		put(t, policy, "mode");
	}
	if (json_object_get(policy, "error")) {
		text_puts(t, ": ");
		put(t, policy, "error");
	}
}

static void put_start(struct text *t, const json_t *e)
{
	text_printf(t, "from pid %" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(json_object_get(e, "parent"), "host_pid")));
}

static void put_connect(struct text *t, const json_t *e)
{
	put(t, e, "protocol");
	text_putc(t, ' ');
	put(t, e, "object");
}

/* What is recorded besides violations. */
static const struct {
	const char *kind;
	void (*put)(struct text *t, const json_t *e);
} recorded[] = {
	{ "start", put_start },
	{ "exec", event_text_command },
	{ "exit", event_text_end },
	{ "connect", put_connect },
	{ "policy", event_text_change },
	{ "gap", event_text_gap },
};

bool event_text_what(struct text *t, const json_t *e)
{
	const char *kind = daemon_command_text(e, "kind");

	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		if (strcmp(kind, recorded[i].kind) != 0)
			continue;
		recorded[i].put(t, e);
		return true;
	}
	return false;
}

static bool put_recorded(struct text *t, const json_t *e)
{
	const json_t *process = json_object_get(e, "process"),
		     *container = json_object_get(e, "container");
	size_t before = t->len;

	/* What it ended with says that it did. */
	if (strcmp(daemon_command_text(e, "kind"), "exit") != 0) {
		put(t, e, "kind");
		text_puts(t, ": ");
	}
	if (!event_text_what(t, e)) {
		t->len = before;
		return false;
	}
	if (process)
		text_printf(t, "  (pid %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(process, "host_pid")));
	if (container) {
		text_puts(t, process ? ", container " : "  (container ");
		event_text_container(t, container);
	}
	text_puts(t, process || container ? ")\n" : "\n");
	return true;
}

void event_text_line(struct text *t, const json_t *e, bool colour)
{
	/* To the second; the rest is for machines. */
	text_printf(t, "%.19sZ ", daemon_command_text(e, "time"));
	if (strcmp(daemon_command_text(e, "kind"), "violation") == 0)
		put_violation(t, e, colour);
	else if (!put_recorded(t, e))
		put_notice(t, e);
}
