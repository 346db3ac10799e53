/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/paled_lines.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/paled_client.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READ_SIZE 65536
/* Others of the loop have their turn after so many bytes. */
#define ROUND_BYTES (16 * READ_SIZE)

struct paled_lines {
	struct paled_lines_handler handler;
	sd_event_source *source;
	int fd;
	struct text in, out;
	size_t looked; /* bytes of @in without a newline */
	bool busy;     /* a handler runs: freed after it */
	bool freed;
};

static void destroy(struct paled_lines *p)
{
	sd_event_source_disable_unref(p->source);
	closep(&p->fd);
	text_release(&p->in);
	text_release(&p->out);
	free(p);
}

void paled_lines_free(struct paled_lines *p)
{
	if (!p)
		return;
	p->freed = true;
	if (!p->busy)
		destroy(p);
}

static void hand_over(struct paled_lines *p)
{
	size_t done = 0;
	const char *end;

	while (!p->freed && p->in.len > p->looked &&
		(end = memchr(p->in.s + p->looked, '\n', p->in.len - p->looked))) {
		size_t next = (size_t)(end - p->in.s) + 1;

		p->handler.line(p->handler.ctx, p->in.s + done, next - 1 - done);
		done = p->looked = next;
	}
	p->in.len -= done;
	if (done)
		memmove(p->in.s, p->in.s + done, p->in.len);
	p->looked = p->in.len;
}

/* NULL: go on; otherwise why it has ended. */
static const char *read_some(struct paled_lines *p)
{
	char buffer[READ_SIZE];

	for (size_t n = 0; n < ROUND_BYTES && !p->freed;) {
		ssize_t got = recv(p->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return NULL;
		if (got < 0)
			return strerror(errno);
		if (got == 0)
			return "paled closed the connection";
		text_add(&p->in, buffer, (size_t)got);
		n += (size_t)got;
		hand_over(p);
		if (p->in.len > PALED_ANSWER_MAX)
			return "a line of paled's is too long";
	}
	return NULL;
}

/* NULL: what the socket has room for was sent. */
static const char *send_some(struct paled_lines *p)
{
	size_t done = 0;
	const char *why = NULL;

	while (done < p->out.len && !why) {
		ssize_t n = send(
			p->fd, p->out.s + done, p->out.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			why = strerror(errno);
	}
	p->out.len -= done;
	if (done)
		memmove(p->out.s, p->out.s + done, p->out.len);
	sd_event_source_set_io_events(p->source, p->out.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return why;
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct paled_lines *p = ctx;
	const char *why = NULL;

	(void)source;
	(void)fd;
	p->busy = true;
	if (events & EPOLLOUT)
		why = send_some(p);
	/* An answer to what was sent before the end is still there. */
	if (events & ~(uint32_t)EPOLLOUT) {
		const char *ended = read_some(p);

		why = why ? why : ended;
	}
	if (!p->freed && p->handler.round)
		p->handler.round(p->handler.ctx);
	if (!p->freed && why) {
		sd_event_source_set_enabled(p->source, SD_EVENT_OFF);
		p->handler.closed(p->handler.ctx, why);
	}
	p->busy = false;
	if (p->freed)
		destroy(p);
	return 0;
}

void paled_lines_send(struct paled_lines *p, const json_t *request)
{
	_cleanup_free_ char *s = json_dumps(request, JSON_COMPACT);

	if (!s)
		abort();
	text_puts(&p->out, s);
	text_putc(&p->out, '\n');
	sd_event_source_set_io_events(p->source, EPOLLIN | EPOLLOUT);
}

int paled_lines_new(sd_event *event, const char *run, const char *socket,
	const struct paled_lines_handler *handler, struct paled_lines **ret, struct pale_err **err)
{
	_cleanup_(paled_closep) struct paled *paled = NULL;
	struct paled_lines *p;
	int r = paled_connect(run, socket, 0, &paled, err);

	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	p->handler = *handler;
	p->fd = paled_detach(&paled);
	r = sd_event_add_io(event, &p->source, p->fd, EPOLLIN, on_ready, p);
	if (r < 0) {
		destroy(p);
		return pale_err_set(err, -r, "watch paled's socket");
	}
	*ret = p;
	return 0;
}
