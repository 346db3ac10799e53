/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/apparmor_access.h"

#include "compiler/apparmor_other.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/coverage_endpoints.h"
#include "compiler/emit_apparmor.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* [connect or listen][protocol][IPv4 or IPv6] */
struct endpoint_answers {
	struct {
		bool known;
		struct decision decision;
	} v[2][PROTOCOL_COUNT][2];
};

struct apparmor_judge {
	const struct policy *policy;
	const char **labels; /* [domain] */
	struct endpoint_answers *endpoints;
	apparmor_classify *classify;
	void *classify_ctx;
};

/* One record on its way to requests. */
struct question {
	struct apparmor_judge *judge;
	uint32_t domain;
	const struct apparmor_record *record;
	int inner_pid;
	enum operation operation;
	struct apparmor_accesses *to;
};

struct apparmor_judge *apparmor_judge_new(const struct policy *p)
{
	struct apparmor_judge *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	j->policy = p;
	j->labels = calloc(p->n_domains, sizeof(*j->labels));
	j->endpoints = calloc(p->n_domains, sizeof(*j->endpoints));
	if (!j->labels || !j->endpoints)
		abort();
	for (uint32_t i = 0; i < p->n_domains; i++)
		j->labels[i] = apparmor_profile_name(p, i);
	return j;
}

void apparmor_judge_free(struct apparmor_judge *j)
{
	if (!j)
		return;
	free(j->labels);
	free(j->endpoints);
	free(j);
}

void apparmor_judge_set_classify(struct apparmor_judge *j, apparmor_classify *classify, void *ctx)
{
	j->classify = classify;
	j->classify_ctx = ctx;
}

int32_t apparmor_judge_domain(const struct apparmor_judge *j, struct apparmor_value label)
{
	/* In complain mode, what an exec without a rule leads to. */
	static const char unknown[] = "//null-";
	int32_t best = -1;
	size_t best_len = 0;

	for (uint32_t i = 0; i < j->policy->n_domains; i++) {
		size_t n = strlen(j->labels[i]);

		if (!label.s || label.len < n || memcmp(label.s, j->labels[i], n) != 0 ||
			n < best_len)
			continue;
		if (label.len > n && (label.len - n < strlen(unknown) ||
					     memcmp(label.s + n, unknown, strlen(unknown)) != 0))
			continue;
		best = (int32_t)i;
		best_len = n;
	}
	return best;
}

void apparmor_accesses_release(struct apparmor_accesses *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->v[i].object);
	a->n = 0;
}

/* Takes what is in @object. */
static void add(
	const struct question *q, enum operation op, struct text *object, struct decision decision)
{
	struct apparmor_access *a;

	if (q->to->n == APPARMOR_ACCESSES_MAX) {
		text_release(object);
		return;
	}
	a = &q->to->v[q->to->n++];
	text_puts(object, "");
	a->operation = op;
	a->object_class = CLASS_PLAIN;
	a->object_len = object->len;
	a->object = text_take(object);
	a->decision = decision;
}

static void add_decided(const struct question *q, const struct request *r, struct text *object)
{
	unsigned n = q->to->n;

	add(q, r->operation, object, decide(q->judge->policy, q->domain, r));
	if (q->to->n > n && (r->operation == OP_EXEC || r->operation == OP_MAP))
		q->to->v[n].object_class = r->object_class;
}

static struct apparmor_value field(const struct question *q, enum apparmor_field f)
{
	return q->record->v[f];
}

/* ---- files */

/* A path as policies write it. false: it has none. */
static bool path_of(const struct question *q, struct apparmor_value name, struct text *to)
{
	struct apparmor_value info = field(q, APPARMOR_INFO);
	/* "… - disconnected path", "… - deleted entry" */
	static const char failed[] = "Failed name lookup";
	char own[32];
	size_t n;

	if (!name.len || name.s[0] != '/' ||
		(info.s && info.len >= strlen(failed) && !memcmp(info.s, failed, strlen(failed)))) {
		text_puts(to, "(without a path");
		if (name.len) {
			text_puts(to, ": ");
			text_add(to, name.s, name.len);
		}
		text_putc(to, ')');
		return false;
	}
	n = (size_t)snprintf(own, sizeof(own), "/proc/%d/", q->inner_pid);
	if (name.len >= n && !memcmp(name.s, own, n)) {
		text_puts(to, "/proc/self/");
		text_add(to, name.s + n, name.len - n);
	} else {
		text_add(to, name.s, name.len);
	}
	return true;
}

