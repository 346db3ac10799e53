/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_seccomp.h"

#include "compiler/cbpf.h"
#include "compiler/cbpf_graph.h"
#include "compiler/cells.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct emission {
	struct arena *arena;
	struct arena *scratch;
	const struct policy *policy;
	const struct seccomp_options *options;
	const struct weights *weights;
	struct cbpf_graph *graph;
	const char *why; /* of a failure */
};

/* A run of values of a whole register, up to the next one's start. */
struct run {
	uint64_t start;
	cbpf_node to;
};

/*
 * One argument's classes that are still possible, while its masks are tested one after another.
 * @to is by class.
 */
struct deciding {
	struct emission *e;
	const struct cell_argument *x;
	const cbpf_node *to;
};

static cbpf_node decide_word(
	struct emission *e, uint32_t offset, uint32_t mask, const struct run *runs, uint32_t n)
{
	struct cbpf_interval *v = arena_array(e->scratch, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct cbpf_interval){ (uint32_t)runs[i].start, runs[i].to, 1 };
	return cbpf_switch(e->graph, (struct cbpf_word){ offset, mask }, v, n);
}

/* The part of the runs whose high word is @hi, as runs of the low word. */
static cbpf_node decide_low(struct emission *e, const struct cell_argument *x,
	const struct run *runs, uint32_t n, uint32_t hi)
{
	struct run *low = arena_array(e->scratch, n, sizeof(*low));
	uint32_t n_low = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (runs[i].start >> 32 > hi)
			break;
		if (i + 1 < n && runs[i + 1].start <= (uint64_t)hi << 32)
			continue;
		low[n_low++] = (struct run){
			runs[i].start >> 32 == hi ? runs[i].start & UINT32_MAX : 0,
			runs[i].to,
		};
	}
	return decide_word(e, CBPF_ARGUMENT_LO(x->index), UINT32_MAX, low, n_low);
}

static cbpf_node decide_runs(
	struct emission *e, const struct cell_argument *x, const struct run *runs, uint32_t n)
{
	struct run *high;
	uint32_t n_high = 0;

	if (x->width < 32)
		return decide_word(e, CBPF_ARGUMENT_LO(x->index), (1u << x->width) - 1, runs, n);
	if (x->width == 32)
		return decide_word(e, CBPF_ARGUMENT_LO(x->index), UINT32_MAX, runs, n);
	high = arena_array(e->scratch, 2 * (size_t)n, sizeof(*high));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hi = runs[i].start >> 32;

		high[n_high++] = (struct run){ hi, decide_low(e, x, runs, n, (uint32_t)hi) };
		while (i + 1 < n && runs[i + 1].start >> 32 == hi)
			i++;
		/* Up to the next high word in which a run starts, the last run goes on. */
		if (hi < UINT32_MAX && (i + 1 == n || runs[i + 1].start >> 32 > hi + 1))
			high[n_high++] = (struct run){ hi + 1, runs[i].to };
	}
	return decide_word(e, CBPF_ARGUMENT_HI(x->index), UINT32_MAX, high, n_high);
}

/* All masks are known; what is left are intervals. Those without a class cannot occur here. */
static cbpf_node decide_intervals(
	const struct deciding *d, const uint32_t *classes, uint32_t n_classes)
{
	cbpf_node *by_interval = arena_array(d->e->scratch, d->x->n_starts, sizeof(*by_interval));
	bool *possible = arena_array(d->e->scratch, d->x->n_starts, sizeof(*possible));
	struct run *runs = arena_array(d->e->scratch, d->x->n_starts, sizeof(*runs));
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_classes; i++) {
		const struct cell_class *c = &d->x->classes[classes[i]];

		by_interval[c->interval] = d->to[classes[i]];
		possible[c->interval] = true;
	}
	for (uint32_t i = 0; i < d->x->n_starts; i++) {
		if (possible[i] && (n == 0 || runs[n - 1].to != by_interval[i])) {
			runs[n] = (struct run){ n ? d->x->starts[i] : 0, by_interval[i] };
			n++;
		}
	}
	return decide_runs(d->e, d->x, runs, n);
}

