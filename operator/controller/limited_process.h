/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIMITED_PROCESS_H
#define PALE_LIMITED_PROCESS_H

/*
 * Work on what strangers wrote, in a process of its own: whoever may write PaleProfiles, or has a
 * container recorded, must not stop the controller or have it grow. The child has a limit of CPU
 * time and of memory, writes no core file, ends with the controller, and has none of its open files
 * but stdin, stdout, stderr and the pipe that the answer comes through. Even if what it works on
 * took it over: it cannot keep the controller waiting by what it does with the pipe, nor fill its
 * memory. What it needed is the kernel's again when it ends.
 *
 * In an event loop: limited_process_start(), then limited_process_read() whenever @fd is readable,
 * or limited_process_give_up() at a deadline of the caller's, should the machine be too busy for
 * the limit of CPU time to come.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct work_limits {
	unsigned cpu_seconds;
	size_t memory; /* bytes of address space, beyond the controller's own */
};
/* To compile 250 rules on paths took 0.2 s and 10 MiB, 2,000 took 0.7 s and 50 MiB. */
extern const struct work_limits work_limits_default; /* 10 s, 96 MiB */
#define WORK_DEADLINE_S 60

struct limited_process {
	pid_t pid; /* 0: none */
	int fd;	   /* reading; does not block */
	struct text answer;
	struct work_limits limits;
};

/* @work runs in the child with a copy of all that the caller has. Its result is an object with
 * "reason" and "message", of 2 MiB as JSON at most. */
typedef json_t *(*limited_work)(const void *arg);
int limited_process_start(struct limited_process *p, limited_work work, const void *arg,
	const struct work_limits *limits, struct pale_err **err);

/*
 * Reads what is there. true when the process has ended, or was ended since it closed the pipe or
 * answered too much: *ret is what the work gave, or an object of reason TooComplex when a limit was
 * met, Timeout when it was killed, or InternalError when it died otherwise; a new reference.
 * limited_process_close() is what is left to do.
 */
bool limited_process_read(struct limited_process *p, json_t **ret);

/* Ends the process; an object of reason Timeout, which is worth a try later. As
 * limited_process_read() for the rest. */
json_t *limited_process_give_up(struct limited_process *p);

/* Closes @fd, which nobody may watch any more by then. */
void limited_process_close(struct limited_process *p);

/* All at once, for who has no loop: a command, a test. */
int limited_process_run(limited_work work, const void *arg, const struct work_limits *limits,
	json_t **ret, struct pale_err **err);

#endif
