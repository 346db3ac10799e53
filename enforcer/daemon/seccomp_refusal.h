/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SECCOMP_REFUSAL_H
#define PALE_SECCOMP_REFUSAL_H

/*
 * Whether a call that ended with an errno was refused by the container's seccomp filter, or is an
 * ordinary error of the kernel. A filter is asked before the call runs: if it refuses that call
 * with those arguments the kernel never came to, and if it does not, the errno is the kernel's.
 *
 * The filter is what seccomp_answer() says of the policy with the runtime's own calls, and refuses
 * what linux.seccomp cannot say (emit_oci.h).
 */

#include "enforcer/call_violation.h"
#include "enforcer/daemon/container.h"
#include "enforcer/seccomp_exit.h"

/* The errnos that a filter of @c may refuse with, added to @errnos. */
void seccomp_refusal_errnos(const struct container *c, uint64_t errnos[SECCOMP_EXIT_WORDS]);

/*
 * true: @ret is to be told; its @object is in @object, the process's names are the caller's to fill
 * in. false: it was the kernel's own error, or one that `quiet deny` keeps quiet.
 *
 * Of what the container's own configuration refuses only the names of calls are known, for some
 * arguments at least. If it ends with EPERM or ENOSYS, which engines' filters give, it is taken for
 * refused, and ->decision.depends says that this is not certain.
 */
bool seccomp_refusal(const struct container *c, const struct node_filter *filter,
	const struct seccomp_exit_event *e, struct violation *ret, struct text *object);

/* Whether there are arguments with which the filter would refuse this call. */
bool seccomp_refusal_is_possible(const struct container *c, const struct node_filter *filter,
	uint32_t number, uint32_t arch);

#endif
