/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_request.h"

#include "compiler/base/cleanup.h"
#include "enforcer/curl_loop.h"
#include "enforcer/curl_tls.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lines.h"
#include "operator/kube/kube_time.h"
#include "operator/kube/kube_token.h"
#include "operator/memory.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define CONNECT_MS	 10000L
#define TIMEOUT_US	 UINT64_C(30000000)
#define ATTEMPTS	 5
#define RETRY_MIN_US	 UINT64_C(200000)
#define RETRY_MAX_US	 UINT64_C(10000000)
#define ANSWER_MAX	 ((size_t)256 << 20)
#define KEEPALIVE_S	 15L
#define KEEPALIVE_TIMES	 3
#define CALL_BEFORE_CURL (SD_EVENT_PRIORITY_NORMAL - 10)

struct kube_client {
	sd_event *loop;
	struct curl_loop *curl;
	const struct kube_config *config;
	char *agent;
	struct kube_token token;
	struct kube_call *first, *last;	    /* all */
	struct kube_call *waiting, *newest; /* for one of the others to end */
	unsigned int in_flight;
	uint64_t sent;
};

struct kube_call {
	struct kube_client *client;
	struct kube_call *next, *prev;
	struct kube_call *next_waiting;
	struct curl_job job;
	struct curl_slist *headers;
	char *url, *body, *type, *accept;
	enum kube_method method;
	uint64_t timeout_us;
	unsigned int attempts_left;
	bool repeatable, queued, counted;
	void (*done)(void *ctx, const struct kube_answer *answer);
	void (*line)(void *ctx, const char *line, size_t len);
	void *ctx;
	struct kube_backoff backoff;
	sd_event_source *timer; /* of the next attempt */
	sd_event_source *drain; /* of a stream: lines wait to be told */
	struct text answer;
	struct kube_lines lines;
	bool too_long;
	bool telling, cancelled;
	uint64_t sent_us;
	char error[CURL_ERROR_SIZE];
};

static const char *const method_names[] = {
	[KUBE_GET] = "GET",
	[KUBE_POST] = "POST",
	[KUBE_PUT] = "PUT",
	[KUBE_PATCH] = "PATCH",
	[KUBE_DELETE] = "DELETE",
};

int kube_client_new(sd_event *loop, const struct kube_config *config, const char *agent,
	struct kube_client **ret, struct pale_err **err)
{
	struct kube_client *c = memory_new(sizeof(*c));

	c->agent = memory_string(agent);
	c->token =
		(struct kube_token){ .path = config->token_file, .age_max_us = KUBE_TOKEN_AGE_US };
	c->config = config;
	if (config->token_file && !kube_token(&c->token, kube_boottime_us(), err)) {
		free(c->agent);
		free(c);
		return -pale_err_errno(*err);
	}
	c->loop = sd_event_ref(loop);
	c->curl = curl_loop_new(loop);
	*ret = c;
	return 0;
}

sd_event *kube_client_loop(struct kube_client *c)
{
	return c->loop;
}

const struct kube_config *kube_client_config(const struct kube_client *c)
{
	return c->config;
}

uint64_t kube_client_sent(const struct kube_client *c)
{
	return c->sent;
}

void kube_client_set_token_age(struct kube_client *c, uint64_t us)
{
	c->token.age_max_us = us;
}

/* Of the callers' memory nothing is used any more from here on. */
static void call_free(struct kube_call *call)
{
	struct kube_client *c = call->client;

	curl_loop_stop(c->curl, &call->job);
	curl_easy_cleanup(call->job.easy);
	curl_slist_free_all(call->headers);
	sd_event_source_disable_unref(call->timer);
	sd_event_source_disable_unref(call->drain);
	*(call->prev ? &call->prev->next : &c->first) = call->next;
	*(call->next ? &call->next->prev : &c->last) = call->prev;
	text_release(&call->answer);
	kube_lines_release(&call->lines);
	free(call->url);
	free(call->body);
	free(call->type);
	free(call->accept);
	free(call);
}

static void send_waiting(struct kube_client *c);

/* Its place in flight is free. */
static void land(struct kube_call *call)
{
	call->client->in_flight -= call->counted;
	call->counted = false;
}

