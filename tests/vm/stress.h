/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_STRESS_H
#define PALE_TESTS_STRESS_H

/* What stress_actor and the programs that start it share: memory, as descriptor 3 of the actor. */

#include <stdint.h>

#define STRESS_FD 3

struct stress {
	uint32_t stop;	  /* set from outside: no more attempts */
	uint32_t running; /* actors that have begun */
	uint64_t attempts;
	/* of them */
	uint64_t denied;     /* on what is denied, refused with EACCES */
	uint64_t leaked;     /* on what is denied, and let */
	uint64_t allowed;    /* on what is allowed, and let */
	uint64_t refused;    /* on what is allowed, refused with EACCES */
	uint64_t moved;	     /* found nothing: it was at its other place */
	uint64_t odd;	     /* anything else */
	uint32_t odd_errnum; /* of the last such */
};

#endif