static enum object_class class_of(const struct question *q, enum operation op, const char *path)
{
	if (!path)
		return CLASS_ANONYMOUS;
	if ((op != OP_EXEC && op != OP_MAP) || !q->judge->classify)
		return CLASS_PLAIN;
	return q->judge->classify(q->judge->classify_ctx, path);
}

static void ask_path(const struct question *q, enum operation op, struct apparmor_value name)
{
	struct text object = TEXT_INIT;
	bool has_path = path_of(q, name, &object);
	int64_t fsuid = apparmor_value_number(field(q, APPARMOR_FSUID));
	enum object_class class = class_of(q, op, has_path ? text_str(&object) : NULL);
	struct request r = {
		.operation = op,
		.path = class == CLASS_ANONYMOUS ? NULL : text_str(&object),
		.path_len = class == CLASS_ANONYMOUS ? 0 : (uint32_t)object.len,
		.object_class = class,
		.owner = fsuid >= 0 && fsuid == apparmor_value_number(field(q, APPARMOR_OUID)),
	};

	if (has_path && class == CLASS_ANONYMOUS)
		text_puts(&object, " (unlinked)");
	add_decided(q, &r, &object);
}

static void ask_name(const struct question *q)
{
	ask_path(q, q->operation, field(q, APPARMOR_NAME));
}

/* A link is needed on both. */
static void ask_link(const struct question *q)
{
	ask_name(q);
	if (field(q, APPARMOR_TARGET).s)
		ask_path(q, OP_LINK, field(q, APPARMOR_TARGET));
}

static void ask_mask(const struct question *q, struct apparmor_value mask)
{
	static const struct {
		char letter;
		enum operation operation;
	} letters[] = {
		{ 'x', OP_EXEC },
		{ 'r', OP_READ },
		{ 'w', OP_WRITE },
		{ 'a', OP_APPEND },
		{ 'd', OP_DELETE },
		{ 'm', OP_MAP },
		{ 'k', OP_LOCK },
		{ 'l', OP_LINK },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (mask.len && memchr(mask.s, letters[i].letter, mask.len))
			ask_path(q, letters[i].operation, field(q, APPARMOR_NAME));
	}
}

/*
 * `c` comes from O_CREAT on a file that was there, which the language does not call create: it is
 * `mknod` that asks about new ones. Only `c` is what the mask says when it was to be read and may
 * be: whoever may write may also create to AppArmor, and the mask leaves out what is allowed.
 */
static void ask_masks(const struct question *q)
{
	ask_mask(q, field(q, APPARMOR_DENIED_MASK));
	if (q->to->n == 0 && apparmor_value_is(field(q, APPARMOR_DENIED_MASK), "c"))
		ask_path(q, OP_READ, field(q, APPARMOR_NAME));
}

/* A process that would change its own confinement by writing to its attributes. */
static void ask_attribute(const struct question *q)
{
	static const char path[] = "/proc/self/attr/current";

	ask_path(q, OP_WRITE, (struct apparmor_value){ path, strlen(path) });
}

/* ---- tasks */

static void ask_capability(const struct question *q)
{
	int64_t number = apparmor_value_number(field(q, APPARMOR_CAPABILITY));
	struct request r = { .operation = OP_CAPABILITY, .capability = (int)number };
	const char *name = vocab_capability_name((int)number);
	struct text object = TEXT_INIT;

	if (number < 0 || number > 63)
		return;
	if (name)
		text_puts(&object, name);
	else
		text_printf(&object, "%d", (int)number);
	add_decided(q, &r, &object);
}

static void set_target(const struct question *q, struct request *r, struct text *object)
{
	int32_t domain = apparmor_judge_domain(q->judge, field(q, APPARMOR_PEER));

	r->target = domain < 0			    ? REQUEST_OUTSIDE
		    : (uint32_t)domain == q->domain ? REQUEST_SELF
						    : REQUEST_DOMAIN;
	r->target_domain = domain < 0 ? 0 : (uint32_t)domain;
	text_puts(object, domain < 0 ? "any"
			  : (uint32_t)domain == q->domain
				  ? "self"
				  : q->judge->policy->domains[domain]->name);
}

