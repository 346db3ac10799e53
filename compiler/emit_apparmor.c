/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_apparmor.h"

#include "compiler/apparmor_exec.h"
#include "compiler/apparmor_links.h"
#include "compiler/apparmor_mounts.h"
#include "compiler/apparmor_other.h"
#include "compiler/apparmor_read.h"
#include "compiler/apparmor_rules.h"

#include <errno.h>
#include <string.h>

#define DIGEST_BYTES 12

const char *apparmor_profile_name(const struct policy *p, uint32_t domain)
{
	const char *outer =
		arena_printf(p->arena, "pale.%s.%.*s", p->name, DIGEST_BYTES, p->digest);
	const char *child = strchr(p->domains[domain]->name, '/');
	char *name;

	if (domain == 0)
		return outer;
	/* AppArmor's children have none of their own: web/a/b is web's child a.b. */
	name = arena_strdup(p->arena, child + 1);
	for (char *s = name; *s; s++)
		*s = *s == '/' ? '.' : *s;
	return arena_printf(p->arena, "%s//%s", outer, name);
}

/* One domain on its way into text. */
struct profile {
	const struct policy *policy;
	uint32_t domain;
	struct apparmor_profile *made;
	/* covering */
	struct coverage_notes *notes;
	bool any_link; /* apparmor_links_any() */
	bool astray;   /* apparmor_settle_exec() took something */
	struct path_grants grants;
	uint32_t *rule_of;
};

static int lower(struct profile *f, struct pale_err **err)
{
	const struct policy *p = f->policy;
	struct apparmor_rules denies = { 0 };
	int r;

	apparmor_lower_allows(&f->made->rules, p, f->domain);
	apparmor_limit_links(p->arena, &f->made->rules);
	r = apparmor_settle_exec(p, f->domain, &f->made->rules, &f->astray, err);
	if (r < 0)
		return r;
	apparmor_other(&f->made->other, p, f->domain);
	r = apparmor_lower_mounts(&f->made->mounts, p, f->domain, err);
	if (r < 0)
		return r;
	/* AppArmor enforces denies in complain mode too. */
	if (p->audit)
		return 0;
	apparmor_lower_denies(&denies, p, f->domain);
	r = apparmor_check_denies(p, f->domain, &denies, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < denies.n; i++)
		ARENA_PUSH(p->arena, f->made->rules.v, f->made->rules.n, f->made->rules.cap,
			denies.v[i]);
	return 0;
}

/* ---- coverage */

/* In which path operations a profile has a say through its file rules. */
#define FILE_OPERATIONS                                                                            \
	(OP_BIT(OP_EXEC) | OP_BIT(OP_READ) | OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) |                \
		OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) |      \
		OP_BIT(OP_SETATTR) | OP_BIT(OP_MAP) | OP_BIT(OP_LOCK) | OP_BIT(OP_LISTEN) |        \
		OP_BIT(OP_UMOUNT))
#define IMPOSSIBLE_ON_DIRECTORIES                                                                  \
	(OP_BIT(OP_EXEC) | OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_LINK) |                \
		OP_BIT(OP_MAP) | OP_BIT(OP_LISTEN))

static const char *const because[OP_COUNT] = {
	[OP_SETATTR] = "asks about mode and owner, not about times and extended attributes",
};

/* AF_UNIX is mediated by family alone in kernels without Ubuntu's patches. */
static const char no_unix[] = "does not tell unix sockets apart";

static struct path_answer answer_for(uint32_t e, bool directory)
{
	/*
	 * Each needs all of @all to pass whole, any of @some to pass in part. apparmor_parser 4.1.0
	 * leaves m where x is allowed, at times whatever a deny says.
	 */
	static const struct {
		enum operation op;
		uint32_t some, all;
	} asked[] = {
		{ OP_EXEC, AA_X, AA_X | AA_R | AA_M },
		{ OP_READ, AA_R, AA_R },
		{ OP_WRITE, AA_W, AA_W },
		{ OP_APPEND, AA_W, AA_W },
		{ OP_CREATE, AA_W, AA_W },
		{ OP_DELETE, AA_W, AA_W },
		{ OP_RENAME, AA_W, AA_R | AA_W },
		{ OP_LINK, AA_L | AA_LINKED, AA_L | AA_LINKED },
		{ OP_MAP, AA_M | AA_X, AA_M },
		{ OP_LOCK, AA_K, AA_K | AA_W },
		{ OP_LISTEN, AA_W, AA_W },
		{ OP_SETATTR, AA_W, AA_W },
		{ OP_UMOUNT, AA_UMOUNT, AA_UMOUNT },
	};
	struct path_answer a = { .some = OP_BIT(OP_SETATTR) };

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		if (e & asked[i].some)
			a.some |= OP_BIT(asked[i].op);
		if ((e & asked[i].all) == asked[i].all)
			a.all |= OP_BIT(asked[i].op);
	}
	if (directory) {
		a.some &= ~(uint64_t)IMPOSSIBLE_ON_DIRECTORIES;
		a.all |= IMPOSSIBLE_ON_DIRECTORIES;
	}
	return a;
}

