/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTROLLER_H
#define PALE_CONTROLLER_H

/*
 * The controller without its connection: it is told of objects, of time and of a pipe that became
 * readable, and answers by actions, which whoever has the connection carries out. Only a leader
 * answers; what is seen is taken in by others, too, so that one that becomes leader knows all.
 *
 * Nothing is decided before every kind was listed once: a profile whose users are not known yet
 * looks unused.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum controller_kind {
	CONTROLLER_PROFILE,
	CONTROLLER_BINDING,
	CONTROLLER_NAMESPACE,
	CONTROLLER_POD,
	CONTROLLER_NODE_STATUS,
	CONTROLLER_RECORDING,
	CONTROLLER_KINDS,
};

struct controller_actions {
	/* Server-side apply to /status, forced, by a field manager of its own. @status is borrowed.
	 * A request that fails for good: controller_failed(). */
	void (*apply_status)(void *ctx, enum controller_kind kind, const char *namespace,
		const char *name, const json_t *status);
	/* A JSON merge patch of a PaleProfile; 409 and other failures: controller_failed(). */
	void (*patch_profile)(void *ctx, const char *name, const json_t *patch);
	/*
	 * Server-side apply of a whole object, the draft of the PaleRecording, not forced: what
	 * somebody else has made of it stays. Then controller_applied(), or controller_failed() of
	 * the recording.
	 */
	void (*apply)(void *ctx, const char *namespace, const char *name, const json_t *object);
	/* GET these PaleNodeStatus objects (an array of names), then controller_runs(). */
	void (*read_runs)(void *ctx, const char *namespace, const char *name, const json_t *nodes);
	/*
	 * What a child process answers comes through @fd: whenever it is readable,
	 * controller_readable(). -1: the one from before is closed next; the next one may have its
	 * number.
	 */
	void (*watch)(void *ctx, int fd);
	/* @object has metadata; apiVersion and kind are those of @kind. */
	void (*event)(void *ctx, enum controller_kind kind, const json_t *object, bool warning,
		const char *reason, const char *message);
};

struct controller;

/* @actions stays the caller's, and has all members. */
struct controller *controller_new(const struct controller_actions *actions, void *ctx);
void controller_free(struct controller *c);

/* @object is borrowed. */
void controller_seen(struct controller *c, enum controller_kind kind, const json_t *object);
void controller_gone(
	struct controller *c, enum controller_kind kind, const char *namespace, const char *name);
/* All there is of @kind was told once. */
void controller_synced(struct controller *c, enum controller_kind kind);

/*
 * Whether it leads; at first it does not. Who begins to goes by what its predecessor wrote, not by
 * what it wrote itself once; who ceases to does nothing from then on.
 */
void controller_lead(struct controller *c, bool leads);
/* Does what is due; @now in seconds since 1970. To be called soon after anything was seen, and each
 * ten seconds. */
void controller_tick(struct controller *c, int64_t now);

/* The descriptor of the action watch() is readable. */
void controller_readable(struct controller *c, int64_t now);

/* An action on the object was not carried out: it is decided on again, at the next tick. Who calls
 * this at once, and ticks, asks again at once. */
void controller_failed(
	struct controller *c, enum controller_kind kind, const char *namespace, const char *name);
/* The draft of the recording is there. */
void controller_applied(struct controller *c, const char *namespace, const char *name);
/* @nodes: PaleNodeStatus objects with the runs of the recording. */
void controller_runs(struct controller *c, const char *namespace, const char *name,
	const json_t *nodes, int64_t now);

/* How PaleProfiles are, as the server has it; for metrics. */
enum profile_state {
	PROFILE_PENDING,      /* not compiled yet */
	PROFILE_REJECTED,     /* what was written last does not compile */
	PROFILE_DISTRIBUTING, /* not on all nodes */
	PROFILE_READY,
	PROFILE_DEGRADED,
	PROFILE_STATES,
};
extern const char *const profile_state_names[PROFILE_STATES];
void controller_count_profiles(const struct controller *c, uint32_t counts[PROFILE_STATES]);

#endif
