/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INIT_POLICY_H
#define PALE_INIT_POLICY_H

/*
 * A policy to start from, for who has a Dockerfile and cannot run the image yet. It allows what the
 * last stage says: its program, the ports, volumes and files that it names, and what the library
 * knows of its packages. What a Dockerfile cannot say stands in comments.
 */

#include "compiler/base/text.h"
#include "compiler/dockerfile.h"

struct init_options {
	const char *profile; /* NULL: named by the program */
	const char *const *include_dirs;
	uint32_t n_include_dirs;
};

/* Adds the text, formatted, of a policy that passes its check. false with errors in @diags. */
bool init_policy(const struct dockerfile *d, const struct init_options *options,
	struct diag_list *diags, struct text *to);

#endif
