/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about files. What a permission allows is security/apparmor/file.c and lsm.c of Linux 6.1:
 * `w` is writing, appending, creating, deleting and changing attributes; to rename takes `r` and
 * `w` of the old path; `a` neither creates nor deletes.
 *
 * Which rules meet on a path is asked of an automaton: whether a path that may be written may also
 * be read, whether an exec brings reading that nothing allows, and which exec a path has.
 */
#include "compiler/import_apparmor.h"

#include "compiler/base/cleanup.h"
#include "compiler/dfa.h"
#include "compiler/glob.h"

#include <stdlib.h>
#include <string.h>

struct rule {
	const struct aa_statement *s;
	struct policy_words globs;
	bool literal;		    /* a path without forms */
	bool renames;		    /* all that it lets be written may be read */
	bool reads, maps;	    /* all that it lets be run */
	const char *child;	    /* entered by exec */
	bool runs;		    /* its exec is carried over */
	const char *why;	    /* why it is not */
	struct policy_words except; /* paths that a literal rule takes from its exec */
};

struct meeting {
	struct arena *arena;
	struct rule *v;
	uint32_t n;
	/* Sets of rules that meet: [class]. */
	uint32_t **sets, *sizes;
	uint32_t n_sets, cap_sets, cap_sizes;
};

static uint32_t intern(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct meeting *m = ctx;
	uint32_t *set = arena_array(m->arena, n + 1, sizeof(*set)), count = m->n_sets;

	for (uint32_t i = 0; i < m->n_sets; i++) {
		if (m->sizes[i] == n && (!n || !memcmp(m->sets[i], tags, n * sizeof(*tags))))
			return i;
	}
	if (n)
		memcpy(set, tags, n * sizeof(*tags));
	ARENA_PUSH(m->arena, m->sets, m->n_sets, m->cap_sets, set);
	ARENA_PUSH(m->arena, m->sizes, count, m->cap_sizes, n);
	return m->n_sets - 1;
}

/* Whether a rule in the set gives @bit wherever @to speaks. */
static bool given(const struct meeting *m, uint32_t class, const struct rule *to, uint32_t bit)
{
	for (uint32_t i = 0; i < m->sizes[class]; i++) {
		const struct rule *r = &m->v[m->sets[class][i]];

		if (r->s->permissions.bits & bit && (!r->s->owner || to->s->owner))
			return true;
	}
	return false;
}

static void take_from(struct meeting *m, struct rule *glob, const struct rule *literal)
{
	for (size_t i = 0; i < literal->globs.n; i++) {
		bool known = false;

		for (size_t k = 0; k < glob->except.n; k++)
			known |= !strcmp(glob->except.v[k], literal->globs.v[i]);
		if (!known)
			ARENA_PUSH(m->arena, glob->except.v, glob->except.n, glob->except.cap,
				literal->globs.v[i]);
	}
}

/* A literal rule whose exec is left out keeps globs from running the program otherwise. */
static void dominate(struct meeting *m, uint32_t class)
{
	const struct rule *literal = NULL;

	for (uint32_t i = 0; i < m->sizes[class]; i++) {
		const struct rule *r = &m->v[m->sets[class][i]];

		if (r->s->permissions.exec != AA_EXEC_NONE && r->literal && !r->runs)
			literal = r;
	}
	for (uint32_t i = 0; literal && i < m->sizes[class]; i++) {
		struct rule *r = &m->v[m->sets[class][i]];

		if (r->s->permissions.exec != AA_EXEC_NONE && !r->literal && r->runs)
			take_from(m, r, literal);
	}
}

static bool meet(void *ctx, uint32_t state, uint32_t class, const char *witness, size_t len)
{
	struct meeting *m = ctx;

	for (uint32_t i = 0; i < m->sizes[class]; i++) {
		struct rule *r = &m->v[m->sets[class][i]];

		r->renames &= given(m, class, r, AA_READ);
		r->reads &= given(m, class, r, AA_READ);
		r->maps &= given(m, class, r, AA_MAP) || r->s->permissions.exec == AA_EXEC_INHERIT;
	}
	dominate(m, class);
	return true;
}

/* Globs as they stand in the policy: without the quotes that a word may need. */
static const struct glob *parsed(struct arena *a, const char *word)
{
	size_t quotes = word[0] == '"';
	struct glob_error e;
	struct glob *g;

	return glob_parse(a, word + quotes, strlen(word) - 2 * quotes, GLOB_PATH, &g, &e) ? g
											  : NULL;
}

