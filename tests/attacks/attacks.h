/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ATTACKS_H
#define PALE_ATTACKS_H

/*
 * What someone does who runs code of their own inside a server's worker process. Each attack tries
 * one thing in the calling process, with plain system calls, undoes it if it worked, and says how
 * far it came. All are harmless, but most need the privileges of root to work at all.
 */

struct attack {
	const char *name;
	/*
	 * 0 when the attack worked; otherwise the errno of the call that ended it, whose name then
	 * is in *ret_call. @argument is the attack's own, as its comment in attacks.c says, or "".
	 * May fork and wait: SIGCHLD must not be handled meanwhile by anyone else.
	 */
	int (*run)(const char *argument, const char **ret_call);
};

/* NULL when there is none of that name. */
const struct attack *attack_find(const char *name);

#endif
