/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OBJECT_WRITES_H
#define PALE_OBJECT_WRITES_H

/*
 * What the controller has written: of each object one request at a time, the newest status last,
 * and none that says again what is under way. What was not carried out is told when it is asked
 * for, so that who is refused does not ask again at once.
 */

#include "operator/controller/controller.h"
#include "operator/kube/kube_request.h"

/* Owns what is applied; statuses also where somebody else wrote them. */
#define OBJECT_MANAGER "pale-controller"

struct object_writes;

struct object_writes_handlers {
	/* The draft of the recording is there. */
	void (*applied)(void *ctx, const char *namespace, const char *name);
	/* Of object_writes_tell_failed(). */
	void (*failed)(
		void *ctx, enum controller_kind kind, const char *namespace, const char *name);
	/* Why, at once, for a log. */
	void (*say)(void *ctx, const struct pale_err *err);
	/* The draft of the recording was not taken, for an Event of it. */
	void (*draft_refused)(
		void *ctx, const char *namespace, const char *name, const struct pale_err *err);
};

struct object_writes *object_writes_new(
	struct kube_client *c, const struct object_writes_handlers *handlers, void *ctx);
/* Before kube_client_free(). */
void object_writes_free(struct object_writes *w);

/* As the members of struct controller_actions have it. An object that is gone is no failure. */
void object_writes_status(struct object_writes *w, enum controller_kind kind, const char *namespace,
	const char *name, const json_t *status);
void object_writes_patch(struct object_writes *w, const char *name, const json_t *patch);
void object_writes_draft(
	struct object_writes *w, const char *namespace, const char *name, const json_t *object);

/* Gives up all that is under way, and forgets what failed. */
void object_writes_cancel(struct object_writes *w);
void object_writes_tell_failed(struct object_writes *w);

#endif
