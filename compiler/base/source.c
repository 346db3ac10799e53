/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/source.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void source_set_init(struct source_set *set, struct arena *arena)
{
	*set = (struct source_set){ .arena = arena };
}

struct source *source_add(struct source_set *set, const char *name, const void *bytes, size_t len)
{
	struct source *s = arena_alloc(set->arena, sizeof(*s));

	assert(len <= SOURCE_BYTES_MAX);
	s->id = set->n;
	s->name = arena_strdup(set->arena, name);
	s->portable_name = strrchr(s->name, '/') ? strrchr(s->name, '/') + 1 : s->name;
	s->bytes = arena_memdup(set->arena, bytes, len);
	s->len = (uint32_t)len;
	ARENA_PUSH(set->arena, s->lines, s->n_lines, s->cap_lines, 0);
	for (const char *p = s->bytes, *end = p + len;
		(p = memchr(p, '\n', (size_t)(end - p))) != NULL;) {
		p++;
		ARENA_PUSH(
			set->arena, s->lines, s->n_lines, s->cap_lines, (uint32_t)(p - s->bytes));
	}
	ARENA_PUSH(set->arena, set->v, set->n, set->cap, s);
	return s;
}

int source_read(struct source_set *set, const char *path, const char *name, struct source **ret,
	struct pale_err **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return pale_err_set(err, errno, "cannot read '%s'", name);
	return source_read_fd(set, fd, name, ret, err);
}

int source_read_fd(struct source_set *set, int fd, const char *name, struct source **ret,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char chunk[65536];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "cannot read '%s'", name);
	if (S_ISDIR(st.st_mode))
		return pale_err_set(err, EISDIR, "cannot read '%s'", name);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pale_err_set(err, errno, "cannot read '%s'", name);
		if (t.len + (size_t)n > SOURCE_BYTES_MAX)
			return pale_err_set(err, EFBIG, "cannot read '%s'", name);
		text_add(&t, chunk, (size_t)n);
	}
	*ret = source_add(set, name, text_str(&t), t.len);
	return 0;
}

bool source_name_is_portable(const char *name)
{
	for (const char *s = name; s; s = strchr(s, '/') ? strchr(s, '/') + 1 : NULL) {
		size_t n = strcspn(s, "/");

		if (n == 0 || s[0] == '.')
			return false;
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
				return false;
		}
	}
	return true;
}

void source_position(
	const struct source *s, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	uint32_t lo = 0, hi = s->n_lines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->lines[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	*ret_line = lo + 1;
	*ret_column = offset - s->lines[lo] + 1;
}

const char *source_line(const struct source *s, uint32_t line, uint32_t *ret_len)
{
	uint32_t from, to;

	assert(line >= 1 && line <= s->n_lines);
	from = s->lines[line - 1];
	to = line < s->n_lines ? s->lines[line] - 1 : s->len;
	*ret_len = to - from;
	return s->bytes + from;
}

const char *source_line_text(struct source *s, struct arena *a, uint32_t line)
{
	if (!s->line_texts)
		s->line_texts = arena_array(a, s->n_lines, sizeof(*s->line_texts));
	if (!s->line_texts[line - 1]) {
		uint32_t len;
		const char *text = source_line(s, line, &len);

		s->line_texts[line - 1] = arena_memdup(a, text, len);
	}
	return s->line_texts[line - 1];
}

struct span span_join(struct span a, struct span b)
{
	uint32_t from = a.offset < b.offset ? a.offset : b.offset;
	uint32_t a_end = a.offset + a.len, b_end = b.offset + b.len;

	assert(a.source == b.source);
	return (struct span){ a.source, from, (a_end > b_end ? a_end : b_end) - from };
}
