/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof rests on the interpreter for what the tables say and on decide() for what they should.
 * Where a table has a cell for each question, each is asked. The automata are shown equal by a map
 * from the policy's states to the blob's that keeps starts, steps and answers; the endpoint lists
 * by asking once in each cell of the partition that all their borders make; mounts by finding
 * decide()'s list again, each rule with its type, its options and automata that accept the same.
 */
#include "compiler/emit_lsm.h"

#include "compiler/decide.h"
#include "compiler/lsm_interpret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct proof {
	const struct policy *p;
	struct arena *arena;
	struct lsm_blob blob;
	struct pale_err **err;
	uint32_t domain;
};

static const char *const effect_names[] = {
	[LSM_ALLOW] = "allow",
	[LSM_DENY] = "deny",
	[LSM_KILL] = "kill",
};

static void put_object(struct text *t, const struct policy *p, const struct request *r)
{
	switch (vocab_operations[r->operation].object) {
	case OBJECT_CAPABILITY:
		text_printf(t, "%d", r->capability);
		return;
	case OBJECT_SIGNAL:
		text_printf(t, "%d ", r->signal);
		/* fallthrough */
	case OBJECT_TASK:
		text_puts(t, r->target == REQUEST_OUTSIDE ? "outside"
			     : r->target == REQUEST_SELF  ? "self"
							  : p->domains[r->target_domain]->name);
		return;
	case OBJECT_FAMILY:
		text_printf(t, "family %d, type %d, protocol %d", r->socket_family, r->socket_type,
			r->socket_protocol);
		return;
	case OBJECT_NETWORK:
		if (r->protocol != PROTOCOL_UNIX) {
			text_printf(t, "%s ", protocol_names[r->protocol]);
			for (int i = 0; i < (r->family == 4 ? 4 : 16); i++)
				text_printf(t, "%02x", r->address[i]);
			text_printf(t, " port %u", r->port);
			return;
		}
		break;
	default:
		break;
	}
	if (r->path)
		text_escaped(t, r->path, r->path_len);
	else if (r->name)
		text_escaped(t, r->name, r->name_len);
	if (r->object_class != CLASS_PLAIN)
		text_puts(t, r->object_class == CLASS_DRIFT ? " (drift)" : " (anonymous)");
	if (r->owner)
		text_puts(t, " (owner)");
}

static int differs(const struct proof *v, const struct request *r, const struct lsm_answer *got,
	const struct decision *want)
{
	struct text object = TEXT_INIT;
	int e;

	put_object(&object, v->p, r);
	e = pale_err_plain(v->err, EBADMSG,
		"internal error: the BPF-LSM tables do not mean the policy: profile '%s', %s %s: "
		"they say %s by rule %d (reported %d, errno %d, transition %d), the policy %s by "
		"rule %u (reported %d, errno %d, transition %d)",
		v->p->domains[v->domain]->name, vocab_operations[r->operation].name,
		text_str(&object), effect_names[got->effect], (int)got->rule, got->reported,
		got->errnum, got->transition == LSM_STAY ? -1 : (int)got->transition,
		verdict_word(want), want->rule->index, want->reported, want->errnum,
		want->transition);
	text_release(&object);
	return e;
}

static int compare(const struct proof *v, const struct request *r)
{
	static const enum lsm_effect effects[] = {
		[VERDICT_ALLOW] = LSM_ALLOW,
		[VERDICT_DENY] = LSM_DENY,
		[VERDICT_KILL] = LSM_KILL,
	};
	struct decision want = decide(v->p, v->domain, r);
	struct lsm_answer got;

	if (!lsm_interpret(&v->blob, v->domain, r, &got))
		return 0;
	if (got.rule == want.rule->index && got.effect == effects[want.verdict] &&
		got.reported == want.reported && got.errnum == want.errnum &&
		(got.transition == LSM_STAY ? -1 : (int32_t)got.transition) == want.transition)
		return 0;
	return differs(v, r, &got, &want);
}

static int broken(const struct proof *v, const char *what)
{
	return pale_err_plain(v->err, EBADMSG,
		"internal error: the BPF-LSM tables do not mean the policy: %s", what);
}

/* ---- what has a cell for each question */

