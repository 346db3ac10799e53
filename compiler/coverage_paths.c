/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage_paths.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/path_automaton.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a state of the automaton stands for: the tags that match there. */
struct tag_set {
	uint32_t *tags;
	uint32_t n;
};

struct walk {
	const struct policy *p;
	struct arena *arena;
	uint32_t first, n_domains;
	const struct path_grants *grants;
	path_case_visit visit;
	void *ctx;
	struct tag_set *sets;
	uint32_t n_sets, cap_sets;
	uint32_t *buckets; /* set number + 1 */
	uint32_t n_buckets;
	bool *rules;
	const struct path_row **rows;
	const struct path_grant **matching;
};

static uint32_t tag_of_grant(const struct policy *p, uint32_t i)
{
	return PATH_TAG_END(p) + 1 + i;
}

/* The one tag that tells directories from other names. */
static uint32_t tag_directory(const struct policy *p)
{
	return PATH_TAG_END(p);
}

static uint64_t hash_tags(const uint32_t *tags, uint32_t n)
{
	uint64_t h = 0xcbf29ce484222325u + n;

	for (uint32_t i = 0; i < n; i++) {
		h = (h ^ tags[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static void rehash(struct walk *w)
{
	w->n_buckets = w->n_buckets ? w->n_buckets * 4 : 256;
	w->buckets = arena_array(w->arena, w->n_buckets, sizeof(*w->buckets));
	for (uint32_t i = 0; i < w->n_sets; i++) {
		uint64_t h = hash_tags(w->sets[i].tags, w->sets[i].n);
		uint32_t b = (uint32_t)(h & (w->n_buckets - 1));

		while (w->buckets[b])
			b = (b + 1) & (w->n_buckets - 1);
		w->buckets[b] = i + 1;
	}
}

/* Every distinct set of tags is a class: the reasons need to know which rules match. */
static uint32_t intern_tags(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct walk *w = ctx;
	struct tag_set set = { .n = n };
	uint32_t b;

	if (w->n_sets * 2 >= w->n_buckets)
		rehash(w);
	b = (uint32_t)(hash_tags(tags, n) & (w->n_buckets - 1));
	for (; w->buckets[b]; b = (b + 1) & (w->n_buckets - 1)) {
		const struct tag_set *other = &w->sets[w->buckets[b] - 1];

		if (other->n == n && (n == 0 || !memcmp(other->tags, tags, n * sizeof(*tags))))
			return w->buckets[b] - 1;
	}
	set.tags = arena_array(w->arena, n, sizeof(*tags));
	if (n)
		memcpy(set.tags, tags, n * sizeof(*tags));
	w->buckets[b] = w->n_sets + 1;
	ARENA_PUSH(w->arena, w->sets, w->n_sets, w->cap_sets, set);
	return w->n_sets - 1;
}

static const struct path_row *row_of(const struct walk *w, uint32_t domain, const struct tag_set *s,
	uint32_t *scratch, struct path_row *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n && s->tags[i] < PATH_TAG_END(w->p); i++) {
		if (PATH_TAG_RULE(w->p, s->tags[i])->domain == domain)
			scratch[n++] = s->tags[i];
	}
	path_fold(w->p, domain, scratch, n, row);
	return row;
}

static void match_rules(struct walk *w, const struct tag_set *s)
{
	memset(w->rules, 0, w->p->n_rules * sizeof(*w->rules));
	for (uint32_t i = 0; i < s->n && s->tags[i] < PATH_TAG_END(w->p); i++) {
		/* A rule's exception comes right after its objects. */
		if (PATH_TAG_KIND(s->tags[i]) != PATH_TAG_LITERAL)
			w->rules[PATH_TAG_RULE(w->p, s->tags[i])->index] =
				PATH_TAG_KIND(s->tags[i]) == PATH_TAG_OBJECT;
	}
}

static bool visit_state(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct walk *w = ctx;
	const struct tag_set *s = &w->sets[accept];
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ uint32_t *scratch = calloc(s->n + 1, sizeof(*scratch));
	_cleanup_free_ struct path_row *rows = calloc(w->n_domains, sizeof(*rows));
	struct path_case c = {
		.rows = w->rows,
		.grants = w->matching,
		.rules = w->rules,
		.directory = len && witness[len - 1] == '/',
	};

	if (!scratch || !rows)
		abort();
	text_escaped(&path, witness, len);
	c.path = text_str(&path);
	for (uint32_t i = 0; i < w->n_domains; i++)
		w->rows[w->first + i] = row_of(w, w->first + i, s, scratch, &rows[i]);
	match_rules(w, s);
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->tags[i] <= tag_directory(w->p))
			continue;
		w->matching[c.n_grants] = &w->grants->v[s->tags[i] - tag_of_grant(w->p, 0)];
		c.rights |= w->matching[c.n_grants++]->rights;
	}
	w->visit(w->ctx, &c);
	return true;
}

int coverage_walk_paths(const struct policy *p, uint32_t first, uint32_t n_domains,
	const struct path_grants *grants, path_case_visit visit, void *ctx, struct pale_err **err)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct dfa_builder *b = dfa_builder_new(a);
	struct walk w = {
		.p = p,
		.arena = a,
		.first = first,
		.n_domains = n_domains,
		.grants = grants,
		.visit = visit,
		.ctx = ctx,
	};
	struct dfa_over_budget over;
	struct glob_error ignored;
	struct glob *directories;
	struct dfa *dfa;

	w.rules = arena_array(a, p->n_rules, sizeof(*w.rules));
	w.rows = arena_array(a, p->n_domains, sizeof(*w.rows));
	w.matching = arena_array(a, grants->n, sizeof(*w.matching));
	if (!glob_parse(a, "/**/", 4, GLOB_PATH, &directories, &ignored))
		assert(false);
	dfa_entry(b);
	for (uint32_t i = 0; i < n_domains; i++)
		path_automaton_add(p, b, first + i, false);
	dfa_add(b, directories, tag_directory(p));
	for (uint32_t i = 0; i < grants->n; i++)
		dfa_add(b, grants->v[i].glob, tag_of_grant(p, i));
	if (!dfa_build(b, intern_tags, &w, &dfa, &over))
		return pale_err_plain(err, E2BIG,
			"compare the paths of profile '%s': too large an automaton, mostly by '%s'",
			p->name, over.glob->text);
	dfa_walk_paths(a, dfa, 0, visit_state, &w);
	return 0;
}

