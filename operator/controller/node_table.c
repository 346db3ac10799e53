/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/node_table.h"

#include "operator/api_time.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_KEPT 12 /* as names of artefacts have it */
#define PERIODS_MAX (NODE_HOUR / NODE_PERIOD + 1)
#define REASON_MAX  200

enum node_state {
	NODE_PENDING,
	NODE_LOADED,
	NODE_DEGRADED,
	NODE_FAILED,
	NODE_REMOVING,
	NODE_STATES
};

static const char *const state_names[NODE_STATES] = {
	[NODE_PENDING] = "Pending",
	[NODE_LOADED] = "Loaded",
	[NODE_DEGRADED] = "Degraded",
	[NODE_FAILED] = "Failed",
	[NODE_REMOVING] = "Removing",
};

struct period {
	int64_t since;
	uint64_t count;
};

struct node_profile {
	const char *name; /* in node_table.names */
	char digest[DIGEST_KEPT + 1];
	uint8_t state;
	uint8_t n_periods;
	struct period *periods;
	char *why; /* NULL when it is well */
};

struct node {
	char *name;
	int64_t heartbeat;
	struct node_profile *v; /* one for each name and digest */
	size_t n;
};

static int compare_nodes(const void *x, const void *y)
{
	return strcmp(((const struct node *)x)->name, ((const struct node *)y)->name);
}

static int compare_names(const void *x, const void *y)
{
	return strcmp(x, y);
}

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

/* The one copy of @name. Profiles are few, and stay. */
static const char *intern(struct node_table *t, const char *name)
{
	char **found = tfind(name, &t->names, compare_names), *copy;

	if (found)
		return *found;
	copy = strdup(name);
	if (!copy || !tsearch(copy, &t->names, compare_names))
		abort();
	return copy;
}

static void release_profiles(struct node_profile *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].periods);
		free(v[i].why);
	}
	free(v);
}

static void free_node(void *of)
{
	struct node *node = of;

	release_profiles(node->v, node->n);
	free(node->name);
	free(node);
}

void node_table_release(struct node_table *t)
{
	tdestroy(t->nodes, free_node);
	tdestroy(t->names, free);
	t->nodes = t->names = NULL;
	t->n_nodes = 0;
}

/* ---- what an object says */

static void read_periods(const json_t *list, struct node_profile *ret)
{
	size_t n = json_array_size(list);

	if (!n)
		return;
	/* The newest ones stand last. */
	n = n > PERIODS_MAX ? PERIODS_MAX : n;
	ret->periods = calloc(n, sizeof(*ret->periods));
	if (!ret->periods)
		abort();
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, json_array_size(list) - n + i);
		json_int_t count = json_integer_value(json_object_get(o, "count"));

		ret->periods[i].since = api_time_parse(json_object_get(o, "since"));
		ret->periods[i].count = count > 0 ? (uint64_t)count : 0;
	}
	ret->n_periods = (uint8_t)n;
}

/* What has no meaning is Failed: nobody may take it for being in force. */
static enum node_state read_state(const json_t *o)
{
	for (int i = 0; i < NODE_STATES; i++) {
		if (!strcmp(state_names[i], text_of(o, "state")))
			return (enum node_state)i;
	}
	return NODE_FAILED;
}

static void read_profile(struct node_table *t, const json_t *o, struct node_profile *ret)
{
	const char *why = text_of(o, "message");

	*ret = (struct node_profile){ .name = intern(t, text_of(o, "name")),
		.state = (uint8_t)read_state(o) };
	strncpy(ret->digest, text_of(o, "digest"), DIGEST_KEPT);
	read_periods(json_object_get(o, "violations"), ret);
	if (ret->state != NODE_DEGRADED && ret->state != NODE_FAILED)
		return;
	ret->why = strndup(*why ? why : text_of(o, "reason"), REASON_MAX);
	if (!ret->why)
		abort();
}

/* Of @digest only what is kept of one counts. */
static struct node_profile *find_profile(
	const struct node *node, const char *name, const char *digest)
{
	for (size_t i = 0; i < node->n; i++) {
		if (!strcmp(node->v[i].name, name) &&
			!strncmp(node->v[i].digest, digest, DIGEST_KEPT))
			return &node->v[i];
	}
	return NULL;
}

static void read_profiles(struct node_table *t, const json_t *list, struct node *ret)
{
	json_t *o;
	size_t i;

	ret->v = calloc(json_array_size(list) + 1, sizeof(*ret->v));
	if (!ret->v)
		abort();
	json_array_foreach (list, i, o) {
		if (*text_of(o, "name") &&
			!find_profile(ret, text_of(o, "name"), text_of(o, "digest")))
			read_profile(t, o, &ret->v[ret->n++]);
	}
}

