/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsm_interpret.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The programs refuse what leaves the map's value, which is longer than the blob. */
static bool load(const struct lsm_blob *b, uint64_t offset, void *to, size_t size)
{
	size_t have = 0;

	if (offset > lsm_size_bytes(lsm_size_of((lsm_u32)b->len)) - size)
		return false;
	if (offset < b->len)
		have = b->len - offset < size ? b->len - offset : size;
	memset(to, 0, size);
	if (have)
		memcpy(to, b->bytes + offset, have);
	return true;
}

static bool inside(const struct lsm_head *h, uint64_t offset, uint64_t n, uint64_t size)
{
	return offset >= sizeof(*h) && offset + n * size <= h->bytes;
}

int lsm_blob_open(struct lsm_blob *b, const void *bytes, size_t len, struct pale_err **err)
{
	struct lsm_head *h = &b->head;

	b->bytes = bytes;
	b->len = len;
	if (len < sizeof(*h) || len > LSM_LARGE_BYTES)
		return pale_err_plain(err, EBADMSG, "a BPF-LSM policy of %zu bytes", len);
	memcpy(h, bytes, sizeof(*h));
	if (h->magic != LSM_MAGIC || h->version != LSM_VERSION)
		return pale_err_plain(
			err, EBADMSG, "not a BPF-LSM policy of version %u", LSM_VERSION);
	if (h->bytes != len)
		return pale_err_plain(err, EBADMSG, "a BPF-LSM policy of %zu bytes says it has %u",
			len, h->bytes);
	if (h->n_domains < 1 || h->n_domains > LSM_DOMAINS_MAX || h->n_rules > LSM_RULES_MAX ||
		h->n_endpoints > LSM_ENDPOINTS_MAX || h->n_mounts > LSM_MOUNTS_MAX ||
		h->n_automata > 2 * LSM_MOUNTS_MAX || h->n_classes < 1 || h->n_classes > 256 ||
		!inside(h, h->off_domains, h->n_domains, sizeof(struct lsm_domain)) ||
		!inside(h, h->off_rules, h->n_rules, sizeof(struct lsm_rule)) ||
		!inside(h, h->off_endpoints, h->n_endpoints, sizeof(struct lsm_endpoint)) ||
		!inside(h, h->off_mounts, h->n_mounts, sizeof(struct lsm_mount)) ||
		!inside(h, h->off_automata, h->n_automata, sizeof(struct lsm_automaton)) ||
		!inside(h, h->off_cells, h->n_cells, sizeof(lsm_u16)) ||
		!inside(h, h->off_rows, h->n_rows, sizeof(struct lsm_row)) ||
		!inside(h, h->off_accept, h->n_states, sizeof(lsm_u16)) ||
		!inside(h, h->off_next, (uint64_t)h->n_states * h->n_classes, sizeof(lsm_u16)))
		return pale_err_plain(err, EBADMSG, "a BPF-LSM policy whose tables leave it");
	return 0;
}

static bool load_u16(const struct lsm_blob *b, uint64_t offset, uint32_t *ret)
{
	lsm_u16 v;

	if (!load(b, offset, &v, sizeof(v)))
		return false;
	*ret = v;
	return true;
}

static bool load_domain(
	const struct lsm_blob *b, uint32_t domain, size_t field, void *to, size_t size)
{
	return domain < b->head.n_domains &&
	       load(b, b->head.off_domains + (uint64_t)domain * sizeof(struct lsm_domain) + field,
		       to, size);
}

bool lsm_blob_start(const struct lsm_blob *b, uint32_t domain, bool names, uint32_t *ret)
{
	size_t field = names ? offsetof(struct lsm_domain, start_names)
			     : offsetof(struct lsm_domain, start_paths);

	return load_domain(b, domain, field, ret, sizeof(*ret));
}

bool lsm_blob_next(const struct lsm_blob *b, uint32_t state, uint8_t byte, uint32_t *ret)
{
	uint64_t cell = (uint64_t)state * b->head.n_classes + b->head.byte_class[byte];

	return load_u16(b, b->head.off_next + 2 * cell, ret);
}

bool lsm_blob_accept(const struct lsm_blob *b, uint32_t state, uint32_t *ret)
{
	return load_u16(b, b->head.off_accept + 2 * (uint64_t)state, ret);
}

bool lsm_blob_rule(const struct lsm_blob *b, uint32_t rule, struct lsm_rule *ret)
{
	return rule < b->head.n_rules &&
	       load(b, b->head.off_rules + (uint64_t)rule * sizeof(*ret), ret, sizeof(*ret));
}

