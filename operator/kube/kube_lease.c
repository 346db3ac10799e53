/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_lease.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_time.h"
#include "operator/memory.h"

#include <string.h>
#include <time.h>

struct kube_lease {
	struct kube_client *client;
	struct kube_lease_spec spec;
	char *namespace, *name, *identity;
	char *path, *collection;
	struct kube_lease_record record;
	struct kube_call *call;
	sd_event_source *next;	   /* attempt */
	sd_event_source *deadline; /* of ours */
	bool ours;
	uint64_t until_us; /* of CLOCK_BOOTTIME, while it is ours */
	void (*given_back)(void *ctx);
};

/* Not all candidates at once. */
static void attempt_later(struct kube_lease *l)
{
	uint64_t us = l->spec.times.retry_us;

	/* By a handler, in what was just told. */
	if (l->given_back)
		return;
	us += l->ours ? 0 : kube_random() % (us / 5 + 1);
	sd_event_source_set_time_relative(l->next, us);
	sd_event_source_set_enabled(l->next, SD_EVENT_ONESHOT);
}

static void lose(struct kube_lease *l)
{
	sd_event_source_set_enabled(l->deadline, SD_EVENT_OFF);
	if (!l->ours)
		return;
	l->ours = false;
	l->spec.lost(l->spec.ctx);
}

static int on_deadline(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_lease *l = ctx;

	(void)source;
	(void)us;
	kube_call_cancel(TAKE_PTR(l->call));
	lose(l);
	attempt_later(l);
	return 0;
}

static void on_held(struct kube_lease *l, const struct kube_answer *a)
{
	l->until_us = a->sent_us + l->spec.times.deadline_us;
	sd_event_source_set_time(l->deadline, l->until_us);
	sd_event_source_set_enabled(l->deadline, SD_EVENT_ONESHOT);
	if (l->ours)
		return;
	/* An answer that was this late is of a lease that may have run out. */
	if (kube_boottime_us() >= l->until_us) {
		sd_event_source_set_enabled(l->deadline, SD_EVENT_OFF);
		return;
	}
	l->ours = true;
	l->spec.taken(l->spec.ctx);
}

static void tell_failed(struct kube_lease *l, const struct pale_err *err)
{
	if (l->spec.failed)
		l->spec.failed(l->spec.ctx, err);
}

/* Another one was faster, or the lease was deleted: what there is is read again. */
static bool is_overtaken(const struct kube_lease *l, const struct kube_answer *a)
{
	return a->status.code == 409 || (a->status.code == 404 && l->record.lease);
}

static void on_written(void *ctx, const struct kube_answer *a)
{
	struct kube_lease *l = ctx;

	l->call = NULL;
	if (l->given_back) {
		l->given_back(l->spec.ctx);
		return;
	}
	if (!a->err) {
		kube_lease_record_see(&l->record, a->body, kube_boottime_us());
		on_held(l, a);
	} else if (is_overtaken(l, a)) {
		/* Ours it may still be: the answer to our own last write may have been lost. */
		kube_lease_record_see(&l->record, NULL, kube_boottime_us());
	} else {
		tell_failed(l, a->err);
	}
	attempt_later(l);
}

/* What is sent has to be answered before the deadline, or the attempt after it would be. */
static uint64_t timeout_us(const struct kube_lease *l)
{
	return l->spec.times.deadline_us / 2;
}

static void write_lease(struct kube_lease *l, const char *identity)
{
	json_t *lease = kube_lease_record_taken(&l->record, l->namespace, l->name, identity,
		l->spec.times.duration_us, kube_realtime_us());

	l->call = kube_request(
		l->client, &(struct kube_request){ .method = l->record.lease ? KUBE_PUT : KUBE_POST,
				   .path = l->record.lease ? l->path : l->collection,
				   .body = lease,
				   .timeout_us = timeout_us(l),
				   .attempts = 1,
				   .done = on_written,
				   .ctx = l });
	json_decref(lease);
}

