/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets. AppArmor says which families and types there may be, and nothing of addresses. A policy
 * has a rule for each protocol, so the cells of family and type are added up first: SOCK_STREAM is
 * TCP, SOCK_DGRAM is UDP and the kernel's echo sockets, SCTP takes SOCK_STREAM and SOCK_SEQPACKET.
 */
#include "compiler/import_apparmor.h"

#include <string.h>
#include <sys/socket.h>

enum {
	T_STREAM = 1,
	T_DGRAM = 2,
	T_SEQPACKET = 4,
	T_RDM = 8,
	T_RAW = 16,
	T_PACKET = 32,
	T_ALL = 63
};

static const struct {
	const char *name;
	unsigned int types;
} types[] = {
	{ "stream", T_STREAM },
	{ "dgram", T_DGRAM },
	{ "seqpacket", T_SEQPACKET },
	{ "rdm", T_RDM },
	{ "raw", T_RAW },
	{ "packet", T_PACKET },
	{ "tcp", T_STREAM },
	{ "udp", T_DGRAM },
	{ "icmp", T_RAW },
};

#define N_TYPES (sizeof(types) / sizeof(*types))

/* Of AppArmor's families those that `socket` names under the same name, and these. */
static const char *const others[] = { "unix", "inet", "inet6" };
enum { F_UNIX, F_INET, F_INET6, N_OTHERS };

#define FAMILIES_MAX (N_OTHERS + 64)

struct sockets {
	uint8_t allowed[FAMILIES_MAX], denied[FAMILIES_MAX], audited[FAMILIES_MAX];
	bool loud[FAMILIES_MAX]; /* audit deny */
	struct span at[FAMILIES_MAX];
};

static int family_find(const char *name)
{
	for (int i = 0; i < N_OTHERS; i++) {
		if (!strcmp(others[i], name))
			return i;
	}
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		if (vocab_families[i].type < 0 && !strcmp(vocab_families[i].name, name))
			return N_OTHERS + (int)i;
	}
	return -1;
}

static unsigned int types_find(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (!strcmp(types[i].name, name))
			return types[i].types;
	}
	return 0;
}

static void add(struct sockets *k, const struct aa_statement *s, int family, unsigned int mask)
{
	if (family >= FAMILIES_MAX)
		return;
	k->at[family] = s->at;
	if (s->deny) {
		k->denied[family] |= (uint8_t)mask;
		k->loud[family] |= s->audit;
	} else {
		k->allowed[family] |= (uint8_t)mask;
		if (s->audit)
			k->audited[family] |= (uint8_t)mask;
	}
}

static void read_rule(
	struct aa_file *f, struct aa_profile *p, struct sockets *k, const struct aa_statement *s)
{
	unsigned int mask = T_ALL;
	int family = -1;
	uint32_t n = 0;

	if (n < s->words.n && s->words.v[n].kind == AA_WORD) {
		const char *word = s->words.v[n].text;

		family = family_find(word);
		if (family >= 0 || !types_find(word)) {
			if (family < 0) {
				aa_leave_out(f, p, s, "no rule names these sockets");
				return;
			}
			n++;
		}
	}
	if (n < s->words.n && s->words.v[n].kind == AA_WORD && types_find(s->words.v[n].text))
		mask = types_find(s->words.v[n++].text);
	if (n < s->words.n) {
		aa_leave_out(f, p, s, "conditions on a socket's addresses");
		return;
	}
	if (family >= 0) {
		add(k, s, family, mask);
		return;
	}
	for (uint32_t i = 0; i < N_OTHERS + vocab_n_families; i++) {
		if (i < N_OTHERS || vocab_families[i - N_OTHERS].type < 0)
			add(k, s, (int)i, mask);
	}
}

static const char *effect(const struct sockets *k, int family, bool deny, unsigned int mask)
{
	if (deny)
		return k->loud[family] ? "deny" : "quiet deny";
	return (k->audited[family] & mask) == mask ? "audit" : "allow";
}

