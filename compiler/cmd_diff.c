/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/diff.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON, OPT_NO_WIDENING };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = OPTION_JSON,
	[OPT_NO_WIDENING] = { "no-widening",
		.help = "exit with 1 when NEW allows what OLD does not" },
	OPTIONS_END,
};

static const char signs[DIFF_DIRECTIONS] = {
	[DIFF_ALLOWED] = '+', [DIFF_REFUSED] = '-', [DIFF_ENTERS] = '>'
};
static const char *const words[DIFF_DIRECTIONS] = {
	[DIFF_ALLOWED] = "allowed", [DIFF_REFUSED] = "refused", [DIFF_ENTERS] = "enters"
};
static const char *const colours[DIFF_DIRECTIONS] = {
	[DIFF_ALLOWED] = "\033[31m", [DIFF_REFUSED] = "\033[32m", [DIFF_ENTERS] = "\033[31m"
};
static const char *const class_words[CLASS_COUNT] = {
	[CLASS_PLAIN] = "", [CLASS_DRIFT] = "drift ", [CLASS_ANONYMOUS] = ""
};

static const char *operation_word(const struct difference *v)
{
	return v->operation == OP_COUNT ? "mode" : vocab_operations[v->operation].name;
}

/* More than this many calls are counted. */
#define CALLS_SHOWN 12

static void put_object(struct text *t, const struct difference *v)
{
	if (v->n_calls > 1) {
		for (uint32_t i = 0; i < v->n_calls && i < CALLS_SHOWN; i++)
			text_printf(t, "%s%s", i ? ", " : "", v->calls[i]);
		if (v->n_calls > CALLS_SHOWN)
			text_printf(t, " and %u more", v->n_calls - CALLS_SHOWN);
	} else {
		text_puts(t, class_words[v->object_class]);
		text_escaped(t, v->object, v->object_len);
	}
	if (v->of_another)
		text_puts(t, "  (of another owner)");
	if (v->operation == OP_SYSCALL && v->abi != vocab_abi_native())
		text_printf(t, "  (%s)", vocab_abi_name(v->abi));
}

static void put_rule(struct text *t, const char *which, const struct rule *rule)
{
	text_printf(t, "    %s  ", which);
	if (!rule) {
		text_puts(t, "no rule\n");
		return;
	}
	if (!rule->derived) {
		text_escaped(t, rule->lines[0].file, strlen(rule->lines[0].file));
		text_printf(t, ":%u: ", rule->lines[0].line);
	}
	text_escaped(t, rule->text, strlen(rule->text));
	text_putc(t, '\n');
}

static const char *domain_name(const struct diff *d, const struct difference *v)
{
	return v->new_domain >= 0 ? d->after->domains[v->new_domain]->name : d->after->name;
}

static void print_difference(const struct diff *d, const struct difference *v, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s%c %s%s: %s ", colour ? colours[v->direction] : "", signs[v->direction],
		domain_name(d, v), colour ? "\033[m" : "", operation_word(v));
	put_object(&t, v);
	text_putc(&t, '\n');
	if (v->operation != OP_COUNT) {
		put_rule(&t, "old", v->old_rule);
		put_rule(&t, "new", v->new_rule);
	}
	fputs(text_str(&t), stdout);
}

static json_t *rule_json(const struct rule *rule)
{
	json_t *o;
	char id[17];

	if (!rule)
		return json_null();
	o = json_object();
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)rule->id);
	json_object_set_new(o, "rule", json_text(rule->text));
	json_object_set_new(o, "rule_id", json_string(id));
	if (!rule->derived) {
		json_object_set_new(o, "file", json_text(rule->lines[0].file));
		json_object_set_new(o, "line", json_integer(rule->lines[0].line));
	}
	return o;
}

static json_t *difference_json(const struct diff *d, const struct difference *v)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	json_t *o = json_object(), *calls;

	text_escaped(&object, v->object, v->object_len);
	json_object_set_new(o, "profile", json_text(domain_name(d, v)));
	json_object_set_new(o, "change", json_string(words[v->direction]));
	json_object_set_new(o, "operation", json_string(operation_word(v)));
	json_object_set_new(o, "object", json_text(text_str(&object)));
	if (v->object_class == CLASS_DRIFT)
		json_object_set_new(o, "drift", json_true());
	if (v->of_another)
		json_object_set_new(o, "of_another_owner", json_true());
	if (v->operation == OP_SYSCALL) {
		json_object_set_new(o, "abi", json_string(vocab_abi_name(v->abi)));
		calls = json_array();
		for (uint32_t i = 0; i < v->n_calls; i++)
			json_array_append_new(calls, json_string(v->calls[i]));
		json_object_set_new(o, "calls", calls);
	}
	json_object_set_new(o, "old", rule_json(v->old_rule));
	json_object_set_new(o, "new", rule_json(v->new_rule));
	return o;
}

struct side {
	struct compilation c;
	char *file;
	const char *profile;
};

/* false: its diagnostics were printed. */
static bool read_side(const struct invocation *in, const char *argument, struct side *s)
{
	compile_split_argument(argument, &s->file, &s->profile);
	input_compile(&s->c, in, OPT_INCLUDE, s->file);
	if (!s->c.diags.n_errors && !s->c.n_policies)
		diag_error_unplaced(&s->c.diags, "%s: no profile to compare", s->file);
	if (s->profile && strchr(s->profile, '/'))
		diag_error_unplaced(&s->c.diags,
			"'%s' is a sub-profile: those are compared with their profile", s->profile);
	else if (s->profile)
		compilation_policy(&s->c, s->profile);
	if (s->c.diags.n)
		input_diagnose(&s->c, option_given(in, OPT_JSON));
	return !s->c.diags.n_errors;
}

