/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules for addresses. What differs from run to run is a wildcard: the address that a container
 * listens on (its own), ports that the kernel chose, and who is called, when there were many with
 * one port.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"

#include <string.h>

/* net.ipv4.ip_local_port_range, as kernels have it by default. */
#define EPHEMERAL_FROM 32768
#define EPHEMERAL_TO   60999

struct way;

struct peer {
	const struct learn_item *item;
	struct request r;
	uint64_t *runs;		 /* shared by all executables that used the address */
	const struct way *tried; /* with all of its kind */
	bool used;
};

struct peers {
	struct peer *v;
	uint32_t n, cap;
};

static bool differs(const struct learn_work *w, const struct peer *p)
{
	return learn_runs_count(w, p->runs) < w->n_runs;
}

static bool same_kind(const struct peer *a, const struct peer *b)
{
	return a->r.operation == b->r.operation && a->r.protocol == b->r.protocol;
}

static bool same_address(const struct peer *a, const struct peer *b)
{
	return a->r.family == b->r.family &&
	       !memcmp(a->r.address, b->r.address, sizeof(a->r.address));
}

static bool is_ephemeral(const struct peer *p)
{
	return p->r.port >= EPHEMERAL_FROM && p->r.port <= EPHEMERAL_TO;
}

/* Address and port are each alike or not: what makes @b one more of @a's kind. */
typedef bool (*alike)(const struct peer *a, const struct peer *b);

static bool alike_port(const struct peer *a, const struct peer *b)
{
	return a->r.port == b->r.port && a->r.protocol != PROTOCOL_ICMP &&
	       a->r.protocol != PROTOCOL_UNIX;
}

static bool alike_ephemeral(const struct peer *a, const struct peer *b)
{
	return same_address(a, b) && is_ephemeral(a) && is_ephemeral(b) &&
	       a->r.protocol != PROTOCOL_UNIX;
}

/* Any address that is not one that every container has: those of all and of the loopback. */
static bool is_own_address(const struct request *r)
{
	static const uint8_t zero[16];

	if (r->family == 4)
		return r->address[0] != 0 && r->address[0] != 127;
	return memcmp(r->address, zero, 15) != 0;
}

static bool alike_own(const struct peer *a, const struct peer *b)
{
	return alike_port(a, b) && is_own_address(&a->r) && is_own_address(&b->r);
}

struct way {
	enum operation operation;
	alike is_alike;
	uint32_t at_least;  /* values that differed from run to run */
	const char *object; /* with the address before or the port behind it */
	bool keeps_address;
	const char *why;
};

static const struct way ways[] = {
	{ OP_LISTEN, alike_own, 2, "*", false, "addresses of its own differed from run to run" },
	{ OP_LISTEN, alike_ephemeral, 2, "32768-60999", true,
		"ports that the kernel chose differed from run to run" },
	{ OP_CONNECT, alike_ephemeral, LEARN_VALUES_MIN, "32768-60999", true,
		"ports differed from run to run" },
	{ OP_CONNECT, alike_port, LEARN_VALUES_MIN, "*", false,
		"addresses differed from run to run" },
};

static const char *operation_words(struct learn_work *w, const struct learn_observation *o)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_operation_words(&t, o);
	return arena_strdup(w->arena, text_str(&t));
}

static const char *object_words(struct learn_work *w, const struct learn_observation *o)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_object_words(&t, o);
	return arena_strdup(w->arena, text_str(&t));
}

/* "[::1]:53" → "[::1]", and the port. */
static const char *wildcard(struct learn_work *w, const struct peer *p, const struct way *way)
{
	const char *literal = object_words(w, &p->item->o), *colon = strrchr(literal, ':');

	return way->keeps_address ? arena_printf(w->arena, "%.*s:%s", (int)(colon - literal),
					    literal, way->object)
				  : arena_printf(w->arena, "%s%s", way->object, colon);
}

static void go_a_way(
	struct learn_work *w, struct learn_domain *d, struct peers *peers, const struct way *way)
{
	const uint64_t **runs = arena_array(w->arena, peers->n + 1, sizeof(*runs));

	for (uint32_t i = 0; i < peers->n; i++) {
		struct peer *p = &peers->v[i];
		struct learn_rule *r;
		uint32_t n = 0;

		if (p->used || p->tried == way || p->r.operation != way->operation ||
			!differs(w, p) || !way->is_alike(p, p))
			continue;
		for (uint32_t k = i; k < peers->n; k++) {
			struct peer *q = &peers->v[k];

			if (q->used || !same_kind(p, q) || !differs(w, q) || !way->is_alike(p, q))
				continue;
			q->tried = way;
			if (!n || runs[n - 1] != q->runs)
				runs[n++] = q->runs;
		}
		if (!learn_names_vary(w, runs, n, way->at_least))
			continue;
		r = learn_rule_for(
			d, w, LEARN_NETWORK, operation_words(w, &p->item->o), wildcard(w, p, way));
		r->why = arena_printf(w->arena, "%u %s", n, way->why);
		for (uint32_t k = i; k < peers->n; k++) {
			if (peers->v[k].used || !same_kind(p, &peers->v[k]) ||
				!way->is_alike(p, &peers->v[k]))
				continue;
			peers->v[k].used = true;
			learn_seen_join(w, &r->seen, peers->v[k].item);
		}
	}
}

/* They are sorted: those of one address stand together. */
static void set_runs(struct learn_work *w, struct peer *p, const struct peer *before)
{
	if (before && same_kind(p, before) && same_address(p, before) &&
		p->r.port == before->r.port) {
		p->runs = before->runs;
		learn_runs_join(w, p->runs, p->item->runs);
		return;
	}
	p->runs = arena_array(w->arena, w->run_words, sizeof(*p->runs));
	learn_runs_join(w, p->runs, p->item->runs);
}

void learn_network(struct learn_work *w, struct learn_domain *d)
{
	struct peers peers = { 0 };

	for (uint32_t i = 0; i < d->n_items; i++) {
		struct peer p = { .item = &w->items[d->items[i].item] };

		if (d->items[i].done || learn_request(&p.item->o, &p.r) ||
			vocab_operations[p.r.operation].object != OBJECT_NETWORK || p.r.path)
			continue;
		d->items[i].done = true;
		set_runs(w, &p, peers.n ? &peers.v[peers.n - 1] : NULL);
		ARENA_PUSH(w->arena, peers.v, peers.n, peers.cap, p);
	}
	for (size_t i = 0; w->n_runs > 1 && i < sizeof(ways) / sizeof(*ways); i++)
		go_a_way(w, d, &peers, &ways[i]);
	for (uint32_t i = 0; i < peers.n; i++) {
		struct learn_rule *r;

		if (peers.v[i].used)
			continue;
		r = learn_rule_for(d, w, LEARN_NETWORK, operation_words(w, &peers.v[i].item->o),
			object_words(w, &peers.v[i].item->o));
		learn_seen_join(w, &r->seen, peers.v[i].item);
	}
}
