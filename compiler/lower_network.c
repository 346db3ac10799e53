/* SPDX-License-Identifier: Apache-2.0 */
/* ADDRESS:PORT. */
#include "compiler/lower.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct port_range {
	uint16_t lo, hi;
};

struct ports {
	struct port_range *v;
	uint32_t n, cap;
};

static bool bad_port(struct lowering *l, const struct word *word, const char *text)
{
	const char *dash = strchr(text, '-');
	uint64_t lo, hi;
	struct diag *d;

	if (dash && number_parse(text, (size_t)(dash - text), &lo) &&
		number_parse(dash + 1, strlen(dash + 1), &hi) && lo > hi) {
		diag_error(l->diags, word->at, "the range of ports '%s' runs backwards", text);
		return false;
	}
	d = diag_error(l->diags, word->at, "'%s' is not a port", text);
	diag_hint(l->diags, d,
		"a port is a number up to 65535, a range such as 8000-8100, a group or '*'; names "
		"are not looked up");
	return false;
}

static bool port_number(const char *text, size_t len, uint16_t *ret)
{
	uint64_t v;

	if (!number_parse(text, len, &v) || v > 65535)
		return false;
	*ret = (uint16_t)v;
	return true;
}

static bool one_port(
	struct lowering *l, const struct word *word, const char *text, struct ports *ret)
{
	const char *dash = strchr(text, '-');
	struct port_range r = { 0, 65535 };
	bool ok = true;

	if (!strcmp(text, "*"))
		;
	else if (dash)
		ok = port_number(text, (size_t)(dash - text), &r.lo) &&
		     port_number(dash + 1, strlen(dash + 1), &r.hi) && r.lo <= r.hi;
	else
		ok = port_number(text, strlen(text), &r.lo) && (r.hi = r.lo, true);
	if (!ok)
		return bad_port(l, word, text);
	ARENA_PUSH(l->arena, ret->v, ret->n, ret->cap, r);
	return true;
}

static bool ports_of(
	struct lowering *l, const struct word *word, const char *text, struct ports *ret)
{
	struct words members = { 0 };

	if (*text != '@')
		return one_port(l, word, text, ret);
	if (!expand_group(l->res, word, text + 1, "port", &members))
		return false;
	for (uint32_t i = 0; i < members.n; i++) {
		if (!one_port(l, &members.v[i], members.v[i].text, ret))
			return false;
	}
	return true;
}

static bool bad_address(struct lowering *l, const struct word *word, const char *text)
{
	struct diag *d = diag_error(l->diags, word->at, "'%s' is not an address", text);
	bool name = true;

	for (const char *c = text; *c; c++)
		name = name && (isalnum((unsigned char)*c) || strchr("-._", *c));
	name = name && strpbrk(text, "ghijklmnopqrstuvwxyz");
	diag_hint(l->diags, d, "%s",
		name ? "names are not looked up: write the address or the network that holds it"
		     : "write it as in 10.0.0.1, 10.0.0.0/8, [fd00::1], [fd00::/8], @group or '*'");
	return false;
}

static bool prefix_length(
	struct lowering *l, const struct word *word, const char *slash, uint8_t most, uint8_t *ret)
{
	struct diag *d;
	uint64_t v;

	*ret = most;
	if (!slash)
		return true;
	if (number_parse(slash + 1, strlen(slash + 1), &v) && v <= most) {
		*ret = (uint8_t)v;
		return true;
	}
	d = diag_error(l->diags, word->at, "'%s' is not a prefix length of IPv%c", slash,
		most == 32 ? '4' : '6');
	diag_hint(
		l->diags, d, "it is a number up to %u, the bits that all hosts there share", most);
	return false;
}

/* Clears the bits beyond the prefix; whether there were any. */
static bool drop_host_bits(struct endpoint *e, int bytes)
{
	bool any = false;

	for (int i = e->prefix; i < bytes * 8; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		any = any || e->address[i / 8] & bit;
		e->address[i / 8] &= (uint8_t)~bit;
	}
	return any;
}

/* @text: "10.0.0.0/8", "[fd00::/8]", "*". */
static bool address_of(
	struct lowering *l, const struct word *word, const char *text, struct endpoint *ret)
{
	bool bracketed = *text == '[';
	size_t len = strlen(text);
	const char *slash;
	char host[64], network[INET6_ADDRSTRLEN];
	struct diag *d;
	int family;

