/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/decide.h"

#include "compiler/cells.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* kill 0, errno deny 1, deny 2, audit 3, allow 4, default 5 */
static int rank(const struct rule *r, enum operation op)
{
	if (r->is_default)
		return 5;
	if (!(r->operations & OP_BIT(op)))
		return 4;
	switch (r->effect) {
	case EFFECT_KILL:
		return 0;
	case EFFECT_DENY:
		return r->errnum ? 1 : 2;
	case EFFECT_AUDIT:
		return 3;
	case EFFECT_ALLOW:
		return 4;
	}
	__builtin_unreachable();
}

bool rule_before(const struct rule *a, const struct rule *b, enum operation op)
{
	int ra = rank(a, op), rb = rank(b, op);
	bool own_a = a->n_lines && a->lines[0].own, own_b = b->n_lines && b->lines[0].own;

	if (ra != rb)
		return ra < rb;
	if (a->quiet != b->quiet)
		return !a->quiet;
	if (a->derived != b->derived)
		return !a->derived;
	if (own_a != own_b)
		return own_a;
	return a->index < b->index;
}

bool rule_hides_report(const struct rule *a, const struct rule *b)
{
	return a->errnum && a->quiet && !a->is_default && b->effect == EFFECT_DENY && !b->errnum &&
	       !b->quiet && !b->is_default;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, uint8_t bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	return ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0;
}

static bool endpoints_match(
	const struct endpoints *list, uint8_t family, const uint8_t *address, uint16_t port)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct endpoint *e = &list->v[i];

		if (e->family != 0 && e->family != family)
			continue;
		if (e->family != 0 && !prefix_equal(e->address, address, e->prefix))
			continue;
		if (port >= e->port_lo && port <= e->port_hi)
			return true;
	}
	return false;
}

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool network_matches(const struct rule *rule, const struct request *r)
{
	uint8_t family = r->family, address[16];

	if (r->protocol < 0 || r->protocol >= PROTOCOL_COUNT ||
		!(rule->protocols & (1u << r->protocol)))
		return false;
	memcpy(address, r->address, sizeof(address));
	if (family == 6 && !memcmp(address, mapped_prefix, sizeof(mapped_prefix))) {
		family = 4;
		memmove(address, address + 12, 4);
	}
	return endpoints_match(&rule->endpoints, family, address, r->port) &&
	       !endpoints_match(&rule->except_endpoints, family, address, r->port);
}

static bool target_matches(const struct rule *rule, uint32_t domain, const struct request *r)
{
	switch (rule->target) {
	case TARGET_ANY:
		return true;
	case TARGET_SELF:
		return r->target == REQUEST_SELF ||
		       (r->target == REQUEST_DOMAIN && r->target_domain == domain);
	case TARGET_DOMAIN:
		return (r->target == REQUEST_DOMAIN && r->target_domain == rule->target_domain) ||
		       (r->target == REQUEST_SELF && domain == rule->target_domain);
	}
	return false;
}

static bool family_matches(const struct rule *rule, const struct request *r)
{
	int family = vocab_family_of_socket(r->socket_family, r->socket_type);

	if (family < 0 || !(rule->families & (uint64_t)1 << family))
		return false;
	if (r->socket_family != AF_NETLINK || !rule->netlink)
		return true;
	return r->socket_protocol >= 0 && r->socket_protocol < 32 &&
	       (rule->netlink & (uint32_t)1 << r->socket_protocol);
}

bool mount_rule_matches(const struct rule *rule, const struct request *r)
{
	if (rule->is_default)
		return true;
	if (rule->fstype && (!r->fstype || strcmp(rule->fstype, r->fstype) != 0))
		return false;
	if ((r->mount_flags & rule->mount_flags) != rule->mount_flags)
		return false;
	if (rule->mount_on && (!r->path || dfa_run(rule->mount_on, 0, r->path, r->path_len) != 1))
		return false;
	if (rule->mount_source &&
		(!r->source || dfa_run(rule->mount_source, 0, r->source, r->source_len) != 1))
		return false;
	return true;
}

