/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_mounts.h"

#include "compiler/apparmor_pattern.h"
#include "compiler/apparmor_rules.h"
#include "compiler/base/cleanup.h"
#include "compiler/decide.h"
#include "compiler/glob_directory.h"

#include <errno.h>
#include <string.h>

/* What is compared at most, and written of one rule; beyond, a policy's mounts are one. */
#define CASES_MAX 20000000u
#define SETS_MAX  2048u
#define LINES_MAX 4096u

const char *const apparmor_flag_names[APPARMOR_N_FLAGS] = { "ro", "nosuid", "nodev", "noexec",
	"sync", "mand", "dirsync", "noatime", "nodiratime", "silent", "acl", "relatime", "iversion",
	"strictatime" };

/* ---- lowering */

static bool move_mount_passes(const struct policy *p)
{
	int call = vocab_syscall_find("move_mount");

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		struct request r = { .operation = OP_SYSCALL, .abi = (enum abi)abi };
		struct decision d;

		r.number = vocab_syscalls[call].number[abi];
		if (!(p->abis & 1u << abi) || r.number < 0)
			continue;
		d = decide_syscall_union(p, &r);
		if (d.verdict == VERDICT_ALLOW || d.depends)
			return true;
	}
	return false;
}

static const char *type_pattern(struct arena *a, const char *type)
{
	_cleanup_(text_release) struct text pattern = TEXT_INIT;

	apparmor_pattern(&pattern, &glob_literal(a, type, strlen(type))->seq, false);
	return arena_strdup(a, text_str(&pattern));
}

/*
 * NULL for any. Parsers make one of two slashes wherever they stand, and 4.1 takes `detached` for
 * what has no source.
 */
static const char *source_pattern(struct arena *a, const char *pattern)
{
	if (strstr(pattern, "//"))
		return NULL;
	return strcmp(pattern, "detached") ? pattern : arena_strdup(a, "[d]etached");
}

static struct apparmor_patterns patterns_of(
	struct arena *a, const struct globs *globs, bool deny, bool directories)
{
	struct apparmor_patterns patterns = { 0 };
	struct globs more = { 0 };

	apparmor_patterns(a, globs, deny, &patterns);
	if (directories) {
		glob_directories(a, globs, &more);
		apparmor_patterns(a, &more, deny, &patterns);
	}
	return patterns;
}

static void push_mount(struct arena *a, struct apparmor_mounts *m, struct apparmor_mount line)
{
	ARENA_PUSH(a, m->v, m->n, m->cap, line);
	if (line.kind != APPARMOR_MOUNT_BIND)
		return;
	line.kind = APPARMOR_MOUNT_RBIND;
	ARENA_PUSH(a, m->v, m->n, m->cap, line);
}

/* @places with every source of the rule. */
static void push_mounts(struct arena *a, struct apparmor_mounts *m, struct apparmor_mount line,
	const struct globs *places)
{
	const struct rule *from = line.from;
	struct apparmor_patterns on = patterns_of(a, places, line.deny, true);
	struct apparmor_patterns sources =
		patterns_of(a, &from->sources, line.deny, from->operations & OP_BIT(OP_BIND));
	bool any = !from->sources.n;

	for (uint32_t i = 0; i < sources.n; i++)
		any |= !line.deny && !source_pattern(a, sources.v[i]);
	if (on.n > LINES_MAX || (!any && (uint64_t)on.n * sources.n > LINES_MAX)) {
		m->whole |= !line.deny;
		return;
	}
	for (uint32_t i = 0; i < on.n; i++) {
		line.place = on.v[i];
		line.source = NULL;
		if (any)
			push_mount(a, m, line);
		for (uint32_t k = 0; k < sources.n && !any; k++) {
			line.source = source_pattern(a, sources.v[k]);
			if (line.source)
				push_mount(a, m, line);
		}
	}
}

static void lower_allow(
	struct arena *a, struct apparmor_mounts *m, struct apparmor_mount line, bool detached)
{
	const struct rule *from = line.from;
	struct apparmor_patterns on;

