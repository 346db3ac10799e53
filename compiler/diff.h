/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DIFF_H
#define PALE_DIFF_H

/*
 * What one policy allows that another does not: over every path, address, call with its arguments,
 * capability, signal, mount and limit that the two can tell apart. Each is a finite partition, by
 * the automata of both or the borders of both, of which one witness a part is asked of decide(), so
 * that two policies without a difference here allow the same.
 *
 * Sub-profiles are compared by their names below the profile's. One that only one of them has is
 * compared with nothing: who may enter it is told as a difference of exec.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/decide.h"

enum diff_direction {
	DIFF_ALLOWED, /* now, and was not */
	DIFF_REFUSED, /* now, and was allowed */
	/* Allowed in both, but what is run enters another profile than before. */
	DIFF_ENTERS,
	DIFF_DIRECTIONS
};

/* The same two rules decide, one way before and another now. */
struct difference {
	enum diff_direction direction;
	enum operation operation;
	/* Whose rules; -1 where one of the policies has no such sub-profile, or for `mode`. */
	int32_t old_domain, new_domain;
	/* NULL: no rule (no limit; mode). */
	const struct rule *old_rule, *new_rule;
	/* A witness, as `pale query` takes it after the operation. Any bytes. */
	const char *object;
	uint32_t object_len;
	enum object_class object_class; /* exec, map */
	/* The file is not the caller's own, where that matters. */
	bool of_another;
	uint32_t parts; /* of the partition for which this holds, the witness's with them */
	/* Of calls: the names of all of them; "ioctl(…)" where it is for some arguments only. */
	const char **calls;
	uint32_t n_calls, cap_calls;
	enum abi abi;
};

struct diff {
	struct arena *arena;
	const struct policy *before, *after;
	struct difference **v; /* by domain, operation and direction, in order of finding */
	uint32_t n, cap;
};

/*
 * @d->arena has to be set. -E2BIG when the automata of paths together are too large, or the
 * conditions on a call: then nothing is known.
 */
int policy_diff(struct diff *d, const struct policy *before, const struct policy *after,
	struct pale_err **err);

/* Whether anything is allowed that was not; entering another profile counts. */
bool diff_widens(const struct diff *d);

#endif
