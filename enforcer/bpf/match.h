/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_MATCH_H
#define PALE_BPF_MATCH_H

/* From a path, or an abstract socket's name, in the scratch to the rules that decide about it. */

#include "enforcer/bpf/act.h"
#include "enforcer/bpf/path.h"

/* As many bytes go through the automaton in one step of bpf_loop. */
#define MATCH_CHUNK 32
#define MATCH_STEPS (LSM_PATH_BYTES / MATCH_CHUNK + 1)

#define JUDGE_OPS_MAX 4

/* Up to JUDGE_OPS_MAX operations in one number. */
#define OPS1(a)	      ((a) + 1u)
#define OPS2(a, b)    (OPS1(a) | OPS1(b) << 8)
#define OPS3(a, b, c) (OPS2(a, b) | OPS1(c) << 16)

#define JUDGE_VARIANT	   (LSM_VARIANTS - 1)
#define JUDGE_NAME	   8u  /* the text is an abstract name */
#define JUDGE_IN_CREATION  16u /* the object does not exist yet */
#define JUDGE_WAIT	   32u /* act when the open has ended; see hooks_file.h */
#define JUDGE_SILENT_ALLOW 64u
#define JUDGE_FULL	   256u /* the scratch must hold the path and the transition afterwards */
#define JUDGE_ANY	   128u /* one of the operations is enough; otherwise the first is refused */

/* The state after @byte, or ~0u, from which no step leads anywhere. */
static __always_inline __u32 next_state(
	const struct tables *t, __u64 off_next, __u64 n_classes, __u32 state, __u8 byte)
{
	const __u16 *next = table_at(
		t, off_next + 2 * (state * n_classes + head_of(t)->byte_class[byte]), __u16);

	return next ? *next : ~0u;
}

struct match {
	struct scratch *s;
	struct tables t;
};

static long match_step(__u32 i, struct match *m)
{
	struct scratch *s = m->s;
	const struct tables t = m->t;
	__u32 state = s->state, at = s->at, k;
	__u64 n_classes = head_of(&t)->n_classes;
	__u64 off_next = head_of(&t)->off_next;

	for (k = 0; k < MATCH_CHUNK; k++) {
		if (at >= s->end) {
			s->state = state;
			s->at = at;
			return 1;
		}
		state = next_state(
			&t, off_next, n_classes, state, s->text[masked(at, LSM_PATH_BYTES)]);
		if (state == ~0u) {
			s->done = 0;
			return 1;
		}
		at++;
	}
	s->state = state;
	s->at = at;
	return 0;
}

/* The row where the text's run from @start ends, or NULL. */
static __always_inline struct lsm_row *row_of(
	struct scratch *s, const struct tables *t, __u32 start)
{
	struct match m = { .s = s, .t = *t };
	__u16 *accept;

	s->state = start;
	s->at = s->begin;
	s->done = 1;
	s->serial = 0;
	if (s->name > s->begin && s->name < LSM_PATH_BYTES) {
		s->end = s->name;
		bpf_loop(MATCH_STEPS, match_step, &m, 0);
		s->directory_state = s->state;
		if (s->at == s->name)
			s->serial = head_of(t)->serial;
	}
	s->end = LSM_PATH_BYTES;
	bpf_loop(MATCH_STEPS, match_step, &m, 0);
	if (!s->done || s->at != LSM_PATH_BYTES) {
		s->serial = 0;
		return NULL;
	}
	accept = table_at(t, head_of(t)->off_accept + 2 * (__u64)s->state, __u16);
	if (!accept)
		return NULL;
	return table_at(
		t, head_of(t)->off_rows + (__u64)*accept * sizeof(struct lsm_row), struct lsm_row);
}

/* volatile keeps it out of .rodata.cst16, of which its type information says nothing. */
static const volatile __u8 operation_of[LSM_PATH_OPS] = {
	[LSM_EXEC] = OP_EXEC,
	[LSM_READ] = OP_READ,
	[LSM_WRITE] = OP_WRITE,
	[LSM_APPEND] = OP_APPEND,
	[LSM_CREATE] = OP_CREATE,
	[LSM_DELETE] = OP_DELETE,
	[LSM_RENAME] = OP_RENAME,
	[LSM_LINK] = OP_LINK,
	[LSM_SETATTR] = OP_SETATTR,
	[LSM_MAP] = OP_MAP,
	[LSM_IOCTL] = OP_IOCTL,
	[LSM_LOCK] = OP_LOCK,
	[LSM_CONNECT] = OP_CONNECT,
	[LSM_LISTEN] = OP_LISTEN,
	[LSM_UMOUNT] = OP_UMOUNT,
};