static void side_release(struct side *s)
{
	compilation_release(&s->c);
	free(s->file);
}

/* What is written of all pairs of profiles together. */
struct outcome {
	const struct invocation *in;
	json_t *all; /* NULL: as text */
	uint32_t by_direction[DIFF_DIRECTIONS];
	uint32_t unpaired;
	bool widens;
	struct pale_err *err;
};

static bool compare_pair(struct outcome *o, const struct policy *before, const struct policy *after)
{
	struct diff d = { .arena = arena_new() };
	bool ok = policy_diff(&d, before, after, &o->err) >= 0;

	for (uint32_t i = 0; i < d.n && ok; i++) {
		o->by_direction[d.v[i]->direction]++;
		if (o->all)
			json_array_append_new(o->all, difference_json(&d, d.v[i]));
		else
			print_difference(&d, d.v[i], colour_wanted(stdout));
	}
	o->widens = o->widens || diff_widens(&d);
	if (!ok)
		pale_err_wrap(&o->err, "compare '%s' with '%s'", before->name, after->name);
	arena_free(d.arena);
	return ok;
}

/* A profile that only one file has: all that it allows is new, or gone. */
static void tell_unpaired(struct outcome *o, const struct policy *p, enum diff_direction direction)
{
	o->unpaired++;
	o->widens = o->widens || direction == DIFF_ALLOWED;
	if (o->all) {
		json_t *v = json_object();

		json_object_set_new(v, "profile", json_text(p->name));
		json_object_set_new(v, "change",
			json_string(
				direction == DIFF_ALLOWED ? "profile added" : "profile removed"));
		json_array_append_new(o->all, v);
	} else {
		printf("%c %s: the whole profile\n", signs[direction], p->name);
	}
}

static struct policy *find(const struct compilation *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_policies; i++) {
		if (!strcmp(c->policies[i]->name, name))
			return c->policies[i];
	}
	return NULL;
}

static bool compare_files(struct outcome *o, struct side *old, struct side *new)
{
	/* Named ones, or the only ones, are compared whatever they are called. */
	if (old->profile || new->profile || (old->c.n_policies == 1 && new->c.n_policies == 1)) {
		struct policy *before = compilation_policy(&old->c, old->profile);
		struct policy *after = compilation_policy(&new->c, new->profile);

		return compare_pair(o, before, after);
	}
	for (uint32_t i = 0; i < new->c.n_policies; i++) {
		struct policy *after = new->c.policies[i], *before = find(&old->c, after->name);

		if (!before)
			tell_unpaired(o, after, DIFF_ALLOWED);
		else if (!compare_pair(o, before, after))
			return false;
	}
	for (uint32_t i = 0; i < old->c.n_policies; i++) {
		if (!find(&new->c, old->c.policies[i]->name))
			tell_unpaired(o, old->c.policies[i], DIFF_REFUSED);
	}
	return true;
}

static void print_summary(const struct outcome *o)
{
	uint32_t more = o->by_direction[DIFF_ALLOWED], less = o->by_direction[DIFF_REFUSED];

	if (!more && !less && !o->by_direction[DIFF_ENTERS] && !o->unpaired) {
		printf("%s and %s allow the same\n", o->in->operands[0], o->in->operands[1]);
		return;
	}
	printf("%u allowed that %s not, %u no longer", more, more == 1 ? "was" : "were", less);
	if (o->by_direction[DIFF_ENTERS])
		printf(", %u in another profile", o->by_direction[DIFF_ENTERS]);
	putchar('\n');
}

static int diff(const struct invocation *in)
{
	bool json = option_given(in, OPT_JSON);
	struct outcome o = { .in = in, .all = json ? json_array() : NULL };
	struct side old = { .file = NULL }, new = { .file = NULL };
	bool read = read_side(in, in->operands[0], &old);
	int status = STATUS_POLICY;

	/* Both, so that one run tells what is wrong with either. */
	if (read_side(in, in->operands[1], &new) && read && compare_files(&o, &old, &new)) {
		if (json)
			output_json(json_incref(o.all), stdout);
		else
			print_summary(&o);
		status = o.widens && option_given(in, OPT_NO_WIDENING) ? STATUS_POLICY : STATUS_OK;
	}
	if (o.err)
		input_failure(in, o.err);
	pale_err_free(o.err);
	json_decref(o.all);
	side_release(&old);
	side_release(&new);
	return status;
}

const struct command cmd_diff = {
	.name = "diff",
	.summary = "what is allowed that was not, and no longer",
	.usage = "[OPTION…] OLD[:PROFILE] NEW[:PROFILE]",
	.description =
		"Compares what two policies allow, not how they are written. Each difference has a "
		"witness, as 'pale query' takes it, and the rules that decide it in either: + is "
		"allowed and was not, - no longer, and > runs in another profile than before. "
		"What one pair of rules makes of many objects is told once.\n\n"
		"Profiles are paired by their names, unless each file has one, or one is named. "
		"How a refusal looks (its errno, kill, a report) is not compared.\n\n"
		"Exits with 0 whatever differs; with --no-widening, with 1 when anything is "
		"allowed "
		"that was not.",
	.example = "pale diff main/web.pale web.pale\n"
		   "pale diff --no-widening main/web.pale web.pale      in CI",
	.options = options,
	.operands_min = 2,
	.operands_max = 2,
	.run = diff,
};
