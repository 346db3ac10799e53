/* SPDX-License-Identifier: Apache-2.0 */
/* From struct import_seccomp to a policy's text: what each call gets, then the rules that say so.
 */
#include "compiler/import_oci.h"

#include "compiler/base/cleanup.h"
#include "compiler/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A condition at the width that the kernel reads. As values of the argument taken without a sign:
 * those in [lo, hi], or all others; or those that have @value in the bits of @mask.
 */
struct test {
	const struct vocab_argument *argument;
	uint8_t index, width;
	bool is_mask, negated;
	uint64_t lo, hi;
	uint64_t mask, value;
};

enum truth { SOMETIMES, ALWAYS, NEVER };

/* What an entry says of one call: all tests must hold. Ascending by index, one each. */
struct alternative {
	struct test tests[6];
	uint32_t n_tests;
	struct import_action action;
	const struct import_entry *entry;
};

/* More can hardly be told apart (cells.h). */
#define ALTERNATIVES_MAX 1024

struct call {
	const struct import_entry *whole; /* says it whatever the arguments; NULL: none does */
	struct alternative *v;
	uint32_t n, cap;
};

/* Rules of one effect and errno. */
struct bucket {
	struct import_action action;
	struct policy_words whole;
	/* One rule for each: the call, or "call(…), call(…)". */
	struct policy_words rules;
};

struct writing {
	struct arena *arena;
	struct diag_list *diags;
	const struct import_seccomp *model;
	const struct source *source;
	struct call *calls; /* by index into vocab_syscalls */
	struct policy_words unknown, absent;
	const struct json_path *unknown_at; /* the first entry that has one */
	struct policy_words comments;
	int32_t last[ABI_COUNT]; /* the greatest number that an entry names */
	struct bucket *buckets;
	uint32_t n_buckets, cap_buckets;
};

static void push(struct writing *w, struct policy_words *to, const char *s)
{
	ARENA_PUSH(w->arena, to->v, to->n, to->cap, s);
}

static const char *path_of(const struct writing *w, const struct json_path *path)
{
	return json_path_text(w->arena, path);
}

/* Diagnostics that are only counted need no place. */
static struct span place_of(const struct writing *w, const struct json_path *path)
{
	if (w->diags->n >= DIAG_MAX)
		return (struct span){ .source = w->source->id };
	return json_path_place(w->model->document, path);
}

static bool same_action(struct import_action a, struct import_action b)
{
	return a.verdict == b.verdict && (a.verdict != IMPORT_ERRNO || a.errnum == b.errnum);
}

static bool has_call(const struct writing *w, uint32_t call)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (w->model->abis & 1u << abi && vocab_syscalls[call].number[abi] >= 0)
			return true;
	}
	return false;
}

static const struct vocab_argument *argument_on(
	const struct vocab_syscall *s, enum abi abi, uint8_t index)
{
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		if (s->arguments[i].index[abi] == index)
			return &s->arguments[i];
	}
	return NULL;
}

/* The argument and the most bits of it that a spoken ABI reads. */
static const struct vocab_argument *find_argument(
	struct writing *w, uint32_t call, const struct import_condition *c, uint8_t *ret_width)
{
	const struct vocab_syscall *s = &vocab_syscalls[call];
	const struct vocab_argument *found = NULL;
	const char *path = path_of(w, c->path);
	bool first = true;

	*ret_width = 0;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		const struct vocab_argument *a;

		if (!(w->model->abis & 1u << abi) || s->number[abi] < 0)
			continue;
		a = argument_on(s, (enum abi)abi, c->index);
		if (!first && a != found) {
			diag_error(w->diags, place_of(w, c->path),
				"%s: argument %u of '%s' is not the same on all ABIs", path,
				c->index, s->name);
			return NULL;
		}
		first = false;
		found = a;
		if (a && vocab_argument_width(a, (enum abi)abi) > *ret_width)
			*ret_width = (uint8_t)vocab_argument_width(a, (enum abi)abi);
	}
	if (!found) {
		diag_error(w->diags, place_of(w, c->path),
			"%s: argument %u of '%s' is not in the tables and cannot be compared", path,
			c->index, s->name);
		return NULL;
	}
	if (found->is_pointer) {
		struct diag *d = diag_error(w->diags, place_of(w, c->path),
			"%s: argument %u of '%s' ('%s') is a pointer and cannot be compared", path,
			c->index, s->name, found->name);

		diag_hint(w->diags, d, "what it points to can change after the look");
		return NULL;
	}
	if (found->width_varies) {
		diag_error(w->diags, place_of(w, c->path),
			"%s: how much of argument %u of '%s' ('%s') the kernel reads depends on "
			"what the "
			"call is asked to do",
			path, c->index, s->name, found->name);
		return NULL;
	}
	return found;
}

