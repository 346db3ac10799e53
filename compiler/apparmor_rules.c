/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_rules.h"

#include "compiler/apparmor_pattern.h"
#include "compiler/base/cleanup.h"
#include "compiler/emit_apparmor.h"
#include "compiler/glob_directory.h"
#include "compiler/glob_expand.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define EXPANSIONS_MAX 64

/*
 * What each operation asks of AppArmor: security/apparmor/lsm.c and file.c of Linux 6.1. rename
 * asks the source for read too (apparmor_path_rename()), an exclusive lock for write
 * (common_file_perm() under F_WRLCK), execve for mapping and reading the program. `a` is of no use:
 * an open with O_CREAT asks for w even of a file that is there, and so do loggers append.
 */
static const uint32_t wanted[OP_COUNT] = {
	[OP_EXEC] = AA_X | AA_R | AA_M,
	[OP_READ] = AA_R,
	[OP_WRITE] = AA_W,
	[OP_APPEND] = AA_W,
	[OP_CREATE] = AA_W,
	[OP_DELETE] = AA_W,
	[OP_RENAME] = AA_R | AA_W,
	[OP_LINK] = AA_L | AA_LINKED,
	[OP_SETATTR] = AA_W,
	[OP_MAP] = AA_M,
	[OP_LOCK] = AA_K | AA_W,
	[OP_LISTEN] = AA_W, /* bind makes the socket's file */
	[OP_UMOUNT] = AA_UMOUNT,
};

/* What a deny of the operation is written as; exec is refused by x alone. */
static uint32_t unwanted(enum operation op)
{
	switch (op) {
	case OP_EXEC:
		return AA_X;
	case OP_LOCK:
		return AA_K;
	case OP_RENAME:
		return AA_W;
	default:
		return wanted[op];
	}
}

uint64_t apparmor_needing(uint32_t permission)
{
	uint64_t operations = 0;

	for (int op = 0; op < OP_COUNT; op++) {
		if (wanted[op] & permission)
			operations |= OP_BIT(op);
	}
	return operations;
}

static void push(struct arena *a, struct apparmor_rules *rules, const struct apparmor_rule *r)
{
	if (r->permissions)
		ARENA_PUSH(a, rules->v, rules->n, rules->cap, *r);
}

#define PROC "/proc/"
#define SELF PROC "self/"
/* A process's own directory as the kernel names it. */
#define PID_PATTERN "/proc/[0123456789]*/"

/* The literal beginning, up to where anything else begins. */
static void beginning(const struct glob_seq *seq, struct text *to)
{
	for (uint32_t i = 0; i < seq->n && seq->v[i].kind == GLOB_LITERAL; i++)
		text_add(to, seq->v[i].bytes, seq->v[i].n);
}

/* What is left of a sequence after its first @n bytes, which are literal. */
static struct glob_seq without(struct arena *a, const struct glob_seq *seq, uint32_t n)
{
	struct glob_seq rest = { 0 };

	for (uint32_t i = 0; i < seq->n; i++) {
		struct glob_node node = seq->v[i];

		if (n && node.n <= n) {
			n -= node.n;
			continue;
		}
		if (node.kind == GLOB_LITERAL) {
			node.bytes += n;
			node.n -= n;
		}
		n = 0;
		ARENA_PUSH(a, rest.v, rest.n, rest.cap, node);
	}
	return rest;
}

static uint32_t is_match(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	return n > 0;
}

static uint32_t state_after(const struct dfa *d, const char *s)
{
	uint32_t state = d->start[0];

	while (*s)
		state = dfa_step(d, state, (uint8_t)*s++);
	return state;
}

static bool is_dead(const struct dfa *d, uint32_t state)
{
	return d->absorbing[state] && !d->accept[state];
}

/*
 * The policy's /proc/self/ is /proc/NUMBER/ to the kernel. What a glob that is not written for it
 * says there.
 */
struct own_directory {
	bool apart;  /* it does not say the same of both */
	bool self;   /* it matches something below /proc/self/ */
	bool number; /* and below some number */
};

