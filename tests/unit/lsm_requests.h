/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_REQUESTS_H
#define PALE_TESTS_LSM_REQUESTS_H

/*
 * A policy's blob for BPF-LSM, asked by its interpreter for requests that are made of the policy
 * without a look at the blob, and compared with decide().
 */

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "compiler/lsm_interpret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

/* A policy from its text, with its blob. */
struct built {
	struct compilation c;
	struct policy *p;
	struct coverage *coverage;
	struct text blob;
};

static void compile(struct built *b, const char *text)
{
	static const struct compile_options none;

	*b = (struct built){ 0 };
	compile_bytes(&b->c, "test.pale", text, strlen(text), &none);
	if (b->c.diags.n_errors) {
		fputs(text, stderr);
		diag_print(&b->c.diags, stderr, false);
		fail();
	}
	b->p = b->c.policies[0];
	b->coverage = coverage_new(b->p);
}

static void build(struct built *b, const char *text)
{
	struct pale_err *err = NULL;

	compile(b, text);
	if (emit_lsm(b->p, b->coverage, &b->blob, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	if (verify_lsm(b->p, b->blob.s, b->blob.len, &err) < 0) {
		fputs(text, stderr);
		fail_msg("%s", pale_err_text(err));
	}
}

static void release(struct built *b)
{
	text_release(&b->blob);
	compilation_release(&b->c);
}

/* ---- requests, made without looking at the blob */

struct requests {
	struct request *v;
	uint32_t *domain;
	uint32_t n, cap, cap_domains;
	struct arena *a;
};

static void add(struct requests *to, uint32_t domain, struct request r)
{
	uint32_t n = to->n;

	ARENA_PUSH(to->a, to->domain, n, to->cap_domains, domain);
	ARENA_PUSH(to->a, to->v, to->n, to->cap, r);
}

static const char *const words[] = { "a", "b", "ab", "x", "lib.so", "k.key", "bin", "data", "etc" };

/* A string that @g may well match: its text, its stars filled in; now and then broken. */
static char *string_for(struct arena *a, const struct glob *g, uint32_t *ret_len)
{
	struct text t = TEXT_INIT;
	char *s;

	for (uint32_t i = 0; i < g->len; i++) {
		char c = g->text[i];

		if (c == '*' || c == '?') {
			uint32_t n = c == '?' ? 1 : random_below(3);

			for (uint32_t k = 0; k < n; k++)
				text_puts(&t, c == '?' ? "b" : words[random_below(N(words))]);
			if (c == '*' && i + 1 < g->len && g->text[i + 1] == '*' && random_below(2))
				text_putc(&t, '/');
		} else if (c != '{' && c != '}' && c != '[' && c != ']') {
			text_putc(&t, c == ',' ? '/' : c);
		}
	}
	if (random_below(4) == 0)
		text_puts(&t, words[random_below(N(words))]);
	if (random_below(6) == 0 && t.len)
		t.s[random_below((uint32_t)t.len)] = (char)random_below(256);
	*ret_len = (uint32_t)t.len;
	s = arena_memdup(a, text_str(&t), t.len);
	text_release(&t);
	return s;
}

static void add_texts(struct requests *to, const struct globs *globs, bool names)
{
	static const enum operation operations[] = { OP_EXEC, OP_READ, OP_WRITE, OP_APPEND,
		OP_CREATE, OP_DELETE, OP_RENAME, OP_LINK, OP_SETATTR, OP_MAP, OP_IOCTL, OP_LOCK,
		OP_CONNECT, OP_LISTEN, OP_UMOUNT };

	for (uint32_t i = 0; i < globs->n; i++) {
		for (int k = 0; k < 4; k++) {
			struct request r = { .protocol = PROTOCOL_UNIX };
			uint32_t len;
			const char *s = string_for(to->a, globs->v[i], &len);

			if (names) {
				r.name = s;
				r.name_len = len;
			} else {
				r.path = s;
				r.path_len = len;
			}
			for (size_t op = names ? 12 : 0; op < (names ? 14 : N(operations)); op++) {
				r.operation = operations[op];
				r.owner = random_below(2);
				r.object_class = (enum object_class)random_below(CLASS_COUNT);
				for (uint32_t d = 0; d < 2; d++)
					add(to, d, r);
			}
		}
	}
}

static void add_endpoints(struct requests *to, const struct endpoints *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct endpoint *e = &list->v[i];

		for (int k = 0; k < 40; k++) {
			struct request r = { .operation = k & 1 ? OP_LISTEN : OP_CONNECT };
			uint32_t bit = random_below(e->family == 6 ? 128 : 32);

			r.family = e->family ? e->family : random_below(2) ? 4 : 6;
			memcpy(r.address, e->address, 16);
			if (random_below(2))
				r.address[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			if (r.family == 4 && random_below(4) == 0) {
				memmove(r.address + 12, r.address, 4);
				memset(r.address, 0, 10);
				r.address[10] = r.address[11] = 0xff;
				r.family = 6;
			}
			r.port = (uint16_t)((random_below(2) ? e->port_lo : e->port_hi) +
					    random_below(3) - 1);
			r.protocol = (int)random_below(4);
			for (uint32_t d = 0; d < 2; d++)
				add(to, d, r);
		}
	}
}

static void add_cells(struct requests *to, uint32_t domain, uint32_t n_domains)
{
	struct request r = { .operation = OP_CAPABILITY };

	for (r.capability = 0; r.capability < 64; r.capability++)
		add(to, domain, r);
	r = (struct request){ .operation = OP_SOCKET, .socket_type = SOCK_RAW };
	for (r.socket_family = 0; r.socket_family < 70; r.socket_family++)
		add(to, domain, r);
	r.socket_family = AF_NETLINK;
	for (r.socket_protocol = 0; r.socket_protocol < 34; r.socket_protocol++)
		add(to, domain, r);
	for (r.signal = 1; r.signal <= 64; r.signal++) {
		for (uint32_t t = 0; t <= n_domains; t++) {
			r.target = t == n_domains ? REQUEST_OUTSIDE
				   : t == domain  ? REQUEST_SELF
						  : REQUEST_DOMAIN;
			r.target_domain = t;
			r.operation = OP_SIGNAL;
			add(to, domain, r);
			r.operation = OP_PTRACE;
			add(to, domain, r);
		}
	}
	r = (struct request){ .operation = OP_FORK };
	add(to, domain, r);
	r.operation = OP_USERNS;
	add(to, domain, r);
	r.operation = OP_PIVOT;
	add(to, domain, r);
	for (int op = 0; op < OP_COUNT; op++) {
		if (!(OPS_PATH & OP_BIT(op)))
			continue;
		for (int owner = 0; owner < 2; owner++) {
			r = (struct request){ .operation = (enum operation)op,
				.owner = owner,
				.protocol = PROTOCOL_UNIX };
			add(to, domain, r);
			r.object_class = CLASS_ANONYMOUS;
			add(to, domain, r);
		}
	}
}

static void add_mounts(struct requests *to, const struct policy *p, const struct rule *rule)
{
	const struct globs *places = random_below(4) ? &rule->paths : &rule->except_paths;
	bool bind = rule->operations & OP_BIT(OP_BIND);

	for (int k = 0; k < 60 && rule->paths.n; k++) {
		const struct rule *other = p->rules[random_below(p->n_rules)];
		struct request r = { .operation = bind ? OP_BIND : OP_MOUNT };
		/* Another rule's sources, too: the first that matches decides. */
		const struct globs *sources =
			random_below(3) || !other->sources.n ? &rule->sources : &other->sources;

		if (!places->n)
			places = &rule->paths;
		if (random_below(10))
			r.path = string_for(to->a, places->v[random_below(places->n)], &r.path_len);
		if (sources->n && random_below(10))
			r.source = string_for(
				to->a, sources->v[random_below(sources->n)], &r.source_len);
		r.fstype = bind ? NULL : random_below(4) ? rule->fstype : other->fstype;
		r.mount_flags = random_below(2) ? rule->mount_flags : random_below(16);
		for (uint32_t d = 0; d < 2; d++)
			add(to, d, r);
	}
}

static void requests_for(struct requests *to, const struct policy *p)
{
	uint32_t n;

	*to = (struct requests){ .a = p->arena };
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->is_default)
			continue;
		add_texts(to, &r->paths, false);
		add_texts(to, &r->except_paths, false);
		add_texts(to, &r->names, true);
		add_texts(to, &r->except_names, true);
		add_endpoints(to, &r->endpoints);
		add_endpoints(to, &r->except_endpoints);
		if (r->operations & (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND)))
			add_mounts(to, p, r);
	}
	for (uint32_t d = 0; d < p->n_domains; d++)
		add_cells(to, d, p->n_domains);
	/* The second domain stood for any other. */
	n = to->n;
	for (uint32_t i = 0; i < n; i++)
		to->domain[i] = to->domain[i] < p->n_domains ? to->domain[i] : 0;
}