/*
 * For ABIs of 32 bits libseccomp cuts what it compares with to 32 bits, so that a larger number
 * means one thing there and another on the 64-bit ABI. -1 does not.
 */
static bool means_the_same(struct writing *w, uint32_t call, const struct import_condition *c,
	const struct vocab_argument *a)
{
	static const enum abi narrow[] = { ABI_X86, ABI_X32, ABI_ARM };
	uint64_t large = c->op == IMPORT_MASKED_EQ ? c->value | c->value_two : c->value;
	bool equal = c->op == IMPORT_EQ || c->op == IMPORT_NE;

	if (large <= UINT32_MAX || (equal && a->is_signed && a->width == 32 &&
					   (int64_t)large >= INT32_MIN && (int64_t)large < 0))
		return true;
	for (size_t i = 0; i < sizeof(narrow) / sizeof(*narrow); i++) {
		enum abi abi = narrow[i];

		if (!(w->model->abis & 1u << abi) || vocab_syscalls[call].number[abi] < 0)
			continue;
		diag_error(w->diags, place_of(w, c->path),
			"%s: on %s only 32 bits of argument %u of '%s' are compared, where this "
			"number has more",
			path_of(w, c->path), vocab_abi_name(abi), c->index,
			vocab_syscalls[call].name);
		return false;
	}
	return true;
}

/*
 * Where @v, of 64 bits, lies among the values of @width bits, of which the upper half are negative
 * numbers if @is_signed: -1 between the halves, 1 above all.
 */
static int place(uint8_t width, bool is_signed, uint64_t v, uint64_t *ret)
{
	uint64_t all = cells_ones(width), half = (all >> 1) + 1;

	*ret = v & all;
	if (v <= all)
		return 0;
	if (!is_signed)
		return 1;
	return v >= (uint64_t)0 - half ? 0 : -1;
}

/* From 0 or to the greatest number: what is left of it has no hole. */
static enum truth span(struct test *t, bool is_signed, uint64_t lo, uint64_t hi)
{
	uint64_t all = cells_ones(t->width), half = (all >> 1) + 1;
	int where = place(t->width, is_signed, lo, &t->lo);

	if (where > 0)
		return NEVER;
	if (where < 0)
		t->lo = half;
	where = place(t->width, is_signed, hi, &t->hi);
	if (where)
		t->hi = where < 0 ? half - 1 : all;
	return t->lo == 0 && t->hi == all ? ALWAYS : SOMETIMES;
}

static enum truth masked(struct test *t, bool is_signed, uint64_t mask, uint64_t value)
{
	uint64_t all = cells_ones(t->width), sign = (all >> 1) + 1;
	uint64_t high_mask = mask & ~all, high;

	/* Bits outside of the mask do not count for libseccomp. */
	value &= mask;
	high = value & ~all;
	t->is_mask = true;
	t->mask = mask & all;
	t->value = value & all;
	if (high && !(is_signed && high == high_mask))
		return NEVER;
	if (is_signed && high_mask && !(t->mask & sign)) {
		/* Looks at what the sign is spread over. */
		t->mask |= sign;
		t->value |= high ? sign : 0;
	} else if (is_signed && high && !(t->value & sign)) {
		return NEVER;
	}
	if (t->mask == 0)
		return ALWAYS;
	/* The upper bits alone: a range. Ranges are told apart without a limit, masks are not. */
	if (((t->mask ^ all) & ((t->mask ^ all) + 1)) == 0) {
		t->is_mask = false;
		t->lo = t->value;
		t->hi = t->value | (t->mask ^ all);
	}
	return SOMETIMES;
}

/*
 * A register holds a negative argument with its sign spread above, or with zeros there. Where the
 * border of a comparison is a number that only the second has, its author thought of that.
 */
static bool sign_is_spread(const struct test *t, const struct import_condition *c)
{
	uint64_t all = cells_ones(t->width);
	/* LE and GT divide the numbers above @value. */
	uint64_t above = c->op == IMPORT_LE || c->op == IMPORT_GT;

	return t->argument->is_signed && (c->value > all || c->value + above <= (all >> 1) + 1) &&
	       !(c->value == all + 1 && (c->op == IMPORT_LT || c->op == IMPORT_GE));
}

static enum truth lower(const struct import_condition *c, struct test *t)
{
	bool spread = sign_is_spread(t, c);

	switch (c->op) {
	case IMPORT_EQ:
	case IMPORT_NE:
		t->negated = c->op == IMPORT_NE;
		if (place(t->width, t->argument->is_signed, c->value, &t->lo) != 0)
			return t->negated ? ALWAYS : NEVER;
		t->hi = t->lo;
		return SOMETIMES;
	case IMPORT_LT:
		return c->value == 0 ? NEVER : span(t, spread, 0, c->value - 1);
	case IMPORT_LE:
		return span(t, spread, 0, c->value);
	case IMPORT_GT:
		return c->value == UINT64_MAX ? NEVER : span(t, spread, c->value + 1, UINT64_MAX);
	case IMPORT_GE:
		return span(t, spread, c->value, UINT64_MAX);
	case IMPORT_MASKED_EQ:
		return masked(t, t->argument->is_signed, c->value, c->value_two);
	}
	return NEVER;
}

