/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/expect.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "compiler/lower.h"

#include <string.h>
#include <sys/socket.h>

static bool need_one(struct lowering *l, struct span at, const char *what)
{
	struct diag *d = diag_error(l->diags, at, "expected one %s, found several", what);

	diag_hint(l->diags, d, "a question asks one thing: write a line for each");
	return false;
}

static bool literal_path(
	struct lowering *l, struct span at, const struct globs *globs, struct request *r)
{
	struct diag *d;

	if (globs->n == 1 && globs->v[0]->literal) {
		r->path = globs->v[0]->prefix;
		r->path_len = globs->v[0]->prefix_len;
		return true;
	}
	if (globs->n != 1)
		return need_one(l, at, "path");
	d = diag_error(l->diags, at, "expected one path, found the glob '%s'", globs->v[0]->text);
	diag_hint(l->diags, d,
		"a question asks about one: name a path that the glob matches, or write '\\' "
		"before "
		"the character to mean itself");
	return false;
}

static bool single_bit(uint64_t bits)
{
	return bits && !(bits & (bits - 1));
}

static bool network_question(
	struct lowering *l, const struct ast_rule *ast, const struct rule *rule, struct request *r)
{
	struct span at = ast->objects.n ? ast->objects.v[0].at : ast->at;
	const struct endpoint *e;

	if (!single_bit(rule->protocols))
		return need_one(l, ast->protocols.v[0].at, "protocol");
	r->protocol = __builtin_ctz(rule->protocols);
	if (r->protocol == PROTOCOL_UNIX) {
		if (!rule->names.n)
			return literal_path(l, at, &rule->paths, r);
		if (!literal_path(l, at, &rule->names, r))
			return false;
		r->name = r->path;
		r->name_len = r->path_len;
		r->path = NULL;
		return true;
	}
	if (rule->endpoints.n != 1)
		return need_one(l, at, "address and port");
	e = &rule->endpoints.v[0];
	if (e->family == 0 || e->prefix != (e->family == 4 ? 32 : 128))
		return need_one(l, at, "address");
	if (e->port_lo != e->port_hi && r->protocol != PROTOCOL_ICMP)
		return need_one(l, at, "port");
	r->family = e->family;
	memcpy(r->address, e->address, sizeof(r->address));
	r->port = r->protocol == PROTOCOL_ICMP ? 0 : e->port_lo;
	return true;
}

static bool call_question(
	struct lowering *l, const struct ast_rule *ast, const struct rule *rule, struct request *r)
{
	const struct syscall_match *m = &rule->calls.v[0];

	if (rule->calls.n != 1)
		return need_one(l, ast->calls.n ? ast->calls.v[0].at : ast->at, "syscall");
	r->abi = l->policy->abis & (1u << vocab_abi_native())
			 ? vocab_abi_native()
			 : (enum abi)__builtin_ctz(l->policy->abis);
	r->number = vocab_syscalls[m->syscall].number[r->abi];
	for (uint32_t i = 0; i < m->n_tests; i++) {
		const struct syscall_test *t = &m->tests[i];
		uint8_t at = t->argument->index[r->abi];

		if (t->kind != TEST_IN || t->negated || t->n_values != 1) {
			struct diag *d = diag_error(l->diags, ast->calls.v[0].at,
				"expected one value for '%s'", t->argument->name);

			diag_hint(l->diags, d, "a question asks about one: write %s=VALUE",
				t->argument->name);
			return false;
		}
		if (at == VOCAB_NO_INDEX)
			continue;
		r->arguments[at] = t->values[0];
		r->known_arguments |= (uint8_t)(1u << at);
	}
	return true;
}

static bool request_of(
	struct lowering *l, const struct ast_rule *ast, const struct rule *rule, struct request *r)
{
	struct span at = ast->objects.n ? ast->objects.v[0].at : ast->at;
	uint64_t operations = rule->operations;

