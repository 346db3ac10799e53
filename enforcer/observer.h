/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OBSERVER_H
#define PALE_OBSERVER_H

/*
 * From stopped calls to what a run was seen to do (compiler/learn_run.h). Each call is looked at as
 * the kernel is about to, and goes on; what becomes of it is not known. What the kernel will refuse
 * for reasons of its own, as far as can be told beforehand, is not written down: nothing is there,
 * or its mode lets nobody in.
 *
 * What could not be looked at makes the run partial, with the reason.
 */

#include "compiler/learn_run.h"
#include "enforcer/notified_calls.h"
#include "enforcer/recorded_gaps.h"

struct observer {
	struct learn_run *run;
	uint64_t start_ns; /* CLOCK_REALTIME_COARSE; files changed since are drift */
	enum learn_phase phase;
	bool has_begun;	   /* the program was executed, and is known */
	uint8_t *compared; /* observer_compared(), by the call's index */
	struct gap_rules gaps;
	uint64_t calls; /* that were looked at */
};

/* Bit (register) of those arguments of @syscall, an index into vocab_syscalls, that policies
 * compare. */
uint8_t observer_compared(int syscall);
/* Whether more of the call is written down than that it was made, with those arguments. */
bool observer_looks_at(int syscall);

void observer_init(struct observer *r, struct learn_run *run, uint64_t start_ns);
void observer_release(struct observer *r);
/* @call is @n's present one, and is still to be answered. */
void observer_take(
	struct observer *r, const struct notified_calls *n, const struct notified_call *call);

#endif
