/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ROLLOUT_H
#define PALE_ROLLOUT_H

#include "operator/controller/event_list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The staged rollout of a PaleProfile whose spec has "rollout":
 *
 *	Audit	  nothing is refused, until there were auditHours clean hours
 *	Canary	  canaryPercent of new pods are under enforce, for as long again; left out at 0
 *	Enforce	  all new pods are, for as long again; left out without maxViolationsPerHour
 *	Complete  the same, and for good
 *	Held	  as Audit: it had to go back ROLLOUT_STEPS_BACK_MAX times
 *
 * An hour is clean when there were no more violations in it than maxViolationsPerHour, none when
 * that is not given. Above it Canary and Enforce go back to Audit, and all hours count anew.
 * Complete does not go back: an attacker could else have the policy taken off by being refused
 * often enough. For the same reason a namespace's or PaleBinding's floor is above all this, and a
 * pod keeps the mode that it was admitted with.
 *
 * Hours do not count while a node is not ready, no pod uses the profile, or nobody looked for
 * ROLLOUT_GAP_MAX. A new digest begins with Audit; what else changes in the spec (the namespaces,
 * say) does not, or adding one would switch off what is enforced.
 *
 * A pure machine: the clock is an argument, and all of its state is in the object's status, so that
 * a controller that takes over goes on. Nobody's work is started anew for a rollout; messages say
 * that running containers keep their mode.
 */

enum rollout_phase {
	ROLLOUT_NONE, /* the spec has none, or nothing was compiled */
	ROLLOUT_AUDIT,
	ROLLOUT_CANARY,
	ROLLOUT_ENFORCE,
	ROLLOUT_COMPLETE,
	ROLLOUT_HELD,
	ROLLOUT_PHASES,
};
extern const char *const rollout_phase_names[ROLLOUT_PHASES];

enum rollout_pause { ROLLOUT_GOES_ON, ROLLOUT_NODES_NOT_READY, ROLLOUT_NO_PODS, ROLLOUT_PAUSES };

#define ROLLOUT_STEPS_BACK_MAX 3
/* Nodes tell the violations of the last hour, so that none of a gap up to that long is missed. */
#define ROLLOUT_GAP_MAX 3600
/* How old the stored time of the last look may get: that much is lost with a controller at most. */
#define ROLLOUT_WRITE_INTERVAL 600

struct rollout_spec {
	bool wanted;
	uint32_t audit_hours;
	uint32_t canary_percent; /* 0 to 100 */
	int64_t max_per_hour;	 /* -1: not given */
};

/* What is known at a time. */
struct rollout_view {
	int64_t now;	    /* seconds since 1970 */
	const char *digest; /* what is compiled; "" nothing */
	uint32_t nodes_total, nodes_ready;
	uint32_t pods;
	uint64_t violations; /* of this digest, on all nodes, in the last hour at least */
};

struct rollout {
	enum rollout_phase phase;
	enum rollout_pause pause;
	bool noisy; /* at the last look the hour was not clean */
	char digest[65];
	int64_t since;	  /* of the phase */
	int64_t observed; /* the last look */
	uint64_t clean;	  /* seconds that count */
	uint32_t steps_back;
	uint32_t canary_percent; /* in force */
};

/* Of the whole object's spec; @ret->wanted false without "rollout" or with mode audit. What the
 * schema would not take is read as what is most careful: hours without end, one per cent, and no
 * violation. */
void rollout_spec_read(const json_t *spec, struct rollout_spec *ret);

/* status.rollout; what cannot be read is a rollout that has not begun. */
void rollout_read(const json_t *status, struct rollout *ret);
/* Writes status.rollout, and status.mode, "audit" or "enforce", for the webhook: during Canary it
 * is "audit", and rollout.canaryPercent is there. */
void rollout_write(const struct rollout *r, const struct rollout_spec *spec,
	const json_t *object_spec, json_t *status);
/* Whether what is stored says too little for a successor. */
bool rollout_must_write(const struct rollout *stored, const struct rollout *r);

/* One look. May be called as often as one likes; takes one step at most. */
void rollout_step(struct rollout *r, const struct rollout_spec *spec,
	const struct rollout_view *view, struct event_list *events);

#endif
