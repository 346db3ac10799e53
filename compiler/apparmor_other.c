/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_other.h"

#include "compiler/coverage_endpoints.h"
#include "compiler/coverage_tasks.h"
#include "compiler/emit_apparmor.h"

#include <string.h>
#include <sys/socket.h>

struct asking {
	const struct policy *policy;
	uint32_t domain;
	struct apparmor_other *o;	  /* gathering */
	const struct apparmor_other *had; /* covering */
	struct coverage_notes *notes;
};

/* ---- sockets */

/* AF_… as apparmor.d(5) names them; families without a name are not in AppArmor's tables. */
static const char *const family_names[] = {
	[AF_UNIX] = "unix",
	[AF_INET] = "inet",
	[AF_AX25] = "ax25",
	[AF_IPX] = "ipx",
	[AF_APPLETALK] = "appletalk",
	[AF_NETROM] = "netrom",
	[AF_BRIDGE] = "bridge",
	[AF_ATMPVC] = "atmpvc",
	[AF_X25] = "x25",
	[AF_INET6] = "inet6",
	[AF_ROSE] = "rose",
	[AF_KEY] = "key",
	[AF_NETLINK] = "netlink",
	[AF_PACKET] = "packet",
	[AF_ATMSVC] = "atmsvc",
	[AF_RDS] = "rds",
	[AF_IRDA] = "irda",
	[AF_PPPOX] = "pppox",
	[AF_LLC] = "llc",
	[AF_IB] = "ib",
	[AF_MPLS] = "mpls",
	[AF_CAN] = "can",
	[AF_TIPC] = "tipc",
	[AF_BLUETOOTH] = "bluetooth",
	[AF_IUCV] = "iucv",
	[AF_RXRPC] = "rxrpc",
	[AF_ISDN] = "isdn",
	[AF_PHONET] = "phonet",
	[AF_IEEE802154] = "ieee802154",
	[AF_CAIF] = "caif",
	[AF_ALG] = "alg",
	[AF_NFC] = "nfc",
	[AF_VSOCK] = "vsock",
	[AF_KCM] = "kcm",
	[AF_QIPCRTR] = "qipcrtr",
	[AF_SMC] = "smc",
	[AF_XDP] = "xdp",
};
#define N_FAMILY_NAMES (int)(sizeof(family_names) / sizeof(*family_names))

static const char *family_name(int family)
{
	return family < N_FAMILY_NAMES ? family_names[family] : NULL;
}

int apparmor_family_find(const char *name, size_t len)
{
	for (int i = 0; i < N_FAMILY_NAMES; i++) {
		if (family_names[i] && strlen(family_names[i]) == len &&
			!memcmp(family_names[i], name, len))
			return i;
	}
	return -1;
}

/* One question about `socket`. */
struct socket_case {
	int family, type, protocol;
	const char *name;
	const struct rule *rule;
};

typedef void (*socket_visit)(struct asking *a, const struct socket_case *s);

static void visit_socket(struct asking *a, struct socket_case *s, socket_visit visit)
{
	struct request r = {
		.operation = OP_SOCKET,
		.socket_family = s->family,
		.socket_type = s->type,
		.socket_protocol = s->protocol,
	};

	s->rule = decide(a->policy, a->domain, &r).rule;
	visit(a, s);
}

static void socket_cases(struct asking *a, socket_visit visit)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	for (uint32_t i = 0; i < vocab_n_families; i++) {
		const struct vocab_family *f = &vocab_families[i];
		int last = f->family[0] == AF_NETLINK ? 31 : 0;

		for (int k = 0; k < 2 && f->family[k] >= 0; k++) {
			for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
				struct socket_case s = {
					.family = f->family[k], .type = types[t], .name = f->name
				};

				if (f->type >= 0 && f->type != types[t])
					continue;
				for (; s.protocol <= last; s.protocol++)
					visit_socket(a, &s, visit);
			}
		}
	}
}

static bool is_inet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

