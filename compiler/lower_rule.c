/* SPDX-License-Identifier: Apache-2.0 */
/* One statement's words become one flat rule. */
#include "compiler/lower.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *const protocol_names[PROTOCOL_COUNT] = {
	[PROTOCOL_TCP] = "tcp",
	[PROTOCOL_UDP] = "udp",
	[PROTOCOL_SCTP] = "sctp",
	[PROTOCOL_ICMP] = "icmp",
	[PROTOCOL_UNIX] = "unix",
};

static const char abstract_prefix[] = "abstract:";

struct rule_line lower_line(struct lowering *l, struct span at)
{
	struct source *s = l->res->sources->v[at.source];
	struct rule_line line = { .at = at, .file = s->name, .own = s->own && !l->borrowed };

	source_position(s, at.offset, &line.line, &line.column);
	line.text = source_line_text(s, l->arena, line.line);
	return line;
}

const char *lower_text(struct lowering *l, struct span at)
{
	const char *s = l->res->sources->v[at.source]->bytes + at.offset;
	char *out = arena_alloc(l->arena, at.len + 1);
	uint32_t n = 0;
	bool comment = false;

	for (uint32_t i = 0; i < at.len; i++) {
		bool blank = isspace((unsigned char)s[i]);

		comment = comment ? s[i] != '\n'
				  : s[i] == '#' && (i == 0 || isspace((unsigned char)s[i - 1]));
		if (comment)
			continue;
		if (!blank)
			out[n++] = s[i];
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n && (out[n - 1] == ' ' || out[n - 1] == ';'))
		n--;
	out[n] = 0;
	return out;
}

struct rule *lower_new_rule(struct lowering *l, struct domain *d)
{
	struct rule *r = arena_alloc(l->arena, sizeof(*r));

	r->domain = d->index;
	r->transition = -1;
	return r;
}

static void offer(void *ctx, const char *name)
{
	suggest_offer(ctx, name);
}

static bool begins(const char *word, const char *prefix)
{
	return *prefix && !strncasecmp(word, prefix, strlen(prefix));
}

void lower_hint_name(struct lowering *l, struct diag *d, const char *word, enum vocab_kind kind,
	const char *otherwise)
{
	/* As names stand in the tables. */
	static const struct {
		const char *prefix;
		bool upper, lower;
	} forms[] = {
		[VOCAB_SYSCALL] = { "", false, true },
		[VOCAB_CAPABILITY] = { "CAP_", false, true },
		[VOCAB_SIGNAL] = { "SIG", true, false },
		[VOCAB_ERRNO] = { "", true, false },
		[VOCAB_CONSTANT] = { "", true, false },
		[VOCAB_FAMILY] = { "AF_", false, true },
		[VOCAB_NETLINK] = { "NETLINK_", true, false },
	};
	size_t skip = begins(word, forms[kind].prefix) ? strlen(forms[kind].prefix) : 0;
	char *bare = arena_strdup(l->arena, word + skip);
	struct suggest s;

	if (l->diags->n_dropped)
		return;
	for (char *c = bare; *c; c++)
		*c = (char)(forms[kind].upper	? toupper((unsigned char)*c)
			    : forms[kind].lower ? tolower((unsigned char)*c)
						: *c);
	suggest_init(&s, bare);
	vocab_each(kind, offer, &s);
	if (suggest_best(&s))
		diag_hint(l->diags, d, "did you mean '%s'?", suggest_best(&s));
	else if (otherwise)
		diag_hint(l->diags, d, "%s", otherwise);
}

void lower_unknown_name(struct lowering *l, const struct word *word, const char *what,
	enum vocab_kind kind, const char *otherwise)
{
	struct diag *d = diag_error(l->diags, word->at, "unknown %s '%s'", what, word->text);

	lower_hint_name(l, d, word->text, kind, otherwise);
}

/* What names of a set are, and where a reader finds them all. */
struct name_kind {
	const char *what;
	enum vocab_kind kind;
	int (*find)(const char *);
	int first; /* the number that bit 0 stands for */
	const char *otherwise;
};

static const struct name_kind capability_names = { "capability", VOCAB_CAPABILITY,
	vocab_capability_find, 0,
	"capabilities(7) lists the names; there is none for all of them" };
static const struct name_kind signal_names = { "signal", VOCAB_SIGNAL, vocab_signal_find, 1,
	"signal(7) lists the names" };

static bool name_bit(
	struct lowering *l, const struct word *w, const struct name_kind *kind, uint64_t *ret)
{
	int n = kind->find(w->text);

