/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CALL_VIOLATION_H
#define PALE_CALL_VIOLATION_H

/* What a seccomp filter did to one call, as a violation, where the call's registers are known. */

#include "compiler/base/text.h"
#include "enforcer/report.h"

#include <linux/seccomp.h>

/*
 * Fills in what follows from the call: its name, into @object too, its arguments, and by
 * seccomp_decide() the rule of @v->policy; of a socket that a rule about sockets denies, that rule.
 * @v->outcome stands already; a refusal of what the policy
 * allows becomes OUTCOME_OVERBLOCKED, for it was another filter that refused, the container's own.
 */
void call_violation(struct violation *v, const struct seccomp_data *call, struct text *object);

/* The kernel logs what a filter refuses without asking for `quiet deny`, or for calls that the
 * policy answers as a kernel without them (decide()): such a violation is not to be told. */
bool call_violation_is_quiet(const struct violation *v);

/* BPF programs stamp their events with CLOCK_MONOTONIC. */
uint64_t realtime_of_monotonic(uint64_t monotonic_ns);

#endif