static void leave_queue(struct kube_call *call)
{
	struct kube_client *c = call->client;
	struct kube_call **at = &c->waiting, *before = NULL;

	if (!call->queued)
		return;
	while (*at != call) {
		before = *at;
		at = &(*at)->next_waiting;
	}
	*at = call->next_waiting;
	if (c->newest == call)
		c->newest = before;
	call->queued = false;
}

void kube_call_cancel(struct kube_call *call)
{
	struct kube_client *c;

	if (!call)
		return;
	c = call->client;
	call->cancelled = true;
	if (call->telling)
		return;
	leave_queue(call);
	land(call);
	call_free(call);
	send_waiting(c);
}

void kube_client_free(struct kube_client *c)
{
	if (!c)
		return;
	c->waiting = c->newest = NULL;
	while (c->first)
		call_free(c->first);
	curl_loop_free(c->curl);
	sd_event_unref(c->loop);
	kube_token_release(&c->token);
	free(c->agent);
	free(c);
}

/* The call is over: its own end of it first, so that `done` may do anything. */
static void finish(struct kube_call *call, const struct kube_answer *answer)
{
	struct kube_client *c = call->client;
	void (*done)(void *, const struct kube_answer *) = call->done;
	void *ctx = call->ctx;

	land(call);
	call_free(call);
	done(ctx, answer);
	send_waiting(c);
}

static void finish_failed(struct kube_call *call, struct pale_err *err)
{
	struct kube_answer a = { .err = err, .sent_us = call->sent_us };

	finish(call, &a);
	pale_err_free(err);
}

/* Tells the lines that are there; false: the call was cancelled by who was told, and is gone. */
static bool tell_lines(struct kube_call *call)
{
	struct kube_client *c = call->client;
	const char *line;
	size_t len;

	call->telling = true;
	while (!call->cancelled && kube_lines_next(&call->lines, &line, &len))
		call->line(call->ctx, line, len);
	call->telling = false;
	if (!call->cancelled)
		return true;
	call_free(call);
	send_waiting(c);
	return false;
}

static int on_drain(sd_event_source *source, void *ctx)
{
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	tell_lines(ctx);
	return 0;
}

