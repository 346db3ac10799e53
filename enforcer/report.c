/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/policy_text.h"
#include "enforcer/near_rule.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[] = {
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_KILLED] = "killed",
	[OUTCOME_AUDITED] = "audited",
	[OUTCOME_NOT_ENFORCED] = "not-enforced",
	[OUTCOME_OVERBLOCKED] = "overblocked",
};

static const char *headline(const struct violation *v)
{
	bool allowed = v->decision.verdict == VERDICT_ALLOW;

	switch (v->outcome) {
	case OUTCOME_REFUSED:
		return "denied";
	case OUTCOME_KILLED:
		return "killed";
	case OUTCOME_AUDITED:
		return allowed				     ? "audited"
		       : v->decision.verdict == VERDICT_KILL ? "would be killed"
							     : "would be denied";
	case OUTCOME_NOT_ENFORCED:
		return "not enforced";
	case OUTCOME_OVERBLOCKED:
		return "refused though allowed";
	}
	assert(!"an outcome");
	return NULL;
}

static const char *headline_colour(const struct violation *v)
{
	return v->outcome == OUTCOME_REFUSED || v->outcome == OUTCOME_KILLED ? "\033[1;31m"
									     : "\033[1;35m";
}

/* The deciding line. A default's, and an unknown call's, is that of the profile. */
static const struct rule_line *deciding_line(const struct violation *v)
{
	const struct rule *rule = v->decision.rule;

	if (rule && rule->n_lines)
		return &rule->lines[0];
	return &v->policy->domains[v->domain]->line;
}

static void add_arguments(struct text *t, const struct violation *v)
{
	const struct vocab_syscall *call;

	if (!v->has_arguments || v->syscall < 0 || v->operation != OP_SYSCALL)
		return;
	call = &vocab_syscalls[v->syscall];
	text_putc(t, '(');
	for (unsigned i = 0; i < call->n_arguments; i++) {
		const struct vocab_argument *a = &call->arguments[i];
		uint64_t value = vocab_argument_value(a, v->abi, v->arguments);

		text_printf(t, "%s%s=", i ? ", " : "", a->name);
		if (a->is_signed || value < 1024)
			text_printf(t, "%" PRId64, (int64_t)value);
		else
			text_printf(t, "0x%" PRIx64, value);
	}
	text_putc(t, ')');
}

/* The object as one argument of `pale query` would be, and a call with its arguments. */
static void add_object(struct text *t, const struct violation *v)
{
	text_escaped(t, v->object, v->object_len);
	add_arguments(t, v);
}

/* The source line without its own indentation's tabs turned into escapes. */
static void add_line(struct text *t, const struct rule_line *line)
{
	text_printf(t, "%5" PRIu32 " | ", line->line);
	for (const char *s = line->text; *s;) {
		size_t n = strcspn(s, "\t");

		text_escaped(t, s, n);
		s += n;
		if (*s == '\t') {
			text_putc(t, '\t');
			s++;
		}
	}
	text_putc(t, '\n');
}

static void add_near(struct text *t, const struct violation *v)
{
	const struct rule *near =
		near_rule(v->policy, v->domain, v->operation, v->object, v->object_len);
	_cleanup_free_ char *allowing = report_allowing_rule(v);

	if (near && near->n_lines) {
		text_puts(t, "  nearest: ");
		text_escaped(t, near->lines[0].file, strlen(near->lines[0].file));
		text_printf(t, ":%" PRIu32 ":%" PRIu32 ": ", near->lines[0].line,
			near->lines[0].column);
		text_escaped(t, near->text, strlen(near->text));
		text_putc(t, '\n');
	}
	if (allowing) {
		text_puts(t, "  hint: '");
		text_escaped(t, allowing, strlen(allowing));
		text_puts(t, "' would allow it\n");
	}
}

void report_print(const struct violation *v, FILE *to, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const struct rule_line *line = deciding_line(v);
	const struct rule *rule = v->decision.rule;

	text_puts(&t, colour ? "\033[1m" : "");
	text_escaped(&t, line->file, strlen(line->file));
	text_printf(&t, ":%" PRIu32 ":%" PRIu32 ": %s%s:%s %s%s", line->line, line->column,
		colour ? headline_colour(v) : "", headline(v), colour ? "\033[0;1m" : "",
		vocab_operations[v->operation].name, v->object_len ? " " : "");
	add_object(&t, v);
	text_printf(&t, "%s  (pid %d", colour ? "\033[0m" : "", v->pid);
	if (*v->executable) {
		text_putc(&t, ' ');
		text_escaped(&t, v->executable, strlen(v->executable));
	}
	if (v->container) {
		text_puts(&t, ", container ");
		text_escaped(&t, v->container, strlen(v->container));
	}
	text_printf(&t, ", %s)\n", mechanism_names[v->mechanism]);
	add_line(&t, line);
	if (v->object_class == CLASS_DRIFT)
		text_puts(&t, "  note: the file was made or changed since the start\n");
	if (v->outcome == OUTCOME_NOT_ENFORCED)
		text_printf(&t, "  note: %s lets this pass here\n", mechanism_names[v->mechanism]);
	if (v->outcome == OUTCOME_OVERBLOCKED)
		text_printf(&t, "  note: the policy allows it; %s is narrower here\n",
			mechanism_names[v->mechanism]);
	if (v->decision.verdict != VERDICT_ALLOW && (!rule || rule->is_default))
		add_near(&t, v);
	if (v->lost)
		text_printf(&t, "  note: %" PRIu64 " events before this one were lost\n", v->lost);
	fwrite(t.s, 1, t.len, to);
	fflush(to);
}

