/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_LINES_H
#define PALE_KUBE_LINES_H

/* The lines of a watch's stream, which arrives in pieces that end anywhere. */

#include "compiler/base/text.h"

#include <stdbool.h>

/* etcd holds objects of 1.5 MiB, which as JSON with escapes can be several times as long. */
#define KUBE_LINE_MAX ((size_t)16 << 20)

struct kube_lines {
	struct text bytes;
	size_t begin;	/* of the first line that was not given out */
	size_t scanned; /* up to here there is no end of that line */
};

/* false: the line that the bytes are of is longer than KUBE_LINE_MAX, and nothing was added. */
bool kube_lines_add(struct kube_lines *l, const void *bytes, size_t len);
/* The next whole line, without its end; valid until bytes are added. false: there is none. Empty
 * lines are left away. What has no end yet stays. */
bool kube_lines_next(struct kube_lines *l, const char **line, size_t *len);
void kube_lines_release(struct kube_lines *l);

#endif