static void note_append(
	struct profile *f, const struct path_row *row, int owner, struct path_answer a)
{
	const struct rule *append = row->by[OP_APPEND][PATH_VARIANT(owner, CLASS_PLAIN)];
	const struct rule *write = row->by[OP_WRITE][PATH_VARIANT(owner, CLASS_PLAIN)];

	if (a.some & OP_BIT(OP_WRITE) && rule_allows(append, OP_APPEND) &&
		!rule_allows(write, OP_WRITE))
		coverage_note(f->notes, append, OP_APPEND, COVERAGE_WIDER,
			"cannot tell append from write");
}

/* Of plain files and changed ones of one path, one leads where the policy says. */
static void note_entered(struct profile *f, const struct path_case *c, int owner)
{
	static const enum object_class classes[] = { CLASS_PLAIN, CLASS_DRIFT };
	int32_t entered = apparmor_entered(&f->made->rules, &f->grants, f->rule_of, c, owner);

	for (int i = 0; i < 2 && entered != APPARMOR_ENTERS_NOTHING; i++) {
		const struct rule *r =
			c->rows[f->domain]->by[OP_EXEC][PATH_VARIANT(owner, classes[i])];

		if (r->operations & OP_BIT(OP_EXEC) && rule_allows(r, OP_EXEC) &&
			r->transition != entered)
			coverage_note(f->notes, r, OP_EXEC, COVERAGE_WIDER,
				"asks the path alone which sub-profile is entered");
	}
}

static void cover_case(void *ctx, const struct path_case *c)
{
	struct profile *f = ctx;
	const struct path_row *row = c->rows[f->domain];
	const char *reasons[OP_COUNT];

	memcpy(reasons, because, sizeof(reasons));
	if (f->any_link)
		reasons[OP_LINK] =
			"does not ask what is linked to, the rules being too many for that";
	if (f->astray)
		reasons[OP_EXEC] = "asks the path alone which sub-profile is entered";

	for (int owner = 0; owner < 2; owner++) {
		struct path_answer a =
			answer_for(apparmor_effective(c->rights, owner), c->directory);

		coverage_note_case(
			f->notes, c, f->domain, owner, CLASS_PLAIN, FILE_OPERATIONS, a, reasons);
		coverage_note_case(f->notes, c, f->domain, owner, CLASS_DRIFT,
			OP_BIT(OP_EXEC) | OP_BIT(OP_MAP), a, reasons);
		note_append(f, row, owner, a);
		if (!c->directory)
			note_entered(f, c, owner);
		coverage_note(f->notes, row->by[OP_IOCTL][PATH_VARIANT(owner, CLASS_PLAIN)],
			OP_IOCTL, COVERAGE_UNENFORCED, NULL);
		coverage_note(f->notes, row->by[OP_CONNECT][PATH_VARIANT(owner, CLASS_PLAIN)],
			OP_CONNECT, COVERAGE_UNENFORCED, no_unix);
	}
}

/*
 * security/apparmor/file.c: memfd lies on no file system that is mediated, so it may be mapped, but
 * to be executed it would need attach_disconnected; a deleted file is judged by the path that it
 * had.
 */
static void cover_pathless(struct profile *f)
{
	static const enum operation operations[] = { OP_EXEC, OP_MAP, OP_READ, OP_WRITE, OP_APPEND,
		OP_LOCK, OP_SETATTR };
	const struct path_row *row = f->policy->pathless[f->domain];

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		enum operation op = operations[i];
		bool classed = op == OP_EXEC || op == OP_MAP;
		const struct rule *rule =
			row->by[op][PATH_VARIANT(0, classed ? CLASS_ANONYMOUS : CLASS_PLAIN)];

		coverage_note_answer(f->notes, rule, op, true, op != OP_EXEC,
			rule_allows(rule, op) ? "has no attach_disconnected" : NULL,
			"files without a path");
	}
}

