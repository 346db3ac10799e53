/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

struct block {
	struct block *next;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *blocks;
	unsigned char *at;
	size_t left;
	size_t total;
};

static void *must(void *p)
{
	if (!p) {
		fputs("pale: out of memory\n", stderr);
		abort();
	}
	return p;
}

struct arena *arena_new(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
}

static struct block *block_new(struct arena *a, size_t size)
{
	struct block *b = must(calloc(1, sizeof(*b) + size));

	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	void *p;

	if (size == 0)
		size = 1;
	if (size > SIZE_MAX - align - sizeof(struct block))
		must(NULL);
	size = (size + align - 1) / align * align;
	a->total += size;
	/* Large objects get a block of their own, so that the current one's rest stays in use. */
	if (size > BLOCK_BYTES / 4)
		return block_new(a, size)->bytes;
	if (a->left < size) {
		a->at = block_new(a, BLOCK_BYTES)->bytes;
		a->left = BLOCK_BYTES;
	}
	p = a->at;
	a->at += size;
	a->left -= size;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		must(NULL);
	return arena_alloc(a, bytes);
}

char *arena_memdup(struct arena *a, const void *bytes, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	int len;
	char *s;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		abort();
	s = arena_alloc(a, (size_t)len + 1);
	vsnprintf(s, (size_t)len + 1, format, again);
	va_end(again);
	return s;
}

size_t arena_bytes(const struct arena *a)
{
	return a->total;
}

void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 4;
	void *bigger = arena_array(a, want, size);

	if (n)
		memcpy(bigger, v, n * size);
	*cap = want;
	return bigger;
}