/* All numbers that can stand in that place, which may have any digits. */
static void ask_numbers(struct arena *a, const struct dfa *d, struct own_directory *own)
{
	uint32_t self = state_after(d, SELF), n = 0;
	uint32_t *todo = arena_array(a, d->n_states + 1, sizeof(*todo));
	bool *known = arena_array(a, d->n_states, sizeof(*known));

	own->self = !is_dead(d, self);
	todo[n++] = state_after(d, PROC);
	while (n) {
		uint32_t from = todo[--n];

		for (uint8_t digit = '0'; digit <= '9'; digit++) {
			uint32_t state = dfa_step(d, from, digit), below = dfa_step(d, state, '/');

			own->apart |= below != self;
			own->number |= !is_dead(d, below);
			if (!known[state])
				todo[n++] = state;
			known[state] = true;
		}
	}
}

static struct own_directory own_directory(const struct glob_seq *seq)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text literal = TEXT_INIT;
	struct glob g = { .seq = *seq, .text = "" };
	struct own_directory own = { 0 };
	struct dfa_builder *b;
	struct dfa_over_budget over;
	struct dfa *d;
	size_t n;

	beginning(seq, &literal);
	n = literal.len < strlen(PROC) ? literal.len : strlen(PROC);
	if (memcmp(text_str(&literal), PROC, n) != 0)
		return own;
	b = dfa_builder_new(a);
	dfa_entry(b);
	dfa_add(b, &g, 0);
	if (!dfa_build(b, is_match, NULL, &d, &over))
		return (struct own_directory){ true, true, true };
	ask_numbers(a, d, &own);
	return own;
}

static void push_pattern(struct arena *a, struct apparmor_patterns *to, const char *pattern)
{
	ARENA_PUSH(a, to->v, to->n, to->cap, pattern);
}

static void sequence_patterns(
	struct apparmor_patterns *to, struct arena *a, const struct glob_seq *seq, bool deny)
{
	_cleanup_(text_release) struct text literal = TEXT_INIT, pattern = TEXT_INIT;
	const size_t self = strlen(SELF);

	struct own_directory own = { 0 };

	beginning(seq, &literal);
	if (literal.len >= self && !memcmp(literal.s, SELF, self)) {
		struct glob_seq rest = without(a, seq, (uint32_t)self);

		/* The rest begins a component, as it did. */
		text_puts(&pattern, PID_PATTERN);
		if (!apparmor_pattern(&pattern, &rest, true) && deny)
			return;
	} else if (!apparmor_pattern(&pattern, seq, false) && deny) {
		/* A deny must not be wider than the policy's. */
		return;
	} else {
		own = own_directory(seq);
	}
	/* Nor may it reach the caller's own directory by its number, or seem to by its name. */
	if (deny && own.apart)
		return;
	push_pattern(a, to, arena_memdup(a, text_str(&pattern), pattern.len));
	/* `/proc/s*` would lose what the policy allows. */
	if (own.apart && own.self)
		push_pattern(a, to, PID_PATTERN "{,**}");
}

void apparmor_patterns(
	struct arena *a, const struct globs *globs, bool deny, struct apparmor_patterns *ret)
{
	for (uint32_t i = 0; i < globs->n; i++) {
		struct glob_expansions e = glob_expand(a, globs->v[i], EXPANSIONS_MAX);

		for (uint32_t k = 0; k < e.n; k++)
			sequence_patterns(ret, a, &e.v[k], deny);
	}
}

static void lower_globs(struct apparmor_rules *rules, struct arena *a, struct apparmor_rule rule,
	const struct globs *globs)
{
	struct apparmor_patterns patterns = { 0 };

	apparmor_patterns(a, globs, rule.deny, &patterns);
	if (rule.permissions & AA_UMOUNT) {
		struct globs directories = { 0 };

		glob_directories(a, globs, &directories);
		apparmor_patterns(a, &directories, rule.deny, &patterns);
	}
	for (uint32_t i = 0; i < patterns.n; i++) {
		rule.pattern = patterns.v[i];
		push(a, rules, &rule);
	}
}

void apparmor_lower_allows(struct apparmor_rules *rules, const struct policy *p, uint32_t domain)
{
	/* Inherited open, and taken away at the exec unless they are allowed. */
	static const char *const terminals[] = { "/dev/console", "/dev/pts/[0123456789]*" };

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *from = p->rules[i];
		struct apparmor_rule rule = {
			.owner = from->owner,
			.transition = from->transition,
			.from = from,
			.audit = from->effect == EFFECT_AUDIT,
		};

		if (from->domain != domain)
			continue;
		for (uint64_t rest = (from->operations | from->implied) & OPS_PATH; rest;
			rest &= rest - 1) {
			enum operation op = (enum operation)__builtin_ctzll(rest);

			if (rule_allows(from, op))
				rule.permissions |= wanted[op];
		}
		lower_globs(rules, p->arena, rule, &from->paths);
		/*
		 * exec or map of what was changed since, or has no path: AppArmor cannot tell the
		 * one, and judges a deleted file by the path that it had.
		 */
		if (from->any_path && !from->is_default) {
			rule.pattern = "/{,**}";
			push(p->arena, rules, &rule);
		}
	}
	for (size_t i = 0; i < sizeof(terminals) / sizeof(*terminals); i++)
		push(p->arena, rules,
			&(struct apparmor_rule){ .pattern = terminals[i],
				.permissions = AA_R | AA_W,
				.transition = -1 });
}

