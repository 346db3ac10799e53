/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_lsm.h"

#include "compiler/coverage_notes.h"
#include "compiler/decide.h"
#include "compiler/emit_lsm_mounts.h"
#include "compiler/lsm_wire.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures are written as they are");
_Static_assert(sizeof(struct lsm_head) == 360 && sizeof(struct lsm_domain) == 2656 &&
		       sizeof(struct lsm_rule) == 16 && sizeof(struct lsm_endpoint) == 32 &&
		       sizeof(struct lsm_row) == 128,
	"no padding, and every table starts aligned");
_Static_assert(OP_COUNT <= 32, "lsm_domain.by_default");
_Static_assert(1 << PROTOCOL_TCP == 1 && 1 << PROTOCOL_UDP == 2 && 1 << PROTOCOL_SCTP == 4 &&
		       1 << PROTOCOL_ICMP == 8,
	"lsm_endpoint.protocols");

/* Never a rule's number: what reads it is refused. */
#define NO_RULE LSM_RULES_MAX

struct emission {
	const struct policy *p;
	struct text rules, domains, endpoints, rows, accept, next;
	uint32_t n_endpoints;
	struct lsm_mounts mounts;
	uint32_t *row_of; /* [p->n_rows]: the number in the blob + 1, 0 until a state uses it */
	uint32_t n_rows;
};

static void release(struct emission *e)
{
	text_release(&e->rules);
	text_release(&e->domains);
	text_release(&e->endpoints);
	lsm_mounts_release(&e->mounts);
	text_release(&e->rows);
	text_release(&e->accept);
	text_release(&e->next);
}

static lsm_u16 cell(const struct rule *rule, enum operation op)
{
	bool implied = !(rule->operations & OP_BIT(op));

	/* decide() has what is implied allowed; the rules table has one effect for each rule. */
	assert(!implied || rule_allows(rule, op));
	return (lsm_u16)(rule->index | (implied ? LSM_IMPLIED : 0));
}

static lsm_u16 ask(const struct emission *e, uint32_t domain, const struct request *r)
{
	return cell(decide(e->p, domain, r).rule, r->operation);
}

static void put_rules(struct emission *e)
{
	static const enum lsm_effect effects[] = {
		[EFFECT_ALLOW] = LSM_ALLOW,
		[EFFECT_AUDIT] = LSM_ALLOW,
		[EFFECT_DENY] = LSM_DENY,
		[EFFECT_KILL] = LSM_KILL,
	};

	for (uint32_t i = 0; i < e->p->n_rules; i++) {
		const struct rule *rule = e->p->rules[i];
		struct lsm_rule out = {
			.id = rule->id,
			.effect = (lsm_u8)effects[rule->effect],
			.transition = LSM_STAY,
		};

		if (out.effect == LSM_ALLOW) {
			out.report = rule->effect == EFFECT_AUDIT;
			if (rule->transition >= 0)
				out.transition = (lsm_u16)rule->transition;
		} else {
			out.report = !rule->quiet;
			out.errnum = (lsm_u16)(rule->errnum ? rule->errnum : EACCES);
		}
		text_add(&e->rules, &out, sizeof(out));
	}
}

/* OP_COUNT: a column without use. */
static const uint8_t operation_of[LSM_PATH_OPS] = {
	[LSM_EXEC] = OP_EXEC,
	[LSM_READ] = OP_READ,
	[LSM_WRITE] = OP_WRITE,
	[LSM_APPEND] = OP_APPEND,
	[LSM_CREATE] = OP_CREATE,
	[LSM_DELETE] = OP_DELETE,
	[LSM_RENAME] = OP_RENAME,
	[LSM_LINK] = OP_LINK,
	[LSM_SETATTR] = OP_SETATTR,
	[LSM_MAP] = OP_MAP,
	[LSM_IOCTL] = OP_IOCTL,
	[LSM_LOCK] = OP_LOCK,
	[LSM_CONNECT] = OP_CONNECT,
	[LSM_LISTEN] = OP_LISTEN,
	[LSM_UMOUNT] = OP_UMOUNT,
	[LSM_UMOUNT + 1] = OP_COUNT,
};

