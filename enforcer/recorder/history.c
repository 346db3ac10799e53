/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/history.h"

#include "compiler/base/cleanup.h"
#include "enforcer/recorder/schema.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

/* So many are looked at in a call. */
#define ROWS	64
#define BUSY_MS 100

struct recorder_history {
	sqlite3 *db;
	sqlite3_stmt *next, *container;
	char *wanted;
	struct recorder_filter filter;
	/* The last that was looked at. */
	int64_t time, seq;
	/* Of the container that was looked up last. */
	int64_t row;
	json_t *names; /* NULL: it is not there */
};

static const char next_sql[] =
	"SELECT " RECORDER_COLUMNS ", seq FROM entry WHERE (time, seq) > (?1, ?2) AND time <= ?3 "
	"ORDER BY time, seq LIMIT ?4";
static const char container_sql[] = "SELECT names FROM container WHERE row = ?1";

static int failed(const struct recorder_history *h, struct pale_err **err)
{
	int code = h->db ? sqlite3_errcode(h->db) : SQLITE_NOMEM;
	int errnum = code == SQLITE_CANTOPEN			       ? ENOENT
		     : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? EUCLEAN
								       : EIO;

	return pale_err_plain(err, errnum, "read the recorder's database: %s",
		h->db ? sqlite3_errmsg(h->db) : "no memory");
}

void recorder_history_close(struct recorder_history *h)
{
	if (!h)
		return;
	sqlite3_finalize(h->next);
	sqlite3_finalize(h->container);
	sqlite3_close(h->db);
	json_decref(h->names);
	free(h->wanted);
	free(h);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int recorder_history_open(const char *path, const struct recorder_filter *filter,
	struct recorder_history **ret, struct pale_err **err)
{
	struct recorder_history *h = calloc(1, sizeof(*h));
	int r = 0;

	if (!h)
		abort();
	h->filter = *filter;
	h->wanted = filter->container ? strdup(filter->container) : NULL;
	if (!filter->until_ns)
		h->filter.until_ns = now_ns();
	if (!filter->kinds)
		h->filter.kinds = ~0u;
	h->time = (int64_t)filter->since_ns - 1;
	h->seq = INT64_MAX;
	if (sqlite3_open_v2(path, &h->db,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
		    NULL) != SQLITE_OK)
		r = failed(h, err);
	if (r >= 0)
		sqlite3_busy_timeout(h->db, BUSY_MS);
	if (r >= 0 && (sqlite3_prepare_v2(h->db, next_sql, -1, &h->next, NULL) != SQLITE_OK ||
			      sqlite3_prepare_v2(h->db, container_sql, -1, &h->container, NULL) !=
				      SQLITE_OK))
		r = failed(h, err);
	if (r < 0)
		recorder_history_close(h);
	else
		*ret = h;
	return r;
}

static void look_up(struct recorder_history *h, int64_t row)
{
	json_error_t error;

	if (row == h->row)
		return;
	json_decref(h->names);
	h->names = NULL;
	h->row = row;
	if (!row)
		return;
	sqlite3_bind_int64(h->container, 1, row);
	if (sqlite3_step(h->container) == SQLITE_ROW)
		h->names = json_loadb((const char *)sqlite3_column_text(h->container, 0),
			(size_t)sqlite3_column_bytes(h->container, 0), 0, &error);
	sqlite3_reset(h->container);
}

static bool is_of(const struct recorder_history *h, enum recorder_kind kind)
{
	const char *id = json_string_value(json_object_get(h->names, "id"));
	const char *name = json_string_value(json_object_get(h->names, "name"));

	if (!h->wanted)
		return true;
	if (!h->row)
		return kind == RECORDER_GAP;
	return (id && strncmp(id, h->wanted, strlen(h->wanted)) == 0) ||
	       (name && strcmp(name, h->wanted) == 0);
}

static struct recorder_bytes bytes_of(sqlite3_stmt *q, enum recorder_column column)
{
	const char *at = sqlite3_column_blob(q, column);
	struct recorder_bytes b = { at, (size_t)sqlite3_column_bytes(q, column) };

	return b;
}

static void read_row(sqlite3_stmt *q, struct recorder_entry *ret)
{
	struct recorder_bytes address = bytes_of(q, COLUMN_ADDRESS);

	*ret = (struct recorder_entry){
		.kind = (enum recorder_kind)sqlite3_column_int(q, COLUMN_KIND),
		.time_ns = (uint64_t)sqlite3_column_int64(q, COLUMN_TIME),
		.process = { .pid = (uint32_t)sqlite3_column_int64(q, COLUMN_PID),
			.inner = (uint32_t)sqlite3_column_int64(q, COLUMN_INNER_PID),
			.start_ns = (uint64_t)sqlite3_column_int64(q, COLUMN_START) },
		.parent = { .pid = (uint32_t)sqlite3_column_int64(q, COLUMN_PARENT),
			.inner = (uint32_t)sqlite3_column_int64(q, COLUMN_PARENT_INNER),
			.start_ns = (uint64_t)sqlite3_column_int64(q, COLUMN_PARENT_START) },
		.uid = sqlite3_column_int64(q, COLUMN_UID),
		.status = sqlite3_column_int(q, COLUMN_STATUS),
		.flags = (uint32_t)sqlite3_column_int(q, COLUMN_FLAGS),
		.family = (uint16_t)sqlite3_column_int(q, COLUMN_FAMILY),
		.protocol = (uint16_t)sqlite3_column_int(q, COLUMN_PROTOCOL),
		.port = (uint16_t)sqlite3_column_int(q, COLUMN_PORT),
		.filename = bytes_of(q, COLUMN_FILENAME),
		.executable = bytes_of(q, COLUMN_EXECUTABLE),
		.arguments = bytes_of(q, COLUMN_ARGUMENTS),
		.event = bytes_of(q, COLUMN_EVENT),
	};
	if (address.len == sizeof(ret->address))
		memcpy(ret->address, address.at, sizeof(ret->address));
}

static void take_row(struct recorder_history *h, void (*take)(void *ctx, json_t *entry), void *ctx)
{
	struct recorder_entry e;
	json_t *o;

	read_row(h->next, &e);
	h->time = (int64_t)e.time_ns;
	h->seq = sqlite3_column_int64(h->next, COLUMNS);
	if (e.kind < 1 || e.kind >= RECORDER_KINDS || !(h->filter.kinds & (1u << e.kind)))
		return;
	look_up(h, sqlite3_column_int64(h->next, COLUMN_CONTAINER));
	if (!is_of(h, e.kind))
		return;
	o = recorder_entry_json(&e, h->names);
	take(ctx, o);
	json_decref(o);
}

int recorder_history_read(struct recorder_history *h, void (*take)(void *ctx, json_t *entry),
	void *ctx, struct pale_err **err)
{
	int n = 0, e, r;

	sqlite3_bind_int64(h->next, 1, h->time);
	sqlite3_bind_int64(h->next, 2, h->seq);
	sqlite3_bind_int64(h->next, 3, (int64_t)h->filter.until_ns);
	sqlite3_bind_int(h->next, 4, ROWS);
	while ((e = sqlite3_step(h->next)) == SQLITE_ROW) {
		take_row(h, take, ctx);
		n++;
	}
	r = e == SQLITE_DONE ? n == ROWS : failed(h, err);
	sqlite3_reset(h->next);
	return r;
}
