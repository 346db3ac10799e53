/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/output.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/event_log.h"
#include "enforcer/daemon/notice.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/tell.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>

#define RETRY_MIN_MS 500
/* A receiver that asks for more does not get it. */
#define RETRY_AFTER_MAX_MS (3600u * 1000)

static const struct sender *const senders[OUTPUT_TYPES] = {
	[OUTPUT_STDOUT] = &stdout_sender,
	[OUTPUT_JOURNALD] = &datagram_sender,
	[OUTPUT_WEBHOOK] = &http_sender,
	[OUTPUT_OTLP] = &http_sender,
};

struct output {
	const struct output_config *config;
	struct output_place place;
	struct event_log file;
	struct spool *spool; /* NULL: it is a file */
	const struct sender *sender;
	void *sending;
	sd_event_source *work, *retry;
	bool waiting; /* for its retry */
	unsigned failures;
	struct output_counts counts;
	uint64_t lost_logged;
	bool refused_logged;
};

static char *file_line(void *ctx, const json_t *event)
{
	const struct output *o = ctx;
	struct text t = TEXT_INIT;

	format_event(o->config->format, event, &t);
	return text_take(&t);
}

static int open_file(struct output *o, struct pale_err **err)
{
	int r = event_log_open(&o->file, o->config->path, err);

	o->file.limit = o->config->size;
	o->file.line_of = file_line;
	o->file.ctx = o;
	return r;
}

static int on_work(sd_event_source *source, void *ctx)
{
	struct output *o = ctx;

	(void)source;
	if (!o->waiting)
		o->sender->work(o->sending);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t us, void *ctx)
{
	struct output *o = ctx;

	(void)source;
	(void)us;
	o->waiting = false;
	o->counts.retries++;
	output_work_soon(o);
	return 0;
}

static int open_spool(struct output *o, struct pale_err **err)
{
	_cleanup_(text_release) struct text dir = TEXT_INIT;
	int r;

	text_printf(&dir, "%s/%s", o->place.state, o->config->name);
	r = spool_open(text_str(&dir), o->config->spool, &o->spool, err);
	if (r < 0)
		return r;
	if (spool_lost(o->spool)->damaged)
		export_tell(LOG_ERR, "output %s: its spool is damaged in %" PRIu64 " places",
			o->config->name, spool_lost(o->spool)->damaged);
	if (sd_event_add_defer(o->place.loop, &o->work, on_work, o) < 0 ||
		sd_event_add_time_relative(
			o->place.loop, &o->retry, CLOCK_MONOTONIC, 0, 1000, on_retry, o) < 0)
		abort();
	sd_event_source_set_enabled(o->retry, SD_EVENT_OFF);
	o->sender = senders[o->config->type];
	if (o->config->type == OUTPUT_SYSLOG)
		o->sender = o->config->transport == SYSLOG_UNIX ? &datagram_sender : &stream_sender;
	return o->sender->open(o, &o->sending, err);
}

int output_new(const struct output_config *config, const struct output_place *place,
	struct output **ret, struct pale_err **err)
{
	struct output *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		abort();
	o->config = config;
	o->place = *place;
	r = config->type == OUTPUT_FILE ? open_file(o, err) : open_spool(o, err);
	if (r < 0) {
		pale_err_wrap(err, "output %s", config->name);
		output_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->sending)
		o->sender->close(o->sending);
	event_log_close(&o->file);
	spool_close(o->spool);
	sd_event_source_disable_unref(o->work);
	sd_event_source_disable_unref(o->retry);
	free(o);
}

const char *output_name(const struct output *o)
{
	return o->config->name;
}

const struct output_config *output_config(const struct output *o)
{
	return o->config;
}

const struct output_place *output_place(const struct output *o)
{
	return &o->place;
}

static bool is_listed(const struct text_list *l, const char *s)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], s) == 0)
			return true;
	}
	return !l->n;
}

/* What was lost or missed is told to everybody. */
static bool wants(const struct output *o, const json_t *event)
{
	const char *kind = event_field_string(event, FIELD_KIND);

	if (strcmp(kind, "lost") == 0 || strcmp(kind, "missed") == 0)
		return true;
	return is_listed(&o->config->kinds, kind) &&
	       is_listed(&o->config->profiles, event_field_string(event, FIELD_PROFILE));
}