static void write_inet(struct aa_file *f, struct aa_profile *p, struct sockets *k, bool deny)
{
	static const struct {
		const char *protocol, *port;
		unsigned int mask;
	} protocols[] = { { "tcp", ":*", T_STREAM }, { "udp", ":*", T_DGRAM },
		{ "icmp", "", T_DGRAM }, { "sctp", ":*", T_STREAM | T_SEQPACKET } };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		for (int family = F_INET; family <= F_INET6; family++) {
			unsigned int has =
				deny ? k->denied[family] : k->allowed[family] & ~k->denied[family];
			const char *address = family == F_INET ? "0.0.0.0/0" : "[::/0]";

			if ((has & protocols[i].mask) != protocols[i].mask)
				continue;
			draft_rule(f->draft, p->draft, k->at[family], "%s connect, listen %s %s%s",
				effect(k, family, deny, protocols[i].mask), protocols[i].protocol,
				address, protocols[i].port);
		}
	}
}

/* SOCK_RAW of both families is one word. */
static void write_raw(struct aa_file *f, struct aa_profile *p, struct sockets *k)
{
	unsigned int four = k->allowed[F_INET] & ~k->denied[F_INET] & T_RAW;
	unsigned int six = k->allowed[F_INET6] & ~k->denied[F_INET6] & T_RAW;
	int family = four ? F_INET : F_INET6;

	if (four && six)
		draft_rule(f->draft, p->draft, k->at[F_INET], "%s socket raw",
			effect(k, F_INET, false, T_RAW));
	else if (four || six)
		draft_left_out(f->draft, p->draft, k->at[family],
			arena_printf(f->arena, "network %s raw", others[family]),
			"'socket raw' would be of both inet and inet6");
}

static void write_unix(struct aa_file *f, struct aa_profile *p, struct sockets *k)
{
	const unsigned int both = T_STREAM | T_DGRAM;
	unsigned int has = k->allowed[F_UNIX] & ~k->denied[F_UNIX];

	if ((has & both) == both) {
		const char *how = effect(k, F_UNIX, false, both);

		draft_rule(f->draft, p->draft, k->at[F_UNIX], "%s connect, listen unix /**", how);
		draft_rule(f->draft, p->draft, k->at[F_UNIX], "%s connect, listen unix abstract:**",
			how);
	} else if (has) {
		draft_left_out(f->draft, p->draft, k->at[F_UNIX], "network unix",
			"one type of socket only, where a rule means all");
	}
}

/* What tells the kernel's answers: a family whose types are one thing. */
static void write_family(struct aa_file *f, struct aa_profile *p, struct sockets *k, int family)
{
	const char *name = vocab_families[family - N_OTHERS].name;
	unsigned int has = k->allowed[family] & ~k->denied[family];
	bool one_thing = !strcmp(name, "netlink") || !strcmp(name, "packet");

	if (has == T_ALL || (one_thing && has & T_RAW))
		draft_rule(f->draft, p->draft, k->at[family], "%s socket %s",
			effect(k, family, false, has), name);
	else if (has)
		draft_left_out(f->draft, p->draft, k->at[family],
			arena_printf(f->arena, "network %s", name),
			"some types of socket only, where a rule means all");
	if (k->denied[family] == T_ALL)
		draft_rule(f->draft, p->draft, k->at[family], "%s socket %s",
			effect(k, family, true, T_ALL), name);
}

static bool is_bare_unix(const struct aa_statement *s)
{
	return !strcmp(s->keyword, "unix") && s->words.n == 0;
}

void aa_draft_network(struct aa_file *f, struct aa_profile *p)
{
	struct sockets *k = arena_alloc(f->arena, sizeof(*k));

	for (uint32_t i = 0; i < p->n; i++) {
		const struct aa_statement *s = &p->v[i];

		if (s->left_out)
			continue;
		if (!strcmp(s->keyword, "network"))
			read_rule(f, p, k, s);
		else if (is_bare_unix(s))
			add(k, s, F_UNIX, T_ALL);
	}
	write_inet(f, p, k, false);
	write_inet(f, p, k, true);
	write_raw(f, p, k);
	write_unix(f, p, k);
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		if (vocab_families[i].type < 0)
			write_family(f, p, k, N_OTHERS + (int)i);
	}
}
