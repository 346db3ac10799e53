/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_STORE_H
#define PALE_RECORDER_STORE_H

/*
 * The history of a node in a file: SQLite with a write-ahead log and synchronous=NORMAL, so that a
 * writer that is killed, or a machine that fails, loses the last entries and never the file. Who
 * reads it meanwhile (history.h) holds up nobody.
 *
 * Not for threads: a store is its caller's alone.
 */

#include "compiler/base/error.h"
#include "enforcer/recorder/entry.h"

#define RECORDER_BYTES	   ((uint64_t)256 << 20)
#define RECORDER_BYTES_MIN ((uint64_t)8 << 20)
#define RECORDER_BYTES_MAX ((uint64_t)1 << 40)
#define RECORDER_DAYS	   14
#define RECORDER_DAYS_MAX  3650

struct recorder_bounds {
	/* Of the file and its log together. What would be more, or older, is removed, the oldest
	 * first. */
	uint64_t bytes;
	uint32_t days;
};

struct recorder_store;

/* What became of a file that was there before. */
struct recorder_found {
	bool existed;	   /* and goes on */
	uint64_t alive_ns; /* CLOCK_REALTIME: until when it was written; 0: not known */
	char *set_aside;   /* why it could not be used; NULL: it could. malloc-ed */
};

void recorder_found_release(struct recorder_found *f);

/*
 * Opens the database at @path, or makes it. One that is damaged, of another version or no database
 * is renamed to PATH.damaged, in place of the one before, and a new one begun. -ELOOP: the path is
 * a link. Any other failure, such as a full disk, leaves the file as it is: try again later. A new
 * one may fail so, too, after the old one was set aside: *@ret_found is the caller's to release,
 * and says that, whatever is returned. @suspect: each index is looked through as well, which takes
 * long.
 */
int recorder_store_open(const char *path, const struct recorder_bounds *bounds, bool suspect,
	struct recorder_store **ret, struct recorder_found *ret_found, struct pale_err **err);
/* Takes NULL. */
void recorder_store_close(struct recorder_store *s);

/* A container as it is told, a JSON object in @names, and its row's number, to be written into
 * entries. The same @id and @since_ns are the same container. Between begin and commit only. */
int recorder_store_container(struct recorder_store *s, const char *id, uint64_t since_ns,
	const char *names, int64_t *ret_row, struct pale_err **err);

/* It has entries of now: to be called once a minute at least while it has some, or its row goes
 * before they do. */
int recorder_store_touch(
	struct recorder_store *s, int64_t row, uint64_t now_ns, struct pale_err **err);

/* Entries are written between these, all of them or none; after a failure rollback() is due, and
 * nothing of them is there. */
int recorder_store_begin(struct recorder_store *s, struct pale_err **err);
/* @row: of recorder_store_container(), 0 for none; ->container is not looked at. */
int recorder_store_add(struct recorder_store *s, const struct recorder_entry *e, int64_t row,
	struct pale_err **err);
/*
 * Removes what is too old or too much, too. @now_ns: CLOCK_REALTIME. 1: containers went with their
 * last entries, whose rows may be others' from now on: recorder_store_container() knows.
 */
int recorder_store_commit(struct recorder_store *s, uint64_t now_ns, struct pale_err **err);
void recorder_store_rollback(struct recorder_store *s);

/*
 * Whether @failure of one of these says that the file itself is damaged, and not that the machine
 * could not write it now. recorder_store_open() that suspects it sets it aside if it is.
 */
bool recorder_store_is_damage(const struct pale_err *failure);

/* Its file is not there under its name any more: what is written is lost. */
bool recorder_store_is_gone(struct recorder_store *s);

/* Of the file and its log. */
uint64_t recorder_store_bytes(struct recorder_store *s);

/* What a new database is made with, and whether one that is there is of that form. */
#define RECORDER_APPLICATION_ID 0x70616c65 /* "pale" */
#define RECORDER_VERSION	1

#endif