/* ---- changes */

static bool same(const struct node_profile *a, const struct node_profile *b)
{
	if (!a || !b || a->state != b->state || a->n_periods != b->n_periods ||
		strcmp(a->digest, b->digest) != 0 ||
		strcmp(a->why ? a->why : "", b->why ? b->why : "") != 0)
		return false;
	return !a->n_periods || !memcmp(a->periods, b->periods, a->n_periods * sizeof(*a->periods));
}

static void tell_one_side(const struct node_table *t, const struct node *of,
	const struct node *other, bool missing_only)
{
	for (size_t i = 0; i < of->n; i++) {
		const struct node_profile *twin =
			find_profile(other, of->v[i].name, of->v[i].digest);

		if (missing_only ? !twin : !same(&of->v[i], twin))
			t->changed(t->ctx, of->v[i].name);
	}
}

static void tell_changes(
	const struct node_table *t, const struct node *before, const struct node *after)
{
	if (!t->changed)
		return;
	tell_one_side(t, after, before, false);
	tell_one_side(t, before, after, true);
}

static struct node *find_node(const struct node_table *t, const char *name)
{
	const struct node key = { .name = (char *)name };
	struct node **found = tfind(&key, &t->nodes, compare_nodes);

	return found ? *found : NULL;
}

static struct node *make_node(struct node_table *t, const char *name)
{
	struct node *node = find_node(t, name);

	if (node)
		return node;
	node = calloc(1, sizeof(*node));
	if (!node || !(node->name = strdup(name)) || !tsearch(node, &t->nodes, compare_nodes))
		abort();
	t->n_nodes++;
	return node;
}

void node_table_seen(struct node_table *t, const json_t *object)
{
	const json_t *status = json_object_get(object, "status");
	struct node *node = make_node(t, text_of(json_object_get(object, "metadata"), "name"));
	struct node before = *node;

	node->v = NULL;
	node->n = 0;
	node->heartbeat = api_time_parse(json_object_get(status, "heartbeat"));
	read_profiles(t, json_object_get(status, "profiles"), node);
	tell_changes(t, &before, node);
	release_profiles(before.v, before.n);
}

void node_table_gone(struct node_table *t, const char *name)
{
	static const struct node none;
	struct node *node = find_node(t, name);

	if (!node)
		return;
	tdelete(node, &t->nodes, compare_nodes);
	t->n_nodes--;
	tell_changes(t, node, &none);
	free_node(node);
}

/* ---- counts */

struct counting {
	const char *profile, *digest;
	int64_t now;
	struct node_counts *ret;
};

/* No sum of what nodes say may come out small. */
static void add_violations(uint64_t *to, uint64_t n)
{
	if (__builtin_add_overflow(*to, n, to))
		*to = UINT64_MAX;
}

static void count_violations(const struct node_profile *p, int64_t now, uint64_t *to)
{
	for (uint8_t i = 0; i < p->n_periods; i++) {
		const struct period *at = &p->periods[i];

		if (at->since < 0 || at->since + NODE_PERIOD > now - NODE_HOUR)
			add_violations(to, at->count);
	}
}

static bool is_stale(const struct node *node, int64_t now)
{
	return node->heartbeat < now - NODE_STALE || node->heartbeat > now + NODE_STALE;
}

static void count_profile(struct counting *c, const struct node *node, const struct node_profile *p)
{
	count_violations(p, c->now, &c->ret->violations);
	if (is_stale(node, c->now))
		return;
	c->ret->ready += p->state == NODE_LOADED;
	c->ret->degraded += p->state == NODE_DEGRADED;
	c->ret->failed += p->state == NODE_FAILED;
	if (p->why && !c->ret->trouble.len)
		text_printf(&c->ret->trouble, "%s: %s", node->name, p->why);
}

static void count_node(const void *at, VISIT which, void *ctx)
{
	const struct node *node = *(struct node *const *)at;
	struct counting *c = ctx;
	const struct node_profile *p;

	if (which != postorder && which != leaf)
		return;
	c->ret->total++;
	c->ret->stale += is_stale(node, c->now);
	p = find_profile(node, c->profile, c->digest);
	if (p)
		count_profile(c, node, p);
}

void node_table_count(const struct node_table *t, const char *profile, const char *digest,
	int64_t now, struct node_counts *ret)
{
	struct counting c = { .profile = profile, .digest = digest, .now = now };

	*ret = (struct node_counts){ 0 };
	c.ret = ret;
	twalk_r(t->nodes, count_node, &c);
}
