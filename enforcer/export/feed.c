/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/feed.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/paled_lines.h"
#include "enforcer/report_time.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define PROTOCOL_VERSION 1
/* Between the end of a connection and the next; paled that is started anew is there in less. */
#define AGAIN_MIN_US 200000u
#define AGAIN_MAX_US 5000000u
/* What was had comes before what is new, but for a few that were logged in another order. */
#define GAP_US 3000000u

struct feed {
	sd_event *loop;
	const char *run;
	struct seen *seen;
	struct feed_handler handler;
	struct paled_lines *lines;
	sd_event_source *timer, *gap;
	uint64_t again_us;
	size_t expected; /* of what was had, on this connection */
	bool came;	 /* some of it */
	struct feed_counts counts;
	bool told_away;
};

static void arm(struct feed *f, uint64_t us)
{
	sd_event_source_set_time_relative(f->timer, us);
	sd_event_source_set_enabled(f->timer, SD_EVENT_ONESHOT);
}

static void tell_gap(struct feed *f)
{
	if (f->came)
		return;
	f->counts.gaps++;
	f->handler.tell(f->handler.ctx, LOG_ERR,
		"paled's log does not go back to the last event that was had: those between are "
		"lost, if there were any");
	f->handler.gap(f->handler.ctx);
}

/* On the next connection what is new now has been had, and would hide it. */
static void end_waiting(struct feed *f)
{
	int waits = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(f->gap, &waits) >= 0 && waits != SD_EVENT_OFF)
		tell_gap(f);
	sd_event_source_set_enabled(f->gap, SD_EVENT_OFF);
}

static void end_connection(struct feed *f, const char *why)
{
	end_waiting(f);
	f->handler.round(f->handler.ctx);
	paled_lines_free(f->lines);
	f->lines = NULL;
	f->counts.connected = false;
	if (!f->told_away) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		text_printf(&t, "paled's events: %s; trying again", why);
		f->handler.tell(f->handler.ctx, LOG_WARNING, text_str(&t));
	}
	f->told_away = true;
	arm(f, f->again_us);
	f->again_us = 2 * f->again_us < AGAIN_MAX_US ? 2 * f->again_us : AGAIN_MAX_US;
}

bool feed_parse(const char *line, size_t len, struct feed_line *ret)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *event = json_object_get(root, "event");
	const json_t *missed = json_object_get(root, "missed");
	const char *error = json_string_value(json_object_get(root, "error"));
	bool ok = true;

	*ret = (struct feed_line){ 0 };
	if (json_is_object(event) && json_is_string(json_object_get(event, "kind")))
		ret->event = json_incref(event);
	else if (json_is_integer(missed) && json_integer_value(missed) > 0)
		ret->missed = (uint64_t)json_integer_value(missed);
	else if (json_is_false(json_object_get(root, "ok")))
		ret->refused = strdup(error ? error : "paled refuses, and does not say why");
	else
		ok = false;
	json_decref(root);
	return ok;
}

void feed_line_release(struct feed_line *l)
{
	json_decref(l->event);
	free((char *)l->refused);
}

static void take_event(struct feed *f, json_t *event, const char *line, size_t len)
{
	struct seen_event of = seen_event_of(line, len, event_time_ns(event));

	/* One without a time is asked for as if it were now. */
	if (!of.time_ns)
		of.time_ns = report_time_now();
	if (!seen_take(f->seen, &of)) {
		f->counts.again++;
		f->came = true;
		return;
	}
	if (f->expected && !f->came) {
		f->expected = 0;
		sd_event_source_set_time_relative(f->gap, GAP_US);
		sd_event_source_set_enabled(f->gap, SD_EVENT_ONESHOT);
	}
	f->counts.received++;
	f->handler.event(f->handler.ctx, json_incref(event), &of);
}

static void on_line(void *ctx, const char *line, size_t len)
{
	struct feed *f = ctx;
	struct feed_line l;

	if (!feed_parse(line, len, &l)) {
		f->counts.malformed++;
		f->handler.tell(f->handler.ctx, LOG_ERR,
			"paled's events: a line that is no event was left out");
		return;
	}
	if (l.event) {
		f->again_us = AGAIN_MIN_US;
		take_event(f, l.event, line, len);
	}
	if (l.missed) {
		f->counts.missed += l.missed;
		f->handler.missed(f->handler.ctx, l.missed);
		f->told_away = true;
		end_connection(f, "");
	} else if (l.refused) {
		end_connection(f, l.refused);
	}
	feed_line_release(&l);
}

static void on_round(void *ctx)
{
	struct feed *f = ctx;

	f->handler.round(f->handler.ctx);
}

static void on_closed(void *ctx, const char *why)
{
	end_connection(ctx, why);
}

static int on_gap(sd_event_source *source, uint64_t us, void *ctx)
{
	struct feed *f = ctx;

	(void)source;
	(void)us;
	tell_gap(f);
	f->handler.round(f->handler.ctx);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	struct feed *f = ctx;
	const struct paled_lines_handler handler = { on_line, on_round, on_closed, f };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	uint64_t since = seen_ask_again(f->seen, report_time_now(), &f->expected);
	json_t *request = json_pack("{s:i, s:s, s:b, s:I}", "version", PROTOCOL_VERSION, "method",
		"events", "follow", 1, "since", (json_int_t)since);

	(void)source;
	(void)us;
	f->came = false;
	if (paled_lines_new(f->loop, f->run, "events", &handler, &f->lines, &err) < 0) {
		end_connection(f, pale_err_text(err));
	} else {
		paled_lines_send(f->lines, request);
		if (f->told_away || !f->counts.connections)
			f->handler.tell(f->handler.ctx, LOG_INFO, "following paled's events");
		f->told_away = false;
		f->counts.connections++;
		f->counts.connected = true;
	}
	json_decref(request);
	return 0;
}

struct feed *feed_new(
	sd_event *event, const char *run, struct seen *seen, const struct feed_handler *handler)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->loop = event;
	f->run = run;
	f->seen = seen;
	f->handler = *handler;
	f->again_us = AGAIN_MIN_US;
	if (sd_event_add_time_relative(event, &f->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, f) < 0)
		abort();
	if (sd_event_add_time_relative(event, &f->gap, CLOCK_MONOTONIC, 0, 1000, on_gap, f) < 0)
		abort();
	sd_event_source_set_enabled(f->gap, SD_EVENT_OFF);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	end_waiting(f);
	paled_lines_free(f->lines);
	sd_event_source_disable_unref(f->timer);
	sd_event_source_disable_unref(f->gap);
	free(f);
}

const struct feed_counts *feed_counts(const struct feed *f)
{
	return &f->counts;
}