static int check_head(const struct proof *v)
{
	const struct lsm_head *h = &v->blob.head;

	if (h->n_domains != v->p->n_domains || h->n_rules != v->p->n_rules)
		return broken(v, "other profiles or rules");
	if (h->flags != (v->p->audit ? LSM_FLAG_AUDIT : 0))
		return broken(v, "its flags");
	/* What a rule's number in an event will be read as. */
	for (uint32_t i = 0; i < h->n_rules; i++) {
		struct lsm_rule rule;

		if (!lsm_blob_rule(&v->blob, i, &rule) || rule.id != v->p->rules[i]->id)
			return broken(v, "a rule's id");
	}
	return 0;
}

static int check_capabilities(const struct proof *v)
{
	struct request r = { .operation = OP_CAPABILITY };
	int e = 0;

	for (; r.capability < 64 && e >= 0; r.capability++)
		e = compare(v, &r);
	return e;
}

static int check_target(const struct proof *v, struct request *r)
{
	int e;

	r->operation = OP_PTRACE;
	e = compare(v, r);
	r->operation = OP_SIGNAL;
	for (r->signal = 1; r->signal <= 64 && e >= 0; r->signal++)
		e = compare(v, r);
	return e;
}

static int check_tasks(const struct proof *v)
{
	struct request r = { .target = REQUEST_OUTSIDE };
	int e = check_target(v, &r);

	r.target = REQUEST_SELF;
	if (e >= 0)
		e = check_target(v, &r);
	r.target = REQUEST_DOMAIN;
	for (; r.target_domain < v->p->n_domains && e >= 0; r.target_domain++)
		e = check_target(v, &r);
	r = (struct request){ .operation = OP_FORK };
	if (e >= 0)
		e = compare(v, &r);
	r.operation = OP_USERNS;
	return e < 0 ? e : compare(v, &r);
}

static int check_family_of_sockets(const struct proof *v, int family)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
	/* Only netlink's protocols count. */
	const int first = family == AF_NETLINK ? -1 : 0, last = family == AF_NETLINK ? 40 : 0;
	struct request r = { .operation = OP_SOCKET, .socket_family = family };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		r.socket_type = types[i];
		for (r.socket_protocol = first; r.socket_protocol <= last; r.socket_protocol++) {
			int e = compare(v, &r);

			if (e < 0)
				return e;
		}
	}
	return 0;
}

static int check_sockets(const struct proof *v)
{
	int e = 0;

	/* Some beyond the table, too. */
	for (int family = 0; family < 80 && e >= 0; family++)
		e = check_family_of_sockets(v, family);
	return e;
}

/* All that is asked about one text, or about what has none. */
static int check_text(const struct proof *v, struct request r, uint64_t operations)
{
	for (; operations; operations &= operations - 1) {
		r.operation = (enum operation)__builtin_ctzll(operations);
		r.protocol = PROTOCOL_UNIX;
		for (int owner = 0; owner < 2; owner++) {
			for (int class = 0; class < CLASS_COUNT; class ++) {
				int e;

				r.owner = owner;
				r.object_class = (enum object_class) class;
				e = compare(v, &r);
				if (e < 0)
					return e;
			}
		}
	}
	return 0;
}

/* ---- the automata */

#define UNKNOWN UINT32_MAX

/* A state that was reached, and from where: its shortest string can be told. */
struct reached {
	uint32_t state;
	uint32_t from; /* in the queue */
	uint32_t len;
	uint8_t byte;
};

struct walk {
	const struct proof *v;
	bool names;
	uint32_t *image; /* [policy's states]: the blob's; the same for all entries */
	bool *seen;	 /* [policy's states]: in this walk */
	uint32_t *row;	 /* [policy's classes]: the blob's row that was found to mean it */
	struct reached *queue;
	uint32_t n;
	uint8_t bytes[256]; /* one of each that either automaton tells apart */
	int n_bytes;
	struct text witness;
};

/* Bytes are one to both automata when both have them in one column. */
static void choose_bytes(struct walk *w)
{
	const uint8_t *theirs = w->v->blob.head.byte_class, *ours = w->v->p->dfa->byte_class;

	w->n_bytes = 0;
	for (int i = 0; i < 256; i++) {
		/* Letters first: they read best in a witness. */
		uint8_t b = (uint8_t)(i + 'a');
		bool known = false;

		for (int k = 0; k < w->n_bytes && !known; k++)
			known = theirs[w->bytes[k]] == theirs[b] && ours[w->bytes[k]] == ours[b];
		if (!known)
			w->bytes[w->n_bytes++] = b;
	}
}

