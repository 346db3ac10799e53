/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that say nothing: each is a misunderstanding that its author would want to hear of. */
#include "compiler/lower.h"

#include "compiler/cells.h"
#include "compiler/decide.h"

#include <string.h>

/*
 * Looking for rules that do nothing takes at most this many comparisons of each kind. Where that is
 * not enough the rest is taken to do something, which is no error.
 */
#define WORK_MAX 10000000

static bool grants(const struct rule *r)
{
	return r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT;
}

static void dead(struct diag_list *diags, const struct rule *r, const struct rule *beaten_by)
{
	struct diag *d = diag_error(diags, r->lines[0].at, "this rule can never take effect");

	if (beaten_by)
		diag_note(diags, d, beaten_by->lines[0].at, "all that it allows is refused here");
}

/* Several denies share in it. */
static void dead_by(struct diag_list *diags, const struct rule *r, const struct rule *beaten_by,
	const struct rule *also)
{
	struct diag *d;

	if (!also || also == beaten_by) {
		dead(diags, r, beaten_by);
		return;
	}
	d = diag_error(diags, r->lines[0].at, "this rule can never take effect");
	diag_note(diags, d, also->lines[0].at, "a part of what it allows is refused here");
	diag_note(diags, d, beaten_by->lines[0].at, "and a part here");
}

static void says_nothing(struct diag_list *diags, const struct rule *r, const char *why)
{
	struct diag *d = diag_error(diags, r->lines[0].at, "this rule can never take effect");

	diag_note_unplaced(diags, d, "%s", why);
}

static void check_paths(const struct rule *r, struct diag_list *diags)
{
	if (r->any_path || !(r->paths.n || r->names.n))
		return;
	if (!r->matches_some_path)
		says_nothing(diags, r, "its 'except' removes every path that it names");
	else if (!r->effective && grants(r))
		dead_by(diags, r, r->beaten_by, r->beaten_also);
}

/* Whether every address and port of @inner is one of @outer's. */
static bool within(const struct endpoint *inner, const struct endpoint *outer)
{
	if (inner->port_lo < outer->port_lo || inner->port_hi > outer->port_hi)
		return false;
	if (outer->family == 0)
		return true;
	if (inner->family != outer->family || inner->prefix < outer->prefix)
		return false;
	if (memcmp(inner->address, outer->address, outer->prefix / 8) != 0)
		return false;
	return outer->prefix % 8 == 0 ||
	       (inner->address[outer->prefix / 8] ^ outer->address[outer->prefix / 8]) >>
			       (8 - outer->prefix % 8) ==
		       0;
}

static const struct endpoint *covering(const struct endpoints *list, const struct endpoint *e)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (within(e, &list->v[i]))
			return &list->v[i];
	}
	return NULL;
}

static void check_network(
	const struct domain *d, const struct rule *r, struct diag_list *diags, uint64_t *work)
{
	const struct rule *beaten_by = NULL, *also = NULL;
	bool left = false;

	for (uint32_t i = 0; i < r->endpoints.n; i++)
		left = left || !covering(&r->except_endpoints, &r->endpoints.v[i]);
	if (r->endpoints.n && !left) {
		says_nothing(diags, r, "its 'except' removes every address that it names");
		return;
	}
	if (!grants(r))
		return;
	for (uint64_t rest = r->operations; rest; rest &= rest - 1) {
		int op = __builtin_ctzll(rest);

		for (uint32_t i = 0; i < r->endpoints.n; i++) {
			bool refused = false;

			for (uint32_t k = 0; k < d->n_by_operation[op] && !refused; k++) {
				const struct rule *other = d->by_operation[op][k];

				if (grants(other) || other->is_default)
					break;
				*work += other->endpoints.n + 1;
				if (*work > WORK_MAX)
					return;
				refused = !other->except_endpoints.n &&
					  (other->protocols & r->protocols) == r->protocols &&
					  covering(&other->endpoints, &r->endpoints.v[i]);
				if (refused) {
					also = also ? also : other;
					beaten_by = other;
				}
			}
			if (!refused)
				return;
		}
	}
	if (beaten_by)
		dead_by(diags, r, beaten_by, also);
}

