/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NODE_PROCESS_H
#define PALE_POSTURE_NODE_PROCESS_H

/* With what a container's processes run, by /proc (proc_pid_status(5)). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct node_process {
	pid_t pid;
	uint64_t effective, permitted, bounding; /* capabilities, bit (number) */
	bool no_new_privs;
	int seccomp; /* 0: no filter */
	uid_t uid;   /* effective, as this user namespace has it */
	char *label; /* AppArmor's, without its mode; NULL: AppArmor is not there */
	/* In a user namespace of its own, where capabilities are over that alone. */
	bool user_namespace;
};

struct node_processes {
	struct node_process *v; /* the container's first one first */
	size_t n;
};

/*
 * Of a container by its first process: all that have the same mount namespace, those that an engine
 * entered into it too. 0 or a negative errno: -ENOENT and -ESRCH when the first one has ended; and
 * -EACCES, too, where it may not be seen whether another process is one of them.
 */
int node_processes_read(pid_t first, struct node_processes *ret);
void node_processes_release(struct node_processes *p);

/* The namespaces that are this node's: those of its first process as far as they are seen, or of
 * this one. @name as in /proc/PID/ns. false, too, when it cannot be told. */
bool node_shares_namespace(pid_t pid, const char *name);
/* Capabilities that the node's first process can hand down. */
uint64_t node_all_capabilities(void);
/* What a process has, or may come to have by a program that has more. */
uint64_t node_process_reachable(const struct node_process *p);

#endif