/* Everything but what the path automaton knows. */
static bool plain_matches(const struct rule *rule, const struct request *r)
{
	if (rule->is_default)
		return true;
	switch (vocab_operations[r->operation].object) {
	case OBJECT_NONE:
		return true;
	case OBJECT_SIGNAL:
		return r->signal >= 1 && r->signal <= 64 &&
		       (rule->signals >> (r->signal - 1) & 1) &&
		       target_matches(rule, rule->domain, r);
	case OBJECT_TASK:
		return target_matches(rule, rule->domain, r);
	case OBJECT_NETWORK:
		return network_matches(rule, r);
	case OBJECT_FAMILY:
		return family_matches(rule, r);
	case OBJECT_MOUNT:
		return mount_rule_matches(rule, r);
	case OBJECT_CAPABILITY:
		return r->capability >= 0 && r->capability < 64 &&
		       (rule->capabilities >> r->capability & 1);
	case OBJECT_SYSCALL: /* decide_call() */
	case OBJECT_PATH:
	case OBJECT_LIMIT:
		return false;
	}
	return false;
}

/* Files, and unix sockets, whose objects are strings. */
static bool by_string(const struct request *r)
{
	if (OP_BIT(r->operation) & OPS_FILE || r->operation == OP_EXEC || r->operation == OP_UMOUNT)
		return true;
	return (r->operation == OP_CONNECT || r->operation == OP_LISTEN) &&
	       r->protocol == PROTOCOL_UNIX;
}

static const struct path_row *row_of(
	const struct policy *p, uint32_t domain, const struct request *r)
{
	uint32_t entry = DFA_ENTRY_PATHS(domain);
	const char *s = r->path;
	uint32_t len = r->path_len;

	if ((r->operation == OP_CONNECT || r->operation == OP_LISTEN) && !r->path) {
		entry = DFA_ENTRY_NAMES(domain);
		s = r->name;
		len = r->name_len;
	}
	if (!s || ((r->operation == OP_EXEC || r->operation == OP_MAP) &&
			  r->object_class == CLASS_ANONYMOUS))
		return p->pathless[domain];
	return p->rows[dfa_run(p->dfa, entry, s, len)];
}

static int refusal_errno(const struct rule *rule, enum operation op)
{
	if (rule->errnum)
		return rule->errnum;
	return op == OP_SYSCALL ? EPERM : EACCES;
}

static struct decision decided(const struct rule *rule, enum operation op)
{
	struct decision out = { .rule = rule, .transition = -1 };
	enum effect effect = rule->operations & OP_BIT(op) ? rule->effect : EFFECT_ALLOW;

	switch (effect) {
	case EFFECT_ALLOW:
		out.verdict = VERDICT_ALLOW;
		break;
	case EFFECT_AUDIT:
		out.verdict = VERDICT_ALLOW;
		out.reported = true;
		break;
	case EFFECT_DENY:
	case EFFECT_KILL:
		out.verdict = effect == EFFECT_KILL ? VERDICT_KILL : VERDICT_DENY;
		out.reported = !rule->quiet;
		out.errnum = refusal_errno(rule, op);
		break;
	}
	if (op == OP_EXEC && out.verdict == VERDICT_ALLOW)
		out.transition = rule->transition;
	return out;
}

static const struct rule *first_match(const struct domain *d, const struct request *r)
{
	for (uint32_t i = 0; i < d->n_by_operation[r->operation]; i++) {
		if (plain_matches(d->by_operation[r->operation][i], r))
			return d->by_operation[r->operation][i];
	}
	return d->defaults[r->operation];
}

/* Whether a rule of the domain looks at clone's arguments, which clone3 would hide in memory. */
static bool clone_is_compared(const struct domain *d)
{
	const struct call_matches *clone = &d->by_call[vocab_syscall_find("clone")];

	for (uint32_t i = 0; i < clone->n; i++) {
		if (clone->v[i].match->n_tests)
			return true;
	}
	return false;
}

/*
 * As a kernel that lacks the call would answer: C libraries ask for what is new and fall back. That
 * is how they begin, not a violation, and it is not reported.
 */
static struct decision not_there(const struct rule *rule)
{
	struct decision out = decided(rule, OP_SYSCALL);

	out.verdict = VERDICT_DENY;
	out.errnum = ENOSYS;
	out.reported = false;
	return out;
}

static bool excepted(const struct rule *rule, const struct request *r, int syscall)
{
	for (uint32_t i = 0; i < rule->except_calls.n; i++) {
		if (rule->except_calls.v[i].syscall == syscall &&
			syscall_match_holds(&rule->except_calls.v[i], r->abi, r->arguments))
			return true;
	}
	return false;
}