	if (n < kind->first) {
		lower_unknown_name(l, w, kind->what, kind->kind, kind->otherwise);
		return false;
	}
	*ret |= (uint64_t)1 << (n - kind->first);
	return true;
}

static bool group_holds_its_kind(struct resolution *res, const struct symbol *s)
{
	struct lowering l = { .res = res, .arena = res->arena, .diags = res->diags };
	const char *kind = s->decl->group_kind.text;
	bool ok = true;

	for (uint32_t i = 0; i < s->decl->values.n; i++) {
		const struct word *w = &s->decl->values.v[i];
		struct words nested = { 0 };
		uint64_t bits = 0;

		if (w->kind == WORD_GROUP)
			ok = expand_group(res, w, w->text + 1, kind, &nested) && ok;
		else if (!strcmp(kind, "syscall"))
			ok = lower_syscall(&l, w) >= 0 && ok;
		else if (!strcmp(kind, "cidr"))
			ok = lower_address_check(&l, w) && ok;
		else if (!strcmp(kind, "port"))
			ok = lower_port_check(&l, w) && ok;
		else
			ok = name_bit(&l, w,
				     !strcmp(kind, "signal") ? &signal_names : &capability_names,
				     &bits) &&
			     ok;
	}
	return ok;
}

void lower_groups(struct resolution *res)
{
	for (uint32_t i = 0; i < res->n_symbols; i++) {
		struct symbol *s = res->symbols[i];

		if (s->kind == SYMBOL_GROUP && !s->broken && !group_holds_its_kind(res, s))
			s->broken = true;
	}
}

/* Plain names, variables and groups. */
static bool name_set(
	struct lowering *l, const struct words *words, const struct name_kind *kind, uint64_t *ret)
{
	bool ok = true;

	for (uint32_t i = 0; i < words->n; i++) {
		const struct word *w = &words->v[i];
		struct words members = { 0 };

		if (w->kind == WORD_GROUP
				? !expand_group(l->res, w, w->text + 1, kind->what, &members)
				: !expand_words(l->res, w, &members)) {
			ok = false;
			continue;
		}
		for (uint32_t k = 0; k < members.n; k++)
			ok = name_bit(l, &members.v[k], kind, ret) && ok;
	}
	return ok;
}

static uint64_t operation_bits(enum operation op)
{
	return OP_BIT(op) | (op == OP_WRITE ? OP_BIT(OP_APPEND) : 0);
}

/* The parser knows the words. */
static uint64_t operations_of(const struct ast_rule *ast)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < ast->operations.n; i++) {
		const struct word *w = &ast->operations.v[i];
		int op = vocab_operation_find(w->text);

		if (!strcmp(w->text, "modify")) {
			static const enum operation modify[] = { OP_WRITE, OP_CREATE, OP_DELETE,
				OP_RENAME, OP_LINK, OP_SETATTR, OP_LOCK };

			for (size_t k = 0; k < sizeof(modify) / sizeof(*modify); k++)
				bits |= operation_bits(modify[k]);
			continue;
		}
		assert(op >= 0);
		bits |= operation_bits((enum operation)op);
	}
	return bits;
}

static bool globs_of(struct lowering *l, const struct words *words, struct globs *ret)
{
	bool ok = true;

	for (uint32_t i = 0; i < words->n; i++)
		ok = expand_globs(l->res, &words->v[i], 0, GLOB_PATH, ret) && ok;
	return ok;
}

static bool lower_paths(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	bool grants = r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT;
	bool ok = globs_of(l, &ast->objects, &r->paths);

	ok = globs_of(l, &ast->excepts, &r->except_paths) && ok;
	r->classes = grants ? 1u << CLASS_PLAIN : 1u << CLASS_PLAIN | 1u << CLASS_DRIFT;
	if (ast->has_class) {
		const struct word *w = &ast->object_class;
		bool anonymous = !strcmp(w->text, "anonymous");

		r->classes = anonymous ? 1u << CLASS_ANONYMOUS : 1u << CLASS_DRIFT;
		if (!ast->objects.n) {
			r->any_path = true;
			/* Exceptions need something to be taken from. */
			if (ast->excepts.n) {
				struct glob_error e;
				struct glob *all;

				assert(!anonymous);
				if (!glob_parse(l->arena, "/**", 3, GLOB_PATH, &all, &e))
					__builtin_unreachable();
				ARENA_PUSH(l->arena, r->paths.v, r->paths.n, r->paths.cap, all);
				r->any_path = false;
			}
		}
	}
	/* Reading knows no classes: without paths of its own, `exec drift` would open every file.
	 */
	if (grants && r->operations & OP_BIT(OP_EXEC))
		r->implied =
			((ast->objects.n ? OP_BIT(OP_READ) : 0) | OP_BIT(OP_MAP)) & ~r->operations;
	return ok;
}

