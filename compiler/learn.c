/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/expect.h"
#include "compiler/fmt.h"
#include "compiler/policy_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct decision learn_decide(const struct policy *p, uint32_t domain, const struct learn_item *item)
{
	static const char nobody[] = "seen-by-nobody";
	_cleanup_free_ char *path = NULL;
	struct request r;

	if (learn_request(&item->o, &r))
		return (struct decision){ .verdict = VERDICT_DENY, .transition = -1 };
	if (item->o.folded) {
		path = malloc(r.path_len + sizeof(nobody));
		if (!path)
			abort();
		memcpy(path, r.path, r.path_len);
		memcpy(path + r.path_len, nobody, sizeof(nobody));
		r.path = path;
		r.path_len += sizeof(nobody) - 1;
	}
	if (item->o.operation == OP_SYSCALL && !(p->abis & (1u << r.abi)))
		return (struct decision){ .verdict = VERDICT_DENY, .transition = -1 };
	return decide(p, domain, &r);
}

uint32_t learn_domain_index(
	const struct learn_work *w, const struct policy *p, const struct learn_domain *d)
{
	int32_t found = d == w->domains ? 0 : policy_domain_from(p, 0, d->name);

	return found < 0 ? 0 : (uint32_t)found;
}

/* ---- what is hand-written */

struct file {
	const struct source *source;
	struct learn_part parts[PARTS];
};

static const struct compile_options *options_of(struct learn_work *w)
{
	struct compile_options *o = arena_alloc(w->arena, sizeof(*o));

	o->include_dirs = w->options->include_dirs;
	o->n_include_dirs = w->options->n_include_dirs;
	return o;
}

static struct compilation *compile(struct learn_work *w, const struct text *t)
{
	struct compilation *c = arena_alloc(w->arena, sizeof(*c));

	compile_bytes(c, w->file_name, text_str(t), t->len, options_of(w));
	return c;
}

static struct policy *policy_of(struct learn_work *w, struct compilation *c)
{
	for (uint32_t i = 0; i < c->n_policies; i++) {
		if (!strcmp(c->policies[i]->name, w->name))
			return c->policies[i];
	}
	return NULL;
}

static void first_error(struct learn_work *w, struct compilation *c, const char *what)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	diag_first_error(&c->diags, false, &err);
	diag_error_unplaced(w->diags, "%s: %s", what, pale_err_text(err));
}

static bool compile_hand(struct learn_work *w, const struct file *f)
{
	static const char *const nothing[PARTS] = { "", "", "" };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint32_t lines[PARTS];

	learn_parts_put(f->source, f->parts, nothing, &t, lines);
	w->hand = compile(w, &t);
	if (w->hand->diags.n_errors) {
		first_error(w, w->hand, "the hand-written part is no policy by itself");
		return false;
	}
	w->hand_policy = policy_of(w, w->hand);
	return w->hand_policy;
}

/* What hand-written rules say of it: nothing where it is their default that decides. */
static void ask_hand(struct learn_work *w, struct learn_part_of *part)
{
	const struct learn_item *item = &w->items[part->item];
	struct decision v = learn_decide(w->hand_policy, 0, item);
	const struct rule_line *line;

	if (v.verdict == VERDICT_ALLOW && !v.depends) {
		/* fork is allowed by default, calls are derived: nothing is to be learned either.
		 */
		part->done = true;
		return;
	}
	if (v.verdict == VERDICT_ALLOW || !v.rule || v.rule->is_default || v.rule->derived ||
		v.rule->effect == EFFECT_ALLOW)
		return;
	part->done = part->told = part->refused = true;
	line = &v.rule->lines[0];
	learn_note_item(w, LEARN_REFUSED, item, "%s:%" PRIu32 " refuses it: not learned",
		line->file, line->line);
}

/* What hand-written rules lead into a sub-profile. */
struct entered {
	const struct learn_observation *exec;
	uint32_t domain;
};

static struct entered *find_entered(struct learn_work *w, uint32_t *ret_n)
{
	struct entered *v = NULL;
	uint32_t n = 0, cap = 0;

	/* exec is the first operation. */
	for (uint32_t i = 0; w->hand_policy->n_domains > 1 && i < w->n_items &&
			     w->items[i].o.operation == OP_EXEC;
		i++) {
		struct decision d = learn_decide(w->hand_policy, 0, &w->items[i]);
		struct entered e = { &w->items[i].o, (uint32_t)d.transition };

		if (d.verdict == VERDICT_ALLOW && d.transition > 0)
			ARENA_PUSH(w->arena, v, n, cap, e);
	}
	*ret_n = n;
	return v;
}

