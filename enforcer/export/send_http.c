/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks and OTLP: a batch of events in each POST, the next one when the last was answered. */
#include "enforcer/export/output.h"

#include "compiler/base/cleanup.h"
#include "enforcer/curl_tls.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/http_answer.h"

#include <string.h>

#define CONNECT_MS     10000L
#define TRANSFER_MS    30000L
#define ANSWER_MAX     ((size_t)64 << 10)
#define BODY_BYTES_MAX ((size_t)4 << 20)

struct poster {
	struct output *output;
	struct curl_job job;
	struct curl_slist *headers;
	struct text body, answer;
	uint32_t n;	  /* events in flight; 0: none are */
	uint32_t to_tell; /* of these without those that tell of lost ones */
	uint32_t alone;	  /* so many are sent one by one: together they were refused */
	char error[CURL_ERROR_SIZE];
};

static size_t take_answer(char *bytes, size_t size, size_t n, void *ctx)
{
	struct poster *p = ctx;
	size_t room = ANSWER_MAX - p->answer.len;

	text_add(&p->answer, bytes, size * n < room ? size * n : room);
	return size * n;
}

/* OTLP receivers may take a batch and refuse some of it. */
static void take_success(struct poster *p)
{
	uint64_t refused = output_config(p->output)->type == OUTPUT_OTLP
				   ? http_answer_rejected(text_str(&p->answer), p->answer.len)
				   : 0;

	refused = refused < p->n ? refused : p->n;
	/* Which of them is not said. */
	output_received(p->output, p->n - refused);
	if (refused)
		output_refused(p->output, refused, refused < p->to_tell ? refused : p->to_tell,
			"the answer of OTLP rejects log records");
}

static void take_refusal(struct poster *p, long status)
{
	char why[64];

	snprintf(why, sizeof(why), "HTTP status %ld", status);
	if (p->n > 1) {
		p->alone = p->n;
		output_failed(p->output, 0, why);
		return;
	}
	output_refused(p->output, 1, p->to_tell, why);
	p->alone -= p->alone > 0;
}

static void on_answer(void *ctx, CURLcode result)
{
	struct poster *p = ctx;
	curl_off_t after_s = 0;
	long status = 0;
	char why[64];

	curl_easy_getinfo(p->job.easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(p->job.easy, CURLINFO_RETRY_AFTER, &after_s);
	if (result != CURLE_OK) {
		output_failed(p->output, 0, *p->error ? p->error : curl_easy_strerror(result));
	} else if (http_answer_is_success(status)) {
		take_success(p);
		p->alone -= p->alone > 0;
	} else if (http_answer_is_refusal(status)) {
		take_refusal(p, status);
	} else {
		snprintf(why, sizeof(why), "HTTP status %ld", status);
		output_failed(p->output, after_s > 0 ? (uint64_t)after_s * 1000 : 0, why);
	}
	p->n = 0;
	output_work_soon(p->output);
}

static void put_body(struct poster *p, const json_t *const *events, size_t n)
{
	const struct output_config *c = output_config(p->output);

	text_clear(&p->body);
	if (c->type == OUTPUT_OTLP)
		format_otlp(events, n, &p->body);
	else if (c->batch == 1)
		format_event(c->format, events[0], &p->body);
	else
		format_batch(c->format, events, n, &p->body);
}

static bool collect(struct poster *p)
{
	uint32_t max = p->alone ? 1 : output_config(p->output)->batch;
	json_t **events = calloc(max, sizeof(*events));
	size_t bytes = 0, len = 0;

	if (!events)
		abort();
	p->to_tell = 0;
	while (p->n < max && bytes < BODY_BYTES_MAX &&
		(events[p->n] = output_next(p->output, &len))) {
		p->to_tell += strcmp(event_field_string(events[p->n++], FIELD_KIND), "lost") != 0;
		bytes += len;
	}
	if (p->n)
		put_body(p, (const json_t *const *)events, p->n);
	for (uint32_t i = 0; i < p->n; i++)
		json_decref(events[i]);
	free(events);
	return p->n;
}

static void work_http(void *sender)
{
	struct poster *p = sender;

	if (p->n || !collect(p))
		return;
	text_clear(&p->answer);
	*p->error = '\0';
	curl_easy_setopt(p->job.easy, CURLOPT_POSTFIELDS, text_str(&p->body));
	curl_easy_setopt(p->job.easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.len);
	curl_loop_start(output_place(p->output)->curl, &p->job);
}

static void put_header(struct poster *p, const char *header)
{
	struct curl_slist *l = curl_slist_append(p->headers, header);

	if (!l)
		abort();
	p->headers = l;
}

static void put_headers(struct poster *p, const struct output_config *c)
{
	_cleanup_(text_release) struct text type = TEXT_INIT;

	text_printf(&type, "Content-Type: %s",
		c->type == OUTPUT_OTLP ? "application/json" : format_content_type(c->format));
	put_header(p, text_str(&type));
	put_header(p, "User-Agent: pale-export/" PALE_VERSION);
	/* No second round trip for each batch. */
	put_header(p, "Expect:");
	for (uint32_t i = 0; i < c->headers.n; i++)
		put_header(p, c->headers.v[i]);
}

static void put_options(struct poster *p, const struct output_config *c)
{
	CURL *e = p->job.easy;

	curl_easy_setopt(e, CURLOPT_URL, c->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, TRANSFER_MS);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, p->error);
	curl_tls_set(e, c->ca_file, c->certificate_file, c->key_file);
}

static int open_http(struct output *o, void **ret, struct pale_err **err)
{
	struct poster *p = calloc(1, sizeof(*p));

	(void)err;
	if (!p)
		abort();
	p->output = o;
	p->job = (struct curl_job){ .easy = curl_easy_init(), .done = on_answer, .ctx = p };
	if (!p->job.easy)
		abort();
	put_headers(p, output_config(o));
	put_options(p, output_config(o));
	*ret = p;
	output_work_soon(o);
	return 0;
}

static void close_http(void *sender)
{
	struct poster *p = sender;

	curl_loop_stop(output_place(p->output)->curl, &p->job);
	curl_easy_cleanup(p->job.easy);
	curl_slist_free_all(p->headers);
	text_release(&p->body);
	text_release(&p->answer);
	free(p);
}

const struct sender http_sender = { open_http, work_http, close_http };
