/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_ACT_H
#define PALE_BPF_ACT_H

/*
 * What follows from the rule that decides: the verdict, and word of it to user space. The verdict
 * never waits for the word; an event that finds no room is counted, and its sequence number shows
 * the gap.
 */

#include "enforcer/bpf/state.h"

#define TEXT_SMALL 256

/* What was asked for, as the event tells it. All of it is set: it is passed between functions. */
struct request {
	__u8 operation; /* enum operation */
	__u8 object;	/* enum lsm_object */
	__u8 why;
	__u8 drift;
	__u8 in_creation;
	__u8 protocol, family, unused;
	__u32 port;
	__u32 address[4]; /* as in the event */
	__u32 number, detail;
	__u32 target, target_tgid;
};

#define ACT_SILENT_ALLOW 1u /* a rule that allows is not reported */
#define ACT_PROBE	 2u /* the kernel asks whether it would be allowed: no report, no kill */
#define ACT_REFUSE	 4u /* whatever the rule says, and though all is only audited */

/*
 * A policy's tables. All of it is found anew by each function that is verified by itself; `limit`
 * is a constant in each way through it, which is what the verifier bounds accesses with.
 */
struct tables {
	__u8 *bytes; /* NULL: the slot is empty */
	__u64 limit;
	__u64 binding;
};

static __always_inline struct tables tables_of(__u64 binding)
{
	struct tables t = { .binding = binding };
	__u32 slot = LSM_BINDING_SLOT(binding), size = LSM_BINDING_SIZE(binding), zero = 0;
	void *map;

	if (size == LSM_SMALL) {
		map = bpf_map_lookup_elem(&small_policies, &slot);
		t.bytes = map ? bpf_map_lookup_elem(map, &zero) : NULL;
		t.limit = LSM_SMALL_BYTES;
	} else if (size == LSM_MEDIUM) {
		map = bpf_map_lookup_elem(&medium_policies, &slot);
		t.bytes = map ? bpf_map_lookup_elem(map, &zero) : NULL;
		t.limit = LSM_MEDIUM_BYTES;
	} else {
		map = bpf_map_lookup_elem(&large_policies, &slot);
		t.bytes = map ? bpf_map_lookup_elem(map, &zero) : NULL;
		t.limit = LSM_LARGE_BYTES;
	}
	return t;
}

static __always_inline struct tables policy_of(const struct lsm_instance *instance)
{
	return tables_of(*(const volatile __u64 *)&instance->binding);
}

/* A @type at @offset of the tables, or NULL when it is not inside. Offsets come from the blob,
 * which the loader has checked; the verifier has not seen that. */
#define table_at(t, offset, type)                                                                  \
	({                                                                                         \
		__u64 offset__ = (offset), end__ = (t)->limit - sizeof(type);                      \
		asm volatile("" : "+r"(offset__));                                                 \
		offset__ <= end__ ? (type *)((t)->bytes + offset__) : (type *)NULL;                \
	})

#define head_of(t) ((struct lsm_head *)(t)->bytes)

static __always_inline struct lsm_domain *domain_of(
	const struct label *label, const struct tables *t)
{
	if (label->domain >= head_of(t)->n_domains)
		return NULL;
	return table_at(t,
		head_of(t)->off_domains + (__u64)label->domain * sizeof(struct lsm_domain),
		struct lsm_domain);
}

/* The tables that the label is under, and its domain's part of them; NULL: the instance or its
 * policy is gone. */
static __always_inline struct lsm_domain *find_domain(const struct label *label, struct tables *ret)
{
	const struct lsm_instance *instance = instance_of(label);

	if (!instance)
		return NULL;
	*ret = policy_of(instance);
	return ret->bytes ? domain_of(label, ret) : NULL;
}

static __always_inline struct lsm_rule *rule_at(const struct tables *t, __u32 rule)
{
	rule &= LSM_IMPLIED - 1;
	if (rule >= head_of(t)->n_rules)
		return NULL;
	return table_at(
		t, head_of(t)->off_rules + (__u64)rule * sizeof(struct lsm_rule), struct lsm_rule);
}

/*
 * What a rule says, taken out of the policy at once: the policy may be exchanged at any time, and a
 * rule's number means nothing in the next. So it says whose rule it is, too.
 */
