/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_LOG_H
#define PALE_EVENT_LOG_H

/*
 * Events as lines, mostly of JSON, in a file, which is renamed to NAME.1, NAME.2 … when it is full,
 * and to whoever follows. What could not be written is counted, and told in the file, before the
 * next line that can, or at the end; after a kill it is not.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENT_LOG_BYTES ((uint64_t)64 << 20)
#define EVENT_LOG_FILES 4

struct event_log {
	char *path;
	int fd;
	uint64_t size, limit;
	uint64_t written, lost; /* events; lost: unknown to whoever reads the file */
	uint64_t lost_untold;
	struct text pending; /* lines to be written by the next event_log_flush() */
	/* Called for each line, which ends with its newline. */
	void (*follow)(void *ctx, const json_t *event, const char *line, size_t len);
	/* An event in another form than JSON: malloc-ed, without a newline in it. NULL: JSON. */
	char *(*line_of)(void *ctx, const json_t *event);
	void *ctx;
};

int event_log_open(struct event_log *l, const char *path, struct pale_err **err);
void event_log_close(struct event_log *l);

/* Takes over @event. Fails never: what cannot be written is counted. */
void event_log_take(struct event_log *l, json_t *event);
void event_log_flush(struct event_log *l);

/* Hands over each line that is kept, the oldest first, until @take says false. */
void event_log_read(const struct event_log *l,
	bool (*take)(void *ctx, const char *line, size_t len), void *ctx);

/* The same a line at a time, with what is written meanwhile. */
struct event_log_reader;
struct event_log_reader *event_log_reader_new(const struct event_log *l);
void event_log_reader_free(struct event_log_reader *r);
void event_log_reader_freep(struct event_log_reader **r);
/* @ret: with its newline, valid until the next call. false: there are no more now. */
bool event_log_reader_next(struct event_log_reader *r, const char **ret, size_t *ret_len);

#endif