static void put_row(struct emission *e, const struct path_row *row)
{
	struct lsm_row out;

	for (unsigned int v = 0; v < LSM_VARIANTS; v++) {
		for (int column = 0; column < LSM_PATH_OPS; column++) {
			enum operation op = operation_of[column];
			enum object_class class = v & LSM_DRIFT && (op == OP_EXEC || op == OP_MAP)
							  ? CLASS_DRIFT
							  : CLASS_PLAIN;

			out.rule[v][column] =
				op == OP_COUNT
					? NO_RULE
					: cell(row->by[op][PATH_VARIANT(v & LSM_OWNER, class)], op);
		}
	}
	text_add(&e->rows, &out, sizeof(out));
}

/* Rows are numbered as states use them: many a row stands for a set of rules that no string has. */
static void put_automaton(struct emission *e)
{
	const struct dfa *d = e->p->dfa;

	for (uint32_t s = 0; s < d->n_states; s++) {
		uint32_t *row = &e->row_of[d->accept[s]];

		if (!*row) {
			put_row(e, e->p->rows[d->accept[s]]);
			*row = ++e->n_rows;
		}
		text_u16(&e->accept, (uint16_t)(*row - 1));
	}
	for (size_t i = 0; i < (size_t)d->n_states * d->n_classes; i++)
		text_u16(&e->next, (uint16_t)d->next[i]);
}

static void put_endpoint(
	struct emission *e, const struct rule *rule, const struct endpoint *from, bool is_except)
{
	struct lsm_endpoint out = {
		.rule = (lsm_u16)rule->index,
		.protocols = (lsm_u8)(rule->protocols & ~(1u << PROTOCOL_UNIX)),
		.family = from->family,
		.prefix = from->family ? from->prefix : 0,
		.is_except = is_except,
		.port_lo = from->port_lo,
		.port_hi = from->port_hi,
	};

	if (from->family)
		memcpy(out.address, from->address, from->family == 4 ? 4 : 16);
	text_add(&e->endpoints, &out, sizeof(out));
	e->n_endpoints++;
}

static void put_endpoints(
	struct emission *e, const struct domain *d, enum operation op, struct lsm_domain *out)
{
	int which = op == OP_LISTEN;

	out->endpoints[which] = e->n_endpoints;
	for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
		const struct rule *rule = d->by_operation[op][i];
		struct lsm_endpoint *last;

		if (!rule->endpoints.n || !(rule->protocols & ~(1u << PROTOCOL_UNIX)))
			continue;
		for (uint32_t k = 0; k < rule->endpoints.n; k++)
			put_endpoint(e, rule, &rule->endpoints.v[k], false);
		for (uint32_t k = 0; k < rule->except_endpoints.n; k++)
			put_endpoint(e, rule, &rule->except_endpoints.v[k], true);
		last = (struct lsm_endpoint *)(e->endpoints.s + e->endpoints.len) - 1;
		last->is_last = 1;
	}
	out->n_endpoints[which] = e->n_endpoints - out->endpoints[which];
}

static void put_tasks(const struct emission *e, uint32_t domain, struct lsm_domain *out)
{
	for (uint32_t target = 0; target <= e->p->n_domains; target++) {
		struct request r = { .operation = OP_PTRACE, .target = REQUEST_OUTSIDE };

		if (target != LSM_TARGET_OUTSIDE) {
			r.target = REQUEST_DOMAIN;
			r.target_domain = target - LSM_TARGET_DOMAIN(0);
		}
		out->ptrace[target] = ask(e, domain, &r);
		r.operation = OP_SIGNAL;
		for (r.signal = 1; r.signal <= 64; r.signal++)
			out->signal[r.signal - 1][target] = ask(e, domain, &r);
	}
}

static void put_sockets(const struct emission *e, uint32_t domain, struct lsm_domain *out)
{
	struct request r = { .operation = OP_SOCKET, .socket_family = AF_INET };

	r.socket_type = SOCK_RAW;
	out->raw = ask(e, domain, &r);
	/* A netlink protocol that has no column of its own. */
	r.socket_protocol = 32;
	for (r.socket_family = 0; r.socket_family < 64; r.socket_family++)
		out->family[r.socket_family] = ask(e, domain, &r);
	r.socket_family = AF_NETLINK;
	for (r.socket_protocol = 0; r.socket_protocol < 32; r.socket_protocol++)
		out->netlink[r.socket_protocol] = ask(e, domain, &r);
}

