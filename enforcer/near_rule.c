/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/near_rule.h"

#include <stdlib.h>
#include <string.h>

static uint32_t common(const struct glob *g, const char *path, uint32_t len)
{
	uint32_t n = 0;

	while (n < g->prefix_len && n < len && g->prefix[n] == path[n])
		n++;
	return n;
}

/* 0 when no component but the root is shared. */
static uint32_t path_nearness(const struct globs *globs, const char *path, uint32_t len)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < globs->n; i++) {
		uint32_t n = common(globs->v[i], path, len);
		const char *second = n > 1 ? memchr(path + 1, '/', n - 1) : NULL;

		if (second && n > best)
			best = n;
	}
	return best;
}

static uint32_t endpoint_nearness(const struct rule *rule, int protocol, unsigned long port)
{
	if (!(rule->protocols & (1u << protocol)))
		return 0;
	for (uint32_t i = 0; i < rule->endpoints.n; i++) {
		const struct endpoint *e = &rule->endpoints.v[i];

		if (e->port_lo <= port && port <= e->port_hi)
			return 2;
	}
	return 1;
}

static int protocol_of(const char *object, uint32_t len)
{
	for (int i = 0; i < PROTOCOL_COUNT; i++) {
		size_t n = strlen(protocol_names[i]);

		if (len > n && !strncmp(object, protocol_names[i], n) && object[n] == ' ')
			return i;
	}
	return -1;
}

static uint32_t nearness(const struct rule *rule, const char *object, uint32_t len)
{
	const char *path = memchr(object, '/', len);
	int protocol = protocol_of(object, len);

	if (protocol >= 0 && protocol != PROTOCOL_UNIX) {
		const char *colon = memrchr(object, ':', len);

		return endpoint_nearness(rule, protocol, colon ? strtoul(colon + 1, NULL, 10) : 0);
	}
	if (path && (path == object || protocol == PROTOCOL_UNIX))
		return path_nearness(&rule->paths, path, len - (uint32_t)(path - object));
	return 0;
}

const struct rule *near_rule(const struct policy *p, uint32_t domain, enum operation op,
	const char *object, uint32_t object_len)
{
	const struct domain *d = p->domains[domain];
	const struct rule *best = NULL;
	uint32_t best_nearness = 0;

	for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
		const struct rule *rule = d->by_operation[op][i];
		uint32_t n;

		if (rule->effect > EFFECT_AUDIT || rule->is_default || rule->derived ||
			!(rule->operations & OP_BIT(op)))
			continue;
		n = nearness(rule, object, object_len);
		if (n > best_nearness) {
			best = rule;
			best_nearness = n;
		}
	}
	return best;
}