	line.audit = from->effect == EFFECT_AUDIT;
	push_mounts(a, m, line, &from->paths);
	if (!detached)
		return;
	on = patterns_of(a, &from->paths, false, true);
	line.kind = APPARMOR_MOUNT_DETACHED;
	line.fstype = line.source = NULL;
	for (uint32_t i = 0; i < on.n && !m->whole; i++) {
		line.place = on.v[i];
		push_mount(a, m, line);
	}
}

static void lower_denies(struct arena *a, struct apparmor_mounts *m, struct apparmor_mount line)
{
	const struct rule *from = line.from;
	bool refuses = from->effect == EFFECT_DENY || from->effect == EFFECT_KILL;

	line.deny = true;
	line.audit = !(refuses && from->quiet);
	if (refuses) {
		line.set = from->mount_flags;
		push_mounts(a, m, line, &from->paths);
		return;
	}
	push_mounts(a, m, line, &from->except_paths);
	for (uint32_t rest = from->mount_flags; rest; rest &= rest - 1) {
		line.unset = rest & -rest;
		push_mounts(a, m, line, &from->paths);
	}
}

/* ---- cases */

struct witness {
	const char *s; /* NULL where there is none */
	uint32_t len;
};

/* Strings by the globs that match them, of the policy and of the profile. */
struct classes {
	struct arena *arena;
	uint32_t first; /* tags from here on are the profile's patterns */
	uint32_t **sets;
	uint32_t *sizes;
	uint32_t n, cap_sets, cap_sizes;
	bool too_many;
	struct witness *paths, *strings; /* [n] */
	bool *matches;			 /* [set * lines + line] */
};

static uint32_t intern_set(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct classes *c = ctx;
	uint32_t *copy;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->sizes[i] == n && (!n || !memcmp(c->sets[i], tags, n * sizeof(*tags))))
			return i;
	}
	if (c->n == SETS_MAX) {
		c->too_many = true;
		return 0;
	}
	copy = arena_array(c->arena, n, sizeof(*copy));
	if (n)
		memcpy(copy, tags, n * sizeof(*copy));
	ARENA_PUSH(c->arena, c->sizes, c->n, c->cap_sizes, n);
	c->n--;
	ARENA_PUSH(c->arena, c->sets, c->n, c->cap_sets, copy);
	return c->n - 1;
}

static bool take_path(void *ctx, uint32_t state, uint32_t accept, const char *s, size_t len)
{
	struct classes *c = ctx;

	if (!c->paths[accept].s)
		c->paths[accept] =
			(struct witness){ arena_memdup(c->arena, s, len), (uint32_t)len };
	return true;
}

/* Any string is the source of a mount, but no string of the kernel's holds NUL; what a glob of
 * paths says of '//' means nothing. */
static bool take_string(void *ctx, uint32_t state, uint32_t accept, const char *s, size_t len)
{
	struct classes *c = ctx;

	if (!c->strings[accept].s && !memchr(s, 0, len) && !strstr(s, "//"))
		c->strings[accept] =
			(struct witness){ arena_memdup(c->arena, s, len), (uint32_t)len };
	return true;
}

/* Those of one operation. */
struct cases {
	struct arena *arena;
	const struct policy *p;
	uint32_t domain;
	enum operation operation;
	const struct apparmor_mounts *m;
	struct classes places, sources;
	uint32_t flags;	    /* MOUNT_…: those that a rule or a line tells apart */
	const char **types; /* of the rules, and one that none names; as in the policy */
	uint32_t n_types, cap_types;
	const char **line_types; /* [line] */
};

static void add_globs(struct dfa_builder *b, const struct globs *globs, uint32_t tag)
{
	for (uint32_t i = 0; i < globs->n; i++)
		dfa_add(b, globs->v[i], tag);
}

/* Of a bind's two lines, which always come together, the first. */
static bool speaks_of(const struct apparmor_mount *line, enum operation op)
{
	return line->kind == (op == OP_BIND ? APPARMOR_MOUNT_BIND : APPARMOR_MOUNT_NEW);
}