static void put_domain(struct emission *e, const struct domain *d)
{
	struct lsm_domain out = {
		.start_paths = e->p->dfa->start[DFA_ENTRY_PATHS(d->index)],
		.start_names = e->p->dfa->start[DFA_ENTRY_NAMES(d->index)],
	};
	struct request r;

	for (int op = 0; op < 32; op++)
		out.by_default[op] = op < OP_COUNT && d->defaults[op]
					     ? cell(d->defaults[op], (enum operation)op)
					     : NO_RULE;
	for (int owner = 0; owner < 2; owner++) {
		r = (struct request){ .object_class = CLASS_ANONYMOUS, .owner = owner };
		r.operation = OP_EXEC;
		out.anonymous[0][owner] = ask(e, d->index, &r);
		r.operation = OP_MAP;
		out.anonymous[1][owner] = ask(e, d->index, &r);
	}
	out.fork = ask(e, d->index, &(struct request){ .operation = OP_FORK });
	out.pivot = ask(e, d->index, &(struct request){ .operation = OP_PIVOT });
	out.userns = ask(e, d->index, &(struct request){ .operation = OP_USERNS });
	r = (struct request){ .operation = OP_CAPABILITY };
	for (r.capability = 0; r.capability < 64; r.capability++)
		out.capability[r.capability] = ask(e, d->index, &r);
	memset(out.signal, 0xff, sizeof(out.signal));
	memset(out.ptrace, 0xff, sizeof(out.ptrace));
	put_tasks(e, d->index, &out);
	put_sockets(e, d->index, &out);
	put_endpoints(e, d, OP_CONNECT, &out);
	put_endpoints(e, d, OP_LISTEN, &out);
	lsm_mounts_add(&e->mounts, d, &out);
	text_add(&e->domains, &out, sizeof(out));
}

static int too_many(
	const char *what, uint32_t n, uint32_t most, const char *instead, struct pale_err **err)
{
	int r = pale_err_plain(err, E2BIG, "bpf-lsm: %u %s, of at most %u", n, what, most);

	pale_err_hint(err, "%s", instead);
	return r;
}

static int write_blob(struct emission *e, struct text *ret, struct pale_err **err)
{
	struct lsm_head head = {
		.magic = LSM_MAGIC,
		.version = LSM_VERSION,
		.flags = e->p->audit ? LSM_FLAG_AUDIT : 0,
		.n_domains = e->p->n_domains,
		.n_rules = e->p->n_rules,
		.n_rows = e->n_rows,
		.n_endpoints = e->n_endpoints,
		.n_mounts = e->mounts.n_entries,
		.n_automata = e->mounts.n_automata,
		.n_cells = e->mounts.n_cells,
		.n_states = e->p->dfa->n_states,
		.n_classes = e->p->dfa->n_classes,
	};
	const struct {
		const struct text *t;
		lsm_u32 *offset;
	} tables[] = {
		{ &e->domains, &head.off_domains },
		{ &e->rules, &head.off_rules },
		{ &e->endpoints, &head.off_endpoints },
		{ &e->mounts.entries, &head.off_mounts },
		{ &e->mounts.automata, &head.off_automata },
		{ &e->rows, &head.off_rows },
		{ &e->accept, &head.off_accept },
		{ &e->next, &head.off_next },
		{ &e->mounts.cells, &head.off_cells },
	};
	uint64_t bytes = sizeof(head);

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		*tables[i].offset = (lsm_u32)bytes;
		bytes += tables[i].t->len;
	}
	if (bytes > LSM_LARGE_BYTES)
		return too_many("bytes of tables", (uint32_t)bytes, LSM_LARGE_BYTES,
			"fewer or simpler globs make a smaller automaton", err);
	head.bytes = (lsm_u32)bytes;
	memcpy(head.byte_class, e->p->dfa->byte_class, sizeof(head.byte_class));
	text_add(ret, &head, sizeof(head));
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		text_add(ret, tables[i].t->s, tables[i].t->len);
	return 0;
}

static bool has_sub_profiles(const struct policy *p, const struct rule *unused)
{
	return p->n_domains > 1;
}