static bool holds(const struct test *t, uint64_t v)
{
	if (t->is_mask)
		return (v & t->mask) == t->value;
	return (v >= t->lo && v <= t->hi) != t->negated;
}

static bool same_test(const struct test *a, const struct test *b)
{
	if (a->index != b->index || a->is_mask != b->is_mask)
		return false;
	if (a->is_mask)
		return a->mask == b->mask && a->value == b->value;
	return a->lo == b->lo && a->hi == b->hi && a->negated == b->negated;
}

static bool same_tests(const struct alternative *a, const struct alternative *b)
{
	if (a->n_tests != b->n_tests)
		return false;
	for (uint32_t i = 0; i < a->n_tests; i++) {
		if (!same_test(&a->tests[i], &b->tests[i]))
			return false;
	}
	return true;
}

static void cut(struct arena *a, struct cell_argument *x, const struct test *t)
{
	if (t->is_mask)
		cell_argument_mask(a, x, t->mask, t->value);
	else
		cell_argument_cut(a, x, t->lo, t->hi);
}

static bool both_hold(struct arena *scratch, const struct test *a, const struct test *b)
{
	struct cell_argument x = { .width = a->width };

	cut(scratch, &x, a);
	cut(scratch, &x, b);
	if (!cell_argument_classes(scratch, &x))
		return true;
	for (uint32_t i = 0; i < x.n_classes; i++) {
		if (holds(a, x.classes[i].witness) && holds(b, x.classes[i].witness))
			return true;
	}
	return false;
}

/* Whether some arguments meet both. */
static bool overlap(const struct alternative *a, const struct alternative *b)
{
	struct arena *scratch = arena_new();
	bool ok = true;

	for (uint32_t i = 0; i < a->n_tests && ok; i++) {
		for (uint32_t k = 0; k < b->n_tests && ok; k++)
			ok = a->tests[i].index != b->tests[k].index ||
			     both_hold(scratch, &a->tests[i], &b->tests[k]);
	}
	arena_free(scratch);
	return ok;
}

static void comment(struct writing *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void comment(struct writing *w, const char *format, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		abort();
	va_end(args);
	push(w, &w->comments, arena_strdup(w->arena, s));
}

/* Both tell: the terminal now, the policy for good. */
static void without_effect(
	struct writing *w, const struct json_path *path, const char *call, const char *why)
{
	const char *text = path_of(w, path);

	diag_warning(
		w->diags, place_of(w, path), "%s: without effect on '%s': %s", text, call, why);
	comment(w, "Without effect on %s (%s): %s.", call, text, why);
}

static void contradiction(struct writing *w, const char *call, const struct import_entry *a,
	const struct import_entry *b)
{
	struct diag *d = diag_error(w->diags, place_of(w, b->path),
		"%s: for some arguments of '%s' it says something else than %s",
		path_of(w, b->path), call, path_of(w, a->path));

	diag_note(w->diags, d, place_of(w, a->path), "the other is here");
	diag_hint(w->diags, d,
		"which of them wins is not specified: make their conditions exclude "
		"each other");
}

static void add_alternative(struct writing *w, uint32_t syscall, const struct import_entry *e,
	const struct import_condition *conditions, uint32_t n)
{
	struct call *call = &w->calls[syscall];
	struct alternative x = { .action = e->action, .entry = e };
	const char *name = vocab_syscalls[syscall].name;

	for (uint8_t index = 0; index < 6; index++) {
		for (uint32_t i = 0; i < n; i++) {
			struct test t = { .index = index };

			if (conditions[i].index != index)
				continue;
			t.argument = find_argument(w, syscall, &conditions[i], &t.width);
			if (!t.argument || !means_the_same(w, syscall, &conditions[i], t.argument))
				return;
			switch (lower(&conditions[i], &t)) {
			case NEVER:
				without_effect(w, conditions[i].path, name,
					arena_printf(w->arena,
						"of argument %u the kernel reads %u bits, for "
						"which this never holds",
						index, t.width));
				return;
			case SOMETIMES:
				x.tests[x.n_tests++] = t;
				break;
			case ALWAYS:
				break;
			}
		}
	}
	for (uint32_t i = 0; i < call->n; i++) {
		if (same_tests(&call->v[i], &x) && same_action(call->v[i].action, x.action))
			return;
	}
	if (call->n == ALTERNATIVES_MAX) {
		diag_error(w->diags, place_of(w, e->path),
			"%s: more than %d different conditions on '%s'", path_of(w, e->path),
			ALTERNATIVES_MAX, name);
		return;
	}
	ARENA_PUSH(w->arena, call->v, call->n, call->cap, x);
}

/* runc: two conditions on one argument make an entry of each condition. */
static bool doubled(const struct import_entry *e)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < e->n_conditions; i++) {
		if (seen & 1u << e->conditions[i].index)
			return true;
		seen |= 1u << e->conditions[i].index;
	}
	return false;
}

