/* SPDX-License-Identifier: Apache-2.0 */
/* Names of rules and policies that stay the same as long as their meaning does. */
#include "compiler/lower.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Encodings of a list's members. They are sorted and repeats left out, since the order in which
 * objects are written has no meaning; each has its length in front, so that no two lists look
 * alike.
 */
struct members {
	struct member {
		const char *bytes;
		size_t len;
	} * v;
	uint32_t n;
};

static struct members members_new(uint32_t n)
{
	struct members m = { .v = calloc(n + 1, sizeof(*m.v)) };

	if (!m.v)
		abort();
	return m;
}

static int by_bytes(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static void put_members(struct text *t, struct members *m)
{
	uint32_t n = 0;

	qsort(m->v, m->n, sizeof(*m->v), by_bytes);
	for (uint32_t i = 0; i < m->n; i++) {
		if (n == 0 || by_bytes(&m->v[n - 1], &m->v[i]) != 0)
			m->v[n++] = m->v[i];
	}
	text_u32(t, n);
	for (uint32_t i = 0; i < n; i++) {
		text_u32(t, (uint32_t)m->v[i].len);
		text_add(t, m->v[i].bytes, m->v[i].len);
	}
	free(m->v);
}

static void put_globs(struct text *t, const struct globs *globs)
{
	struct members m = members_new(globs->n);

	for (uint32_t i = 0; i < globs->n; i++)
		m.v[m.n++] = (struct member){ globs->v[i]->text, globs->v[i]->len };
	put_members(t, &m);
}

/* Encodings that @whole holds one after the other, up to @ends. */
static void put_slices(struct text *t, struct text *whole, const size_t *ends, uint32_t n)
{
	struct members m = members_new(n);

	for (uint32_t i = 0; i < n; i++) {
		size_t from = i ? ends[i - 1] : 0;

		m.v[m.n++] = (struct member){ text_str(whole) + from, ends[i] - from };
	}
	put_members(t, &m);
	text_release(whole);
}

static size_t *ends_new(uint32_t n)
{
	size_t *ends = calloc(n + 1, sizeof(*ends));

	if (!ends)
		abort();
	return ends;
}

static void put_endpoints(struct text *t, const struct endpoints *list)
{
	_cleanup_free_ size_t *ends = ends_new(list->n);
	struct text whole = TEXT_INIT;

	for (uint32_t i = 0; i < list->n; i++) {
		text_putc(&whole, (char)list->v[i].family);
		text_putc(&whole, (char)list->v[i].prefix);
		text_add(&whole, list->v[i].address, 16);
		text_u16(&whole, list->v[i].port_lo);
		text_u16(&whole, list->v[i].port_hi);
		ends[i] = whole.len;
	}
	put_slices(t, &whole, ends, list->n);
}

static void put_tests(struct text *t, const struct syscall_match *m)
{
	_cleanup_free_ size_t *ends = ends_new(m->n_tests);
	struct text whole = TEXT_INIT;

	for (uint32_t i = 0; i < m->n_tests; i++) {
		const struct syscall_test *test = &m->tests[i];

		text_puts(&whole, test->argument->name);
		text_putc(&whole, 0);
		text_u32(&whole, (uint32_t)test->kind * 2 + test->negated);
		text_u64(&whole, test->mask);
		text_u32(&whole, test->n_values);
		for (uint32_t k = 0; k < test->n_values; k++)
			text_u64(&whole, test->values[k]);
		ends[i] = whole.len;
	}
	put_slices(t, &whole, ends, m->n_tests);
}

static void put_calls(struct text *t, const struct syscall_matches *calls)
{
	_cleanup_free_ size_t *ends = ends_new(calls->n);
	struct text whole = TEXT_INIT;

	for (uint32_t i = 0; i < calls->n; i++) {
		/* By name: the index moves when the table grows. */
		text_puts(&whole, vocab_syscalls[calls->v[i].syscall].name);
		text_putc(&whole, 0);
		put_tests(&whole, &calls->v[i]);
		ends[i] = whole.len;
	}
	put_slices(t, &whole, ends, calls->n);
}

static void put_bits(struct text *t, uint64_t bits, const char *(*name)(int))
{
	for (; bits; bits &= bits - 1) {
		text_puts(t, name(__builtin_ctzll(bits)));
		text_putc(t, 0);
	}
	text_putc(t, 0);
}

static const char *operation_name(int op)
{
	return vocab_operations[op].name;
}

static const char *family_name(int i)
{
	return vocab_families[i].name;
}

static void put_rule(struct text *t, const struct policy *p, const struct rule *r)
{
	text_puts(t, p->domains[r->domain]->name);
	text_putc(t, 0);
	text_u32(t, (uint32_t)r->effect | (uint32_t)r->quiet << 8 | (uint32_t)r->is_default << 9 |
			    (uint32_t)r->only << 10 | (uint32_t)r->owner << 11 |
			    (uint32_t)r->any_path << 12 | (uint32_t)r->derived << 13);
	put_bits(t, r->operations, operation_name);
	put_bits(t, r->implied, operation_name);
	text_u32(t, (uint32_t)r->errnum);
	text_puts(t, r->transition >= 0 ? p->domains[r->transition]->name : "");
	text_putc(t, 0);
	text_putc(t, (char)r->classes);
	put_globs(t, &r->paths);
	put_globs(t, &r->except_paths);
	put_globs(t, &r->names);
	put_globs(t, &r->except_names);
	text_putc(t, (char)r->protocols);
	put_endpoints(t, &r->endpoints);
	put_endpoints(t, &r->except_endpoints);
	text_u64(t, r->signals);
	text_u32(t, (uint32_t)r->target);
	text_puts(t, r->target == TARGET_DOMAIN ? p->domains[r->target_domain]->name : "");
	text_putc(t, 0);
	text_u64(t, r->capabilities);
	put_calls(t, &r->calls);
	put_calls(t, &r->except_calls);
	put_bits(t, r->families, family_name);
	text_u32(t, r->netlink);
	text_puts(t, r->fstype ? r->fstype : "");
	text_putc(t, 0);
	put_globs(t, &r->sources);
	text_u32(t, r->mount_flags);
	text_u32(t, (uint32_t)r->limit);
	text_u64(t, r->limit_value);
}

void rule_identify(const struct policy *p, struct rule *r)
{
	struct text t = TEXT_INIT;
	uint8_t digest[32];

	put_rule(&t, p, r);
	sha256(text_str(&t), t.len, digest);
	memcpy(&r->id, digest, sizeof(r->id));
	r->id = __builtin_bswap64(r->id);
	text_release(&t);
}

void policy_identify(struct policy *p)
{
	struct text t = TEXT_INIT;

	text_puts(&t, "pale policy 1");
	text_u32(&t, p->audit);
	text_u32(&t, p->abis);
	for (uint32_t i = 0; i < p->n_rules; i++)
		text_u64(&t, p->rules[i]->id);
	sha256_hex(text_str(&t), t.len, p->digest);
	text_release(&t);
}
