/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_SOURCE_H
#define PALE_BASE_SOURCE_H

/*
 * The bytes of every file that a compilation read, kept until it ends: diagnostics and reports
 * quote the line that was compiled, not what the file holds by then.
 */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	uint32_t id;	  /* index in its set */
	const char *name; /* as the user gave it, or as it was found on the search path */
	/* In artefacts: its name wherever it lies. The last component of @name, or as it is used
	 * ("base/libc.pale"). */
	const char *portable_name;
	const char *bytes; /* NUL after the last one */
	uint32_t len;
	bool in_memory;	 /* no file of this machine is meant by its name */
	bool own;	 /* the file that the user named, not one that it uses */
	uint32_t *lines; /* offset of each line's first byte */
	uint32_t n_lines, cap_lines;
	const char **line_texts; /* source_line_text()'s; NULL before the first */
};

/* What takes a file's place where none is read. */
struct memory_file {
	const char *name; /* "common.pale", "web/common.pale" */
	const void *bytes;
	size_t len; /* at most SOURCE_BYTES_MAX */
};

/* A run of bytes of one file. len 0 is a place between two bytes. */
struct span {
	uint32_t source;
	uint32_t offset;
	uint32_t len;
};

struct source_set {
	struct arena *arena;
	struct source **v;
	uint32_t n, cap;
};

#define SOURCE_BYTES_MAX ((uint32_t)64 << 20)

void source_set_init(struct source_set *set, struct arena *arena);
/*
 * Reads @path, shown as @name; both are copied. -EFBIG above SOURCE_BYTES_MAX; -EISDIR and what
 * open(2) and read(2) give. Nothing is added on failure.
 */
int source_read(struct source_set *set, const char *path, const char *name, struct source **ret,
	struct pale_err **err);
/* As source_read() from a file that is open, which stays so: standard input. */
int source_read_fd(struct source_set *set, int fd, const char *name, struct source **ret,
	struct pale_err **err);
/* As source_read() from memory: tests and fuzzers. Copies @bytes. */
struct source *source_add(struct source_set *set, const char *name, const void *bytes, size_t len);

/*
 * Whether @name may be a file's in a folder that holds a policy and all that it uses: relative, of
 * printable bytes, and no component is empty or begins with a dot, which would be hidden or lead
 * out.
 */
bool source_name_is_portable(const char *name);

/* Line and column of @offset; both count from 1, columns in bytes. */
void source_position(
	const struct source *s, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column);
/* The text of @line without its newline; not NUL-terminated. */
const char *source_line(const struct source *s, uint32_t line, uint32_t *ret_len);

/* As source_line(), NUL-terminated; in @a, the set's, and made once for each line: all the rules of
 * a line may be thousands. */
const char *source_line_text(struct source *s, struct arena *a, uint32_t line);

/* The smallest span that covers both, which must lie in one file. */
struct span span_join(struct span a, struct span b);

#endif
