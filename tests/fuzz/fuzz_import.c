/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file to import: no crash, an error for everything that is not imported, and what
 * is imported compiles and gives an answer for each call in each of its profiles. The last byte, of
 * texts a newline, chooses the options.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/import.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void ask(const struct policy *p)
{
	struct request r = { .operation = OP_SYSCALL, .has_arguments = true };

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		r.abi = (enum abi)abi;
		for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
			struct decision d;

			r.number = vocab_syscalls[i].number[abi];
			if (r.number < 0)
				continue;
			d = decide(p, 0, &r);
			must(d.verdict == VERDICT_ALLOW || d.errnum > 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum abi abis[] = { ABI_X86_64, ABI_X86, ABI_X32 };
	static const struct compile_options none;
	_cleanup_(text_release) struct text made = TEXT_INIT;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct import_options o = { .abis = abis };
	struct source_set sources;
	struct diag_list diags;

	if (!size--)
		return 0;
	o.n_abis = data[size] % 4;
	o.has_capabilities = data[size] & 4;
	o.capabilities = data[size] & 8 ? 0 : UINT64_C(0x1ffffffffff);
	o.has_kernel = data[size] & 16;
	o.kernel_major = 4;
	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (import_policy(source_add(&sources, "fuzz.json", data, size), &o, &diags, &made)) {
		struct compilation c;

		must(!diags.n_errors);
		compile_bytes(&c, "made.pale", made.s, made.len, &none);
		must(!c.diags.n_errors && c.n_policies > 0);
		for (uint32_t i = 0; i < c.n_policies; i++)
			ask(c.policies[i]);
		compilation_release(&c);
	} else {
		must(diags.n_errors && !made.len);
		/* The errors must be the file's. */
		for (uint32_t i = 0; i < diags.n; i++) {
			must(diags.v[i]->placed || strncmp(diags.v[i]->text, "internal", 8) != 0);
			must(!diags.v[i]->placed ||
				(diags.v[i]->at.offset <= size &&
					diags.v[i]->at.len <= size - diags.v[i]->at.offset));
		}
	}
	return 0;
}