void apparmor_lower_denies(struct apparmor_rules *rules, const struct policy *p, uint32_t domain)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *from = p->rules[i];
		bool refuses = from->effect == EFFECT_DENY || from->effect == EFFECT_KILL;
		struct apparmor_rule rule = {
			.deny = true,
			.owner = from->owner,
			.transition = -1,
			.from = from,
			.audit = !(refuses && from->quiet),
		};

		if (from->domain != domain || from->is_default)
			continue;
		for (uint64_t rest = from->operations & OPS_PATH; rest; rest &= rest - 1)
			rule.permissions |= unwanted((enum operation)__builtin_ctzll(rest));
		/* An exception of an `owner` rule holds for nobody else either. */
		if (!refuses)
			rule.owner = false;
		lower_globs(rules, p->arena, rule, refuses ? &from->paths : &from->except_paths);
	}
}

/* ---- reading back */

static uint64_t rights_of(const struct apparmor_rule *r)
{
	uint64_t bits = r->permissions;
	unsigned int shift = r->deny ? 16 : 0;

	return bits << (shift + 8) | (r->owner ? 0 : bits << shift);
}

uint32_t apparmor_effective(uint64_t rights, bool owner)
{
	unsigned int shift = owner ? 8 : 0;

	return rights >> shift & ~(rights >> (shift + 16)) & 0xff;
}

/*
 * What follows the first '/' behind "/proc/", when the pattern has just one byte or run of bytes
 * for each form before it; all of the caller's directory otherwise, which is more.
 */
static const char *below_number(const char *pattern)
{
	const char *s = pattern + strlen(PROC);

	if (strncmp(pattern, PROC, strlen(PROC)) != 0)
		return "{,**}";
	while (*s && *s != '/') {
		if (*s == '{' || (s[0] == '*' && s[1] == '*'))
			return "{,**}";
		if (*s == '[') {
			while (*s && *s != ']')
				s += *s == '\\' && s[1] ? 2 : 1;
		}
		s += *s == '\\' && s[1] ? 2 : *s != 0;
	}
	return *s ? s + 1 : "{,**}";
}

int apparmor_pattern_globs(
	struct arena *a, const char *pattern, const struct glob *ret[2], struct pale_err **err)
{
	const size_t pid = strlen(PID_PATTERN);

	ret[0] = apparmor_pattern_read(a, pattern, strlen(pattern));
	ret[1] = NULL;
	if (!ret[0])
		return pale_err_plain(
			err, EBADMSG, "the pattern \"%s\" does not read back", pattern);
	if (!strncmp(pattern, PID_PATTERN, pid)) {
		pattern = arena_printf(a, SELF "%s", pattern + pid);
	} else {
		struct own_directory own = own_directory(&ret[0]->seq);

		if (!own.apart || !own.number)
			return 0;
		pattern = arena_printf(a, SELF "%s", below_number(pattern));
	}
	ret[1] = apparmor_pattern_read(a, pattern, strlen(pattern));
	if (!ret[1]) /* a star that has its component to itself only here */
		ret[1] = apparmor_pattern_read(a, SELF "{,**}", strlen(SELF "{,**}"));
	assert(ret[1]);
	return 0;
}

static void push_grant(const struct policy *p, struct path_grants *to, uint32_t **rule_of,
	uint32_t *cap, const struct glob *glob, const struct apparmor_rules *rules, uint32_t i)
{
	struct path_grant g = { .glob = glob, .rights = rights_of(&rules->v[i]) };
	uint32_t n = to->n;

	if (rules->v[i].from && !rules->v[i].deny)
		path_grant_from(p->arena, &g, rules->v[i].from);
	ARENA_PUSH(p->arena, to->v, to->n, to->cap, g);
	ARENA_PUSH(p->arena, *rule_of, n, *cap, i);
}

