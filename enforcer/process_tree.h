/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROCESS_TREE_H
#define PALE_PROCESS_TREE_H

/*
 * The processes of a container's history, each with what it did. A process is told by its host_pid
 * and its start; violations know the number alone, and are those of the process that had it then:
 * of one of start_ns 0 where none is known that may have.
 */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct tree_process {
	json_int_t host_pid, start_ns;
	json_int_t pid;		    /* in its own namespace; 0: not known */
	const json_t *start, *exit; /* entries; NULL: not recorded */
	const json_t *exec;	    /* the last */
	/* exec, connect and violation, in order of time; of all but the exit and the start. */
	const json_t **acts;
	size_t n_acts;
	const char *since; /* the time of its first entry */

	json_int_t parent_pid, parent_start_ns;
	unsigned depth; /* 0: its parent is not of the container, or was not recorded */
	struct tree_process *parent, *first, *last, *sibling;
	struct tree_process *same_pid; /* the one before it of this number */
	size_t nth;		       /* as it was added */
};

struct process_tree;

struct process_tree *process_tree_new(void);
void process_tree_free(struct process_tree *t);
void process_tree_freep(struct process_tree **t);

/* In order of time; @entry must outlive the tree. What is not of a process is left out. */
void process_tree_add(struct process_tree *t, const json_t *entry);
/* When all was added. */
void process_tree_link(struct process_tree *t);

/* NULL: there is none. */
const struct tree_process *process_tree_find(
	const struct process_tree *t, json_int_t host_pid, json_int_t start_ns);

/* Each process, children behind their parent, in order of time; NULL at first and at the end. It
 * goes down no stack, however deep processes are. */
const struct tree_process *process_tree_next(
	const struct process_tree *t, const struct tree_process *p);

#endif