static void tell_witness(struct walk *w, uint32_t i)
{
	uint32_t len = w->queue[i].len;

	text_clear(&w->witness);
	for (uint32_t k = 0; k < len; k++)
		text_putc(&w->witness, 0);
	for (; len; i = w->queue[i].from)
		w->witness.s[--len] = (char)w->queue[i].byte;
}

static int reach(struct walk *w, uint32_t state, uint32_t image, struct reached how)
{
	if (image >= w->v->blob.head.n_states)
		return broken(w->v, "its automaton leaves the table");
	if (w->image[state] == UNKNOWN)
		w->image[state] = image;
	else if (w->image[state] != image)
		return broken(w->v, "its automaton takes one state for another");
	if (w->seen[state])
		return 0;
	w->seen[state] = true;
	how.state = state;
	w->queue[w->n++] = how;
	return 0;
}

/* decide() sees of a text the class where it ends, and the programs the row. */
static int check_reached(struct walk *w, uint32_t i)
{
	uint32_t state = w->queue[i].state, class = w->v->p->dfa->accept[state], row;
	struct request r = { 0 };
	int e;

	if (!lsm_blob_accept(&w->v->blob, w->image[state], &row))
		return broken(w->v, "its automaton ends outside the table");
	if (w->row[class] == row)
		return 0;
	tell_witness(w, i);
	if (w->names) {
		r.name = text_str(&w->witness);
		r.name_len = (uint32_t)w->witness.len;
	} else {
		r.path = text_str(&w->witness);
		r.path_len = (uint32_t)w->witness.len;
	}
	e = check_text(w->v, r, w->names ? OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN) : OPS_PATH);
	w->row[class] = row;
	return e;
}

static int walk_entry(struct walk *w)
{
	const struct dfa *d = w->v->p->dfa;
	const struct lsm_blob *b = &w->v->blob;
	uint32_t start = d->start[w->names ? DFA_ENTRY_NAMES(w->v->domain)
					   : DFA_ENTRY_PATHS(w->v->domain)],
		 image, next;
	int e;

	memset(w->seen, 0, d->n_states * sizeof(*w->seen));
	memset(w->row, 0xff, w->v->p->n_rows * sizeof(*w->row));
	w->n = 0;
	if (!lsm_blob_start(b, w->v->domain, w->names, &image))
		return broken(w->v, "a profile without a start");
	e = reach(w, start, image, (struct reached){ 0 });
	for (uint32_t i = 0; i < w->n && e >= 0; i++) {
		struct reached how = { .from = i, .len = w->queue[i].len + 1 };

		e = check_reached(w, i);
		for (int k = 0; k < w->n_bytes && e >= 0; k++) {
			how.byte = w->bytes[k];
			if (!lsm_blob_next(b, w->image[w->queue[i].state], how.byte, &next))
				return broken(w->v, "its automaton leaves the table");
			e = reach(w, dfa_step(d, w->queue[i].state, how.byte), next, how);
		}
	}
	return e;
}

static int check_automata(struct proof *v)
{
	const struct dfa *d = v->p->dfa;
	struct walk w = { .v = v };
	int e = 0;

	w.image = arena_array(v->arena, d->n_states, sizeof(*w.image));
	memset(w.image, 0xff, d->n_states * sizeof(*w.image));
	w.seen = arena_array(v->arena, d->n_states, sizeof(*w.seen));
	w.row = arena_array(v->arena, v->p->n_rows, sizeof(*w.row));
	w.queue = arena_array(v->arena, d->n_states, sizeof(*w.queue));
	choose_bytes(&w);
	for (v->domain = 0; v->domain < v->p->n_domains && e >= 0; v->domain++) {
		for (int names = 0; names < 2 && e >= 0; names++) {
			w.names = names;
			e = walk_entry(&w);
		}
	}
	text_release(&w.witness);
	return e;
}

/* ---- endpoints */

/* What one entry, of the policy or the blob, speaks of. */
struct box {
	uint8_t protocols;
	uint8_t family; /* 0: either */
	uint8_t prefix;
	uint8_t address[16];
	uint32_t port_lo, port_hi;
};

struct boxes {
	struct box *v;
	uint32_t n, cap;
};

struct address {
	uint8_t b[16];
};

struct borders {
	struct address *addresses;
	uint32_t *ports;
	uint32_t n_addresses, cap_addresses, n_ports, cap_ports;
};

