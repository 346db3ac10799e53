/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/path_automaton.h"

#include "compiler/decide.h"
#include "compiler/glob_directory.h"

#include <stdlib.h>
#include <string.h>

static bool grants(const struct rule *r)
{
	return r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT;
}

/* umount stands alone in its rules: no other operation takes these paths. */
static void add_directories(
	const struct policy *p, struct dfa_builder *b, const struct globs *globs, uint32_t tag)
{
	struct globs directories = { 0 };

	glob_directories(p->arena, globs, &directories);
	for (uint32_t i = 0; i < directories.n; i++)
		dfa_add(b, directories.v[i], tag);
}

void path_automaton_add(const struct policy *p, struct dfa_builder *b, uint32_t domain, bool names)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];
		const struct globs *objects = names ? &r->names : &r->paths;
		const struct globs *excepts = names ? &r->except_names : &r->except_paths;

		if (r->domain != domain || !((r->operations | r->implied) & OPS_PATH))
			continue;
		for (uint32_t k = 0; k < objects->n; k++) {
			dfa_add(b, objects->v[k], PATH_TAG(r, PATH_TAG_OBJECT));
			if (objects->v[k]->literal && r->operations & OP_BIT(OP_EXEC) && grants(r))
				dfa_add(b, objects->v[k], PATH_TAG(r, PATH_TAG_LITERAL));
		}
		for (uint32_t k = 0; k < excepts->n; k++)
			dfa_add(b, excepts->v[k], PATH_TAG(r, PATH_TAG_EXCEPT));
		if (r->operations & OP_BIT(OP_UMOUNT)) {
			add_directories(p, b, objects, PATH_TAG(r, PATH_TAG_OBJECT));
			add_directories(p, b, excepts, PATH_TAG(r, PATH_TAG_EXCEPT));
		}
	}
}

static void consider(const struct rule *r, struct path_row *row, uint8_t classes)
{
	uint64_t operations = (r->operations | r->implied) & OPS_PATH;

	for (uint64_t rest = operations; rest; rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);
		bool classed = op == OP_EXEC || op == OP_MAP;

		for (int c = 0; c < CLASS_COUNT; c++) {
			if (classed && !(classes & r->classes & (1u << c)))
				continue;
			for (int owner = r->owner ? 1 : 0; owner < 2; owner++) {
				const struct rule **best = &row->by[op][PATH_VARIANT(owner, c)];

				if (rule_before(r, *best, op))
					*best = r;
			}
		}
	}
}

static void start_row(
	const struct policy *p, uint32_t domain, struct path_row *row, uint8_t classes)
{
	const struct domain *d = p->domains[domain];

	memset(row, 0, sizeof(*row));
	for (uint64_t rest = OPS_PATH; rest; rest &= rest - 1) {
		int op = __builtin_ctzll(rest);

		for (int v = 0; v < PATH_VARIANTS; v++)
			row->by[op][v] = d->defaults[op];
	}
	for (int k = 0; k < 2; k++) {
		enum operation op = k ? OP_MAP : OP_EXEC;

		for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
			const struct rule *r = d->by_operation[op][i];

			if (r->any_path && !r->is_default)
				consider(r, row, classes);
		}
	}
}

/* Whether the rule of tag @i matches: one of its objects does, and no exception. */
static bool matches(const uint32_t *tags, uint32_t n, uint32_t i)
{
	uint32_t except = tags[i] - PATH_TAG_KIND(tags[i]) + PATH_TAG_EXCEPT;

	switch (PATH_TAG_KIND(tags[i])) {
	case PATH_TAG_OBJECT:
		return i + 1 == n || tags[i + 1] != except;
	case PATH_TAG_LITERAL:
		return i == 0 || tags[i - 1] != except;
	default:
		return false;
	}
}

/* Among the allows of one exec: who says what is entered, and who disagrees. */
struct entering {
	const struct rule *best, *other;
	bool literal;
	const struct rule *audited; /* one that reports the exec */
};