static long code_of(struct kube_call *call)
{
	long code = 0;

	curl_easy_getinfo(call->job.easy, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

/* libcurl allows little while it calls back; a stream's lines are told by the loop, next. */
static size_t take_bytes(char *bytes, size_t size, size_t n, void *ctx)
{
	struct kube_call *call = ctx;
	size_t len = size * n;

	if (call->line && code_of(call) == 200) {
		call->too_long = !kube_lines_add(&call->lines, bytes, len);
		sd_event_source_set_enabled(call->drain, SD_EVENT_ON);
	} else {
		call->too_long = len > ANSWER_MAX - call->answer.len;
		if (!call->too_long)
			text_add(&call->answer, bytes, len);
	}
	return call->too_long ? 0 : len;
}

static int start(struct kube_call *call, struct pale_err **err);

static void send_call(struct kube_call *call)
{
	struct pale_err *err = NULL;

	if (start(call, &err) < 0)
		finish_failed(call, err);
}

/* Never from within the functions of callers: see kube_request(). */
static void send_waiting(struct kube_client *c)
{
	while (c->waiting && c->in_flight < KUBE_IN_FLIGHT) {
		struct kube_call *call = c->waiting;

		leave_queue(call);
		call->counted = true;
		c->in_flight++;
		/* Through the loop: what fails at once must not be told in here. */
		sd_event_source_set_time_relative(call->timer, 0);
		sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
	}
}

static void enqueue(struct kube_call *call)
{
	struct kube_client *c = call->client;

	call->next_waiting = NULL;
	*(c->waiting ? &c->newest->next_waiting : &c->waiting) = call;
	c->newest = call;
	call->queued = true;
	send_waiting(c);
}

static int on_time(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_call *call = ctx;

	(void)source;
	(void)us;
	if (call->counted || call->line)
		send_call(call);
	else
		enqueue(call);
	return 0;
}

static void retry(struct kube_call *call, uint64_t retry_after_us)
{
	uint64_t us = kube_backoff_next(&call->backoff, retry_after_us, kube_random());
	struct kube_client *c = call->client;

	land(call);
	sd_event_source_set_time_relative(call->timer, us);
	sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
	send_waiting(c);
}

static bool may_repeat(const struct kube_call *call)
{
	return call->repeatable || call->method == KUBE_GET ||
	       (call->type && !strcmp(call->type, KUBE_APPLY_PATCH));
}

/* No answer came, or a part of one. */
static void on_broken(struct kube_call *call, CURLcode result)
{
	bool untouched = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST;
	int number = result == CURLE_OPERATION_TIMEDOUT		? ETIMEDOUT
		     : result == CURLE_COULDNT_CONNECT		? ECONNREFUSED
		     : result == CURLE_PEER_FAILED_VERIFICATION ? EACCES
								: ECONNABORTED;
	struct pale_err *err = NULL;

	if (call->attempts_left && !call->too_long && (untouched || may_repeat(call))) {
		retry(call, 0);
		return;
	}
	if (call->too_long)
		pale_err_plain(&err, EMSGSIZE, "the API server's answer to %s %s is too long",
			method_names[call->method], call->url);
	else
		pale_err_plain(&err, number, "the API server does not answer: %s",
			*call->error ? call->error : curl_easy_strerror(result));
	finish_failed(call, err);
}

/* RFC 9110, 10.2.3: seconds or a date; libcurl reads both. */
static uint64_t retry_after_us(struct kube_call *call, const struct kube_status *s)
{
	curl_off_t after_s = 0;
	uint64_t us;

	curl_easy_getinfo(call->job.easy, CURLINFO_RETRY_AFTER, &after_s);
	us = after_s > 0 ? (uint64_t)(after_s < 86400 ? after_s : 86400) * 1000000 : 0;
	return us > s->retry_after_us ? us : s->retry_after_us;
}

static bool is_worth_repeating(const struct kube_call *call, const struct kube_status *s)
{
	if (!call->attempts_left)
		return false;
	if (s->code == 429 || (s->code == 503 && s->retry_after_us))
		return true;
	if (s->code == 401)
		return call->client->config->token_file != NULL;
	return s->code >= 500 && may_repeat(call);
}

static void on_refused(struct kube_call *call, long code, json_t *body)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct kube_answer a = { .body = body, .sent_us = call->sent_us };

	kube_status_fail(code, body, &a.status, &err);
	a.status.retry_after_us = retry_after_us(call, &a.status);
	if (code == 401)
		kube_token_refused(&call->client->token);
	if (is_worth_repeating(call, &a.status)) {
		retry(call, a.status.retry_after_us);
		return;
	}
	a.err = err;
	finish(call, &a);
}

static void on_done(struct kube_call *call, json_t *body, bool empty)
{
	struct kube_answer a = { .body = body, .sent_us = call->sent_us };
	struct pale_err *err = NULL;

	if (call->line || body || empty) {
		finish(call, &a);
		return;
	}
	pale_err_plain(&err, EBADMSG, "the API server's answer to %s %s is no JSON",
		method_names[call->method], call->url);
	finish_failed(call, err);
}

static void on_transfer(void *ctx, CURLcode result)
{
	struct kube_call *call = ctx;
	long code = code_of(call);
	json_t *body;
	bool empty;

	/* What is whole was said, however the stream has ended. */
	if (call->line && !tell_lines(call))
		return;
	if (result != CURLE_OK) {
		on_broken(call, result);
		return;
	}
	empty = !call->answer.len;
	body = kube_json_load(text_str(&call->answer), call->answer.len);
	text_release(&call->answer);
	call->answer = (struct text)TEXT_INIT;
	if (code >= 200 && code < 300)
		on_done(call, body, empty);
	else
		on_refused(call, code, body);
	json_decref(body);
}

static void put_header(struct kube_call *call, const char *name, const char *value)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	struct curl_slist *l;

	text_printf(&line, "%s:%s%s", name, *value ? " " : "", value);
	l = curl_slist_append(call->headers, text_str(&line));
	if (!l)
		abort();
	call->headers = l;
}

