/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/network_reach.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/label_selector.h"
#include "operator/webhook/pod.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct address {
	int family; /* AF_INET or AF_INET6; 0: it is none */
	uint8_t bytes[16];
};

static struct address read_address(const char *text)
{
	struct address a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = AF_INET6;
	return a;
}

bool network_address_is_valid(const char *address)
{
	return read_address(address).family != 0;
}

static bool begins_alike(const struct address *a, const struct address *b, unsigned long bits)
{
	for (unsigned long i = 0; i < bits; i++) {
		if ((a->bytes[i / 8] ^ b->bytes[i / 8]) & 0x80 >> i % 8)
			return false;
	}
	return true;
}

static int in_network(const struct address *a, const char *cidr, const char *policy, bool *ret,
	struct pale_err **err)
{
	const char *slash = cidr ? strchr(cidr, '/') : NULL;
	_cleanup_free_ char *base = slash ? strndup(cidr, (size_t)(slash - cidr)) : NULL;
	struct address network = base ? read_address(base) : (struct address){ 0 };
	char *end = NULL;
	unsigned long bits = slash ? strtoul(slash + 1, &end, 10) : 0;

	if (!network.family || end == slash + 1 || *end ||
		bits > (network.family == AF_INET ? 32 : 128))
		return pale_err_plain(err, EINVAL, "NetworkPolicy '%s': '%s' is no network", policy,
			cidr ? cidr : "");
	*ret = network.family == a->family && begins_alike(a, &network, bits);
	return 0;
}

static int in_block(const struct address *a, const json_t *block, const char *policy, bool *ret,
	struct pale_err **err)
{
	int r = in_network(a, json_member_text(block, "cidr"), policy, ret, err);
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(block, "except"), i, v) {
		bool excepted = false;

		if (r == 0)
			r = in_network(a, json_string_value(v), policy, &excepted, err);
		*ret &= !excepted;
	}
	return r;
}

static int has_peer(const struct address *a, const json_t *rule, const char *policy, bool *ret,
	struct pale_err **err)
{
	const json_t *to = json_member(rule, "to");
	json_t *peer;
	size_t i;

	*ret = json_array_size(to) == 0;
	json_array_foreach ((json_t *)to, i, peer) {
		const json_t *block = json_member(peer, "ipBlock");
		bool in = false;
		int r = block ? in_block(a, block, policy, &in, err) : 0;

		if (r < 0)
			return r;
		*ret |= in;
	}
	return 0;
}

static bool has_port(const json_t *rule, uint16_t port)
{
	const json_t *ports = json_member(rule, "ports");
	json_t *v;
	size_t i;

	if (!json_array_size(ports))
		return true;
	json_array_foreach ((json_t *)ports, i, v) {
		const char *protocol = json_member_text(v, "protocol");
		const json_t *first = json_member(v, "port"), *last = json_member(v, "endPort");
		json_int_t from = json_integer_value(first);

		if (protocol && strcmp(protocol, "TCP") != 0)
			continue;
		if (!first)
			return true;
		if (json_is_integer(first) && port >= from &&
			port <= (last ? json_integer_value(last) : from))
			return true;
	}
	return false;
}

/* Without policyTypes those that have a rule for it. */
static bool holds_egress(const json_t *spec)
{
	const json_t *types = json_member(spec, "policyTypes");
	json_t *v;
	size_t i;

	if (!json_array_size(types))
		return json_array_size(json_object_get(spec, "egress")) > 0;
	json_array_foreach ((json_t *)types, i, v) {
		if (json_is_string(v) && strcmp(json_string_value(v), "Egress") == 0)
			return true;
	}
	return false;
}

static int selects(const json_t *spec, const char *policy, const json_t *labels, bool *ret,
	struct pale_err **err)
{
	_cleanup_(label_selector_release) struct label_selector s = { 0 };
	json_t *none = json_object();
	const json_t *selector = json_member(spec, "podSelector");
	int r = label_selector_read(selector ? selector : none, &s, err);

	json_decref(none);
	if (r < 0)
		return pale_err_wrap(err, "NetworkPolicy '%s'", policy);
	*ret = label_selector_matches(&s, labels);
	return 0;
}

int network_reach(const json_t *policies, const char *namespace, const json_t *labels,
	const struct network_target *target, struct network_reach *ret, struct pale_err **err)
{
	struct address a = read_address(target->address);
	bool held = false;
	json_t *policy;
	size_t i;

	*ret = (struct network_reach){ 0 };
	json_array_foreach ((json_t *)policies, i, policy) {
		const json_t *metadata = json_object_get(policy, "metadata"),
			     *spec = json_object_get(policy, "spec");
		const char *in = json_member_text(metadata, "namespace"),
			   *name = json_member_text(metadata, "name");
		bool selected = false;
		json_t *rule;
		size_t k;
		int r;

		if (strcmp(in ? in : "", namespace) != 0 || !holds_egress(spec))
			continue;
		name = name ? name : "";
		r = selects(spec, name, labels, &selected, err);
		if (r < 0)
			return r;
		if (!selected)
			continue;
		held = true;
		json_array_foreach (json_object_get(spec, "egress"), k, rule) {
			bool peer;

			r = has_peer(&a, rule, name, &peer, err);
			if (r < 0)
				return r;
			if (!peer || !has_port(rule, target->port))
				continue;
			*ret = (struct network_reach){ true, policy, k };
			return 0;
		}
	}
	ret->reaches = !held;
	return 0;
}