static bool all_literal(struct arena *a, const struct policy_words *globs)
{
	for (size_t i = 0; i < globs->n; i++) {
		const struct glob *g = parsed(a, globs->v[i]);

		if (!g || !g->literal)
			return false;
	}
	return true;
}

static bool analyse(struct aa_file *f, struct aa_profile *p, struct rule *v, uint32_t n)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct dfa_builder *b = dfa_builder_new(a);
	struct meeting m = { .arena = f->arena, .v = v, .n = n };
	struct dfa_over_budget over;
	struct dfa *d;

	dfa_entry(b);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i].s->deny)
			continue;
		for (size_t k = 0; k < v[i].globs.n; k++) {
			const struct glob *g = parsed(a, v[i].globs.v[k]);

			if (g)
				dfa_add(b, g, i);
		}
	}
	if (!dfa_build(b, intern, &m, &d, &over)) {
		diag_error(f->diags, p->at, "the paths of profile '%s' need too large an automaton",
			draft_quoted(f->arena, p->name, strlen(p->name), 80));
		return false;
	}
	dfa_walk_paths(a, d, 0, meet, &m);
	return true;
}

/* ---- who runs what */

static const char *child_named(const struct aa_profile *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_children; i++) {
		if (!p->children[i]->hat && !strcmp(p->children[i]->name, name))
			return p->children[i]->draft->name;
	}
	return NULL;
}

static void choose_child(struct aa_file *f, struct aa_profile *p, struct rule *r)
{
	const char *name = r->s->target, *own;

	if (!name)
		name = r->s->path.text;
	/* "outer//child" from the profile itself. */
	own = arena_printf(f->arena, "%s//", p->name);
	if (!strncmp(name, own, strlen(own)))
		name += strlen(own);
	else if (r->s->permissions.exec == AA_EXEC_PROFILE)
		return;
	r->child = child_named(p, name);
}

static void choose_exec(struct aa_file *f, struct aa_profile *p, struct rule *r)
{
	const struct aa_permissions *x = &r->s->permissions;

	if (r->s->deny || x->exec == AA_EXEC_NONE)
		return;
	if (x->exec == AA_EXEC_CHILD || (x->exec == AA_EXEC_PROFILE && r->s->target))
		choose_child(f, p, r);
	r->runs = x->exec == AA_EXEC_INHERIT || r->child || x->otherwise == AA_EXEC_INHERIT;
	if (x->exec == AA_EXEC_INHERIT || (r->child && x->otherwise == AA_EXEC_NONE))
		return;
	if (r->child)
		return;
	if (x->exec == AA_EXEC_UNCONFINED)
		r->why = "its exec: no rule lets a program run without the policy";
	else if (x->exec == AA_EXEC_CHILD && !r->runs)
		r->why = "its exec: the profile has no such child";
	else if (x->exec == AA_EXEC_PROFILE && !r->runs)
		r->why = "its exec: no rule enters another profile, only a sub-profile";
	else if (x->exec == AA_EXEC_PROFILE)
		r->why = "its exec stays in this profile, as if there was no other";
}

/* ---- writing */

static const char *list(struct arena *a, const struct policy_words *words)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", words->v[i]);
	return arena_strdup(a, text_str(&t));
}

/* The operations, in the order of the language's reference. */
static const char *operations(struct arena *a, const struct rule *r, bool with_exec)
{
	const uint32_t bits = r->s->permissions.bits;
	const bool deny = r->s->deny;
	/* A deny of either half of a rename refuses it. */
	const bool renames = deny ? bits & (AA_READ | AA_WRITE) : bits & AA_WRITE && r->renames;
	const struct {
		const char *name;
		bool in;
	} all[] = {
		{ "read", bits & AA_READ },
		{ "write", bits & AA_WRITE },
		{ "append", bits & AA_APPEND || (deny && bits & AA_WRITE) },
		{ "create", bits & AA_WRITE },
		{ "delete", bits & AA_WRITE },
		{ "rename", renames },
		{ "link", bits & AA_LINK },
		{ "setattr", bits & AA_WRITE },
		{ "map", bits & AA_MAP },
		{ "lock", bits & AA_LOCK },
		{ "exec", with_exec },
	};
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!deny && renames && bits & AA_WRITE && bits & AA_LINK && bits & AA_LOCK)
		return arena_printf(a, "%smodify%s%s", bits & AA_READ ? "read, " : "",
			bits & AA_MAP ? ", map" : "", with_exec ? ", exec" : "");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i].in)
			text_printf(&t, "%s%s", t.len ? ", " : "", all[i].name);
	}
	return arena_strdup(a, text_str(&t));
}

