/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_H
#define PALE_IMPORT_H

/*
 * Policies made from what other tools have. A format is told by a file's content; it reads the
 * file and writes the text of a policy, or says what is wrong and where. What a policy cannot say
 * is an error or a comment in the policy, never nothing.
 */

#include "compiler/base/diag.h"
#include "compiler/base/text.h"
#include "compiler/vocab.h"

struct import_options {
	const char *profile; /* the name of the profile; NULL: made from the file's */
	/* Which conditional parts of a file apply. */
	bool has_capabilities; /* false: what the file itself says, or IMPORT_CAPABILITIES */
	uint64_t capabilities; /* bit (number) */
	const enum abi *abis;  /* spoken, the machine's own first */
	uint32_t n_abis;       /* 0: what the file itself lists, or the native one */
	/* Calls newer than all that the file names get ENOSYS, as from runc. */
	bool runc;
	/* The kernel's version. has_kernel false: newer than all that a file can ask for. */
	bool has_kernel;
	uint32_t kernel_major, kernel_minor;
	/* Of AppArmor: where <abstractions/base> is looked for, or NULL; and whether files that a
	 * profile includes are read at all. */
	const char *apparmor_dir;
	bool reads_includes;
};

/* What Docker and containerd leave to a container that asks for nothing: the capabilities of
 * their default OCI configuration. */
extern const char *const import_default_capabilities[];
uint64_t import_default_capability_set(void);

/*
 * Writes the text of a policy to @to. false, and nothing written, with errors in @diags; warnings
 * may be there either way. What was written has been compiled without a mistake.
 */
bool import_policy(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to);

#endif
