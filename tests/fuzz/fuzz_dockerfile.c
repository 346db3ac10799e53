/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a Dockerfile: no crash, placed errors, or a policy that is right.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/expect.h"
#include "compiler/init_policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct init_options options;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;
	struct compilation c;
	struct dockerfile d;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (!dockerfile_read(source_add(&sources, "Dockerfile", data, size), &diags, &d)) {
		must(diags.n_errors);
		for (uint32_t i = 0; i < diags.n; i++)
			must(!diags.v[i]->placed ||
				(diags.v[i]->at.offset <= size &&
					diags.v[i]->at.len <= size - diags.v[i]->at.offset));
		return 0;
	}
	must(init_policy(&d, &options, &diags, &made));
	compile_bytes(&c, "init.pale", made.s, made.len, NULL);
	expectations_check(&c);
	must(!c.diags.n_errors && c.n_policies == 1);
	compilation_release(&c);
	return 0;
}
