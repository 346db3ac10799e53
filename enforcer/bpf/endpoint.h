/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_ENDPOINT_H
#define PALE_BPF_ENDPOINT_H

/* Internet addresses against the policy's lists. */

#include "enforcer/bpf/act.h"

enum { ENDPOINT_CONNECT, ENDPOINT_LISTEN };

enum { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_ICMP, PROTOCOL_NONE = 0xff };

struct endpoint {
	__u32 protocol; /* PROTOCOL_… */
	__u32 family;	/* 4 or 6 */
	__u32 port;
	__u32 address[4]; /* network order; IPv4 in the first */
};

struct lookup {
	struct scratch *s;
	struct tables t;
	__u32 first, count;
};

static __always_inline bool endpoint_matches(const struct scratch *s, const struct lsm_endpoint *e)
{
	__u32 word, prefix = e->prefix;

	if (!(e->protocols & s->protocols))
		return false;
	if (e->family && e->family != s->family)
		return false;
	if (s->port < e->port_lo || s->port > e->port_hi)
		return false;
	for (word = 0; word < 4; word++) {
		__u32 theirs, mask;

		if (!prefix)
			break;
		__builtin_memcpy(&theirs, e->address + 4 * word, 4);
		mask = prefix >= 32 ? ~0u : ~(~0u >> prefix);
		if ((bswap32(theirs) ^ s->address[word]) & mask)
			return false;
		prefix = prefix >= 32 ? prefix - 32 : 0;
	}
	return true;
}

static long lookup_step(__u32 i, struct lookup *l)
{
	struct scratch *s = l->s;
	const struct tables t = l->t;
	struct lsm_endpoint *e;

	if (i >= l->count)
		return 1;
	e = table_at(&t,
		head_of(&t)->off_endpoints + ((__u64)l->first + i) * sizeof(struct lsm_endpoint),
		struct lsm_endpoint);
	if (!e) {
		s->rule = ~0u;
		return 1;
	}
	if (endpoint_matches(s, e)) {
		if (e->is_except)
			s->excepted = 1;
		else
			s->matched = 1;
	}
	if (!e->is_last)
		return 0;
	if (s->matched && !s->excepted) {
		s->rule = e->rule;
		return 1;
	}
	s->matched = 0;
	s->excepted = 0;
	return 0;
}

/* @which: ENDPOINT_…. */
__noinline int judge_endpoint(struct label *label, struct endpoint *e, __u32 which, __u32 act_flags)
{
	struct request q = { .object = LSM_OBJECT_ENDPOINT };
	struct lsm_domain *domain = NULL;
	struct tables t = {};
	struct scratch *s = scratch();
	struct lookup l = {};
	__u32 word;

	if (!label || !e)
		return -EACCES;
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	domain = find_domain(label, &t);
	if (!domain)
		return fail_closed(label, LSM_WHY_POLICY);

	s->protocols = e->protocol <= PROTOCOL_ICMP ? 1u << e->protocol : 0;
	s->family = e->family;
	s->port = e->port;
	for (word = 0; word < 4; word++)
		s->address[word] = bswap32(e->address[word]);
	s->matched = 0;
	s->excepted = 0;
	which &= 1;
	s->rule = domain->by_default[which == ENDPOINT_LISTEN ? OP_LISTEN : OP_CONNECT];

	l.s = s;
	l.t = t;
	l.first = domain->endpoints[which];
	l.count = domain->n_endpoints[which];
	if (l.count > LSM_ENDPOINTS_MAX)
		return fail_closed(label, LSM_WHY_POLICY);
	bpf_loop(LSM_ENDPOINTS_MAX, lookup_step, &l, 0);

	q.operation = which == ENDPOINT_LISTEN ? OP_LISTEN : OP_CONNECT;
	q.protocol = e->protocol;
	q.family = e->family;
	q.port = e->port;
	__builtin_memcpy(q.address, e->address, sizeof(q.address));
	return act(label, &q, decision_of(&t, s->rule), act_flags);
}

#endif