static void gather_socket(struct asking *a, const struct socket_case *s)
{
	if (!rule_allows(s->rule, OP_SOCKET))
		return;
	if (is_inet(s->family))
		a->o->raw = true;
	else if (family_name(s->family))
		a->o->families[s->family / 64] |= UINT64_C(1) << s->family % 64;
	else
		a->o->all_families = true;
}

static bool raw_passes(const struct apparmor_other *o)
{
	return o->all_families || o->raw || o->protocols & 1u << PROTOCOL_ICMP;
}

static void cover_socket(struct asking *a, const struct socket_case *s)
{
	const struct apparmor_other *o = a->had;
	bool passes =
		is_inet(s->family)
			? raw_passes(o)
			: o->all_families || o->families[s->family / 64] >> s->family % 64 & 1;

	coverage_note_answer(a->notes, s->rule, OP_SOCKET, passes, passes,
		"knows families and types", arena_printf(a->policy->arena, "%s sockets", s->name));
}

static void gather_endpoint(void *ctx, const struct endpoint_cell *cell)
{
	struct asking *a = ctx;

	if (decide_endpoint(a->policy, a->domain, OP_CONNECT, cell).verdict == VERDICT_ALLOW ||
		decide_endpoint(a->policy, a->domain, OP_LISTEN, cell).verdict == VERDICT_ALLOW)
		a->o->protocols |= 1u << cell->protocol;
}

static bool has_protocol(const struct apparmor_other *o, int protocol)
{
	return o->protocols >> protocol & 1;
}

/*
 * Socket types that protocols come in: sctp in both connected ones, icmp in raw ones and in the
 * datagram ones of ping(8).
 */
static bool stream(const struct apparmor_other *o)
{
	return has_protocol(o, PROTOCOL_TCP) || has_protocol(o, PROTOCOL_SCTP);
}

static bool datagram(const struct apparmor_other *o)
{
	return has_protocol(o, PROTOCOL_UDP) || has_protocol(o, PROTOCOL_ICMP);
}

static bool protocol_passes(const struct apparmor_other *o, int protocol)
{
	if (o->all_families)
		return true;
	switch (protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_SCTP:
		return stream(o);
	case PROTOCOL_UDP:
		return datagram(o);
	case PROTOCOL_ICMP:
		return datagram(o) || raw_passes(o);
	}
	return true;
}

static void cover_endpoint(void *ctx, const struct endpoint_cell *cell)
{
	static const enum operation operations[2] = { OP_CONNECT, OP_LISTEN };
	struct asking *a = ctx;

	for (int i = 0; i < 2; i++) {
		const struct rule *rule =
			decide_endpoint(a->policy, a->domain, operations[i], cell).rule;
		bool some = protocol_passes(a->had, cell->protocol);
		bool all = a->had->all_families || has_protocol(a->had, cell->protocol);

		coverage_note_answer(a->notes, rule, operations[i], some, all, "knows no addresses",
			endpoint_cell_text(a->policy->arena, cell));
		if (!some || rule_allows(rule, operations[i]))
			continue;
		for (uint32_t k = 0; k < a->policy->n_rules; k++) {
			const struct rule *far = a->policy->rules[k];

			if (far->domain == a->domain && far->operations & OP_BIT(operations[i]) &&
				rule_allows(far, operations[i]) &&
				far->protocols >> cell->protocol & 1)
				coverage_note(a->notes, far, operations[i], COVERAGE_WIDER,
					"knows no addresses");
		}
	}
}

/* ---- tasks */

static void gather_task(void *ctx, const struct task_case *t)
{
	struct asking *a = ctx;

	if (t->domain != a->domain)
		return;
	if (t->signal) {
		uint64_t bit = (uint64_t)rule_allows(t->rule, OP_SIGNAL) << (t->signal - 1);

		if (t->target == REQUEST_OUTSIDE)
			a->o->signals_outside |= bit;
		else
			a->o->signals[t->target_domain] |= bit;
	} else if (t->target == REQUEST_OUTSIDE) {
		a->o->ptrace_outside = rule_allows(t->rule, OP_PTRACE);
	} else {
		a->o->ptrace[t->target_domain] = rule_allows(t->rule, OP_PTRACE);
	}
}

