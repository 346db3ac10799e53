/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Size, path lengths and cost of making of the filter of a policy, beside libseccomp's tree for the
 * same rules in the same run.
 *
 *	seccomp POLICY.pale [WEIGHTS]
 *
 * Both are made ROUNDS times and the mean is told.
 *
 * Lengths count executed instructions, loads and the return included. Of a call whose arguments are
 * compared it is the mean, and the longest, over one witness of each class of arguments that the
 * policy allows. "Not cacheable" are the calls for which the kernel runs the filter every time.
 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/cells.h"
#include "compiler/compile.h"
#include "compiler/emit_oci.h"
#include "compiler/emit_seccomp.h"
#include "compiler/verify_seccomp.h"
#include "compiler/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 100

static const struct seccomp_options alone;

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

struct code {
	struct sock_filter v[BPF_MAXINSNS];
	uint32_t n;
};

/* As runc builds it, with libseccomp's tree of numbers. */
static void with_libseccomp(const struct policy *p, const struct oci_filter *f, struct code *code)
{
	static const struct {
		enum abi abi;
		uint32_t arch;
	} archs[] = {
		{ ABI_X86_64, SCMP_ARCH_X86_64 },
		{ ABI_X86, SCMP_ARCH_X86 },
		{ ABI_X32, SCMP_ARCH_X32 },
	};
	static const enum scmp_compare compare[] = {
		[OCI_EQ] = SCMP_CMP_EQ,
		[OCI_NE] = SCMP_CMP_NE,
		[OCI_LE] = SCMP_CMP_LE,
		[OCI_GE] = SCMP_CMP_GE,
		[OCI_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	_cleanup_close_ int fd = memfd_create("libseccomp", MFD_CLOEXEC);
	ssize_t n;

	if (!ctx || fd < 0 || seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		die("libseccomp");
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++) {
		if (p->abis & 1u << archs[i].abi && archs[i].abi != vocab_abi_native() &&
			seccomp_arch_add(ctx, archs[i].arch) < 0)
			die("libseccomp refuses an architecture");
	}
	for (uint32_t i = 0; i < f->n; i++) {
		const struct oci_entry *e = &f->v[i];
		int nr = seccomp_syscall_resolve_name(vocab_syscalls[e->syscall].name);
		struct scmp_arg_cmp args[6];

		if (e->action == f->default_action || nr == __NR_SCMP_ERROR)
			continue;
		for (uint32_t k = 0; k < e->n_conditions; k++)
			args[k] = (struct scmp_arg_cmp){ e->conditions[k].index,
				compare[e->conditions[k].op], e->conditions[k].value,
				e->conditions[k].value_two };
		if (seccomp_rule_add_array(ctx,
			    e->action == SECCOMP_RET_ALLOW ? SCMP_ACT_ALLOW
							   : SCMP_ACT_ERRNO(e->action & 0xffff),
			    nr, e->n_conditions, args) < 0)
			die("libseccomp refuses a rule");
	}
	if (seccomp_export_bpf(ctx, fd) < 0)
		die("libseccomp exports nothing");
	seccomp_release(ctx);
	n = pread(fd, code->v, sizeof(code->v), 0);
	if (n < 0)
		die("cannot read libseccomp's filter");
	code->n = (uint32_t)((size_t)n / sizeof(*code->v));
}

struct lengths {
	const struct code *code;
	const struct policy *p;
	struct seccomp_data data;
	/* of one call */
	uint32_t n_allowed, sum, longest;
	bool refused;
};

static bool measure_cell(void *ctx, const uint64_t arguments[6])
{
	struct lengths *l = ctx;
	uint32_t executed;

	for (int i = 0; i < 6; i++)
		l->data.args[i] = arguments[i];
	if (seccomp_answer(l->p, &alone, &l->data) != SECCOMP_RET_ALLOW) {
		l->refused = true;
		return true;
	}
	cbpf_run(l->code->v, l->code->n, &l->data, &executed);
	l->n_allowed++;
	l->sum += executed;
	if (executed > l->longest)
		l->longest = executed;
	return true;
}

static void report(const char *who, const struct policy *p, const struct code *code, double ms,
	const struct weights *weights)
{
	uint32_t calls = 0, longest_plain = 0, longest_compared = 0;
	double sum = 0, weighted = 0, weight = 0;

	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		int nr = vocab_syscalls[i].number[vocab_abi_native()];
		struct lengths l = { .code = code, .p = p };

		if (nr < 0)
			continue;
		l.data.nr = nr;
		l.data.arch = vocab_abi_audit_arch(vocab_abi_native());
		cells_walk(p, vocab_abi_native(), (int)i, false, measure_cell, &l);
		if (!l.n_allowed)
			continue;
		calls++;
		sum += (double)l.sum / l.n_allowed;
		if (l.refused && l.longest > longest_compared)
			longest_compared = l.longest;
		if (!l.refused && l.longest > longest_plain)
			longest_plain = l.longest;
		if (l.refused && weights) {
			weighted += (double)weights->counts[i] * l.sum / l.n_allowed;
			weight += (double)weights->counts[i];
		}
	}
	printf("  %-16s %5u instructions; executed %5.2f on average over %u allowed calls, at most "
	       "%u, with arguments %u; %.2f ms CPU",
		who, code->n, sum / calls, calls, longest_plain, longest_compared, ms);
	if (weight > 0)
		printf("; %.2f weighted over calls that are not cacheable", weighted / weight);
	putchar('\n');
}

/* From the policy's text to the proved program; the last round's policy stays in @c. */
static double with_pale(struct compilation *c, const struct source *text, const char *weights,
	const struct weights **ret_weights, struct code *code)
{
	static const struct compile_options none;
	double start = cpu_ms();

	for (int i = 0; i < ROUNDS; i++) {
		struct seccomp_program *program;
		const char *why;

		if (i > 0)
			compilation_release(c);
		compile_bytes(c, text->name, text->bytes, text->len, &none);
		*ret_weights = weights ? weights_read(&c->diags, weights) : NULL;
		if (c->diags.n_errors) {
			diag_print(&c->diags, stderr, false);
			die("nothing to measure");
		}
		program = emit_seccomp(c->arena, c->policies[0], &alone, *ret_weights, &why);
		if (!program)
			die(why);
		why = verify_seccomp(c->arena, c->policies[0], &alone, program);
		if (why)
			die(why);
		code->n = program->n;
		memcpy(code->v, program->v, program->n * sizeof(*program->v));
	}
	return (cpu_ms() - start) / ROUNDS;
}

int main(int argc, char **argv)
{
	static struct code code;
	const struct weights *weights;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct source_set sources;
	struct pale_err *err = NULL;
	struct compilation c;
	struct oci_filter *oci;
	struct source *text;
	double start, ms;

	if (argc < 2)
		die("usage: seccomp POLICY.pale [WEIGHTS]");
	source_set_init(&sources, a);
	if (source_read(&sources, argv[1], argv[1], &text, &err) < 0)
		die(pale_err_text(err));
	ms = with_pale(&c, text, argc > 2 ? argv[2] : NULL, &weights, &code);
	report("pale, proved", c.policies[0], &code, ms, weights);
	oci = oci_filter_new(c.arena, c.policies[0]);
	start = cpu_ms();
	for (int i = 0; i < ROUNDS; i++)
		with_libseccomp(c.policies[0], oci, &code);
	ms = (cpu_ms() - start) / ROUNDS;
	report("libseccomp, tree", c.policies[0], &code, ms, weights);
	compilation_release(&c);
	return 0;
}
