/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_GAPS_H
#define PALE_RECORDER_GAPS_H

/* What is missing, until it can be written that it is. */

#include "enforcer/recorder/entry.h"

struct recorder_gap {
	uint32_t container;	    /* 0: of whichever */
	const char *reason;	    /* stays */
	uint64_t n;		    /* entries; 0: nobody knows how many */
	uint64_t from_ns, until_ns; /* CLOCK_REALTIME; 0: not known */
	char *detail;		    /* or NULL */
};

struct recorder_gaps {
	struct recorder_gap *v;
	size_t n, cap;
};

void recorder_gaps_release(struct recorder_gaps *g);
/* So many containers' at most; of more than that what is missing is summed up as container 0's. */
#define RECORDER_GAPS_MAX 1024

/* One that is there for the same container and reason grows. @detail is copied; or NULL. */
void recorder_gaps_add(struct recorder_gaps *g, uint32_t container, uint64_t n, uint64_t from_ns,
	uint64_t until_ns, const char *reason, const char *detail);
/* All of @from, which has none then. */
void recorder_gaps_merge(struct recorder_gaps *g, struct recorder_gaps *from);
void recorder_gaps_clear(struct recorder_gaps *g);
bool recorder_gaps_has(const struct recorder_gaps *g, uint32_t container);

/* As an entry of @now_ns, whose ->event is *@ret_text, to be freed. */
void recorder_gap_entry(const struct recorder_gap *gap, uint64_t now_ns, struct recorder_entry *ret,
	char **ret_text);

#endif
