/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/server.h"

#include "compiler/base/cleanup.h"
#include "enforcer/http_loop.h"
#include "operator/memory.h"
#include "operator/webhook/tls_certificate.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <malloc.h>
#include <time.h>

#define CONNECTIONS	  128
#define CONNECTIONS_PRESS (CONNECTIONS / 4 * 3)
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
	struct http_loop *loop;
	const struct admission_config *config;
	const struct cluster *cluster;
	/* A handshake may still hold on to the one before. */
	struct tls_certificate *certificate, *before;
	size_t bodies; /* bytes of them that are being read */
	struct webhook_metrics metrics;
	void (*print_others)(void *ctx, struct text *t); /* NULL: nothing else is counted */
	void *others;
};

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
	bool answered;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
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
	if (http_loop_connections(s->loop) >= CONNECTIONS_PRESS)
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
		(int64_t)time(NULL), text_str(&r->body), r->body.len, &said);

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
	if (s->print_others)
		s->print_others(s->others, &t);
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
	r->refused = refuse_head(r, c, method);
	if (r->refused != MHD_HTTP_CONTENT_TOO_LARGE)
		return MHD_YES;
	/* Before its body, which is not waited for. */
	s->metrics.too_large++;
	return answer_text(s, c, r->refused, why_refused(r->refused));
}

static void free_body(struct http_request *r)
{
	bool large = r->body.len > LARGE_BODY;

	r->server->bodies -= r->body.len;
	text_release(&r->body);
	/* What a large review took is given back, or the next hours would be measured by it. */
	if (large)
		malloc_trim(0);
}

static enum MHD_Result take_body(struct http_request *r, const char *bytes, size_t *len)
{
	struct webhook_server *s = r->server;
	size_t n = *len;

	*len = 0;
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
	r->answered = true;
	return queued;
}

static void on_completed(
	void *ctx, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode how)
{
	struct http_request *r = *request;

	(void)ctx;
	(void)how;
	if (!r)
		return;
	if (routes[r->route].review && !r->answered && http_loop_is_late(c))
		r->server->metrics.too_slow++;
	free_body(r);
	free(r);
	*request = NULL;
}

static int on_handshake(gnutls_session_t session, const gnutls_datum_t *authorities,
	int n_authorities, const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
	gnutls_pcert_st **chain, unsigned *n_chain, gnutls_privkey_t *key)
{
	const struct webhook_server *s = http_loop_running();
	struct tls_certificate *c = s ? s->certificate : NULL;

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

int webhook_server_new(sd_event *event, const struct sockaddr *address,
	const struct admission_config *config, const struct cluster *cluster,
	struct webhook_server **ret, struct pale_err **err)
{
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)on_handshake },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct webhook_server *s = memory_new(sizeof(*s));
	int r;

	s->config = config;
	s->cluster = cluster;
	r = http_loop_new(event, address,
		&(struct http_loop_options){ .name = "webhook",
			.both = true,
			.connections = CONNECTIONS,
			.head_bytes = HEAD_BYTES,
			.connect_s = CONNECT_TIMEOUT_S,
			.request_s = REQUEST_TIMEOUT_S,
			.idle_s = IDLE_TIMEOUT_S,
			.request = on_request,
			.completed = on_completed,
			.ctx = s,
			.tls = tls },
		&s->loop, err);
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

void webhook_server_set_metrics(
	struct webhook_server *s, void (*print)(void *ctx, struct text *t), void *ctx)
{
	s->print_others = print;
	s->others = ctx;
}

uint16_t webhook_server_port(const struct webhook_server *s)
{
	return http_loop_port(s->loop);
}

const struct webhook_metrics *webhook_server_metrics(const struct webhook_server *s)
{
	return &s->metrics;
}

void webhook_server_free(struct webhook_server *s)
{
	if (!s)
		return;
	http_loop_free(s->loop);
	tls_certificate_free(s->certificate);
	tls_certificate_free(s->before);
	free(s);
}