static bool may_call(const struct policy *p, const char *name)
{
	int call = vocab_syscall_find(name);

	for (uint32_t rest = call < 0 ? 0 : p->abis; rest; rest &= rest - 1) {
		enum abi abi = (enum abi)__builtin_ctz(rest);
		struct request r = { .operation = OP_SYSCALL, .abi = abi };
		struct decision d;

		r.number = vocab_syscalls[call].number[abi];
		if (r.number < 0)
			continue;
		d = decide_syscall_union(p, &r);
		if (d.verdict == VERDICT_ALLOW || d.depends)
			return true;
	}
	return false;
}

/* Linux 6.9: RWF_NOAPPEND, of pwritev2, io_submit and io_uring, writes anywhere through a
 * descriptor that was opened for appending, and no hook is told. */
static bool may_write_where_it_appends(const struct policy *p, const struct rule *unused)
{
	bool appends = false;

	for (uint32_t i = 0; i < p->n_rules && !appends; i++) {
		uint64_t operations = p->rules[i]->operations;

		appends = operations & OP_BIT(OP_APPEND) && !(operations & OP_BIT(OP_WRITE)) &&
			  rule_allows(p->rules[i], OP_APPEND);
	}
	return appends && (may_call(p, "pwritev2") || may_call(p, "io_submit") ||
				  may_call(p, "io_uring_setup"));
}

static bool may_set_by_call(const struct policy *p, const struct rule *unused)
{
	return may_call(p, "file_setattr");
}

static bool allows_some(const struct policy *p, enum operation op)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(op) && rule_allows(p->rules[i], op))
			return true;
	}
	return false;
}

static bool may_change_options(const struct policy *p, const struct rule *unused)
{
	return may_call(p, "mount_setattr") || may_call(p, "open_tree_attr");
}

static bool mounts_from_paths(const struct policy *p, const struct rule *unused)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct globs *sources = &p->rules[i]->sources;

		if (p->rules[i]->operations & OP_BIT(OP_MOUNT) && sources->n &&
			sources->v[0]->text[0] == '/')
			return true;
	}
	return false;
}

static bool may_change_root_and_bind(const struct policy *p, const struct rule *unused)
{
	struct request r = { .operation = OP_CAPABILITY, .capability = CAP_SYS_CHROOT };

	for (uint32_t d = 0; d < p->n_domains; d++) {
		if (decide(p, d, &r).verdict == VERDICT_ALLOW)
			return allows_some(p, OP_BIND);
	}
	return false;
}

/* File systems of which not the whole is mounted, but what options, servers or namespaces choose:
 * what fsmount(2) made is not told from what open_tree(2) cloned. */
static bool has_other_roots(const struct policy *p, const struct rule *rule)
{
	static const char *const types[] = { "btrfs", "ceph", "cgroup", "cgroup2", "cifs", "nfs",
		"nfs4", "nilfs2", "smb3" };

	if (!may_call(p, "fsmount") || !may_call(p, "move_mount"))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!rule->fstype || !strcmp(rule->fstype, types[i]))
			return true;
	}
	return false;
}

#define GAPS_MAX 2

struct gap {
	const char *why;
	bool (*applies)(const struct policy *p, const struct rule *rule); /* NULL: always */
};

