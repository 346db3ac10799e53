/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call, as both halves answer it. The arguments fall into regions: where a rule of each holds,
 * where one of the container's own does and none of the policy's, the reverse, and the rest. Each
 * region whose answer is not the result's default becomes entries. Regions with different answers
 * have nothing in common, as long as the rules of each half with different actions have not, so
 * that the order in which libseccomp looks at entries does not count.
 *
 * What entries cannot say of a region may be left to the default only if that is as strict.
 */
#include "enforcer/runtime/oci_seccomp_internal.h"

#include "compiler/base/cleanup.h"

/* Of one call: what a policy and a profile need takes far fewer. */
#define BOXES_MAX	  65536
#define ERRNO_ENTRIES_MAX 16

struct merging {
	struct section_merge *m;
	struct box_work work;
	struct section_call *call;
	const struct section_half *own, *policy;
	bool impossible; /* a region that must be said cannot be */
};

uint32_t section_strictest(const struct section_half *h)
{
	uint32_t action = h->high_only ? section_stricter(h->rest, h->high_only_action) : h->rest;

	for (uint32_t i = 0; i < h->n_rules; i++)
		action = section_stricter(action, h->rules[i]->action);
	return action;
}

void section_call_narrow(struct section_call *c, uint32_t action)
{
	c->is_whole = true;
	c->action = action;
	c->n_entries = 0;
	c->narrowed = true;
}

static void refuse_whole(struct merging *g)
{
	uint32_t own = section_strictest(g->own), policy = section_strictest(g->policy);

	section_call_narrow(
		g->call, section_stricter(section_stricter(own, policy), g->m->default_action));
}

/* Two rules of one half that may both hold and differ. */
static bool contradicts(const struct section_half *h)
{
	for (uint32_t i = 0; i < h->n_rules; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (h->rules[i]->action != h->rules[k]->action && !h->rules[i]->never &&
				!h->rules[k]->never &&
				argument_box_may_meet(&h->rules[i]->box, &h->rules[k]->box))
				return true;
		}
	}
	return false;
}

static bool is_wide(const struct section_half *h)
{
	for (uint32_t i = 0; i < h->n_rules; i++) {
		if (h->rules[i]->wide)
			return true;
	}
	return false;
}

static bool forks(const struct section_condition *c)
{
	return c->op != SECTION_EQ && c->op != SECTION_MASKED_EQ;
}

static bool is_last(const struct section_rule *rule, const struct section_condition *c)
{
	for (uint8_t i = 0; i < rule->n_conditions; i++) {
		if (rule->conditions[i].index > c->index)
			return false;
	}
	return true;
}

/*
 * What libseccomp 2.5.4 gets wrong of rules of one call whose actions do not contradict each other.
 * It may come to no end, or answer otherwise than is written.
 *
 * Of a comparison that is not for equality it has two ways on to the next argument (high half, low
 * half), which lead to the same node. Another rule on the argument is linked in there twice, and
 * below comparisons that are not its own (db.c, _db_tree_add()).
 *
 * Where the way on is that the comparison it compiles to does not hold, those that come after the
 * next argument, or the low half, find that in the accumulator (gen_bpf.c, _gen_bpf_build_bpf()).
 */
static bool conditions_tangle(
	const struct section_condition *c, bool c_last, const struct section_condition *d)
{
	bool at_most = c->op == SECTION_LT || c->op == SECTION_LE;

	if (c->index != d->index || !forks(c))
		return false;
	return !c_last ||
	       (at_most && forks(d) && d->op != SECTION_NE && (c->value ^ d->value) >> 32);
}

static bool tangles(const struct section_rule *x, const struct section_rule *y)
{
	for (uint8_t i = 0; i < x->n_conditions; i++) {
		const struct section_condition *c = &x->conditions[i];

		for (uint8_t k = 0; k < y->n_conditions; k++) {
			const struct section_condition *d = &y->conditions[k];

			if (conditions_tangle(c, is_last(x, c), d))
				return true;
		}
	}
	return false;
}

static bool tangle(const struct section_rule *x, const struct section_rule *y)
{
	return tangles(x, y) || tangles(y, x);
}