#define DECISION_RULE(d)   ((__u32)(d)&0xffff) /* with LSM_IMPLIED */
#define DECISION_EFFECT(d) ((__u32)((d) >> 16) & 3)
#define DECISION_REPORT	   (1u << 18)
#define DECISION_AUDIT	   (1u << 19) /* the whole policy's */
#define DECISION_VALID	   (1u << 20)
#define DECISION_ERRNUM(d) ((__u32)((d) >> 32) & 0xfff)
#define DECISION_COUNTS(d) ((__u32)((d) >> 44) & 0xfff) /* LSM_BINDING_COUNTS */
#define DECISION_SLOT(d)   ((__u32)((d) >> 56))

_Static_assert(LSM_POLICIES_MAX <= 256 && LSM_COUNTS_MAX <= 4096, "bits of a decision");

static __always_inline bool has_text(__u8 object)
{
	return object == LSM_OBJECT_PATH || object == LSM_OBJECT_ABSTRACT ||
	       object == LSM_OBJECT_MOUNT;
}

static __always_inline void fill(struct lsm_event *e, __u32 capacity, const struct label *label,
	const struct lsm_instance *instance, const struct request *q, __u64 decision,
	__u64 sequence)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct scratch *s;
	__u32 begin, len;

	e->sequence = sequence;
	e->time_ns = bpf_ktime_get_ns();
	e->cgroup = instance->cgroup;
	e->instance = label->instance;
	e->generation = label->generation;
	e->slot = DECISION_SLOT(decision);
	e->domain = label->domain;
	e->rule = DECISION_RULE(decision) & (LSM_IMPLIED - 1);
	e->operation = q->operation;
	e->object = q->object;
	e->why = q->why;
	e->drift = q->drift;
	e->in_creation = q->in_creation;
	e->tgid = pid_tgid >> 32;
	e->tid = pid_tgid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = BPF_CORE_READ(task, cred, uid.val);
	e->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	e->process_execs = BPF_CORE_READ(task, self_exec_id);
	e->protocol = q->protocol;
	e->family = q->family;
	e->port = q->port;
	e->target = q->target;
	e->target_tgid = q->target_tgid;
	e->number = q->number;
	e->detail = q->detail;
	__builtin_memcpy(e->address, q->address, sizeof(e->address));
	e->executable_len = label->executable_len;
	e->executable_cut = label->executable_cut;
	__builtin_memcpy(e->executable, label->executable, sizeof(e->executable));
	e->text_len = 0;
	if (!has_text(q->object))
		return;
	s = scratch();
	if (!s)
		return;
	begin = s->begin;
	if (begin > LSM_PATH_BYTES)
		return;
	len = LSM_PATH_BYTES - begin;
	if (len > capacity)
		return;
	if (!bpf_probe_read_kernel(e->text, len, &s->text[begin & (LSM_PATH_BYTES - 1)]))
		e->text_len = len;
}

static __always_inline __u32 text_len(const struct request *q)
{
	struct scratch *s;

	if (!has_text(q->object))
		return 0;
	s = scratch();
	return s && s->begin < LSM_PATH_BYTES ? LSM_PATH_BYTES - s->begin : 0;
}

/*
 * A token bucket in one word: the time at which it will be full again. Who finds the word changed
 * under him three times is let have his token.
 */
static __always_inline bool take_token(struct lsm_instance *instance)
{
	__u64 interval = instance->event_interval_ns, burst = instance->event_burst_ns;
	__u64 now, old, next;
	int i;

	if (!interval)
		return true;
	for (i = 0; i < 3; i++) {
		now = bpf_ktime_get_ns();
		old = *(volatile __u64 *)&instance->event_time;
		next = (old > now ? old : now) + interval;
		if (next - now > burst)
			return false;
		if (__sync_val_compare_and_swap(&instance->event_time, old, next) == old)
			break;
	}
	return true;
}

/* false: it found no room, and is counted. */
static __always_inline bool emit(const struct label *label, struct lsm_instance *instance,
	const struct request *q, __u64 decision, __u32 outcome, __u32 errnum)
{
	__u64 sequence = __sync_fetch_and_add(&instance->sequence, 1) + 1;
	struct lsm_event *e;

	if (!take_token(instance)) {
		__sync_fetch_and_add(&instance->throttled, 1);
		return false;
	}
	if (text_len(q) <= TEXT_SMALL) {
		e = bpf_ringbuf_reserve(&events, sizeof(*e) + TEXT_SMALL, 0);
		if (e)
			fill(e, TEXT_SMALL, label, instance, q, decision, sequence);
	} else {
		e = bpf_ringbuf_reserve(&events, sizeof(*e) + LSM_PATH_BYTES, 0);
		if (e)
			fill(e, LSM_PATH_BYTES, label, instance, q, decision, sequence);
	}
	if (!e) {
		__sync_fetch_and_add(&instance->lost, 1);
		return false;
	}
	e->outcome = outcome;
	e->errnum = errnum;
	bpf_ringbuf_submit(e, 0);
	return true;
}

