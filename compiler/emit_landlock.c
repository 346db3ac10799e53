/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_landlock.h"

#include "compiler/coverage_endpoints.h"
#include "compiler/landlock_cover.h"
#include "compiler/landlock_lower.h"

#include <stdlib.h>
#include <string.h>

static uint64_t fs_rights(unsigned int abi)
{
	uint64_t last = abi >= 5   ? LL_IOCTL_DEV
			: abi >= 3 ? LL_TRUNCATE
			: abi >= 2 ? LL_REFER
				   : LL_MAKE_SYM;

	return last * 2 - 1;
}

/*
 * What the profile can change or make, it must not run: Landlock cannot tell a changed file from
 * one that the image shipped.
 */
static void refuse_drift(void *ctx, const struct path_case *c)
{
	struct landlock_cover *k = ctx;
	static const enum operation changing[] = { OP_WRITE, OP_APPEND, OP_CREATE, OP_RENAME,
		OP_LINK };
	bool changed = false, drift_runs = false;

	if (c->directory || !(c->rights & LL_EXECUTE))
		return;
	for (uint32_t d = 0; d < k->policy->n_domains; d++) {
		const struct path_row *row = c->rows[d];

		for (int owner = 0; owner < 2; owner++) {
			drift_runs |= rule_allows(
				row->by[OP_EXEC][PATH_VARIANT(owner, CLASS_DRIFT)], OP_EXEC);
			for (size_t i = 0; i < sizeof(changing) / sizeof(*changing); i++)
				changed |= rule_allows(
					row->by[changing[i]][PATH_VARIANT(owner, CLASS_PLAIN)],
					changing[i]);
		}
	}
	if (!changed || drift_runs)
		return;
	for (uint32_t i = 0; i < c->n_grants; i++)
		k->wishes.v[k->wish_of[c->grants[i] - k->grants.v]].grant.access &= ~LL_EXECUTE;
}

struct port_table {
	const struct policy *policy;
	uint8_t *access; /* [65536] */
};

static void mark_ports(void *ctx, const struct endpoint_cell *cell)
{
	struct port_table *t = ctx;
	uint8_t access = 0;

	if (cell->protocol != PROTOCOL_TCP)
		return;
	for (uint32_t d = 0; d < t->policy->n_domains; d++) {
		if (decide_endpoint(t->policy, d, OP_CONNECT, cell).verdict == VERDICT_ALLOW)
			access |= LL_CONNECT_TCP;
		if (decide_endpoint(t->policy, d, OP_LISTEN, cell).verdict == VERDICT_ALLOW)
			access |= LL_BIND_TCP;
	}
	for (uint32_t port = cell->port_lo; access && port <= cell->port_hi; port++)
		t->access[port] |= access;
}

static void lower_ports(const struct policy *p, struct landlock_rules *l)
{
	struct port_table t = { .policy = p, .access = arena_alloc(p->arena, 65536) };
	uint32_t n_connect = 0, n_bind = 0, cap = 0;
	struct landlock_port *ports = NULL;

	if (l->abi < 4)
		return;
	endpoint_cells(p, mark_ports, &t);
	for (uint32_t port = 0; port < 65536; port++) {
		n_connect += (t.access[port] & LL_CONNECT_TCP) != 0;
		n_bind += (t.access[port] & LL_BIND_TCP) != 0;
	}
	l->handled_net = (n_connect <= LANDLOCK_PORTS_MAX ? LL_CONNECT_TCP : 0) |
			 (n_bind <= LANDLOCK_PORTS_MAX ? LL_BIND_TCP : 0);
	for (uint32_t port = 0; port < 65536; port++) {
		uint64_t access = t.access[port] & l->handled_net;

		if (access)
			ARENA_PUSH(p->arena, ports, l->n_ports, cap,
				(struct landlock_port){ .port = (uint16_t)port, .access = access });
	}
	l->ports = ports;
}

static void keep_grants(struct landlock_cover *k, struct landlock_rules *l)
{
	struct landlock_grant *grants = arena_array(k->policy->arena, k->wishes.n, sizeof(*grants));

	for (uint32_t i = 0; i < k->wishes.n; i++) {
		const struct landlock_grant *g = &k->wishes.v[i].grant;

		/* A loader's place whose EXECUTE is gone is of no use. */
		if (g->access && !(g->optional && !(g->access & LL_EXECUTE)))
			grants[l->n_grants++] = *g;
	}
	l->grants = grants;
}

int emit_landlock(const struct policy *p, unsigned int abi, struct coverage *c,
	struct landlock_rules **ret, struct pale_err **err)
{
	struct landlock_rules *l = arena_alloc(p->arena, sizeof(*l));
	struct landlock_cover k = { .policy = p, .rules = l };
	int r;

	l->abi = abi > LANDLOCK_ABI_MAX ? LANDLOCK_ABI_MAX : abi;
	if (p->audit) {
		if (c)
			landlock_cover_nothing(&k, c);
		*ret = l;
		return 0;
	}
	l->handled_fs = fs_rights(l->abi);
	landlock_lower(&k.wishes, p, l->handled_fs);
	landlock_cover_grants(&k);
	r = coverage_walk_paths(p, 0, p->n_domains, &k.grants, refuse_drift, &k, err);
	if (r < 0)
		return pale_err_wrap(err, "landlock");
	keep_grants(&k, l);
	lower_ports(p, l);
	l->scoped = landlock_scopes(p, l->abi);
	if (c) {
		r = landlock_cover(&k, c, err);
		if (r < 0)
			return pale_err_wrap(err, "landlock");
	}
	*ret = l;
	return 0;
}

/* How a path lies to a grant: not in it, the directory of the grant itself, or covered whole. */
enum place { OUTSIDE, DIRECTORY_ITSELF, COVERED };

static enum place place_of(const struct landlock_grant *g, const char *path, size_t len)
{
	size_t n = strlen(g->path);

	if (g->each)
		return dfa_run(g->each, 0, path, len) == 1 ? COVERED : OUTSIDE;
	if (!g->beneath)
		return len == n && !memcmp(path, g->path, n) ? COVERED : OUTSIDE;
	if (n == 1)
		n = 0;
	if (len <= n || memcmp(path, g->path, n) != 0 || path[n] != '/')
		return OUTSIDE;
	return len == n + 1 ? DIRECTORY_ITSELF : COVERED;
}

bool landlock_model_allows(
	const struct landlock_rules *l, enum operation op, const char *path, size_t len)
{
	uint64_t rights = 0;

	if (!(landlock_operations(l->handled_fs) & OP_BIT(op)))
		return true;
	for (uint32_t i = 0; i < l->n_grants; i++) {
		enum place place = place_of(&l->grants[i], path, len);

		if (place == COVERED)
			rights |= l->grants[i].access;
		else if (place == DIRECTORY_ITSELF)
			rights |= l->grants[i].access & ~(uint64_t)LL_OF_PARENTS;
	}
	return landlock_answer(l->handled_fs, l->abi, rights, len && path[len - 1] == '/').some &
	       OP_BIT(op);
}

bool landlock_model_allows_port(const struct landlock_rules *l, bool listen, uint16_t port)
{
	uint64_t access = listen ? LL_BIND_TCP : LL_CONNECT_TCP;

	if (!(l->handled_net & access))
		return true;
	for (uint32_t i = 0; i < l->n_ports; i++) {
		if (l->ports[i].port == port)
			return l->ports[i].access & access;
	}
	return false;
}