static int classify(struct cases *k, struct classes *c, bool sources, struct pale_err **err)
{
	struct dfa_builder *b = dfa_builder_new(k->arena);
	struct dfa_over_budget over;
	struct dfa *dfa;

	c->arena = k->arena;
	c->first = 2 * k->p->n_rules;
	dfa_entry(b);
	for (uint32_t i = 0; i < k->p->n_rules; i++) {
		const struct rule *r = k->p->rules[i];
		const struct globs *lists[] = { sources ? &r->sources : &r->paths,
			sources ? NULL : &r->except_paths };

		if (r->domain != k->domain || !(r->operations & OP_BIT(k->operation)))
			continue;
		k->flags |= r->mount_flags;
		for (uint32_t l = 0; l < 2 && lists[l]; l++) {
			struct globs more = { 0 };

			add_globs(b, lists[l], 2 * i + l);
			if (!sources || k->operation == OP_BIND)
				glob_directories(k->arena, lists[l], &more);
			add_globs(b, &more, 2 * i + l);
		}
	}
	for (uint32_t i = 0; i < k->m->n; i++) {
		const char *pattern = sources ? k->m->v[i].source : k->m->v[i].place;
		const struct glob *globs[2];
		int r;

		if (!pattern || !speaks_of(&k->m->v[i], k->operation))
			continue;
		k->flags |= k->m->v[i].set | k->m->v[i].unset;
		r = apparmor_pattern_globs(k->arena, pattern, globs, err);
		if (r < 0)
			return r;
		for (int g = 0; g < 2 && globs[g]; g++)
			dfa_add(b, globs[g], c->first + i);
	}
	if (!dfa_build(b, intern_set, c, &dfa, &over) || c->too_many)
		return -E2BIG;
	c->paths = arena_array(k->arena, c->n, sizeof(*c->paths));
	c->strings = arena_array(k->arena, c->n, sizeof(*c->strings));
	dfa_walk_paths(k->arena, dfa, 0, take_path, c);
	if (sources) {
		memcpy(c->strings, c->paths, c->n * sizeof(*c->strings));
		dfa_walk(k->arena, dfa, 0, take_string, c);
	}
	c->matches = arena_array(k->arena, (size_t)c->n * k->m->n, sizeof(*c->matches));
	for (uint32_t s = 0; s < c->n; s++) {
		for (uint32_t i = 0; i < c->sizes[s]; i++) {
			if (c->sets[s][i] >= c->first)
				c->matches[s * k->m->n + c->sets[s][i] - c->first] = true;
		}
	}
	return 0;
}

static void add_type(struct cases *k, const char *type)
{
	for (uint32_t i = 0; i < k->n_types; i++) {
		if (!strcmp(k->types[i], type))
			return;
	}
	ARENA_PUSH(k->arena, k->types, k->n_types, k->cap_types, type);
}

static bool has_type(const struct cases *k, const char *type)
{
	for (uint32_t i = 0; i < k->n_types; i++) {
		if (!strcmp(k->types[i], type))
			return true;
	}
	return false;
}

/* What a line's type is when it is read: a literal, or no emission of ours. A bind has none. */
static int read_types(struct cases *k, struct pale_err **err)
{
	const char *another = "any-other-type";

	k->line_types = arena_array(k->arena, k->m->n, sizeof(*k->line_types));
	for (uint32_t i = 0; i < k->m->n && k->operation == OP_MOUNT; i++) {
		const char *text = k->m->v[i].fstype;
		struct glob *g = text ? apparmor_pattern_read(k->arena, text, strlen(text)) : NULL;

		if (text && (!g || !g->literal))
			return pale_err_plain(
				err, EBADMSG, "the type \"%s\" does not read back", text);
		if (g)
			add_type(k, k->line_types[i] = g->prefix);
	}
	for (uint32_t i = 0; i < k->p->n_rules && k->operation == OP_MOUNT; i++) {
		if (k->p->rules[i]->domain == k->domain && k->p->rules[i]->fstype)
			add_type(k, k->p->rules[i]->fstype);
	}
	while (has_type(k, another))
		another = arena_printf(k->arena, "%s-", another);
	add_type(k, another);
	return 0;
}