/* A rule reaches too far when its grant covers what the rule itself does not. */
static void note_far_grants(
	struct coverage_notes *n, const struct path_case *c, enum operation op, int owner)
{
	for (uint32_t i = 0; i < c->n_grants; i++) {
		const struct path_grant *g = c->grants[i];

		for (uint32_t k = 0; k < g->n_from; k++) {
			const struct rule *rule = g->from[k];

			if (!(rule->operations & OP_BIT(op)) || !rule_allows(rule, op))
				continue;
			if (!c->rules[rule->index])
				coverage_note(n, rule, op, COVERAGE_WIDER,
					arena_printf(coverage_notes_arena(n), "reaches %s too",
						c->path));
			else if (rule->owner && !owner)
				coverage_note(n, rule, op, COVERAGE_WIDER,
					"cannot tell who owns the file");
		}
	}
}

void coverage_note_case(struct coverage_notes *n, const struct path_case *c, uint32_t domain,
	int owner, enum object_class object_class, uint64_t operations, struct path_answer answer,
	const char *const *because)
{
	for (uint64_t rest = operations; rest; rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);
		const struct rule *rule =
			c->rows[domain]->by[op][PATH_VARIANT(owner, object_class)];
		bool some = answer.some & OP_BIT(op);

		coverage_note_answer(n, rule, op, some, answer.all & OP_BIT(op),
			because ? because[op] : NULL, c->path);
		if (some && !rule_allows(rule, op))
			note_far_grants(n, c, op, owner);
	}
}

void path_grant_from(struct arena *a, struct path_grant *g, const struct rule *rule)
{
	for (uint32_t i = 0; i < g->n_from; i++) {
		if (g->from[i] == rule)
			return;
	}
	ARENA_PUSH(a, g->from, g->n_from, g->cap_from, rule);
}

const struct glob *glob_exactly(struct arena *a, const char *path)
{
	return glob_literal(a, path, strlen(path));
}

const struct glob *glob_directory(struct arena *a, const char *path)
{
	return glob_exactly(a, strcmp(path, "/") ? arena_printf(a, "%s/", path) : "/");
}

const struct glob *glob_below(struct arena *a, const char *path)
{
	const struct glob *directory = glob_directory(a, path);
	struct glob *g = arena_alloc(a, sizeof(*g));
	struct glob_node any = { .kind = GLOB_ANY, .at = directory->len };

	/* Made, not parsed: escaping may take a long path beyond GLOB_BYTES_MAX. */
	g->prefix = directory->prefix;
	g->prefix_len = directory->prefix_len;
	g->text = arena_printf(a, "%s**", directory->text);
	g->len = directory->len + 2;
	for (uint32_t i = 0; i < directory->seq.n; i++)
		ARENA_PUSH(a, g->seq.v, g->seq.n, g->seq.cap, directory->seq.v[i]);
	ARENA_PUSH(a, g->seq.v, g->seq.n, g->seq.cap, any);
	return g;
}
