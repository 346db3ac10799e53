/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_SECCOMP_H
#define PALE_IMPORT_SECCOMP_H

/*
 * A seccomp profile as its author wrote it, read and not yet understood, and the policy that it
 * becomes.
 *
 * What a profile means is what runc and libseccomp make of it:
 * - An entry whose action is the default's is skipped.
 * - The conditions of one entry must all hold; but if two are on one argument, each condition
 *   becomes an entry of its own.
 * - An entry without conditions goes before all of the same call that have some, and before later
 *   ones without. Podman's own profile has such entries; those without effect are told.
 * - Two entries with conditions that match the same arguments and say different things are an
 *   error: libseccomp refuses equal ones, and which of the others wins is nowhere specified.
 * - Names that the tables do not know are left out, as runtimes leave out those that libseccomp
 *   does not know, and told.
 *
 * What differs: comparisons there are of 64 bits, in a policy at the width that the kernel reads.
 * Registers are taken as C libraries fill them, unsigned arguments with zeros above their width
 * and signed ones with their sign, but with zeros for a comparison with 2^31 … 2^32 - 1, by which a
 * negative int is meant. Two registers that differ only in what the kernel does not read are one
 * call, and get one answer. Calls that are newer than Pale's tables get ENOSYS.
 *
 * On ABIs of 32 bits libseccomp cuts what it compares with: numbers with more are errors where such
 * an ABI is spoken.
 *
 * runc puts a stub before libseccomp's filter, which answers ENOSYS to numbers above the last that
 * the profile names (libcontainer/seccomp/patchbpf); crun does not, and neither does the policy
 * unless it is asked to (import_options.runc).
 *
 * x86 has calls that stand for many (socketcall, ipc): an entry about one of these is one about
 * theirs, too, as in libseccomp; its conditions cannot be, since there the arguments lie in memory.
 */

#include "compiler/base/json_read.h"
#include "compiler/base/text.h"
#include "compiler/policy_text.h"

enum import_compare {
	IMPORT_NE,
	IMPORT_LT,
	IMPORT_LE,
	IMPORT_EQ,
	IMPORT_GE,
	IMPORT_GT,
	IMPORT_MASKED_EQ, /* argument & value == value_two */
};

struct import_condition {
	uint8_t index;
	enum import_compare op;
	uint64_t value, value_two;
	const struct json_path *path;
};

enum import_verdict { IMPORT_ALLOW, IMPORT_LOG, IMPORT_ERRNO, IMPORT_KILL };

struct import_action {
	enum import_verdict verdict;
	int errnum; /* of IMPORT_ERRNO, positive */
};

struct import_entry {
	const struct json_path *path; /* syscalls[3] */
	struct policy_words names;
	struct import_action action;
	struct import_condition *conditions;
	uint32_t n_conditions, cap_conditions;
	const char *left_out;	  /* NULL, or the condition of its own that does not hold */
	const char *other_action; /* of one that is left out: NULL, or what no rule says */
};

struct import_seccomp {
	const struct json_document *document; /* for places only */
	struct import_action default_action;
	const struct json_path *default_path;
	uint32_t abis; /* bit (1 << enum abi) */
	uint64_t capabilities;
	bool runc; /* struct import_options */
	struct import_entry *entries;
	uint32_t n, cap;
	/* What else the policy's reader must know: comments for its head. */
	struct policy_words notes;
};

/* From the model to the policy's text. @name: the profile's. false with errors in @diags. */
bool import_seccomp_write(const struct import_seccomp *m, const struct source *s, const char *name,
	struct diag_list *diags, struct text *to);

#endif
