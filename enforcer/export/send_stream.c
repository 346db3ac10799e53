/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syslog over TCP and TLS, octets counted (RFC 6587 3.4.1, RFC 5425 4.3). The protocol has no
 * answer: what was sent counts as received when the other machine has acknowledged all of it and
 * the connection has stood for a while after. A receiver that ends without having read resets the
 * connection at once, and gets it again.
 */
#include "enforcer/export/output.h"

#include "compiler/base/cleanup.h"
#include "enforcer/curl_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define ROUND		  256
#define CONNECT_MS	  10000L
#define UNACKNOWLEDGED_MS 30000
#define SETTLE_US	  100000u
#define STANDS_US	  1000000u
#define UNSETTLED_MAX	  65536u
#define MARKS		  64u

/* What was sent in about the same moment. */
struct mark {
	uint64_t at_us;
	uint64_t n;
};

struct stream {
	struct output *output;
	struct curl_job job;
	bool connected;
	int fd; /* a copy of libcurl's, to wait for */
	sd_event_source *source, *settle;
	struct text message; /* the next one, framed; empty: none */
	size_t done;
	struct mark marks[MARKS]; /* the oldest first */
	size_t n_marks;
	uint64_t unsettled;
	char error[CURL_ERROR_SIZE];
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void disconnect(struct stream *s)
{
	s->source = sd_event_source_disable_unref(s->source);
	sd_event_source_set_enabled(s->settle, SD_EVENT_OFF);
	if (s->fd >= 0)
		close(TAKE_FD(s->fd));
	curl_loop_stop(output_place(s->output)->curl, &s->job);
	if (s->job.easy)
		curl_easy_cleanup(s->job.easy);
	s->job.easy = NULL;
	s->connected = false;
	text_clear(&s->message);
	s->done = 0;
	s->n_marks = 0;
	s->unsettled = 0;
}

static void fail(struct stream *s, const char *why)
{
	const struct output_config *c = output_config(s->output);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s:%u: %s", c->host, c->port, *s->error ? s->error : why);
	disconnect(s);
	output_failed(s->output, 0, text_str(&t));
}

static void settle_after(struct stream *s, uint64_t us)
{
	sd_event_source_set_time_relative(s->settle, us);
	sd_event_source_set_enabled(s->settle, SD_EVENT_ONESHOT);
}

static void add_mark(struct stream *s)
{
	struct mark *last = s->n_marks ? &s->marks[s->n_marks - 1] : NULL;
	uint64_t now = now_us();

	s->unsettled++;
	if (last && (now - last->at_us < SETTLE_US || s->n_marks == MARKS)) {
		last->n++;
		/* The later counts: none of it before its time. */
		if (s->n_marks == MARKS)
			last->at_us = now;
		return;
	}
	s->marks[s->n_marks++] = (struct mark){ now, 1 };
	if (s->n_marks == 1)
		settle_after(s, SETTLE_US);
}

static int on_settle(sd_event_source *source, uint64_t us, void *ctx)
{
	struct stream *s = ctx;
	uint64_t now = now_us(), n = 0;
	size_t old = 0;
	int unacknowledged = 0;

	(void)source;
	(void)us;
	if (s->fd >= 0 && ioctl(s->fd, SIOCOUTQ, &unacknowledged) == 0 && !unacknowledged) {
		while (old < s->n_marks && s->marks[old].at_us + STANDS_US <= now)
			n += s->marks[old++].n;
		s->n_marks -= old;
		memmove(s->marks, s->marks + old, s->n_marks * sizeof(*s->marks));
		s->unsettled -= n;
		output_received(s->output, n);
		output_work_soon(s->output);
	}
	if (s->n_marks)
		settle_after(s, SETTLE_US);
	return 0;
}

/* Nothing is to come; what comes is read away. */
static bool read_away(struct stream *s)
{
	char buffer[4096];
	size_t n;
	CURLcode r;

	do
		r = curl_easy_recv(s->job.easy, buffer, sizeof(buffer), &n);
	while (r == CURLE_OK && n);
	return r == CURLE_AGAIN;
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct stream *s = ctx;

	(void)fd;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !read_away(s)) {
		*s->error = '\0';
		fail(s, "the receiver closed the connection");
		return 0;
	}
	sd_event_source_set_io_events(source, EPOLLIN);
	output_work_soon(s->output);
	return 0;
}

