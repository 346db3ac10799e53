/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_links.h"

#include "compiler/base/cleanup.h"

#include <assert.h>
#include <string.h>

/*
 * The parser's scanner has 16 KiB for a word, and fails beyond ("input buffer overflow"). More than
 * one part on each side would be a line for each pair, which it takes minutes to compile.
 */
#define PART_MAX 8192

/* Which rules a side of a line is made of. */
struct side {
	uint32_t permission;
	bool owner;	 /* those with `owner` too */
	bool all_audits; /* else those that audit as @audit says */
	bool audit;
};

static bool belongs(const struct apparmor_rule *r, const struct side *side)
{
	return !r->deny && r->permissions & side->permission && (side->owner || !r->owner) &&
	       (side->all_audits || r->audit == side->audit);
}

struct parts {
	const char **v;
	uint32_t n, cap;
};

/*
 * apparmor_parser takes braces around one pattern for an error, and so a quote that a '/' does not
 * follow.
 */
static void end_part(struct arena *a, struct parts *to, struct text *part, uint32_t n)
{
	const char *s = arena_printf(a, n > 1 ? "/{%s}" : "/%s", text_str(part));

	if (n)
		ARENA_PUSH(a, to->v, to->n, to->cap, s);
	text_clear(part);
}

static struct parts parts_of(struct arena *a, const char *s)
{
	struct parts one = { 0 };

	ARENA_PUSH(a, one.v, one.n, one.cap, s);
	return one;
}

/* The patterns of one side, in parts that the parser can read. */
static struct parts join(
	struct arena *a, const struct apparmor_rules *rules, const struct side *side)
{
	_cleanup_(text_release) struct text part = TEXT_INIT;
	struct parts all = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < rules->n; i++) {
		const char *pattern = rules->v[i].pattern;

		if (!belongs(&rules->v[i], side))
			continue;
		if (n && part.len + strlen(pattern) > PART_MAX) {
			end_part(a, &all, &part, n);
			n = 0;
		}
		assert(*pattern == '/');
		text_printf(&part, "%s%s", n++ ? "," : "", pattern + 1);
	}
	end_part(a, &all, &part, n);
	return all;
}

static bool any_owner(const struct apparmor_rules *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct apparmor_rule *r = &rules->v[i];

		if (!r->deny && r->owner && r->permissions & AA_L)
			return true;
	}
	return false;
}

static bool is_any(const struct apparmor_rule *r)
{
	return !r->deny && (r->permissions & (AA_L | AA_LINKED)) == AA_LINKED;
}

bool apparmor_links_any(const struct apparmor_rules *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		if (is_any(&rules->v[i]))
			return true;
	}
	return false;
}

void apparmor_limit_links(struct arena *a, struct apparmor_rules *rules)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const struct side linked = { .permission = AA_LINKED, .owner = true, .all_audits = true };
	const struct apparmor_rule any = {
		.pattern = "/{,**}", .permissions = AA_LINKED, .transition = -1
	};

	if (join(scratch, rules, &linked).n > 1)
		ARENA_PUSH(a, rules->v, rules->n, rules->cap, any);
}

static void push_lines(struct arena *a, struct apparmor_links *to, struct apparmor_link line,
	const struct parts *names, const struct parts *targets)
{
	for (uint32_t i = 0; i < names->n; i++) {
		for (uint32_t k = 0; k < targets->n; k++) {
			line.names = names->v[i];
			line.targets = targets->v[k];
			ARENA_PUSH(a, to->v, to->n, to->cap, line);
		}
	}
}

void apparmor_links(struct arena *a, const struct apparmor_rules *rules, struct apparmor_links *ret)
{
	int owners = any_owner(rules) ? 2 : 1;
	bool any = apparmor_links_any(rules);

	for (int owner = 0; owner < owners; owner++) {
		const struct side linked = {
			.permission = AA_LINKED, .owner = owner, .all_audits = true
		};
		struct parts targets =
			any ? parts_of(a, APPARMOR_ANY_NAME) : join(a, rules, &linked);

		for (int audit = 0; audit < 2; audit++) {
			const struct side named = {
				.permission = AA_L, .owner = owner, .audit = audit
			};
			struct parts names = join(a, rules, &named);

			push_lines(a, ret, (struct apparmor_link){ .owner = owner, .audit = audit },
				&names, &targets);
		}
	}
}

void apparmor_write_links(struct text *to, const struct apparmor_links *links)
{
	for (uint32_t i = 0; i < links->n; i++) {
		const struct apparmor_link *l = &links->v[i];

		text_printf(to, "\t%s%slink \"%s\" -> \"%s\",\n", l->audit ? "audit " : "",
			l->owner ? "owner " : "", l->names, l->targets);
	}
}
