/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_MOUNT_H
#define PALE_BPF_MOUNT_H

/* A mount or bind against the rules, which are asked one behind the other until one matches. */

#include "enforcer/bpf/file.h"

/* Where the loop stands with a rule. */
enum { PHASE_RULE, PHASE_PLACE, PHASE_SOURCE };

/*
 * What is to be mounted. A task's, as struct scratch is, and made only for those that mount. Loops
 * keep their state here; see path.h.
 */
struct mounting {
	char type[2 * LSM_FSTYPE_BYTES] __attribute__((aligned(8))); /* filled up with NUL */
	__u32 flags;						     /* MOUNT_… */
	__u32 kind;						     /* enum lsm_mount_kind */
	__u64 decision;
	__u32 entry, end_entry; /* of the rules */
	__u32 phase, fresh;
	__u32 state, at;
	__u32 found, failed;
	__u32 why; /* enum lsm_why, of the place */
	__u32 has_source;
	/* place and source end where their arrays end */
	__u32 place_begin, source_begin;
	/* hooks_mount.h */
	__u32 end, skip, directory, unclear;
	__u64 node, list, sb, root, detached; /* list: the node that is none */
	/* Copies into the first two may run into the next, for all that the verifier knows. */
	char source[LSM_PATH_BYTES];
	char place[LSM_PATH_BYTES];
	char given[LSM_PATH_BYTES + TEXT_SLACK]; /* the source as the call names it */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mounting);
} mountings SEC(".maps");