/* One question, and what the profile says of it. */
struct mount_case {
	struct request request;
	bool unnamed; /* it has a flag, too, that AppArmor has no name for */
	/* The lines that speak of the place; of those, whether they speak of the source: [line] */
	const uint32_t *lines;
	uint32_t n_lines;
	const bool *from;
	struct decision decision;
	bool passes;
};

/* @i: one of the case's. */
static bool line_matches(const struct cases *k, uint32_t i, const struct mount_case *c)
{
	const struct apparmor_mount *line = &k->m->v[i];

	if (line->source && !c->from[i])
		return false;
	if (k->operation == OP_BIND)
		return true;
	if (strcmp(k->line_types[i], c->request.fstype) != 0)
		return false;
	if (!line->set && !line->unset)
		return true;
	return !c->unnamed && (c->request.mount_flags & line->set) == line->set &&
	       !(c->request.mount_flags & line->unset);
}

static bool profile_passes(const struct cases *k, const struct mount_case *c)
{
	bool allowed = false;

	for (uint32_t l = 0; l < c->n_lines; l++) {
		if (!line_matches(k, c->lines[l], c))
			continue;
		if (k->m->v[c->lines[l]].deny)
			return false;
		allowed = true;
	}
	return allowed;
}

typedef void (*mount_visit)(void *ctx, const struct cases *k, struct mount_case *c);

static void visit_flags(struct cases *k, struct mount_case *c, mount_visit visit, void *ctx)
{
	/* Every subset of those that are told apart, and each with another flag. */
	for (int unnamed = 0; unnamed < (k->flags ? 2 : 1); unnamed++) {
		uint32_t f = k->flags;

		for (bool last = false; !last; f = (f - 1) & k->flags) {
			last = f == 0;
			c->unnamed = unnamed;
			c->request.mount_flags = k->flags & ~f;
			c->decision = decide(k->p, k->domain, &c->request);
			c->passes = profile_passes(k, c);
			visit(ctx, k, c);
		}
	}
}

static void visit_place(struct cases *k, uint32_t place, mount_visit visit, void *ctx)
{
	const bool *on = k->places.matches + (size_t)place * k->m->n;
	struct mount_case c = { .request.operation = k->operation };
	uint32_t *lines = arena_array(k->arena, k->m->n, sizeof(*lines));

	c.request.path = k->places.paths[place].s;
	c.request.path_len = k->places.paths[place].len;
	c.lines = lines;
	for (uint32_t i = 0; i < k->m->n; i++) {
		if (on[i])
			lines[c.n_lines++] = i;
	}
	for (uint32_t s = 0; s < k->sources.n && c.request.path; s++) {
		const struct witness *source =
			k->operation == OP_BIND ? &k->sources.paths[s] : &k->sources.strings[s];

		if (!source->s)
			continue;
		c.from = k->sources.matches + (size_t)s * k->m->n;
		c.request.source = source->s;
		c.request.source_len = source->len;
		for (uint32_t t = 0; t < k->n_types; t++) {
			c.request.fstype = k->operation == OP_BIND ? NULL : k->types[t];
			visit_flags(k, &c, visit, ctx);
		}
	}
}

static int walk_operation(const struct policy *p, uint32_t domain, enum operation op,
	const struct apparmor_mounts *m, mount_visit visit, void *ctx, struct pale_err **err)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cases k = { .arena = a, .p = p, .domain = domain, .operation = op, .m = m };
	int r = read_types(&k, err);
	double cases;

	if (r == 0)
		r = classify(&k, &k.places, false, err);
	if (r == 0)
		r = classify(&k, &k.sources, true, err);
	if (r < 0)
		return r;
	cases = (double)k.places.n * k.sources.n * k.n_types * (2 << __builtin_popcount(k.flags));
	if (cases * (p->domains[domain]->n_by_operation[op] + 1) > CASES_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < k.places.n; i++)
		visit_place(&k, i, visit, ctx);
	return 0;
}

