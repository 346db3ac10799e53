/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_INTERNAL_H
#define PALE_NODE_INTERNAL_H

/* Of node.h: each file of it is one thing that it does. */

#include "enforcer/export/feed.h"
#include "enforcer/export/violation_counts.h"
#include "enforcer/page_server.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_event.h"
#include "operator/kube/kube_watch.h"
#include "operator/node/node.h"
#include "operator/node/paled_calls.h"
#include "operator/node/pod_list.h"
#include "operator/node/profile_list.h"
#include "operator/node/run_list.h"

#define NODE_MANAGER "pale-node"

enum { WATCH_PROFILES, WATCH_PODS, WATCHES };

/* One of the node's watches, as a handler's argument. */
struct node_watch {
	struct node *node;
	struct kube_watch *watch;
	uint64_t restarts[KUBE_RESTARTS];
};

struct node {
	const struct node_options *options;
	sd_event *loop;
	struct kube_client *client;
	struct kube_events *events;
	struct profile_list profiles;
	struct pod_list pods;

	/* node_paled.c: what paled is asked */
	struct paled_calls *paled;
	bool up;	    /* it has answered `status` since it was there */
	json_t *mechanisms; /* names; NULL: not known yet */
	json_t *numbers;    /* its counts of events, from `status` */
	json_t *containers; /* how many are confined how, by name */
	uint32_t restart_required;
	bool ps_asked;
	uint64_t ps_us;			 /* when `ps` was asked last; CLOCK_MONOTONIC */
	bool no_describe, no_recordings; /* this paled does not know it */
	sd_event_source *poll, *ps_timer;
	struct node_profile *asked;
	enum profile_action action;

	/* node_recordings.c: recordings, until they are handed in */
	struct run_list runs;
	struct run_entry *run_asked;
	struct recording_look *looks;

	/* node_feed.c: what paled tells */
	struct feed *feed;
	struct seen *seen;
	uint64_t from_ns; /* what was before it is too old to be told */
	uint64_t too_old; /* how many of those there were */
	struct violation_counts *violations;
	uint64_t untold; /* Events that the API server did not take */

	/* node_objects.c: what the API server is asked and tells */
	struct node_watch watches[WATCHES];
	struct kube_call *call;
	sd_event_source *begin;
	struct kube_backoff backoff;
	char *uid; /* of the Node; NULL: not known yet */
	bool begun;
	struct kube_call *patching;
	sd_event_source *patch_timer;
	bool untainted; /* it was seen without the taint since it was ready */

	/* node_report.c: the PaleNodeStatus */
	json_t *conditions; /* {conditions: [...]} */
	json_t *written;    /* without heartbeat and position; NULL: nothing yet */
	bool news;	    /* the position is another, by something that was told or counted */
	uint64_t written_us, looked_us; /* looked whether all still is as it should be */
	unsigned looks_without_node;
	struct kube_call *writing;
	json_t *writing_status;
	sd_event_source *report_timer;

	/* node_http.c */
	struct page_server *pages;
};

/* Seconds since 1970; microseconds of CLOCK_MONOTONIC. */
int64_t node_now(void);
uint64_t node_monotonic_us(void);
/* Off at first. */
sd_event_source *node_timer(struct node *n, sd_event_time_handler_t on_time);
/* @us from now; an earlier time that it has stays. */
void node_wake(sd_event_source *timer, uint64_t us);

void node_paled_begin(struct node *n);
void node_paled_free(struct node *n);
/* Asks what is to be asked next: after anything changed. */
void node_paled_step(struct node *n);

/* Asks for recordings, and how far they are. */
void node_recordings_look(struct node *n);
void node_recordings_step(struct node *n);
void node_recordings_free(struct node *n);

/* @position: how far an earlier process was (event_position.h). */
void node_feed_begin(struct node *n, const json_t *position);
void node_feed_free(struct node *n);

void node_objects_begin(struct node *n);
void node_objects_free(struct node *n);
/* The PaleNodeStatus is not there any more, or there is another Node. */
void node_objects_again(struct node *n);
/* Looks at the Node, and changes what is to be changed of it. */
void node_objects_patch(struct node *n);
/* What was asked for is there: paled answers, and has all that there is for it. */
bool node_is_ready(const struct node *n);

void node_report_begin(struct node *n);
void node_report_free(struct node *n);
/* Something of the status may be another: it is written soon, if so. */
void node_report_changed(struct node *n);
/* Something was told or counted that the next process must not tell again. */
void node_report_news(struct node *n);

/* An Event on a pod or its container ("" : of the pod), or on the Node. */
struct node_event {
	const char *namespace, *pod, *pod_uid, *container;
	const char *reason, *message;
	bool warning;
};
void node_tell_pod(struct node *n, const struct node_event *e);
void node_tell_node(struct node *n, const char *reason, const char *message, bool warning);

int node_http_begin(struct node *n, struct pale_err **err);

#endif
