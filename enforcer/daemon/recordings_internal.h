/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDINGS_INTERNAL_H
#define PALE_RECORDINGS_INTERNAL_H

/* What recordings.c, recordings_files.c and recordings_requests.c share of recordings.h. */

#include "enforcer/daemon/recordings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct recorded {
	struct daemon *daemon;
	char *id;     /* the container's */
	json_t *kept; /* ID.json */
	bool done;
	uint64_t since_ns; /* CLOCK_REALTIME */
	/* of its recorder */
	pid_t child; /* 0: there is none */
	char *why;   /* it was killed for; NULL: it was not */
	int tell;    /* its pipe; -1 */
	sd_event_source *ended, *told, *late;
	struct connection *waiting; /* whose container is to be started; NULL: nobody */
	struct recorded *next;	    /* among the dropped */
};

struct recordings {
	char *dir;
	struct recorded **v;
	size_t n;
	/*
	 * Whose recorder was killed and has not ended, which takes a while: its BPF programs are
	 * detached first. Nobody is told of them.
	 */
	struct recorded *dropped;
};

/* NULL: there is none of this container, or it was dropped. */
struct recorded *recorded_find(const struct daemon *d, const char *id);
struct recorded *recorded_add(struct daemon *d, const char *id);
/* Whoever waits for its container to start is answered: it may start now. */
void recorded_answer(struct recorded *r);
/* Of it nothing is kept. @r is freed, with its recorder's end if it has one. Whoever waits for it
 * has been answered. */
void recorded_drop(struct daemon *d, struct recorded *r);

/* Below the daemon's folder; the caller frees it. */
char *recorded_path(const struct recorded *r, const char *suffix);
/* What ID.json has of a container that is recorded from now on. */
json_t *recorded_describe(const struct container *c, const char *recording);
/* A member of ID.json, "" where it is none. */
const char *recorded_text(const struct recorded *r, const char *member);
/* Writes ID.json; a failure has been told. */
int recorded_keep(struct recorded *r);
/* Whether there is an ID.run. */
bool recorded_is_saved(const struct recorded *r);
/* Writes an ID.run of which all is missing, and @why, where there is none: what was saved before is
 * partial already. */
void recorded_save_lost(struct recorded *r, const char *why);
void recorded_remove_run(const struct recorded *r);

#endif