static void count_name(struct writing *w, const char *name)
{
	int found = vocab_syscall_find(name);

	for (int abi = 0; found >= 0 && abi < ABI_COUNT; abi++) {
		if (vocab_syscalls[found].number[abi] > w->last[abi])
			w->last[abi] = vocab_syscalls[found].number[abi];
	}
}

static void add_name(struct writing *w, const struct import_entry *e, const char *name)
{
	int found = vocab_syscall_find(name);
	struct call *call;

	if (found < 0) {
		if (!w->unknown.n)
			w->unknown_at = e->path;
		push(w, &w->unknown, name);
		return;
	}
	call = &w->calls[found];
	if (!e->n_conditions) {
		if (call->whole && !same_action(call->whole->action, e->action))
			without_effect(w, e->path, name,
				arena_printf(w->arena,
					"%s, which stands before it, speaks of the call, too",
					path_of(w, call->whole->path)));
		if (!call->whole)
			call->whole = e;
		return;
	}
	if (!has_call(w, (uint32_t)found)) {
		push(w, &w->absent, name);
		return;
	}
	if (!doubled(e)) {
		add_alternative(w, (uint32_t)found, e, e->conditions, e->n_conditions);
		return;
	}
	for (uint32_t i = 0; i < e->n_conditions; i++)
		add_alternative(w, (uint32_t)found, e, &e->conditions[i], 1);
}

/* linux/net.h, linux/ipc.h: which of x86's socketcall and ipc a call is. */
static const struct {
	const char *name, *by;
	uint8_t number;
} multiplexed[] = {
	{ "socket", "socketcall", 1 },
	{ "bind", "socketcall", 2 },
	{ "connect", "socketcall", 3 },
	{ "listen", "socketcall", 4 },
	{ "accept", "socketcall", 5 },
	{ "getsockname", "socketcall", 6 },
	{ "getpeername", "socketcall", 7 },
	{ "socketpair", "socketcall", 8 },
	{ "send", "socketcall", 9 },
	{ "recv", "socketcall", 10 },
	{ "sendto", "socketcall", 11 },
	{ "recvfrom", "socketcall", 12 },
	{ "shutdown", "socketcall", 13 },
	{ "setsockopt", "socketcall", 14 },
	{ "getsockopt", "socketcall", 15 },
	{ "sendmsg", "socketcall", 16 },
	{ "recvmsg", "socketcall", 17 },
	{ "accept4", "socketcall", 18 },
	{ "recvmmsg", "socketcall", 19 },
	{ "sendmmsg", "socketcall", 20 },
	{ "semop", "ipc", 1 },
	{ "semget", "ipc", 2 },
	{ "semctl", "ipc", 3 },
	{ "semtimedop", "ipc", 4 },
	{ "msgsnd", "ipc", 11 },
	{ "msgrcv", "ipc", 12 },
	{ "msgget", "ipc", 13 },
	{ "msgctl", "ipc", 14 },
	{ "shmat", "ipc", 21 },
	{ "shmdt", "ipc", 22 },
	{ "shmget", "ipc", 23 },
	{ "shmctl", "ipc", 24 },
};

/* As libseccomp does, which adds a rule for the call that stands for it. */
static void add_multiplexed(struct writing *w, size_t row)
{
	const char *by = multiplexed[row].by;
	int call = vocab_syscall_find(multiplexed[row].name), all = vocab_syscall_find(by);
	struct import_condition c = { .op = IMPORT_EQ, .value = multiplexed[row].number };
	const struct call *x;

	if (call < 0 || all < 0 || w->calls[all].whole)
		return;
	x = &w->calls[call];
	if (x->whole) {
		c.path = x->whole->path;
		add_alternative(w, (uint32_t)all, x->whole, &c, 1);
		return;
	}
	for (uint32_t i = 0; i < x->n; i++)
		without_effect(w, x->v[i].entry->path, by,
			arena_printf(w->arena, "there the arguments of %s lie in memory",
				multiplexed[row].name));
}

/*
 * The cells of a call's arguments that its alternatives tell apart. false when there are more than
 * CELLS_MAX: @ret is then not filled in.
 */