static bool share_an_argument(const struct section_rule *x, const struct section_rule *y)
{
	for (uint8_t i = 0; i < x->n_conditions; i++) {
		for (uint8_t k = 0; k < y->n_conditions; k++) {
			if (x->conditions[i].index == y->conditions[k].index &&
				(forks(&x->conditions[i]) || forks(&y->conditions[k])))
				return true;
		}
	}
	return false;
}

/*
 * Both have a node for some comparison, though one goes on where it holds, and the other where it
 * does not. For that the longer one may be taken for part of the shorter: when it comes later it is
 * left out, and when it comes first it is taken out if both do the same (_db_tree_prune()).
 */
static bool takes_out(const struct section_rule *first, const struct section_rule *second)
{
	if (first->n_conditions == second->n_conditions || !share_an_argument(first, second))
		return false;
	return first->action == second->action || first->n_conditions < second->n_conditions;
}

static bool is_tangled(const struct section_half *h)
{
	for (uint32_t i = 0; i < h->n_rules; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (tangle(h->rules[i], h->rules[k]) || takes_out(h->rules[k], h->rules[i]))
				return true;
		}
	}
	return false;
}

/* Sorted. */
static bool entries_are_tangled(const struct section_call *c)
{
	for (uint32_t i = 0; i < c->n_entries; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (tangle(&c->entries[i], &c->entries[k]) ||
				takes_out(&c->entries[k], &c->entries[i]))
				return true;
		}
	}
	return false;
}

static bool has_condition(const struct section_rule *x, const struct section_condition *c)
{
	for (uint32_t i = 0; i < x->n_conditions; i++) {
		if (x->conditions[i].index == c->index && x->conditions[i].op == c->op &&
			x->conditions[i].value == c->value &&
			x->conditions[i].value_two == c->value_two)
			return true;
	}
	return false;
}

/* Whether all that @x asks for @y asks for, too. */
static bool covers(const struct section_rule *x, const struct section_rule *y)
{
	for (uint32_t i = 0; i < x->n_conditions; i++) {
		if (!has_condition(y, &x->conditions[i]))
			return false;
	}
	return x->action == y->action;
}

/* Entries that say nothing new: libseccomp takes them out of its tree, and others with them. */
static void drop_covered(struct section_call *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_entries; i++) {
		bool covered = false;

		for (uint32_t k = 0; k < c->n_entries && !covered; k++)
			covered = k != i && covers(&c->entries[k], &c->entries[i]) &&
				  c->entries[k].n_conditions < c->entries[i].n_conditions;
		if (!covered)
			c->entries[n++] = c->entries[i];
	}
	c->n_entries = n;
}

/* The longest first: takes_out(). Their order means nothing else. */
static void sort_entries(struct section_call *c)
{
	for (uint32_t i = 1; i < c->n_entries; i++) {
		struct section_rule entry = c->entries[i];
		uint32_t k = i;

		for (; k && c->entries[k - 1].n_conditions < entry.n_conditions; k--)
			c->entries[k] = c->entries[k - 1];
		c->entries[k] = entry;
	}
}

static void push_entry(struct merging *g, const struct section_rule *entry)
{
	struct section_call *c = g->call;

	for (uint32_t i = 0; i < c->n_entries; i++) {
		if (c->entries[i].n_conditions == entry->n_conditions &&
			covers(&c->entries[i], entry))
			return;
	}
	if (c->n_entries == SECTION_ENTRIES_MAX)
		g->impossible = true;
	else
		ARENA_PUSH(g->m->arena, c->entries, c->n_entries, c->cap_entries, *entry);
}

static void push_box(struct merging *g, const struct argument_box *box, uint32_t action)
{
	struct section_rule entry = { .action = action };

	for (uint8_t index = 0; index < 6; index++) {
		struct section_condition *c = &entry.conditions[entry.n_conditions];

		if (!(box->has & 1u << index))
			continue;
		if (!value_set_condition(&box->sets[index], g->m->cuts_to_32, c))
			g->impossible = true;
		c->index = index;
		entry.n_conditions++;
	}
	push_entry(g, &entry);
}