	*ret = (struct endpoint){ 0 };
	if (!strcmp(text, "*"))
		return true;
	if (bracketed) {
		if (text[len - 1] != ']')
			return bad_address(l, word, text);
		text = arena_memdup(l->arena, text + 1, len - 2);
	}
	slash = strchr(text, '/');
	len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(host))
		return bad_address(l, word, text);
	memcpy(host, text, len);
	host[len] = 0;
	if (!bracketed && inet_pton(AF_INET, host, ret->address) == 1) {
		ret->family = 4;
		if (!prefix_length(l, word, slash, 32, &ret->prefix))
			return false;
	} else if (inet_pton(AF_INET6, host, ret->address) == 1) {
		ret->family = 6;
		if (!prefix_length(l, word, slash, 128, &ret->prefix))
			return false;
	} else {
		return bad_address(l, word, word->text);
	}
	family = ret->family == 4 ? AF_INET : AF_INET6;
	if (drop_host_bits(ret, ret->family == 4 ? 4 : 16)) {
		d = diag_error(l->diags, word->at, "'%s' has bits set beyond its prefix", text);
		inet_ntop(family, ret->address, network, sizeof(network));
		diag_hint(l->diags, d, "the network is %s/%u; the one host is %s", network,
			ret->prefix, host);
		return false;
	}
	if (ret->family == 6 && ret->prefix >= 96 && !memcmp(ret->address, mapped_prefix, 12)) {
		memmove(ret->address, ret->address + 12, 4);
		memset(ret->address + 4, 0, 12);
		ret->family = 4;
		ret->prefix = (uint8_t)(ret->prefix - 96);
	}
	return true;
}

/* ":PORT" behind an address that may have none there; NULL when there is none. */
static const char *needless_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	bool port = colon && (*text == '[' ? colon[-1] == ']' : strchr(text, ':') == colon);

	return port ? colon : NULL;
}

bool lower_address_check(struct lowering *l, const struct word *word)
{
	const char *port = needless_port(word->text);
	struct endpoint e;
	struct diag *d;

	if (!port)
		return address_of(l, word, word->text, &e);
	d = diag_error(l->diags, word->at, "'%s' has a port, and a group of addresses has none",
		word->text);
	diag_hint(l->diags, d, "write %.*s here, and @name%s in the rule", (int)(port - word->text),
		word->text, port);
	return false;
}

bool lower_port_check(struct lowering *l, const struct word *word)
{
	struct ports ports = { 0 };

	return one_port(l, word, word->text, &ports);
}

/*
 * Where the port begins in @text, behind its colon. NULL after an error: only the brackets tell the
 * colons of an IPv6 address from the one before a port.
 */
static const char *port_part(struct lowering *l, const struct word *word)
{
	const char *text = word->text, *from = *text == '[' ? strchr(text, ']') : text;
	const char *colon = from ? strrchr(from, ':') : NULL;
	struct diag *d;

	if (*text != '[' && colon && strchr(text, ':') != colon) {
		d = diag_error(l->diags, word->at, "'%s' does not tell address from port", text);
		diag_hint(l->diags, d, "an IPv6 address stands in brackets: [%.*s]:%s",
			(int)(colon - text), text, colon[1] ? colon + 1 : "PORT");
		return NULL;
	}
	if (colon && colon[1])
		return colon + 1;
	d = diag_error(l->diags, word->at, "'%s' has no port", text);
	diag_hint(l->diags, d, "write %.*s:PORT, or %.*s:* for every port",
		(int)(colon ? colon - text : (long)strlen(text)), text,
		(int)(colon ? colon - text : (long)strlen(text)), text);
	return NULL;
}

bool lower_endpoint(
	struct lowering *l, const struct word *word, uint8_t protocols, struct endpoints *ret)
{
	const char *address = word->text, *port;
	struct words members = { 0 };
	struct ports ports = { 0 };

	if (protocols == 1u << PROTOCOL_ICMP) {
		port = needless_port(address);
		if (port) {
			struct diag *d = diag_error(
				l->diags, word->at, "'%s' has a port, and icmp has none", address);

			diag_hint(l->diags, d, "write %.*s", (int)(port - address), address);
			return false;
		}
		ARENA_PUSH(l->arena, ports.v, ports.n, ports.cap, (struct port_range){ 0, 65535 });
	} else {
		port = port_part(l, word);
		if (!port || !ports_of(l, word, port, &ports))
			return false;
		address = arena_memdup(l->arena, address, (size_t)(port - 1 - address));
	}
	if (*address == '@') {
		if (!expand_group(l->res, word, address + 1, "cidr", &members))
			return false;
	} else {
		struct word one = *word;

		one.text = address;
		ARENA_PUSH(l->arena, members.v, members.n, members.cap, one);
	}
	for (uint32_t i = 0; i < members.n; i++) {
		struct endpoint e;

		if (!address_of(l, &members.v[i], members.v[i].text, &e))
			return false;
		for (uint32_t k = 0; k < ports.n; k++) {
			e.port_lo = ports.v[k].lo;
			e.port_hi = ports.v[k].hi;
			ARENA_PUSH(l->arena, ret->v, ret->n, ret->cap, e);
		}
	}
	return true;
}
