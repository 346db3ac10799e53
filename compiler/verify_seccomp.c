/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/verify_seccomp.h"

#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/cells.h"

#include <stdlib.h>
#include <string.h>

/* More parts than this for one call are not tried, and nothing is proved. */
#define PARTS_MAX ((uint64_t)1 << 20)

/* Of 32 bits each. */
#define N_WORDS (sizeof(struct seccomp_data) / 4)

/* What the accumulator holds: a word of seccomp_data, and'ed. */
struct held {
	bool known;
	uint32_t offset, mask;
};

struct place {
	uint32_t at;
	struct held held;
};

struct constants {
	uint32_t *v;
	uint32_t n, cap;
};

/* How much of a call is known while the program is followed. */
enum known { KNOWN_NOTHING, KNOWN_ARCH, KNOWN_CALL };

struct proof {
	struct arena *arena;   /* for the message */
	struct arena *work;    /* as long as the proof */
	struct arena *scratch; /* of one call; NULL until something is cut */
	const struct policy *policy;
	const struct seccomp_options *options;
	const struct seccomp_program *program;
	struct constants numbers, archs;
	/* Reached instructions with what the accumulator holds there. */
	struct place *places;
	uint32_t n_places, cap_places;
	struct cell_argument words[N_WORDS];
	const char *why;
};

static void add_constant(struct proof *f, struct constants *c, uint32_t k)
{
	ARENA_PUSH(f->work, c->v, c->n, c->cap, k);
}

static void go_to(struct proof *f, uint32_t at, struct held held)
{
	for (uint32_t i = 0; i < f->n_places; i++) {
		const struct place *p = &f->places[i];

		if (p->at == at && p->held.known == held.known && p->held.offset == held.offset &&
			p->held.mask == held.mask)
			return;
	}
	ARENA_PUSH(f->work, f->places, f->n_places, f->cap_places, (struct place){ at, held });
}

static struct arena *scratch(struct proof *f)
{
	if (!f->scratch)
		f->scratch = arena_new();
	return f->scratch;
}

/* The bits of the word that the kernel reads. */
static uint32_t whole_of(const struct cell_argument *x)
{
	return x->width < 32 ? (1u << x->width) - 1 : UINT32_MAX;
}

static bool unprovable(struct proof *f, uint32_t at, const char *why)
{
	f->why = arena_printf(f->arena, "instruction %u: %s", at, why);
	return false;
}

/* The words of arguments are cut where this comparison changes its outcome. */
static bool cut_at(struct proof *f, uint32_t at, const struct sock_filter *i, struct held held)
{
	struct cell_argument *x = &f->words[held.offset / 4];
	uint32_t whole = whole_of(x);

	if (BPF_OP(i->code) == BPF_JSET) {
		if (i->k & held.mask & ~whole)
			return unprovable(f, at, "bits are tested that the kernel does not read");
		cell_argument_mask(scratch(f), x, i->k & held.mask, 0);
		return true;
	}
	if (held.mask & ~whole)
		return unprovable(f, at, "bits are compared that the kernel does not read");
	if (held.mask == whole) {
		if (i->k <= whole)
			cell_argument_cut(scratch(f), x, i->k, i->k);
		return true;
	}
	if (BPF_OP(i->code) != BPF_JEQ)
		return unprovable(f, at, "the order of some of the bits is compared");
	cell_argument_mask(scratch(f), x, held.mask, i->k);
	return true;
}

static bool holds(uint16_t op, uint32_t a, uint32_t k)
{
	return op == BPF_JEQ   ? a == k
	       : op == BPF_JGE ? a >= k
	       : op == BPF_JGT ? a > k
			       : (a & k) != 0;
}

/*
 * From one place to the next ones. What is known of the call decides where it leads; what is not is
 * collected.
 */