/* The sub-profile of hand-written rules that the executable runs in; 0: none. */
static uint32_t hand_domain(const struct entered *v, uint32_t n, const struct learn_observation *o)
{
	for (uint32_t i = 0; i < n; i++) {
		if (o->executable && o->executable_len == v[i].exec->object_len &&
			!memcmp(o->executable, v[i].exec->object, o->executable_len))
			return v[i].domain;
	}
	return 0;
}

static void ask_hand_about_all(struct learn_work *w)
{
	struct learn_domain *d = &w->domains[0];
	uint32_t n;
	const struct entered *entered = find_entered(w, &n);

	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		uint32_t sub = hand_domain(entered, n, &item->o);
		struct decision v;

		if (!sub) {
			ask_hand(w, &d->items[i]);
			continue;
		}
		v = learn_decide(w->hand_policy, sub, item);
		d->items[i].done = d->items[i].told = true;
		if (v.verdict != VERDICT_ALLOW)
			learn_note_item(w, LEARN_LEFT_OUT, item,
				"it is for the hand-written sub-profile %s to allow",
				w->hand_policy->domains[sub]->name);
	}
}

/* ---- drafts: what was learned so far, for the compiler */

#define ROUNDS_MAX 1000

static struct compilation *compile_draft(
	struct learn_work *w, const struct file *f, uint32_t *ret_line)
{
	_cleanup_(text_release) struct text uses = TEXT_INIT, rules = TEXT_INIT, t = TEXT_INIT;
	const char *texts[PARTS] = { [PART_TESTS] = "" };
	uint32_t lines[PARTS];

	learn_write_uses(w, &uses);
	learn_write_draft(w, &rules);
	texts[PART_USES] = text_str(&uses);
	texts[PART_RULES] = text_str(&rules);
	learn_parts_put(f->source, f->parts, texts, &t, lines);
	*ret_line = lines[PART_RULES];
	return compile(w, &t);
}

/* Drops the rule that stands where the compiler points, if it is a learned one. */
static bool drop_at(struct learn_work *w, const struct compilation *c, const struct diag *e,
	struct span at, uint32_t first_line)
{
	uint32_t line, column;
	const char *rule;

	if (!c->sources.v[at.source]->own)
		return false;
	source_position(c->sources.v[at.source], at.offset, &line, &column);
	rule = line > first_line ? learn_draft_line(w, line - first_line, true, NULL) : NULL;
	if (!rule)
		return false;
	learn_note(w, LEARN_LEFT_OUT, arena_printf(w->arena, "allow %s", rule),
		arena_strdup(w->arena, e->text));
	return true;
}

static bool repair(struct learn_work *w, const struct compilation *c, uint32_t first_line)
{
	bool any = false;

	for (uint32_t i = 0; i < c->diags.n; i++) {
		const struct diag *e = c->diags.v[i];
		bool dropped;

		if (e->severity != SEVERITY_ERROR)
			continue;
		dropped = e->placed && drop_at(w, c, e, e->at, first_line);
		for (uint32_t k = 0; k < e->n_notes && !dropped; k++)
			dropped =
				e->notes[k].placed && drop_at(w, c, e, e->notes[k].at, first_line);
		any |= dropped;
	}
	return any;
}

struct testing {
	struct learn_work *w;
	uint32_t first_line;
	bool dropped;
};

/*
 * A hand-written test says that something is refused, and what was learned allows it: the test is
 * what its author means.
 */
static void obey_test(void *ctx, const struct expectation *e)
{
	struct testing *t = ctx;
	const struct rule *rule = e->decision.rule;
	const char *dropped = NULL;

	if (e->holds || e->expects_allow || e->decision.depends || !rule || !rule->n_lines)
		return;
	for (uint32_t i = 0; i < rule->n_lines && !dropped; i++) {
		const struct rule_line *line = &rule->lines[i];

		if (!line->own)
			dropped = learn_draft_drop_include(t->w, line->file);
		else if (line->line > t->first_line)
			dropped = learn_draft_line(t->w, line->line - t->first_line, true, NULL);
	}
	if (!dropped)
		return;
	t->dropped = true;
	learn_note(t->w, LEARN_LEFT_OUT, arena_printf(t->w->arena, "allow %s", dropped),
		arena_printf(t->w->arena, "the test \"%s\" says that it is refused", e->test));
}

/* NULL with an error. What it returns is to be released. */
static struct compilation *compile_repaired(
	struct learn_work *w, const struct file *f, uint32_t *ret_line)
{
	for (unsigned int round = 0;; round++) {
		struct compilation *c = compile_draft(w, f, ret_line);
		struct testing t = { .w = w, .first_line = *ret_line };

		if (!c->diags.n_errors) {
			expectations_run(c, obey_test, &t);
			if (!t.dropped)
				return c;
			compilation_release(c);
			continue;
		}
		if (round == ROUNDS_MAX || !repair(w, c, *ret_line)) {
			first_error(w, c, "no policy can be made of what was seen");
			compilation_release(c);
			return NULL;
		}
		compilation_release(c);
	}
}

