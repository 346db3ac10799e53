/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage_endpoints.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct address {
	uint8_t b[16];
};

/* Where cells begin. */
struct borders {
	struct arena *arena;
	uint32_t *ports;
	uint32_t n_ports, cap_ports;
	/* For one port and protocol at a time: IPv4 in the first four bytes, IPv6. */
	struct address *v[2];
	uint32_t n[2], cap[2];
};

static void add_address(struct borders *s, int six, const struct address *a)
{
	ARENA_PUSH(s->arena, s->v[six], s->n[six], s->cap[six], *a);
}

/* The first address of the prefix and the first one after it. */
static void add_prefix(struct borders *s, int six, const uint8_t *bytes, unsigned int prefix)
{
	struct address a = { { 0 } };
	unsigned int i = prefix;

	memcpy(a.b, bytes, six ? 16 : 4);
	add_address(s, six, &a);
	/* One more at the prefix's last bit, carried on; past the last address there is none. */
	while (i > 0) {
		uint8_t bit = (uint8_t)(0x80 >> (i - 1) % 8);
		uint8_t *byte = &a.b[(i - 1) / 8];

		*byte ^= bit;
		if (*byte & bit) {
			add_address(s, six, &a);
			return;
		}
		i--;
	}
}

static void add_ports(struct borders *s, const struct endpoints *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		ARENA_PUSH(s->arena, s->ports, s->n_ports, s->cap_ports, list->v[i].port_lo);
		ARENA_PUSH(s->arena, s->ports, s->n_ports, s->cap_ports, list->v[i].port_hi + 1u);
	}
}

/*
 * What a rule says of a port depends on those endpoints alone that hold it, so only their addresses
 * are borders there. All of a policy's addresses times all of its ports would be too many.
 */
static void add_addresses(struct borders *s, const struct endpoints *list, uint32_t port)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct endpoint *e = &list->v[i];

		if (e->family && port >= e->port_lo && port <= e->port_hi)
			add_prefix(s, e->family == 6, e->address, e->prefix);
	}
}

static int compare_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static int compare_port(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void add_rules(struct borders *s, const struct policy *p, const struct endpoint_cell *cell)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (!(p->rules[i]->protocols >> cell->protocol & 1))
			continue;
		add_addresses(s, &p->rules[i]->endpoints, cell->port_lo);
		add_addresses(s, &p->rules[i]->except_endpoints, cell->port_lo);
	}
}

static void visit_addresses(struct borders *s, const struct policy *const *policies, uint32_t n,
	struct endpoint_cell *cell, endpoint_visit visit, void *ctx)
{
	static const uint8_t zero[16];
	uint8_t mapped_network[16] = { 0 };

	memcpy(mapped_network, mapped, sizeof(mapped));
	s->n[0] = s->n[1] = 0;
	add_prefix(s, 0, zero, 0);
	add_prefix(s, 1, zero, 0);
	/* Those are IPv4, and no cell may hold them beside others. */
	add_prefix(s, 1, mapped_network, 96);
	for (uint32_t i = 0; i < n; i++)
		add_rules(s, policies[i], cell);
	for (int six = 0; six < 2; six++) {
		qsort(s->v[six], s->n[six], sizeof(*s->v[six]), compare_address);
		for (uint32_t i = 0; i < s->n[six]; i++) {
			if (i && !compare_address(&s->v[six][i], &s->v[six][i - 1]))
				continue;
			if (six && !memcmp(s->v[six][i].b, mapped, sizeof(mapped)))
				continue;
			cell->family = six ? 6 : 4;
			memcpy(cell->address, s->v[six][i].b, 16);
			visit(ctx, cell);
		}
	}
}

void endpoint_cells(const struct policy *p, endpoint_visit visit, void *ctx)
{
	endpoint_cells_of(&p, 1, visit, ctx);
}

void endpoint_cells_of(
	const struct policy *const *policies, uint32_t n, endpoint_visit visit, void *ctx)
{
	struct borders s = { .arena = arena_new() };
	struct endpoint_cell cell = { 0 };

	ARENA_PUSH(s.arena, s.ports, s.n_ports, s.cap_ports, 0);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < policies[i]->n_rules; k++) {
			add_ports(&s, &policies[i]->rules[k]->endpoints);
			add_ports(&s, &policies[i]->rules[k]->except_endpoints);
		}
	}
	qsort(s.ports, s.n_ports, sizeof(*s.ports), compare_port);
	for (cell.protocol = PROTOCOL_TCP; cell.protocol <= PROTOCOL_ICMP; cell.protocol++) {
		for (uint32_t i = 0; i < s.n_ports; i++) {
			uint32_t next = i + 1 < s.n_ports ? s.ports[i + 1] : 65536;

			if (s.ports[i] == next || s.ports[i] > 65535)
				continue;
			cell.port_lo = (uint16_t)s.ports[i];
			cell.port_hi = (uint16_t)(next - 1);
			visit_addresses(&s, policies, n, &cell, visit, ctx);
		}
	}
	arena_free(s.arena);
}

struct decision decide_endpoint(const struct policy *p, uint32_t domain, enum operation op,
	const struct endpoint_cell *cell)
{
	struct request r = {
		.operation = op,
		.protocol = cell->protocol,
		.family = cell->family,
		.port = cell->port_lo,
	};

	memcpy(r.address, cell->address, sizeof(r.address));
	return decide(p, domain, &r);
}

const char *endpoint_cell_text(struct arena *a, const struct endpoint_cell *cell)
{
	const char *protocol = protocol_names[cell->protocol];
	char address[INET6_ADDRSTRLEN];

	inet_ntop(cell->family == 6 ? AF_INET6 : AF_INET, cell->address, address, sizeof(address));
	if (cell->protocol == PROTOCOL_ICMP)
		return arena_printf(a, "%s %s", protocol, address);
	return arena_printf(
		a, cell->family == 6 ? "%s [%s]:%u" : "%s %s:%u", protocol, address, cell->port_lo);
}