static cbpf_node test_mask(struct emission *e, const struct cell_argument *x,
	const struct cell_mask *m, cbpf_node yes, cbpf_node no)
{
	cbpf_node low = cbpf_test_mask(e->graph, CBPF_ARGUMENT_LO(x->index), (uint32_t)m->mask,
		(uint32_t)m->value, yes, no);

	return cbpf_test_mask(e->graph, CBPF_ARGUMENT_HI(x->index), (uint32_t)(m->mask >> 32),
		(uint32_t)(m->value >> 32), low, no);
}

static cbpf_node decide_masks(
	const struct deciding *d, uint32_t mask, const uint32_t *classes, uint32_t n_classes)
{
	uint32_t *part[2], n[2] = { 0, 0 };
	bool one = true;

	for (uint32_t i = 1; i < n_classes && one; i++)
		one = d->to[classes[i]] == d->to[classes[0]];
	if (one)
		return d->to[classes[0]];
	if (mask == d->x->n_masks)
		return decide_intervals(d, classes, n_classes);
	for (int b = 0; b < 2; b++)
		part[b] = arena_array(d->e->scratch, n_classes, sizeof(**part));
	for (uint32_t i = 0; i < n_classes; i++) {
		int b = d->x->classes[classes[i]].masks >> mask & 1;

		part[b][n[b]++] = classes[i];
	}
	if (!n[0] || !n[1])
		return decide_masks(d, mask + 1, classes, n_classes);
	return test_mask(d->e, d->x, &d->x->masks[mask], decide_masks(d, mask + 1, part[1], n[1]),
		decide_masks(d, mask + 1, part[0], n[0]));
}

static cbpf_node decide_argument(
	struct emission *e, const struct cell_argument *x, const cbpf_node *to)
{
	struct deciding d = { e, x, to };
	uint32_t *classes = arena_array(e->scratch, x->n_classes, sizeof(*classes));

	for (uint32_t i = 0; i < x->n_classes; i++)
		classes[i] = i;
	return decide_masks(&d, 0, classes, x->n_classes);
}

struct call {
	struct emission *e;
	struct seccomp_data data;
	bool allowed, other; /* what answers there are */
};

static uint32_t answer(void *ctx, const uint64_t arguments[6])
{
	struct call *call = ctx;
	uint32_t action;

	for (int i = 0; i < 6; i++)
		call->data.args[i] = arguments[i];
	action = seccomp_answer(call->e->policy, call->e->options, &call->data);
	if (action == SECCOMP_RET_ALLOW)
		call->allowed = true;
	else
		call->other = true;
	return action;
}

/* The functions of the last argument first, each as a node; then those that lead to them. */
static cbpf_node decide_table(struct emission *e, const struct cell_table *t)
{
	const struct cells *c = t->cells;
	cbpf_node *below = NULL;

	if (c->n_arguments == 0)
		return cbpf_return(e->graph, t->root);
	for (uint32_t level = c->n_arguments; level-- > 0;) {
		const struct cell_argument *x = &c->arguments[level];
		cbpf_node *here = arena_array(e->scratch, t->levels[level].n, sizeof(*here));
		cbpf_node *to = arena_array(e->scratch, x->n_classes, sizeof(*to));

		for (uint32_t f = 0; f < t->levels[level].n; f++) {
			for (uint32_t i = 0; i < x->n_classes; i++) {
				uint32_t next = t->levels[level].next[f][i];

				to[i] = below ? below[next] : cbpf_return(e->graph, next);
			}
			here[f] = decide_argument(e, x, to);
		}
		below = here;
	}
	return below[t->root];
}