/* A signal to a domain passes as the policy says; to others it passes too when they are another
 * instance of the policy, whose label is the same. */
static void cover_task(void *ctx, const struct task_case *t)
{
	struct asking *a = ctx;
	enum operation op = t->signal ? OP_SIGNAL : OP_PTRACE;
	bool inside = false, outside;
	bool some, all;

	if (t->domain != a->domain)
		return;
	for (uint32_t d = 0; d < a->policy->n_domains; d++)
		inside |= t->signal ? a->had->signals[d] >> (t->signal - 1) & 1 : a->had->ptrace[d];
	outside =
		t->signal ? a->had->signals_outside >> (t->signal - 1) & 1 : a->had->ptrace_outside;
	if (t->target == REQUEST_OUTSIDE) {
		some = outside || inside;
		all = outside;
	} else {
		some = all = t->signal ? a->had->signals[t->target_domain] >> (t->signal - 1) & 1
				       : a->had->ptrace[t->target_domain];
	}
	coverage_note_answer(a->notes, t->rule, op, some, all,
		some && !all ? "takes other instances of the profile for this one" : NULL, t->text);
}

/* ---- pivot_root */

static struct decision decide_pivot(const struct policy *p, uint32_t domain)
{
	return decide(p, domain, &(struct request){ .operation = OP_PIVOT });
}

/* ---- together */

void apparmor_other(struct apparmor_other *o, const struct policy *p, uint32_t domain)
{
	struct asking a = { .policy = p, .domain = domain, .o = o };

	*o = (struct apparmor_other){
		.signals = arena_array(p->arena, p->n_domains, sizeof(*o->signals)),
		.ptrace = arena_array(p->arena, p->n_domains, sizeof(*o->ptrace)),
		.pivot = decide_pivot(p, domain).verdict == VERDICT_ALLOW,
	};
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		struct request r = { .operation = OP_CAPABILITY, .capability = i };

		if (decide(p, domain, &r).verdict == VERDICT_ALLOW)
			o->capabilities |= UINT64_C(1) << i;
	}
	socket_cases(&a, gather_socket);
	endpoint_cells(p, gather_endpoint, &a);
	task_cases(p, OP_SIGNAL, gather_task, &a);
	/* A process may always signal itself, and AppArmor cannot tell it from others of its
	 * profile. */
	o->signals[domain] = UINT64_MAX;
	task_cases(p, OP_PTRACE, gather_task, &a);
}

/* By number, as apparmor.d(5) names them; 32 and above are rtmin+0 and so on. */
static const char *const signal_names[32] = { "exists", "hup", "int", "quit", "ill", "trap", "abrt",
	"bus", "fpe", "kill", "usr1", "segv", "usr2", "pipe", "alrm", "term", "stkflt", "chld",
	"cont", "stop", "stp", "ttin", "ttou", "urg", "xcpu", "xfsz", "vtalrm", "prof", "winch",
	"io", "pwr", "sys" };

#define REALTIME "rtmin+"

int apparmor_signal_find(const char *name, size_t len)
{
	const size_t head = strlen(REALTIME);
	int n = 0;

	for (int i = 0; i < 32; i++) {
		if (strlen(signal_names[i]) == len && !memcmp(signal_names[i], name, len))
			return i;
	}
	if (len <= head || len > head + 2 || memcmp(name, REALTIME, head) != 0)
		return -1;
	for (size_t i = head; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
	}
	return n + 32 <= 64 ? n + 32 : -1;
}

static void write_signals(struct text *to, uint64_t signals, const char *head, const char *peer)
{
	if (!signals)
		return;
	text_printf(to, "\t%ssignal (send)", head);
	if (signals != UINT64_MAX) {
		text_puts(to, " set=(");
		for (int i = 0; i < 64; i++) {
			if (!(signals >> i & 1))
				continue;
			if (to->s[to->len - 1] != '(')
				text_putc(to, ' ');
			if (i + 1 < 32)
				text_puts(to, signal_names[i + 1]);
			else
				text_printf(to, REALTIME "%d", i + 1 - 32);
		}
		text_putc(to, ')');
	}
	if (peer)
		text_printf(to, " peer=\"%s\"", peer);
	text_puts(to, ",\n");
}

