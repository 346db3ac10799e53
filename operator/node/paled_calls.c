/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/paled_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/error.h"
#include "enforcer/export/paled_lines.h"
#include "operator/memory.h"

#include <string.h>
#include <time.h>

#define AGAIN_MIN_US UINT64_C(200000)
#define AGAIN_MAX_US UINT64_C(5000000)
/* A large policy is compiled, and its programs verified. */
#define ANSWER_US UINT64_C(60000000)

struct call {
	struct call *next;
	json_t *request;
	void (*done)(void *ctx, const json_t *answer);
	void *ctx;
};

struct paled_calls {
	sd_event *loop;
	const char *run;
	struct paled_calls_handlers handlers;
	struct paled_lines *lines;
	struct call *first, **last; /* the first one was sent, if @sent */
	bool sent, told_down;
	bool answered;		/* something, on this connection */
	sd_event_source *again; /* connects */
	sd_event_source *late;	/* the answer is */
	sd_event_source *away;	/* tells who asked while it was away */
	uint64_t again_us;
};

static void enable(sd_event_source *timer, uint64_t us)
{
	sd_event_source_set_time_relative(timer, us);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static struct call *take_first(struct paled_calls *c)
{
	struct call *first = c->first;

	c->first = first->next;
	if (!c->first)
		c->last = &c->first;
	return first;
}

static void call_free(struct call *call)
{
	json_decref(call->request);
	free(call);
}

static void tell_first(struct paled_calls *c, const json_t *answer)
{
	struct call *first = take_first(c);

	first->done(first->ctx, answer);
	call_free(first);
}

/* Those that ask again while they are told wait for the next connection. */
static void tell_all(struct paled_calls *c)
{
	struct call *all = c->first;

	c->first = NULL;
	c->last = &c->first;
	while (all) {
		struct call *call = all;

		all = call->next;
		call->done(call->ctx, NULL);
		call_free(call);
	}
}

static void end_connection(struct paled_calls *c, const char *why)
{
	if (c->lines && !c->answered)
		why = "it ends connections without an answer: root and group pale may connect, and "
		      "not too many at once";
	paled_lines_free(c->lines);
	c->lines = NULL;
	c->sent = false;
	sd_event_source_set_enabled(c->late, SD_EVENT_OFF);
	enable(c->again, c->again_us);
	c->again_us = 2 * c->again_us < AGAIN_MAX_US ? 2 * c->again_us : AGAIN_MAX_US;
	tell_all(c);
	if (c->told_down)
		return;
	c->told_down = true;
	c->handlers.down(c->handlers.ctx, why);
}

static void send_next(struct paled_calls *c)
{
	if (!c->lines || c->sent || !c->first)
		return;
	c->sent = true;
	enable(c->late, ANSWER_US);
	paled_lines_send(c->lines, c->first->request);
}

static void on_line(void *ctx, const char *line, size_t len)
{
	struct paled_calls *c = ctx;
	json_t *answer = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);

	if (!c->sent || !json_is_object(answer)) {
		json_decref(answer);
		end_connection(c, "paled's answer is none");
		return;
	}
	c->sent = c->told_down = false;
	c->answered = true;
	c->again_us = AGAIN_MIN_US;
	sd_event_source_set_enabled(c->late, SD_EVENT_OFF);
	tell_first(c, answer);
	json_decref(answer);
	send_next(c);
}

static void on_closed(void *ctx, const char *why)
{
	end_connection(ctx, why);
}

static int on_again(sd_event_source *source, uint64_t us, void *ctx)
{
	struct paled_calls *c = ctx;
	const struct paled_lines_handler handler = { on_line, NULL, on_closed, c };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)source;
	(void)us;
	if (paled_lines_new(c->loop, c->run, "control", &handler, &c->lines, &err) < 0) {
		end_connection(c, pale_err_text(err));
		return 0;
	}
	c->answered = false;
	c->handlers.up(c->handlers.ctx);
	send_next(c);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)source;
	(void)us;
	end_connection(ctx, "paled does not answer");
	return 0;
}

static int on_away(sd_event_source *source, uint64_t us, void *ctx)
{
	struct paled_calls *c = ctx;

	(void)source;
	(void)us;
	if (!c->lines)
		tell_all(c);
	return 0;
}

static void add_timer(
	struct paled_calls *c, sd_event_source **timer, sd_event_time_handler_t on_time)
{
	if (sd_event_add_time_relative(c->loop, timer, CLOCK_MONOTONIC, 0, 1000, on_time, c) < 0)
		abort();
	sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
}

struct paled_calls *paled_calls_new(
	sd_event *loop, const char *run, const struct paled_calls_handlers *handlers)
{
	struct paled_calls *c = memory_new(sizeof(*c));

	c->loop = loop;
	c->run = run;
	c->handlers = *handlers;
	c->last = &c->first;
	c->again_us = AGAIN_MIN_US;
	add_timer(c, &c->again, on_again);
	add_timer(c, &c->late, on_late);
	add_timer(c, &c->away, on_away);
	enable(c->again, 0);
	return c;
}

void paled_calls_free(struct paled_calls *c)
{
	if (!c)
		return;
	while (c->first)
		call_free(take_first(c));
	paled_lines_free(c->lines);
	sd_event_source_disable_unref(c->again);
	sd_event_source_disable_unref(c->late);
	sd_event_source_disable_unref(c->away);
	free(c);
}

void paled_calls_ask(struct paled_calls *c, json_t *request,
	void (*done)(void *ctx, const json_t *answer), void *ctx)
{
	struct call *call = memory_new(sizeof(*call));

	json_object_set_new(request, "version", json_integer(1));
	*call = (struct call){ .request = request, .done = done, .ctx = ctx };
	*c->last = call;
	c->last = &call->next;
	if (!c->lines)
		enable(c->away, 0);
	send_next(c);
}

bool paled_answer_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}

const char *paled_answer_errno(const json_t *answer)
{
	const char *s = json_string_value(json_object_get(answer, "errno"));

	return s && !paled_answer_ok(answer) ? s : "";
}

const char *paled_answer_error(const json_t *answer)
{
	const char *s = json_string_value(json_object_get(answer, "error"));

	return s ? s : answer ? "paled refuses, and does not say why" : "paled is away";
}
