/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_FOLD_H
#define PALE_EXPORT_FOLD_H

/*
 * Violations that are the same but for when they were (container, profile, rule, operation, object,
 * executable, outcome, verdict and mechanism) become one, with `first`, `last` and `count`. Each is
 * held for as long as the window, by its own time or the clock's, whichever is over first; `lost`
 * is summed. Whatever is no violation goes on at once.
 */

#include "enforcer/export/seen.h"

#include <jansson.h>
#include <stdint.h>

struct fold;

/*
 * @window_ns 0: nothing is folded. @emit gets a new reference to each event that is done, and the
 * @n that it was made of.
 */
struct fold *fold_new(uint64_t window_ns,
	void (*emit)(void *ctx, json_t *event, const struct seen_event *of, size_t n), void *ctx);
void fold_free(struct fold *f);

/* Takes over @event, which was received at @now_ns (CLOCK_MONOTONIC) and is @of. */
void fold_take(struct fold *f, json_t *event, const struct seen_event *of, uint64_t now_ns);
/* Emits what has been held for long enough; all of it when @now_ns is UINT64_MAX. */
void fold_expire(struct fold *f, uint64_t now_ns);
/* When the next one is due, by CLOCK_MONOTONIC; UINT64_MAX: none is held. */
uint64_t fold_due_ns(const struct fold *f);

#endif
