/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DAEMON_H
#define PALE_DAEMON_H

/* paled: the policies of a node, its containers, and what they were refused. */

#include "enforcer/daemon/config.h"
#include "enforcer/daemon/container.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/event_log.h"
#include "enforcer/daemon/node_enforcement.h"
#include "enforcer/audit_netlink.h"
#include "enforcer/daemon/policy_store.h"
#include "enforcer/daemon/process_facts.h"
#include "enforcer/daemon/process_watch.h"
#include "enforcer/daemon/runtime_features.h"
#include "enforcer/daemon/server.h"
#include "enforcer/seccomp_exit.h"

#include <systemd/sd-event.h>

struct daemon_options {
	const char *config;	/* paled.conf */
	const char *profiles;	/* the administrator's folder */
	const char *run;	/* sockets, policies, containers, pins */
	const char *log;	/* the events' file */
	const char *recorder;	/* the history's */
	const char *recordings; /* of recordings.h: a folder */
};

enum daemon_socket { SOCKET_REGISTER, SOCKET_CONTROL, SOCKET_EVENTS, SOCKET_COUNT };

struct daemon {
	struct daemon_options options;
	sd_event *event;
	struct daemon_config config;
	struct node_enforcement enforcement;
	struct policy_store store;
	struct node_policy *sandbox; /* for pods' sandboxes */
	struct containers containers;
	struct event_log log;
	struct server *sockets[SOCKET_COUNT];
	uint64_t since_ns; /* CLOCK_REALTIME */
	struct runtime_features runtimes;
	struct event_queue queue;
	struct event_line nobodys; /* of instances whose container is gone */
	uint64_t dropped;	   /* events that there was no room for in the queue */
	struct process_facts_cache facts;
	uint64_t reported, unattributed;
	const struct lsm_event *current; /* the kernel's event that is being reported */
	/* What filters without SECCOMP_FILTER_FLAG_LOG refuse. */
	struct seccomp_exit *exits; /* NULL: not needed so far, or not to be had */
	bool no_exits;		    /* that has been told */
	uint64_t exits_lost;	    /* as was told */
	/* What others refuse, where no BPF program tells. */
	int audit_fd; /* -1: not used */
	char *audit_buffer;
	struct audit_serials audit_serials;
	uint64_t audit_lost; /* as was told */
	bool audit_dropped_known;
	uint32_t audit_dropped_last;
	uint64_t audit_dropped;	       /* by the kernel, since the start */
	struct process_watch *watch;   /* NULL: not used */
	int place_root;		       /* violations_place()'s last; -1: none */
	bool no_watch;		       /* it is not to be had, which has been told */
	struct recording *recording;   /* NULL: nothing is recorded */
	struct recordings *recordings; /* of containers for policies; recordings.h */
	struct responses *responses;   /* response.c */
	sd_event_source *exceptions_timer;
	sd_event_source *tell_source, *lsm_source, *store_source, *rescan, *sweep, *audit_source,
		*watch_source, *exits_source;
};