static struct compilation *compile_globs(struct learn_work *w, const struct file *f)
{
	for (;;) {
		uint32_t line;
		struct compilation *c = compile_repaired(w, f, &line);
		const struct policy *p;
		bool changed = false;

		if (!c)
			return NULL;
		p = policy_of(w, c);
		for (uint32_t i = 0; i < w->n_domains; i++) {
			changed |=
				learn_narrow(w, p, learn_domain_index(w, p, &w->domains[i]), line);
		}
		if (!changed)
			return c;
		compilation_release(c);
	}
}

static void mark_allowed(struct learn_work *w, const struct policy *p)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		struct learn_domain *d = &w->domains[i];
		uint32_t domain = learn_domain_index(w, p, d);

		for (uint32_t k = 0; k < d->n_items; k++) {
			const struct learn_item *item = &w->items[d->items[k].item];

			if (!d->items[k].done && item->o.operation != OP_SYSCALL &&
				learn_decide(p, domain, item).verdict == VERDICT_ALLOW)
				d->items[k].done = true;
		}
	}
}

/* What is refused after all, since rules were dropped or left out on purpose, and what of the rest
 * people should look at. */
static void tell_result(struct learn_work *w, const struct policy *p)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		struct learn_domain *d = &w->domains[i];
		uint32_t domain = learn_domain_index(w, p, d);

		for (uint32_t k = 0; k < d->n_items; k++) {
			const struct learn_item *item = &w->items[d->items[k].item];
			struct decision v = learn_decide(p, domain, item);

			/* Some arguments of a call pass, and which were meant nobody saw. */
			if (v.verdict == VERDICT_ALLOW || v.depends) {
				if (d->items[k].look)
					learn_note_item(
						w, LEARN_SECRET, item, "%s", d->items[k].look);
				continue;
			}
			if (!d->items[k].told && !learn_is_fallback(item, &v))
				learn_note_item(w, LEARN_LEFT_OUT, item,
					"a rule or fragment for it was left out");
			w->n_missing += !d->items[k].refused && !learn_is_fallback(item, &v);
			d->items[k].told = true;
		}
	}
}

static bool learn_rules(struct learn_work *w, const struct file *f)
{
	struct compilation *c;
	uint32_t line;

	for (uint32_t i = 0; i < w->n_domains; i++) {
		struct learn_domain *d = &w->domains[i];

		learn_fragments_choose(w, d);
		learn_others(w, d);
		learn_network(w, d);
		learn_state(w, d);
		learn_paths_globs(w, d);
	}
	c = compile_globs(w, f);
	if (!c)
		return false;
	mark_allowed(w, policy_of(w, c));
	compilation_release(c);
	for (uint32_t i = 0; i < w->n_domains; i++)
		learn_paths_literal(w, &w->domains[i]);
	c = compile_repaired(w, f, &line);
	if (!c)
		return false;
	for (uint32_t i = 0; i < w->n_domains; i++) {
		struct learn_domain *d = &w->domains[i];
		const struct policy *p = policy_of(w, c);
		uint32_t domain = learn_domain_index(w, p, d);

		learn_fragments_for_calls(w, d, p, domain);
		learn_calls(w, d, p, domain);
	}
	compilation_release(c);
	return true;
}

/* ---- the file */

/* false: it cannot be formatted, and *@t is as it was. */
static bool formatted(struct learn_work *w, struct text *t)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (!fmt_policy(source_add(&sources, w->file_name, text_str(t), t->len), &diags, &made))
		return false;
	text_clear(t);
	text_add(t, made.s, made.len);
	return true;
}

/* As formatted(), but of the learned parts alone. */
static void formatted_parts(struct learn_work *w, const struct file *f, struct text *t)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text whole = TEXT_INIT;
	const char *texts[PARTS];
	struct source_set sources;
	struct diag_list diags;
	uint32_t lines[PARTS];

	text_add(&whole, text_str(t), t->len);
	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (!formatted(w, &whole) ||
		!learn_parts_texts(
			source_add(&sources, w->file_name, whole.s, whole.len), &diags, a, texts))
		return;
	text_clear(t);
	learn_parts_put(f->source, f->parts, texts, t, lines);
}

static void put_file(
	struct learn_work *w, const struct file *f, const struct text *tests, struct text *to)
{
	_cleanup_(text_release) struct text uses = TEXT_INIT, rules = TEXT_INIT;
	const char *texts[PARTS];
	uint32_t lines[PARTS];

