/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_MEMORY_H
#define PALE_OPERATOR_MEMORY_H

/* Out of memory aborts, as for struct text. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *memory_checked(void *p)
{
	if (!p) {
		fputs("pale: out of memory\n", stderr);
		abort();
	}
	return p;
}

/* Zeroed. */
static inline void *memory_new(size_t size)
{
	return memory_checked(calloc(1, size));
}

/* @n, of which there is at least one, of @size bytes each. */
static inline void *memory_resize(void *p, size_t n, size_t size)
{
	return memory_checked(reallocarray(p, n, size));
}

/* NULL of NULL. */
static inline char *memory_string(const char *s)
{
	return s ? memory_checked(strdup(s)) : NULL;
}

#endif
