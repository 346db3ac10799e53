/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/metrics_server.h"

#include "enforcer/http_loop.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS	   32
#define CONNECTIONS_OF_ONE 16
#define TIMEOUT_S	   10
#define IDLE_TIMEOUT_S	   10
#define MEMORY		   ((size_t)32 << 10) /* of a request's head */

struct metrics_server {
	struct http_loop *loop;
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

int metrics_server_new(sd_event *event, const struct sockaddr *address,
	void (*print)(void *ctx, struct text *t), void *ctx, struct metrics_server **ret,
	struct pale_err **err)
{
	struct metrics_server *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		abort();
	m->print = print;
	m->ctx = ctx;
	r = http_loop_new(event, address,
		&(struct http_loop_options){ .name = "metrics",
			.connections = CONNECTIONS,
			.connections_of_one = CONNECTIONS_OF_ONE,
			.head_bytes = MEMORY,
			.connect_s = TIMEOUT_S,
			.request_s = TIMEOUT_S,
			.idle_s = IDLE_TIMEOUT_S,
			.request = on_request,
			.ctx = m },
		&m->loop, err);
	if (r < 0)
		metrics_server_free(m);
	else
		*ret = m;
	return r;
}

void metrics_server_free(struct metrics_server *m)
{
	if (!m)
		return;
	http_loop_free(m->loop);
	free(m);
}