static bool target_covers(const struct rule *outer, const struct rule *inner)
{
	return outer->target == TARGET_ANY ||
	       (outer->target == inner->target && outer->target_domain == inner->target_domain);
}

/* Capabilities, signals, families: sets of bits. Where there is nothing to choose, one bit. */
static uint64_t bits_of(const struct rule *r, enum operation op)
{
	switch (op) {
	case OP_CAPABILITY:
		return r->capabilities;
	case OP_SIGNAL:
		return r->signals;
	case OP_SOCKET:
		return r->families;
	default:
		return 1;
	}
}

static void check_bits(
	const struct domain *d, const struct rule *r, enum operation op, struct diag_list *diags)
{
	uint64_t left = bits_of(r, op);
	const struct rule *beaten_by = NULL, *also = NULL;

	if (!left) {
		says_nothing(diags, r, "its 'except' removes everything that it names");
		return;
	}
	if (!grants(r))
		return;
	for (uint32_t i = 0; left && i < d->n_by_operation[op]; i++) {
		const struct rule *other = d->by_operation[op][i];
		uint64_t refused;

		if (grants(other) || other->is_default)
			break;
		if ((op == OP_SIGNAL || op == OP_PTRACE) && !target_covers(other, r))
			continue;
		refused = left & bits_of(other, op);
		/* A deny of some netlink protocols does not refuse the others. */
		if (op == OP_SOCKET && other->netlink &&
			(!r->netlink || r->netlink & ~other->netlink))
			refused &= ~((uint64_t)1 << vocab_family_find("netlink"));
		if (!refused)
			continue;
		left &= ~refused;
		also = also ? also : other;
		beaten_by = other;
	}
	if (!left)
		dead_by(diags, r, beaten_by, also);
}

static void two_errnos(
	struct diag_list *diags, const struct rule *a, const struct rule *b, const char *what)
{
	struct diag *d = diag_error(diags, a->lines[0].at,
		"this deny and another give one %s two different errnos", what);

	diag_note(diags, d, b->lines[0].at, "the other is here");
}

static void hides_report(struct diag_list *diags, const struct rule *r, const struct rule *other)
{
	struct diag *d = diag_error(
		diags, r->lines[0].at, "this quiet deny goes before another, which reports");

	diag_note(diags, d, other->lines[0].at, "the other is here");
}

/* Whether some address and port is one of both. */
static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	struct endpoint wide =
		a->family == 0 || (b->family != 0 && a->prefix < b->prefix) ? *a : *b;
	struct endpoint narrow =
		a->family == 0 || (b->family != 0 && a->prefix < b->prefix) ? *b : *a;

	if (a->port_hi < b->port_lo || b->port_hi < a->port_lo)
		return false;
	wide.port_lo = narrow.port_lo = 0;
	wide.port_hi = narrow.port_hi = 0;
	return within(&narrow, &wide);
}

/* Exceptions are taken for nothing: a deny that needs one to be told apart from another is too
 * subtle to read. */
static bool one_object_of_both(const struct rule *a, const struct rule *b, enum operation op)
{
	if (op == OP_CAPABILITY)
		return a->capabilities & b->capabilities;
	if (op == OP_SOCKET)
		return a->families & b->families &&
		       (!a->netlink || !b->netlink || a->netlink & b->netlink);
	if (op == OP_SIGNAL || op == OP_PTRACE)
		return (op == OP_PTRACE || a->signals & b->signals) &&
		       (target_covers(a, b) || target_covers(b, a));
	for (uint32_t i = 0; a->protocols & b->protocols && i < a->endpoints.n; i++) {
		for (uint32_t k = 0; k < b->endpoints.n; k++) {
			if (overlap(&a->endpoints.v[i], &b->endpoints.v[k]))
				return true;
		}
	}
	return op == OP_FORK || op == OP_USERNS || op == OP_PIVOT;
}