	/* `write` holds append for rules; a question means what it says. */
	if (operations == (OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND)))
		operations = OP_BIT(OP_WRITE);
	if (!single_bit(operations))
		return need_one(
			l, ast->operations.n ? ast->operations.v[0].at : ast->at, "operation");
	r->operation = (enum operation)__builtin_ctzll(operations);
	switch (vocab_operations[r->operation].object) {
	case OBJECT_PATH:
		r->owner = rule->owner;
		if (ast->has_class)
			r->object_class = !strcmp(ast->object_class.text, "drift")
						  ? CLASS_DRIFT
						  : CLASS_ANONYMOUS;
		if (r->object_class == CLASS_ANONYMOUS)
			return true;
		if (rule->any_path)
			return need_one(l, ast->object_class.at, "path");
		return literal_path(l, at, &rule->paths, r);
	case OBJECT_SIGNAL:
		if (!single_bit(rule->signals))
			return need_one(l, at, "signal");
		r->signal = __builtin_ctzll(rule->signals) + 1;
		__attribute__((fallthrough));
	case OBJECT_TASK:
		r->target = rule->target == TARGET_SELF	    ? REQUEST_SELF
			    : rule->target == TARGET_DOMAIN ? REQUEST_DOMAIN
							    : REQUEST_OUTSIDE;
		r->target_domain = rule->target_domain;
		return true;
	case OBJECT_NONE:
		return true;
	case OBJECT_NETWORK:
		return network_question(l, ast, rule, r);
	case OBJECT_FAMILY:
		if (!single_bit(rule->families))
			return need_one(l, ast->calls.v[0].at, "socket family");
		r->socket_family = vocab_families[__builtin_ctzll(rule->families)].family[0];
		r->socket_type = vocab_families[__builtin_ctzll(rule->families)].type;
		if (r->socket_type < 0)
			r->socket_type = SOCK_DGRAM;
		r->socket_protocol = rule->netlink ? __builtin_ctz(rule->netlink) : -1;
		return true;
	case OBJECT_MOUNT:
		r->fstype = rule->fstype;
		r->mount_flags = rule->mount_flags;
		if (rule->sources.n) {
			struct request source = { 0 };

			if (!literal_path(l, ast->source.at, &rule->sources, &source))
				return false;
			r->source = source.path;
			r->source_len = source.path_len;
		}
		return !rule->paths.n ||
		       literal_path(l, ast->has_on ? ast->on.at : at, &rule->paths, r);
	case OBJECT_SYSCALL:
		return call_question(l, ast, rule, r);
	case OBJECT_CAPABILITY:
		if (!single_bit(rule->capabilities))
			return need_one(l, at, "capability");
		r->capability = __builtin_ctzll(rule->capabilities);
		return true;
	case OBJECT_LIMIT:
		break;
	}
	return false;
}

static bool question_of(struct compilation *c, const struct policy *p, uint32_t domain,
	const struct ast_rule *ast, struct question *ret)
{
	struct lowering l = { .res = c->resolution,
		.arena = c->arena,
		.diags = &c->diags,
		.policy = (struct policy *)p,
		.domain = p->domains[domain] };
	struct rule rule = { .domain = domain, .transition = -1, .effect = EFFECT_DENY };

	if (ast->has_in) {
		int32_t sub = lower_domain_find(
			&l, &ast->in, "a sub-profile is a profile inside this one");

		if (sub < 0)
			return false;
		domain = (uint32_t)sub;
		l.domain = p->domains[domain];
	}
	*ret = (struct question){ .policy = p, .domain = domain, .at = ast->at };
	if (!lower_objects(&l, ast, &rule))
		return false;
	rule.owner = ast->owner;
	ret->text = lower_text(&l, ast->at);
	return request_of(&l, ast, &rule, &ret->request);
}

/* A shell has taken the quotes off: put a path's special characters back as themselves. */
static void put_literal(struct text *t, const char *word)
{
	bool path = *word == '/';
	bool abstract = !strncmp(word, "abstract:", 9);

	if (!path && !abstract) {
		text_puts(t, word);
		return;
	}
	text_putc(t, '"');
	for (; *word; word++) {
		unsigned char ch = (unsigned char)*word;

		if (strchr("?*[]{}$\\\"", ch))
			text_printf(t, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f)
			text_printf(t, "\\x%02x", ch);
		else
			text_putc(t, *word);
	}
	text_putc(t, '"');
}

bool question_parse(struct compilation *c, const struct policy *p, uint32_t domain, int argc,
	char **argv, struct question *ret)
{
	struct text t = TEXT_INIT;
	struct ast_rule *ast;
	struct source *source;
	bool ok;

	for (int i = 0; i < argc; i++) {
		if (i)
			text_putc(&t, ' ');
		put_literal(&t, argv[i]);
	}
	source = source_add(&c->sources, "<query>", text_str(&t), t.len);
	text_release(&t);
	ast = parse_request(source, &c->diags, c->arena);
	ok = ast && question_of(c, p, domain, ast, ret);
	if (!ok)
		return false;
	for (int i = 0; i < argc; i++)
		text_printf(&t, "%s%s", i ? " " : "", argv[i]);
	ret->text = arena_strdup(c->arena, text_str(&t));
	text_release(&t);
	return true;
}

static const struct policy *among(struct policy *const *policies, uint32_t n,
	const struct word *name, struct suggest *near, uint32_t *ret_domain)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct policy *p = policies[i];
		int32_t found = policy_domain_find(p, name->text);

		if (found >= 0) {
			*ret_domain = (uint32_t)found;
			return p;
		}
		for (uint32_t k = 0; k < p->n_domains; k++)
			suggest_offer(near, p->domains[k]->name);
	}
	return NULL;
}

/* @ret_whole: whether the policy may be asked, too. */
static const struct policy *policy_for(
	struct compilation *c, const struct word *name, uint32_t *ret_domain, bool *ret_whole)
{
	const struct policy *p;
	struct suggest near;
	struct diag *d;

