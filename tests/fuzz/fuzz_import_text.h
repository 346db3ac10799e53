/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_IMPORT_TEXT_H
#define TESTS_FUZZ_IMPORT_TEXT_H

/*
 * Any bytes as a file to import, behind a beginning that tells the format: no crash, an error at a
 * place of the file for whatever is not imported, and what is imported compiles.
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

static inline void import_text(const char *begin, const uint8_t *data, size_t size)
{
	static const struct compile_options none;
	static const struct import_options options; /* no file is read beside */
	_cleanup_(text_release) struct text made = TEXT_INIT, file = TEXT_INIT;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct source_set sources;
	struct diag_list diags;

	text_puts(&file, begin);
	text_add(&file, data, size);
	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (import_policy(
		    source_add(&sources, "fuzz", file.s, file.len), &options, &diags, &made)) {
		struct compilation c;

		must(!diags.n_errors);
		compile_bytes(&c, "made.pale", made.s, made.len, &none);
		must(!c.diags.n_errors && c.n_policies);
		compilation_release(&c);
		return;
	}
	must(diags.n_errors && !made.len);
	for (uint32_t i = 0; i < diags.n; i++) {
		const struct diag *d = diags.v[i];

		must(strncmp(d->text, "internal", 8) != 0);
		must(!d->placed ||
			(d->at.offset <= file.len && d->at.len <= file.len - d->at.offset));
	}
}

#endif
