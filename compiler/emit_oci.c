/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_oci.h"

#include "compiler/cells.h"
#include "compiler/seccomp_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct seccomp_options stand_alone;

/* The conditions of one argument that an entry needs one of. */
struct conditions {
	struct oci_condition *v;
	uint32_t n, cap;
};

struct writing {
	struct arena *arena;
	struct arena *scratch;
	struct oci_filter *filter;
	int syscall;
	const struct cell_table *table;
	struct oci_condition conditions[6];
	uint32_t n_conditions;
	uint32_t first; /* entry of this call */
	const char *why;
};

static uint64_t ones(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

static bool fail(struct writing *w, const char *why)
{
	w->why = why;
	return false;
}

static bool add_condition(struct writing *w, struct conditions *to, struct oci_condition c)
{
	if (c.op == OCI_MASKED_EQ && c.value == UINT64_MAX) {
		c.op = OCI_EQ;
		c.value = c.value_two;
		c.value_two = 0;
	}
	/* jansson's integers, like those of most JSON writers, are signed. */
	if (c.value > INT64_MAX || c.value_two > INT64_MAX)
		return fail(w, "needs a number above 2^63, which JSON does not carry safely");
	if (to->n == OCI_ENTRIES_MAX)
		return fail(w, "needs too many entries");
	ARENA_PUSH(w->scratch, to->v, to->n, to->cap, c);
	return true;
}

/* A set of values as the intersection of a masked equality with intervals. */
struct cube {
	uint64_t mask, value;
};

static bool add_interval(struct writing *w, const struct cell_argument *x, struct cube cube,
	uint64_t lo, uint64_t hi, struct conditions *to)
{
	for (;;) {
		unsigned int k = 0;
		uint64_t prefix;

		/* The largest aligned block that begins at @lo and ends by @hi. */
		while (k < x->width && !(lo >> k & 1) && (lo | ones(k + 1)) <= hi)
			k++;
		prefix = ones(x->width) & ~ones(k);
		if (!(cube.mask & prefix & (cube.value ^ lo)) &&
			!add_condition(w, to,
				(struct oci_condition){ x->index, OCI_MASKED_EQ, cube.mask | prefix,
					cube.value | lo }))
			return false;
		if ((lo | ones(k)) >= hi)
			return true;
		lo = (lo | ones(k)) + 1;
	}
}

struct span64 {
	uint64_t lo, hi;
};

/* The whole register, where one comparison of 64 bits says it. */
static bool add_plain(struct writing *w, const struct cell_argument *x, const struct span64 *v,
	uint32_t n, struct conditions *to, bool *ret_done)
{
	struct oci_condition c = { .index = x->index };

	*ret_done = true;
	if (n == 1 && v[0].lo == v[0].hi) {
		c.op = OCI_EQ;
		c.value = v[0].lo;
	} else if (n == 1 && v[0].lo == 0) {
		c.op = OCI_LE;
		c.value = v[0].hi;
	} else if (n == 1 && v[0].hi == UINT64_MAX) {
		c.op = OCI_GE;
		c.value = v[0].lo;
	} else if (n == 2 && v[0].lo == 0 && v[1].hi == UINT64_MAX && v[1].lo - v[0].hi == 2) {
		c.op = OCI_NE;
		c.value = v[0].hi + 1;
	} else {
		*ret_done = false;
		return true;
	}
	return add_condition(w, to, c);
}

/* Classes that agree on all masks. @in: by class; what no class has cannot occur here. */
static bool add_intervals(struct writing *w, const struct cell_argument *x, struct cube cube,
	const bool *in, const uint32_t *classes, uint32_t n_classes, struct conditions *to)
{
	enum { IMPOSSIBLE, OUT, IN } *state = arena_array(w->scratch, x->n_starts, sizeof(*state));
	struct span64 *v = arena_array(w->scratch, x->n_starts, sizeof(*v));
	uint32_t n = 0;
	bool done = false, open = false, all = true;

	for (uint32_t i = 0; i < n_classes; i++) {
		state[x->classes[classes[i]].interval] = in[classes[i]] ? IN : OUT;
		all = all && in[classes[i]];
	}
	if (all)
		return add_condition(w, to,
			(struct oci_condition){ x->index, OCI_MASKED_EQ, cube.mask, cube.value });
	for (uint32_t i = 0; i < x->n_starts; i++) {
		uint64_t hi = i + 1 < x->n_starts ? x->starts[i + 1] - 1 : ones(x->width);

		open = state[i] == IN || (open && state[i] == IMPOSSIBLE);
		if (!open)
			continue;
		if (n && v[n - 1].hi + 1 == x->starts[i])
			v[n - 1].hi = hi;
		else
			v[n++] = (struct span64){ x->starts[i], hi };
	}
	if (x->width == 64 && cube.mask == 0 && !add_plain(w, x, v, n, to, &done))
		return false;
	for (uint32_t i = 0; i < n && !done; i++) {
		if (!add_interval(w, x, cube, v[i].lo, v[i].hi, to))
			return false;
	}
	return true;
}

/* One more masked equality, or what is left of a cube without it, in disjoint cubes. */
static bool narrow(struct cube *c, uint64_t mask, uint64_t value)
{
	if (c->mask & mask & (c->value ^ value))
		return false;
	c->mask |= mask;
	c->value |= value;
	return true;
}

static bool add_masks(struct writing *w, const struct cell_argument *x, uint32_t mask,
	struct cube cube, const bool *in, const uint32_t *classes, uint32_t n_classes,
	struct conditions *to)
{
	const struct cell_mask *m;
	uint32_t *part[2], n[2] = { 0, 0 };
	bool any = false, all = true;
	struct cube with = cube;

	for (uint32_t i = 0; i < n_classes; i++) {
		any = any || in[classes[i]];
		all = all && in[classes[i]];
	}
	if (!any)
		return true;
	if (all || mask == x->n_masks)
		return add_intervals(w, x, cube, in, classes, n_classes, to);
	m = &x->masks[mask];
	for (int b = 0; b < 2; b++)
		part[b] = arena_array(w->scratch, n_classes, sizeof(**part));
	for (uint32_t i = 0; i < n_classes; i++) {
		int b = x->classes[classes[i]].masks >> mask & 1;

		part[b][n[b]++] = classes[i];
	}
	if (narrow(&with, m->mask, m->value) &&
		!add_masks(w, x, mask + 1, with, in, part[1], n[1], to))
		return false;
	/* Not equal: as far as some bit equal, and there not. */
	for (uint64_t bit = (uint64_t)1 << 63; bit; bit >>= 1) {
		uint64_t above = m->mask & ~(bit - 1) & ~bit;
		struct cube without = cube;

		if (m->mask & bit && narrow(&without, above, m->value & above) &&
			narrow(&without, bit, ~m->value & bit) &&
			!add_masks(w, x, mask + 1, without, in, part[0], n[0], to))
			return false;
	}
	return true;
}

static bool write_function(struct writing *w, uint32_t level, uint32_t function)
{
	const struct cells *c = w->table->cells;
	const struct cell_argument *x;
	const uint32_t *next;
	bool *in, *done;
	uint32_t *classes;

	if (level == c->n_arguments) {
		struct oci_entry e = { w->syscall, function, { { 0 } }, w->n_conditions };

		if (function == w->filter->default_action)
			return true;
		memcpy(e.conditions, w->conditions, sizeof(e.conditions));
		if (w->filter->n - w->first == OCI_ENTRIES_MAX)
			return fail(w, "needs too many entries");
		ARENA_PUSH(w->arena, w->filter->v, w->filter->n, w->filter->cap, e);
		return true;
	}
	x = &c->arguments[level];
	next = w->table->levels[level].next[function];
	in = arena_array(w->scratch, x->n_classes, sizeof(*in));
	done = arena_array(w->scratch, x->n_classes, sizeof(*done));
	classes = arena_array(w->scratch, x->n_classes, sizeof(*classes));
	for (uint32_t i = 0; i < x->n_classes; i++)
		classes[i] = i;
	for (uint32_t i = 0; i < x->n_classes; i++) {
		struct conditions list = { 0 };
		uint32_t before = w->n_conditions;

		if (done[i])
			continue;
		for (uint32_t k = 0; k < x->n_classes; k++) {
			in[k] = next[k] == next[i];
			done[k] = done[k] || in[k];
		}
		if (level + 1 == c->n_arguments && next[i] == w->filter->default_action)
			continue;
		if (!add_masks(w, x, 0, (struct cube){ 0, 0 }, in, classes, x->n_classes, &list))
			return false;
		for (uint32_t k = 0; k < list.n; k++) {
			bool always = list.v[k].op == OCI_MASKED_EQ && list.v[k].value == 0;

			w->n_conditions = before;
			if (!always)
				w->conditions[w->n_conditions++] = list.v[k];
			if (!write_function(w, level + 1, next[i]))
				return false;
		}
		w->n_conditions = before;
	}
	return true;
}

static bool condition_holds(const struct oci_condition *c, const uint64_t arguments[6])
{
	uint64_t v = arguments[c->index];

	switch (c->op) {
	case OCI_EQ:
		return v == c->value;
	case OCI_NE:
		return v != c->value;
	case OCI_LE:
		return v <= c->value;
	case OCI_GE:
		return v >= c->value;
	case OCI_MASKED_EQ:
		return (v & c->value) == c->value_two;
	}
	return false;
}

/* Where registers have 32 bits libseccomp keeps as many of the numbers, and "at least 2^32 + 1"
 * would be "at least 1". Of a mask only what it is compared with matters: registers have no more.
 */
static bool fits_32_bits(const struct oci_condition *c)
{
	return (c->op == OCI_MASKED_EQ ? c->value_two : c->value) <= UINT32_MAX;
}

static bool all_fit_32_bits(const struct oci_filter *f, uint32_t first)
{
	for (uint32_t i = first; i < f->n; i++) {
		for (uint32_t k = 0; k < f->v[i].n_conditions; k++) {
			if (!fits_32_bits(&f->v[i].conditions[k]))
				return false;
		}
	}
	return true;
}

struct checking {
	const struct oci_filter *filter;
	uint32_t first;
	struct seccomp_data data;
	bool same;
};

/* As a runtime would answer, against the policy. */
static bool check_arguments(void *ctx, const uint64_t arguments[6])
{
	struct checking *c = ctx;
	uint32_t have = c->filter->default_action;

	for (uint32_t i = c->first; i < c->filter->n; i++) {
		const struct oci_entry *e = &c->filter->v[i];
		bool holds = true;

		for (uint32_t k = 0; k < e->n_conditions && holds; k++)
			holds = condition_holds(&e->conditions[k], arguments);
		if (holds)
			have = e->action;
	}
	for (int i = 0; i < 6; i++)
		c->data.args[i] = arguments[i];
	c->same = have == seccomp_answer(c->filter->policy, &stand_alone, &c->data);
	return c->same;
}

/* One list of entries serves all ABIs, whose arguments may differ in width and place. */
static bool agrees(const struct oci_filter *f, int syscall, uint32_t first)
{
	struct checking c = { .filter = f, .first = first, .same = true };

	for (int abi = 0; abi < ABI_COUNT && c.same; abi++) {
		/* Registers of 32-bit ABIs have nothing in their high halves. */
		bool garbage = abi != ABI_X86 && abi != ABI_ARM;

		if (!(f->policy->abis & 1u << abi) || vocab_syscalls[syscall].number[abi] < 0)
			continue;
		if (!garbage && !all_fit_32_bits(f, first))
			return false;
		c.data.nr = vocab_syscalls[syscall].number[abi];
		c.data.arch = vocab_abi_audit_arch((enum abi)abi);
		if (!cells_walk(f->policy, (enum abi)abi, syscall, garbage, check_arguments, &c))
			return false;
	}
	return c.same;
}

static uint32_t answer(void *ctx, const uint64_t arguments[6])
{
	struct checking *c = ctx;

	for (int i = 0; i < 6; i++)
		c->data.args[i] = arguments[i];
	return seccomp_answer(c->filter->policy, &stand_alone, &c->data);
}

static bool write_entries(struct writing *w, enum abi abi)
{
	struct checking c = { .filter = w->filter };
	struct cells cells;

	c.data.nr = vocab_syscalls[w->syscall].number[abi];
	c.data.arch = vocab_abi_audit_arch(abi);
	if (!cells_new(w->scratch, w->filter->policy, abi, w->syscall, NULL, 0, &cells))
		return fail(w, "has too many conditions");
	w->table = cell_table_new(w->scratch, &cells, answer, &c);
	if (!write_function(w, 0, w->table->root))
		return false;
	if (!agrees(w->filter, w->syscall, w->first))
		return fail(w, "compares differently under each ABI");
	return true;
}

static void write_call(struct arena *a, struct oci_filter *f, int syscall)
{
	struct writing w = { .arena = a, .filter = f, .syscall = syscall, .first = f->n };
	const struct vocab_syscall *s = &vocab_syscalls[syscall];
	int abi = 0;

	while (abi < ABI_COUNT && !(f->policy->abis & 1u << abi && s->number[abi] >= 0))
		abi++;
	if (abi == ABI_COUNT)
		return;
	w.scratch = arena_new();
	if (!write_entries(&w, (enum abi)abi)) {
		f->n = w.first;
		f->left_out[syscall] = arena_printf(a, "OCI: %s %s", s->name, w.why);
	}
	if (f->n == w.first)
		ARENA_PUSH(a, f->v, f->n, f->cap,
			(struct oci_entry){ .syscall = syscall, .action = f->default_action });
	arena_free(w.scratch);
}

struct oci_filter *oci_filter_new(struct arena *a, const struct policy *p)
{
	struct oci_filter *f = arena_alloc(a, sizeof(*f));

	f->policy = p;
	f->default_action = p->audit ? SECCOMP_RET_LOG : SECCOMP_RET_ERRNO | EPERM;
	f->left_out = arena_array(a, vocab_n_syscalls, sizeof(*f->left_out));
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		write_call(a, f, (int)i);
	return f;
}

static const char *action_name(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "SCMP_ACT_ALLOW";
	case SECCOMP_RET_LOG:
		return "SCMP_ACT_LOG";
	case SECCOMP_RET_KILL_PROCESS:
		return "SCMP_ACT_KILL_PROCESS";
	}
	return "SCMP_ACT_ERRNO";
}