static void weigh(struct entering *e, const struct rule *r, bool literal, int variant)
{
	if (!grants(r) || !(r->operations & OP_BIT(OP_EXEC)) || !(r->classes & 1u << variant / 2) ||
		(r->owner && !(variant & 1)))
		return;
	if (r->effect == EFFECT_AUDIT)
		e->audited = r;
	if (e->literal && !literal)
		return;
	if (literal && !e->literal)
		*e = (struct entering){ .literal = true, .audited = e->audited };
	if (!e->best) {
		e->best = r;
		return;
	}
	if (rule_before(r, e->best, OP_EXEC)) {
		if (r->transition != e->best->transition)
			e->other = e->best;
		e->best = r;
	} else if (r->transition != e->best->transition) {
		e->other = r;
	}
}

static struct entering entering(
	const struct policy *p, uint32_t domain, const uint32_t *tags, uint32_t n, int variant)
{
	const struct domain *d = p->domains[domain];
	struct entering e = { 0 };

	for (uint32_t i = 0; i < d->n_by_operation[OP_EXEC]; i++) {
		const struct rule *r = d->by_operation[OP_EXEC][i];

		if (r->any_path && !r->is_default)
			weigh(&e, r, false, variant);
	}
	for (uint32_t i = 0; i < n && tags[i] < PATH_TAG_END(p); i++) {
		if (matches(tags, n, i))
			weigh(&e, PATH_TAG_RULE(p, tags[i]),
				PATH_TAG_KIND(tags[i]) == PATH_TAG_LITERAL, variant);
	}
	return e;
}

static bool enters_anything(const struct policy *p, uint32_t domain)
{
	const struct domain *d = p->domains[domain];

	for (uint32_t i = 0; i < d->n_by_operation[OP_EXEC]; i++) {
		if (d->by_operation[OP_EXEC][i]->transition >= 0)
			return true;
	}
	return false;
}

/* Where a literal path and a glob allow one exec, the literal one says what is entered. */
static void choose_entered(const struct policy *p, uint32_t domain, const uint32_t *tags,
	uint32_t n, struct path_row *row)
{
	for (int v = 0; v < PATH_VARIANTS; v++) {
		const struct rule **winner = &row->by[OP_EXEC][v];
		struct entering e;

		if ((*winner)->is_default || !grants(*winner))
			continue;
		e = entering(p, domain, tags, n, v);
		if (e.best && e.best->transition != (*winner)->transition)
			*winner = e.best;
	}
}

void path_fold(const struct policy *p, uint32_t domain, const uint32_t *tags, uint32_t n,
	struct path_row *ret)
{
	start_row(p, domain, ret, 1u << CLASS_PLAIN | 1u << CLASS_DRIFT);
	for (uint32_t i = 0; i < n && tags[i] < PATH_TAG_END(p); i++) {
		if (PATH_TAG_KIND(tags[i]) == PATH_TAG_OBJECT && matches(tags, n, i))
			consider(PATH_TAG_RULE(p, tags[i]), ret,
				1u << CLASS_PLAIN | 1u << CLASS_DRIFT);
	}
	if (enters_anything(p, domain))
		choose_entered(p, domain, tags, n, ret);
}

/* Equal rows share a number: states that mean the same may merge. */
struct interning {
	struct policy *p;
	struct diag_list *diags;
	bool *enters; /* by domain: an exec rule has `as` */
	const struct path_row **rows;
	uint32_t n, cap;
	uint32_t *buckets; /* row number + 1 */
	uint32_t n_buckets;
};

static uint64_t row_hash(const struct path_row *row)
{
	const unsigned char *bytes = (const unsigned char *)row;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < sizeof(*row); i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static void rehash(struct interning *in)
{
	in->n_buckets = in->n_buckets ? in->n_buckets * 4 : 256;
	in->buckets = arena_array(in->p->arena, in->n_buckets, sizeof(*in->buckets));
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t b = (uint32_t)(row_hash(in->rows[i]) & (in->n_buckets - 1));

		while (in->buckets[b])
			b = (b + 1) & (in->n_buckets - 1);
		in->buckets[b] = i + 1;
	}
}