static void add_policy_boxes(
	struct proof *v, const struct rule *rule, const struct endpoints *list, struct boxes *to)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct endpoint *e = &list->v[i];
		struct box box = { rule->protocols, e->family, e->prefix, { 0 }, e->port_lo,
			e->port_hi };

		memcpy(box.address, e->address, 16);
		ARENA_PUSH(v->arena, to->v, to->n, to->cap, box);
	}
}

/* The partition below holds for entries of this form only, and what was emitted is so. */
static bool is_plain(const struct lsm_endpoint *e)
{
	return (e->family == 0 && e->prefix == 0) || (e->family == 4 && e->prefix <= 32) ||
	       (e->family == 6 && e->prefix <= 128);
}

static int collect_boxes(struct proof *v, enum operation op, struct boxes *to)
{
	const struct domain *d = v->p->domains[v->domain];
	uint32_t first, n;

	for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
		const struct rule *rule = d->by_operation[op][i];

		add_policy_boxes(v, rule, &rule->endpoints, to);
		add_policy_boxes(v, rule, &rule->except_endpoints, to);
	}
	if (!lsm_blob_list(&v->blob, v->domain, op == OP_LISTEN, &first, &n) ||
		(uint64_t)first + n > v->blob.head.n_endpoints)
		return broken(v, "a list of endpoints that leaves the table");
	for (uint32_t i = first; i < first + n; i++) {
		struct lsm_endpoint e;
		struct box box;

		if (!lsm_blob_endpoint(&v->blob, i, &e) || !is_plain(&e))
			return broken(v, "an endpoint that is none");
		box = (struct box){ e.protocols, e.family, e.prefix, { 0 }, e.port_lo, e.port_hi };
		memcpy(box.address, e.address, 16);
		ARENA_PUSH(v->arena, to->v, to->n, to->cap, box);
	}
	return 0;
}