/* A region answers @action. */
static void add_region(struct merging *g, const struct argument_boxes *region, uint32_t action)
{
	uint32_t other = g->m->default_action;

	if (action == other)
		return;
	/* Another errno is not worth a long list: programs end at 4,096 instructions. */
	if (region->n > ERRNO_ENTRIES_MAX && !section_is_stricter(action, other) &&
		!section_is_stricter(other, action)) {
		g->call->narrowed = true;
		return;
	}
	if (region->partial) {
		g->call->narrowed = true;
		g->impossible = g->impossible || section_is_stricter(action, other);
	}
	for (uint32_t i = 0; i < region->n; i++)
		push_box(g, &region->v[i], action);
}

static struct argument_boxes one_box(struct merging *g, const struct argument_box *box)
{
	struct argument_boxes list = { 0 };

	ARENA_PUSH(g->work.arena, list.v, list.n, list.cap, *box);
	return list;
}

static bool has_except(const struct argument_box *box)
{
	for (int index = 0; index < 6; index++) {
		if (box->has & 1u << index && box->sets[index].kind == VALUES_EXCEPT)
			return true;
	}
	return false;
}

/* What is all but one value leaves one, which the others can be subtracted from exactly. */
static void subtract_rules(
	struct merging *g, struct argument_boxes *from, const struct section_half *h)
{
	for (int except = 1; except >= 0; except--) {
		for (uint32_t i = 0; i < h->n_rules; i++) {
			if (!h->rules[i]->never && has_except(&h->rules[i]->box) == except)
				argument_boxes_subtract(&g->work, from, &h->rules[i]->box);
		}
	}
}

/* What only the container's own refuses. */
static bool is_own_refusal(const struct merging *g, uint32_t own, uint32_t policy)
{
	return section_refuses(own) && !section_refuses(policy) && !g->call->own_refuses;
}

/* Where @box is and no rule of the two halves, either of which may be NULL. */
static void merge_alone(struct merging *g, const struct argument_box *box,
	const struct section_half *a, const struct section_half *b, uint32_t own, uint32_t policy)
{
	uint32_t action = section_stricter(own, policy);
	bool refusal = is_own_refusal(g, own, policy);
	bool said = action != g->m->default_action;
	struct argument_boxes region;

	if (!said && !refusal)
		return;
	region = one_box(g, box);
	if (a)
		subtract_rules(g, &region, a);
	if (b)
		subtract_rules(g, &region, b);
	if (refusal && (region.n || region.partial))
		g->call->own_refuses = true;
	if (said && ((a && a->n_rules) || (b && b->n_rules)))
		g->call->subtracted = true;
	add_region(g, &region, action);
}

static void merge_pair(
	struct merging *g, const struct section_rule *own, const struct section_rule *policy)
{
	uint32_t action = section_stricter(own->action, policy->action);
	bool refusal = is_own_refusal(g, own->action, policy->action);
	struct argument_boxes region = { 0 };

	if (action == g->m->default_action && !refusal)
		return;
	argument_boxes_intersect(&g->work, &own->box, &policy->box, &region);
	if (refusal && (region.n || region.partial))
		g->call->own_refuses = true;
	add_region(g, &region, action);
}

static const struct argument_box anything;

static void merge_regions(struct merging *g)
{
	const struct section_half *own = g->own, *policy = g->policy;

	for (uint32_t i = 0; i < own->n_rules && !g->impossible; i++) {
		const struct section_rule *rule = own->rules[i];

		if (rule->never)
			continue;
		for (uint32_t k = 0; k < policy->n_rules && !g->impossible; k++) {
			if (!policy->rules[k]->never)
				merge_pair(g, rule, policy->rules[k]);
		}
		merge_alone(g, &rule->box, policy, NULL, rule->action, policy->rest);
	}
	for (uint32_t k = 0; k < policy->n_rules && !g->impossible; k++) {
		const struct section_rule *rule = policy->rules[k];

		if (!rule->never)
			merge_alone(g, &rule->box, own, NULL, own->rest, rule->action);
	}
	merge_alone(g, &anything, own, policy, own->rest, policy->rest);
}