bool lsm_blob_list(const struct lsm_blob *b, uint32_t domain, bool listen, uint32_t *ret_first,
	uint32_t *ret_n)
{
	return load_domain(b, domain,
		       listen ? offsetof(struct lsm_domain, endpoints[1])
			      : offsetof(struct lsm_domain, endpoints[0]),
		       ret_first, sizeof(*ret_first)) &&
	       load_domain(b, domain,
		       listen ? offsetof(struct lsm_domain, n_endpoints[1])
			      : offsetof(struct lsm_domain, n_endpoints[0]),
		       ret_n, sizeof(*ret_n)) &&
	       *ret_n <= LSM_ENDPOINTS_MAX;
}

bool lsm_blob_endpoint(const struct lsm_blob *b, uint32_t i, struct lsm_endpoint *ret)
{
	return load(b, b->head.off_endpoints + (uint64_t)i * sizeof(*ret), ret, sizeof(*ret));
}

bool lsm_blob_mounts(
	const struct lsm_blob *b, uint32_t domain, bool bind, uint32_t *ret_first, uint32_t *ret_n)
{
	return load_domain(b, domain,
		       bind ? offsetof(struct lsm_domain, mounts[1])
			    : offsetof(struct lsm_domain, mounts[0]),
		       ret_first, sizeof(*ret_first)) &&
	       load_domain(b, domain,
		       bind ? offsetof(struct lsm_domain, n_mounts[1])
			    : offsetof(struct lsm_domain, n_mounts[0]),
		       ret_n, sizeof(*ret_n)) &&
	       *ret_n <= LSM_MOUNTS_MAX;
}

bool lsm_blob_mount(const struct lsm_blob *b, uint32_t i, struct lsm_mount *ret)
{
	return load(b, b->head.off_mounts + (uint64_t)i * sizeof(*ret), ret, sizeof(*ret));
}

bool lsm_blob_automaton(const struct lsm_blob *b, uint32_t i, struct lsm_automaton *ret)
{
	return load(b, b->head.off_automata + (uint64_t)i * sizeof(*ret), ret, sizeof(*ret));
}

bool lsm_blob_cell(const struct lsm_blob *b, uint64_t i, uint32_t *ret)
{
	return load_u16(b, b->head.off_cells + 2 * i, ret);
}

/* What rule @cell (with LSM_IMPLIED) says to @op. */
static struct lsm_answer answer_of(const struct lsm_blob *b, uint32_t cell, enum operation op)
{
	struct lsm_answer out = {
		.rule = LSM_NO_RULE, .effect = LSM_DENY, .errnum = EACCES, .transition = LSM_STAY
	};
	struct lsm_rule rule;

	if (!lsm_blob_rule(b, cell & (LSM_IMPLIED - 1), &rule) || rule.effect > LSM_KILL)
		return out;
	out.rule = cell & (LSM_IMPLIED - 1);
	out.effect = rule.effect;
	out.reported = rule.report;
	out.errnum = rule.errnum && rule.errnum <= 0xfff ? rule.errnum : EACCES;
	if (out.effect == LSM_ALLOW) {
		out.errnum = 0;
		if (cell & LSM_IMPLIED)
			out.reported = false;
	}
	if (op == OP_EXEC && rule.transition < b->head.n_domains)
		out.transition = rule.transition;
	return out;
}

/* Where a column of a row stands for an operation; the programs have it the other way round. */
static int column_of(enum operation op)
{
	static const int8_t columns[OP_COUNT] = {
		[OP_EXEC] = LSM_EXEC + 1,
		[OP_READ] = LSM_READ + 1,
		[OP_WRITE] = LSM_WRITE + 1,
		[OP_APPEND] = LSM_APPEND + 1,
		[OP_CREATE] = LSM_CREATE + 1,
		[OP_DELETE] = LSM_DELETE + 1,
		[OP_RENAME] = LSM_RENAME + 1,
		[OP_LINK] = LSM_LINK + 1,
		[OP_SETATTR] = LSM_SETATTR + 1,
		[OP_MAP] = LSM_MAP + 1,
		[OP_IOCTL] = LSM_IOCTL + 1,
		[OP_LOCK] = LSM_LOCK + 1,
		[OP_CONNECT] = LSM_CONNECT + 1,
		[OP_LISTEN] = LSM_LISTEN + 1,
		[OP_UMOUNT] = LSM_UMOUNT + 1,
	};

	return columns[op] - 1;
}