/* Keeps the leading bits. */
static void cut(struct address *a, unsigned int prefix)
{
	for (unsigned int i = prefix; i < 128; i++)
		a->b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

static void add_border(struct proof *v, struct borders *s, const struct address *a)
{
	ARENA_PUSH(v->arena, s->addresses, s->n_addresses, s->cap_addresses, *a);
}

/* The first address of a network and the first behind it. */
static void add_network(
	struct proof *v, struct borders *s, const uint8_t *bytes, size_t size, unsigned int prefix)
{
	struct address a = { { 0 } };

	memcpy(a.b, bytes, size);
	cut(&a, prefix);
	add_border(v, s, &a);
	while (prefix > 0) {
		uint8_t bit = (uint8_t)(0x80 >> (prefix - 1) % 8);
		uint8_t *byte = &a.b[(prefix - 1) / 8];

		*byte ^= bit;
		if (*byte & bit) {
			add_border(v, s, &a);
			return;
		}
		prefix--;
	}
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool covers(const struct box *box, const struct request *r)
{
	unsigned int bytes = box->prefix / 8, rest = box->prefix % 8;

	if (!(box->protocols >> r->protocol & 1))
		return false;
	if (!box->family)
		return true;
	return box->family == r->family && !memcmp(box->address, r->address, bytes) &&
	       (!rest || (box->address[bytes] ^ r->address[bytes]) >> (8 - rest) == 0);
}

/* Asks once wherever the answer may change with the port, for whoever stands at @r's address. */
static int check_address(
	struct proof *v, struct request *r, const struct boxes *boxes, struct borders *s)
{
	int e = 0;

	s->n_ports = 0;
	ARENA_PUSH(v->arena, s->ports, s->n_ports, s->cap_ports, 0);
	for (uint32_t i = 0; i < boxes->n; i++) {
		if (!covers(&boxes->v[i], r))
			continue;
		ARENA_PUSH(v->arena, s->ports, s->n_ports, s->cap_ports, boxes->v[i].port_lo);
		ARENA_PUSH(v->arena, s->ports, s->n_ports, s->cap_ports, boxes->v[i].port_hi + 1);
	}
	qsort(s->ports, s->n_ports, sizeof(*s->ports), by_number);
	for (uint32_t i = 0; i < s->n_ports && e >= 0; i++) {
		if (s->ports[i] > 65535 || (i && s->ports[i] == s->ports[i - 1]))
			continue;
		r->port = (uint16_t)s->ports[i];
		e = compare(v, r);
	}
	return e;
}

static int check_family(
	struct proof *v, struct request *r, const struct boxes *boxes, struct borders *s)
{
	/* Mapped addresses are IPv4, and no cell may hold them beside others. */
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, zero[16];
	int e = 0;

	s->n_addresses = 0;
	add_network(v, s, zero, 16, 0);
	if (r->family == 6)
		add_network(v, s, mapped, sizeof(mapped), 96);
	for (uint32_t i = 0; i < boxes->n; i++) {
		const struct box *box = &boxes->v[i];

		if (box->family == r->family && box->protocols >> r->protocol & 1)
			add_network(v, s, box->address, r->family == 4 ? 4 : 16, box->prefix);
	}
	qsort(s->addresses, s->n_addresses, sizeof(*s->addresses), by_address);
	for (uint32_t i = 0; i < s->n_addresses && e >= 0; i++) {
		if (i && !by_address(&s->addresses[i], &s->addresses[i - 1]))
			continue;
		memcpy(r->address, &s->addresses[i], 16);
		e = check_address(v, r, boxes, s);
	}
	return e;
}

static int check_list(struct proof *v, enum operation op)
{
	struct request r = { .operation = op };
	struct boxes boxes = { 0 };
	struct borders s = { 0 };
	int e = collect_boxes(v, op, &boxes);

	for (r.protocol = PROTOCOL_TCP; r.protocol <= PROTOCOL_ICMP && e >= 0; r.protocol++) {
		r.family = 4;
		e = check_family(v, &r, &boxes, &s);
		r.family = 6;
		if (e >= 0)
			e = check_family(v, &r, &boxes, &s);
	}
	return e;
}

static int check_endpoints(struct proof *v)
{
	int e = 0;

	for (v->domain = 0; v->domain < v->p->n_domains && e >= 0; v->domain++) {
		e = check_list(v, OP_CONNECT);
		if (e >= 0)
			e = check_list(v, OP_LISTEN);
	}
	return e;
}

/* ---- mounts */

struct pair {
	uint32_t state, image;
};

/* One of each class of bytes that either automaton tells apart. */
static int bytes_of(const uint8_t *ours, const uint8_t *theirs, uint8_t ret[256])
{
	int n = 0;

	for (int b = 0; b < 256; b++) {
		bool known = false;

		for (int k = 0; k < n && !known; k++)
			known = theirs[ret[k]] == theirs[b] && ours[ret[k]] == ours[b];
		if (!known)
			ret[n++] = (uint8_t)b;
	}
	return n;
}

static int check_accepted(
	const struct proof *v, const struct dfa *d, const struct lsm_automaton *a, struct pair p)
{
	uint32_t cell;

	if (!lsm_blob_cell(&v->blob, (uint64_t)a->accept + p.image, &cell))
		return broken(v, "a mount's automaton ends outside the table");
	if ((cell == 1) != (d->accept[p.state] == 1))
		return broken(v, "a mount's automaton takes other strings");
	return 0;
}

/* In step, from both starts: a state of ours has one image. */
static int check_automaton(const struct proof *v, const struct dfa *d, uint32_t index)
{
	struct lsm_automaton a;
	struct pair *queue;
	uint32_t *image, n = 0;
	uint8_t bytes[256];
	int n_bytes, e = 0;

	if (!d)
		return index == LSM_ANY_STRING ? 0 : broken(v, "a mount of fewer objects");
	if (index == LSM_ANY_STRING || !lsm_blob_automaton(&v->blob, index, &a))
		return broken(v, "a mount without its automaton");
	n_bytes = bytes_of(d->byte_class, a.byte_class, bytes);
	image = arena_array(v->arena, d->n_states, sizeof(*image));
	memset(image, 0xff, d->n_states * sizeof(*image));
	queue = arena_array(v->arena, d->n_states, sizeof(*queue));
	image[d->start[0]] = a.start;
	queue[n++] = (struct pair){ d->start[0], a.start };
	for (uint32_t i = 0; i < n && e >= 0; i++) {
		e = check_accepted(v, d, &a, queue[i]);
		for (int k = 0; k < n_bytes && e >= 0; k++) {
			struct pair to = { .state = dfa_step(d, queue[i].state, bytes[k]) };
			uint64_t cell = a.next + (uint64_t)queue[i].image * a.n_classes +
					a.byte_class[bytes[k]];

			if (!lsm_blob_cell(&v->blob, cell, &to.image))
				return broken(v, "a mount's automaton leaves the table");
			if (image[to.state] == UNKNOWN) {
				image[to.state] = to.image;
				queue[n++] = to;
			} else if (image[to.state] != to.image) {
				return broken(v, "a mount's automaton takes one state for another");
			}
		}
	}
	return e;
}

/* Which strings a rule of many is the one to decide about is not looked for: so what it says when
 * it does is compared here. */
static bool says_the_same(const struct lsm_rule *r, const struct rule *rule)
{
	static const enum lsm_effect effects[] = {
		[EFFECT_ALLOW] = LSM_ALLOW,
		[EFFECT_AUDIT] = LSM_ALLOW,
		[EFFECT_DENY] = LSM_DENY,
		[EFFECT_KILL] = LSM_KILL,
	};
	bool allows = effects[rule->effect] == LSM_ALLOW;

	return r->effect == effects[rule->effect] &&
	       !!r->report == (allows ? rule->effect == EFFECT_AUDIT : !rule->quiet) &&
	       (allows || r->errnum == (rule->errnum ? rule->errnum : EACCES));
}

static int check_mount(const struct proof *v, const struct rule *rule, uint32_t i)
{
	char type[LSM_FSTYPE_BYTES] = "";
	struct lsm_mount m;
	struct lsm_rule r;
	int e;

	if (rule->fstype && strlen(rule->fstype) < sizeof(type))
		memcpy(type, rule->fstype, strlen(rule->fstype));
	if (!lsm_blob_mount(&v->blob, i, &m) || m.rule != rule->index ||
		m.flags != rule->mount_flags || memcmp(m.fstype, type, sizeof(type)) != 0)
		return broken(v, "a rule about mounts");
	if (!lsm_blob_rule(&v->blob, m.rule, &r) || !says_the_same(&r, rule))
		return broken(v, "what a rule about mounts says");
	e = check_automaton(v, rule->mount_on, m.place);
	return e < 0 ? e : check_automaton(v, rule->mount_source, m.source);
}

static int check_mount_list(const struct proof *v, enum operation op)
{
	/* A type that no rule can name, nowhere. */
	const struct request nothing = { .operation = op, .fstype = "/" };
	const struct domain *d = v->p->domains[v->domain];
	uint32_t first, n, found = 0;
	int e = 0;

	if (!lsm_blob_mounts(&v->blob, v->domain, op == OP_BIND, &first, &n))
		return broken(v, "a list of mounts that leaves the table");
	for (uint32_t i = 0; i < d->n_by_operation[op] && e >= 0; i++) {
		const struct rule *rule = d->by_operation[op][i];

		if (rule->is_default)
			continue;
		e = found < n ? check_mount(v, rule, first + found)
			      : broken(v, "too few rules about mounts");
		found++;
	}
	if (e >= 0 && found != n)
		return broken(v, "too many rules about mounts");
	return e < 0 ? e : compare(v, &nothing);
}

static int check_mounts(struct proof *v)
{
	const struct request pivot = { .operation = OP_PIVOT };
	int e = 0;

	for (v->domain = 0; v->domain < v->p->n_domains && e >= 0; v->domain++) {
		e = check_mount_list(v, OP_MOUNT);
		if (e >= 0)
			e = check_mount_list(v, OP_BIND);
		if (e >= 0)
			e = compare(v, &pivot);
	}
	return e;
}

static int check_tables(struct proof *v)
{
	int e = check_head(v);

	for (v->domain = 0; v->domain < v->p->n_domains && e >= 0; v->domain++) {
		e = check_capabilities(v);
		if (e >= 0)
			e = check_tasks(v);
		if (e >= 0)
			e = check_sockets(v);
		if (e >= 0)
			e = check_text(v, (struct request){ 0 }, OPS_PATH);
	}
	return e;
}

int verify_lsm(const struct policy *p, const void *blob, size_t len, struct pale_err **err)
{
	struct proof v = { .p = p, .arena = arena_new(), .err = err };
	int e = lsm_blob_open(&v.blob, blob, len, err);

	if (e >= 0)
		e = check_tables(&v);
	if (e >= 0)
		e = check_automata(&v);
	if (e >= 0)
		e = check_endpoints(&v);
	if (e >= 0)
		e = check_mounts(&v);
	arena_free(v.arena);
	return e;
}
