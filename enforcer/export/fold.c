/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/fold.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/export/event_fields.h"

#include <string.h>

/* Beyond these the oldest are not held for longer: a container may make each violation another. */
#define HELD_MAX       4096
#define HELD_BYTES_MAX ((size_t)16 << 20)

#define BUCKETS 4096

struct held {
	struct held *next;	  /* in the order of their coming */
	struct held *next_bucket; /* of those of one hash */
	char *key;
	size_t key_len, bytes;
	uint64_t hash;
	json_t *event; /* the first */
	uint64_t due_ns;
	uint64_t count, lost;
	char *last; /* its time */
	struct seen_event *of;
	size_t n, cap;
};

struct fold {
	uint64_t window_ns;
	void (*emit)(void *ctx, json_t *event, const struct seen_event *of, size_t n);
	void *ctx;
	struct held *oldest, **end;
	struct held *buckets[BUCKETS];
	size_t n, bytes;
};

struct fold *fold_new(uint64_t window_ns,
	void (*emit)(void *ctx, json_t *event, const struct seen_event *of, size_t n), void *ctx)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->window_ns = window_ns;
	f->emit = emit;
	f->ctx = ctx;
	f->end = &f->oldest;
	return f;
}

static void held_free(struct held *h)
{
	json_decref(h->event);
	free(h->key);
	free(h->last);
	free(h->of);
	free(h);
}

void fold_free(struct fold *f)
{
	while (f && f->oldest) {
		struct held *h = f->oldest;

		f->oldest = h->next;
		held_free(h);
	}
	free(f);
}

static void key_of(const json_t *event, struct text *t)
{
	static const enum event_field same[] = { FIELD_CONTAINER, FIELD_PROFILE, FIELD_DIGEST,
		FIELD_RULE_ID, FIELD_FILE, FIELD_OPERATION, FIELD_OBJECT, FIELD_EXECUTABLE,
		FIELD_OUTCOME, FIELD_VERDICT, FIELD_MECHANISM };

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		/* JSON strings hold no NUL. */
		text_puts(t, event_field_string(event, same[i]));
		text_putc(t, '\0');
	}
	/* A profile's default has no rule, but a line. */
	text_printf(t, "%lld", (long long)event_field_integer(event, FIELD_LINE, 0));
}

/* FNV-1a; what is equal is found out by comparing. */
static uint64_t hash_of(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void unlink_bucket(struct fold *f, struct held *h)
{
	struct held **p = &f->buckets[h->hash % BUCKETS];

	while (*p != h)
		p = &(*p)->next_bucket;
	*p = h->next_bucket;
}

static void tell_count(struct held *h)
{
	json_t *first = json_object_get(h->event, "time");

	json_object_set_new(h->event, "count", json_integer((json_int_t)h->count));
	json_object_set(h->event, "first", first);
	json_object_set_new(h->event, "last", json_string(h->last));
	if (h->lost)
		json_object_set_new(h->event, "lost", json_integer((json_int_t)h->lost));
}

static void emit_oldest(struct fold *f)
{
	struct held *h = f->oldest;

	f->oldest = h->next;
	if (!f->oldest)
		f->end = &f->oldest;
	unlink_bucket(f, h);
	f->n--;
	f->bytes -= h->bytes;
	if (h->count > 1)
		tell_count(h);
	f->emit(f->ctx, json_incref(h->event), h->of, h->n);
	held_free(h);
}

static void add_of(struct fold *f, struct held *h, const struct seen_event *of)
{
	if (h->n == h->cap) {
		size_t more = h->cap ? h->cap : 1;

		h->of = reallocarray(h->of, h->cap + more, sizeof(*h->of));
		if (!h->of)
			abort();
		h->cap += more;
		h->bytes += more * sizeof(*of);
		f->bytes += more * sizeof(*of);
	}
	h->of[h->n++] = *of;
}

static void add(struct fold *f, struct held *h, const json_t *event, const struct seen_event *of)
{
	const char *time = json_string_value(json_object_get(event, "time"));
	json_int_t lost = json_integer_value(json_object_get(event, "lost"));

	h->count++;
	h->lost += lost > 0 ? (uint64_t)lost : 0;
	if (!h->last || (time && strcmp(time, h->last) > 0)) {
		free(h->last);
		h->last = strdup(time ? time : "");
	}
	add_of(f, h, of);
}

static struct held *find(const struct fold *f, const struct text *key, uint64_t hash)
{
	struct held *h = f->buckets[hash % BUCKETS];

	while (h && (h->hash != hash || h->key_len != key->len ||
			    memcmp(h->key, key->s, key->len) != 0))
		h = h->next_bucket;
	return h;
}

/* About what its JSON takes, by the texts that vary most. */
static size_t bytes_of(const json_t *event)
{
	const json_t *v;
	size_t i, n = 4096;

	json_array_foreach (event_field_value(event, FIELD_ARGUMENTS), i, v)
		n += 64 + json_string_length(v);
	return n;
}

static struct held *hold(struct fold *f, json_t *event, struct text *key, uint64_t hash)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->key_len = key->len;
	h->key = text_take(key);
	h->hash = hash;
	h->event = event;
	h->bytes = sizeof(*h) + 4 * h->key_len + bytes_of(event);
	h->next_bucket = f->buckets[hash % BUCKETS];
	f->buckets[hash % BUCKETS] = h;
	*f->end = h;
	f->end = &h->next;
	f->n++;
	f->bytes += h->bytes;
	return h;
}

/* By the times of events: what was long ago comes fast, and is held no longer for that. */
static void expire_by_event(struct fold *f, uint64_t time_ns)
{
	while (f->oldest && f->oldest->of[0].time_ns + f->window_ns <= time_ns)
		emit_oldest(f);
}

void fold_take(struct fold *f, json_t *event, const struct seen_event *of, uint64_t now_ns)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	struct held *h;
	uint64_t hash;

	expire_by_event(f, of->time_ns);
	if (!f->window_ns || !event_is_violation(event)) {
		f->emit(f->ctx, event, of, 1);
		return;
	}
	key_of(event, &key);
	hash = hash_of(key.s, key.len);
	h = find(f, &key, hash);
	if (h) {
		add(f, h, event, of);
		json_decref(event);
	} else {
		h = hold(f, event, &key, hash);
		h->due_ns = now_ns + f->window_ns;
		add(f, h, event, of);
	}
	while (f->n > HELD_MAX || (f->n && f->bytes > HELD_BYTES_MAX))
		emit_oldest(f);
}

void fold_expire(struct fold *f, uint64_t now_ns)
{
	while (f->oldest && f->oldest->due_ns <= now_ns)
		emit_oldest(f);
}

uint64_t fold_due_ns(const struct fold *f)
{
	return f->oldest ? f->oldest->due_ns : UINT64_MAX;
}
