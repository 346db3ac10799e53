/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_event.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/hash_index.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_time.h"
#include "operator/memory.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PERIOD_US   UINT64_C(10000000)
#define FORGET_US   UINT64_C(600000000) /* after so long without another one */
#define TEXTS_MAX   10
#define MESSAGE_MAX 1000
#define TOGETHER    "(combined from similar events): "

/* One Event of the server's. */
struct told {
	struct kube_events *events;
	struct told *next;
	uint64_t hash; /* of @key: there may be thousands, and floods */
	char *key;     /* object, reason and type */
	json_t *object;
	char *reason, *message;
	bool warning, together;
	char *name; /* of the Event; NULL: it is not made yet */
	uint32_t count, unsent;
	uint64_t first_us, last_us; /* CLOCK_REALTIME */
	uint64_t sent_us, seen_us;  /* CLOCK_BOOTTIME */
	uint32_t sending;
	bool counting_up; /* what is being sent is no new Event */
	struct kube_call *call;
};

struct kube_events {
	struct kube_client *client;
	char *component, *host;
	uint64_t period_us;
	void (*lost)(void *ctx, const struct pale_err *err, uint32_t count);
	void *ctx;
	struct told *all;
	sd_event_source *timer;
};

static void told_free(struct told *t)
{
	kube_call_cancel(t->call);
	json_decref(t->object);
	free(t->key);
	free(t->reason);
	free(t->message);
	free(t->name);
	free(t);
}

static const char *namespace_of(const struct told *t)
{
	const char *s = kube_json_string(t->object, (const char *const[]){ "namespace", NULL });

	/* Those of objects of the cluster lie here, as Kubernetes' own do. */
	return *s ? s : "default";
}

static struct text path_of(const struct told *t, const char *name)
{
	struct text path = TEXT_INIT;

	kube_path(&path, &(struct kube_resource){ .group_version = "v1",
				 .plural = "events",
				 .namespace = namespace_of(t),
				 .name = name });
	return path;
}

static json_t *message_of(const struct told *t)
{
	_cleanup_(text_release) struct text s = TEXT_INIT;

	text_printf(&s, "%s%s", t->together ? TOGETHER : "", t->message);
	return json_text(text_str(&s));
}

static json_t *time_of(uint64_t us)
{
	char buffer[KUBE_TIME_BYTES];

	return json_string(kube_time(us, buffer));
}

static json_t *source_of(const struct kube_events *e)
{
	json_t *source = json_pack("{s:s}", "component", e->component);

	if (e->host)
		json_object_set_new(source, "host", json_text(e->host));
	return source;
}

static void on_sent(void *ctx, const struct kube_answer *a);

/* "web-7f.18a3c09f6e1b2c4d", as other components name theirs. */
static char *new_name(const struct told *t)
{
	const char *object = kube_json_string(t->object, (const char *const[]){ "name", NULL });
	struct text name = TEXT_INIT;

	text_printf(&name, "%.200s.%016" PRIx64, object, kube_random());
	return text_take(&name);
}

static json_t *new_event(struct told *t)
{
	return json_pack(
		"{s:s, s:s, s:{s:s, s:s}, s:O, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:s, s:s}",
		"apiVersion", "v1", "kind", "Event", "metadata", "name", t->name, "namespace",
		namespace_of(t), "involvedObject", t->object, "reason", t->reason, "message",
		message_of(t), "type", t->warning ? "Warning" : "Normal", "count",
		(json_int_t)t->count, "firstTimestamp", time_of(t->first_us), "lastTimestamp",
		time_of(t->last_us), "source", source_of(t->events), "reportingComponent",
		t->events->component, "reportingInstance",
		t->events->host ? t->events->host : t->events->component);
}

static void create(struct told *t)
{
	_cleanup_(text_release) struct text path = path_of(t, NULL);
	json_t *body;

	free(t->name);
	t->name = new_name(t);
	body = new_event(t);
	t->call = kube_request(
		t->events->client, &(struct kube_request){ .method = KUBE_POST,
					   .path = text_str(&path),
					   .body = body,
					   /* Its name is its own: a second time it is refused. */
					   .repeatable = true,
					   .done = on_sent,
					   .ctx = t });
	json_decref(body);
}

static void count_up(struct told *t)
{
	_cleanup_(text_release) struct text path = path_of(t, t->name);
	json_t *body = json_pack("{s:I, s:o, s:o}", "count", (json_int_t)t->count, "lastTimestamp",
		time_of(t->last_us), "message", message_of(t));

	t->call = kube_request(t->events->client, &(struct kube_request){ .method = KUBE_PATCH,
							  .path = text_str(&path),
							  .body = body,
							  .type = KUBE_MERGE_PATCH,
							  .repeatable = true,
							  .done = on_sent,
							  .ctx = t });
	json_decref(body);
}

static void send_told(struct told *t)
{
	t->sending = t->unsent;
	t->unsent = 0;
	t->sent_us = kube_boottime_us();
	t->counting_up = t->name != NULL;
	if (t->counting_up)
		count_up(t);
	else
		create(t);
}

static void wake_after(struct kube_events *e, uint64_t us)
{
	uint64_t at, now = kube_boottime_us() + us;
	int on;

	sd_event_source_get_enabled(e->timer, &on);
	if (on && sd_event_source_get_time(e->timer, &at) >= 0 && at <= now)
		return;
	sd_event_source_set_time(e->timer, now);
	sd_event_source_set_enabled(e->timer, SD_EVENT_ONESHOT);
}

