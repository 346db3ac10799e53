/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_REQUEST_H
#define PALE_KUBE_REQUEST_H

/*
 * Requests to the API server, in an sd-event loop: JSON in, JSON out, nobody waits. All callbacks
 * run in the loop, never from within a function of this header, and may use all of them but
 * kube_client_free().
 *
 * Tried again, after kube_backoff.h, is what certainly did nothing: a connection that was not made,
 * and what the server turned away with 429 or 503 and Retry-After. What may be done twice (GET, a
 * server-side apply, and what says so) also after any other failure of the connection or of the
 * server, 500 and above. 401 reads the token anew. What the server decided (403, 404, 409, 422, …)
 * is an answer.
 *
 * At most KUBE_IN_FLIGHT requests are under way, in the order in which they were made; watches do
 * not count. HTTP/1.1, so that a watch has a connection for itself. No proxy and no redirection is
 * followed: whoever answers gets our token.
 */

#include "operator/kube/kube_config.h"
#include "operator/kube/kube_status.h"

#include <stdint.h>
#include <systemd/sd-event.h>

#define KUBE_IN_FLIGHT 16

struct kube_client;

/* @agent: "pale-operator/0.1 (controller)". Reads @config's token, so that a wrong path is an error
 * now; @config has to outlive the client. */
int kube_client_new(sd_event *loop, const struct kube_config *config, const char *agent,
	struct kube_client **ret, struct pale_err **err);
/* Requests that are under way are given up, and nobody is told. */
void kube_client_free(struct kube_client *c);
sd_event *kube_client_loop(struct kube_client *c);
const struct kube_config *kube_client_config(const struct kube_client *c);
/* How many requests were sent, attempts and watches counted one by one. */
uint64_t kube_client_sent(const struct kube_client *c);
/* How old the token may become before its file is read again: a minute, but for tests. */
void kube_client_set_token_age(struct kube_client *c, uint64_t us);

enum kube_method { KUBE_GET, KUBE_POST, KUBE_PUT, KUBE_PATCH, KUBE_DELETE };

/* Valid while `done` runs. */
struct kube_answer {
	const struct pale_err *err; /* NULL: the server did it */
	/* Of an error of the server's. code is 0 when no answer came. */
	struct kube_status status;
	const json_t *body; /* NULL: there was none, or it was no JSON */
	/* CLOCK_BOOTTIME, when the attempt began that this is the answer of. */
	uint64_t sent_us;
};

#define KUBE_JSON	 "application/json"
#define KUBE_APPLY_PATCH "application/apply-patch+yaml"
#define KUBE_MERGE_PATCH "application/merge-patch+json"
#define KUBE_JSON_PATCH	 "application/json-patch+json"

/* Strings are copied, @body is written down at once. */
struct kube_request {
	enum kube_method method;
	const char *path;      /* see kube_path.h */
	const json_t *body;    /* NULL: none */
	const char *type;      /* of @body; NULL: KUBE_JSON */
	const char *accept;    /* NULL: KUBE_JSON */
	uint64_t timeout_us;   /* of each attempt; 0: 30 s */
	unsigned int attempts; /* 0: 5 */
	bool repeatable;       /* may be done twice */
	void (*done)(void *ctx, const struct kube_answer *answer);
	/*
	 * A stream instead of an answer: each line of a 200 answer, which is not NUL-terminated. It
	 * is tried once, has no timeout but its own, and `done` without an error when the server
	 * has ended it.
	 */
	void (*line)(void *ctx, const char *line, size_t len);
	void *ctx;
};

/* Ends with its `done`, and is not to be touched from then on. */
struct kube_call *kube_request(struct kube_client *c, const struct kube_request *r);
/* Without `done`. What was sent may have been done all the same. NULL is nothing. */
void kube_call_cancel(struct kube_call *call);

#endif