static int put_headers(struct kube_call *call, struct pale_err **err)
{
	_cleanup_(text_release) struct text bearer = TEXT_INIT;
	struct kube_client *c = call->client;
	const char *token = c->config->token;

	curl_slist_free_all(call->headers);
	call->headers = NULL;
	if (c->config->token_file) {
		token = kube_token(&c->token, kube_boottime_us(), err);
		if (!token)
			return -pale_err_errno(*err);
	}
	if (token) {
		text_printf(&bearer, "Bearer %s", token);
		put_header(call, "Authorization", text_str(&bearer));
	}
	put_header(call, "Accept", call->accept ? call->accept : KUBE_JSON);
	if (call->body)
		put_header(call, "Content-Type", call->type ? call->type : KUBE_JSON);
	/* No second round trip for a longer body. */
	put_header(call, "Expect", "");
	curl_easy_setopt(call->job.easy, CURLOPT_HTTPHEADER, call->headers);
	return 0;
}

static int start(struct kube_call *call, struct pale_err **err)
{
	int r = put_headers(call, err);

	if (r < 0)
		return r;
	text_clear(&call->answer);
	*call->error = '\0';
	if (call->attempts_left)
		call->attempts_left--;
	call->client->sent++;
	call->sent_us = kube_boottime_us();
	curl_loop_start(call->client->curl, &call->job);
	return 0;
}

static void put_body(struct kube_call *call)
{
	CURL *e = call->job.easy;

	if (call->body) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method_names[call->method]);
}

/* Before libcurl 8.9 none of its options says how often; the kernel has nine. */
static int on_socket_made(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	const int times = KEEPALIVE_TIMES;

	(void)ctx;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
	return CURL_SOCKOPT_OK;
}

static void put_options(struct kube_call *call)
{
	const struct kube_config *config = call->client->config;
	CURL *e = call->job.easy;

	curl_easy_setopt(e, CURLOPT_URL, call->url);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_USERAGENT, call->client->agent);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(call->timeout_us / 1000));
	/* A watch whose server is gone without a word ends after a minute. */
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->error);
	curl_tls_set(e, config->ca_file, config->certificate_file, config->key_file);
	put_body(call);
}

static char *url_of(const struct kube_client *c, const char *path)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s%s", c->config->server, path);
	return text_take(&t);
}

static void add_sources(struct kube_call *call)
{
	sd_event *loop = call->client->loop;

	if (sd_event_add_time_relative(loop, &call->timer, CLOCK_BOOTTIME, 0, 1000, on_time, call) <
		0)
		abort();
	sd_event_source_set_enabled(call->timer, SD_EVENT_OFF);
	if (!call->line)
		return;
	if (sd_event_add_defer(loop, &call->drain, on_drain, call) < 0)
		abort();
	sd_event_source_set_enabled(call->drain, SD_EVENT_OFF);
	/* Before more is read: what waits stays small. */
	sd_event_source_set_priority(call->drain, CALL_BEFORE_CURL);
}

struct kube_call *kube_request(struct kube_client *c, const struct kube_request *r)
{
	struct kube_call *call = memory_new(sizeof(*call));

	*call = (struct kube_call){ .client = c,
		.prev = c->last,
		.job = { .easy = curl_easy_init(), .done = on_transfer, .ctx = call },
		.url = url_of(c, r->path),
		.body = r->body ? json_dumps(r->body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL,
		.type = memory_string(r->type),
		.accept = memory_string(r->accept),
		.method = r->method,
		.timeout_us = r->timeout_us || r->line ? r->timeout_us : TIMEOUT_US,
		.attempts_left = r->line       ? 1
				 : r->attempts ? r->attempts
					       : ATTEMPTS,
		.repeatable = r->repeatable,
		.done = r->done,
		.line = r->line,
		.ctx = r->ctx,
		.backoff = { .min_us = RETRY_MIN_US, .max_us = RETRY_MAX_US } };
	if (!call->job.easy || (r->body && !call->body))
		abort();
	*(c->last ? &c->last->next : &c->first) = call;
	c->last = call;
	add_sources(call);
	put_options(call);
	if (call->line)
		sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
	else
		enqueue(call);
	return call;
}
