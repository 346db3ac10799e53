/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PALED_CLIENT_H
#define PALE_PALED_CLIENT_H

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdint.h>

/*
 * What pale-protocol(7) describes, from the side that asks. One connection takes any number of
 * requests, one after another. What listens must run as root or as the caller's own user.
 */

#define PALED_RUN_DIR "/run/pale"
/* An answer that is longer is refused. */
#define PALED_ANSWER_MAX ((size_t)16 << 20)
/* Of paled_set_timeout(): no deadline, for an answer that goes on for ever. */
#define PALED_FOREVER (-1)

struct paled;

/*
 * @socket is register, control or events, below @dir. @timeout_ms holds for the connection and for
 * each request with its answer until paled_set_timeout(). -ENOENT and -ECONNREFUSED: nobody
 * listens; -ETIMEDOUT: nobody took the connection; -EPERM: it is somebody else who listens.
 */
int paled_connect(const char *dir, const char *socket, int timeout_ms, struct paled **ret,
	struct pale_err **err);
void paled_closep(struct paled **p);
/* Its socket, which does not block and is the caller's now; @p is gone. For who waits for answers
 * in a loop of its own. */
int paled_detach(struct paled **p);
void paled_set_timeout(struct paled *p, int timeout_ms);

/*
 * Sends @method with the members of @arguments (NULL: none; untouched) and waits for one answer,
 * a new reference in *@answer. An answer that is not ok is an error: its text, its hint, and its
 * errno (-EREMOTEIO when that is no errno's name); *@answer is set then, too, and only then: that
 * tells a refusal from a daemon that is away (-ECONNRESET, -EPIPE, -ETIMEDOUT, -EPROTO). After
 * those the connection is of no more use. @answer may be NULL.
 */
int paled_call(struct paled *p, const char *method, const json_t *arguments, json_t **answer,
	struct pale_err **err);

/* Sends it alone: whoever does not stay for the answer may close the connection at once. */
int paled_tell(struct paled *p, const char *method, const json_t *arguments, struct pale_err **err);

/* @fd, which stays the caller's, goes with the next request. */
void paled_pass_fd(struct paled *p, int fd);

/* The next answer to the request that was last sent: of methods that give more than one. */
int paled_next(struct paled *p, json_t **answer, struct pale_err **err);

#endif
