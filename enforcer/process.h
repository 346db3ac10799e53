/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROCESS_H
#define PALE_PROCESS_H

/*
 * What /proc says of one thread. Its folder is opened once and everything is read beneath that
 * descriptor: when the thread is gone, reads fail with ESRCH, and a new one that got its number is
 * never taken for it. Whoever got the number from elsewhere (a seccomp notification) checks after
 * process_open() that the number was still that thread's.
 *
 * Processes go away at any moment, so failures are plain negative errnos without a text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	int proc_fd; /* /proc/TID, O_PATH */
	pid_t tid;   /* these three as in the reader's pid namespace */
	pid_t pid;
	pid_t parent;
	/* As in the innermost pid namespace that it is in. */
	pid_t inner_tid, inner_pid;
	uid_t fsuid;
	char *executable;	 /* "" when it cannot be told */
	char *parent_executable; /* likewise */
};

/* *@ret is to be freed on success. -ESRCH, -ENOENT: gone. */
int process_open(pid_t tid, struct process **ret);
void process_free(struct process *p);
void process_freep(struct process **p);

/* malloc-ed; "" when it cannot be told: gone, a kernel thread, or not ours to look at. */
char *process_executable(pid_t pid);

/*
 * The thread's memory, with the rights of ptrace(2), PTRACE_MODE_ATTACH_FSCREDS. Reads all of @len
 * or gives -EFAULT. -ENXIO: it is the process's, who can read it, and nobody else.
 */
int process_read(const struct process *p, uint64_t address, void *buffer, size_t len);
/* As much as is mapped, up to @len; the count, or -EFAULT when nothing is, -ENXIO as above. */
ssize_t process_read_some(const struct process *p, uint64_t address, void *buffer, size_t len);
/*
 * A string of at most @size - 1 bytes and its NUL; its length. -ENAMETOOLONG when no NUL is among
 * them.
 */
ssize_t process_read_string(const struct process *p, uint64_t address, char *buffer, size_t size);

/* A line of proc_pid_maps(5). */
struct mapping {
	uint64_t begin, end;
	char mode[5]; /* "r-xp" */
	unsigned long inode;
};
/*
 * Calls @visit for each of the process until that gives something else than 0, which is the answer,
 * too; 0 at the end, or a negative errno.
 */
int process_mappings(
	const struct process *p, int (*visit)(void *ctx, const struct mapping *mapping), void *ctx);

/* An O_PATH descriptor of "root", "cwd" or "fd/N". */
int process_open_path(const struct process *p, const char *what);

#endif
