/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter patched as the input says, and its proof: which must end, and never call a filter proved
 * that answers otherwise than the policy, where the calls tried are those near the patches.
 */
#include "compiler/cbpf.h"
#include "compiler/compile.h"
#include "compiler/verify_seccomp.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
	"profile p { abi x86_64; syscall { only read, write, exit_group\n"
	"allow ioctl(cmd in {0x5421, 0x5401}), personality(persona == 8)\n"
	"audit socket(type & 15 == 1)\n kill ptrace, madvise(len_in > 0x100000005) } }",
	"profile p { abi x86_64, x86, x32; on violation kill\n"
	"syscall { only read, setpriority(niceval >= -3), fchmod(mode < 512) } }",
	"profile p { abi aarch64, arm; syscall { only read, clone(clone_flags & 0x7e020000 == 0) } "
	"}",
};
#define N_TEXTS (sizeof(texts) / sizeof(*texts))

static const struct seccomp_options alone;
static struct compilation compilations[N_TEXTS];
static struct seccomp_program *programs[N_TEXTS];

static void must(int holds)
{
	if (!holds)
		abort();
}

static void prepare(void)
{
	static const struct compile_options none;
	const char *why;

	for (size_t i = 0; i < N_TEXTS && !programs[i]; i++) {
		compile_bytes(&compilations[i], "fuzz.pale", texts[i], strlen(texts[i]), &none);
		must(!compilations[i].diags.n_errors);
		programs[i] = emit_seccomp(
			compilations[i].arena, compilations[i].policies[0], &alone, NULL, &why);
		must(programs[i] != NULL);
	}
}

/* Where a patch goes, what it is, and eight bytes of instruction. */
struct patch {
	uint8_t at, how;
	struct sock_filter f;
} __attribute__((packed));

static uint16_t code_of(uint16_t any)
{
	static const uint16_t codes[] = { BPF_LD | BPF_W | BPF_ABS, BPF_ALU | BPF_AND | BPF_K,
		BPF_JMP | BPF_JA, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JGE | BPF_K,
		BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JSET | BPF_K, BPF_RET | BPF_K,
		BPF_RET | BPF_A, BPF_ALU | BPF_XOR | BPF_K, BPF_ST, BPF_LD | BPF_MEM,
		BPF_MISC | BPF_TAX, BPF_LDX | BPF_IMM };
	const size_t n = sizeof(codes) / sizeof(*codes);

	/* Now and then whatever it says. */
	return any >> 8 ? codes[any % n] : any;
}

static void apply(struct seccomp_program *p, const struct patch *patch)
{
	uint32_t at = patch->at % p->n;
	struct sock_filter f = patch->f;

	f.code = code_of(f.code);
	switch (patch->how % 6) {
	case 0:
		p->v[at].k = f.k;
		break;
	case 1:
		p->v[at].jt = f.jt;
		break;
	case 2:
		p->v[at].jf = f.jf;
		break;
	case 3:
		p->v[at].code = f.code;
		break;
	case 4:
		p->v[at] = f;
		break;
	case 5:
		p->v[at].k += (uint32_t)(int8_t)f.jt;
		break;
	}
}

static void try_call(const struct policy *p, const struct seccomp_program *program,
	const struct seccomp_data *call)
{
	must(cbpf_run(program->v, program->n, call, NULL) == seccomp_answer(p, &alone, call));
}

/* Each constant of the patched program as number, architecture and argument. */
static void try_calls(
	const struct policy *p, const struct seccomp_program *program, uint64_t garbage)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM };
	static const int numbers[] = { 16, 135, 41, 28, 141, 91, 56, 220, 54, 94 };

	for (uint32_t i = 0; i < program->n; i++) {
		for (uint32_t off = 0; off < 3; off++) {
			uint32_t k = program->v[i].k + off - 1;
			struct seccomp_data call = { .arch = k, .nr = (int)garbage };

			try_call(p, program, &call);
			for (size_t a = 0; a < 4; a++) {
				call.arch = archs[a];
				call.nr = (int)k;
				for (int x = 0; x < 6; x++)
					call.args[x] = garbage;
				try_call(p, program, &call);
				for (size_t n = 0; n < sizeof(numbers) / sizeof(*numbers); n++) {
					call.nr = numbers[n];
					for (int x = 0; x < 6; x++)
						call.args[x] =
							(garbage & ~(uint64_t)UINT32_MAX) | k;
					try_call(p, program, &call);
				}
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which = size ? data[0] % N_TEXTS : 0;
	struct seccomp_program program;
	struct arena *a;

	prepare();
	a = arena_new();
	program.n = programs[which]->n;
	program.v = arena_array(a, program.n, sizeof(*program.v));
	memcpy(program.v, programs[which]->v, program.n * sizeof(*program.v));
	for (size_t i = 1; i + sizeof(struct patch) <= size && i < 1 + 8 * sizeof(struct patch);
		i += sizeof(struct patch)) {
		struct patch patch;

		memcpy(&patch, data + i, sizeof(patch));
		apply(&program, &patch);
	}
	if (!verify_seccomp(a, compilations[which].policies[0], &alone, &program))
		try_calls(compilations[which].policies[0], &program,
			size * 0x9e3779b97f4a7c15 + (size > 8 ? data[8] : 0));
	arena_free(a);
	return 0;
}