/* "unknown(99)" holds the number of what has no name. */
static int number_within(struct apparmor_value v)
{
	static const char head[] = "unknown(";
	size_t n = strlen(head);

	if (v.len <= n + 1 || memcmp(v.s, head, n) != 0)
		return -1;
	return (int)apparmor_value_number((struct apparmor_value){ v.s + n, v.len - n - 1 });
}

static void ask_signal(const struct question *q)
{
	struct apparmor_value name = field(q, APPARMOR_SIGNAL);
	struct request r = { .operation = OP_SIGNAL };
	struct text object = TEXT_INIT;

	/* To receive one is always allowed. */
	if (!name.s || !apparmor_value_is(field(q, APPARMOR_REQUESTED_MASK), "send"))
		return;
	r.signal = apparmor_signal_find(name.s, name.len);
	if (r.signal < 0)
		r.signal = number_within(name);
	if (r.signal > 0 && vocab_signal_name(r.signal))
		text_printf(&object, "%s to ", vocab_signal_name(r.signal));
	else
		text_printf(&object, "%d to ", r.signal);
	set_target(q, &r, &object);
	add_decided(q, &r, &object);
}

static void ask_ptrace(const struct question *q)
{
	struct apparmor_value mask = field(q, APPARMOR_REQUESTED_MASK);
	struct request r = { .operation = OP_PTRACE };
	struct text object = TEXT_INIT;

	/* To be traced or read is always allowed. */
	if (!apparmor_value_is(mask, "trace") && !apparmor_value_is(mask, "read"))
		return;
	set_target(q, &r, &object);
	add_decided(q, &r, &object);
}

static void ask_nothing(const struct question *q)
{
	struct request r = { .operation = q->operation };
	struct text object = TEXT_INIT;

	add_decided(q, &r, &object);
}

/* ---- sockets */

struct endpoint_question {
	const struct question *question;
	enum operation op;
	int protocol;
	uint8_t family;
	bool any;
	struct decision decision;
};

static void try_endpoint(void *ctx, const struct endpoint_cell *cell)
{
	struct endpoint_question *e = ctx;
	const struct question *q = e->question;
	struct decision d;

	/* An IPv6 socket reaches IPv4 too. */
	if (cell->protocol != e->protocol || (e->family == 4 && cell->family != 4))
		return;
	d = decide_endpoint(q->judge->policy, q->domain, e->op, cell);
	if (!e->any || (d.verdict == VERDICT_ALLOW && e->decision.verdict != VERDICT_ALLOW) ||
		(e->decision.verdict != VERDICT_ALLOW && d.rule->is_default &&
			!e->decision.rule->is_default))
		e->decision = d;
	e->any = true;
}

static struct decision decide_endpoints(
	const struct question *q, enum operation op, int protocol, int family)
{
	struct endpoint_answers *a = &q->judge->endpoints[q->domain];
	struct endpoint_question e = {
		.question = q,
		.op = op,
		.protocol = protocol,
		.family = family == AF_INET ? 4 : 6,
	};
	bool listens = op == OP_LISTEN, six = family != AF_INET;

	if (!a->v[listens][protocol][six].known) {
		endpoint_cells(q->judge->policy, try_endpoint, &e);
		a->v[listens][protocol][six].known = true;
		a->v[listens][protocol][six].decision = e.decision;
	}
	return a->v[listens][protocol][six].decision;
}

static int type_of(struct apparmor_value name)
{
	static const char *const names[] = {
		[SOCK_STREAM] = "stream",
		[SOCK_DGRAM] = "dgram",
		[SOCK_RAW] = "raw",
		[SOCK_RDM] = "rdm",
		[SOCK_SEQPACKET] = "seqpacket",
		[SOCK_DCCP] = "dccp",
		[SOCK_PACKET] = "packet",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i] && apparmor_value_is(name, names[i]))
			return (int)i;
	}
	return -1;
}

