/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_LSM_LEARNING_H
#define PALE_LSM_LEARNING_H

/* What learn.bpf.c and user space share beside lsm_event.h. */

#include "compiler/lsm_wire.h"

/* An act that was told, by a hash of all that tells it from others. */
struct seen_key {
	lsm_u64 hash[2];
};

/* So many are known at once; what is beyond is told each time. */
#define LSM_SEEN_MAX 262144

/* Whose exec is that of the container's program. */
enum lsm_beginner {
	LSM_BEGINS_ANY,	  /* the first */
	LSM_BEGINS_OTHER, /* the first but a runtime's of itself */
	LSM_BEGINS_INIT,  /* the first of its first process */
};

/* By instance. The first five are user space's, to be written at any time. */
struct lsm_learning {
	lsm_u32 phase;	/* enum learn_phase */
	lsm_u32 begins; /* 1: the container's program has not been executed, and nothing is told */
	lsm_u32 beginner; /* enum lsm_beginner */
	lsm_u32 init;	  /* its first process, as the initial pid namespace has it; 0: not known */
	lsm_u32 looked_for;  /* 1: label_running() is to label its tasks */
	lsm_u64 known;	     /* acts that had been told before */
	lsm_u64 unkept;	     /* that were told and found no room among those */
	lsm_u64 interactive; /* execs from outside, with a terminal, that are left out */
};

/* In an event's errnum. */
#define LSM_SEEN_PHASE(errnum) ((errnum)&7u)
#define LSM_SEEN_EXECED	       8u  /* by what came into the container from outside */
#define LSM_SEEN_BEGINS	       16u /* the exec that makes it of the container */

#endif
