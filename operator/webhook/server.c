/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/server.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/memory.h"
#include "operator/webhook/tls_certificate.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <malloc.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <time.h>

#define CONNECTIONS	  128
#define CONNECTIONS_PRESS (CONNECTIONS / 4 * 3)
#define BACKLOG		  1024
#define HEAD_BYTES	  ((size_t)24 << 10) /* of a request, from a pool of its connection */
#define BODY_BYTES_MAX	  ((size_t)7 << 20)
#define ALL_BODIES_MAX	  ((size_t)24 << 20)
#define LARGE_BODY	  ((size_t)256 << 10)
#define REQUEST_TIMEOUT_S 3u
/* Of the first request of a connection, with the handshake. */
#define CONNECT_TIMEOUT_S 5u
/* Go's clients give up what is idle after 90 seconds: they are to be first. */
#define IDLE_TIMEOUT_S 120u
#define PRIORITIES     "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct webhook_server {
	struct MHD_Daemon *daemon;
	sd_event_source *source, *timer;
	uint16_t port;
	const struct admission_config *config;
	const struct cluster *cluster;
	/* A handshake may still hold on to the one before. */
	struct tls_certificate *certificate, *before;
	size_t bodies;	    /* bytes of them that are being read */
	bool trim;	    /* a large one was freed */
	unsigned connected; /* after the last run */
	struct webhook_metrics metrics;
};

/* GnuTLS asks without a word on whose behalf: it does so in MHD_run() alone. */
static struct webhook_server *serving;

enum request_route {
	ROUTE_MUTATE,
	ROUTE_VALIDATE,
	ROUTE_HEALTH,
	ROUTE_READY,
	ROUTE_METRICS,
	ROUTE_NONE
};

static const struct {
	const char *path;
	bool review;
} routes[] = {
	[ROUTE_MUTATE] = { "/mutate", true },
	[ROUTE_VALIDATE] = { "/validate", true },
	[ROUTE_HEALTH] = { "/healthz", false },
	[ROUTE_READY] = { "/readyz", false },
	[ROUTE_METRICS] = { "/metrics", false },
	[ROUTE_NONE] = { NULL, false },
};