static uint32_t intern(struct interning *in, const struct path_row *row)
{
	struct path_row *copy;
	uint32_t b;

	if (in->n * 2 >= in->n_buckets)
		rehash(in);
	b = (uint32_t)(row_hash(row) & (in->n_buckets - 1));
	for (; in->buckets[b]; b = (b + 1) & (in->n_buckets - 1)) {
		if (!memcmp(in->rows[in->buckets[b] - 1], row, sizeof(*row)))
			return in->buckets[b] - 1;
	}
	copy = arena_alloc(in->p->arena, sizeof(*copy));
	*copy = *row;
	in->buckets[b] = in->n + 1;
	ARENA_PUSH(in->p->arena, in->rows, in->n, in->cap, copy);
	return in->n - 1;
}

/* Notes for check.c what became of @r in a state where it matches. */
static void follow(struct rule *r, const struct path_row *row)
{
	/* What exec implies is no reason to write a rule. */
	uint64_t operations = (r->operations ? r->operations : r->implied) & OPS_PATH;

	r->matches_some_path = true;
	for (uint64_t rest = r->effective ? 0 : operations; rest; rest &= rest - 1) {
		int op = __builtin_ctzll(rest);
		bool classed = op == OP_EXEC || op == OP_MAP;

		for (int v = 0; v < PATH_VARIANTS; v++) {
			const struct rule *winner = row->by[op][v];

			if ((r->owner && !(v & 1)) || (classed && !(r->classes & 1u << v / 2)))
				continue;
			if (!grants(winner) && !winner->is_default) {
				if (!r->beaten_also)
					r->beaten_also = winner;
				if (r->beaten_also != winner || !r->beaten_by)
					r->beaten_by = winner;
			} else
				r->effective = true;
		}
	}
}

static bool speak_of_one(const struct rule *a, const struct rule *b)
{
	const uint64_t classed = OP_BIT(OP_EXEC) | OP_BIT(OP_MAP);
	uint64_t both = a->operations & b->operations;

	return both & (a->classes & b->classes ? both : ~classed);
}

/*
 * Two denies with different errnos and one path: there is no saying which the caller would see. Or
 * one is quiet and goes first, for its errno, and the other should have been reported.
 */
static void deny_conflict(struct interning *in, const uint32_t *tags, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *r = PATH_TAG_RULE(in->p, tags[i]);

		if (!r->errnum || !matches(tags, n, i))
			continue;
		for (uint32_t k = 0; k < n; k++) {
			const struct rule *other = PATH_TAG_RULE(in->p, tags[k]);
			struct diag *d;

			if (!matches(tags, n, k) || !speak_of_one(r, other))
				continue;
			if (rule_hides_report(r, other))
				d = diag_error(in->diags, r->lines[0].at,
					"this quiet deny goes before another, which reports");
			else if (k < i && other->errnum && other->errnum != r->errnum)
				d = diag_error(in->diags, r->lines[0].at,
					"this deny and another give one path two different errnos");
			else
				continue;
			diag_note(in->diags, d, other->lines[0].at, "the other is here");
			break;
		}
	}
}

static const char *after_exec(const struct policy *p, const struct rule *r)
{
	return r->transition < 0
		       ? "stays in its profile"
		       : arena_printf(p->arena, "enters '%s'", p->domains[r->transition]->name);
}

