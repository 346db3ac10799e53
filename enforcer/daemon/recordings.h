/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDINGS_H
#define PALE_RECORDINGS_H

/*
 * Containers that are recorded for a policy to be made of it (pale-runs(5)), each by a process of
 * its own, container_recorder.h, from before its program is executed; and what is kept of those
 * that were. Below the daemon's folder of recordings, which outlives it and the kernel:
 *
 *	ID.json		which container of which pod, for whom, and how far it is
 *	ID.run		the run, as far as it was saved
 *
 * Nothing that is recorded is more than it is: what could not begin, or ended without the
 * recorder's own last word (it was killed, or this daemon was), is a run that is partial and says
 * why.
 */

#include "enforcer/daemon/daemon.h"

/* So many processes at once: the kernel counts calls for each. */
#define RECORDINGS_AT_ONCE 8
/* Beyond that the oldest that is done is dropped, which is told. */
#define RECORDINGS_MAX 128
/* How long the recorder may take to begin, while the container waits to be started. */
#define RECORDING_BEGIN_MS 40000

/* Takes up what an earlier daemon left; those whose recorder ended with it are done, and partial.
 */
int recordings_open(struct daemon *d, struct pale_err **err);
/* Recorders are killed: what they saved is partial. */
void recordings_release(struct daemon *d);

/*
 * Begins to record @c, which was created and not started and is registered, for @recording. Answers
 * @connection when everything is watched, or when that cannot be: the container starts either way.
 */
void recordings_begin(struct daemon *d, const struct container *c, const char *recording,
	struct connection *connection);
/* What @c is recorded for at the moment; NULL: it is not. */
const char *recordings_of(const struct daemon *d, const struct container *c);
/* Its runtime asks again: @connection is answered in place of the one before. false: nobody waits
 * for that container, and it is the caller's to answer. */
bool recordings_wait_again(struct daemon *d, const char *id, struct connection *connection);

/* `recordings` and `recording`; `end-recording` and `forget-recording`. */
extern const struct server_method recordings_queries[];
extern const struct server_method recordings_control[];

#endif