static bool cover_name(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct profile *f = ctx;
	const struct path_row *row = f->policy->rows[accept];

	coverage_note(f->notes, row->by[OP_CONNECT][0], OP_CONNECT, COVERAGE_UNENFORCED, no_unix);
	coverage_note(f->notes, row->by[OP_LISTEN][0], OP_LISTEN, COVERAGE_UNENFORCED, no_unix);
	return true;
}

static void cover_names(struct profile *f)
{
	struct arena *scratch = arena_new();

	dfa_walk(scratch, f->policy->dfa, DFA_ENTRY_NAMES(f->domain), cover_name, f);
	arena_free(scratch);
}

static void cover_nothing(struct profile *f)
{
	const uint64_t others =
		OP_BIT(OP_FORK) | OP_BIT(OP_USERNS) | OP_BIT(OP_SYSCALL) | OP_BIT(OP_LIMIT);

	for (uint32_t i = 0; i < f->policy->n_rules; i++) {
		const struct rule *rule = f->policy->rules[i];

		for (uint64_t rest = rule->operations & others; rest && rule->domain == f->domain;
			rest &= rest - 1)
			coverage_note(f->notes, rule, (enum operation)__builtin_ctzll(rest),
				COVERAGE_UNENFORCED, NULL);
	}
}

/* What was written is read again: the coverage speaks of the text. */
static int cover(struct profile *f, struct pale_err **err)
{
	int r = apparmor_grants(f->policy, &f->made->rules, &f->grants, &f->rule_of, err);

	if (r < 0)
		return r;
	f->any_link = apparmor_links_any(&f->made->rules);
	r = coverage_walk_paths(f->policy, f->domain, 1, &f->grants, cover_case, f, err);
	if (r < 0)
		return r;
	cover_pathless(f);
	cover_names(f);
	cover_nothing(f);
	apparmor_cover_other(f->notes, f->policy, f->domain, &f->made->other);
	return apparmor_cover_mounts(f->notes, f->policy, f->domain, &f->made->mounts, err);
}

/* ---- text */

static void write_profile(struct text *to, const struct profile *f)
{
	const struct policy *p = f->policy;
	struct apparmor_links links = { 0 };

	text_printf(to, "profile \"%s\"%s {\n", apparmor_profile_name(p, f->domain),
		p->audit ? " flags=(complain)" : "");
	for (const char *const *line = apparmor_unmediated; *line; line++)
		text_printf(to, "\t%s\n", *line);
	apparmor_write_other(to, p, &f->made->other);
	apparmor_write_mounts(to, &f->made->mounts);
	apparmor_links(p->arena, &f->made->rules, &links);
	apparmor_write_links(to, &links);
	apparmor_write_rules(to, p, &f->made->rules);
	text_puts(to, "}\n");
}

int emit_apparmor(
	const struct policy *p, struct coverage *c, struct text *ret, struct pale_err **err)
{
	struct coverage_notes *notes = coverage_notes_new(p);
	struct apparmor_profile *made = arena_array(p->arena, p->n_domains, sizeof(*made));
	struct text all = TEXT_INIT;
	int r = 0;

	text_printf(&all, "# Made by pale from profile %s, digest %s.\nabi <abi/3.0>,\n", p->name,
		p->digest);
	for (uint32_t d = 0; d < p->n_domains && r == 0; d++) {
		struct profile f = { .policy = p, .domain = d, .notes = notes, .made = &made[d] };

		r = lower(&f, err);
		if (r == 0 && c)
			r = cover(&f, err);
		if (r == 0)
			write_profile(&all, &f);
	}
	if (r == 0)
		r = apparmor_read_back(p, text_str(&all), all.len, made, err);
	if (r == 0) {
		if (c)
			coverage_notes_flush(notes, c, MECHANISM_APPARMOR);
		text_add(ret, all.s, all.len);
	} else {
		pale_err_wrap(err, "AppArmor");
	}
	text_release(&all);
	return r;
}