static bool follow(
	struct proof *f, struct place p, const struct seccomp_data *call, enum known known)
{
	const struct sock_filter *i = &f->program->v[p.at];
	struct held held = p.held;
	uint32_t value;

	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		go_to(f, p.at + 1, (struct held){ true, i->k, UINT32_MAX });
		return true;
	case BPF_ALU | BPF_AND | BPF_K:
		held.mask &= i->k;
		go_to(f, p.at + 1, held);
		return true;
	case BPF_JMP | BPF_JA:
		go_to(f, p.at + 1 + i->k, held);
		return true;
	case BPF_RET | BPF_K:
		return true;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		break;
	default:
		return unprovable(f, p.at, "no proof follows this instruction");
	}
	if (!held.known)
		return unprovable(f, p.at, "nothing was loaded to compare");
	if (held.offset == CBPF_NUMBER || held.offset == CBPF_ARCH) {
		bool number = held.offset == CBPF_NUMBER;

		if (held.mask != UINT32_MAX || BPF_OP(i->code) == BPF_JSET)
			return unprovable(f, p.at, "bits of the number or architecture are tested");
		value = number ? (uint32_t)call->nr : call->arch;
		if (known >= (number ? KNOWN_CALL : KNOWN_ARCH)) {
			go_to(f, p.at + 1 + (holds(BPF_OP(i->code), value, i->k) ? i->jt : i->jf),
				held);
			return true;
		}
		add_constant(f, number ? &f->numbers : &f->archs, i->k);
	} else if (held.offset < CBPF_ARGUMENT_LO(0)) {
		return unprovable(f, p.at, "the instruction pointer is tested");
	} else if (known == KNOWN_CALL && !cut_at(f, p.at, i, held)) {
		return false;
	}
	go_to(f, p.at + 1 + i->jt, held);
	go_to(f, p.at + 1 + i->jf, held);
	return true;
}

static bool follow_all(struct proof *f, const struct seccomp_data *call, enum known known)
{
	f->n_places = 0;
	go_to(f, 0, (struct held){ false, 0, 0 });
	for (uint32_t i = 0; i < f->n_places; i++) {
		if (!follow(f, f->places[i], call, known))
			return false;
	}
	return true;
}

/*
 * The policy's own tests, cut directly: every value of every test of the call, in each word of its
 * register. Finer than need be, and independent of how the emitter understood them.
 */
static void cut_value(struct proof *f, uint8_t index, unsigned int width, uint64_t v)
{
	for (unsigned int w = 0; w < (width == 64 ? 2u : 1u); w++) {
		struct cell_argument *x = &f->words[(CBPF_ARGUMENT_LO(index) + 4 * w) / 4];
		uint32_t part = (uint32_t)(v >> 32 * w) & whole_of(x);

		cell_argument_cut(scratch(f), x, part, part);
		cell_argument_cut(scratch(f), x, (whole_of(x) >> 1) + 1, whole_of(x));
	}
}

static void cut_test(struct proof *f, enum abi abi, const struct syscall_test *t)
{
	unsigned int width = vocab_argument_width(t->argument, abi);
	uint8_t index = t->argument->index[abi];

	if (index >= 6)
		return;
	if (width < 32)
		f->words[CBPF_ARGUMENT_LO(index) / 4].width = (uint8_t)width;
	if (t->kind != TEST_MASK) {
		for (uint32_t i = 0; i < t->n_values; i++)
			cut_value(f, index, width, t->values[i]);
		return;
	}
	for (unsigned int w = 0; w < (width == 64 ? 2u : 1u); w++) {
		struct cell_argument *x = &f->words[(CBPF_ARGUMENT_LO(index) + 4 * w) / 4];
		uint32_t mask = (uint32_t)(t->mask >> 32 * w) & whole_of(x);

		cell_argument_mask(scratch(f), x, mask, (uint32_t)(t->values[0] >> 32 * w) & mask);
	}
	/* A mask above a narrow register looks at copies of the sign. */
	if (t->argument->is_signed && width < t->argument->width)
		cut_value(f, index, width, 0);
}

