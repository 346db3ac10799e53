/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_ENTRY_H
#define PALE_RECORDER_ENTRY_H

/* One line of a node's history, as it is kept and as it is told. */

#include "enforcer/recorder_kinds.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of bytes that need not be text; NULL where there are none. */
struct recorder_bytes {
	const char *at;
	size_t len;
};

enum recorder_flags {
	RECORDER_FILENAME_CUT = 1,
	RECORDER_ARGUMENTS_CUT = 2,
};

/* What a kind does not have is 0. */
struct recorder_entry {
	enum recorder_kind kind;
	uint64_t time_ns;   /* CLOCK_REALTIME */
	uint32_t container; /* as its writer numbers it; 0: the node's own */
	struct recorder_process process, parent;
	int64_t uid;
	int32_t status; /* wait(2)'s */
	uint32_t flags;
	uint16_t family, protocol, port;
	uint8_t address[16];
	struct recorder_bytes filename, executable;
	struct recorder_bytes arguments; /* each with its NUL */
	/* RECORDER_VIOLATION, _POLICY and _GAP: a JSON object. */
	struct recorder_bytes event;
};

/*
 * As pale-protocol(7) has it; a new object. @container: that of the entry, borrowed, or NULL. An
 * @event that is no JSON object is left out.
 */
json_t *recorder_entry_json(const struct recorder_entry *e, const json_t *container);

#endif