struct http_request {
	struct webhook_server *server;
	enum request_route route;
	struct text body;
	uint64_t since_us;
	unsigned refused; /* HTTP's status when the body is not read; 0: it is */
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static unsigned connections(const struct webhook_server *s)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/* Takes the text over. */
static enum MHD_Result answer(struct webhook_server *s, struct MHD_Connection *c, unsigned status,
	const char *type, struct text *body)
{
	size_t len = body->len;
	struct MHD_Response *r;
	enum MHD_Result queued;

	text_puts(body, "");
	r = MHD_create_response_from_buffer(len, text_take(body), MHD_RESPMEM_MUST_FREE);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
	if (connections(s) >= CONNECTIONS_PRESS)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	queued = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result answer_text(
	struct webhook_server *s, struct MHD_Connection *c, unsigned status, const char *text)
{
	struct text body = TEXT_INIT;

	text_printf(&body, "%s\n", text);
	return answer(s, c, status, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result answer_review(struct http_request *r, struct MHD_Connection *c)
{
	struct webhook_server *s = r->server;
	struct text said = TEXT_INIT;
	enum admission_result result = admission_answer(s->config, s->cluster,
		r->route == ROUTE_MUTATE ? ADMISSION_MUTATE : ADMISSION_VALIDATE,
		text_str(&r->body), r->body.len, &said);

	webhook_metrics_count(&s->metrics, result, now_us() - r->since_us);
	if (result == ADMISSION_MALFORMED) {
		text_putc(&said, '\n');
		return answer(s, c, MHD_HTTP_BAD_REQUEST, "text/plain; charset=utf-8", &said);
	}
	return answer(s, c, MHD_HTTP_OK, "application/json", &said);
}

static enum MHD_Result answer_ready(struct webhook_server *s, struct MHD_Connection *c)
{
	if (!s->certificate)
		return answer_text(s, c, MHD_HTTP_SERVICE_UNAVAILABLE, "there is no certificate");
	if (!cluster_is_known(s->cluster))
		return answer_text(
			s, c, MHD_HTTP_SERVICE_UNAVAILABLE, "the cluster is not known yet");
	return answer_text(s, c, MHD_HTTP_OK, "ok");
}

static enum MHD_Result answer_metrics(struct webhook_server *s, struct MHD_Connection *c)
{
	struct text t = TEXT_INIT;

	webhook_metrics_print(&s->metrics, &t);
	text_puts(&t, "# HELP pale_webhook_certificate_expiry_seconds When the certificate ends, "
		      "in seconds since 1970.\n"
		      "# TYPE pale_webhook_certificate_expiry_seconds gauge\n");
	text_printf(&t, "pale_webhook_certificate_expiry_seconds %" PRId64 "\n",
		s->certificate ? (int64_t)s->certificate->not_after : 0);
	return answer(s, c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &t);
}

static enum MHD_Result answer_route(struct http_request *r, struct MHD_Connection *c)
{
	switch (r->route) {
	case ROUTE_MUTATE:
	case ROUTE_VALIDATE:
		return answer_review(r, c);
	case ROUTE_HEALTH:
		return answer_text(r->server, c, MHD_HTTP_OK, "ok");
	case ROUTE_READY:
		return answer_ready(r->server, c);
	case ROUTE_METRICS:
		return answer_metrics(r->server, c);
	case ROUTE_NONE:
		break;
	}
	return answer_text(r->server, c, MHD_HTTP_NOT_FOUND, "no such page");
}

static const char *why_refused(unsigned status)
{
	switch (status) {
	case MHD_HTTP_CONTENT_TOO_LARGE:
		return "a review has at most 7 MiB";
	case MHD_HTTP_SERVICE_UNAVAILABLE:
		return "too many large reviews at once";
	case MHD_HTTP_UNSUPPORTED_MEDIA_TYPE:
		return "a review is application/json";
	case MHD_HTTP_METHOD_NOT_ALLOWED:
		return "reviews by POST, all else by GET";
	default:
		return "refused";
	}
}

static enum request_route route_of(const char *url)
{
	int i = 0;

	while (i < ROUTE_NONE && strcmp(routes[i].path, url) != 0)
		i++;
	return (enum request_route)i;
}

static bool is_json(const char *type)
{
	const size_t n = strlen("application/json");

	return type && strncasecmp(type, "application/json", n) == 0 &&
	       strchr("; \t", type[n]) != NULL;
}

/* What of a request's head is in the way of its body. */
static unsigned refuse_head(
	const struct http_request *r, struct MHD_Connection *c, const char *method)
{
	const char *type =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *len =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		   strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	if (r->route == ROUTE_NONE)
		return 0;
	if (routes[r->route].review ? !post : !get)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	if (!post)
		return 0;
	if (!is_json(type))
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	return len && strtoull(len, NULL, 10) > BODY_BYTES_MAX ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

static enum MHD_Result begin_request(struct webhook_server *s, struct MHD_Connection *c,
	const char *url, const char *method, void **request)
{
	struct http_request *r = memory_new(sizeof(*r));

	*r = (struct http_request){ .server = s, .route = route_of(url), .since_us = now_us() };
	*request = r;
	MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, REQUEST_TIMEOUT_S);
	r->refused = refuse_head(r, c, method);
	if (r->refused != MHD_HTTP_CONTENT_TOO_LARGE)
		return MHD_YES;
	/* Before its body, which is not waited for. */
	s->metrics.too_large++;
	return answer_text(s, c, r->refused, why_refused(r->refused));
}

static void free_body(struct http_request *r)
{
	r->server->bodies -= r->body.len;
	if (r->body.len > LARGE_BODY)
		r->server->trim = true;
	text_release(&r->body);
}

static enum MHD_Result take_body(struct http_request *r, const char *bytes, size_t *len)
{
	struct webhook_server *s = r->server;
	size_t n = *len;

	*len = 0;
	/* The connection's own timeout begins anew with each byte. */
	if (now_us() - r->since_us > (uint64_t)REQUEST_TIMEOUT_S * 1000000) {
		s->metrics.too_slow++;
		return MHD_NO;
	}
	if (r->refused || !routes[r->route].review)
		return MHD_YES;
	if (r->body.len + n > BODY_BYTES_MAX)
		r->refused = MHD_HTTP_CONTENT_TOO_LARGE;
	else if (s->bodies + n > ALL_BODIES_MAX)
		r->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
	if (r->refused) {
		s->metrics.too_large++;
		free_body(r);
		return MHD_YES;
	}
	text_add(&r->body, bytes, n);
	s->bodies += n;
	return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **request)
{
	struct http_request *r = *request;
	enum MHD_Result queued;

	(void)version;
	if (!r)
		return begin_request(ctx, c, url, method, request);
	if (*upload_len)
		return take_body(r, upload, upload_len);
	queued = r->refused ? answer_text(r->server, c, r->refused, why_refused(r->refused))
			    : answer_route(r, c);
	/* The answer may take its time. */
	free_body(r);
	return queued;
}

static void on_completed(
	void *ctx, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode how)
{
	struct http_request *r = *request;

	(void)ctx;
	if (!r)
		return;
	free_body(r);
	free(r);
	*request = NULL;
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_TIMEOUT_S);
}

static int on_handshake(gnutls_session_t session, const gnutls_datum_t *authorities,
	int n_authorities, const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
	gnutls_pcert_st **chain, unsigned *n_chain, gnutls_privkey_t *key)
{
	struct tls_certificate *c = serving ? serving->certificate : NULL;

	(void)session;
	(void)authorities;
	(void)n_authorities;
	(void)algorithms;
	(void)n_algorithms;
	if (!c)
		return -1;
	*chain = c->chain;
	*n_chain = c->n_chain;
	*key = c->key;
	return 0;
}

static void run(struct webhook_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	serving = s;
	MHD_run(s->daemon);
	/* At its limit libmicrohttpd stops listening, and takes that up at the beginning of a run
	 * alone: without another one nothing would wake it. */
	while (connections(s) < s->connected) {
		s->connected = connections(s);
		MHD_run(s->daemon);
	}
	s->connected = connections(s);
	serving = NULL;
	/* What a large review took is given back, or the next hours would be measured by it. */
	if (s->trim)
		malloc_trim(0);
	s->trim = false;
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES) {
		sd_event_source_set_time_relative(s->timer, (uint64_t)ms * 1000);
		sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
	} else {
		sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
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

static int listen_on(const struct sockaddr *address, uint16_t *port, struct pale_err **err)
{
	bool six = address->sa_family == AF_INET6;
	socklen_t len = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	_cleanup_close_ int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} bound;
	socklen_t bound_len = sizeof(bound);
	const int on = 1, off = 0;

	/* Where there is no IPv6 the option is not either, and bind(2) says so. */
	if (fd >= 0 && six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	/* The port is at the same place in both. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, address, len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, &bound.any, &bound_len) < 0)
		return pale_err_set(err, errno, "webhook: listen on port %u",
			ntohs(((const struct sockaddr_in *)address)->sin_port));
	*port = ntohs(bound.four.sin_port);
	return TAKE_FD(fd);
}

static int start(struct webhook_server *s, sd_event *event, int fd, struct pale_err **err)
{
	const union MHD_DaemonInfo *info;

	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, on_request, s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, CONNECT_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES,
		MHD_OPTION_HTTPS_CERT_CALLBACK, on_handshake, MHD_OPTION_END);
	if (!s->daemon)
		close(fd);
	info = s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info || sd_event_add_io(event, &s->source, info->epoll_fd, EPOLLIN, on_ready, s) < 0 ||
		sd_event_add_time_relative(
			event, &s->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, s) < 0)
		return pale_err_plain(err, EIO, "webhook: libmicrohttpd does not start");
	return 0;
}

int webhook_server_new(sd_event *event, const struct sockaddr *address,
	const struct admission_config *config, const struct cluster *cluster,
	struct webhook_server **ret, struct pale_err **err)
{
	struct webhook_server *s = memory_new(sizeof(*s));
	int fd = listen_on(address, &s->port, err), r;

	if (fd < 0) {
		free(s);
		return fd;
	}
	s->config = config;
	s->cluster = cluster;
	r = start(s, event, fd, err);
	if (r < 0)
		webhook_server_free(s);
	else
		*ret = s;
	return r;
}

int webhook_server_set_certificate(
	struct webhook_server *s, const char *chain, const char *key, struct pale_err **err)
{
	struct tls_certificate *c;
	int r = tls_certificate_read(chain, key, &c, err);

	if (r < 0)
		return r;
	tls_certificate_free(s->before);
	s->before = s->certificate;
	s->certificate = c;
	return 0;
}

uint16_t webhook_server_port(const struct webhook_server *s)
{
	return s->port;
}

const struct webhook_metrics *webhook_server_metrics(const struct webhook_server *s)
{
	return &s->metrics;
}

void webhook_server_free(struct webhook_server *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->source);
	sd_event_source_disable_unref(s->timer);
	/* Closes what it listens on. */
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	tls_certificate_free(s->certificate);
	tls_certificate_free(s->before);
	free(s);
}