static void write_rule(struct aa_file *f, struct aa_profile *p, struct rule *r)
{
	const struct aa_permissions *x = &r->s->permissions;
	const char *effect = aa_effect(r->s), *globs = list(f->arena, &r->globs);
	const char *owner = r->s->owner ? " owner" : "";
	bool runs = r->s->deny ? x->exec != AA_EXEC_NONE : r->runs;
	bool together = runs && !r->child && !r->except.n;
	const char *ops = operations(f->arena, r, together);

	if (*ops)
		draft_rule(f->draft, p->draft, r->s->at, "%s %s %s%s", effect, ops, globs, owner);
	if (runs && !together)
		draft_rule(f->draft, p->draft, r->s->at, "%s exec %s%s%s%s%s%s", effect, globs,
			r->except.n ? " except " : "", list(f->arena, &r->except), owner,
			r->child ? " as " : "", r->child ? r->child : "");
}

static void write_notes(struct aa_file *f, struct aa_profile *p, const struct rule *r)
{
	const struct aa_permissions *x = &r->s->permissions;

	if (r->s->deny)
		return;
	if (r->why)
		aa_leave_out(f, p, r->s, "%s", r->why);
	if (x->bits & AA_WRITE && !r->renames)
		aa_leave_out(f, p, r->s,
			"renaming something onto it: rename is one operation, and would let it be "
			"moved away too, which takes r");
	if (r->runs && (!r->reads || !r->maps))
		aa_leave_out(f, p, r->s, "that the program may not be %s: exec brings it",
			!r->reads && !r->maps ? "read or mapped"
			: !r->reads	      ? "read"
					      : "mapped");
	if (r->runs && (!r->reads || !r->maps))
		p->draft->items[p->draft->n - 1].wider = true;
}

static void heading(
	struct aa_file *f, struct aa_profile *p, const struct aa_statement *s, const char **last)
{
	if (s->heading == *last || (s->heading && *last && !strcmp(s->heading, *last)))
		return;
	*last = s->heading;
	draft_heading(f->draft, p->draft, s->heading ? s->heading : "the profile's own");
}

/* A rule, or none where it is left out as a whole. */
static bool prepare(
	struct aa_file *f, struct aa_profile *p, const struct aa_statement *s, struct rule *r)
{
	const char *why = NULL;

	*r = (struct rule){ .s = s, .renames = true, .reads = true, .maps = true };
	if (s->all_files) {
		ARENA_PUSH(f->arena, r->globs.v, r->globs.n, r->globs.cap, "/**");
		ARENA_PUSH(f->arena, r->globs.v, r->globs.n, r->globs.cap, "/");
	} else {
		if (!aa_globs(f, s->path.at, s->path.text, s->path.len, &r->globs, &why)) {
			if (why)
				aa_leave_out(f, p, s, "%s", why);
			return false;
		}
		if (why)
			aa_leave_out(f, p, s, "in part: %s", why);
		r->literal = all_literal(f->arena, &r->globs);
	}
	choose_exec(f, p, r);
	return true;
}

static bool is_about_files(const struct aa_statement *s)
{
	return !s->left_out && !*s->keyword;
}

void aa_draft_files(struct aa_file *f, struct aa_profile *p)
{
	struct rule *v = arena_array(f->arena, p->n, sizeof(*v));
	const char *last = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct aa_statement *s = &p->v[i];

		if (!is_about_files(s))
			continue;
		if (s->other) {
			aa_leave_out(f, p, s, "no rule holds only for those who are not the owner");
			continue;
		}
		n += prepare(f, p, s, &v[n]);
		if (f->diags->n_errors >= DIAG_MAX)
			return;
	}
	if (f->diags->n_errors || !analyse(f, p, v, n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		heading(f, p, v[i].s, &last);
		write_rule(f, p, &v[i]);
		write_notes(f, p, &v[i]);
	}
}