	suggest_init(&near, name->text);
	p = among(c->policies, c->n_policies, name, &near, ret_domain);
	*ret_whole = p;
	if (!p)
		p = among(c->outlines, c->n_outlines, name, &near, ret_domain);
	if (p || c->resolution->files[0]->n_lost)
		return p;
	d = diag_error(&c->diags, name->at, "the file has no profile '%s' to test", name->text);
	if (suggest_best(&near))
		diag_hint(&c->diags, d, "did you mean '%s'?", suggest_best(&near));
	else
		diag_hint(&c->diags, d,
			"a profile of this file is tested, or a sub-profile as 'parent/child'");
	return NULL;
}

void expectations_run(
	struct compilation *c, void (*visit)(void *ctx, const struct expectation *e), void *ctx)
{
	bool wrong = c->diags.n_errors;
	const struct ast_file *own;

	if (!c->resolution)
		return;
	own = c->resolution->files[0];
	for (uint32_t i = 0; i < own->n; i++) {
		const struct ast_decl *test = own->v[i];
		const struct policy *p;
		uint32_t domain;
		bool whole;

		if (test->kind != DECL_TEST)
			continue;
		p = policy_for(c, &test->for_profile, &domain, &whole);
		for (uint32_t k = 0; p && k < test->n_expectations; k++) {
			const struct ast_rule *ast = &test->expectations[k];
			struct expectation e = { .test = test->name.text, .line_in_test = k + 1 };

			if (!question_of(c, p, domain, ast, &e.question) || !whole || wrong)
				continue;
			e.expects_allow = ast->effect == EFFECT_ALLOW;
			e.decision = decide(p, e.question.domain, &e.question.request);
			e.holds = !e.decision.depends &&
				  e.expects_allow == (e.decision.verdict == VERDICT_ALLOW);
			visit(ctx, &e);
		}
	}
	diag_sort(&c->diags);
}

/* One that tells the allowed from the refused. */
static const char *differing_argument(int syscall, enum abi abi, const struct decision *d)
{
	const struct vocab_syscall *s = &vocab_syscalls[syscall];
	uint8_t i = 0;

	while (i + 1 < s->n_arguments &&
		(s->arguments[i].index[abi] == VOCAB_NO_INDEX ||
			vocab_argument_value(&s->arguments[i], abi, d->allowed_witness) ==
				vocab_argument_value(&s->arguments[i], abi, d->denied_witness)))
		i++;
	return s->arguments[i].name;
}

struct checking {
	struct compilation *c;
	uint32_t held;
};

static void check_one(void *ctx, const struct expectation *e)
{
	struct checking *k = ctx;
	const struct rule *rule = e->decision.rule;
	struct diag *d;

	if (e->holds) {
		k->held++;
		return;
	}
	d = diag_error(&k->c->diags, e->question.at,
		"test \"%s\" fails: expected %s, the policy says %s", e->test,
		e->expects_allow ? "allow" : "deny", verdict_word(&e->decision));
	if (e->decision.depends) {
		const struct request *r = &e->question.request;
		int call = vocab_syscall_by_number(r->abi, r->number);

		diag_note_unplaced(&k->c->diags, d, "allowed with %s",
			witness_text(k->c->arena, call, r->abi, e->decision.allowed_witness,
				e->decision.denied_witness));
		diag_note_unplaced(&k->c->diags, d, "refused with %s",
			witness_text(k->c->arena, call, r->abi, e->decision.denied_witness,
				e->decision.allowed_witness));
		if (!rule->is_default && !rule->derived)
			diag_note(&k->c->diags, d, rule->lines[0].at, "refused here");
		diag_hint(&k->c->diags, d, "ask with arguments, as in 'syscall %s %s=VALUE'",
			vocab_syscalls[call].name, differing_argument(call, r->abi, &e->decision));
	} else if (rule->is_default) {
		diag_note(&k->c->diags, d, rule->lines[0].at, "no rule matches: %s", rule->text);
	} else if (rule->derived) {
		diag_note_unplaced(&k->c->diags, d, "%s", rule->text);
	} else {
		diag_note(&k->c->diags, d, rule->lines[0].at, "this rule decides");
	}
}

uint32_t expectations_check(struct compilation *c)
{
	struct checking k = { .c = c };

	expectations_run(c, check_one, &k);
	diag_sort(&c->diags);
	return k.held;
}

const char *witness_text(struct arena *a, int syscall, enum abi abi, const uint64_t arguments[6],
	const uint64_t other[6])
{
	const struct vocab_syscall *s = &vocab_syscalls[syscall];
	struct text t = TEXT_INIT;
	const char *out;

	for (uint8_t i = 0; i < s->n_arguments; i++) {
		const struct vocab_argument *arg = &s->arguments[i];
		uint64_t v;

		if (arg->is_pointer || arg->index[abi] == VOCAB_NO_INDEX)
			continue;
		v = vocab_argument_value(arg, abi, arguments);
		if (v != vocab_argument_value(arg, abi, other))
			text_printf(&t, "%s%s=0x%llx", t.len ? " " : "", arg->name,
				(unsigned long long)v);
	}
	out = arena_strdup(a, text_str(&t));
	text_release(&t);
	return out;
}
