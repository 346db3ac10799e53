/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_OUTPUT_H
#define PALE_EXPORT_OUTPUT_H

/*
 * One of the outputs: which events it takes, what it has still to send, and when it tries again.
 * A file is written at once; all others take from their spool, so that nobody who is slow or away
 * holds up the rest.
 */

#include "enforcer/export/config.h"
#include "enforcer/curl_loop.h"
#include "enforcer/export/spool.h"

#include <jansson.h>
#include <systemd/sd-event.h>

struct output;

struct output_place {
	sd_event *loop;
	struct curl_loop *curl;
	const char *state; /* the folder of spools */
	const char *node;
};

struct output_counts {
	uint64_t taken;	    /* events that it is to send, by their counts */
	uint64_t delivered; /* records that were received, or written */
	uint64_t retries;
	uint64_t refused;		/* by the receiver, and given up */
	uint64_t full, failed, damaged; /* as struct spool_lost, or of a file */
	uint64_t waiting, spool_bytes;
	bool up; /* what was tried last went well, or nothing was tried */
};

int output_new(const struct output_config *config, const struct output_place *place,
	struct output **ret, struct pale_err **err);
void output_free(struct output *o);
const char *output_name(const struct output *o);
/* Both stay the caller's, which has added `node`; @text is the event as format_json() has it. */
void output_take(struct output *o, json_t *event, const struct text *text);
/* What was taken is where a kill does not reach it. */
void output_flush(struct output *o);
/* Each second: tells what was lost, as soon as there is room. */
void output_tick(struct output *o);
void output_counts(const struct output *o, struct output_counts *ret);

/* For those who send. */

struct sender {
	/* *@ret: for the others; NULL may be it. */
	int (*open)(struct output *o, void **ret, struct pale_err **err);
	/* There may be something to send, and nothing keeps from trying. Does not wait. */
	void (*work)(void *sender);
	void (*close)(void *sender);
};

extern const struct sender http_sender, stream_sender, datagram_sender, stdout_sender;

const struct output_config *output_config(const struct output *o);
const struct output_place *output_place(const struct output *o);
/* A new reference to the next event, and how long it is as JSON, if @bytes is not NULL. NULL: there
 * is none. */
json_t *output_next(struct output *o, size_t *bytes);
/* The oldest @n that output_next() gave, perhaps none, are where they should be. */
void output_received(struct output *o, uint64_t n);
/* They are not: they are given again after a while, which is at least @after_ms. */
void output_failed(struct output *o, uint64_t after_ms, const char *why);
/*
 * The receiver wants none of the oldest @n, which are counted and left out. @to_tell of them are
 * told: without those that tell of others, which such a receiver would refuse for ever.
 */
void output_refused(struct output *o, uint64_t n, uint64_t to_tell, const char *why);
/* `work` is called in the next round of the loop. */
void output_work_soon(struct output *o);

#endif
