/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_watch.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_time.h"
#include "operator/kube/kube_watch_event.h"
#include "operator/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE	     250
#define SECONDS	     300
#define SLACK_US     UINT64_C(30000000)
#define MIN_US	     UINT64_C(800000)
#define MAX_US	     UINT64_C(30000000)
#define LASTS_US     UINT64_C(10000000)
#define REFUSALS_MAX 3

#define METADATA(kind) "application/json;as=" kind ";g=meta.k8s.io;v=v1"

const char *const kube_watch_restart_names[KUBE_RESTARTS] = {
	[KUBE_RESTART_ENDED] = "ended",
	[KUBE_RESTART_EXPIRED] = "expired",
	[KUBE_RESTART_REFUSED] = "refused",
	[KUBE_RESTART_UNREACHABLE] = "unreachable",
	[KUBE_RESTART_UNREADABLE] = "unreadable",
};

struct kube_watch {
	struct kube_client *client;
	struct kube_watch_spec spec;
	char *path;
	struct kube_objects *objects;
	struct kube_call *call;
	sd_event_source *timer;
	struct kube_backoff backoff;
	char *version;	 /* the watch goes on behind it; NULL: a list is needed */
	char *next_page; /* of the list that is being read */
	bool in_list;
	bool whole_list; /* pages of the last one expired before it was read */
	bool listed;	 /* once at least */
	uint64_t begun_us;
	unsigned int refusals;
	bool synced;
	unsigned int in_handler; /* depth */
	bool freed;
	/* Why the stream is to be left, by one of its lines. */
	bool leave;
	enum kube_watch_restart why;
	struct pale_err *err;
};

static void set_string(char **to, const char *s)
{
	char *c = memory_string(s);

	free(*to);
	*to = c;
}

static void release(struct kube_watch *w)
{
	kube_call_cancel(w->call);
	sd_event_source_disable_unref(w->timer);
	kube_objects_free(w->objects);
	pale_err_free(w->err);
	free(w->path);
	free(w->version);
	free(w->next_page);
	free(w);
}

void kube_watch_free(struct kube_watch *w)
{
	if (!w)
		return;
	w->freed = true;
	if (!w->in_handler)
		release(w);
}

static void enter(struct kube_watch *w)
{
	w->in_handler++;
}

/* false: it was freed by a handler, and is gone. */
static bool leave(struct kube_watch *w)
{
	if (--w->in_handler || !w->freed)
		return true;
	release(w);
	return false;
}

static void tell_gone(void *ctx, const struct kube_object_id *id)
{
	struct kube_watch *w = ctx;

	if (!w->freed && w->spec.handlers->gone)
		w->spec.handlers->gone(w->spec.ctx, id);
}

static void tell_restart(
	struct kube_watch *w, enum kube_watch_restart why, const struct pale_err *err)
{
	if (!w->freed && w->spec.handlers->restarted)
		w->spec.handlers->restarted(w->spec.ctx, why, err);
}

static void see(struct kube_watch *w, const json_t *object)
{
	struct kube_object_id id = kube_json_id(object), old;
	_cleanup_free_ char *old_uid = NULL;
	enum kube_object_news news =
		kube_objects_see(w->objects, &id, kube_json_version(object), &old_uid);

	if (news == KUBE_OBJECT_SAME)
		return;
	if (news == KUBE_OBJECT_REPLACED) {
		old = id;
		old.uid = old_uid;
		tell_gone(w, &old);
	}
	if (!w->freed)
		w->spec.handlers->seen(w->spec.ctx, (json_t *)(uintptr_t)object);
}

static void see_deleted(struct kube_watch *w, const json_t *object)
{
	struct kube_object_id id = kube_json_id(object);
	_cleanup_free_ char *uid = kube_objects_forget(w->objects, &id);

	if (!uid)
		return;
	id.uid = uid;
	tell_gone(w, &id);
}