static __always_inline struct mounting *mounting(void)
{
	return bpf_task_storage_get(
		&mountings, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

struct mount_match {
	struct mounting *m;
	struct tables t;
};

static __always_inline struct lsm_mount *entry_at(const struct tables *t, __u32 i)
{
	return table_at(
		t, head_of(t)->off_mounts + (__u64)i * sizeof(struct lsm_mount), struct lsm_mount);
}

static __always_inline bool has_type(const struct mounting *m, const struct lsm_mount *entry)
{
	const __u64 *ours = (const __u64 *)m->type, *theirs = (const __u64 *)entry->fstype;
	int i;

	if (!entry->fstype[0])
		return true;
	for (i = 0; i < LSM_FSTYPE_BYTES / 8; i++)
		if (ours[i] != theirs[i])
			return false;
	return true;
}

static __always_inline __u16 *cell_at(const struct tables *t, __u64 i)
{
	return table_at(t, head_of(t)->off_cells + 2 * i, __u16);
}

/* Some bytes more of the place, or of the source. True: all of it has been read. */
static __always_inline bool run_chunk(
	struct mounting *m, const struct tables *t, const struct lsm_automaton *a)
{
	__u32 state = m->fresh ? a->start : m->state, at = m->at, k;
	bool place = m->phase == PHASE_PLACE;

	m->fresh = 0;
	for (k = 0; k < MATCH_CHUNK && at < LSM_PATH_BYTES; k++) {
		__u8 byte = place ? m->place[masked(at, LSM_PATH_BYTES)]
				  : m->source[masked(at, LSM_PATH_BYTES)];
		__u16 *next = cell_at(
			t, (__u64)a->next + (__u64)state * a->n_classes + a->byte_class[byte]);

		if (!next) {
			m->failed = 1;
			return true;
		}
		state = *next;
		at++;
	}
	m->state = state;
	m->at = at;
	return at >= LSM_PATH_BYTES;
}

static long mount_step(__u32 i, struct mount_match *w)
{
	struct mounting *m = w->m;
	const struct tables t = w->t;
	struct lsm_automaton *a;
	struct lsm_mount *entry;
	__u32 automaton;
	__u16 *accept;
	bool matches, place;

	if (m->entry >= m->end_entry)
		return 1;
	entry = entry_at(&t, m->entry);
	if (!entry) {
		m->failed = 1;
		return 1;
	}
	place = m->phase == PHASE_PLACE;
	automaton = place ? entry->place : entry->source;
	if (m->phase == PHASE_RULE) {
		matches = (m->flags & entry->flags) == entry->flags && has_type(m, entry);
	} else if (automaton == LSM_ANY_STRING) {
		matches = true;
	} else if (place ? m->why : !m->has_source) {
		matches = false;
	} else {
		a = table_at(&t,
			head_of(&t)->off_automata + (__u64)automaton * sizeof(struct lsm_automaton),
			struct lsm_automaton);
		if (!a) {
			m->failed = 1;
			return 1;
		}
		if (!run_chunk(m, &t, a))
			return 0;
		accept = cell_at(&t, (__u64)a->accept + m->state);
		if (!accept || m->failed) {
			m->failed = 1;
			return 1;
		}
		matches = *accept == 1;
	}
	m->fresh = 1;
	if (!matches) {
		m->phase = PHASE_RULE;
		m->entry++;
		return 0;
	}
	if (m->phase == PHASE_SOURCE) {
		m->found = 1;
		return 1;
	}
	m->at = place ? m->source_begin : m->place_begin;
	m->phase++;
	return 0;
}

/* Each rule, and both its strings. */
#define MOUNT_STEPS (LSM_MOUNTS_MAX * (2 * MATCH_STEPS + 1))

static __always_inline void find_entries(struct mounting *m, const struct lsm_domain *d, bool bind)
{
	m->entry = bind ? d->mounts[1] : d->mounts[0];
	m->end_entry = m->entry + (bind ? d->n_mounts[1] : d->n_mounts[0]);
	m->phase = PHASE_RULE;
	m->fresh = 1;
	m->found = m->failed = 0;
}

/* Sets m->decision; 1 when it allows. What can be neither new nor bound has no rule. */
__noinline int decide_mount(struct label *label, struct mounting *m)
{
	struct mount_match w = { .m = m };
	struct lsm_domain *domain;
	struct lsm_mount *entry;
	__u32 rule;
	bool bind;

	if (!label || !m)
		return 0;
	m->decision = 0;
	domain = find_domain(label, &w.t);
	if (!domain)
		return 0;
	bind = m->kind == LSM_MOUNT_BIND;
	rule = domain->by_default[bind ? OP_BIND : OP_MOUNT];
	if (bind || m->kind == LSM_MOUNT_NEW) {
		find_entries(m, domain, bind);
		bpf_loop(MOUNT_STEPS, mount_step, &w, 0);
		if (m->failed)
			return 0;
		if (m->found) {
			entry = entry_at(&w.t, m->entry);
			if (!entry)
				return 0;
			rule = entry->rule;
		}
	}
	m->decision = decision_of(&w.t, rule);
	return allows(m->decision);
}

static long type_step(__u32 i, struct mount_match *w)
{
	struct mounting *m = w->m;
	const struct tables t = w->t;
	struct lsm_mount *entry;
	struct lsm_rule *rule;

	if (m->entry >= m->end_entry)
		return 1;
	entry = entry_at(&t, m->entry++);
	if (!entry)
		return 1;
	rule = rule_at(&t, entry->rule);
	m->found = rule && rule->effect == LSM_ALLOW && has_type(m, entry);
	return m->found;
}

/* Whether a rule allows something of the type, be it anywhere; if not, m->decision refuses it. */
__noinline int allows_type(struct label *label, struct mounting *m)
{
	struct mount_match w = { .m = m };
	struct lsm_domain *domain;

	if (!label || !m)
		return 0;
	m->decision = 0;
	domain = find_domain(label, &w.t);
	if (!domain)
		return 0;
	find_entries(m, domain, false);
	bpf_loop(LSM_MOUNTS_MAX, type_step, &w, 0);
	m->decision = decision_of(&w.t, domain->by_default[OP_MOUNT]);
	return m->found;
}

#endif
