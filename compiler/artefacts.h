/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ARTEFACTS_H
#define PALE_ARTEFACTS_H

/* Everything that one policy compiles to, made in memory and proved before any of it is written. */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/coverage.h"
#include "compiler/weights.h"

enum artefact {
	ARTEFACT_OCI,	   /* NAME.seccomp.json */
	ARTEFACT_SECCOMP,  /* NAME.<arch>.bpf */
	ARTEFACT_APPARMOR, /* NAME.apparmor */
	ARTEFACT_LSM,	   /* NAME.lsm */
	ARTEFACT_BUNDLE,   /* NAME.bundle */
	ARTEFACT_COUNT,
};

struct artefacts {
	struct coverage *coverage; /* of every mechanism, Landlock at its newest ABI; in the
				      policy's arena */
	struct text v[ARTEFACT_COUNT];
	char suffix[ARTEFACT_COUNT][32]; /* ".x86_64.bpf" */
};

/*
 * The cgroup controllers are taken to be there: what a host lacks only the enforcer can tell.
 *
 * Compiles for every mechanism and reads back what was emitted. @weights (or NULL) order the
 * instructions of the seccomp filter. Fails when a policy exceeds what an
 * artefact can hold (-E2BIG) and, as an internal error, when a proof does (-EBADMSG). @ret is to be
 * released either way.
 */
int artefacts_make(const struct policy *p, const struct weights *weights, struct artefacts *ret,
	struct pale_err **err);
void artefacts_release(struct artefacts *a);

#endif