#define NOWHERE 0xffffu

/* The rule in a domain's field, NOWHERE when there is none. */
#define DOMAIN_CELL(b, domain, field) domain_cell(b, domain, offsetof(struct lsm_domain, field))

static uint32_t domain_cell(const struct lsm_blob *b, uint32_t domain, size_t field)
{
	lsm_u16 v;

	return load_domain(b, domain, field, &v, sizeof(v)) ? v : NOWHERE;
}

static uint32_t row_cell(const struct lsm_blob *b, uint32_t domain, bool names, const char *text,
	uint32_t len, int column, unsigned int variant)
{
	uint32_t state, row, cell;

	if (!lsm_blob_start(b, domain, names, &state))
		return NOWHERE;
	for (uint32_t i = 0; i < len; i++)
		if (!lsm_blob_next(b, state, (uint8_t)text[i], &state))
			return NOWHERE;
	if (!lsm_blob_accept(b, state, &row) ||
		!load_u16(b,
			b->head.off_rows + (uint64_t)row * sizeof(struct lsm_row) +
				2 * (variant * LSM_PATH_OPS + (unsigned int)column),
			&cell))
		return NOWHERE;
	return cell;
}

static uint32_t path_cell(const struct lsm_blob *b, uint32_t domain, const struct request *r)
{
	bool classed = r->operation == OP_EXEC || r->operation == OP_MAP;
	bool socket = r->operation == OP_CONNECT || r->operation == OP_LISTEN;
	unsigned int variant = r->owner ? LSM_OWNER : 0;

	if (classed && r->object_class == CLASS_DRIFT)
		variant |= LSM_DRIFT;
	if (classed && r->object_class == CLASS_ANONYMOUS)
		return DOMAIN_CELL(b, domain, anonymous[r->operation == OP_MAP][r->owner]);
	if (r->path)
		return row_cell(
			b, domain, false, r->path, r->path_len, column_of(r->operation), variant);
	if (socket && r->name)
		return row_cell(
			b, domain, true, r->name, r->name_len, column_of(r->operation), variant);
	return DOMAIN_CELL(b, domain, by_default[r->operation]);
}

static bool leading_bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	for (unsigned int i = 0; i < 16 && bits; i++) {
		unsigned int n = bits < 8 ? bits : 8;

		if ((a[i] ^ b[i]) >> (8 - n))
			return false;
		bits -= n;
	}
	return true;
}

static bool endpoint_matches(const struct lsm_endpoint *e, const struct request *r)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	unsigned int port = r->protocol == PROTOCOL_ICMP ? 0 : r->port;
	uint8_t family = r->family, address[16] = { 0 };

	if (family == 6 && !memcmp(r->address, mapped, sizeof(mapped))) {
		family = 4;
		memcpy(address, r->address + 12, 4);
	} else {
		memcpy(address, r->address, family == 4 ? 4 : 16);
	}
	if (!(e->protocols >> r->protocol & 1) || (e->family && e->family != family))
		return false;
	if (port < e->port_lo || port > e->port_hi)
		return false;
	return leading_bits_equal(e->address, address, e->prefix);
}

static uint32_t endpoint_cell(const struct lsm_blob *b, uint32_t domain, const struct request *r)
{
	bool listen = r->operation == OP_LISTEN, matched = false, excepted = false;
	struct lsm_endpoint e;
	uint32_t first, n;

	if (!lsm_blob_list(b, domain, listen, &first, &n))
		return NOWHERE;
	for (uint32_t i = 0; i < n; i++) {
		if (!lsm_blob_endpoint(b, first + i, &e))
			return NOWHERE;
		if (endpoint_matches(&e, r)) {
			if (e.is_except)
				excepted = true;
			else
				matched = true;
		}
		if (!e.is_last)
			continue;
		if (matched && !excepted)
			return e.rule;
		matched = excepted = false;
	}
	return DOMAIN_CELL(b, domain, by_default[r->operation]);
}

/* false: the tables are left. */
static bool automaton_matches(
	const struct lsm_blob *b, uint32_t i, const char *text, uint32_t len, bool *ret)
{
	struct lsm_automaton a;
	uint32_t state, cell;

	*ret = i == LSM_ANY_STRING;
	if (*ret || !text)
		return true;
	if (!lsm_blob_automaton(b, i, &a))
		return false;
	state = a.start;
	for (uint32_t k = 0; k < len; k++) {
		uint64_t column = a.byte_class[(uint8_t)text[k]];

		if (!lsm_blob_cell(b, a.next + (uint64_t)state * a.n_classes + column, &state))
			return false;
	}
	if (!lsm_blob_cell(b, (uint64_t)a.accept + state, &cell))
		return false;
	*ret = cell == 1;
	return true;
}

