/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/metrics_server.h"

#include "compiler/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define CONNECTIONS	   32
#define CONNECTIONS_OF_ONE 16
#define TIMEOUT_S	   10
#define MEMORY		   ((size_t)32 << 10) /* of a request's head */

struct metrics_server {
	struct MHD_Daemon *daemon;
	sd_event_source *source, *timer;
	void (*print)(void *ctx, struct text *t);
	void *ctx;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct text *body)
{
	size_t len = body->len;
	struct MHD_Response *r =
		MHD_create_response_from_buffer(len, text_take(body), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result queued;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
		status == MHD_HTTP_OK ? "text/plain; version=0.0.4; charset=utf-8"
				      : "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	queued = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **request)
{
	struct metrics_server *m = ctx;
	struct text body = TEXT_INIT;

	(void)version;
	(void)upload;
	/* Once when the head is there, again behind the body, which nobody reads. */
	if (!*request) {
		*request = m;
		return MHD_YES;
	}
	if (*upload_len) {
		*upload_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		text_puts(&body, "only GET\n");
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, &body);
	}
	if (strcmp(url, "/metrics") != 0) {
		text_puts(&body, "only /metrics\n");
		return answer(c, MHD_HTTP_NOT_FOUND, &body);
	}
	m->print(m->ctx, &body);
	return answer(c, MHD_HTTP_OK, &body);
}

static void run(struct metrics_server *m)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(m->daemon);
	if (MHD_get_timeout(m->daemon, &ms) == MHD_YES) {
		sd_event_source_set_time_relative(m->timer, (uint64_t)ms * 1000);
		sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
	} else {
		sd_event_source_set_enabled(m->timer, SD_EVENT_OFF);
	}
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

static int listen_on(const struct sockaddr *address, struct pale_err **err)
{
	char host[INET6_ADDRSTRLEN] = "";
	bool six = address->sa_family == AF_INET6;
	socklen_t len = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	_cleanup_close_ int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	inet_ntop(address->sa_family,
		six ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
		    : (const void *)&((const struct sockaddr_in *)address)->sin_addr,
		host, sizeof(host));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
		bind(fd, address, len) < 0 || listen(fd, CONNECTIONS) < 0)
		return pale_err_set(err, errno, "metrics: listen on %s port %u", host,
			ntohs(((const struct sockaddr_in *)address)->sin_port));
	return TAKE_FD(fd);
}

int metrics_server_new(sd_event *event, const struct sockaddr *address,
	void (*print)(void *ctx, struct text *t), void *ctx, struct metrics_server **ret,
	struct pale_err **err)
{
	struct metrics_server *m;
	const union MHD_DaemonInfo *info;
	int fd = listen_on(address, err);

	if (fd < 0)
		return fd;
	m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	m->print = print;
	m->ctx = ctx;
	m->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, m,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_OF_ONE,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY, MHD_OPTION_END);
	info = m->daemon ? MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info || sd_event_add_io(event, &m->source, info->epoll_fd, EPOLLIN, on_ready, m) < 0 ||
		sd_event_add_time_relative(
			event, &m->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, m) < 0) {
		metrics_server_free(m);
		return pale_err_plain(err, EIO, "metrics: libmicrohttpd does not start");
	}
	*ret = m;
	return 0;
}

void metrics_server_free(struct metrics_server *m)
{
	if (!m)
		return;
	sd_event_source_disable_unref(m->source);
	sd_event_source_disable_unref(m->timer);
	/* Closes what it listens on. */
	if (m->daemon)
		MHD_stop_daemon(m->daemon);
	free(m);
}
