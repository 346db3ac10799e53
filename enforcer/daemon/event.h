/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_H
#define PALE_EVENT_H

/* A violation as the daemon tells it: with the container, and who did it. */

#include "enforcer/daemon/container.h"
#include "enforcer/daemon/process_facts.h"

/* Who did it, beside what the violation says. */
struct event_process {
	struct process_facts_cache *facts;
	uint64_t start_ns, execs; /* struct process_key */
	int64_t uid;		  /* -1: not known */
};

/*
 * A new object: report_json()'s members, and `container` (null: it could not be told whose it was),
 * `digest`, `own` (the container's own configuration refused it), and of `process` also `host_pid`,
 * `arguments`, `uid`, and `ancestry`, from its parent to the container's first process. What has
 * ended by now is missing. @e: of BPF-LSM, which numbers its events (`sequence`), or NULL.
 */
json_t *event_json(const struct violation *v, const struct container *c,
	const struct event_process *process, const struct lsm_event *e);

/* Whether the container's own configuration refuses the call or capability @name, as it was
 * registered. */
bool event_is_own(
	const struct container *c, enum operation operation, const char *name, size_t len);

/* Something that happened to the daemon or a container: `kind`, and what else the caller adds. */
json_t *event_notice(const char *kind, const struct container *c);

#endif