/* What the programs of enforcer/bpf mediate. Operations that are not here have no program. */
static const struct mediation {
	bool judged;
	struct gap lets[GAPS_MAX];    /* what passes against a rule that refuses */
	struct gap refuses[GAPS_MAX]; /* what is refused against one that allows */
} bpf_lsm_mediates[OP_COUNT] = {
	[OP_EXEC] = { true },
	[OP_READ] = { true },
	[OP_WRITE] = { true,
		{ { "since Linux 6.9 RWF_NOAPPEND of pwritev2, io_submit or io_uring, which the "
		    "policy allows, writes anywhere in a file that is open for appending",
			may_write_where_it_appends } } },
	[OP_APPEND] = { true },
	[OP_CREATE] = { true },
	[OP_DELETE] = { true },
	[OP_RENAME] = { true },
	[OP_LINK] = { true },
	[OP_SETATTR] = { true,
		{ { "since Linux 6.17 file_setattr, which the policy allows, asks a hook that is "
		    "not used",
			may_set_by_call } } },
	[OP_MAP] = { true },
	/* hooks_file.h, judge_ioctl(): what passes there is no `ioctl` in the language */
	[OP_IOCTL] = { true },
	[OP_LOCK] = { true },
	/* hooks_network.h: a route by way of other addresses is refused whole */
	[OP_CONNECT] = { true },
	[OP_LISTEN] = { true },
	[OP_SOCKET] = { true },
	[OP_CAPABILITY] = { true },
	/* hooks_task.h, owner.h: what passes there is no `signal` in the language */
	[OP_SIGNAL] = { true },
	/* exec does not end a trace */
	[OP_PTRACE] = { true, { { "who traces a program goes on when it enters a sub-profile",
				      has_sub_profiles } } },
	[OP_USERNS] = { true },
	[OP_FORK] = { true },
	/* hooks_mount.h */
	[OP_MOUNT] = { true,
		{ { "mount_setattr, which the policy allows, changes the options of what is "
		    "mounted and asks no hook",
			  may_change_options },
			{ "takes the name of a device as it is written: a link may lead to "
			  "another",
				mounts_from_paths } },
		{ { "takes what fsmount makes of a part of a filesystem, such as a subvolume, for "
		    "a bind",
			has_other_roots } } },
	[OP_BIND] = { true,
		{ { "a thread that changes the root while another binds gives the name another "
		    "meaning",
			may_change_root_and_bind } },
		{ { "refuses what mount(2) names through a symbolic link, or relative to a "
		    "directory that threads share" } } },
	[OP_UMOUNT] = { true },
	[OP_PIVOT] = { true },
};

/* NULL: none applies. */
static const char *gap_of(
	const struct gap gaps[GAPS_MAX], const struct policy *p, const struct rule *rule)
{
	for (int i = 0; i < GAPS_MAX && gaps[i].why; i++) {
		if (!gaps[i].applies || gaps[i].applies(p, rule))
			return gaps[i].why;
	}
	return NULL;
}

static void cover(const struct policy *p, struct coverage *c)
{
	/* Of what is let pass a policy's rules are all alike. */
	const char *lets[OP_COUNT];

	for (int op = 0; op < OP_COUNT; op++)
		lets[op] = gap_of(bpf_lsm_mediates[op].lets, p, NULL);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		for (uint64_t rest = rule->operations | rule->implied; rest; rest &= rest - 1) {
			enum operation op = (enum operation)__builtin_ctzll(rest);
			bool allows = rule_allows(rule, op);
			const char *why =
				allows ? gap_of(bpf_lsm_mediates[op].refuses, p, rule) : lets[op];

			if (bpf_lsm_mediates[op].judged)
				coverage_set(c, rule, op, MECHANISM_BPF_LSM,
					!why	 ? COVERAGE_EXACT
					: allows ? COVERAGE_NARROWER
						 : COVERAGE_WIDER,
					why);
		}
	}
}

int emit_lsm(const struct policy *p, struct coverage *c, struct text *ret, struct pale_err **err)
{
	struct emission e = { .p = p };
	int r;

	if (p->n_domains > LSM_DOMAINS_MAX)
		return too_many("profiles, itself and its sub-profiles", p->n_domains,
			LSM_DOMAINS_MAX, "sub-profiles that allow the same can be one", err);
	if (p->n_rules > LSM_RULES_MAX)
		return too_many("rules", p->n_rules, LSM_RULES_MAX,
			"a rule may name several objects, or a glob", err);
	assert(p->dfa->n_states <= 65536);
	e.row_of = arena_array(p->arena, p->n_rows, sizeof(*e.row_of));
	put_rules(&e);
	put_automaton(&e);
	for (uint32_t i = 0; i < p->n_domains; i++)
		put_domain(&e, p->domains[i]);
	if (e.n_endpoints > LSM_ENDPOINTS_MAX)
		r = too_many("addresses", e.n_endpoints, LSM_ENDPOINTS_MAX,
			"neighbouring networks can be one of a shorter prefix", err);
	else
		r = lsm_mounts_fit(&e.mounts, p, err);
	if (r >= 0)
		r = write_blob(&e, ret, err);
	if (r >= 0)
		cover(p, c);
	release(&e);
	return r;
}