static void on_sent(void *ctx, const struct kube_answer *a)
{
	struct told *t = ctx;

	t->call = NULL;
	if (a->err && a->status.code == 404 && t->counting_up) {
		/* Events are kept for an hour: it is told anew, with all that there were. */
		t->unsent += t->sending;
		free(TAKE_PTR(t->name));
	} else if (a->err && strcmp(a->status.reason, "AlreadyExists") != 0) {
		if (!t->counting_up)
			free(TAKE_PTR(t->name));
		t->count -= t->sending;
		if (t->events->lost)
			t->events->lost(t->events->ctx, a->err, t->sending);
	}
	t->sending = 0;
	if (t->unsent)
		wake_after(t->events, t->events->period_us);
}

static bool is_idle(const struct told *t, uint64_t now)
{
	return !t->unsent && !t->call && now - t->seen_us > FORGET_US;
}

/* Sends what is due, forgets what was long ago; tells when to look again. */
static int on_time(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_events *e = ctx;
	uint64_t now = kube_boottime_us();

	(void)source;
	(void)us;
	for (struct told **at = &e->all; *at;) {
		struct told *t = *at;

		if (is_idle(t, now)) {
			*at = t->next;
			told_free(t);
			continue;
		}
		if (t->unsent && !t->call && now - t->sent_us >= e->period_us)
			send_told(t);
		at = &t->next;
	}
	for (const struct told *t = e->all; t; t = t->next) {
		if (t->unsent && !t->call)
			wake_after(e, t->sent_us + e->period_us - now);
		else
			wake_after(e, FORGET_US);
	}
	return 0;
}

struct kube_events *kube_events_new(struct kube_client *c, const struct kube_events_spec *spec)
{
	struct kube_events *e = memory_new(sizeof(*e));

	*e = (struct kube_events){ .client = c,
		.component = memory_string(spec->component),
		.host = memory_string(spec->host),
		.period_us = spec->period_us ? spec->period_us : PERIOD_US,
		.lost = spec->lost,
		.ctx = spec->ctx };
	if (sd_event_add_time_relative(
		    kube_client_loop(c), &e->timer, CLOCK_BOOTTIME, 0, 1000, on_time, e) < 0)
		abort();
	sd_event_source_set_enabled(e->timer, SD_EVENT_OFF);
	return e;
}

void kube_events_free(struct kube_events *e)
{
	if (!e)
		return;
	while (e->all) {
		struct told *t = e->all;

		e->all = t->next;
		told_free(t);
	}
	sd_event_source_disable_unref(e->timer);
	free(e->component);
	free(e->host);
	free(e);
}

static char *key_of(const struct kube_event *event)
{
	_cleanup_free_ char *object = json_dumps(event->object, JSON_COMPACT | JSON_SORT_KEYS);
	struct text key = TEXT_INIT;

	if (!object)
		abort();
	text_printf(&key, "%s %d %s", event->reason, event->warning, object);
	return text_take(&key);
}

static uint64_t hash_of(const char *s)
{
	uint64_t h = 0;

	for (; *s; s++)
		h = hash_add(h, (unsigned char)*s);
	return h;
}

/* The one that this is counted in; NULL: it is a new one, and *@texts such were there. */
static struct told *find(
	struct kube_events *e, const char *key, const char *message, unsigned int *texts)
{
	struct told *together = NULL;
	uint64_t hash = hash_of(key);

	*texts = 0;
	for (struct told *t = e->all; t; t = t->next) {
		if (t->hash != hash || strcmp(t->key, key) != 0)
			continue;
		if (t->together)
			together = t;
		else if (!strcmp(t->message, message))
			return t;
		else
			++*texts;
	}
	return *texts >= TEXTS_MAX ? together : NULL;
}

/* Takes over @key. */
static struct told *add(
	struct kube_events *e, const struct kube_event *event, char *key, bool together)
{
	struct told *t = memory_new(sizeof(*t));

	*t = (struct told){ .events = e,
		.next = e->all,
		.hash = hash_of(key),
		.key = key,
		.object = json_deep_copy(event->object),
		.reason = memory_string(event->reason),
		.warning = event->warning,
		.together = together,
		.first_us = kube_realtime_us() };
	e->all = t;
	return t;
}

/* The server refuses longer ones; not within a character. */
static char *cut(const char *message)
{
	size_t len = strnlen(message, MESSAGE_MAX), n = 0, step;
	char *s;

	while (n < len) {
		step = utf8_sequence((const unsigned char *)message + n, strlen(message + n));
		step = step ? step : 1;
		if (n + step > MESSAGE_MAX)
			break;
		n += step;
	}
	s = strndup(message, n);
	if (!s)
		abort();
	return s;
}

void kube_event(struct kube_events *e, const struct kube_event *event)
{
	_cleanup_free_ char *key = key_of(event);
	char *message = cut(event->message);
	unsigned int texts;
	struct told *t = find(e, key, message, &texts);

	if (!t)
		t = add(e, event, TAKE_PTR(key), texts >= TEXTS_MAX);
	free(t->message);
	t->message = message;
	t->count++;
	t->unsent++;
	t->last_us = kube_realtime_us();
	t->seen_us = kube_boottime_us();
	if (!t->sent_us)
		send_told(t);
	else if (!t->call)
		wake_after(e, t->sent_us + e->period_us > t->seen_us
				      ? t->sent_us + e->period_us - t->seen_us
				      : 0);
}