/* What the number from @start on is answered, until the next one. */
struct number {
	uint32_t start;
	enum abi abi;
	int syscall; /* -1: not in the tables, or of an ABI that is not spoken */
	cbpf_node to;
	bool allowed, other; /* which answers it may get */
};

struct numbers {
	struct number *v;
	uint32_t n, cap;
};

static bool decide_call(struct emission *e, enum abi abi, uint32_t number, struct number *ret)
{
	struct call call = {
		.e = e,
		.data = { .nr = (int)number, .arch = vocab_abi_audit_arch(abi) },
	};
	int syscall = e->policy->abis & 1u << abi ? vocab_syscall_by_number(abi, (int)number) : -1;
	struct cells cells = { .n = 1 };

	if (syscall >= 0 && !cells_new(e->scratch, e->policy, abi, syscall, NULL, 0, &cells)) {
		e->why = arena_printf(e->arena,
			"the conditions on '%s' have more than %d different outcomes",
			vocab_syscalls[syscall].name, CELLS_MAX);
		return false;
	}
	*ret = (struct number){ .start = number, .abi = abi, .syscall = syscall };
	ret->to = decide_table(e, cell_table_new(e->scratch, &cells, answer, &call));
	ret->allowed = call.allowed;
	ret->other = call.other;
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* One ABI's numbers from @first on, until the next ABI's begin. */
static bool decide_numbers(
	struct emission *e, enum abi abi, uint32_t first, struct numbers *numbers)
{
	uint32_t *known = arena_array(e->scratch, vocab_n_syscalls, sizeof(*known)), n = 0;
	uint32_t gap = first;
	struct number decided;

	if (e->policy->abis & 1u << abi) {
		for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
			if (vocab_syscalls[i].number[abi] >= 0)
				known[n++] = (uint32_t)vocab_syscalls[i].number[abi];
		}
		qsort(known, n, sizeof(*known), compare_numbers);
	}
	for (uint32_t i = 0; i <= n; i++) {
		if (i < n && i > 0 && known[i] == known[i - 1])
			continue;
		/* No table knows what lies between two known numbers. */
		if (i == n || known[i] > gap) {
			if (!decide_call(e, abi, gap, &decided))
				return false;
			ARENA_PUSH(e->scratch, numbers->v, numbers->n, numbers->cap, decided);
		}
		if (i == n)
			break;
		if (!decide_call(e, abi, known[i], &decided))
			return false;
		ARENA_PUSH(e->scratch, numbers->v, numbers->n, numbers->cap, decided);
		gap = known[i] + 1;
	}
	return true;
}

/* What all counts together weigh, beside calls that have none and weigh as below. */
#define COUNTED_WEIGHT ((uint64_t)1 << 17)
/* A call for which newer kernels do not run the filter, against one for which they do. */
#define CACHED_SHARE 256

static uint64_t count_of(const struct emission *e, const struct number *x)
{
	uint64_t count = e->weights && x->syscall >= 0 ? e->weights->counts[x->syscall] : 0;

	/* Cut, so that sums stay within 64 bits. */
	if (count > (uint64_t)1 << 48)
		count = (uint64_t)1 << 48;
	return x->other ? count : count / CACHED_SHARE;
}

/*
 * Calls that are allowed are made alike often as far as one knows, refused ones seldom, and those
 * of an ABI for older programs less often than the same of the ABI beside it.
 */
static uint32_t weight_of(const struct emission *e, const struct number *x, uint64_t total)
{
	bool main = x->abi == ABI_X86_64 || x->abi == ABI_AARCH64;
	uint64_t weight = x->allowed ? 64 : 16;

	if (total)
		weight += (uint64_t)((unsigned __int128)count_of(e, x) * COUNTED_WEIGHT / total);
	return (uint32_t)(main ? weight : weight / 8);
}

