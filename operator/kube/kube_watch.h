/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_WATCH_H
#define PALE_KUBE_WATCH_H

/*
 * What there is of one kind, now and from now on: a list in pages, then a watch from the list's
 * resourceVersion, resumed when it ends (Kubernetes API Concepts, "Efficient detection of
 * changes").
 *
 * Whoever follows is told each version of an object once, and of each object that is gone, also of
 * what went away while nobody watched. Versions in between may be left out, as they are when a
 * watch begins anew. Objects are not kept: `seen` keeps what it wants.
 *
 * A version that the server no longer has (410, of the request or as an ERROR event) is answered
 * with a new list. So is what cannot be read, and a server that refuses three times in a row to go
 * on from a version or with the next page, as one does whose etcd was restored from an older
 * backup; not one that has too much to do (429). Waits between attempts are those of
 * kube_backoff.h, with 0.8 and 30 s, and begin anew when a watch has lasted ten seconds.
 */

#include "operator/kube/kube_objects.h"
#include "operator/kube/kube_request.h"

enum kube_watch_restart {
	KUBE_RESTART_ENDED,   /* by the server; goes on at once when it has lasted */
	KUBE_RESTART_EXPIRED, /* 410: a new list */
	KUBE_RESTART_REFUSED, /* the server said no: 403, 404 while a CRD is missing, 429, 5xx */
	KUBE_RESTART_UNREACHABLE, /* the connection was not made, or broke */
	KUBE_RESTART_UNREADABLE,  /* what came was no watch event: a new list */
	KUBE_RESTARTS,
};

/* For metrics: "ended", "expired", … */
extern const char *const kube_watch_restart_names[KUBE_RESTARTS];

/* All but `seen` may be NULL. They may free the watch. */
struct kube_watch_handlers {
	/* It is there in this version. @object is the server's, without apiVersion and kind when it
	 * comes from a list; json_incref() keeps it. */
	void (*seen)(void *ctx, json_t *object);
	/* It is gone. By its name another one may follow, under another uid. */
	void (*gone)(void *ctx, const struct kube_object_id *id);
	/* Everything that there is was told: after the first list and after each other one. */
	void (*synced)(void *ctx);
	/* @err says why, NULL for ENDED; for a log. */
	void (*restarted)(void *ctx, enum kube_watch_restart why, const struct pale_err *err);
};

struct kube_watch_spec {
	const char *path;  /* of the collection: kube_path.h */
	const char *query; /* "fieldSelector=spec.nodeName%3Dn1", escaped; NULL: none */
	uint32_t page;	   /* objects in a page of the list; 0: 250 */
	/* Only metadata is sent (PartialObjectMetadata): for who needs no more of large objects. */
	bool metadata_only;
	/* The first list may come from the API server's cache, and be a little old: spares etcd
	 * what many nodes ask at once. It comes in one page then. */
	bool cached;
	/* How long the server keeps a watch, to twice that; 0: five minutes. */
	uint32_t seconds;
	const struct kube_watch_handlers *handlers;
	void *ctx;
};

struct kube_watch;

/* Strings are copied; @spec's handlers have to stay. Begins in the loop. */
struct kube_watch *kube_watch_new(struct kube_client *c, const struct kube_watch_spec *spec);
/* Nobody is told any more. NULL is nothing. Before kube_client_free(). */
void kube_watch_free(struct kube_watch *w);
/* All that there is was told, and nothing is known to be missing since: false while a new list is
 * being read or waited for. */
bool kube_watch_is_synced(const struct kube_watch *w);
/* The resourceVersion that the watch goes on behind, which bookmarks move when nothing else does;
 * "" while a list is needed. For logs. */
const char *kube_watch_version(const struct kube_watch *w);
/* How many objects there are. */
uint32_t kube_watch_count(const struct kube_watch *w);

#endif