static void on_connected(void *ctx, CURLcode result)
{
	struct stream *s = ctx;
	const int wait_ms = UNACKNOWLEDGED_MS;
	curl_socket_t fd = -1;

	if (result != CURLE_OK) {
		fail(s, curl_easy_strerror(result));
		return;
	}
	curl_easy_getinfo(s->job.easy, CURLINFO_ACTIVESOCKET, &fd);
	s->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (s->fd < 0 || sd_event_add_io(output_place(s->output)->loop, &s->source, s->fd, EPOLLIN,
				 on_ready, s) < 0) {
		fail(s, "its socket cannot be watched");
		return;
	}
	/* One that is gone without a word is noticed, too. */
	setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
	s->connected = true;
	settle_after(s, STANDS_US);
	output_work_soon(s->output);
}

static void start_connecting(struct stream *s)
{
	const struct output_config *c = output_config(s->output);
	_cleanup_(text_release) struct text url = TEXT_INIT;
	bool six = strchr(c->host, ':');
	CURL *e = curl_easy_init();

	if (!e)
		abort();
	s->job.easy = e;
	*s->error = '\0';
	text_printf(&url, "%s://%s%s%s:%u/", c->transport == SYSLOG_TLS ? "https" : "http",
		six ? "[" : "", c->host, six ? "]" : "", c->port);
	curl_easy_setopt(e, CURLOPT_URL, text_str(&url));
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error);
	if (c->transport == SYSLOG_TLS) {
		curl_tls_set(e, c->ca_file, c->certificate_file, c->key_file);
		/* It is no HTTP. */
		curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L);
	}
	curl_loop_start(output_place(s->output)->curl, &s->job);
}

static bool next_message(struct stream *s)
{
	const struct output_config *c = output_config(s->output);
	const struct syslog_origin origin = { c->facility, output_place(s->output)->node };
	_cleanup_(text_release) struct text payload = TEXT_INIT, frame = TEXT_INIT;
	json_t *event;

	if (s->message.len)
		return true;
	event = s->unsettled < UNSETTLED_MAX ? output_next(s->output, NULL) : NULL;
	if (!event)
		return false;
	if (c->format != EXPORT_RFC5424)
		format_event(c->format, event, &payload);
	format_syslog(
		&origin, event, c->format == EXPORT_RFC5424 ? NULL : text_str(&payload), &frame);
	text_printf(&s->message, "%zu ", frame.len);
	text_add(&s->message, frame.s, frame.len);
	json_decref(event);
	return true;
}

static CURLcode send_message(struct stream *s)
{
	while (s->done < s->message.len) {
		size_t n = 0;
		CURLcode r = curl_easy_send(
			s->job.easy, s->message.s + s->done, s->message.len - s->done, &n);

		if (r != CURLE_OK)
			return r;
		s->done += n;
	}
	return CURLE_OK;
}

static void send_some(struct stream *s)
{
	for (int i = 0; i < ROUND && next_message(s); i++) {
		CURLcode r = send_message(s);

		if (r == CURLE_AGAIN) {
			sd_event_source_set_io_events(s->source, EPOLLIN | EPOLLOUT);
			return;
		}
		if (r != CURLE_OK) {
			fail(s, curl_easy_strerror(r));
			return;
		}
		text_clear(&s->message);
		s->done = 0;
		add_mark(s);
		if (i + 1 == ROUND)
			output_work_soon(s->output);
	}
}

static void work_stream(void *sender)
{
	struct stream *s = sender;

	if (s->connected)
		send_some(s);
	else if (!s->job.easy)
		start_connecting(s);
}

static int open_stream(struct output *o, void **ret, struct pale_err **err)
{
	struct stream *s = calloc(1, sizeof(*s));

	(void)err;
	if (!s)
		abort();
	s->output = o;
	s->fd = -1;
	s->job = (struct curl_job){ .done = on_connected, .ctx = s, .keep = true };
	if (sd_event_add_time_relative(
		    output_place(o)->loop, &s->settle, CLOCK_MONOTONIC, 0, 1000, on_settle, s) < 0)
		abort();
	sd_event_source_set_enabled(s->settle, SD_EVENT_OFF);
	*ret = s;
	/* It is known at once whether the receiver is there. */
	output_work_soon(o);
	return 0;
}

static void close_stream(void *sender)
{
	struct stream *s = sender;

	disconnect(s);
	sd_event_source_disable_unref(s->settle);
	text_release(&s->message);
	free(s);
}

const struct sender stream_sender = { open_stream, work_stream, close_stream };