static void go_on_after(struct kube_watch *w, uint64_t us)
{
	sd_event_source_set_time_relative(w->timer, us);
	sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

static void forget_version(struct kube_watch *w)
{
	set_string(&w->version, NULL);
	set_string(&w->next_page, NULL);
	w->in_list = false;
	w->synced = false;
}

static uint64_t next_wait(struct kube_watch *w, const struct kube_answer *a)
{
	return kube_backoff_next(&w->backoff, a ? a->status.retry_after_us : 0, kube_random());
}

/* What the server, or the way to it, makes of the list or the watch. */
static void on_failure(struct kube_watch *w, const struct kube_answer *a)
{
	bool said = a->status.code != 0, busy = a->status.code == 429;
	bool goes_on = w->version || w->next_page;

	tell_restart(w, said ? KUBE_RESTART_REFUSED : KUBE_RESTART_UNREACHABLE, a->err);
	/* A list is no answer to who has too much to do. */
	if (said && !busy && goes_on && ++w->refusals >= REFUSALS_MAX)
		forget_version(w);
	go_on_after(w, next_wait(w, a));
}

/* Pages of a list are of one version, too, and that may be compacted before the last is read. */
static void on_expired(struct kube_watch *w, const struct pale_err *err)
{
	bool in_list = w->in_list, again = w->backoff.failures > 0;
	uint64_t us = next_wait(w, NULL);

	tell_restart(w, KUBE_RESTART_EXPIRED, err);
	forget_version(w);
	w->whole_list = in_list;
	go_on_after(w, in_list || again ? us : 0);
}

static void on_list_end(struct kube_watch *w, const json_t *list)
{
	kube_objects_sweep(w->objects, tell_gone, w);
	set_string(&w->version, kube_json_version(list));
	w->in_list = w->whole_list = false;
	w->listed = true;
	w->synced = true;
	/* A list is the most that is ever held. */
	malloc_trim(0);
	if (!w->freed && w->spec.handlers->synced)
		w->spec.handlers->synced(w->spec.ctx);
	go_on_after(w, 0);
}

static void take_page(struct kube_watch *w, const json_t *list)
{
	const char *next =
		kube_json_string(list, (const char *const[]){ "metadata", "continue", NULL });
	const json_t *items = json_object_get(list, "items"), *item;
	size_t i;

	w->refusals = 0;
	json_array_foreach (items, i, item) {
		if (w->freed)
			return;
		see(w, item);
	}
	set_string(&w->next_page, *next ? next : NULL);
	if (*next)
		go_on_after(w, 0);
	else
		on_list_end(w, list);
}

static void on_unreadable(struct kube_watch *w, const char *what)
{
	struct pale_err *err = NULL;

	pale_err_plain(&err, EBADMSG, "%s", what);
	tell_restart(w, KUBE_RESTART_UNREADABLE, err);
	pale_err_free(err);
	forget_version(w);
	go_on_after(w, next_wait(w, NULL));
}

/* An empty list of metadata alone has null for its items, since that is how Go writes down a list
 * that nothing was put into (seen with 1.20). */
static bool is_list(const json_t *body)
{
	const json_t *items = json_object_get(body, "items");

	return (json_is_array(items) || json_is_null(items)) && *kube_json_version(body);
}

static void on_page(void *ctx, const struct kube_answer *a)
{
	struct kube_watch *w = ctx;

	w->call = NULL;
	enter(w);
	if (a->err && kube_status_is_expired(&a->status))
		on_expired(w, a->err);
	else if (a->err)
		on_failure(w, a);
	else if (!is_list(a->body))
		on_unreadable(w, "the API server's answer is no list");
	else
		take_page(w, a->body);
	leave(w);
}

static void list_page(struct kube_watch *w)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	char limit[16];

	if (!w->in_list) {
		w->in_list = true;
		kube_objects_begin_list(w->objects);
	}
	text_puts(&path, w->path);
	/* A cache that lags would take back what a first list has told. */
	if (w->spec.cached && !w->listed) {
		kube_query(&path, "resourceVersion", "0");
	} else if (!w->whole_list) {
		snprintf(limit, sizeof(limit), "%" PRIu32, w->spec.page);
		kube_query(&path, "limit", limit);
	}
	if (w->next_page)
		kube_query(&path, "continue", w->next_page);
	w->call = kube_request(w->client,
		&(struct kube_request){ .method = KUBE_GET,
			.path = text_str(&path),
			.accept = w->spec.metadata_only
					  ? METADATA("PartialObjectMetadataList") "," KUBE_JSON
					  : NULL,
			.timeout_us = 2 * SLACK_US,
			.attempts = 1,
			.done = on_page,
			.ctx = w });
}

static void take_error(struct kube_watch *w, const json_t *status)
{
	struct kube_status s;

	kube_status_fail(0, status, &s, &w->err);
	w->leave = true;
	w->why = kube_status_is_expired(&s) ? KUBE_RESTART_EXPIRED : KUBE_RESTART_REFUSED;
}

static void take_event(struct kube_watch *w, const struct kube_watch_event *e)
{
	switch (e->type) {
	case KUBE_WATCH_ADDED:
	case KUBE_WATCH_MODIFIED:
		see(w, e->object);
		break;
	case KUBE_WATCH_DELETED:
		see_deleted(w, e->object);
		break;
	case KUBE_WATCH_BOOKMARK:
		break;
	case KUBE_WATCH_ERROR:
		take_error(w, e->object);
		return;
	case KUBE_WATCH_UNREADABLE:
		pale_err_plain(&w->err, EBADMSG, "a line of a watch is no event");
		w->leave = true;
		w->why = KUBE_RESTART_UNREADABLE;
		return;
	}
	w->refusals = 0;
	set_string(&w->version, kube_json_version(e->object));
}

