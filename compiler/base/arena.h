/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_ARENA_H
#define PALE_BASE_ARENA_H

/*
 * One compilation allocates from one arena and frees it whole: no node of an AST, policy or table
 * has an owner of its own. Out of memory aborts: a compiler that goes on without a rule would be
 * the worst of failures.
 */

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Takes NULL. Everything allocated from @a is gone afterwards. */
void arena_free(struct arena *a);
void arena_freep(struct arena **a);

/* Zeroed, aligned for any object. @size 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* As arena_alloc(@n * @size), aborting on overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A NUL-terminated copy of @len bytes, which may themselves hold NUL. */
char *arena_memdup(struct arena *a, const void *bytes, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes handed out so far, for budgets and benchmarks. */
size_t arena_bytes(const struct arena *a);

/*
 * Growing an array that lives in an arena: makes room for one more element, doubling as needed.
 * The old array stays allocated until the arena goes (at most as much again in sum).
 *	ARENA_PUSH(a, list->v, list->n, list->cap, element);
 */
#define ARENA_PUSH(a, v, n, cap, ...)                                                              \
	do {                                                                                       \
		if ((n) == (cap)) {                                                                \
			size_t cap__ = (cap);                                                      \
			(v) = arena_grow((a), (v), (n), &cap__, sizeof(*(v)));                     \
			(cap) = (__typeof__(cap))cap__;                                            \
		}                                                                                  \
		(v)[(n)++] = (__VA_ARGS__);                                                        \
	} while (0)
void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size);

#endif