static struct decision decide_call(
	const struct policy *p, const struct domain *d, const struct request *r)
{
	const struct rule *none = d->defaults[OP_SYSCALL];
	const struct call_matches *matches;
	int call;

	if (!(p->abis & (1u << r->abi)))
		return decided(none, OP_SYSCALL);
	call = vocab_syscall_by_number(r->abi, r->number);
	if (call < 0)
		return not_there(none);
	matches = &d->by_call[call];
	for (uint32_t i = 0; i < matches->n; i++) {
		const struct call_match *m = &matches->v[i];

		if (syscall_match_holds(m->match, r->abi, r->arguments) &&
			!excepted(m->rule, r, call))
			return decided(m->rule, OP_SYSCALL);
	}
	if (!strcmp(vocab_syscalls[call].name, "clone3") && clone_is_compared(d))
		return not_there(none);
	return decided(none, OP_SYSCALL);
}

struct unknown_arguments {
	const struct policy *p;
	const struct domain *d; /* NULL: the union */
	const struct request *asked;
	struct decision first;
	bool any, allowed, denied;
	uint64_t allowed_witness[6], denied_witness[6];
};

static bool try_arguments(void *ctx, const uint64_t arguments[6])
{
	struct unknown_arguments *u = ctx;
	struct request r = *u->asked;
	struct decision d;

	r.has_arguments = true;
	for (int i = 0; i < 6; i++) {
		if (!(r.known_arguments & (1u << i)))
			r.arguments[i] = arguments[i];
	}
	d = u->d ? decide_call(u->p, u->d, &r) : decide_syscall_union(u->p, &r);
	if (!u->any)
		u->first = d;
	u->any = true;
	if (d.verdict == VERDICT_ALLOW && !u->allowed) {
		u->allowed = true;
		memcpy(u->allowed_witness, r.arguments, sizeof(r.arguments));
	} else if (d.verdict != VERDICT_ALLOW && !u->denied) {
		u->denied = true;
		memcpy(u->denied_witness, r.arguments, sizeof(r.arguments));
		/* The refusal names the rule that a reader of `depends` wants to see. */
		u->first = d;
	}
	return !(u->allowed && u->denied);
}

static struct decision decide_unknown(
	const struct policy *p, const struct domain *d, const struct request *r)
{
	struct unknown_arguments u = { .p = p, .d = d, .asked = r };
	static const uint64_t zero[6];
	int call = vocab_syscall_by_number(r->abi, r->number);

	if (call < 0 || !(p->abis & (1u << r->abi))) {
		try_arguments(&u, zero);
		return u.first;
	}
	if (!cells_walk(p, r->abi, call, false, try_arguments, &u) && !u.any) {
		/* Too many cells to tell: the answer that cannot be wrong. */
		u.allowed = u.denied = true;
		u.first = decided(p->domains[0]->defaults[OP_SYSCALL], OP_SYSCALL);
	}
	if (u.allowed && u.denied) {
		u.first.verdict = VERDICT_DENY;
		u.first.depends = true;
		memcpy(u.first.allowed_witness, u.allowed_witness, sizeof(u.allowed_witness));
		memcpy(u.first.denied_witness, u.denied_witness, sizeof(u.denied_witness));
	}
	return u.first;
}

struct decision decide(const struct policy *p, uint32_t domain, const struct request *r)
{
	const struct domain *d = p->domains[domain];

	if (r->operation == OP_SYSCALL)
		return r->has_arguments ? decide_call(p, d, r) : decide_unknown(p, d, r);
	if (by_string(r)) {
		enum object_class c = r->operation == OP_EXEC || r->operation == OP_MAP
					      ? r->object_class
					      : CLASS_PLAIN;
		const struct rule *rule =
			row_of(p, domain, r)->by[r->operation][PATH_VARIANT(r->owner, c)];

		return decided(rule, r->operation);
	}
	return decided(first_match(d, r), r->operation);
}

struct decision decide_syscall_union(const struct policy *p, const struct request *r)
{
	struct decision first;

	if (!r->has_arguments)
		return decide_unknown(p, NULL, r);
	first = decide_call(p, p->domains[0], r);
	for (uint32_t i = 1; i < p->n_domains && first.verdict != VERDICT_ALLOW; i++) {
		struct decision other = decide_call(p, p->domains[i], r);

		if (other.verdict == VERDICT_ALLOW)
			return other;
	}
	return first;
}

const char *verdict_word(const struct decision *d)
{
	if (d->depends)
		return "depends";
	return d->verdict == VERDICT_ALLOW ? "allow" : "deny";
}
