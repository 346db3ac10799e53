/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDING_H
#define PALE_RECORDING_H

#include "operator/controller/event_list.h"
#include "operator/controller/recording_spec.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A PaleRecording from its first pod to the draft of a PaleProfile:
 *
 *	Pending	   no pod is recorded yet
 *	Recording  for spec.durationSeconds from the first one on; replicas join
 *	Merging	   nodes end their recordings and hand in runs; those that do not come within
 *		   RECORDING_GRACE are missing
 *	Completed  there is a draft; completeness Full or Partial, and why
 *	Failed	   there is none, and why
 *
 * All state is in status, @status below: an object of the caller's own, which nothing is changed in
 * where nothing is new. Its "pods" [{name, uid, node, containers, runs}] are the containers that
 * are recorded: "runs" has those whose run came in.
 *
 * How a run comes in: the node puts it into its own PaleNodeStatus, which nobody else may write,
 * status.runs [{recording: "NAMESPACE/NAME", uid, container, run}], where "run" is one line of
 * learn_run.h, its id "UID:CONTAINER" or "UID:CONTAINER:N". It keeps it there until the recording
 * is Completed or Failed, so that a controller that takes over finds all of them. What is believed
 * of it is only that a container which is in "pods", on that node, did such things: neither a pod
 * nor another node can speak for it. That it did them for show nobody can tell; therefore the
 * result is a draft, not enforced, to be reviewed.
 */

enum recording_phase {
	RECORDING_PENDING,
	RECORDING_RECORDING,
	RECORDING_MERGING,
	RECORDING_COMPLETED,
	RECORDING_FAILED,
	RECORDING_PHASES,
};

/* Further pods, and further containers of one, are not recorded, which makes it Partial. */
#define RECORDING_PODS_MAX	 32
#define RECORDING_CONTAINERS_MAX 32
#define RECORDING_GRACE		 300		     /* seconds */
#define RECORDING_RUN_MAX	 ((size_t)512 << 10) /* bytes of one run; nodes cut, and say so */

enum recording_phase recording_phase(const json_t *status);

/* @pod is there in this version: adds it where it is to be recorded and has a node. */
void recording_pod_seen(const struct recording_spec *spec, json_t *status, const json_t *pod,
	int64_t now, struct event_list *events);

/*
 * Why @entry of the status.runs of @node is no run of this recording; NULL: it is one. Static. ""
 * for one that is of another recording.
 */
const char *recording_judge_run(const struct recording_spec *spec, const json_t *status,
	const char *node, const json_t *entry);
/* For who judges now and reads the run later: a copy with its length alone. */
json_t *recording_entry_without_run(const json_t *entry);
/* Notes a run that was judged; what is wrong with one becomes the Event RecordingRunRefused. */
void recording_run_seen(const struct recording_spec *spec, json_t *status, const char *node,
	const json_t *entry, struct event_list *events);

/*
 * What time does. true: it is Merging, and all that will come has come: the caller reads the runs
 * (recording_merge.h) and hands the result to recording_merged(). @wrong: what is wrong with the
 * spec (it is Failed then), or NULL.
 */
bool recording_step(const struct recording_spec *spec, const char *wrong, json_t *status,
	int64_t generation, int64_t now, struct event_list *events);

/*
 * @result of recording_merge_work(). The draft as an object to apply, or NULL where there is none.
 * @existing: the PaleProfile that has the draft's name, or NULL; one that is no draft of this
 * recording is not written over.
 */
json_t *recording_merged(const struct recording_spec *spec, json_t *status, const json_t *result,
	const json_t *existing, int64_t now, struct event_list *events);

#endif