static cbpf_node switch_numbers(struct emission *e, const struct numbers *numbers)
{
	static const struct cbpf_word word = { CBPF_NUMBER, UINT32_MAX };
	struct cbpf_interval *v = arena_array(e->scratch, numbers->n, sizeof(*v));
	uint64_t total = 0;

	for (uint32_t i = 0; i < numbers->n; i++)
		total += count_of(e, &numbers->v[i]);
	for (uint32_t i = 0; i < numbers->n; i++) {
		const struct number *x = &numbers->v[i];

		v[i] = (struct cbpf_interval){ x->start, x->to, weight_of(e, x, total) };
	}
	return cbpf_switch(e->graph, word, v, numbers->n);
}

static bool decide_arch(struct emission *e, uint32_t arch, cbpf_node *ret)
{
	struct numbers numbers = { 0 };
	enum abi abi;

	if (!seccomp_abi(arch, 0, &abi) || !decide_numbers(e, abi, 0, &numbers))
		return false;
	if (abi == ABI_X86_64 && !decide_numbers(e, ABI_X32, 0x40000000, &numbers))
		return false;
	*ret = switch_numbers(e, &numbers);
	return true;
}

static uint32_t weight_of_arch(uint32_t arch)
{
	return arch == vocab_abi_audit_arch(ABI_X86_64) || arch == vocab_abi_audit_arch(ABI_AARCH64)
		       ? 8
		       : 1;
}

static bool decide_archs(struct emission *e, cbpf_node *ret)
{
	static const struct cbpf_word word = { CBPF_ARCH, UINT32_MAX };
	struct seccomp_data other = { .arch = 0 };
	cbpf_node refused = cbpf_return(e->graph, seccomp_answer(e->policy, e->options, &other));
	uint32_t archs[ABI_COUNT] = { 0 }, n = 0, n_v = 0;
	struct cbpf_interval v[2 * ABI_COUNT + 1];

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (e->policy->abis & 1u << abi)
			archs[n++] = vocab_abi_audit_arch((enum abi)abi);
	}
	qsort(archs, n, sizeof(*archs), compare_numbers);
	v[n_v++] = (struct cbpf_interval){ 0, refused, 0 };
	for (uint32_t i = 0; i < n; i++) {
		struct cbpf_interval here = { .start = archs[i],
			.weight = weight_of_arch(archs[i]) };

		if (i > 0 && archs[i] == archs[i - 1])
			continue;
		if (!decide_arch(e, archs[i], &here.to))
			return false;
		v[n_v++] = here;
		v[n_v++] = (struct cbpf_interval){ archs[i] + 1, refused, 0 };
	}
	*ret = cbpf_switch(e->graph, word, v, n_v);
	return true;
}

struct seccomp_program *emit_seccomp(struct arena *a, const struct policy *p,
	const struct seccomp_options *options, const struct weights *weights, const char **ret_why)
{
	struct emission e = {
		.arena = a,
		.scratch = arena_new(),
		.policy = p,
		.options = options,
		.weights = weights,
	};
	struct seccomp_program *program = NULL;
	struct sock_filter *code;
	cbpf_node root;
	uint32_t n;

	e.graph = cbpf_graph_new(e.scratch);
	if (decide_archs(&e, &root)) {
		if (cbpf_assemble(e.graph, root, &code, &n)) {
			program = arena_alloc(a, sizeof(*program));
			program->v = arena_array(a, n, sizeof(*code));
			memcpy(program->v, code, n * sizeof(*code));
			program->n = n;
		} else {
			e.why = arena_printf(
				a, "the filter has more than %d instructions", BPF_MAXINSNS);
		}
	}
	*ret_why = e.why;
	arena_free(e.scratch);
	return program;
}

void seccomp_program_bytes(const struct seccomp_program *program, struct text *to)
{
	for (uint32_t i = 0; i < program->n; i++) {
		text_u16(to, program->v[i].code);
		text_add(to, (uint8_t[]){ program->v[i].jt, program->v[i].jf }, 2);
		text_u32(to, program->v[i].k);
	}
}
