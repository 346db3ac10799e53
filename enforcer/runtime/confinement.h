/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_CONFINEMENT_H
#define PALE_RUNTIME_CONFINEMENT_H

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a policy asks of a container's configuration: an answer to prepare or lookup of
 * pale-protocol(7). */

enum confinement_limit {
	CONFINE_PROCESSES,
	CONFINE_MEMORY, /* bytes */
	CONFINE_CPU,	/* per cent of one CPU */
	CONFINE_OPEN_FILES,
	CONFINE_FILE_SIZE, /* bytes */
	CONFINE_LIMITS,
};

struct confinement {
	json_t *answer;	 /* owns what the others point to */
	bool unconfined; /* then nothing else is set, but: */
	/* it is to be registered all the same, and recorded from its program's start on. Then
	 * wait_ms is set, too. NULL: it is not */
	const char *recording;
	bool no_new_privileges;
	bool bpf_lsm; /* is among what enforces the policy */
	const char *digest, *mode;
	const char *apparmor, *seccomp_bpf;   /* or NULL */
	const json_t *seccomp, *capabilities; /* an object and an array of strings, or NULL */
	struct {
		bool set;
		uint64_t value; /* up to INT64_MAX */
	} limits[CONFINE_LIMITS];
	int wait_ms; /* for register */
};

/* What register waits for when the answer does not say, and the most that it may say. */
#define CONFINE_WAIT_MS	    10000
#define CONFINE_WAIT_MAX_MS 60000

/*
 * Takes @answer, an object, whatever comes of it. -EPROTO when a member is missing or of another
 * type: what is not understood confines nobody.
 */
int confinement_read(json_t *answer, struct confinement *ret, struct pale_err **err);
void confinement_release(struct confinement *c);

/* As policies and the protocol call it. */
const char *confinement_limit_name(enum confinement_limit limit);
bool confinement_allows_capability(const struct confinement *c, const char *name);

#endif