/* One that does not last is not asked for again at once, whatever it has brought: a server may tell
 * of one event and end, or want a new list, each time. */
static bool has_lasted(struct kube_watch *w)
{
	if (kube_boottime_us() - w->begun_us < LASTS_US)
		return false;
	kube_backoff_reset(&w->backoff);
	return true;
}

/* The stream said itself that it does not go on. */
static void leave_stream(struct kube_watch *w)
{
	struct pale_err *err = TAKE_PTR(w->err);
	struct kube_answer a = { .err = err, .status.code = 500 };

	kube_call_cancel(TAKE_PTR(w->call));
	w->leave = false;
	has_lasted(w);
	if (w->why == KUBE_RESTART_EXPIRED) {
		on_expired(w, err);
	} else if (w->why == KUBE_RESTART_UNREADABLE) {
		on_unreadable(w, pale_err_text(err));
	} else {
		on_failure(w, &a);
	}
	pale_err_free(err);
}

static void on_line(void *ctx, const char *line, size_t len)
{
	struct kube_watch *w = ctx;
	struct kube_watch_event e;

	enter(w);
	kube_watch_event_read(line, len, &e);
	take_event(w, &e);
	kube_watch_event_release(&e);
	if (w->leave && !w->freed)
		leave_stream(w);
	leave(w);
}

static void on_stream_end(void *ctx, const struct kube_answer *a)
{
	struct kube_watch *w = ctx;

	bool lasted = has_lasted(w);

	w->call = NULL;
	enter(w);
	if (!a->err) {
		tell_restart(w, KUBE_RESTART_ENDED, NULL);
		go_on_after(w, lasted ? 0 : next_wait(w, NULL));
	} else if (kube_status_is_expired(&a->status)) {
		on_expired(w, a->err);
	} else {
		on_failure(w, a);
	}
	leave(w);
}

static void watch_on(struct kube_watch *w)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	/* Not all of them end at once. */
	uint32_t s = w->spec.seconds + (uint32_t)(kube_random() % (w->spec.seconds + 1));
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%" PRIu32, s);
	text_puts(&path, w->path);
	kube_query(&path, "watch", "1");
	kube_query(&path, "allowWatchBookmarks", "true");
	kube_query(&path, "resourceVersion", w->version);
	kube_query(&path, "timeoutSeconds", seconds);
	w->begun_us = kube_boottime_us();
	w->call = kube_request(w->client,
		&(struct kube_request){ .method = KUBE_GET,
			.path = text_str(&path),
			.accept = w->spec.metadata_only
					  ? METADATA("PartialObjectMetadata") "," KUBE_JSON
					  : NULL,
			.timeout_us = (uint64_t)s * 1000000 + SLACK_US,
			.line = on_line,
			.done = on_stream_end,
			.ctx = w });
}

static int on_time(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_watch *w = ctx;

	(void)source;
	(void)us;
	if (w->version)
		watch_on(w);
	else
		list_page(w);
	return 0;
}

struct kube_watch *kube_watch_new(struct kube_client *c, const struct kube_watch_spec *spec)
{
	struct kube_watch *w = memory_new(sizeof(*w));
	struct text path = TEXT_INIT;

	text_puts(&path, spec->path);
	if (spec->query)
		text_printf(&path, "?%s", spec->query);
	*w = (struct kube_watch){ .client = c,
		.spec = *spec,
		.path = text_take(&path),
		.objects = kube_objects_new(),
		.backoff = { .min_us = MIN_US, .max_us = MAX_US } };
	w->spec.page = spec->page ? spec->page : PAGE;
	w->spec.seconds = spec->seconds ? spec->seconds : SECONDS;
	/* The caller's strings are not there for long. */
	w->spec.path = w->spec.query = NULL;
	if (sd_event_add_time_relative(
		    kube_client_loop(c), &w->timer, CLOCK_BOOTTIME, 0, 1000, on_time, w) < 0)
		abort();
	return w;
}

bool kube_watch_is_synced(const struct kube_watch *w)
{
	return w->synced;
}

const char *kube_watch_version(const struct kube_watch *w)
{
	return w->version ? w->version : "";
}

uint32_t kube_watch_count(const struct kube_watch *w)
{
	return kube_objects_count(w->objects);
}