/* Parentheses hold what a mechanism says for want of an object: "(without a path)", "tcp (address
 * not told by AppArmor)". A mount's several words are not taken apart again. */
static bool has_no_words(const struct violation *v, size_t before_path)
{
	enum vocab_object kind = vocab_operations[v->operation].object;

	if (v->operation == OP_SYSCALL)
		return v->syscall < 0;
	if (kind == OBJECT_MOUNT || (v->object_len && v->object[0] == '('))
		return true;
	return kind == OBJECT_NETWORK && memchr(v->object, '(', before_path);
}

char *report_allowing_rule(const struct violation *v)
{
	static const char *const classes[CLASS_COUNT] = { "", "drift ", "anonymous" };
	struct text t = TEXT_INIT;
	const char *path = memchr(v->object, '/', v->object_len);
	size_t before = path ? (size_t)(path - v->object) : v->object_len;
	bool classed = v->operation == OP_EXEC || v->operation == OP_MAP;

	text_printf(
		&t, "allow %s%s", vocab_operations[v->operation].name, v->object_len ? " " : "");
	if (classed)
		text_puts(&t, classes[v->object_class]);
	if (classed && v->object_class == CLASS_ANONYMOUS)
		return text_take(&t);
	if (has_no_words(v, before)) {
		text_release(&t);
		return NULL;
	}
	text_add(&t, v->object, before);
	if (path)
		policy_text_path(&t, path, v->object_len - before);
	return text_take(&t);
}

/* JSON holds no bytes that are not UTF-8; these become \xHH, as in the human form. */
static json_t *string(const char *s, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, s, len);
	return json_stringn(text_str(&t), t.len);
}

static json_t *process_json(pid_t pid, const char *executable)
{
	return json_pack("{s:i, s:o}", "pid", (int)pid, "executable",
		string(executable ? executable : "", executable ? strlen(executable) : 0));
}

static json_t *syscall_json(const struct violation *v)
{
	json_t *o = json_object();

	if (v->syscall >= 0)
		json_object_set_new(o, "name", json_string(vocab_syscalls[v->syscall].name));
	json_object_set_new(o, "number", json_integer(v->syscall_number));
	json_object_set_new(o, "abi", json_string(vocab_abi_name(v->abi)));
	if (v->has_arguments) {
		json_t *a = json_array();

		/* All 64 bits: JSON numbers are too small. */
		for (int i = 0; i < 6; i++)
			json_array_append_new(a, json_sprintf("0x%" PRIx64, v->arguments[i]));
		json_object_set_new(o, "arguments", a);
	}
	return o;
}

json_t *report_json(const struct violation *v)
{
	const struct rule_line *line = deciding_line(v);
	const struct rule *rule = v->decision.rule;
	const struct rule *near = NULL;
	json_t *o = json_object();

	json_object_set_new(o, "time", report_time_json(v->time_ns));
	json_object_set_new(o, "profile", json_string(v->policy->domains[v->domain]->name));
	json_object_set_new(o, "file", string(line->file, strlen(line->file)));
	json_object_set_new(o, "line", json_integer(line->line));
	json_object_set_new(o, "column", json_integer(line->column));
	if (rule) {
		json_object_set_new(o, "rule", string(rule->text, strlen(rule->text)));
		json_object_set_new(o, "rule_id", json_sprintf("%016" PRIx64, rule->id));
		json_object_set_new(o, "default", json_boolean(rule->is_default));
	} else {
		json_object_set_new(o, "rule", json_null());
		json_object_set_new(o, "rule_id", json_null());
		json_object_set_new(o, "default", json_true());
	}
	json_object_set_new(o, "operation", json_string(vocab_operations[v->operation].name));
	json_object_set_new(o, "object", string(v->object, v->object_len));
	json_object_set_new(o, "verdict", json_string(verdict_word(&v->decision)));
	json_object_set_new(o, "outcome", json_string(outcome_names[v->outcome]));
	json_object_set_new(o, "mechanism", json_string(mechanism_names[v->mechanism]));
	json_object_set_new(o, "process", process_json(v->pid, v->executable));
	json_object_set_new(o, "parent", process_json(v->parent, v->parent_executable));
	if (v->container)
		json_object_set_new(o, "container", string(v->container, strlen(v->container)));
	if (v->syscall >= 0 || v->has_arguments)
		json_object_set_new(o, "syscall", syscall_json(v));
	if (v->decision.verdict != VERDICT_ALLOW && (!rule || rule->is_default)) {
		_cleanup_free_ char *allowing = report_allowing_rule(v);

		near = near_rule(v->policy, v->domain, v->operation, v->object, v->object_len);
		if (near && near->n_lines)
			json_object_set_new(o, "nearest",
				json_pack("{s:o, s:i, s:o}", "file",
					string(near->lines[0].file, strlen(near->lines[0].file)),
					"line", (int)near->lines[0].line, "rule",
					string(near->text, strlen(near->text))));
		if (allowing)
			json_object_set_new(o, "hint", string(allowing, strlen(allowing)));
	}
	if (v->lost)
		json_object_set_new(o, "lost", json_integer((json_int_t)v->lost));
	return o;
}
