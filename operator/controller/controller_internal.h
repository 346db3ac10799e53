/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTROLLER_INTERNAL_H
#define PALE_CONTROLLER_INTERNAL_H

#include "operator/api_time.h"
#include "operator/controller/controller.h"
#include "operator/controller/event_list.h"
#include "operator/controller/limited_process.h"
#include "operator/controller/node_table.h"
#include "operator/controller/profile_users.h"
#include "operator/controller/recording_spec.h"
#include "operator/controller/rollout.h"

/* An object whose status is the controller's. */
struct item {
	enum controller_kind kind;
	char *namespace, *name;
	json_t *object;	 /* the newest version seen, without managedFields and status */
	json_t *seen;	 /* its status */
	json_t *status;	 /* as it should be */
	json_t *written; /* as it was written or found last */
	int64_t written_at;
	bool dirty;
	uint64_t turn; /* of controller.turns, when it was served last */
};

struct profile_item {
	struct item item;
	json_int_t compiled; /* the generation that this process compiled; 0: none */
	int64_t failed;	     /* when a compile did not end; 0: none */
	struct rollout rollout;
	char *patched; /* the resourceVersion that a patch was sent for */
};

struct recording_item {
	struct item item;
	struct recording_spec spec;
	char *wrong;	 /* what is wrong with it, or NULL */
	bool complete;	 /* all runs that will come have come */
	int64_t failed;	 /* when a merge did not end; 0: none */
	json_t *entries; /* that are to be merged, or NULL */
	/* Its draft was sent and is not there yet: the status, that it is Completed, is not written
	 * and not told before. */
	bool applying;
	int64_t merged; /* when */
	struct event_list later;
};

struct controller {
	const struct controller_actions *actions;
	void *ctx;
	bool synced[CONTROLLER_KINDS];
	bool leads;
	struct profile_item **profiles;
	size_t n_profiles;
	struct recording_item **recordings;
	size_t n_recordings;
	struct profile_users users;
	struct node_table nodes;
	/* Pods that the webhook had recorded, trimmed, and what nodes hold of runs, by node. Both
	 * may be seen before their recording is. */
	json_t *recorded_pods, *node_runs;
	int64_t looked; /* when all was looked at */
	/*
	 * One child at a time, and the runs of one recording. Who was not served for longest is
	 * next: nobody who edits one object all the time keeps the others from it.
	 */
	uint64_t turns;
	struct recording_item *asked; /* whose runs were asked for and did not come yet, or NULL */
	int64_t asked_at;
	struct limited_process work;
	struct item *of; /* whose it is; NULL: of one that is gone */
	json_int_t work_generation;
	int64_t work_since;
};

/* ---- controller_item.c */

/* It comes after all that wait already. */
void item_init(
	struct controller *c, struct item *i, enum controller_kind kind, const json_t *object);
void item_release(struct item *i);
/* Takes another version. The status counts only as it is seen first: another one later, which is
 * not what was written last, is written over. */
void item_take(struct item *i, const json_t *object);
/* @status is what the server says after all. */
void item_take_status(struct item *i);
json_int_t item_generation(const struct item *i);
/* Whether @object, of the same name, is what was made when that was gone. */
bool item_is_another(const struct item *i, const json_t *object);
bool item_is(const struct item *i, const char *namespace, const char *name);
/* Sends the status if it is another one: at once unless it @may_wait and is not urgent
 * (node_status.h). */
void item_write(struct controller *c, struct item *i, bool may_wait, int64_t now);
/* Sends and empties. */
void item_tell(struct controller *c, const struct item *i, struct event_list *events);

/* ---- controller_profile.c, controller_recording.c */

void profile_item_step(struct controller *c, struct profile_item *p, int64_t now);
void profile_item_compiled(
	struct controller *c, struct profile_item *p, const json_t *outcome, int64_t now);
enum profile_state profile_item_state(const struct profile_item *p);
/* Whether it waits for a compile. */
bool profile_item_wants_work(const struct profile_item *p, int64_t now);
struct profile_item *profile_item_find(const struct controller *c, const char *name);
void profile_item_free(struct profile_item *p);

struct recording_item *recording_item_find(
	const struct controller *c, const char *namespace, const char *name);
void recording_item_seen(struct controller *c, const json_t *object);
void recording_item_step(struct controller *c, struct recording_item *r, int64_t now);
/* Asks for the runs of the next recording that has all of them, unless there are another's. */
void recording_item_ask(struct controller *c, int64_t now);
void recording_item_merged(
	struct controller *c, struct recording_item *r, const json_t *result, int64_t now);
/* The draft is there, or was not taken: then the runs are merged anew. */
void recording_item_applied(struct controller *c, struct recording_item *r);
void recording_item_not_applied(struct recording_item *r);
void recording_item_free(struct recording_item *r);
/* Of a pod; NULL where none is recorded. */
json_t *recorded_pod(const json_t *pod);

#endif