/* Paths and calls are compared where they are walked through. */
static void check_errno(
	const struct domain *d, const struct rule *r, enum operation op, struct diag_list *diags)
{
	for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
		const struct rule *other = d->by_operation[op][i];

		if (rule_hides_report(r, other) && one_object_of_both(r, other, op)) {
			hides_report(diags, r, other);
			return;
		}
		if (other->index < r->index && other->errnum && other->errnum != r->errnum &&
			one_object_of_both(r, other, op)) {
			two_errnos(diags, r, other,
				op == OP_CONNECT || op == OP_LISTEN ? "address"
								    : vocab_operations[op].name);
			return;
		}
	}
}

/* Pairs of states beyond which two mounts are taken for different, which is no error. */
#define PRODUCT_MAX (1u << 22)

/* Whether @outer accepts (class 1) whatever @inner does; NULL accepts all. */
static bool accepts_all_of(const struct policy *p, const struct dfa *outer, const struct dfa *inner)
{
	struct pair {
		uint32_t outer, inner;
	} * todo;
	uint32_t n = 1;
	bool *seen, ok = true;

	if (!outer)
		return true;
	if (!inner || (size_t)outer->n_states * inner->n_states > PRODUCT_MAX)
		return false;
	seen = arena_array(p->arena, (size_t)outer->n_states * inner->n_states, sizeof(*seen));
	todo = arena_array(p->arena, (size_t)outer->n_states * inner->n_states, sizeof(*todo));
	todo[0] = (struct pair){ outer->start[0], inner->start[0] };
	seen[(size_t)outer->start[0] * inner->n_states + inner->start[0]] = true;
	while (n && ok) {
		struct pair at = todo[--n];

		ok = inner->accept[at.inner] != 1 || outer->accept[at.outer] == 1;
		for (int byte = 1; byte < 256; byte++) {
			struct pair next = { dfa_step(outer, at.outer, (uint8_t)byte),
				dfa_step(inner, at.inner, (uint8_t)byte) };
			bool *known = &seen[(size_t)next.outer * inner->n_states + next.inner];

			if (!*known)
				todo[n++] = next;
			*known = true;
		}
	}
	return ok;
}

/* One deny that covers a mount rule; several that do so together are not looked for. */
static void check_mount(const struct policy *p, const struct domain *d, const struct rule *r,
	enum operation op, struct diag_list *diags)
{
	for (uint32_t i = 0; grants(r) && i < d->n_by_operation[op]; i++) {
		const struct rule *other = d->by_operation[op][i];

		if (grants(other) || other->is_default)
			return;
		if ((other->fstype && (!r->fstype || strcmp(other->fstype, r->fstype) != 0)) ||
			other->mount_flags & ~r->mount_flags)
			continue;
		if (accepts_all_of(p, other->mount_on, r->mount_on) &&
			accepts_all_of(p, other->mount_source, r->mount_source)) {
			dead(diags, r, other);
			return;
		}
	}
}

/* The cases that all rules of the policy tell apart in one call. */
struct partition {
	bool made, whole;
	struct cells cells;
};

struct call_check {
	const struct policy *p;
	struct diag_list *diags;
	struct partition (*partitions)[ABI_COUNT]; /* by syscall */
	uint64_t work;
};

static const struct partition *partition_of(
	struct call_check *c, const struct rule *r, int syscall, enum abi abi)
{
	struct partition *x = &c->partitions[syscall][abi];
	struct diag *d;

	if (x->made)
		return x;
	x->made = true;
	x->whole = cells_new(c->p->arena, c->p, abi, syscall, NULL, 0, &x->cells);
	if (x->whole)
		return x;
	d = diag_error(c->diags, r->lines[0].at,
		"the rules tell too many cases of '%s' apart: more than %d, or more than %d masks",
		vocab_syscalls[syscall].name, CELLS_MAX, CELL_MASKS_MAX);
	diag_hint(c->diags, d, "compare with ranges, or with fewer arguments at once");
	return x;
}

struct call_walk {
	struct call_check *check;
	const struct rule *r;
	const struct syscall_match *match;
	enum abi abi;
	bool alive;
	bool holds;   /* for some arguments */
	bool matches; /* for some that are not excepted */
	const struct rule *beaten_by;
	const struct rule *errno_a;
	const struct rule *hidden; /* a deny whose report this one would hide */
};