static void cut_policy(struct proof *f, enum abi abi, int syscall)
{
	for (uint32_t i = 0; i < f->policy->n_domains; i++) {
		const struct call_matches *matches = &f->policy->domains[i]->by_call[syscall];

		for (uint32_t k = 0; k < matches->n; k++) {
			const struct syscall_matches *except = &matches->v[k].rule->except_calls;
			const struct syscall_match *m = matches->v[k].match;

			for (uint32_t t = 0; t < m->n_tests; t++)
				cut_test(f, abi, &m->tests[t]);
			for (uint32_t e = 0; e < except->n; e++) {
				m = &except->v[e];
				for (uint32_t t = 0; m->syscall == syscall && t < m->n_tests; t++)
					cut_test(f, abi, &m->tests[t]);
			}
		}
	}
}

static const char *call_text(struct proof *f, const struct seccomp_data *call)
{
	enum abi abi;
	int syscall;

	if (!seccomp_abi(call->arch, (uint32_t)call->nr, &abi))
		return arena_printf(f->arena, "architecture %#x call %d", call->arch, call->nr);
	syscall = vocab_syscall_by_number(abi, call->nr);
	return arena_printf(f->arena, "%s call %d (%s)", vocab_abi_name(abi), call->nr,
		syscall < 0 ? "not in the tables" : vocab_syscalls[syscall].name);
}

static bool try_call(struct proof *f, const struct seccomp_data *call)
{
	uint32_t want = seccomp_answer(f->policy, f->options, call);
	uint32_t have = cbpf_run(f->program->v, f->program->n, call, NULL);
	_cleanup_(text_release) struct text message = TEXT_INIT;

	if (want == have)
		return true;
	text_puts(&message, call_text(f, call));
	for (int i = 0; i < 6; i++)
		text_printf(&message, "%s%#llx", i ? ", " : " with ",
			(unsigned long long)call->args[i]);
	text_puts(&message, ": the filter answers ");
	cbpf_print_action(have, &message);
	text_puts(&message, ", the policy ");
	cbpf_print_action(want, &message);
	f->why = arena_strdup(f->arena, text_str(&message));
	return false;
}

/*
 * One witness of each combination of classes; what is not cut is garbage, of which one kind is
 * enough where nothing was cut: then no argument is compared on any way that the call may take.
 */
static bool try_parts(struct proof *f, struct seccomp_data *call, uint64_t n_parts)
{
	static const uint32_t garbage[3] = { 0x5a96c33c, 0, UINT32_MAX };
	int variants = f->scratch ? 3 : 1;

	for (uint64_t part = 0; part < n_parts; part++) {
		for (int v = 0; v < variants; v++) {
			uint64_t rest = part;

			for (uint32_t w = CBPF_ARGUMENT_LO(0) / 4; w < N_WORDS; w++) {
				const struct cell_argument *x = &f->words[w];
				uint32_t value = garbage[v];

				if (x->n_classes > 1) {
					value &= ~whole_of(x);
					value |= (uint32_t)x->classes[rest % x->n_classes].witness;
					rest /= x->n_classes;
				}
				memcpy((char *)call + 4 * w, &value, sizeof(value));
			}
			if (!try_call(f, call))
				return false;
		}
	}
	return true;
}

static bool classify_words(struct proof *f, const struct seccomp_data *call, uint64_t *ret_parts)
{
	uint64_t n_parts = 1;

	for (uint32_t w = CBPF_ARGUMENT_LO(0) / 4; w < N_WORDS; w++) {
		struct cell_argument *x = &f->words[w];

		if (x->n_starts == 0 && x->n_masks == 0)
			continue;
		if (!cell_argument_classes(scratch(f), x) || n_parts * x->n_classes > PARTS_MAX) {
			f->why = arena_printf(f->arena, "%s: too many conditions for a proof",
				call_text(f, call));
			return false;
		}
		n_parts *= x->n_classes;
	}
	*ret_parts = n_parts;
	return true;
}

