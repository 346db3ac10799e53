/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_RUN_LIST_H
#define PALE_NODE_RUN_LIST_H

/*
 * Recordings of this node's containers, which paled makes, on their way into the PaleNodeStatus,
 * where the controller reads them (operator/controller/recording.h). A run is handed in as soon as
 * its recording is done: because its container ended, or because the PaleRecording is Merging, when
 * it is ended. It is kept until the PaleRecording is Completed, Failed or gone; then paled forgets
 * it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of all runs of a status: etcd takes 1.5 MiB for an object, and the rest of it needs some. Those
 * that have no room wait until others are no longer needed. */
#define RUN_LIST_BYTES ((size_t)900 << 10)
#define RUN_LIST_RUNS  128

struct run_entry;

struct run_list {
	struct run_entry **v; /* in the order in which they began */
	size_t n;
	bool asked; /* paled was, and has not answered yet */
};

void run_list_release(struct run_list *l);

/* paled's answer to `recordings`, which is ok. What names no PaleRecording, NAMESPACE/NAME, is left
 * alone. */
void run_list_take(struct run_list *l, const json_t *answer);
/* The PaleRecording's status.phase; "": it has none yet; NULL: it is gone. */
void run_list_phase(struct run_list *l, const char *recording, const char *phase);
/* Names of PaleRecordings, each once: a new array. */
json_t *run_list_recordings(const struct run_list *l);

/* What to ask paled next, of *@ret; NULL: nothing, or there is no answer yet. */
json_t *run_list_next(struct run_list *l, struct run_entry **ret);
/* @answer NULL: paled went away. */
void run_list_answered(struct run_list *l, struct run_entry *e, const json_t *answer);
/* paled is away; @e of run_list_next() is answered before. */
void run_list_forget_paled(struct run_list *l);

/* status.runs: a new array. */
json_t *run_list_json(const struct run_list *l);

#endif
