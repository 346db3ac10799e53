/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_FLOOR_H
#define PALE_CLUSTER_FLOOR_H

#include "compiler/base/error.h"
#include "operator/cluster/strictness.h"

#include <jansson.h>

/* What a namespace's annotations, a PaleBinding's spec or a pod's annotations say. */
struct floor_words {
	char *profile; /* NULL: unsaid */
	enum mode mode;
	enum when_missing on_missing;
};

/*
 * From the members of @from that are so named. -EINVAL when one has no meaning; it is named, and
 * those that were read before it stay. @ret is to be released either way.
 */
int floor_words_read(const json_t *from, const char *profile, const char *mode,
	const char *on_missing, struct floor_words *ret, struct pale_err **err);
void floor_words_release(struct floor_words *w);

#endif
