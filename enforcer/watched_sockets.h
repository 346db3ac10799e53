/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WATCHED_SOCKETS_H
#define PALE_WATCHED_SOCKETS_H

/* The half of watched_calls that takes addresses: connect, bind, sendto, sendmsg, sendmmsg. */

#include "enforcer/resolve_path.h"
#include "enforcer/watched_calls.h"

/* As watched_call_accesses(). */
int watched_socket_accesses(const struct process *p, enum abi abi, const char *call,
	const uint64_t arguments[6], struct accesses *out);

/* A pointer among the arguments: 32-bit ABIs use the low half of the register. */
uint64_t watched_pointer(enum abi abi, uint64_t argument);

/* NULL, and out->cut set, when there is no room. */
struct access *accesses_add(struct accesses *out);
void access_set_path(struct access *a, const struct resolved_path *r);
/* Of what is executed or mapped; changed since @start_ns is drift. */
enum object_class watched_class(const struct resolved_path *r, uint64_t start_ns);

#endif