static bool cells_of(struct arena *scratch, const struct call *call, struct cells *ret)
{
	struct cells c = { .n = 1 };

	for (uint8_t index = 0; index < 6; index++) {
		struct cell_argument x = { .index = index };

		for (uint32_t i = 0; i < call->n; i++) {
			for (uint32_t k = 0; k < call->v[i].n_tests; k++) {
				const struct test *t = &call->v[i].tests[k];

				if (t->index != index)
					continue;
				x.width = t->width;
				cut(scratch, &x, t);
			}
		}
		if (!x.width)
			continue;
		/* The least negative number begins a case of its own. */
		cell_argument_cut(scratch, &x, 0, cells_ones(x.width) >> 1);
		if (!cell_argument_classes(scratch, &x) || (uint64_t)c.n * x.n_classes > CELLS_MAX)
			return false;
		c.n *= x.n_classes;
		ARENA_PUSH(scratch, c.arguments, c.n_arguments, c.cap_arguments, x);
	}
	*ret = c;
	return true;
}

static bool alternative_holds(const struct alternative *x, const uint64_t arguments[6])
{
	for (uint32_t i = 0; i < x->n_tests; i++) {
		if (!holds(&x->tests[i], arguments[x->tests[i].index]))
			return false;
	}
	return true;
}

/* Whether some arguments are left that no alternative matches. For calls of few_cases(). */
static bool has_rest(const struct call *call)
{
	struct arena *scratch = arena_new();
	struct cells c = { 0 };
	bool rest = !cells_of(scratch, call, &c);

	for (uint32_t i = 0; i < c.n && !rest; i++) {
		uint64_t arguments[6];

		cells_witness(&c, i, arguments);
		rest = true;
		for (uint32_t k = 0; k < call->n && rest; k++)
			rest = !alternative_holds(&call->v[k], arguments);
	}
	arena_free(scratch);
	return rest;
}

static bool few_cases(const struct call *call)
{
	struct arena *scratch = arena_new();
	struct cells c;
	bool few = cells_of(scratch, call, &c);

	arena_free(scratch);
	return few;
}

/* Leaves of a call either @whole or alternatives of which no two say different things. */
static void settle(struct writing *w, uint32_t syscall)
{
	struct call *call = &w->calls[syscall];
	const char *name = vocab_syscalls[syscall].name;

	if (call->whole) {
		for (uint32_t i = 0; i < call->n; i++) {
			const struct import_entry *e = call->v[i].entry;

			if (!same_action(call->v[i].action, call->whole->action))
				without_effect(w, e->path, name,
					arena_printf(w->arena,
						"%s speaks of the call whatever its arguments",
						path_of(w, call->whole->path)));
		}
		call->n = 0;
		return;
	}
	for (uint32_t i = 0; i < call->n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (same_action(call->v[i].action, call->v[k].action) ||
				!overlap(&call->v[i], &call->v[k]))
				continue;
			contradiction(w, name, call->v[k].entry, call->v[i].entry);
			return;
		}
	}
	for (uint32_t i = 0; i < call->n; i++) {
		/* Of a comparison that always holds, which then all others agree with. */
		if (call->v[i].n_tests)
			continue;
		call->whole = call->v[i].entry;
		call->n = 0;
		return;
	}
	if (call->n && !few_cases(call))
		diag_error(w->diags, place_of(w, call->v[0].entry->path),
			"%s: the conditions on '%s' tell more than %d cases apart, or have more "
			"than %d masks",
			path_of(w, call->v[0].entry->path), name, CELLS_MAX, CELL_MASKS_MAX);
}

static const char *number_text(struct writing *w, const struct test *t, uint64_t v)
{
	uint64_t sign = (cells_ones(t->width) >> 1) + 1;

	if (t->argument->is_signed && v & sign)
		return arena_printf(
			w->arena, "-%llu", (unsigned long long)(cells_ones(t->width) - v + 1));
	return arena_printf(w->arena, v < 4096 ? "%llu" : "0x%llx", (unsigned long long)v);
}

static const char *signed_span(struct writing *w, const struct test *t)
{
	uint64_t all = cells_ones(t->width), half = (all >> 1) + 1;
	const char *name = t->argument->name;

	if (t->lo == 0 && t->hi == half - 1)
		return arena_printf(w->arena, "%s >= 0", name);
	if (t->lo == half && t->hi == all)
		return arena_printf(w->arena, "%s < 0", name);
	/* From @lo over the largest and the least number to @hi. */
	if (t->lo < half && t->hi >= half) {
		const char *first = number_text(w, t, (t->hi + 1) & all);
		const char *last = number_text(w, t, (t->lo - 1) & all);

		if (!strcmp(first, last))
			return arena_printf(w->arena, "%s != %s", name, first);
		return arena_printf(w->arena, "%s not in %s..%s", name, first, last);
	}
	return arena_printf(
		w->arena, "%s in %s..%s", name, number_text(w, t, t->lo), number_text(w, t, t->hi));
}