static void on_read(void *ctx, const struct kube_answer *a)
{
	struct kube_lease *l = ctx;

	l->call = NULL;
	if (a->err && a->status.code != 404) {
		tell_failed(l, a->err);
		attempt_later(l);
		return;
	}
	kube_lease_record_see(&l->record, a->err ? NULL : a->body, kube_boottime_us());
	/* Somebody else wrote it: it had run out, whatever our clock says. */
	if (l->ours && strcmp(kube_lease_record_holder(&l->record), l->identity) != 0)
		lose(l);
	if (l->given_back)
		return;
	if (kube_lease_record_is_free(&l->record, l->identity, kube_boottime_us()))
		write_lease(l, l->identity);
	else
		attempt_later(l);
}

static void read_lease(struct kube_lease *l)
{
	l->call = kube_request(l->client, &(struct kube_request){ .method = KUBE_GET,
						  .path = l->path,
						  .timeout_us = timeout_us(l),
						  .attempts = 1,
						  .done = on_read,
						  .ctx = l });
}

static int on_attempt(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_lease *l = ctx;

	(void)source;
	(void)us;
	/* Nobody but us writes what is ours: one request renews it. */
	if (l->ours && l->record.lease)
		write_lease(l, l->identity);
	else
		read_lease(l);
	return 0;
}

struct kube_lease *kube_lease_new(struct kube_client *c, const struct kube_lease_spec *spec)
{
	struct kube_lease *l = memory_new(sizeof(*l));
	struct kube_resource at = { .group_version = "coordination.k8s.io/v1",
		.plural = "leases",
		.namespace = spec->namespace };
	struct text path = TEXT_INIT, collection = TEXT_INIT;

	kube_path(&collection, &at);
	at.name = spec->name;
	kube_path(&path, &at);
	*l = (struct kube_lease){ .client = c,
		.spec = *spec,
		.namespace = memory_string(spec->namespace),
		.name = memory_string(spec->name),
		.identity = memory_string(spec->identity),
		.path = text_take(&path),
		.collection = text_take(&collection) };
	/* The caller's strings are not there for long. */
	l->spec.namespace = l->spec.name = l->spec.identity = NULL;
	if (sd_event_add_time_relative(
		    kube_client_loop(c), &l->next, CLOCK_BOOTTIME, 0, 1000, on_attempt, l) < 0 ||
		sd_event_add_time_relative(kube_client_loop(c), &l->deadline, CLOCK_BOOTTIME, 0, 1,
			on_deadline, l) < 0)
		abort();
	sd_event_source_set_enabled(l->deadline, SD_EVENT_OFF);
	/* Nothing may come before it. */
	sd_event_source_set_priority(l->deadline, SD_EVENT_PRIORITY_IMPORTANT);
	return l;
}

bool kube_lease_is_ours(const struct kube_lease *l)
{
	/* Its timer is late where the loop was held up. */
	return l->ours && kube_boottime_us() < l->until_us;
}

const char *kube_lease_holder(const struct kube_lease *l)
{
	return kube_lease_record_holder(&l->record);
}

static int on_nothing_to_give(sd_event_source *source, uint64_t us, void *ctx)
{
	struct kube_lease *l = ctx;

	(void)source;
	(void)us;
	l->given_back(l->spec.ctx);
	return 0;
}

void kube_lease_give_back(struct kube_lease *l, void (*done)(void *ctx))
{
	bool ours = l->ours && l->record.lease;

	l->given_back = done;
	l->ours = false;
	sd_event_source_set_enabled(l->deadline, SD_EVENT_OFF);
	kube_call_cancel(TAKE_PTR(l->call));
	sd_event_source_disable_unref(TAKE_PTR(l->next));
	if (ours) {
		write_lease(l, "");
		return;
	}
	if (sd_event_add_time_relative(kube_client_loop(l->client), &l->next, CLOCK_BOOTTIME, 0, 1,
		    on_nothing_to_give, l) < 0)
		abort();
}

void kube_lease_free(struct kube_lease *l)
{
	if (!l)
		return;
	kube_call_cancel(l->call);
	sd_event_source_disable_unref(l->next);
	sd_event_source_disable_unref(l->deadline);
	kube_lease_record_release(&l->record);
	free(l->namespace);
	free(l->name);
	free(l->identity);
	free(l->path);
	free(l->collection);
	free(l);
}
