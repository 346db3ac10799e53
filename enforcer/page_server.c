/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/page_server.h"

#include "compiler/base/cleanup.h"
#include "enforcer/http_loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS	   32
#define CONNECTIONS_OF_ONE 16
#define TIMEOUT_S	   10
#define IDLE_TIMEOUT_S	   10
#define MEMORY		   ((size_t)32 << 10) /* of a request's head */

struct page_server {
	struct http_loop *loop;
	const struct page *pages;
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

static const struct page *find(const struct page_server *s, const char *path)
{
	for (const struct page *p = s->pages; p->path; p++) {
		if (!strcmp(p->path, path))
			return p;
	}
	return NULL;
}

static unsigned print(const struct page_server *s, const struct page *page, struct text *body)
{
	return page->print(s->ctx, body) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned refuse_path(const struct page_server *s, struct text *body)
{
	text_puts(body, "only");
	for (const struct page *p = s->pages; p->path; p++)
		text_printf(body, " %s", p->path);
	text_putc(body, '\n');
	return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **request)
{
	struct page_server *s = ctx;
	struct text body = TEXT_INIT;
	const struct page *page;

	(void)version;
	(void)upload;
	/* Once when the head is there, again behind the body, which nobody reads. */
	if (!*request) {
		*request = s;
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
	page = find(s, url);
	return answer(c, page ? print(s, page, &body) : refuse_path(s, &body), &body);
}

static int make(sd_event *event, const struct sockaddr *address, bool both,
	const struct page *pages, void *ctx, struct page_server **ret, struct pale_err **err)
{
	struct page_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->pages = pages;
	s->ctx = ctx;
	r = http_loop_new(event, address,
		&(struct http_loop_options){ .name = "metrics",
			.both = both,
			.connections = CONNECTIONS,
			.connections_of_one = CONNECTIONS_OF_ONE,
			.head_bytes = MEMORY,
			.connect_s = TIMEOUT_S,
			.request_s = TIMEOUT_S,
			.idle_s = IDLE_TIMEOUT_S,
			.request = on_request,
			.ctx = s },
		&s->loop, err);
	if (r < 0)
		page_server_free(s);
	else
		*ret = s;
	return r;
}

int page_server_new(sd_event *event, const struct sockaddr *address, const struct page *pages,
	void *ctx, struct page_server **ret, struct pale_err **err)
{
	return make(event, address, false, pages, ctx, ret, err);
}

int page_server_new_everywhere(sd_event *event, uint16_t port, const struct page *pages, void *ctx,
	struct page_server **ret, struct pale_err **err)
{
	const struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr_in old = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct pale_err *first = NULL;
	int r = make(event, (const struct sockaddr *)&all, true, pages, ctx, ret, &first);

	if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)
		r = make(event, (const struct sockaddr *)&old, false, pages, ctx, ret, err);
	else
		*err = TAKE_PTR(first);
	pale_err_free(first);
	return r;
}

void page_server_free(struct page_server *s)
{
	if (!s)
		return;
	http_loop_free(s->loop);
	free(s);
}