static struct decision ask_call(const struct call_walk *w, const uint64_t arguments[6])
{
	struct request q = { .operation = OP_SYSCALL, .abi = w->abi, .has_arguments = true };

	q.number = vocab_syscalls[w->match->syscall].number[w->abi];
	memcpy(q.arguments, arguments, sizeof(q.arguments));
	return decide(w->check->p, w->r->domain, &q);
}

static bool excepted(const struct rule *r, int syscall, enum abi abi, const uint64_t arguments[6])
{
	for (uint32_t i = 0; i < r->except_calls.n; i++) {
		if (r->except_calls.v[i].syscall == syscall &&
			syscall_match_holds(&r->except_calls.v[i], abi, arguments))
			return true;
	}
	return false;
}

static bool hidden_by(struct call_walk *w, const struct domain *d, const uint64_t arguments[6])
{
	for (uint32_t i = 0; i < d->n_by_operation[OP_SYSCALL] && !w->hidden; i++) {
		const struct rule *other = d->by_operation[OP_SYSCALL][i];

		for (uint32_t k = 0; rule_hides_report(w->r, other) && k < other->calls.n; k++) {
			if (other->calls.v[k].syscall == w->match->syscall &&
				syscall_match_holds(&other->calls.v[k], w->abi, arguments) &&
				!excepted(other, w->match->syscall, w->abi, arguments))
				w->hidden = other;
		}
	}
	return w->hidden;
}

/* false when nothing more can be learned. */
static bool follow_call(struct call_walk *w, const uint64_t arguments[6])
{
	const struct domain *domain = w->check->p->domains[w->r->domain];
	struct decision d;

	if (!syscall_match_holds(w->match, w->abi, arguments))
		return true;
	w->holds = true;
	if (excepted(w->r, w->match->syscall, w->abi, arguments))
		return true;
	w->matches = true;
	if (!grants(w->r) && !w->r->errnum) {
		w->alive = true;
		return false;
	}
	if (w->r->quiet && hidden_by(w, domain, arguments))
		return false;
	w->check->work += domain->n_by_operation[OP_SYSCALL];
	d = ask_call(w, arguments);
	if (grants(w->r)) {
		w->alive = d.verdict == VERDICT_ALLOW;
		w->beaten_by = d.rule;
		return !w->alive;
	}
	w->alive = true;
	if (d.rule != w->r && d.rule->effect == EFFECT_DENY && d.rule->errnum &&
		d.rule->errnum != w->r->errnum) {
		w->errno_a = d.rule;
		return false;
	}
	return true;
}

static void walk_call(struct call_walk *w)
{
	const struct partition *x = partition_of(w->check, w->r, w->match->syscall, w->abi);
	bool go_on = true;

	w->alive = !x->whole;
	for (uint32_t cell = 0; x->whole && go_on && cell < x->cells.n; cell++) {
		uint64_t arguments[6];

		cells_witness(&x->cells, cell, arguments);
		go_on = follow_call(w, arguments);
		if (++w->check->work > WORK_MAX) {
			w->alive = true;
			go_on = false;
		}
	}
}

static void check_calls(struct call_check *check, const struct rule *r)
{
	struct call_walk w = { .check = check, .r = r };
	bool alive = false, walked = false;

	for (uint32_t i = 0; i < r->calls.n; i++) {
		for (uint32_t abis = check->p->abis; abis; abis &= abis - 1) {
			w.abi = (enum abi)__builtin_ctz(abis);
			w.match = &r->calls.v[i];
			/* A policy may be for machines of other kinds, too, which have the call. */
			if (vocab_syscalls[w.match->syscall].number[w.abi] < 0)
				continue;
			walked = true;
			walk_call(&w);
			alive = alive || w.alive;
			if (w.hidden) {
				hides_report(check->diags, r, w.hidden);
				return;
			}
			if (w.errno_a) {
				two_errnos(check->diags, r, w.errno_a, "call");
				return;
			}
		}
	}
	if (alive || !walked)
		return;
	if (!w.holds)
		says_nothing(check->diags, r, "its comparisons never hold together");
	else if (!w.matches)
		says_nothing(check->diags, r, "its 'except' removes every call that it names");
	else
		dead(check->diags, r, w.beaten_by && !w.beaten_by->is_default ? w.beaten_by : NULL);
}