static bool lower_target(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	int32_t found;

	if (!ast->has_target || !strcmp(ast->target.text, "self")) {
		r->target = TARGET_SELF;
		return true;
	}
	if (!strcmp(ast->target.text, "any")) {
		r->target = TARGET_ANY;
		return true;
	}
	found = lower_domain_find(
		l, &ast->target, "write self, any, the profile's own name or a sub-profile's");
	if (found < 0)
		return false;
	r->target = TARGET_DOMAIN;
	r->target_domain = (uint32_t)found;
	return true;
}

/* The parser knows the words, and keeps unix apart. */
static uint8_t protocols_of(const struct ast_rule *ast)
{
	uint8_t bits = 0;

	for (uint32_t i = 0; i < ast->protocols.n; i++) {
		for (int p = 0; p < PROTOCOL_COUNT; p++) {
			if (!strcmp(ast->protocols.v[i].text, protocol_names[p]))
				bits |= (uint8_t)(1u << p);
		}
	}
	assert(bits);
	return bits;
}

static bool unix_sockets(
	struct lowering *l, const struct words *words, struct globs *paths, struct globs *names)
{
	const uint32_t skip = sizeof(abstract_prefix) - 1;
	bool ok = true;

	for (uint32_t i = 0; i < words->n; i++) {
		const struct word *w = &words->v[i];

		if (!strcmp(w->text, abstract_prefix)) {
			struct diag *d =
				diag_error(l->diags, w->at, "'%s' without a name", abstract_prefix);

			diag_hint(l->diags, d, "for every abstract socket write abstract:**");
			ok = false;
		} else if (!strncmp(w->text, abstract_prefix, skip))
			ok = expand_globs(l->res, w, skip, GLOB_NAME, names) && ok;
		else
			ok = expand_globs(l->res, w, 0, GLOB_PATH, paths) && ok;
	}
	return ok;
}

static bool endpoints(
	struct lowering *l, const struct words *words, uint8_t protocols, struct endpoints *ret)
{
	bool ok = true;

	for (uint32_t i = 0; i < words->n; i++)
		ok = lower_endpoint(l, &words->v[i], protocols, ret) && ok;
	return ok;
}

static bool lower_network(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	const uint8_t icmp = 1u << PROTOCOL_ICMP;

	r->protocols = protocols_of(ast);
	r->classes = 1u << CLASS_PLAIN;
	if (r->protocols == 1u << PROTOCOL_UNIX)
		return unix_sockets(l, &ast->objects, &r->paths, &r->names) &
		       unix_sockets(l, &ast->excepts, &r->except_paths, &r->except_names);
	if (r->protocols & icmp && r->protocols != icmp) {
		const struct word *w = ast->protocols.v;
		struct diag *d;

		while (strcmp(w->text, "icmp") != 0)
			w++;
		d = diag_error(l->diags, w->at, "'icmp' cannot share a rule with '%s'",
			ast->protocols.v[w == ast->protocols.v].text);
		diag_hint(l->diags, d, "icmp has no ports: write a rule for each");
		return false;
	}
	return endpoints(l, &ast->objects, r->protocols, &r->endpoints) &
	       endpoints(l, &ast->excepts, r->protocols, &r->except_endpoints);
}

struct family_set {
	uint64_t families;
	uint32_t netlink; /* bit (protocol); all of them where no protocol was named */
};

static bool families_of(
	struct lowering *l, const struct ast_calls *calls, int netlink, struct family_set *ret)
{
	bool ok = true;

	for (uint32_t i = 0; i < calls->n; i++) {
		const struct ast_call *c = &calls->v[i];
		int family = vocab_family_find(c->name.text);

		if (family < 0) {
			lower_unknown_name(l, &c->name, "socket family", VOCAB_FAMILY,
				"'connect' and 'listen' speak of tcp, udp, sctp, icmp and unix; "
				"'socket' of others such as raw, packet and netlink");
			ok = false;
			continue;
		}
		ret->families |= (uint64_t)1 << family;
		if (c->protocols.n && family != netlink) {
			diag_error(l->diags, c->protocols.v[0].at,
				"'%s' has no protocols to name: only netlink has", c->name.text);
			ok = false;
			continue;
		}
		if (!c->protocols.n && family == netlink)
			ret->netlink = UINT32_MAX;
		for (uint32_t k = 0; k < c->protocols.n; k++) {
			int n = vocab_netlink_find(c->protocols.v[k].text);

			if (n < 0) {
				lower_unknown_name(l, &c->protocols.v[k], "netlink protocol",
					VOCAB_NETLINK, "netlink(7) lists the names");
				ok = false;
				continue;
			}
			ret->netlink |= (uint32_t)1 << n;
		}
	}
	return ok;
}

