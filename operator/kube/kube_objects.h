/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_OBJECTS_H
#define PALE_KUBE_OBJECTS_H

/*
 * Which objects a watch has told of, and in which version: what makes a new list tell nothing twice
 * and miss nothing that went away meanwhile. Some 200 bytes for each object; of the objects
 * themselves nothing is kept.
 */

#include <stdint.h>

struct kube_object_id {
	const char *namespace; /* "" for what has none */
	const char *name;
	const char *uid;
};

struct kube_objects;

enum kube_object_news {
	KUBE_OBJECT_SAME,     /* this very version was seen before */
	KUBE_OBJECT_NEW,      /* it was not there, or has another version */
	KUBE_OBJECT_REPLACED, /* by that name there was another one, which is gone */
};

struct kube_objects *kube_objects_new(void);
void kube_objects_free(struct kube_objects *o);

/* The object is there, in version @version, which is only compared for equality. With REPLACED
 * *@old_uid is the other one's, to be freed. */
enum kube_object_news kube_objects_see(struct kube_objects *o, const struct kube_object_id *id,
	const char *version, char **old_uid);
/* It was deleted. Gives its uid, to be freed, or NULL when it was not known. */
char *kube_objects_forget(struct kube_objects *o, const struct kube_object_id *id);

/* A list begins: what is not seen from now on until the sweep is gone. */
void kube_objects_begin_list(struct kube_objects *o);
/* It was complete: forgets all that was not in it, each told to @gone first. @gone may not use
 * @o. */
void kube_objects_sweep(struct kube_objects *o,
	void (*gone)(void *ctx, const struct kube_object_id *id), void *ctx);
uint32_t kube_objects_count(const struct kube_objects *o);

#endif