static void write_tasks(struct text *to, const struct policy *p, const struct apparmor_other *o)
{
	write_signals(to, o->signals_outside, "", NULL);
	if (o->ptrace_outside)
		text_puts(to, "\tptrace (trace read),\n");
	for (uint32_t d = 0; d < p->n_domains; d++) {
		const char *peer = apparmor_profile_name(p, d);

		write_signals(to, o->signals[d] & ~o->signals_outside, "", peer);
		/* In audit mode a deny would still be enforced. */
		if (!p->audit)
			write_signals(to, o->signals_outside & ~o->signals[d], "audit deny ", peer);
		if (o->ptrace[d] && !o->ptrace_outside)
			text_printf(to, "\tptrace (trace read) peer=\"%s\",\n", peer);
		if (!o->ptrace[d] && o->ptrace_outside && !p->audit)
			text_printf(to, "\taudit deny ptrace (trace read) peer=\"%s\",\n", peer);
	}
}

const char *const apparmor_socket_types[APPARMOR_N_SOCKET_TYPES] = { "stream", "dgram", "seqpacket",
	"raw" };

struct apparmor_sockets apparmor_sockets(const struct apparmor_other *o)
{
	struct apparmor_sockets s = { .all = o->all_families };

	if (s.all)
		return s;
	s.inet |= (uint32_t)stream(o) << APPARMOR_STREAM;
	s.inet |= (uint32_t)datagram(o) << APPARMOR_DGRAM;
	s.inet |= (uint32_t)has_protocol(o, PROTOCOL_SCTP) << APPARMOR_SEQPACKET;
	s.inet |= (uint32_t)raw_passes(o) << APPARMOR_RAW;
	memcpy(s.families, o->families, sizeof(s.families));
	return s;
}

static void write_sockets(struct text *to, const struct apparmor_other *o)
{
	struct apparmor_sockets s = apparmor_sockets(o);

	if (s.all)
		text_puts(to, "\tnetwork,\n");
	for (int i = 0; i < APPARMOR_N_SOCKET_TYPES; i++) {
		if (s.inet >> i & 1)
			text_printf(to, "\tnetwork inet %s,\n\tnetwork inet6 %s,\n",
				apparmor_socket_types[i], apparmor_socket_types[i]);
	}
	for (int family = 0; family < N_FAMILY_NAMES; family++) {
		if (s.families[family / 64] >> family % 64 & 1)
			text_printf(to, "\tnetwork %s,\n", family_names[family]);
	}
}

void apparmor_write_other(struct text *to, const struct policy *p, const struct apparmor_other *o)
{
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		if (o->capabilities >> i & 1)
			text_printf(to, "\tcapability %s,\n", vocab_capability_name(i));
	}
	write_sockets(to, o);
	write_tasks(to, p, o);
	if (o->pivot)
		text_puts(to, "\tpivot_root,\n");
}

void apparmor_cover_other(struct coverage_notes *notes, const struct policy *p, uint32_t domain,
	const struct apparmor_other *o)
{
	struct asking a = { .policy = p, .domain = domain, .had = o, .notes = notes };

	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		struct request r = { .operation = OP_CAPABILITY, .capability = i };
		bool passes = o->capabilities >> i & 1;

		coverage_note_answer(notes, decide(p, domain, &r).rule, OP_CAPABILITY, passes,
			passes, NULL, vocab_capability_name(i));
	}
	socket_cases(&a, cover_socket);
	endpoint_cells(p, cover_endpoint, &a);
	task_cases(p, OP_SIGNAL, cover_task, &a);
	task_cases(p, OP_PTRACE, cover_task, &a);
	coverage_note_answer(
		notes, decide_pivot(p, domain).rule, OP_PIVOT, o->pivot, o->pivot, NULL, "it");
}