/* Not valid when there is no such rule. */
static __always_inline __u64 decision_of(const struct tables *t, __u32 rule)
{
	struct lsm_rule *r = rule_at(t, rule);
	__u64 decision;

	if (!r || r->effect > LSM_KILL)
		return 0;
	decision = DECISION_VALID | (rule & 0xffff) | (__u64)r->effect << 16;
	decision |= (__u64)(r->errnum && r->errnum <= 0xfff ? r->errnum : EACCES) << 32;
	decision |= (__u64)(LSM_BINDING_COUNTS(t->binding) & 0xfff) << 44;
	decision |= (__u64)(LSM_BINDING_SLOT(t->binding) & 0xff) << 56;
	if (r->report)
		decision |= DECISION_REPORT;
	if (head_of(t)->flags & LSM_FLAG_AUDIT)
		decision |= DECISION_AUDIT;
	return decision;
}

static __always_inline bool allows(__u64 decision)
{
	return (decision & DECISION_VALID) && DECISION_EFFECT(decision) == LSM_ALLOW;
}

/* What the hook is to return. */
static __always_inline int verdict_of(__u64 decision)
{
	if (!(decision & DECISION_VALID))
		return CANNOT_JUDGE;
	if (allows(decision) || (decision & DECISION_AUDIT))
		return 0;
	return -(int)DECISION_ERRNUM(decision);
}

/* The decision of rule @expression of the label's domain, called d in it. */
#define domain_decision(label, expression)                                                         \
	({                                                                                         \
		struct tables t__ = {};                                                            \
		struct lsm_domain *d = find_domain(label, &t__);                                   \
                                                                                                   \
		d ? decision_of(&t__, expression) : 0;                                             \
	})

/* @passed: what was refused in word only, or is told though it is allowed. */
static __always_inline void count(struct lsm_instance *instance, __u64 decision, bool passed)
{
	__u32 index = DECISION_COUNTS(decision), rule = DECISION_RULE(decision) & (LSM_IMPLIED - 1);
	void *map = bpf_map_lookup_elem(&counts, &index);
	struct lsm_count *c = map ? bpf_map_lookup_elem(map, &rule) : NULL;

	if (!c)
		__sync_fetch_and_add(&instance->uncounted, 1);
	else if (passed)
		__sync_fetch_and_add(&c->passed, 1);
	else
		__sync_fetch_and_add(&c->refused, 1);
}

#if LEARNING
#include "enforcer/bpf/learn.h"
#endif

/* Does what @decision asks for and returns its verdict, 0 or a negative errno. */
__noinline int act(struct label *label, struct request *q, __u64 decision, __u32 flags)
{
	struct lsm_instance *instance;
	bool report = (decision & DECISION_REPORT) && !(flags & ACT_PROBE);
	__u32 outcome = LSM_OUTCOME_REFUSED;

	if (!label || !q)
		return -EACCES;
	instance = instance_of(label);
	if (!instance || !(decision & DECISION_VALID))
		return fail_closed(label, LSM_WHY_POLICY);
#if LEARNING
	return learn(label, instance, q, decision, flags);
#endif

	if (flags & ACT_REFUSE) {
		__sync_fetch_and_add(&instance->refused, 1);
		report = true;
		decision &= ~(__u64)DECISION_AUDIT;
		decision |= (__u64)LSM_DENY << 16;
	} else if (allows(decision)) {
		if ((decision & LSM_IMPLIED) || (flags & ACT_SILENT_ALLOW))
			report = false;
		outcome = LSM_OUTCOME_AUDITED;
	} else if (decision & DECISION_AUDIT) {
		outcome = LSM_OUTCOME_AUDITED;
	} else {
		__sync_fetch_and_add(&instance->refused, 1);
		if (DECISION_EFFECT(decision) == LSM_KILL && !(flags & ACT_PROBE)) {
			bpf_send_signal(SIGKILL);
			outcome = LSM_OUTCOME_KILLED;
		}
	}
	if (report || !allows(decision))
		count(instance, decision, outcome == LSM_OUTCOME_AUDITED);
	if (report)
		emit(label, instance, q, decision, outcome,
			outcome == LSM_OUTCOME_AUDITED ? 0 : DECISION_ERRNUM(decision));
	return verdict_of(decision);
}

#endif
