/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on the standard output, which may be a pipe that nobody reads for now. */
#include "enforcer/export/output.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ROUND 256

struct stdout_sending {
	struct output *output;
	int fd;
	bool is_socket;
	sd_event_source *source; /* NULL: it is always ready, as files are */
	struct text line;
	size_t done;
	bool torn; /* the last line that is there has no end */
};

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct stdout_sending *s = ctx;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	output_work_soon(s->output);
	return 0;
}

/* Not to wait is asked of a description of our own: that of the standard output is shared. */
static int open_own(bool *is_socket)
{
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return -errno;
	*is_socket = S_ISSOCK(st.st_mode);
	if (*is_socket)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A file in which one that was killed left half a line. */
static bool is_torn(void)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	char last = '\n';

	if (fstat(STDOUT_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return false;
	fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static void close_stdout(void *sender)
{
	struct stdout_sending *s = sender;

	sd_event_source_disable_unref(s->source);
	closep(&s->fd);
	text_release(&s->line);
	free(s);
}

static int open_stdout(struct output *o, void **ret, struct pale_err **err)
{
	struct stdout_sending *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->output = o;
	s->fd = open_own(&s->is_socket);
	if (s->fd < 0) {
		r = pale_err_set(err, -s->fd, "the standard output");
		close_stdout(s);
		return r;
	}
	s->torn = is_torn();
	if (sd_event_add_io(output_place(o)->loop, &s->source, s->fd, EPOLLOUT, on_ready, s) >= 0)
		sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
	*ret = s;
	return 0;
}

static ssize_t write_some(const struct stdout_sending *s)
{
	const char *from = s->line.s + s->done;
	size_t len = s->line.len - s->done;

	if (s->is_socket)
		return send(s->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(s->fd, from, len);
}

/* false: not all of it went out, and somebody will say when to go on. */
static bool write_line(struct stdout_sending *s)
{
	while (s->done < s->line.len) {
		ssize_t n = write_some(s);

		if (n >= 0) {
			s->done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && s->source) {
			sd_event_source_set_enabled(s->source, SD_EVENT_ON);
			return false;
		}
		/* What went out of the line already is not taken back: it is written again, on a
		 * line of its own. */
		if (s->done)
			s->torn = s->line.s[s->done - 1] != '\n';
		output_failed(s->output, 0, strerror(errno));
		text_clear(&s->line);
		s->done = 0;
		return false;
	}
	return true;
}

static void work_stdout(void *sender)
{
	struct stdout_sending *s = sender;

	for (int i = 0; i < ROUND; i++) {
		json_t *event;

		if (s->line.len && !write_line(s))
			return;
		if (s->line.len) {
			output_received(s->output, 1);
			s->torn = false;
		}
		text_clear(&s->line);
		s->done = 0;
		event = output_next(s->output, NULL);
		if (!event)
			return;
		if (s->torn)
			text_putc(&s->line, '\n');
		format_event(output_config(s->output)->format, event, &s->line);
		text_putc(&s->line, '\n');
		json_decref(event);
	}
	output_work_soon(s->output);
}

const struct sender stdout_sender = { open_stdout, work_stdout, close_stdout };
