/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BUNDLE_H
#define PALE_BUNDLE_H

/*
 * NAME.bundle: everything that an enforcer needs for one policy, in one file that is either whole
 * or refused.
 *
 *	"PALEBNDL"  u32 version  u32 sections
 *	for each section: name[32], u64 offset, u64 length, SHA-256 of its bytes
 *	SHA-256 of all the above
 *	the sections' bytes
 *
 * Numbers are little-endian, offsets count from the file's start, sections lie in the order of the
 * table without gaps. Sections: policy.json, coverage.json, seccomp.json, seccomp.<abi>.bpf,
 * apparmor, lsm.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/policy.h"

#include <jansson.h>
#include <stdbool.h>

#define BUNDLE_VERSION	    1
#define BUNDLE_SECTIONS_MAX 64
#define BUNDLE_NAME_MAX	    31

struct bundle_section {
	char name[BUNDLE_NAME_MAX + 1];
	const void *bytes;
	uint64_t len;
};

struct bundle {
	struct bundle_section v[BUNDLE_SECTIONS_MAX];
	uint32_t n;
};

/* Borrows @bytes until bundle_write(). Names are distinct and at most BUNDLE_NAME_MAX long. */
void bundle_add(struct bundle *b, const char *name, const void *bytes, size_t len);
void bundle_write(const struct bundle *b, struct text *ret);

/*
 * Checks every length and digest of @bytes (@len of them) before anything is believed; the sections
 * point into @bytes. -EBADMSG with what is wrong; -EPROTONOSUPPORT for a version that this program
 * does not know.
 */
int bundle_read(const void *bytes, size_t len, struct bundle *ret, struct pale_err **err);
/* NULL when there is none. */
const struct bundle_section *bundle_find(const struct bundle *b, const char *name);

/*
 * policy.json: profile, digest, mode, ABIs, sub-profiles, and each rule with id, text, effect,
 * operations and the lines where it stands, files by their portable names. A new reference.
 */
json_t *policy_json(const struct policy *p);

#endif