static bool type_matches(const struct lsm_mount *m, const char *type)
{
	char padded[LSM_FSTYPE_BYTES] = "";

	if (!m->fstype[0])
		return true;
	if (!type || strlen(type) >= sizeof(padded))
		return false;
	memcpy(padded, type, strlen(type));
	return !memcmp(padded, m->fstype, sizeof(padded));
}

static uint32_t mount_cell(const struct lsm_blob *b, uint32_t domain, const struct request *r)
{
	bool place, source;
	uint32_t first, n;

	if (!lsm_blob_mounts(b, domain, r->operation == OP_BIND, &first, &n))
		return NOWHERE;
	for (uint32_t i = 0; i < n; i++) {
		struct lsm_mount m;

		if (!lsm_blob_mount(b, first + i, &m))
			return NOWHERE;
		if ((r->mount_flags & m.flags) != m.flags || !type_matches(&m, r->fstype))
			continue;
		if (!automaton_matches(b, m.place, r->path, r->path_len, &place))
			return NOWHERE;
		if (!place)
			continue;
		if (!automaton_matches(b, m.source, r->source, r->source_len, &source))
			return NOWHERE;
		if (source)
			return m.rule;
	}
	return DOMAIN_CELL(b, domain, by_default[r->operation]);
}

static uint32_t target_of(uint32_t domain, const struct request *r)
{
	switch (r->target) {
	case REQUEST_SELF:
		return LSM_TARGET_DOMAIN(domain);
	case REQUEST_DOMAIN:
		return LSM_TARGET_DOMAIN(r->target_domain);
	case REQUEST_OUTSIDE:
		return LSM_TARGET_OUTSIDE;
	}
	__builtin_unreachable();
}

static bool is_inet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* false: connect and listen speak for it. */
static bool socket_cell(
	const struct lsm_blob *b, uint32_t domain, const struct request *r, uint32_t *ret)
{
	uint32_t family = (uint32_t)r->socket_family, protocol = (uint32_t)r->socket_protocol;
	bool raw = (r->socket_type & 0xf) == SOCK_RAW;

	if (r->socket_family == AF_UNIX || (is_inet(r->socket_family) && !raw))
		return false;
	if (is_inet(r->socket_family))
		*ret = DOMAIN_CELL(b, domain, raw);
	else if (family == AF_NETLINK && protocol < 32)
		*ret = DOMAIN_CELL(b, domain, netlink[protocol]);
	else if (family < 64)
		*ret = DOMAIN_CELL(b, domain, family[family]);
	else
		*ret = DOMAIN_CELL(b, domain, by_default[OP_SOCKET]);
	return true;
}

bool lsm_interpret(
	const struct lsm_blob *b, uint32_t domain, const struct request *r, struct lsm_answer *ret)
{
	uint32_t cell = NOWHERE;

	switch (r->operation) {
	case OP_CONNECT:
	case OP_LISTEN:
		cell = r->protocol == PROTOCOL_UNIX ? path_cell(b, domain, r)
						    : endpoint_cell(b, domain, r);
		break;
	case OP_SIGNAL:
		if (r->signal < 1 || r->signal > 64)
			return false;
		cell = DOMAIN_CELL(b, domain, signal[r->signal - 1][target_of(domain, r)]);
		break;
	case OP_PTRACE:
		cell = DOMAIN_CELL(b, domain, ptrace[target_of(domain, r)]);
		break;
	case OP_FORK:
		cell = DOMAIN_CELL(b, domain, fork);
		break;
	case OP_MOUNT:
	case OP_BIND:
		cell = mount_cell(b, domain, r);
		break;
	case OP_PIVOT:
		cell = DOMAIN_CELL(b, domain, pivot);
		break;
	case OP_USERNS:
		cell = DOMAIN_CELL(b, domain, userns);
		break;
	case OP_CAPABILITY:
		if (r->capability >= 0 && r->capability < 64)
			cell = DOMAIN_CELL(b, domain, capability[r->capability]);
		break;
	case OP_SOCKET:
		if (!socket_cell(b, domain, r, &cell))
			return false;
		break;
	default:
		if (column_of(r->operation) < 0)
			return false;
		cell = path_cell(b, domain, r);
	}
	*ret = answer_of(b, cell, r->operation);
	return true;
}
