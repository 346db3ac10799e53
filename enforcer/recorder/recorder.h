/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_H
#define PALE_RECORDER_H

/*
 * Writes a node's history (store.h) without holding up its caller: a thread of its own takes what
 * was put, once a second or when there is much, and a disk that is slow, full or gone stops that
 * thread alone. What could not be written is counted, and is an entry itself, RECORDER_GAP, as soon
 * as something can be written again; and so is the time when nobody wrote.
 *
 * All functions are for one thread, the caller's.
 */

#include "compiler/base/error.h"
#include "enforcer/recorder/entry.h"
#include "enforcer/recorder/store.h"

struct recorder;

struct recorder_options {
	const char *path;
	struct recorder_bounds bounds;
	/* Of what waits to be written; what is more is counted. 0: RECORDER_QUEUE_BYTES. */
	size_t queue_bytes;
	/* What somebody should know: the file was set aside, writing stopped, and goes on. Called
	 * from recorder_dispatch(). */
	void (*tell)(void *ctx, int level, const char *text);
	void *ctx;
};

#define RECORDER_QUEUE_BYTES ((size_t)16 << 20)

/* Never waits for the file; that it cannot be opened is told later. Signals are blocked in the
 * thread. -EAGAIN: there can be no thread. */
int recorder_new(
	const struct recorder_options *options, struct recorder **ret, struct pale_err **err);
/* Writes what was put, for at most @timeout_ms. After that the thread is left to its disk, and its
 * memory with it: the process is about to end. Takes NULL. */
void recorder_free(struct recorder *r, int timeout_ms);

/* A container of this number, not 0, from now on. @names: a JSON object. */
void recorder_define(
	struct recorder *r, uint32_t number, const char *id, uint64_t since_ns, const char *names);
/* No entry of it will come. */
void recorder_undefine(struct recorder *r, uint32_t number);

/* Takes a copy. */
void recorder_put(struct recorder *r, const struct recorder_entry *e);
/* @n entries of a container (0: of whichever) are missing, for @reason, a text that stays. */
void recorder_put_gap(struct recorder *r, uint32_t number, uint64_t n, const char *reason);
/* Somebody is recorded, whether entries come or not: how far a gap reaches back if this process
 * ends now. To be called every few seconds. */
void recorder_alive(struct recorder *r);

/*
 * What was put before this is to be written now. Gives a ticket: recorder_done() is at least that
 * when it was, or could not be.
 */
uint64_t recorder_flush(struct recorder *r);
uint64_t recorder_done(struct recorder *r);

/* A reader found the database damaged: it is looked at, and set aside if it is. */
void recorder_suspect(struct recorder *r);

/* Readable when there is something for recorder_dispatch(): to tell, or a flush that is done. */
int recorder_fd(const struct recorder *r);
void recorder_dispatch(struct recorder *r);

struct recorder_status {
	bool recording;	  /* false: not now, see why */
	uint64_t written; /* entries, since the start */
	uint64_t lost;	  /* of these none */
	uint64_t bytes;	  /* of the file and its log */
	char why[256];	  /* "" when recording */
};

void recorder_status(struct recorder *r, struct recorder_status *ret);

#endif