/* Whatever the arguments, they have one answer. */
static bool merge_uniform(struct merging *g)
{
	uint32_t action = section_stricter(g->own->rest, g->policy->rest);

	for (uint32_t i = 0; i < g->own->n_rules; i++) {
		if (section_stricter(g->own->rules[i]->action, g->policy->rest) != action)
			return false;
		for (uint32_t k = 0; k < g->policy->n_rules; k++) {
			if (section_stricter(g->own->rules[i]->action,
				    g->policy->rules[k]->action) != action)
				return false;
		}
	}
	for (uint32_t k = 0; k < g->policy->n_rules; k++) {
		if (section_stricter(g->own->rest, g->policy->rules[k]->action) != action)
			return false;
	}
	g->call->is_whole = true;
	g->call->action = action;
	return true;
}

/*
 * Rules of one half, and one answer of the other: as they are. Then even those that an ABI of 32
 * bits cuts (not @plain) mean the same, as long as all are there.
 */
static bool merge_as_it_is(struct merging *g, bool plain)
{
	const struct section_half *rules = g->own->n_rules ? g->own : g->policy;
	bool own = rules == g->own;

	if ((own ? g->policy : g->own)->n_rules ||
		section_stricter(g->own->rest, g->policy->rest) != g->m->default_action)
		return false;
	for (uint32_t i = 0; i < rules->n_rules; i++) {
		struct section_rule entry = *rules->rules[i];

		entry.action = own ? section_stricter(entry.action, g->policy->rest)
				   : section_stricter(g->own->rest, entry.action);
		if (!plain && entry.action != rules->rules[i]->action)
			return false;
		if (entry.action != g->m->default_action)
			push_entry(g, &entry);
	}
	if (plain)
		sort_entries(g->call);
	return true;
}

/* A region without conditions leaves room for no other. */
static void settle(struct section_call *c)
{
	for (uint32_t i = 0; i < c->n_entries; i++) {
		if (c->entries[i].n_conditions)
			continue;
		c->is_whole = true;
		c->action = c->entries[i].action;
		c->n_entries = 0;
	}
	drop_covered(c);
	sort_entries(c);
}

static bool lets_something_through(const struct section_half *h)
{
	bool any = !section_refuses(h->rest);

	for (uint32_t i = 0; i < h->n_rules; i++)
		any = any || !section_refuses(h->rules[i]->action);
	return any;
}

/* Without entries: whether the policy lets something through that the container's own refuses. */
static bool own_refuses_some(struct merging *g, bool plain)
{
	struct section_call kept = *g->call;
	bool found;

	if (!lets_something_through(g->policy) || !section_refuses(section_strictest(g->own)))
		return false;
	/* Of rules that mean something else somewhere it cannot be told. */
	if (!plain)
		return true;
	g->call->entries = NULL;
	g->call->n_entries = g->call->cap_entries = 0;
	merge_regions(g);
	found = g->call->own_refuses || g->impossible;
	*g->call = kept;
	return found;
}

static void merge(struct merging *g)
{
	bool wide = g->m->cuts_to_32 && (is_wide(g->own) || is_wide(g->policy));
	bool high_only = g->m->cuts_to_32 && (g->own->high_only || g->policy->high_only);
	bool tangled;

	if (g->own->n_rules > SECTION_ENTRIES_MAX || g->policy->n_rules > SECTION_ENTRIES_MAX ||
		high_only || contradicts(g->own) || contradicts(g->policy)) {
		refuse_whole(g);
		return;
	}
	tangled = is_tangled(g->own) || is_tangled(g->policy);
	if (merge_uniform(g) || (!tangled && merge_as_it_is(g, !wide))) {
		g->call->own_refuses = own_refuses_some(g, !wide && !tangled);
		return;
	}
	g->call->n_entries = 0;
	if (!wide && !tangled)
		merge_regions(g);
	settle(g->call);
	if (wide || tangled || g->impossible || entries_are_tangled(g->call))
		refuse_whole(g);
}

void section_call_merge(struct section_merge *m, struct section_call *c)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct merging g = {
		.m = m,
		.work = { .arena = scratch, .cuts_to_32 = m->cuts_to_32, .left = BOXES_MAX },
		.call = c,
		.own = &c->halves[SECTION_OWN],
		.policy = &c->halves[SECTION_POLICY],
	};

	merge(&g);
}
