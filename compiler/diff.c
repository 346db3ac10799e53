/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/diff_internal.h"

#include <stdlib.h>
#include <string.h>

int32_t diff_counterpart(const struct policy *of, uint32_t domain, const struct policy *p)
{
	const char *below = of->domains[domain]->name + strlen(of->name);

	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (!strcmp(p->domains[i]->name + strlen(p->name), below))
			return (int32_t)i;
	}
	return -1;
}

static bool same(const struct difference *a, const struct difference *b)
{
	return a->direction == b->direction && a->operation == b->operation &&
	       a->old_domain == b->old_domain && a->new_domain == b->new_domain &&
	       a->old_rule == b->old_rule && a->new_rule == b->new_rule &&
	       a->object_class == b->object_class && a->of_another == b->of_another &&
	       a->abi == b->abi;
}

struct difference *diff_add(struct diff *d, const struct difference *like)
{
	struct difference *new;
	char *object;

	for (uint32_t i = 0; i < d->n; i++) {
		if (same(d->v[i], like)) {
			d->v[i]->parts++;
			return d->v[i];
		}
	}
	new = arena_alloc(d->arena, sizeof(*new));
	*new = *like;
	object = arena_alloc(d->arena, like->object_len + 1);
	memcpy(object, like->object, like->object_len);
	new->object = object;
	new->parts = 1;
	ARENA_PUSH(d->arena, d->v, d->n, d->cap, new);
	return new;
}

/* Whether what is run enters the same profile, told by name. */
static bool enters_alike(
	const struct comparison *c, const struct decision *before, const struct decision *after)
{
	const struct diff *d = c->diff;

	if (before->transition < 0 || after->transition < 0)
		return before->transition < 0 && after->transition < 0;
	return diff_counterpart(d->after, (uint32_t)after->transition, d->before) ==
	       before->transition;
}

bool diff_ask(const struct comparison *c, const struct request *before, const struct request *after,
	const char *object, size_t object_len, bool of_another)
{
	struct decision old = decide(c->diff->before, c->before, before);
	struct decision new = decide(c->diff->after, c->after, after);
	bool was = old.verdict == VERDICT_ALLOW, is = new.verdict == VERDICT_ALLOW;
	struct difference like = {
		.direction = is ? DIFF_ALLOWED : DIFF_REFUSED,
		.operation = before->operation,
		.old_domain = (int32_t)c->before,
		.new_domain = (int32_t)c->after,
		.old_rule = old.rule,
		.new_rule = new.rule,
		.object = object,
		.object_len = (uint32_t)object_len,
		.of_another = of_another,
		.abi = before->abi,
	};

	if (before->operation == OP_EXEC || before->operation == OP_MAP)
		like.object_class = before->object_class;
	if (was && is && before->operation == OP_EXEC && !enters_alike(c, &old, &new))
		like.direction = DIFF_ENTERS;
	else if (was == is)
		return false;
	diff_add(c->diff, &like);
	return true;
}

bool diff_ask_both(const struct comparison *c, const struct request *r, const struct text *object)
{
	return diff_ask(c, r, r, text_str(object), object->len, false);
}

/* `mode audit` lets everything pass: beside it nothing else is worth telling. */
static bool diff_mode(struct diff *d)
{
	struct difference like = { .operation = OP_COUNT, .old_domain = -1, .new_domain = -1 };

	if (d->before->audit == d->after->audit)
		return false;
	like.direction = d->after->audit ? DIFF_ALLOWED : DIFF_REFUSED;
	like.object = "whatever the rules refuse";
	like.object_len = (uint32_t)strlen(like.object);
	diff_add(d, &like);
	return true;
}

static const struct rule *limit_of(const struct policy *p, int limit)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(OP_LIMIT) && !p->rules[i]->is_default &&
			(int)p->rules[i]->limit == limit)
			return p->rules[i];
	}
	return NULL;
}

/* The higher, or none, allows more. */
static void diff_limits(struct diff *d)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct rule *old = limit_of(d->before, i), *new = limit_of(d->after, i);
		uint64_t was = old ? old->limit_value : UINT64_MAX;
		uint64_t is = new ? new->limit_value : UINT64_MAX;
		struct difference like = {
			.direction = is > was ? DIFF_ALLOWED : DIFF_REFUSED,
			.operation = OP_LIMIT,
			.old_rule = old,
			.new_rule = new,
			.object = limit_names[i],
			.object_len = (uint32_t)strlen(limit_names[i]),
		};

		if (was != is)
			diff_add(d, &like);
	}
}

static int diff_domains(const struct comparison *c, struct pale_err **err)
{
	int r = diff_paths(c, err);

	if (r >= 0)
		r = diff_mounts(c, err);
	diff_endpoints(c);
	diff_tasks(c);
	diff_others(c);
	return r >= 0 ? diff_calls(c, err) : r;
}

static int by_place(const void *a, const void *b)
{
	const struct difference *x = *(struct difference *const *)a,
				*y = *(struct difference *const *)b;

	if (x->new_domain != y->new_domain)
		return x->new_domain < y->new_domain ? -1 : 1;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	return (int)x->operation - (int)y->operation;
}

int policy_diff(struct diff *d, const struct policy *before, const struct policy *after,
	struct pale_err **err)
{
	int r = 0;

	d->before = before;
	d->after = after;
	d->v = NULL;
	d->n = d->cap = 0;
	if (diff_mode(d) || (before->audit && after->audit))
		return 0;
	diff_limits(d);
	for (uint32_t i = 0; i < after->n_domains && r >= 0; i++) {
		int32_t other = diff_counterpart(after, i, before);
		struct comparison c = { d, (uint32_t)other, i };

		/* The profile itself is compared whatever it is called. */
		if (i == 0)
			c.before = 0;
		else if (other < 0)
			continue;
		r = diff_domains(&c, err);
	}
	if (d->n)
		qsort(d->v, d->n, sizeof(*d->v), by_place);
	return r;
}

bool diff_widens(const struct diff *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->v[i]->direction != DIFF_REFUSED)
			return true;
	}
	return false;
}
