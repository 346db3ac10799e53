/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_SPOOL_H
#define PALE_EXPORT_SPOOL_H

/*
 * What one output has still to send, on disk: records in files that are only appended to
 * (segments), and a cursor, before which all has been received. A process that is killed at any
 * point finds at its next start all that spool_flush() wrote; what a machine that loses its power
 * had not yet put on the disk is gone. Records are handed out in their order, and again from the
 * cursor on after spool_rewind() and after a start.
 *
 * What has no room, below the cap or on the disk, is counted; the count survives, too.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define SPOOL_BYTES_MIN ((uint64_t)64 << 10)
#define SPOOL_BYTES_MAX ((uint64_t)64 << 30)

struct spool;

/* @dir is made if it is not there; nobody else may use it. @cap: bytes on the disk. */
int spool_open(const char *dir, uint64_t cap, struct spool **ret, struct pale_err **err);
/* What is not flushed is flushed. */
void spool_close(struct spool *s);

/* false: it has no room, and is counted as lost. On true it may still be, by spool_flush(). */
bool spool_append(struct spool *s, const char *bytes, size_t len);
void spool_flush(struct spool *s);
/* At once or not at all, which is not counted: for a record that says what was lost. */
bool spool_append_now(struct spool *s, const char *bytes, size_t len);

/* The next record that was not handed out yet, appended to @ret; false: there is none. */
bool spool_next(struct spool *s, struct text *ret);
/* The oldest @n of those handed out have been received, or are given up. */
void spool_confirm(struct spool *s, uint64_t n);
/* All that was handed out and not confirmed is handed out again. */
void spool_rewind(struct spool *s);

/* Records that are not confirmed, those handed out among them, and bytes on the disk. */
uint64_t spool_records(const struct spool *s);
uint64_t spool_bytes(const struct spool *s);

struct spool_lost {
	uint64_t full;	  /* no room below the cap, */
	uint64_t failed;  /* or the disk did not take it, since the start */
	uint64_t damaged; /* places where records could not be read back; how many were there is
			     not known */
	uint64_t untold;  /* records, since spool_told() */
};

const struct spool_lost *spool_lost(const struct spool *s);
/* Counts what is lost elsewhere, too. */
void spool_add_untold(struct spool *s, uint64_t n);
/* @n of the untold are in a record that was appended. */
void spool_told(struct spool *s, uint64_t n);

#endif