static bool lower_families(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	int netlink = vocab_family_find("netlink");
	struct family_set of = { 0 }, except = { 0 };

	if (!(families_of(l, &ast->calls, netlink, &of) &
		    families_of(l, &ast->except_calls, netlink, &except)))
		return false;
	of.netlink &= ~except.netlink;
	except.families &= ~((uint64_t)1 << netlink);
	of.families &= ~except.families;
	if (!of.netlink)
		of.families &= ~((uint64_t)1 << netlink);
	r->families = of.families;
	r->netlink = of.netlink == UINT32_MAX ? 0 : of.netlink;
	return true;
}

const struct mount_option mount_options[MOUNT_OPTION_COUNT] = {
	{ "ro", MOUNT_RO },
	{ "nosuid", MOUNT_NOSUID },
	{ "nodev", MOUNT_NODEV },
	{ "noexec", MOUNT_NOEXEC },
};

static bool lower_mount(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	struct words on = { .v = (struct word *)&ast->on, .n = ast->has_on };
	struct words source = { .v = (struct word *)&ast->source, .n = ast->has_source };
	bool ok = globs_of(l, &on, &r->paths);

	if (ast->has_fstype)
		r->fstype = ast->fstype.text;
	/* A device or a label is a source too; only a path can have variables and globs. */
	if (ast->has_source && ast->source.kind != WORD_PATH)
		ARENA_PUSH(l->arena, r->sources.v, r->sources.n, r->sources.cap,
			glob_literal(l->arena, ast->source.text, ast->source.len));
	else
		ok = globs_of(l, &source, &r->sources) && ok;
	ok = globs_of(l, &ast->excepts, &r->except_paths) && ok;
	for (uint32_t i = 0; i < ast->options.n; i++) {
		struct suggest near;
		uint32_t flag = 0;

		suggest_init(&near, ast->options.v[i].text);
		for (size_t k = 0; k < MOUNT_OPTION_COUNT; k++) {
			suggest_offer(&near, mount_options[k].name);
			if (!strcmp(ast->options.v[i].text, mount_options[k].name))
				flag = mount_options[k].flag;
		}
		if (!flag) {
			struct diag *d = diag_error(l->diags, ast->options.v[i].at,
				"unknown mount option '%s'", ast->options.v[i].text);

			if (suggest_best(&near))
				diag_hint(l->diags, d, "did you mean '%s'?", suggest_best(&near));
			else
				diag_hint(l->diags, d,
					"a rule can ask for ro, nosuid, nodev and noexec");
			ok = false;
		}
		r->mount_flags |= flag;
	}
	return ok;
}

bool lower_objects(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	uint64_t excepts = 0;
	bool ok;

	switch (ast->form) {
	case FORM_PATHS:
		r->operations = operations_of(ast);
		return lower_paths(l, ast, r);
	case FORM_UMOUNT:
		r->operations = OP_BIT(OP_UMOUNT);
		return lower_paths(l, ast, r);
	case FORM_SIGNAL:
		r->operations = OP_BIT(OP_SIGNAL);
		r->signals = ast->objects.n ? 0 : UINT64_MAX;
		ok = name_set(l, &ast->objects, &signal_names, &r->signals);
		ok = name_set(l, &ast->excepts, &signal_names, &excepts) && ok;
		r->signals &= ~excepts;
		return lower_target(l, ast, r) && ok;
	case FORM_PTRACE:
		r->operations = OP_BIT(OP_PTRACE);
		return lower_target(l, ast, r);
	case FORM_BARE:
		r->operations = operations_of(ast);
		return true;
	case FORM_NETWORK:
		r->operations = operations_of(ast);
		return lower_network(l, ast, r);
	case FORM_SOCKET:
		r->operations = OP_BIT(OP_SOCKET);
		return lower_families(l, ast, r);
	case FORM_MOUNT:
		r->operations = OP_BIT(OP_MOUNT);
		return lower_mount(l, ast, r);
	case FORM_BIND:
		r->operations = OP_BIT(OP_BIND);
		return lower_mount(l, ast, r);
	case FORM_SYSCALL:
		r->operations = OP_BIT(OP_SYSCALL);
		r->only = ast->only;
		ok = lower_calls(l, &ast->calls, &r->calls);
		return lower_calls(l, &ast->except_calls, &r->except_calls) && ok;
	case FORM_CAPABILITY:
		r->operations = OP_BIT(OP_CAPABILITY);
		ok = name_set(l, &ast->objects, &capability_names, &r->capabilities);
		ok = name_set(l, &ast->excepts, &capability_names, &excepts) && ok;
		r->capabilities &= ~excepts;
		return ok;
	}
	return false;
}