static int protocol_of(int family, int type, int64_t number)
{
	static const struct {
		int type, number, protocol;
	} protocols[] = {
		{ SOCK_STREAM, 0, PROTOCOL_TCP },
		{ SOCK_STREAM, IPPROTO_TCP, PROTOCOL_TCP },
		{ SOCK_STREAM, IPPROTO_MPTCP, PROTOCOL_TCP },
		{ SOCK_STREAM, IPPROTO_SCTP, PROTOCOL_SCTP },
		{ SOCK_SEQPACKET, 0, PROTOCOL_SCTP },
		{ SOCK_SEQPACKET, IPPROTO_SCTP, PROTOCOL_SCTP },
		{ SOCK_DGRAM, 0, PROTOCOL_UDP },
		{ SOCK_DGRAM, IPPROTO_UDP, PROTOCOL_UDP },
		{ SOCK_DGRAM, IPPROTO_UDPLITE, PROTOCOL_UDP },
		{ SOCK_DGRAM, IPPROTO_ICMP, PROTOCOL_ICMP },
		{ SOCK_DGRAM, IPPROTO_ICMPV6, PROTOCOL_ICMP },
	};

	if (family != AF_INET && family != AF_INET6)
		return -1;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (protocols[i].type == type && protocols[i].number == number)
			return protocols[i].protocol;
	}
	return -1;
}

static void ask_family(const struct question *q, int family, int type, int64_t protocol)
{
	struct request r = {
		.operation = OP_SOCKET,
		.socket_family = family,
		.socket_type = type,
		.socket_protocol = (int)protocol,
	};
	int row = vocab_family_of_socket(family, type);
	const char *netlink = family == AF_NETLINK ? vocab_netlink_name((int)protocol) : NULL;
	struct apparmor_value name = field(q, APPARMOR_FAMILY);
	struct text object = TEXT_INIT;

	if (netlink)
		text_printf(&object, "netlink(%s)", netlink);
	else if (row >= 0)
		text_puts(&object, vocab_families[row].name);
	else
		text_printf(&object, "(family %.*s, type %d, protocol %" PRId64 ")", (int)name.len,
			name.s, type, protocol);
	add_decided(q, &r, &object);
}

static void ask_socket(const struct question *q)
{
	struct apparmor_value name = field(q, APPARMOR_FAMILY);
	int type = type_of(field(q, APPARMOR_SOCK_TYPE)), family, protocol;
	int64_t number = apparmor_value_number(field(q, APPARMOR_PROTOCOL));
	struct text object = TEXT_INIT;

	if (!name.s)
		return;
	family = apparmor_family_find(name.s, name.len);
	if (family < 0)
		family = number_within(name);
	protocol = protocol_of(family, type, number);
	if (protocol < 0) {
		ask_family(q, family, type, number);
		return;
	}
	text_printf(&object, "%s (address not told by AppArmor)", protocol_names[protocol]);
	add(q, q->operation, &object, decide_endpoints(q, q->operation, protocol, family));
}

/* ---- mounts */

static bool has_flag(struct apparmor_value flags, const char *flag)
{
	size_t n = strlen(flag);

	/* "rw, nosuid, rbind" */
	for (size_t i = 0; i + n <= flags.len; i++) {
		if (!memcmp(flags.s + i, flag, n) &&
			(i == 0 || flags.s[i - 1] == ' ' || flags.s[i - 1] == ',') &&
			(i + n == flags.len || flags.s[i + n] == ','))
			return true;
	}
	return false;
}

static void ask_mount(const struct question *q)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} names[] = {
		{ "ro", MOUNT_RO },
		{ "nosuid", MOUNT_NOSUID },
		{ "nodev", MOUNT_NODEV },
		{ "noexec", MOUNT_NOEXEC },
	};
	struct apparmor_value flags = field(q, APPARMOR_FLAGS), type = field(q, APPARMOR_FSTYPE);
	struct apparmor_value source = field(q, APPARMOR_SRCNAME);
	_cleanup_free_ char *fstype = type.s ? strndup(type.s, type.len) : NULL;
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct text object = TEXT_INIT;
	struct request r = {
		.operation = OP_MOUNT,
		.fstype = fstype,
		.source = source.s,
		.source_len = (uint32_t)source.len,
	};

	if (path_of(q, field(q, APPARMOR_NAME), &path)) {
		r.path = text_str(&path);
		r.path_len = (uint32_t)path.len;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		r.mount_flags |= has_flag(flags, names[i].name) ? names[i].flag : 0;
	if (!has_flag(flags, "remount") && (has_flag(flags, "bind") || has_flag(flags, "rbind"))) {
		r.operation = OP_BIND;
		text_add(&object, source.s ? source.s : "?", source.s ? source.len : 1);
	} else {
		text_puts(&object, fstype ? fstype : "(no type)");
		if (source.len) {
			text_puts(&object, " from ");
			text_add(&object, source.s, source.len);
		}
	}
	text_puts(&object, " on ");
	text_add(&object, path.s, path.len);
	add_decided(q, &r, &object);
}

