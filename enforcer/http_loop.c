/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/http_loop.h"

#include "compiler/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define BACKLOG 1024

struct http_connection {
	struct http_connection *before, *next;
	int fd;
	uint64_t ends_us; /* CLOCK_MONOTONIC */
	bool late;
};

struct http_loop {
	struct http_loop_options options;
	struct MHD_Daemon *daemon;
	sd_event_source *source, *timer;
	struct http_connection *connections;
	unsigned n;
	uint16_t port;
};

static struct http_loop *running;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static struct http_connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void give_time(struct MHD_Connection *c, unsigned seconds)
{
	struct http_connection *h = connection_of(c);

	if (h && !h->late)
		h->ends_us = now_us() + (uint64_t)seconds * 1000000;
}

static void add_connection(struct http_loop *l, struct MHD_Connection *c, void **ret)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *h = calloc(1, sizeof(*h));

	if (!info || !h)
		abort();
	h->fd = info->connect_fd;
	h->ends_us = now_us() + (uint64_t)l->options.connect_s * 1000000;
	h->next = l->connections;
	if (h->next)
		h->next->before = h;
	l->connections = h;
	l->n++;
	*ret = h;
}

static void remove_connection(struct http_loop *l, struct http_connection *h)
{
	if (h->next)
		h->next->before = h->before;
	if (h->before)
		h->before->next = h->next;
	else
		l->connections = h->next;
	l->n--;
	free(h);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **connection,
	enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		add_connection(ctx, c, connection);
	} else if (*connection) {
		remove_connection(ctx, *connection);
		*connection = NULL;
	}
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **request)
{
	struct http_loop *l = ctx;

	if (!*request)
		give_time(c, l->options.request_s);
	return l->options.request(
		l->options.ctx, c, url, method, version, upload, upload_len, request);
}

static void on_completed(
	void *ctx, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode how)
{
	struct http_loop *l = ctx;

	if (l->options.completed)
		l->options.completed(l->options.ctx, c, request, how);
	give_time(c, l->options.idle_s);
}

/* libmicrohttpd takes what was shut down for one that the other side has closed. */
static void end_late_ones(struct http_loop *l)
{
	uint64_t now = now_us();

	for (struct http_connection *h = l->connections; h; h = h->next) {
		if (h->late || now < h->ends_us)
			continue;
		h->late = true;
		shutdown(h->fd, SHUT_RDWR);
	}
}

static void set_timer(struct http_loop *l)
{
	MHD_UNSIGNED_LONG_LONG ms;
	uint64_t at = UINT64_MAX;

	for (const struct http_connection *h = l->connections; h; h = h->next) {
		if (!h->late && h->ends_us < at)
			at = h->ends_us;
	}
	if (MHD_get_timeout(l->daemon, &ms) == MHD_YES && now_us() + (uint64_t)ms * 1000 < at)
		at = now_us() + (uint64_t)ms * 1000;
	sd_event_source_set_time(l->timer, at);
	sd_event_source_set_enabled(l->timer, at == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void run(struct http_loop *l)
{
	unsigned before;

	running = l;
	end_late_ones(l);
	/* At its limit libmicrohttpd stops listening, and takes that up at the beginning of a run
	 * alone: without another one nothing would wake it. */
	do {
		before = l->n;
		MHD_run(l->daemon);
	} while (l->n < before);
	running = NULL;
	set_timer(l);
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source;
	(void)fd;
	(void)events;
	run(ctx);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)source;
	(void)us;
	run(ctx);
	return 0;
}

union http_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static int listen_failed(
	const struct http_loop *l, const struct sockaddr *address, struct pale_err **err)
{
	const union http_address *a = (const union http_address *)address;
	char host[INET6_ADDRSTRLEN] = "";
	int errnum = errno;

	inet_ntop(address->sa_family,
		address->sa_family == AF_INET6 ? (const void *)&a->six.sin6_addr
					       : (const void *)&a->four.sin_addr,
		host, sizeof(host));
	/* The port is at the same place in both. */
	return pale_err_set(err, errnum, "%s: listen on %s port %u", l->options.name, host,
		ntohs(a->four.sin_port));
}

static int listen_on(struct http_loop *l, const struct sockaddr *address, struct pale_err **err)
{
	bool six = address->sa_family == AF_INET6;
	socklen_t len = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	_cleanup_close_ int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1, only = !l->options.both;
	union http_address bound;
	socklen_t bound_len = sizeof(bound);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0) ||
		bind(fd, address, len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, &bound.any, &bound_len) < 0)
		return listen_failed(l, address, err);
	l->port = ntohs(bound.four.sin_port);
	return TAKE_FD(fd);
}

static int start(struct http_loop *l, sd_event *event, int fd, struct pale_err **err)
{
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	const struct http_loop_options *o = &l->options;
	const union MHD_DaemonInfo *info;

	l->daemon = MHD_start_daemon(MHD_USE_EPOLL | (o->tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		on_request, l, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		o->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_of_one,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->head_bytes, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, l, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_ARRAY,
		o->tls ? o->tls : none, MHD_OPTION_END);
	if (!l->daemon)
		close(fd);
	info = l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info || sd_event_add_io(event, &l->source, info->epoll_fd, EPOLLIN, on_ready, l) < 0 ||
		sd_event_add_time_relative(
			event, &l->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, l) < 0)
		return pale_err_plain(err, EIO, "%s: libmicrohttpd does not start", o->name);
	return 0;
}

int http_loop_new(sd_event *event, const struct sockaddr *address,
	const struct http_loop_options *options, struct http_loop **ret, struct pale_err **err)
{
	struct http_loop *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		abort();
	l->options = *options;
	r = listen_on(l, address, err);
	if (r >= 0)
		r = start(l, event, r, err);
	if (r < 0)
		http_loop_free(l);
	else
		*ret = l;
	return r;
}

uint16_t http_loop_port(const struct http_loop *l)
{
	return l->port;
}

unsigned http_loop_connections(const struct http_loop *l)
{
	return l->n;
}

bool http_loop_is_late(struct MHD_Connection *c)
{
	const struct http_connection *h = connection_of(c);

	return h && h->late;
}

void *http_loop_running(void)
{
	return running ? running->options.ctx : NULL;
}

void http_loop_free(struct http_loop *l)
{
	if (!l)
		return;
	sd_event_source_disable_unref(l->source);
	sd_event_source_disable_unref(l->timer);
	/* Closes what it listens on, and tells of each connection. */
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	free(l);
}
