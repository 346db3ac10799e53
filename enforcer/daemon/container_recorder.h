/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTAINER_RECORDER_H
#define PALE_CONTAINER_RECORDER_H

/*
 * The program that records one container, as a process of its own beside the daemon, which goes on
 * when it fails. paled executes itself for it, with CONTAINER_RECORDER_WORD in place of options:
 *
 *	paled record-container RUN-ID CGROUP FILE PARENT
 *
 * RUN-ID names the run; CGROUP is the container's, a path below the unified hierarchy's root;
 * PARENT the process that must be its parent, with whose end it ends. Descriptor
 * CONTAINER_RECORDER_INIT is a pidfd of the container's first process, which has not executed
 * its program, and CONTAINER_RECORDER_TELL a pipe, into which "\n" goes when everything is
 * watched, or why that cannot be, with a newline.
 *
 * FILE has the run once a second, partial, and in the end whole: at most RECORDED_RUN_MAX bytes, of
 * what is more so many observations are left off, and the run is partial. SIGTERM ends it in time.
 * Its memory, at most some LEARN_BYTES_MAX, counts in the daemon's cgroup, in which it is the first
 * to be killed where that is short.
 */

#define CONTAINER_RECORDER_WORD "record-container"
#define CONTAINER_RECORDER_INIT 3
#define CONTAINER_RECORDER_TELL 4

/* As much as a PaleRecording takes. */
#define RECORDED_RUN_MAX ((size_t)512 << 10)

/* How it ends, beside 0: the run is in FILE. */
enum container_recorder_status {
	CONTAINER_RECORDER_FAILED = 1,
	CONTAINER_RECORDER_NOT_STARTED, /* the container's program was never executed */
};

int container_recorder_main(int argc, char **argv);

#endif
