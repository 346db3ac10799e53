/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTAINER_H
#define PALE_CONTAINER_H

/*
 * The containers that were registered, by id. What has to survive the daemon is kept in a file for
 * each: which policy it is under, and by which instance of the kernel's programs.
 *
 * One that was forgotten stays for CONTAINER_LINGERS_NS, so that what it did last can still be told
 * whose it was.
 */

#include "enforcer/daemon/event_queue.h"
#include "enforcer/daemon/node_policy.h"
#include "enforcer/lsm_report.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

#define CONTAINER_LINGERS_NS 60000000000u

struct container {
	char *id;
	uint32_t number;	    /* never used twice in a daemon's life; not 0 */
	struct node_policy *policy; /* a reference; NULL: it runs unconfined, and is known all the
				       same */
	/* What it was under before live_update(): events of then may wait to be read. A reference.
	 */
	struct node_policy *previous;
	json_t *annotations;
	json_t *own; /* what its own configuration refuses, pale-protocol(7) */
	char *owner; /* what keeps its pod, "Deployment/web"; NULL: nobody has told */
	char *bundle, *rootfs;
	pid_t pid;	     /* its first process, in the daemon's pid namespace */
	uint64_t start_time; /* of @pid, proc_pid_stat(5): tells it from another of that number */
	int pidfd;	     /* -1: it has ended */
	char *initial_executable; /* of @pid when it was registered: the runtime's */
	char *cgroup;		  /* a line of /proc/PID/cgroup that tells it from others */
	uint64_t cgroup_id;	  /* in the unified hierarchy; 0: not in a group of its own there */
	uint64_t since_ns;	  /* CLOCK_REALTIME */
	sd_event_source *ending;  /* it is to be forgotten when it ends; NULL: not asked for */
	uint64_t forgotten_ns;	  /* CLOCK_MONOTONIC; 0: it has not been */

	enum oci_runtime runtime;
	bool seccomp_log; /* the kernel logs what its filter refuses: SECCOMP_FILTER_FLAG_LOG */

	bool late; /* it ran before it was put under its policy: running_containers.h */

	bool has_instance;
	uint32_t instance;
	uint64_t generation;
	struct lsm_reporter reporter;
	struct event_line waiting; /* what it did, and has not been told yet */
	uint64_t dropped;	   /* events that there was no room for there */
	uint64_t reported;	   /* events */
	uint64_t refused;	   /* not by BPF-LSM, which counts itself */
	/* refused_calls.c; of BPF-LSM the kernel counts */
	uint64_t throttled; /* events that were not told */
	uint64_t pending;   /* of these what the next event is to say */
	uint64_t full_ns;   /* CLOCK_MONOTONIC: when it may be told of as many as ever */
	bool is_defined;    /* the recorder knows its number; recording.c */

	struct exceptions *exceptions; /* NULL: it never had any; exceptions.c */
	bool frozen;		       /* by a response; response.c */
	struct response_counts *responses;
};

struct containers {
	char *dir; /* of their files */
	struct container **v;
	size_t n;
	uint32_t last_number;
};

int containers_init(struct containers *c, const char *run, struct pale_err **err);
void containers_release(struct containers *c);

/* [A-Za-z0-9][A-Za-z0-9_.-]*, at most 255 bytes: what runc and crun take for an id is more. */
bool container_id_is_sound(const char *id);

/* The one that has not been forgotten; NULL. */
struct container *containers_find(const struct containers *c, const char *id);
/* By a beginning of its id, or a name; NULL when none or several have it. */
struct container *containers_find_like(const struct containers *c, const char *word);
struct container *containers_by_instance(
	const struct containers *c, uint32_t instance, uint64_t generation);
/* By a group of the unified hierarchy that is its own: the one that had it last; NULL. */
struct container *containers_by_cgroup(const struct containers *c, uint64_t cgroup_id);
struct container *containers_by_number(const struct containers *c, uint32_t number);
/* Whose cgroup @pid is in, or below; forgotten ones too. */
struct container *containers_by_pid(const struct containers *c, pid_t pid);

/* Those that run on this machine and that nobody registered: started before the daemon, or by
 * another runtime than pale-runtime. As cgroup_containers.h finds them. */
int containers_each_unregistered(const struct containers *registered,
	void (*take)(void *ctx, const char *id, pid_t pid), void *ctx);

/* Takes over @add. */
void containers_add(struct containers *c, struct container *add);
/* Frees it; its file is removed. */
void containers_remove(struct containers *c, struct container *gone);
void container_free(struct container *c);
void container_freep(struct container **c);

/*
 * Fills in what the kernel says of ->pid: its start, its cgroup, a descriptor if there is none in
 * ->pidfd. -ESRCH: it is gone.
 * -ENOTUNIQ: it shares its cgroup with processes that are not the container's (this one's own).
 */
int container_look(struct container *c, struct pale_err **err);

/*
 * After container_look(), of one that has been running: makes ->cgroup the group that has its id in
 * the name, where its first process has gone into one below, as systemd does, and left others.
 * -ENOTUNIQ: this process is in it, too.
 */
int container_widen(struct container *c, struct pale_err **err);

/* The process of a pidfd, as this pid namespace numbers it (pidfd_open(2), fdinfo). -ESRCH: it is
 * gone, or in no namespace below this one's; -EBADF: that is no pidfd. */
int container_pid_of(int pidfd, pid_t *ret, struct pale_err **err);

/* Whether its first process is there. */
bool container_is_alive(const struct container *c);
/* "created", "running", "frozen", "stopped", "unconfined". */
const char *container_state(const struct container *c);

/* Writes its file, anew or for the first time; of one that was forgotten only as long as no other
 * has its id. */
int container_keep(const struct containers *all, const struct container *c, struct pale_err **err);
/* The files' contents, for who starts after another: each is handed over as it was kept. */
int containers_restore(struct containers *c,
	int (*take)(void *ctx, const char *id, const json_t *kept, struct pale_err **err),
	void *ctx, void (*failed)(void *ctx, const char *id, const char *why),
	struct pale_err **err);

/* Id, name, image, pod, namespace and owner, those that are known; a new object. What is longer
 * than 1,024 bytes is cut there. */
json_t *container_names_json(const struct container *c);

#endif