/* The rule for @op on what the scratch holds; @row is NULL when it has no path. */
static __always_inline __u32 rule_for(const struct scratch *s, const struct lsm_domain *domain,
	const struct lsm_row *row, __u32 op, __u32 variant)
{
	if (row)
		return row->rule[masked(variant, LSM_VARIANTS)][masked(op, LSM_PATH_OPS)];
	if (s->why == LSM_WHY_ANONYMOUS || s->why == LSM_WHY_UNLINKED) {
		if (op == LSM_EXEC)
			return domain->anonymous[0][masked(variant & LSM_OWNER, 2)];
		if (op == LSM_MAP)
			return domain->anonymous[1][masked(variant & LSM_OWNER, 2)];
	}
	return domain->by_default[masked(operation_of[masked(op, LSM_PATH_OPS)], 32)];
}

/*
 * Judges up to JUDGE_OPS_MAX operations on what the scratch holds. All must be allowed; each that
 * is not is reported, and then those that are allowed are not, since nothing happened.
 */
__noinline int judge(struct label *label, struct scratch *s, __u32 ops, __u32 flags)
{
	struct request q = {};
	__u64 decisions[JUDGE_OPS_MAX] = {};
	struct tables t = {};
	struct lsm_domain *domain = NULL;
	struct lsm_row *row = NULL;
	__u32 i, op, act_flags = 0;
	int r = 0, one;

	if (!label || !s)
		return -EACCES;
	s->transition = LSM_STAY;
	s->serial = 0;
	s->directory_domain = label->domain;
	domain = find_domain(label, &t);
	if (!domain)
		return fail_closed(label, LSM_WHY_POLICY);
	if (s->why) {
		count_unresolved(label, s->why);
	} else if (!LEARNING) {
		row = row_of(s, &t, flags & JUDGE_NAME ? domain->start_names : domain->start_paths);
		if (!row)
			return fail_closed(label, LSM_WHY_POLICY);
	}

	if (flags & JUDGE_SILENT_ALLOW)
		act_flags = ACT_SILENT_ALLOW;
	for (i = 0; i < JUDGE_OPS_MAX; i++) {
		struct lsm_rule *rule;
		__u32 n;

		op = (ops >> 8 * i) & 0xff;
		if (!op)
			break;
		n = rule_for(s, domain, row, op - 1, flags);
		decisions[i] = decision_of(&t, n);
		if (!allows(decisions[i]))
			act_flags = ACT_SILENT_ALLOW;
		rule = rule_at(&t, n);
		if (op - 1 == LSM_EXEC && rule && rule->transition < head_of(&t)->n_domains)
			s->transition = rule->transition;
	}
	if (flags & JUDGE_ANY) {
		for (i = 0; i < JUDGE_OPS_MAX; i++)
			if (allows(decisions[i]))
				return 0;
		ops &= 0xff;
	}
	if (flags & JUDGE_WAIT) {
		label->waiting = decisions[0];
		return verdict_of(decisions[0]);
	}

	q.object = flags & JUDGE_NAME ? LSM_OBJECT_ABSTRACT : LSM_OBJECT_PATH;
	q.why = s->why;
	q.in_creation = !!(flags & JUDGE_IN_CREATION);
	for (i = 0; i < JUDGE_OPS_MAX; i++) {
		op = (ops >> 8 * i) & 0xff;
		if (!op)
			break;
		q.operation = operation_of[masked(op - 1, LSM_PATH_OPS)];
		q.drift =
			!s->why && (flags & LSM_DRIFT) && (op - 1 == LSM_EXEC || op - 1 == LSM_MAP);
		one = act(label, &q, decisions[i], act_flags);
		if (one && !r)
			r = one;
	}
	return r;
}

#endif
