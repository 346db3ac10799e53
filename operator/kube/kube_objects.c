/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_objects.h"

#include "compiler/base/hash_index.h"
#include "operator/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64

struct object {
	struct object *next;
	uint64_t hash;
	uint32_t list; /* the last one that it was seen in, or since */
	char *version;
	char *uid;
	const char *name; /* behind the namespace */
	char namespace[];
};

struct kube_objects {
	struct object **buckets;
	uint32_t n_buckets; /* a power of two */
	uint32_t n;
	uint32_t list;
};

static struct object **new_buckets(uint32_t n)
{
	return memory_new(n * sizeof(struct object *));
}

struct kube_objects *kube_objects_new(void)
{
	struct kube_objects *o = memory_new(sizeof(*o));

	o->n_buckets = BUCKETS_MIN;
	o->buckets = new_buckets(o->n_buckets);
	return o;
}

static void object_free(struct object *b)
{
	free(b->version);
	free(b->uid);
	free(b);
}

void kube_objects_free(struct kube_objects *o)
{
	if (!o)
		return;
	for (uint32_t i = 0; i < o->n_buckets; i++) {
		while (o->buckets[i]) {
			struct object *b = o->buckets[i];

			o->buckets[i] = b->next;
			object_free(b);
		}
	}
	free(o->buckets);
	free(o);
}

static uint64_t hash_of(const struct kube_object_id *id)
{
	uint64_t h = 0;

	for (const char *s = id->namespace; *s; s++)
		h = hash_add(h, (unsigned char)*s);
	h = hash_add(h, '/');
	for (const char *s = id->name; *s; s++)
		h = hash_add(h, (unsigned char)*s);
	return h;
}

static struct object **find(struct kube_objects *o, const struct kube_object_id *id, uint64_t hash)
{
	struct object **at = &o->buckets[hash & (o->n_buckets - 1)];

	for (; *at; at = &(*at)->next) {
		if ((*at)->hash == hash && !strcmp((*at)->namespace, id->namespace) &&
			!strcmp((*at)->name, id->name))
			break;
	}
	return at;
}

static void grow(struct kube_objects *o)
{
	uint32_t n = o->n_buckets * 2;
	struct object **buckets = new_buckets(n);

	for (uint32_t i = 0; i < o->n_buckets; i++) {
		while (o->buckets[i]) {
			struct object *b = o->buckets[i];

			o->buckets[i] = b->next;
			b->next = buckets[b->hash & (n - 1)];
			buckets[b->hash & (n - 1)] = b;
		}
	}
	free(o->buckets);
	o->buckets = buckets;
	o->n_buckets = n;
}

static void add(
	struct kube_objects *o, const struct kube_object_id *id, const char *version, uint64_t hash)
{
	size_t namespace_len = strlen(id->namespace) + 1, name_len = strlen(id->name) + 1;
	struct object *b = malloc(sizeof(*b) + namespace_len + name_len);
	struct object **bucket;

	if (!b)
		abort();
	if (o->n >= o->n_buckets)
		grow(o);
	bucket = &o->buckets[hash & (o->n_buckets - 1)];
	*b = (struct object){ .next = *bucket,
		.hash = hash,
		.list = o->list,
		.version = memory_string(version),
		.uid = memory_string(id->uid),
		.name = b->namespace + namespace_len };
	memcpy(b->namespace, id->namespace, namespace_len);
	memcpy(b->namespace + namespace_len, id->name, name_len);
	*bucket = b;
	o->n++;
}

enum kube_object_news kube_objects_see(struct kube_objects *o, const struct kube_object_id *id,
	const char *version, char **old_uid)
{
	uint64_t hash = hash_of(id);
	struct object *b = *find(o, id, hash);
	bool replaced;

	if (!b) {
		add(o, id, version, hash);
		return KUBE_OBJECT_NEW;
	}
	b->list = o->list;
	replaced = strcmp(b->uid, id->uid) != 0;
	if (!replaced && !strcmp(b->version, version))
		return KUBE_OBJECT_SAME;
	free(b->version);
	b->version = memory_string(version);
	if (!replaced)
		return KUBE_OBJECT_NEW;
	*old_uid = b->uid;
	b->uid = memory_string(id->uid);
	return KUBE_OBJECT_REPLACED;
}

static void take_out(struct kube_objects *o, struct object **at)
{
	struct object *b = *at;

	*at = b->next;
	object_free(b);
	o->n--;
}

char *kube_objects_forget(struct kube_objects *o, const struct kube_object_id *id)
{
	struct object **at = find(o, id, hash_of(id));
	char *uid;

	if (!*at)
		return NULL;
	uid = memory_string((*at)->uid);
	take_out(o, at);
	return uid;
}

void kube_objects_begin_list(struct kube_objects *o)
{
	o->list++;
}

void kube_objects_sweep(
	struct kube_objects *o, void (*gone)(void *ctx, const struct kube_object_id *id), void *ctx)
{
	for (uint32_t i = 0; i < o->n_buckets; i++) {
		struct object **at = &o->buckets[i];

		while (*at) {
			const struct object *b = *at;

			if (b->list == o->list) {
				at = &(*at)->next;
				continue;
			}
			gone(ctx, &(struct kube_object_id){ .namespace = b->namespace,
					  .name = b->name,
					  .uid = b->uid });
			take_out(o, at);
		}
	}
}

uint32_t kube_objects_count(const struct kube_objects *o)
{
	return o->n;
}
