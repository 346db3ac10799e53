/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event_log.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many bytes wait for the end of a round of the loop, at most. */
#define PENDING_MAX (256u << 10)

/* A line that a crash or a full disk cut short would spoil the next one. */
static void end_last_line(struct event_log *l)
{
	_cleanup_close_ int fd = open(l->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char last = '\n';

	if (fd >= 0 && l->size && pread(fd, &last, 1, (off_t)l->size - 1) == 1 && last != '\n' &&
		write(l->fd, "\n", 1) == 1)
		l->size++;
}

static int open_file(struct event_log *l)
{
	struct stat st;

	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (l->fd < 0)
		return -errno;
	if (fstat(l->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(TAKE_FD(l->fd));
		return -EINVAL;
	}
	l->size = (uint64_t)st.st_size;
	end_last_line(l);
	return 0;
}

int event_log_open(struct event_log *l, const char *path, struct pale_err **err)
{
	int r;

	*l = (struct event_log){ .path = strdup(path), .fd = -1, .limit = EVENT_LOG_BYTES };
	r = open_file(l);
	if (r < 0)
		return pale_err_set(err, -r, "open %s", path);
	return 0;
}

static void name_of(const struct event_log *l, int i, struct text *ret)
{
	text_puts(ret, l->path);
	if (i)
		text_printf(ret, ".%d", i);
}

static void rotate(struct event_log *l)
{
	for (int i = EVENT_LOG_FILES - 1; i > 0; i--) {
		_cleanup_(text_release) struct text from = TEXT_INIT, to = TEXT_INIT;

		name_of(l, i - 1, &from);
		name_of(l, i, &to);
		rename(text_str(&from), text_str(&to));
	}
	if (l->fd >= 0)
		close(TAKE_FD(l->fd));
	/* Where the new one cannot be made now, the others are not renamed again for that. */
	l->size = 0;
	open_file(l);
}

/* How many bytes of whole lines went into the file; of a line that was cut short nothing stays. */
static size_t write_pending(struct event_log *l)
{
	const char *end;
	size_t done = 0;

	while (done < l->pending.len) {
		ssize_t n = write(l->fd, l->pending.s + done, l->pending.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	end = done ? memrchr(l->pending.s, '\n', done) : NULL;
	if (end && done < l->pending.len)
		done = (size_t)(end - l->pending.s) + 1;
	else if (!end)
		done = 0;
	if (done < l->pending.len && ftruncate(l->fd, (off_t)(l->size + done)) < 0)
		close(TAKE_FD(l->fd));
	return done;
}

static uint64_t count_lines(const char *s, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == '\n';
	return n;
}

static char *line_of(const struct event_log *l, const json_t *event)
{
	if (l->line_of)
		return l->line_of(l->ctx, event);
	return json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);
}

/* In front of what is pending: its length. */
static size_t put_lost(struct event_log *l)
{
	struct text t = TEXT_INIT;
	json_t *notice = notice_json("lost");
	_cleanup_free_ char *s = NULL;
	size_t len;

	json_object_set_new(notice, "events", json_integer((json_int_t)l->lost_untold));
	s = line_of(l, notice);
	json_decref(notice);
	if (!s)
		return 0;
	text_printf(&t, "%s\n", s);
	len = t.len;
	text_add(&t, l->pending.s, l->pending.len);
	text_release(&l->pending);
	l->pending = t;
	return len;
}

static void write_out(struct event_log *l)
{
	size_t done, notice;
	uint64_t lost;

	notice = l->lost_untold ? put_lost(l) : 0;
	if (l->size && l->size + l->pending.len > l->limit)
		rotate(l);
	if (l->fd < 0)
		open_file(l);
	done = l->fd < 0 ? 0 : write_pending(l);
	l->size += done;
	lost = count_lines(l->pending.s + done, l->pending.len - done);
	/* What the file does not tell is still to be told. */
	if (notice && done >= notice)
		l->lost_untold = 0;
	else if (notice)
		lost--;
	l->lost += lost;
	l->lost_untold += lost;
	text_clear(&l->pending);
}

void event_log_flush(struct event_log *l)
{
	if (l->pending.len)
		write_out(l);
}

void event_log_close(struct event_log *l)
{
	if (!l->path)
		return;
	if (l->pending.len || l->lost_untold)
		write_out(l);
	if (l->fd >= 0)
		close(l->fd);
	text_release(&l->pending);
	free(l->path);
}

static void add_line(struct event_log *l, const json_t *event)
{
	_cleanup_free_ char *s = line_of(l, event);
	size_t before = l->pending.len;

	if (!s) {
		l->lost++;
		l->lost_untold++;
		return;
	}
	text_puts(&l->pending, s);
	text_putc(&l->pending, '\n');
	l->written++;
	if (l->follow)
		l->follow(l->ctx, event, l->pending.s + before, l->pending.len - before);
}

void event_log_take(struct event_log *l, json_t *event)
{
	add_line(l, event);
	json_decref(event);
	if (l->pending.len > PENDING_MAX)
		event_log_flush(l);
}

struct event_log_reader {
	const struct event_log *log;
	/* All that there are, opened at once: they are renamed when the newest is full. */
	FILE *files[EVENT_LOG_FILES];
	int at;
	char *line;
	size_t size;
};

struct event_log_reader *event_log_reader_new(const struct event_log *l)
{
	struct event_log_reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->log = l;
	for (int i = 0; i < EVENT_LOG_FILES; i++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;

		name_of(l, EVENT_LOG_FILES - 1 - i, &path);
		r->files[i] = fopen(text_str(&path), "re");
	}
	return r;
}

void event_log_reader_free(struct event_log_reader *r)
{
	for (int i = 0; r && i < EVENT_LOG_FILES; i++)
		fclosep(&r->files[i]);
	if (r)
		free(r->line);
	free(r);
}

void event_log_reader_freep(struct event_log_reader **r)
{
	event_log_reader_free(*r);
}

/* As name_of() counts; -1: it is none of those that are kept. */
static int number_of(const struct event_log *l, FILE *f)
{
	struct stat mine, other;

	if (fstat(fileno(f), &mine) < 0)
		return -1;
	for (int i = 0; i < EVENT_LOG_FILES; i++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;

		name_of(l, i, &path);
		if (stat(text_str(&path), &other) == 0 && other.st_ino == mine.st_ino)
			return i;
	}
	return -1;
}

/* What was the newest was renamed since it was opened, perhaps more than once: what came later is
 * in the one before it, or in all that there are now. */
static bool follow_rotation(struct event_log_reader *r)
{
	FILE **last = &r->files[EVENT_LOG_FILES - 1];
	int at = *last ? number_of(r->log, *last) : 1;

	for (int i = at < 0 ? EVENT_LOG_FILES - 1 : at - 1; i >= 0; i--) {
		_cleanup_(text_release) struct text path = TEXT_INIT;
		FILE *next;

		name_of(r->log, i, &path);
		next = fopen(text_str(&path), "re");
		if (!next)
			continue;
		fclosep(last);
		*last = next;
		return true;
	}
	return false;
}

bool event_log_reader_next(struct event_log_reader *r, const char **ret, size_t *ret_len)
{
	do {
		for (; r->at < EVENT_LOG_FILES; r->at++) {
			FILE *f = r->files[r->at];
			long before = f ? ftell(f) : 0;
			ssize_t n = f ? getline(&r->line, &r->size, f) : -1;

			if (n > 0 && r->line[n - 1] == '\n') {
				*ret = r->line;
				*ret_len = (size_t)n;
				return true;
			}
			/* What is being written is read when it is whole. */
			if (f && r->at == EVENT_LOG_FILES - 1) {
				clearerr(f);
				if (n > 0)
					fseek(f, before, SEEK_SET);
				break;
			}
		}
		if (r->at == EVENT_LOG_FILES)
			r->at--;
	} while (follow_rotation(r));
	return false;
}

void event_log_read(
	const struct event_log *l, bool (*take)(void *ctx, const char *line, size_t len), void *ctx)
{
	_cleanup_(event_log_reader_freep) struct event_log_reader *r = event_log_reader_new(l);
	const char *line;
	size_t len;

	while (event_log_reader_next(r, &line, &len) && take(ctx, line, len))
		;
}
