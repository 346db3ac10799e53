/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_SUGGEST_H
#define PALE_BASE_SUGGEST_H

/*
 * Did-you-mean. Offer every candidate; the nearest by optimal string alignment distance (a
 * transposition is one step) wins; among equals one that begins alike, then the first. Nothing is
 * suggested beyond a third of the word's length, or one step.
 */

#include <stddef.h>

struct suggest {
	const char *word;
	const char *best;
	size_t distance;
};

void suggest_init(struct suggest *s, const char *word);
void suggest_offer(struct suggest *s, const char *candidate);
/* NULL when nothing is near enough. */
const char *suggest_best(const struct suggest *s);

#endif