	learn_write_uses(w, &uses);
	learn_write_rules(w, &rules);
	texts[PART_USES] = text_str(&uses);
	texts[PART_RULES] = text_str(&rules);
	texts[PART_TESTS] = text_str(tests);
	learn_parts_put(f->source, f->parts, texts, to, lines);
}

/* The whole of it must be right: that it is not would be a mistake in here. */
static bool check(struct learn_work *w, const struct text *t)
{
	struct compilation *c = compile(w, t);
	bool ok;

	expectations_check(c);
	ok = !c->diags.n_errors;
	if (!ok)
		first_error(w, c, "with what was learned the file would be wrong");
	compilation_release(c);
	return ok;
}

static bool make_file(struct learn_work *w, const struct file *f, bool fresh)
{
	_cleanup_(text_release) struct text tests = TEXT_INIT, bare = TEXT_INIT;
	struct text *to = &w->result->policy;
	struct compilation *c;
	uint32_t line;

	/* Calls may have had rules that the compiler refuses. */
	c = compile_repaired(w, f, &line);
	if (!c)
		return false;
	compilation_release(c);
	put_file(w, f, &bare, &tests);
	c = compile(w, &tests);
	text_clear(&tests);
	if (c->diags.n_errors) {
		first_error(w, c, "with what was learned the file would be wrong");
		compilation_release(c);
		return false;
	}
	tell_result(w, policy_of(w, c));
	learn_tests_write(w, c, policy_of(w, c), &tests);
	learn_ready(w, policy_of(w, c));
	compilation_release(c);
	put_file(w, f, &tests, to);
	if (fresh)
		formatted(w, to);
	else
		formatted_parts(w, f, to);
	return check(w, to);
}

static int note_order(const void *a, const void *b)
{
	const struct learn_note *x = a, *y = b;
	int order = ((int)x->kind > (int)y->kind) - ((int)x->kind < (int)y->kind);

	/* Those of one reason together. */
	if (!order)
		order = strcmp(x->why, y->why);
	return order ? order : strcmp(x->what, y->what);
}

static void sort_notes(struct learn_result *r)
{
	uint32_t kept = 0;

	if (r->n_notes)
		qsort(r->notes, r->n_notes, sizeof(*r->notes), note_order);
	for (uint32_t i = 0; i < r->n_notes; i++) {
		if (kept == 0 || note_order(&r->notes[kept - 1], &r->notes[i]) != 0)
			r->notes[kept++] = r->notes[i];
	}
	r->n_notes = kept;
}

static void name_profile(struct learn_work *w)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (w->options->profile) {
		w->name = w->options->profile;
		return;
	}
	policy_text_name(&t, w->program ? w->program : "learned");
	w->name = arena_strdup(w->arena, text_str(&t));
}

static bool learn(struct learn_work *w, const struct source *hand)
{
	struct file f = { .source = hand };
	_cleanup_(text_release) struct text fresh = TEXT_INIT;

	if (!hand) {
		name_profile(w);
		learn_parts_new(w, &fresh);
		f.source = source_add(w->diags->sources, w->file_name, fresh.s, fresh.len);
	}
	if (!learn_parts_find(f.source, hand ? w->options->profile : w->name, w->diags, w->arena,
		    f.parts, &w->name, &w->has_abi))
		return false;
	if (!compile_hand(w, &f)) {
		if (!w->diags->n_errors)
			diag_error_unplaced(w->diags, "%s: no profile to learn for", w->file_name);
		return false;
	}
	learn_domains_make(w);
	ask_hand_about_all(w);
	return learn_rules(w, &f) && make_file(w, &f, !hand);
}

bool learn_policy(struct learn_runs *runs, const struct source *hand,
	const struct learn_options *options, struct diag_list *diags, struct learn_result *ret)
{
	struct learn_work w = { .options = options, .diags = diags, .result = ret };
	bool ok;

	*ret = (struct learn_result){ .arena = arena_new() };
	w.arena = ret->arena;
	w.file_name = hand ? hand->name : "learned.pale";
	learn_runs_sort(runs);
	learn_items_make(&w, runs);
	learn_weights(&w, &ret->weights);
	ok = learn(&w, hand);
	if (w.hand)
		compilation_release(w.hand);
	learn_fragments_release(&w);
	sort_notes(ret);
	return ok;
}

bool learn_has_rules(const struct source *hand)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *texts[PARTS];
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	return learn_parts_texts(source_add(&sources, hand->name, hand->bytes, hand->len), &diags,
		       a, texts) &&
	       *texts[PART_RULES];
}

void learn_result_release(struct learn_result *r)
{
	text_release(&r->policy);
	text_release(&r->weights);
	arena_free(r->arena);
}