static bool answers_as_decided(const struct lsm_answer *got, const struct decision *want)
{
	static const enum lsm_effect effects[] = { LSM_ALLOW, LSM_DENY, LSM_KILL };

	return got->rule == want->rule->index && got->effect == effects[want->verdict] &&
	       got->reported == want->reported && got->errnum == want->errnum &&
	       (got->transition == LSM_STAY ? -1 : (int32_t)got->transition) == want->transition;
}

static void blob_of(struct lsm_blob *b, const void *bytes, size_t len)
{
	struct pale_err *err = NULL;

	if (lsm_blob_open(b, bytes, len, &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

/* How many requests the policy was asked about, and of them how many it allows. */
static void compare(const struct built *b, uint32_t *ret_asked, uint32_t *ret_allowed)
{
	struct requests r;
	struct lsm_blob blob;

	blob_of(&blob, b->blob.s, b->blob.len);
	requests_for(&r, b->p);
	*ret_asked = *ret_allowed = 0;
	for (uint32_t i = 0; i < r.n; i++) {
		struct decision want = decide(b->p, r.domain[i], &r.v[i]);
		struct lsm_answer got;

		if (!lsm_interpret(&blob, r.domain[i], &r.v[i], &got))
			continue;
		++*ret_asked;
		*ret_allowed += want.verdict == VERDICT_ALLOW;
		if (!answers_as_decided(&got, &want))
			fail_msg("%s %s: rule %d, decide() has %u: %s",
				vocab_operations[r.v[i].operation].name,
				r.v[i].path ? r.v[i].path : "", (int)got.rule, want.rule->index,
				want.rule->text);
	}
}

#endif
