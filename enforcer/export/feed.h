/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_FEED_H
#define PALE_EXPORT_FEED_H

/*
 * paled's events, each once, in whatever order connections end: after each it asks again from some
 * time before the last one had, and leaves out those that it has had (seen.h). Where paled says
 * that this client missed some, which it had not read in time, they are asked for in the same way:
 * paled's log has them. Where that does not go back as far any more, that is told.
 */

#include "enforcer/export/seen.h"

#include <jansson.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct feed;

struct feed_handler {
	/* A new reference to an event, new and complete. */
	void (*event)(void *ctx, json_t *event, const struct seen_event *of);
	/* paled had so many that were not read in time, and which are asked for again. */
	void (*missed)(void *ctx, uint64_t n);
	/* paled's log does not have what was had last: there may have been others since. */
	void (*gap)(void *ctx);
	/* After a round of events. */
	void (*round)(void *ctx);
	/* For a log; @level is one of syslog(3). */
	void (*tell)(void *ctx, int level, const char *text);
	void *ctx;
};

struct feed_counts {
	uint64_t received;  /* events, each once */
	uint64_t again;	    /* had before, and left out */
	uint64_t missed;    /* that paled told */
	uint64_t malformed; /* lines that are no events */
	uint64_t connections;
	uint64_t gaps; /* of unknown size, in paled's log */
	bool connected;
};

/* Connects, now and whenever it has ended. */
struct feed *feed_new(
	sd_event *event, const char *run, struct seen *seen, const struct feed_handler *handler);
/* A gap that is not told yet is told. */
void feed_free(struct feed *f);
const struct feed_counts *feed_counts(const struct feed *f);

/* A line of paled's answer to `events`. For feed.c and its fuzzer. */
struct feed_line {
	json_t *event; /* a new reference, or NULL */
	uint64_t missed;
	const char *refused; /* malloc-ed: why paled did not answer */
};
/* false: it is no such line. */
bool feed_parse(const char *line, size_t len, struct feed_line *ret);
void feed_line_release(struct feed_line *l);

#endif
