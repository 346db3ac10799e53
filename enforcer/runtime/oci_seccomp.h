/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_SECCOMP_H
#define PALE_RUNTIME_OCI_SECCOMP_H

/*
 * linux.seccomp of two origins as one: the container's own section and Pale's (emit_oci.h). A
 * runtime loads one section only, so it has to answer every call, ABI and argument as the stricter
 * of both would (seccomp(2): KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG,
 * ALLOW).
 *
 * What a section means is what runc 1.1.5 and crun 1.8.1 make of it with libseccomp 2.5.4:
 * - An entry whose action is the default's is skipped. One without conditions goes before all of
 *   the same call that have some, and before later ones without.
 * - The conditions of an entry must all hold, but two on one argument make an entry of each.
 * - The machine's own ABI is always among the architectures. What is not gets killed.
 * - On ABIs of 32 bits only the low halves of numbers and arguments count. x86's socketcall and ipc
 *   get the rules of the calls that they stand for, without their conditions on argument 0.
 * - runc answers ENOSYS above the last call that the section names. All calls that the policy names
 *   stay named. Where the container's own section leaves a call to that stub, the call gets ENOSYS
 *   here, too, not the section's default errno, which libc would not fall back from.
 *
 * Where both refuse with an errno, the policy's is given, except that the container's own stays
 * where the policy would not have refused.
 *
 * One section cannot say everything: it has one comparison per argument and entry, and no number
 * above 2^63 - 1. What it cannot say is refused, never let through. So are, at the strictest that
 * either half says of the call: entries of one section that contradict each other, those of which
 * libseccomp makes something else than is written (oci_seccomp_call.c), and comparisons of more
 * than 32 bits that would have to be merged for an ABI of 32. Under socketcall and ipc the result
 * may be stricter without being named.
 *
 * - architectures: those of both.
 * - flags: those of either, but SPEC_ALLOW, which takes a protection away, only if both have it,
 *   and WAIT_KILLABLE_RECV, which the kernel refuses without a listener, only beside
 *   SCMP_ACT_NOTIFY.
 * - SCMP_ACT_NOTIFY of the container's own stays where the policy lets the call through;
 *   listenerPath and listenerMetadata are the container's own.
 * - Members that the specification does not have are left out: Go finds members whatever their
 *   case, so that a copy of "Syscalls" would replace what is written here. Such a near name of a
 *   known member is an error.
 */

#include "compiler/base/error.h"

#include <jansson.h>

/*
 * What both @own (the container's) and @policy allow. Either may be NULL: no filter; then *@ret is
 * a copy of the other, or NULL. New reference in *@ret. Names of calls that are refused, for some
 * arguments at least, though the policy alone would let them through, are appended to the array
 * @refused, which may be NULL.
 *
 * -EINVAL: one of them is not a section that both runtimes take; the text names the place.
 */
int oci_seccomp_intersect(const json_t *own, const json_t *policy, json_t **ret, json_t *refused,
	struct pale_err **err);

#endif