int apparmor_grants(const struct policy *p, const struct apparmor_rules *rules,
	struct path_grants *ret, uint32_t **ret_rule, struct pale_err **err)
{
	uint32_t cap = 0;

	*ret = (struct path_grants){ 0 };
	*ret_rule = NULL;
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct glob *globs[2];
		int r = apparmor_pattern_globs(p->arena, rules->v[i].pattern, globs, err);

		if (r < 0)
			return r;
		for (int k = 0; k < 2 && globs[k]; k++)
			push_grant(p, ret, ret_rule, &cap, globs[k], rules, i);
	}
	return 0;
}

/* ---- denies */

struct checking {
	uint32_t domain;
	const struct path_grants *grants;
	const uint32_t *rule_of;
	struct apparmor_rules *denies;
};

static bool any_allowed(const struct path_row *row, uint64_t operations, bool owner_only)
{
	for (uint64_t rest = operations & OPS_PATH; rest; rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);

		for (int v = 0; v < PATH_VARIANTS; v++) {
			if (owner_only && !(v & 1))
				continue;
			if (rule_allows(row->by[op][v], op))
				return true;
		}
	}
	return false;
}

static void check_case(void *ctx, const struct path_case *c)
{
	struct checking *k = ctx;

	for (uint32_t i = 0; i < c->n_grants; i++) {
		struct apparmor_rule *r = &k->denies->v[k->rule_of[c->grants[i] - k->grants->v]];

		for (uint32_t rest = r->permissions; rest; rest &= rest - 1) {
			uint32_t bit = rest & -rest;

			if (any_allowed(c->rows[k->domain], apparmor_needing(bit), r->owner))
				r->permissions &= ~bit;
		}
	}
}

int apparmor_check_denies(const struct policy *p, uint32_t domain, struct apparmor_rules *denies,
	struct pale_err **err)
{
	struct path_grants grants;
	struct checking k = { .domain = domain, .grants = &grants, .denies = denies };
	uint32_t *rule_of, kept = 0;
	int r = apparmor_grants(p, denies, &grants, &rule_of, err);

	if (r < 0)
		return r;
	k.rule_of = rule_of;
	r = coverage_walk_paths(p, domain, 1, &grants, check_case, &k, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < denies->n; i++) {
		if (denies->v[i].permissions)
			denies->v[kept++] = denies->v[i];
	}
	denies->n = kept;
	return 0;
}

/* ---- text */

static void write_permissions(struct text *to, const struct apparmor_rule *r)
{
	static const struct {
		uint32_t bit;
		char letter;
	} letters[] = { { AA_R, 'r' }, { AA_W, 'w' }, { AA_L, 'l' }, { AA_K, 'k' }, { AA_M, 'm' } };

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (r->permissions & letters[i].bit)
			text_putc(to, letters[i].letter);
	}
	if (!(r->permissions & AA_X))
		return;
	/* Px scrubs the environment: the sub-profile starts in secure-exec mode. */
	text_puts(to, r->deny ? "x" : r->transition < 0 ? "ix" : "Px");
}

static void write_head(struct text *to, const struct apparmor_rule *r)
{
	text_printf(to, "\t%s%s%s", r->audit ? "audit " : "", r->deny ? "deny " : "",
		r->owner ? "owner " : "");
}

void apparmor_write_rules(
	struct text *to, const struct policy *p, const struct apparmor_rules *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		struct apparmor_rule r = rules->v[i];

		if (r.permissions & AA_LINKED && r.deny) {
			write_head(to, &r);
			text_printf(to, "link \"" APPARMOR_ANY_NAME "\" -> \"%s\",\n", r.pattern);
		}
		r.permissions &= ~(r.deny ? AA_LINKED : AA_LINKED | AA_L);
		if (r.permissions & AA_UMOUNT) {
			write_head(to, &r);
			text_printf(to, "umount \"%s\",\n", r.pattern);
			r.permissions &= ~AA_UMOUNT;
		}
		if (!r.permissions)
			continue;
		write_head(to, &r);
		text_printf(to, "\"%s\" ", r.pattern);
		write_permissions(to, &r);
		if (r.permissions & AA_X && !r.deny && r.transition >= 0)
			text_printf(
				to, " -> \"%s\"", apparmor_profile_name(p, (uint32_t)r.transition));
		text_puts(to, ",\n");
	}
}