/* -E2BIG without a message when they are too many. */
static int walk_cases(const struct policy *p, uint32_t domain, const struct apparmor_mounts *m,
	mount_visit visit, void *ctx, struct pale_err **err)
{
	int r = walk_operation(p, domain, OP_MOUNT, m, visit, ctx, err);

	return r < 0 ? r : walk_operation(p, domain, OP_BIND, m, visit, ctx, err);
}

/* ---- denies */

static void check_denies(void *ctx, const struct cases *k, struct mount_case *c)
{
	bool *harmful = ctx;

	if (c->decision.verdict != VERDICT_ALLOW || c->passes)
		return;
	for (uint32_t l = 0; l < c->n_lines; l++) {
		if (k->m->v[c->lines[l]].deny && line_matches(k, c->lines[l], c))
			harmful[c->lines[l]] = true;
	}
}

static void drop_denies(struct apparmor_mounts *m, const bool *harmful)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		/* A bind's two lines fare alike. */
		bool drop =
			harmful[i] || (m->v[i].kind == APPARMOR_MOUNT_RBIND && i && harmful[i - 1]);

		if (!drop)
			m->v[kept++] = m->v[i];
	}
	m->n = kept;
}

static bool allows_any(const struct policy *p, uint32_t domain)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->domain == domain &&
			((r->operations & OP_BIT(OP_MOUNT) && rule_allows(r, OP_MOUNT)) ||
				(r->operations & OP_BIT(OP_BIND) && rule_allows(r, OP_BIND))))
			return true;
	}
	return false;
}

int apparmor_lower_mounts(
	struct apparmor_mounts *m, const struct policy *p, uint32_t domain, struct pale_err **err)
{
	bool detached = move_mount_passes(p), *harmful;
	int r;

	*m = (struct apparmor_mounts){ 0 };
	for (int denies = 0; denies < (p->audit ? 1 : 2); denies++) {
		for (uint32_t i = 0; i < p->n_rules && !m->whole; i++) {
			const struct rule *from = p->rules[i];
			bool bind = from->operations & OP_BIT(OP_BIND);
			struct apparmor_mount line = {
				.kind = bind ? APPARMOR_MOUNT_BIND : APPARMOR_MOUNT_NEW,
				.from = from,
			};

			if (from->domain != domain || from->is_default ||
				!(from->operations & (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND))))
				continue;
			if (!bind)
				line.fstype = type_pattern(p->arena, from->fstype);
			if (denies)
				lower_denies(p->arena, m, line);
			else if (rule_allows(from, bind ? OP_BIND : OP_MOUNT))
				lower_allow(p->arena, m, line, detached);
		}
	}
	harmful = arena_array(p->arena, m->n, sizeof(*harmful));
	r = m->whole ? -E2BIG : walk_cases(p, domain, m, check_denies, harmful, err);
	if (r == -E2BIG) {
		*m = (struct apparmor_mounts){ .whole = allows_any(p, domain) };
		return 0;
	}
	if (r == 0)
		drop_denies(m, harmful);
	return r;
}

/* ---- coverage */

struct covering {
	struct coverage_notes *notes;
	bool detached;
	bool *reaches; /* [rule]: noted already that its lines reach too far */
};

static void case_text(struct text *to, const struct mount_case *c)
{
	const char *separator = " with ";

	if (c->request.operation == OP_MOUNT)
		text_printf(to, "%s%s", c->request.fstype, c->request.source_len ? " from " : "");
	text_escaped(to, c->request.source, c->request.source_len);
	text_puts(to, " on ");
	text_escaped(to, c->request.path, c->request.path_len);
	for (uint32_t i = 0; i < 4; i++) {
		if (c->request.mount_flags >> i & 1) {
			text_printf(to, "%s%s", separator, apparmor_flag_names[i]);
			separator = ", ";
		}
	}
	if (c->unnamed)
		text_printf(to, "%slazytime", separator);
}

