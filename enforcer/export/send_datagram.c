/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram for each event, on a unix socket: syslog's, and journald's. */
#include "enforcer/export/output.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ROUND 256

struct datagrams {
	struct output *output;
	int fd; /* -1: not connected */
	sd_event_source *source;
	struct text message; /* the next one; empty: none */
	bool tells;	     /* it says what was lost */
};

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct datagrams *d = ctx;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	output_work_soon(d->output);
	return 0;
}

static void disconnect(struct datagrams *d)
{
	d->source = sd_event_source_disable_unref(d->source);
	if (d->fd >= 0)
		close(TAKE_FD(d->fd));
}

static int connect_to(struct datagrams *d)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = output_config(d->output)->path;

	if (d->fd >= 0)
		return 0;
	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	d->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0 || connect(d->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	if (sd_event_add_io(
		    output_place(d->output)->loop, &d->source, d->fd, EPOLLOUT, on_ready, d) < 0)
		return -ENOMEM;
	sd_event_source_set_enabled(d->source, SD_EVENT_OFF);
	return 0;
}

static int open_datagrams(struct output *o, void **ret, struct pale_err **err)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	(void)err;
	if (!d)
		abort();
	d->output = o;
	d->fd = -1;
	*ret = d;
	/* What was left by the last run. */
	output_work_soon(o);
	return 0;
}

static void close_datagrams(void *sender)
{
	struct datagrams *d = sender;

	disconnect(d);
	text_release(&d->message);
	free(d);
}

/* What is too large for a datagram journald takes as a file that can no more be changed. */
static int send_as_file(const struct datagrams *d)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	_cleanup_close_ int fd = memfd_create("pale-event", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, d->message.s, d->message.len) != (ssize_t)d->message.len ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) <
			0)
		return -EIO;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	return sendmsg(d->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int send_message(const struct datagrams *d)
{
	int r = 0;

	if (send(d->fd, d->message.s, d->message.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		r = -errno;
	if ((r == -EMSGSIZE || r == -ENOBUFS) && output_config(d->output)->type == OUTPUT_JOURNALD)
		return send_as_file(d);
	return r;
}

static bool next_message(struct datagrams *d)
{
	const struct output_config *c = output_config(d->output);
	const struct syslog_origin origin = { c->facility, output_place(d->output)->node };
	_cleanup_(text_release) struct text payload = TEXT_INIT;
	json_t *event;

	if (d->message.len)
		return true;
	event = output_next(d->output, NULL);
	if (!event)
		return false;
	d->tells = strcmp(event_field_string(event, FIELD_KIND), "lost") == 0;
	if (c->type == OUTPUT_JOURNALD) {
		format_journal(event, &d->message);
	} else if (c->format == EXPORT_RFC5424) {
		format_syslog(&origin, event, NULL, &d->message);
	} else {
		format_event(c->format, event, &payload);
		format_syslog(&origin, event, text_str(&payload), &d->message);
	}
	json_decref(event);
	return true;
}

static void fail(struct datagrams *d, int r)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;

	text_printf(&why, "%s: %s", output_config(d->output)->path, strerror(-r));
	text_clear(&d->message);
	disconnect(d);
	output_failed(d->output, 0, text_str(&why));
}

static void work_datagrams(void *sender)
{
	struct datagrams *d = sender;

	for (int i = 0; i < ROUND && next_message(d); i++) {
		int r = connect_to(d);

		if (r == 0)
			r = send_message(d);
		if (r == -EAGAIN) {
			sd_event_source_set_enabled(d->source, SD_EVENT_ON);
			return;
		}
		if (r == -EMSGSIZE) {
			output_refused(d->output, 1, !d->tells, "longer than a datagram may be");
		} else if (r < 0) {
			fail(d, r);
			return;
		} else {
			output_received(d->output, 1);
		}
		text_clear(&d->message);
		if (i + 1 == ROUND)
			output_work_soon(d->output);
	}
}

const struct sender datagram_sender = { open_datagrams, work_datagrams, close_datagrams };