static bool prove_call(struct proof *f, uint32_t arch, uint32_t number)
{
	struct seccomp_data call = { .nr = (int)number, .arch = arch };
	uint64_t n_parts;
	enum abi abi;
	bool proved;

	memset(f->words, 0, sizeof(f->words));
	for (uint32_t w = 0; w < N_WORDS; w++)
		f->words[w].width = 32;
	/* First, since it says what the kernel reads of each word. */
	if (seccomp_abi(arch, number, &abi) && vocab_syscall_by_number(abi, call.nr) >= 0)
		cut_policy(f, abi, vocab_syscall_by_number(abi, call.nr));
	proved = follow_all(f, &call, KNOWN_CALL) && classify_words(f, &call, &n_parts) &&
		 try_parts(f, &call, n_parts);
	arena_free(f->scratch);
	f->scratch = NULL;
	return proved;
}

static int compare_constants(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The neighbours too; ascending, without doubles. Values beyond either end wrap to the other. */
static void widen(struct proof *f, struct constants *c)
{
	uint32_t n = c->n, kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		add_constant(f, c, c->v[i] - 1);
		add_constant(f, c, c->v[i] + 1);
	}
	qsort(c->v, c->n, sizeof(*c->v), compare_constants);
	for (uint32_t i = 0; i < c->n; i++) {
		if (kept == 0 || c->v[kept - 1] != c->v[i])
			c->v[kept++] = c->v[i];
	}
	c->n = kept;
}

static bool collect_archs(struct proof *f)
{
	struct seccomp_data none = { .nr = 0 };
	bool followed = follow_all(f, &none, KNOWN_NOTHING);

	add_constant(f, &f->archs, 0);
	for (int abi = 0; abi < ABI_COUNT; abi++)
		add_constant(f, &f->archs, vocab_abi_audit_arch((enum abi)abi));
	widen(f, &f->archs);
	return followed;
}

/* Where the answer for @arch may change, be it the program's or the policy's. */
static bool collect_numbers(struct proof *f, uint32_t arch)
{
	struct seccomp_data call = { .arch = arch };
	bool followed;

	f->numbers.n = 0;
	followed = follow_all(f, &call, KNOWN_ARCH);
	add_constant(f, &f->numbers, 0);
	add_constant(f, &f->numbers, 0x40000000);
	add_constant(f, &f->numbers, 0x80000000);
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		/* An ABI that is not spoken is refused whatever the number: decide_call(). */
		if (vocab_abi_audit_arch((enum abi)abi) != arch || !(f->policy->abis & 1u << abi))
			continue;
		for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
			if (vocab_syscalls[i].number[abi] >= 0)
				add_constant(
					f, &f->numbers, (uint32_t)vocab_syscalls[i].number[abi]);
		}
	}
	widen(f, &f->numbers);
	return followed;
}

static bool prove(struct proof *f)
{
	const char *why;
	uint32_t at;

	if (!cbpf_check(f->program->v, f->program->n, &why, &at))
		return unprovable(f, at, why);
	if (!collect_archs(f))
		return false;
	for (uint32_t i = 0; i < f->archs.n; i++) {
		if (!collect_numbers(f, f->archs.v[i]))
			return false;
		for (uint32_t k = 0; k < f->numbers.n; k++) {
			if (!prove_call(f, f->archs.v[i], f->numbers.v[k]))
				return false;
		}
	}
	return true;
}

const char *verify_seccomp(struct arena *a, const struct policy *p,
	const struct seccomp_options *options, const struct seccomp_program *program)
{
	struct proof f = {
		.arena = a,
		.work = arena_new(),
		.policy = p,
		.options = options,
		.program = program,
	};
	bool proved = prove(&f);

	arena_free(f.work);
	return proved ? NULL : f.why;
}