/* ---- which is which */

static const struct {
	const char *name; /* security/apparmor/include/audit.h, OP_… */
	void (*ask)(const struct question *q);
	enum operation operation;
} operations[] = {
	{ "open", ask_masks, OP_COUNT },
	{ "file_perm", ask_masks, OP_COUNT },
	{ "file_receive", ask_masks, OP_COUNT },
	{ "file_inherit", ask_masks, OP_COUNT },
	{ "file_mmap", ask_masks, OP_COUNT },
	{ "file_mprotect", ask_masks, OP_COUNT },
	{ "exec", ask_name, OP_EXEC },
	{ "mknod", ask_name, OP_CREATE },
	{ "mkdir", ask_name, OP_CREATE },
	{ "symlink", ask_name, OP_CREATE },
	{ "unlink", ask_name, OP_DELETE },
	{ "rmdir", ask_name, OP_DELETE },
	{ "rename_src", ask_name, OP_RENAME },
	{ "rename_dest", ask_name, OP_RENAME },
	{ "link", ask_link, OP_LINK },
	{ "truncate", ask_name, OP_WRITE },
	{ "chmod", ask_name, OP_SETATTR },
	{ "chown", ask_name, OP_SETATTR },
	{ "file_lock", ask_name, OP_LOCK },
	{ "capable", ask_capability, OP_CAPABILITY },
	{ "signal", ask_signal, OP_SIGNAL },
	{ "ptrace", ask_ptrace, OP_PTRACE },
	{ "create", ask_socket, OP_CONNECT },
	{ "connect", ask_socket, OP_CONNECT },
	{ "sendmsg", ask_socket, OP_CONNECT },
	{ "recvmsg", ask_socket, OP_CONNECT },
	{ "getsockname", ask_socket, OP_CONNECT },
	{ "getpeername", ask_socket, OP_CONNECT },
	{ "getsockopt", ask_socket, OP_CONNECT },
	{ "setsockopt", ask_socket, OP_CONNECT },
	{ "socket_shutdown", ask_socket, OP_CONNECT },
	{ "bind", ask_socket, OP_LISTEN },
	{ "listen", ask_socket, OP_LISTEN },
	{ "accept", ask_socket, OP_LISTEN },
	{ "mount", ask_mount, OP_MOUNT },
	{ "umount", ask_name, OP_UMOUNT },
	{ "pivotroot", ask_nothing, OP_PIVOT },
	{ "userns_create", ask_nothing, OP_USERNS },
	{ "change_hat", ask_attribute, OP_WRITE },
	{ "change_profile", ask_attribute, OP_WRITE },
	{ "change_onexec", ask_attribute, OP_WRITE },
	{ "stack", ask_attribute, OP_WRITE },
	{ "stack_onexec", ask_attribute, OP_WRITE },
	{ "setprocattr", ask_attribute, OP_WRITE },
};

void apparmor_judge(struct apparmor_judge *j, uint32_t domain, const struct apparmor_record *r,
	int inner_pid, struct apparmor_accesses *ret)
{
	struct question q = {
		.judge = j,
		.domain = domain,
		.record = r,
		.inner_pid = inner_pid,
		.operation = OP_CONNECT,
		.to = ret,
	};

	ret->n = 0;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!apparmor_value_is(r->v[APPARMOR_OPERATION], operations[i].name))
			continue;
		/* Inherited and received sockets are asked about under the files' names. */
		if (operations[i].ask == ask_masks && r->v[APPARMOR_FAMILY].s) {
			ask_socket(&q);
			return;
		}
		q.operation = operations[i].operation;
		operations[i].ask(&q);
		return;
	}
}