/* Rules whose lines let pass what they do not allow. */
static void note_reaching(
	struct covering *v, const struct cases *k, const struct mount_case *c, const char *object)
{
	for (uint32_t l = 0; l < c->n_lines; l++) {
		const struct apparmor_mount *line = &k->m->v[c->lines[l]];

		if (line->deny || v->reaches[line->from->index] ||
			!line_matches(k, c->lines[l], c) ||
			mount_rule_matches(line->from, &c->request))
			continue;
		v->reaches[line->from->index] = true;
		coverage_note(v->notes, line->from, k->operation, COVERAGE_WIDER,
			arena_printf(k->p->arena, "reaches %s too", object));
	}
}

static void cover_case(void *ctx, const struct cases *k, struct mount_case *c)
{
	struct covering *v = ctx;
	bool allowed = c->decision.verdict == VERDICT_ALLOW;
	const char *because = c->unnamed ? "has no name for some options" : NULL;
	_cleanup_(text_release) struct text object = TEXT_INIT;

	if (allowed == c->passes && (allowed || !v->detached)) {
		coverage_note(v->notes, c->decision.rule, k->operation, COVERAGE_EXACT, NULL);
		return;
	}
	if (!allowed && !c->passes)
		because = "does not see what fsmount and open_tree make";
	case_text(&object, c);
	coverage_note_answer(v->notes, c->decision.rule, k->operation, c->passes || v->detached,
		c->passes, because, text_str(&object));
	if (!allowed && c->passes)
		note_reaching(v, k, c, text_str(&object));
}

int apparmor_cover_mounts(struct coverage_notes *notes, const struct policy *p, uint32_t domain,
	const struct apparmor_mounts *m, struct pale_err **err)
{
	static const enum operation operations[] = { OP_MOUNT, OP_BIND };
	struct covering v = { .notes = notes,
		.detached = move_mount_passes(p),
		.reaches = arena_array(p->arena, p->n_rules, sizeof(*v.reaches)) };
	const struct domain *d = p->domains[domain];
	bool wider = m->whole || v.detached;
	int r = m->whole ? -E2BIG : walk_cases(p, domain, m, cover_case, &v, err);

	if (r != -E2BIG)
		return r;
	/* All, or none. */
	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < d->n_by_operation[operations[i]]; k++)
			coverage_note(notes, d->by_operation[operations[i]][k], operations[i],
				wider ? COVERAGE_WIDER : COVERAGE_EXACT,
				wider ? "allows or refuses so many mounts as a whole" : NULL);
	}
	return 0;
}

/* ---- text */

static void write_flags(struct text *to, uint32_t flags)
{
	const char *separator = "(";

	for (uint32_t i = 0; i < APPARMOR_N_FLAGS; i++) {
		if (flags >> i & 1) {
			text_printf(to, "%s%s", separator, apparmor_flag_names[i]);
			separator = ",";
		}
	}
	text_puts(to, ") ");
}

static void write_options(struct text *to, const struct apparmor_mount *line)
{
	static const char *const fixed[] = {
		[APPARMOR_MOUNT_BIND] = "options=(bind) ",
		[APPARMOR_MOUNT_RBIND] = "options=(rbind) ",
		[APPARMOR_MOUNT_DETACHED] = "options=(move) \"\" ",
	};

	if (line->kind != APPARMOR_MOUNT_NEW) {
		text_puts(to, fixed[line->kind]);
		return;
	}
	text_printf(to, "fstype=\"%s\" ", line->fstype);
	if (!line->set && !line->unset)
		return;
	if (line->set) {
		text_puts(to, "options=");
		write_flags(to, line->set);
	}
	text_puts(to, "options in ");
	write_flags(to, ((1u << APPARMOR_N_FLAGS) - 1) & ~line->set & ~line->unset);
}

void apparmor_write_mounts(struct text *to, const struct apparmor_mounts *m)
{
	if (m->whole)
		text_puts(to, "\tmount,\n");
	for (uint32_t i = 0; i < m->n; i++) {
		const struct apparmor_mount *line = &m->v[i];

		text_printf(
			to, "\t%s%smount ", line->audit ? "audit " : "", line->deny ? "deny " : "");
		write_options(to, line);
		if (line->source)
			text_printf(to, "\"%s\" ", line->source);
		text_printf(to, "-> \"%s\",\n", line->place);
	}
}
