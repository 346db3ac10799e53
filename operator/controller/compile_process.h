/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COMPILE_PROCESS_H
#define PALE_COMPILE_PROCESS_H

/*
 * profile_compile() in a process of its own: whoever may write PaleProfiles must not stop the
 * controller or have it grow. The child has a limit of CPU time and of memory, writes no core file,
 * ends with the controller, and has none of its open files but the pipe that the outcome comes
 * through. What it needed is the kernel's again when it ends.
 *
 * In an event loop: compile_process_start(), then compile_process_read() whenever @fd is readable,
 * and compile_process_give_up() at a deadline of the caller's, should the machine be too busy for
 * the limit of CPU time to come.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct compile_limits {
	unsigned cpu_seconds;
	size_t memory; /* bytes of address space, beyond the controller's own */
};
/* 250 rules on paths took 0.2 s and 10 MiB, 2,000 took 0.7 s and 50 MiB. */
#define COMPILE_CPU_SECONDS 10
#define COMPILE_MEMORY	    ((size_t)96 << 20)
#define COMPILE_DEADLINE_S  60
extern const struct compile_limits compile_limits_default;

struct compile_process {
	pid_t pid; /* 0: none */
	int fd;	   /* reading; does not block */
	struct text answer;
	struct compile_limits limits;
};

int compile_process_start(struct compile_process *p, const char *name, const json_t *spec,
	const struct compile_limits *limits, struct pale_err **err);

/*
 * Reads what is there. true when the process has ended: *ret is profile_compile()'s outcome, or one
 * of reason TooComplex when a limit was met, or InternalError when it died otherwise; a new
 * reference. Nothing is left to release then.
 */
bool compile_process_read(struct compile_process *p, json_t **ret);

/* Ends the process; an outcome of reason CompileTimeout, which is worth a try later. */
json_t *compile_process_give_up(struct compile_process *p);

/* All at once, for who has no loop: a command, a test. */
int compile_process_run(const char *name, const json_t *spec, const struct compile_limits *limits,
	json_t **ret, struct pale_err **err);

#endif