/* The parser has seen to it that they stand where they mean something. */
static bool lower_modifiers(struct lowering *l, const struct ast_rule *ast, struct rule *r)
{
	r->owner = ast->owner;
	if (ast->has_errno) {
		r->errnum = vocab_errno_find(ast->errno_name.text);
		if (r->errnum <= 0) {
			lower_unknown_name(l, &ast->errno_name, "errno", VOCAB_ERRNO,
				"errno(3) lists the names");
			return false;
		}
	}
	if (!ast->has_as)
		return true;
	r->transition =
		lower_domain_find(l, &ast->as, "a sub-profile is a profile inside this one");
	if (r->transition == 0 && !l->alone) {
		struct diag *d =
			diag_error(l->diags, ast->as.at, "'%s' is not a sub-profile", ast->as.text);

		diag_hint(l->diags, d, "nothing leads back into the outermost profile");
		return false;
	}
	return r->transition >= 0;
}

/* A rule that means what another of its domain does is the same rule; it lists both lines. */
static struct rule *equal_rule(struct lowering *l, struct rule *r)
{
	if ((l->policy->n_rules + 1) * 2 >= l->n_by_id) {
		l->n_by_id = l->n_by_id ? l->n_by_id * 2 : 256;
		l->by_id = arena_array(l->arena, l->n_by_id, sizeof(*l->by_id));
		for (uint32_t i = 0; i < l->policy->n_rules; i++) {
			uint64_t b = l->policy->rules[i]->id & (l->n_by_id - 1);

			while (l->by_id[b])
				b = (b + 1) & (l->n_by_id - 1);
			l->by_id[b] = l->policy->rules[i];
		}
	}
	for (uint64_t b = r->id & (l->n_by_id - 1);; b = (b + 1) & (l->n_by_id - 1)) {
		if (!l->by_id[b]) {
			l->by_id[b] = r;
			return NULL;
		}
		if (l->by_id[b]->id == r->id && l->by_id[b]->domain == r->domain)
			return l->by_id[b];
	}
}

static void merge(struct lowering *l, struct rule *into, struct rule *r)
{
	struct rule_line line = r->lines[0];

	for (uint32_t i = 0; i < into->n_lines; i++) {
		if (into->lines[i].own && line.own) {
			struct diag *d = diag_error(l->diags, line.at, "this rule stands twice");

			diag_note(l->diags, d, into->lines[i].at, "first here");
			return;
		}
		if (into->lines[i].at.source == line.at.source &&
			into->lines[i].at.offset == line.at.offset)
			return;
	}
	ARENA_PUSH(l->arena, into->lines, into->n_lines, into->cap_lines, line);
	if (!into->exception)
		into->exception = r->exception;
	/* A report names the file's own line before a fragment's. */
	if (line.own && !into->lines[0].own) {
		into->lines[into->n_lines - 1] = into->lines[0];
		into->lines[0] = line;
		into->text = r->text;
	}
}

void lower_rule(struct lowering *l, const struct ast_rule *ast)
{
	struct rule *r = lower_new_rule(l, l->domain), *equal;

	r->effect = ast->effect;
	r->quiet = ast->quiet;
	r->exception = ast->exception;
	if (!(lower_objects(l, ast, r) & lower_modifiers(l, ast, r))) {
		l->failed = true;
		return;
	}
	r->text = lower_text(l, ast->at);
	ARENA_PUSH(l->arena, r->lines, r->n_lines, r->cap_lines, lower_line(l, ast->at));
	rule_identify(l->policy, r);
	equal = equal_rule(l, r);
	if (equal) {
		merge(l, equal, r);
		return;
	}
	r->index = l->policy->n_rules;
	ARENA_PUSH(l->arena, l->policy->rules, l->policy->n_rules, l->policy->cap_rules, r);
}
