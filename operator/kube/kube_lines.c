/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_lines.h"

#include <string.h>

static void drop_given(struct kube_lines *l)
{
	if (!l->begin)
		return;
	l->bytes.len -= l->begin;
	memmove(l->bytes.s, l->bytes.s + l->begin, l->bytes.len + 1);
	l->scanned -= l->begin;
	l->begin = 0;
}

bool kube_lines_add(struct kube_lines *l, const void *bytes, size_t len)
{
	const char *end = len ? memrchr(bytes, '\n', len) : NULL;

	drop_given(l);
	if (!end && l->bytes.len + len > KUBE_LINE_MAX)
		return false;
	text_add(&l->bytes, bytes, len);
	return true;
}

bool kube_lines_next(struct kube_lines *l, const char **line, size_t *len)
{
	const char *end;

	while (l->scanned < l->bytes.len) {
		end = memchr(l->bytes.s + l->scanned, '\n', l->bytes.len - l->scanned);
		if (!end) {
			l->scanned = l->bytes.len;
			return false;
		}
		*line = l->bytes.s + l->begin;
		*len = (size_t)(end - *line);
		l->begin = l->scanned = (size_t)(end - l->bytes.s) + 1;
		if (*len && (*line)[*len - 1] == '\r')
			--*len;
		if (*len)
			return true;
	}
	return false;
}

void kube_lines_release(struct kube_lines *l)
{
	text_release(&l->bytes);
	*l = (struct kube_lines){ 0 };
}