static const char *test_text(struct writing *w, const struct test *t)
{
	const char *name = t->argument->name;

	if (t->is_mask)
		return arena_printf(w->arena,
			t->value ? "%s & 0x%llx == 0x%llx" : "%s & 0x%llx == 0", name,
			(unsigned long long)t->mask, (unsigned long long)t->value);
	if (t->lo == t->hi)
		return arena_printf(w->arena, "%s %s %s", name,
			t->negated ? "!=" : "==", number_text(w, t, t->lo));
	if (t->argument->is_signed)
		return signed_span(w, t);
	if (t->lo == 0)
		return arena_printf(w->arena, "%s <= %s", name, number_text(w, t, t->hi));
	if (t->hi == cells_ones(t->width))
		return arena_printf(w->arena, "%s >= %s", name, number_text(w, t, t->lo));
	return arena_printf(
		w->arena, "%s in %s..%s", name, number_text(w, t, t->lo), number_text(w, t, t->hi));
}

static bool is_one_value(const struct alternative *x)
{
	return x->n_tests == 1 && !x->tests[0].is_mask && !x->tests[0].negated &&
	       x->tests[0].lo == x->tests[0].hi;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* "personality(personality in {0, 8})" of all that compare that argument with one value. */
static const char *values_text(struct writing *w, const struct call *call, const char *name,
	const struct alternative *like)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint64_t *v = arena_array(w->arena, call->n, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < call->n; i++) {
		if (is_one_value(&call->v[i]) && same_action(call->v[i].action, like->action) &&
			call->v[i].tests[0].index == like->tests[0].index)
			v[n++] = call->v[i].tests[0].lo;
	}
	qsort(v, n, sizeof(*v), ascending);
	if (n == 1)
		return arena_printf(w->arena, "%s(%s)", name, test_text(w, &like->tests[0]));
	text_printf(&t, "%s(%s in {", name, like->tests[0].argument->name);
	for (uint32_t i = 0; i < n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", number_text(w, &like->tests[0], v[i]));
	text_puts(&t, "})");
	return arena_strdup(w->arena, text_str(&t));
}

/* The alternatives of one action, or of any when @action is NULL. */
static struct policy_words alternatives_text(struct writing *w, const struct call *call,
	const char *name, const struct import_action *action)
{
	struct policy_words words = { 0 };

	for (uint32_t i = 0; i < call->n; i++) {
		const struct alternative *x = &call->v[i];
		_cleanup_(text_release) struct text t = TEXT_INIT;
		bool told = false;

		if (action && !same_action(x->action, *action))
			continue;
		for (uint32_t k = 0; k < i && is_one_value(x) && !told; k++)
			told = is_one_value(&call->v[k]) &&
			       same_action(call->v[k].action, x->action) &&
			       call->v[k].tests[0].index == x->tests[0].index;
		if (told)
			continue;
		if (is_one_value(x)) {
			push(w, &words, values_text(w, call, name, x));
			continue;
		}
		text_printf(&t, "%s(", name);
		for (uint32_t k = 0; k < x->n_tests; k++)
			text_printf(&t, "%s%s", k ? " and " : "", test_text(w, &x->tests[k]));
		text_putc(&t, ')');
		push(w, &words, arena_strdup(w->arena, text_str(&t)));
	}
	return words;
}

static struct bucket *bucket(struct writing *w, struct import_action action)
{
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		if (same_action(w->buckets[i].action, action))
			return &w->buckets[i];
	}
	ARENA_PUSH(w->arena, w->buckets, w->n_buckets, w->cap_buckets,
		(struct bucket){ .action = action });
	return &w->buckets[w->n_buckets - 1];
}

static const char *const effects[] = {
	[IMPORT_ALLOW] = "only",
	[IMPORT_LOG] = "audit",
	[IMPORT_ERRNO] = "deny",
	[IMPORT_KILL] = "kill",
};

/* What follows a rule's objects, or NULL. */
static const char *tail_of(struct writing *w, struct import_action action)
{
	if (action.verdict != IMPORT_ERRNO || action.errnum == EPERM)
		return NULL;
	return arena_printf(w->arena, "errno %s", vocab_errno_name(action.errnum));
}

#define RULE_INDENT (2 * POLICY_TEXT_INDENT)

static void add_rule(struct writing *w, struct import_action action, const char *head,
	const struct policy_words *words)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct bucket *b = bucket(w, action);

	policy_text_list(&t, RULE_INDENT, head, words, tail_of(w, action));
	push(w, &b->rules, arena_strdup(w->arena, text_str(&t)));
}

/* What the policy itself does with calls that no rule speaks of. */
static struct import_action policy_default(const struct writing *w)
{
	if (w->model->default_action.verdict == IMPORT_KILL)
		return w->model->default_action;
	return (struct import_action){ .verdict = IMPORT_ERRNO, .errnum = EPERM };
}