/* In the journal's form, with a level of syslog(3). */
void daemon_tell(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Opens everything, says that it is ready (sd_notify(3)), and serves until SIGTERM or SIGINT.
 * SIGHUP: reads its configuration and profiles anew. Enforcement outlives it. 0, or why it could
 * not begin.
 */
int daemon_run(const struct daemon_options *options, struct pale_err **err);

/* The methods of the sockets, and what a container's registration means. */
extern const struct server_method registration_methods[];
extern const struct server_method control_methods[];
extern const struct server_method query_methods[];
extern const struct server_method history_methods[];

/* Reads the profiles anew; what is wrong with them is told. */
void daemon_scan_profiles(struct daemon *d);

/* Removes sources of policies that nothing uses. */
void daemon_sweep_policies(struct daemon *d);

/* Takes up a container that was kept in a file: containers_restore(). */
int registration_restore(void *daemon, const char *id, const json_t *kept, struct pale_err **err);
/* Frees what has been forgotten for long enough, or is gone without a word. */
void registration_sweep(struct daemon *d);
/* What became of a container, or with NULL of the daemon, into the log of events. */
void daemon_log_notice(struct daemon *d, const char *kind, const struct container *c);

/* What a connection keeps begins with what it is: server_keep()'s data of these methods. */
enum kept { KEPT_EVENTS, KEPT_HISTORY };

/* A line of the log to those who follow. */
void queries_follow(void *daemon, const json_t *event, const char *line, size_t len);

/* What the kernel tells, to be told later; fits lsm_on_event. */
void violations_take(void *daemon, const struct lsm_event *e);
/* Tells now what the kernel has told of @c until now: its policy is about to be another. */
void violations_settle(void *daemon, struct container *c);
/* Tells now what waits of @c: before it is freed, or what is known of it changes. */
void daemon_tell_waiting(struct daemon *d, struct container *c);
/* Something waits, or can be read. */
void daemon_wake(struct daemon *d);
/* Where its files are; fits apparmor_denials_options.place. */
struct apparmor_place violations_place(void *daemon, pid_t pid);
/*
 * What every mechanism's violations come to: an event, and what the node has done about it. @c
 * NULL: it cannot be told whose it is. @process and @e: as event_json() has them.
 */
void violations_report(struct daemon *d, const struct violation *v, struct container *c,
	const struct event_process *process, const struct lsm_event *e);
/* What AppArmor refused, under whatever policy. */
void violations_take_apparmor(void *daemon, const struct violation *v);
/* Some audit records that there are. */
void violations_read_audit(struct daemon *d);
/* At times: those that were lost since the last time. */
void violations_tell_lost(struct daemon *d);

/* Follows the machine's processes from now on, if nobody does yet: daemon.watch. What fails is
 * told, and then those that end at once are not known. */
void daemon_watch_processes(struct daemon *d);

/*
 * What filters without SECCOMP_FILTER_FLAG_LOG refuse (seccomp_exit.h): to be called when
 * containers have come, gone or been forgotten. Begins to look on when there is one with such a
 * filter.
 */
void refused_calls_update(struct daemon *d);
/* Some of the calls that there are, to be told later. */
void refused_calls_read(struct daemon *d);
/* At times: what was throttled or lost in the kernel; and looks on no more when there is none. */
void refused_calls_sweep(struct daemon *d);
/* What of @c no later event has told, before it is freed. */
void refused_calls_tell_throttled(struct daemon *d, struct container *c);
/* Looks on no more, and tells what was seen until now, or counted. */
void refused_calls_stop(struct daemon *d);
void refused_calls_release(struct daemon *d);

/*
 * The flight recorder (enforcer/recorder/): what fails is told, and the daemon goes on without.
 * recording_update() is to be called when containers have come; it looks on as long as there is one
 * that runs.
 */
void recording_open(struct daemon *d);
void recording_update(struct daemon *d);
/* At the start: of containers that were taken up again there are processes already. */
void recording_restore(struct daemon *d);
/* The container is about to be freed. */
void recording_forget(struct daemon *d, const struct container *c);
/* At times: what was lost in the kernel; and looks on no more when nothing runs. */
void recording_sweep(struct daemon *d);
/* An event of the log, with its line. */
void recording_take_event(struct daemon *d, const json_t *event, const char *line, size_t len);
/* A change of the node's profiles. */
void recording_take_profile(void *daemon, const struct store_profile *p, bool gone);
/* What was seen so far is to be written: @written is called once it is, or could not be, unless
 * recording_cancel() was before. false: nothing is recorded. */
bool recording_flush(struct daemon *d, void (*written)(void *ctx), void *ctx);
void recording_cancel(struct daemon *d, void *ctx);
/* The database's damage was seen by a reader. */
void recording_suspect(struct daemon *d);
/* Of status: a new object. */
json_t *recording_json(struct daemon *d);
void recording_release(struct daemon *d);

#endif