static void set_action(json_t *o, const char *name, const char *errno_name, uint32_t action)
{
	json_object_set_new(o, name, json_string(action_name(action)));
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		json_object_set_new(o, errno_name, json_integer(action & SECCOMP_RET_DATA));
}

static json_t *condition_json(const struct oci_condition *c)
{
	static const char *const names[] = {
		[OCI_EQ] = "SCMP_CMP_EQ",
		[OCI_NE] = "SCMP_CMP_NE",
		[OCI_LE] = "SCMP_CMP_LE",
		[OCI_GE] = "SCMP_CMP_GE",
		[OCI_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};
	json_t *o = json_object();

	json_object_set_new(o, "index", json_integer(c->index));
	json_object_set_new(o, "value", json_integer((json_int_t)c->value));
	if (c->op == OCI_MASKED_EQ)
		json_object_set_new(o, "valueTwo", json_integer((json_int_t)c->value_two));
	json_object_set_new(o, "op", json_string(names[c->op]));
	return o;
}

static json_t *entry_json(const struct oci_entry *e, json_t *names)
{
	json_t *o = json_object(), *args = json_array();

	json_object_set_new(o, "names", names);
	set_action(o, "action", "errnoRet", e->action);
	for (uint32_t i = 0; i < e->n_conditions; i++)
		json_array_append_new(args, condition_json(&e->conditions[i]));
	if (e->n_conditions)
		json_object_set(o, "args", args);
	json_decref(args);
	return o;
}

/* By action, then by name; several entries of one call keep the order in which they were made. */
static int compare_entries(const void *a, const void *b)
{
	const struct oci_entry *x = *(const struct oci_entry *const *)a;
	const struct oci_entry *y = *(const struct oci_entry *const *)b;
	int c;

	if (!x->n_conditions != !y->n_conditions)
		return x->n_conditions ? 1 : -1;
	if (!x->n_conditions && x->action != y->action)
		return x->action > y->action ? -1 : 1;
	c = strcmp(vocab_syscalls[x->syscall].name, vocab_syscalls[y->syscall].name);
	return c ? c : x < y ? -1 : x > y;
}

static json_t *architectures_json(const struct policy *p)
{
	static const char *const names[ABI_COUNT] = {
		[ABI_X86_64] = "SCMP_ARCH_X86_64",
		[ABI_X86] = "SCMP_ARCH_X86",
		[ABI_X32] = "SCMP_ARCH_X32",
		[ABI_AARCH64] = "SCMP_ARCH_AARCH64",
		[ABI_ARM] = "SCMP_ARCH_ARM",
	};
	json_t *o = json_array();

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (p->abis & 1u << abi)
			json_array_append_new(o, json_string(names[abi]));
	}
	return o;
}

json_t *oci_filter_json(const struct oci_filter *f)
{
	const struct oci_entry **order = calloc(f->n, sizeof(*order));
	json_t *o = json_object(), *syscalls = json_array(), *names;

	if (!order)
		abort();
	for (uint32_t i = 0; i < f->n; i++)
		order[i] = &f->v[i];
	qsort(order, f->n, sizeof(*order), compare_entries);
	set_action(o, "defaultAction", "defaultErrnoRet", f->default_action);
	json_object_set_new(o, "architectures", architectures_json(f->policy));
	for (uint32_t i = 0; i < f->n; i++) {
		const struct oci_entry *e = order[i];

		names = json_array();
		json_array_append_new(names, json_string(vocab_syscalls[e->syscall].name));
		while (!e->n_conditions && i + 1 < f->n && !order[i + 1]->n_conditions &&
			order[i + 1]->action == e->action) {
			i++;
			json_array_append_new(
				names, json_string(vocab_syscalls[order[i]->syscall].name));
		}
		json_array_append_new(syscalls, entry_json(e, names));
	}
	json_object_set_new(o, "syscalls", syscalls);
	free(order);
	return o;
}