/* The arguments that no alternative matches. */
static void write_rest(struct writing *w, const char *name, const struct call *call)
{
	struct import_action action = w->model->default_action;
	struct policy_words except = { 0 };

	if (same_action(action, policy_default(w)))
		return;
	/* Allows give way to the alternatives; others would go before them. */
	if (action.verdict != IMPORT_ALLOW)
		except = alternatives_text(w, call, name, NULL);
	if (except.n)
		add_rule(w, action,
			arena_printf(w->arena, "%s %s except", effects[action.verdict], name),
			&except);
	else
		push(w, &bucket(w, action)->whole, name);
}

/* runc: a profile that permits by default, or answers ENOSYS anyway, has no stub. */
static bool beyond_the_last(const struct writing *w, uint32_t syscall)
{
	struct import_action action = w->model->default_action;

	if (!w->model->runc || action.verdict == IMPORT_ALLOW || action.verdict == IMPORT_LOG ||
		(action.verdict == IMPORT_ERRNO && action.errnum == ENOSYS))
		return false;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		int32_t number = vocab_syscalls[syscall].number[abi];

		if (w->model->abis & 1u << abi && number >= 0)
			return number > w->last[abi];
	}
	return false;
}

static void write_call(struct writing *w, uint32_t syscall)
{
	const struct call *call = &w->calls[syscall];
	const char *name = vocab_syscalls[syscall].name;

	if (call->whole) {
		push(w, &bucket(w, call->whole->action)->whole, name);
		return;
	}
	if (beyond_the_last(w, syscall)) {
		struct import_action newer = { .verdict = IMPORT_ERRNO, .errnum = ENOSYS };

		push(w, &bucket(w, newer)->whole, name);
		return;
	}
	for (uint32_t i = 0; i < call->n; i++) {
		struct import_action action = call->v[i].action;
		struct policy_words words;
		bool told = false;

		for (uint32_t k = 0; k < i && !told; k++)
			told = same_action(call->v[k].action, action);
		if (told)
			continue;
		words = alternatives_text(w, call, name, &action);
		add_rule(w, action, effects[action.verdict], &words);
	}
	if (has_call(w, syscall) && has_rest(call))
		write_rest(w, name, call);
}

/* Beside a comparison of clone's flags a policy answers ENOSYS to a clone3 of which no rule speaks.
 */
static void write_clone3(struct writing *w)
{
	int clone = vocab_syscall_find("clone"), clone3 = vocab_syscall_find("clone3");

	if (clone < 0 || clone3 < 0 || !w->calls[clone].n || w->calls[clone3].whole ||
		!has_call(w, (uint32_t)clone3) || beyond_the_last(w, (uint32_t)clone3) ||
		!same_action(w->model->default_action, policy_default(w)))
		return;
	push(w, &bucket(w, policy_default(w))->whole, "clone3");
}

/* Allows first, then by severity; a plain deny before those with an errno. */
static int compare_buckets(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->action.verdict != y->action.verdict)
		return x->action.verdict < y->action.verdict ? -1 : 1;
	return x->action.errnum < y->action.errnum ? -1 : x->action.errnum > y->action.errnum;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_words(struct policy_words *words)
{
	size_t kept = 0;

	if (words->n)
		qsort(words->v, words->n, sizeof(*words->v), compare_words);
	for (size_t i = 0; i < words->n; i++) {
		if (kept == 0 || strcmp(words->v[kept - 1], words->v[i]) != 0)
			words->v[kept++] = words->v[i];
	}
	words->n = kept;
}

static const char *joined(struct writing *w, const struct policy_words *words, size_t most)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n && i < most; i++)
		text_printf(&t, "%s%s", i ? ", " : "", words->v[i]);
	if (words->n > most)
		text_puts(&t, ", …");
	return arena_strdup(w->arena, text_str(&t));
}

static void tell_left_out(struct writing *w, const struct import_entry *e)
{
	struct policy_words names = { 0 };
	const char *tail = tail_of(w, e->action);

	for (size_t i = 0; i < e->names.n; i++)
		push(w, &names,
			e->n_conditions ? arena_printf(w->arena, "%s(…)", e->names.v[i])
					: e->names.v[i]);
	sort_words(&names);
	comment(w, "Left out, %s (%s): %s %s%s%s.", e->left_out, path_of(w, e->path),
		e->other_action			    ? e->other_action
		: e->action.verdict == IMPORT_ALLOW ? "allow"
						    : effects[e->action.verdict],
		joined(w, &names, SIZE_MAX), tail ? " " : "", tail ? tail : "");
}