/* The rule of @d for which @need stands in the table: the first own one that asks for that
 * operation, capability or protocol. */
static const struct rule *who_needs(
	const struct policy *p, const struct domain *d, const struct vocab_need *need)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->domain != d->index || r->derived || r->is_default || !grants(r) ||
			!r->lines[0].own)
			continue;
		switch (need->kind) {
		case NEED_ALWAYS:
			return NULL;
		case NEED_OPERATION:
			if (r->operations >> need->which & 1)
				return r;
			break;
		case NEED_CAPABILITY:
			if (r->capabilities >> need->which & 1)
				return r;
			break;
		case NEED_PROTOCOL:
			if (r->operations & (OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN)) &&
				r->protocols >> need->which & 1)
				return r;
			break;
		case NEED_FAMILY:
			if (r->operations & OP_BIT(OP_SOCKET) && r->families >> need->which & 1)
				return r;
			break;
		}
	}
	return NULL;
}

static bool excepts_call(const struct rule *r, int syscall)
{
	for (uint32_t i = 0; i < r->except_calls.n; i++) {
		if (r->except_calls.v[i].syscall == syscall)
			return true;
	}
	return false;
}

static void check_needed(const struct policy *p, const struct rule *r, struct diag_list *diags)
{
	const struct domain *d = p->domains[r->domain];

	if (d->only)
		return;
	for (uint32_t i = 0; i < r->calls.n; i++) {
		/* Who needs what openat2 does can do with openat. */
		if (r->calls.v[i].n_tests || excepts_call(r, r->calls.v[i].syscall) ||
			hides_arguments(r->calls.v[i].syscall))
			continue;
		for (uint32_t k = 0; k < vocab_n_needs; k++) {
			const struct rule *by;
			struct diag *diag;

			if (vocab_needs[k].syscall != r->calls.v[i].syscall)
				continue;
			by = who_needs(p, d, &vocab_needs[k]);
			if (!by)
				continue;
			diag = diag_error(diags, r->lines[0].at,
				"this rule refuses '%s', which another rule needs",
				vocab_syscalls[r->calls.v[i].syscall].name);
			diag_note(diags, diag, by->lines[0].at, "needed here");
			break;
		}
	}
}

void check_policy(struct policy *p, struct diag_list *diags)
{
	struct call_check calls = { .p = p, .diags = diags };
	uint64_t work = 0;

	calls.partitions = arena_array(p->arena, vocab_n_syscalls, sizeof(*calls.partitions));
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];
		const struct domain *d = p->domains[r->domain];

		if (r->is_default || r->derived || !r->operations || !r->lines[0].own)
			continue;
		if (r->operations & OPS_PATH)
			check_paths(r, diags);
		if (r->operations & (OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN)))
			check_network(d, r, diags, &work);
		for (uint64_t rest = r->operations & (OP_BIT(OP_CAPABILITY) | OP_BIT(OP_SIGNAL) |
							     OP_BIT(OP_SOCKET) | OP_BIT(OP_PTRACE) |
							     OP_BIT(OP_USERNS) | OP_BIT(OP_PIVOT) |
							     OP_BIT(OP_FORK));
			rest; rest &= rest - 1)
			check_bits(d, r, (enum operation)__builtin_ctzll(rest), diags);
		if (r->operations & (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND)))
			check_mount(p, d, r, (enum operation)__builtin_ctzll(r->operations), diags);
		for (uint64_t rest = r->errnum ? r->operations : 0; rest; rest &= rest - 1)
			check_errno(d, r, (enum operation)__builtin_ctzll(rest), diags);
		if (r->operations & OP_BIT(OP_SYSCALL)) {
			if (!grants(r))
				check_needed(p, r, diags);
			check_calls(&calls, r);
			check_hidden(p, r, diags);
		}
	}
}