static void entered_conflict(struct interning *in, uint32_t domain, const uint32_t *tags,
	uint32_t n, const struct path_row *row)
{
	for (int v = 0; v < PATH_VARIANTS; v++) {
		const struct rule *winner = row->by[OP_EXEC][v];
		struct entering e;
		struct diag *d;

		if (winner->is_default || !grants(winner))
			continue;
		e = entering(in->p, domain, tags, n, v);
		if (e.audited && winner->effect == EFFECT_ALLOW) {
			d = diag_error(in->diags, e.audited->lines[0].at,
				"a literal path goes before this glob, and its rule does not "
				"report");
			diag_note(in->diags, d, winner->lines[0].at, "the program %s here",
				after_exec(in->p, winner));
			diag_hint(in->diags, d, "write audit there, too");
		}
		if (!e.other)
			continue;
		d = diag_error(in->diags, e.other->lines[0].at,
			"by this rule a program %s, by another the same program %s",
			after_exec(in->p, e.other), after_exec(in->p, e.best));
		diag_note(in->diags, d, e.best->lines[0].at, "the other is here");
		diag_hint(in->diags, d, "%s",
			e.literal ? "a program has one 'as'"
				  : "a literal path goes before globs: name the program by its "
				    "path, or take it from one rule by 'except'");
	}
}

static uint32_t fold(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct interning *in = ctx;
	struct path_row row;

	path_fold(in->p, entry / 2, tags, n, &row);
	for (uint32_t i = 0; i < n; i++) {
		if (PATH_TAG_KIND(tags[i]) == PATH_TAG_OBJECT && matches(tags, n, i))
			follow(PATH_TAG_RULE(in->p, tags[i]), &row);
	}
	deny_conflict(in, tags, n);
	if (in->enters[entry / 2])
		entered_conflict(in, entry / 2, tags, n, &row);
	return intern(in, &row);
}

static void over_budget(
	const struct policy *p, struct diag_list *diags, const struct dfa_over_budget *over)
{
	const struct rule *r = PATH_TAG_RULE(p, over->tag);
	const char *domain = p->domains[r->domain]->name;
	struct span at = over->crowd ? p->domains[r->domain]->at : r->lines[0].at;
	struct diag *d;

	switch (over->limit) {
	case DFA_OVER_WORK:
		d = diag_error(
			diags, at, "the paths of profile '%s' need too large an automaton", domain);
		break;
	case DFA_OVER_STATES:
		d = diag_error(diags, at,
			"the paths of profile '%s' need an automaton of %u states, and %d is the "
			"most",
			domain, over->states, DFA_STATES_MAX);
		break;
	default:
		d = diag_error(diags, at,
			"the paths of profile '%s' need an automaton with too large a table: %u "
			"states, each with many different bytes",
			domain, over->states);
	}
	if (over->crowd) {
		diag_note_unplaced(
			diags, d, "no glob costs much by itself: there are too many paths");
		diag_hint(diags, d,
			"name the folders that hold them, or '*' where a component varies");
		return;
	}
	diag_note_unplaced(diags, d, "this rule costs most, by its glob '%s'", over->glob->text);
	diag_hint(diags, d, "give the glob a longer literal beginning, or fewer '*' and '**'");
}

bool path_automaton_build(struct policy *p, struct diag_list *diags)
{
	struct dfa_builder *b = dfa_builder_new(p->arena);
	struct interning in = { .p = p, .diags = diags };
	struct dfa_over_budget over;
	struct dfa *dfa;

	in.enters = arena_array(p->arena, p->n_domains, sizeof(*in.enters));
	p->pathless = arena_array(p->arena, p->n_domains, sizeof(*p->pathless));
	for (uint32_t i = 0; i < p->n_domains; i++) {
		struct path_row *row = arena_alloc(p->arena, sizeof(*row));

		in.enters[i] = enters_anything(p, i);
		start_row(p, i, row, 1u << CLASS_ANONYMOUS);
		if (in.enters[i])
			entered_conflict(&in, i, NULL, 0, row);
		p->pathless[i] = row;
		dfa_entry(b);
		path_automaton_add(p, b, i, false);
		dfa_entry(b);
		path_automaton_add(p, b, i, true);
	}
	if (!dfa_build(b, fold, &in, &dfa, &over)) {
		over_budget(p, diags, &over);
		return false;
	}
	p->dfa = dfa;
	p->rows = in.rows;
	p->n_rows = in.n;
	return true;
}