static void tell_names(struct writing *w)
{
	/* On a terminal; the policy has them all. */
	enum { TOLD_MAX = 20 };

	sort_words(&w->unknown);
	sort_words(&w->absent);
	if (w->unknown.n) {
		diag_warning(w->diags, place_of(w, w->unknown_at),
			"%zu call%s left out that the tables do not know: %s", w->unknown.n,
			w->unknown.n == 1 ? "" : "s", joined(w, &w->unknown, TOLD_MAX));
		comment(w, "Left out, %zu call%s that the tables do not know: %s.", w->unknown.n,
			w->unknown.n == 1 ? "" : "s", joined(w, &w->unknown, SIZE_MAX));
	}
	if (w->absent.n)
		comment(w, "Left out, conditions on calls that these ABIs do not have: %s.",
			joined(w, &w->absent, SIZE_MAX));
}

/* `only` drops the calls that other rules would bring; there must be one. */
static bool check_only(struct writing *w)
{
	struct diag *d;

	for (uint32_t i = 0; i < w->n_buckets; i++) {
		if (w->buckets[i].action.verdict == IMPORT_ALLOW)
			return true;
	}
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		struct bucket *b = &w->buckets[i];

		if (b->action.verdict == IMPORT_LOG && b->whole.n) {
			struct import_action allow = { .verdict = IMPORT_ALLOW };
			const char *first = b->whole.v[0];

			push(w, &bucket(w, allow)->whole, first);
			return true;
		}
	}
	d = diag_error(w->diags, place_of(w, w->model->default_path),
		"this profile allows no call: a process under it could not even end");
	diag_hint(w->diags, d,
		"entries whose conditions do not hold here (--capabilities, --abi, "
		"--kernel) are left out");
	return false;
}

static void write_head(struct writing *w, struct text *to)
{
	policy_text_comment(to, 0,
		arena_printf(w->arena,
			"Made by 'pale import' from the seccomp profile %s. It says nothing of "
			"files, processes and network: the rules for them are missing here, and "
			"what no rule allows is refused.",
			w->source->portable_name));
	for (size_t i = 0; i < w->model->notes.n; i++)
		policy_text_comment(to, 0, w->model->notes.v[i]);
	if (w->comments.n)
		text_puts(to, "#\n");
	for (size_t i = 0; i < w->comments.n; i++)
		policy_text_comment(to, 0, w->comments.v[i]);
}

static void write_profile(struct writing *w, const char *name, struct text *to)
{
	struct policy_words abis = { 0 }, capabilities = { 0 };

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (w->model->abis & 1u << abi)
			push(w, &abis, vocab_abi_name((enum abi)abi));
	}
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		if (w->model->capabilities >> i & 1)
			push(w, &capabilities, vocab_capability_name(i));
	}
	sort_words(&capabilities);
	policy_text_line(to, 0, "profile %s {", name);
	policy_text_list(to, POLICY_TEXT_INDENT, "abi", &abis, NULL);
	if (w->model->default_action.verdict == IMPORT_KILL)
		policy_text_line(to, POLICY_TEXT_INDENT, "on violation kill");
	policy_text_list(to, POLICY_TEXT_INDENT, "allow capability", &capabilities, NULL);
	policy_text_line(to, POLICY_TEXT_INDENT, "syscall {");
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		struct bucket *b = &w->buckets[i];

		sort_words(&b->whole);
		policy_text_list(to, RULE_INDENT, effects[b->action.verdict], &b->whole,
			tail_of(w, b->action));
		for (size_t k = 0; k < b->rules.n; k++)
			text_puts(to, b->rules.v[k]);
	}
	policy_text_line(to, POLICY_TEXT_INDENT, "}");
	policy_text_line(to, 0, "}");
}

bool import_seccomp_write(const struct import_seccomp *m, const struct source *s, const char *name,
	struct diag_list *diags, struct text *to)
{
	struct writing w = { .arena = diags->arena, .diags = diags, .model = m, .source = s };

	w.calls = arena_array(w.arena, vocab_n_syscalls, sizeof(*w.calls));
	for (uint32_t i = 0; i < m->n; i++) {
		const struct import_entry *e = &m->entries[i];

		if (e->left_out)
			tell_left_out(&w, e);
		for (size_t k = 0; k < e->names.n; k++) {
			if (!e->left_out)
				count_name(&w, e->names.v[k]);
			if (!e->left_out && !same_action(e->action, m->default_action))
				add_name(&w, e, e->names.v[k]);
		}
	}
	for (size_t i = 0;
		m->abis & 1u << ABI_X86 && i < sizeof(multiplexed) / sizeof(*multiplexed); i++)
		add_multiplexed(&w, i);
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		settle(&w, i);
	tell_names(&w);
	if (diags->n_errors)
		return false;
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		write_call(&w, i);
	write_clone3(&w);
	if (!check_only(&w))
		return false;
	qsort(w.buckets, w.n_buckets, sizeof(*w.buckets), compare_buckets);
	write_head(&w, to);
	text_putc(to, '\n');
	write_profile(&w, name, to);
	return true;
}