/* Before the next event that there is room for. */
static void tell_lost(struct output *o)
{
	uint64_t n = spool_lost(o->spool)->untold;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *notice;

	if (!n)
		return;
	if (!o->lost_logged)
		export_tell(LOG_ERR, "output %s: events are lost; their number will be told",
			o->config->name);
	o->lost_logged = n;
	notice = notice_json("lost");
	json_object_set_new(notice, "source", json_string("pale-export"));
	json_object_set_new(notice, "output", json_string(o->config->name));
	json_object_set_new(notice, "events", json_integer((json_int_t)n));
	json_object_set_new(notice, "node", json_string(o->place.node));
	format_json(notice, &t);
	json_decref(notice);
	if (!spool_append_now(o->spool, t.s, t.len))
		return;
	spool_told(o->spool, n);
	o->lost_logged = 0;
	export_tell(LOG_ERR, "output %s: %" PRIu64 " events were lost", o->config->name, n);
	output_work_soon(o);
}

void output_take(struct output *o, json_t *event, const struct text *text)
{
	if (!wants(o, event))
		return;
	o->counts.taken += event_count(event);
	if (!o->spool) {
		event_log_take(&o->file, json_incref(event));
		return;
	}
	tell_lost(o);
	if (spool_append(o->spool, text->s, text->len))
		output_work_soon(o);
}

void output_flush(struct output *o)
{
	if (o->spool)
		spool_flush(o->spool);
	else
		event_log_flush(&o->file);
}

void output_tick(struct output *o)
{
	if (o->spool)
		tell_lost(o);
}

void output_counts(const struct output *o, struct output_counts *ret)
{
	const struct spool_lost *lost = o->spool ? spool_lost(o->spool) : NULL;

	*ret = o->counts;
	if (!lost) {
		ret->failed = o->file.lost;
		ret->delivered = o->file.written - o->file.lost;
		ret->up = !o->file.lost_untold;
		return;
	}
	ret->up = !o->failures;
	ret->full = lost->full;
	ret->failed = lost->failed;
	ret->damaged = lost->damaged;
	ret->waiting = spool_records(o->spool);
	ret->spool_bytes = spool_bytes(o->spool);
}

json_t *output_next(struct output *o, size_t *bytes)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *event;

	if (!spool_next(o->spool, &t))
		return NULL;
	if (bytes)
		*bytes = t.len;
	event = json_loadb(t.s, t.len, 0, NULL);
	if (json_is_object(event))
		return event;
	/* Somebody else wrote it. */
	json_decref(event);
	event = notice_json("lost");
	json_object_set_new(event, "source", json_string("spool"));
	json_object_set_new(event, "events", json_integer(1));
	return event;
}

void output_received(struct output *o, uint64_t n)
{
	spool_confirm(o->spool, n);
	o->counts.delivered += n;
	if (o->failures)
		export_tell(LOG_INFO, "output %s: events are received again", o->config->name);
	o->failures = 0;
	o->refused_logged = false;
}

/* Between half of it and all: receivers that come back are not asked by all at once. */
static uint64_t jittered(uint64_t ms)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint64_t)time(NULL);
	return ms / 2 + random % (ms / 2 + 1);
}

void output_failed(struct output *o, uint64_t after_ms, const char *why)
{
	uint64_t max = o->config->retry_max_ns / 1000000;
	uint64_t ms = o->failures < 16 ? (uint64_t)RETRY_MIN_MS << o->failures : max;

	spool_rewind(o->spool);
	if (!o->failures)
		export_tell(LOG_WARNING, "output %s: %s; trying again", o->config->name, why);
	o->failures++;
	ms = jittered(ms < max ? ms : max);
	if (after_ms > RETRY_AFTER_MAX_MS)
		after_ms = RETRY_AFTER_MAX_MS;
	if (ms < after_ms)
		ms = after_ms;
	o->waiting = true;
	sd_event_source_set_time_relative(o->retry, ms * 1000);
	sd_event_source_set_enabled(o->retry, SD_EVENT_ONESHOT);
}

void output_refused(struct output *o, uint64_t n, uint64_t to_tell, const char *why)
{
	if (!o->refused_logged)
		export_tell(LOG_ERR, "output %s: the receiver refuses events: %s", o->config->name,
			why);
	o->refused_logged = true;
	o->counts.refused += n;
	spool_confirm(o->spool, n);
	if (to_tell)
		spool_add_untold(o->spool, to_tell);
}

void output_work_soon(struct output *o)
{
	if (!o->waiting)
		sd_event_source_set_enabled(o->work, SD_EVENT_ONESHOT);
}
