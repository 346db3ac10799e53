/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/store.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/recorder/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_BYTES 4096
#define DAY_NS	   ((uint64_t)86400 * 1000000000)
/* Of the log: it is copied into the file when it has so many pages, and its file is cut to that.
 * One that is being read may grow beyond it for a while. */
#define LOG_PAGES 512
/* So many rows are removed at once, and so often in a transaction, which must fit in the log: more
 * than one adds. */
#define TRIM_ROWS 2000
#define TRIMS	  8
/* What is old is looked for so often. */
#define TRIM_EVERY_NS 10000000000u
/* Another process that reads may hold it for a moment. */
#define BUSY_MS 2000

enum statement {
	STATEMENT_ADD,
	STATEMENT_CONTAINER_FIND,
	STATEMENT_CONTAINER_ADD,
	STATEMENT_CONTAINER_LAST,
	STATEMENT_ALIVE,
	STATEMENT_TRIM_OLD,
	STATEMENT_TRIM_FIRST,
	STATEMENT_TRIM_CONTAINERS,
	STATEMENT_PAGES,
	STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
	[STATEMENT_ADD] = "INSERT INTO entry (" RECORDER_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, "
			  "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
	[STATEMENT_CONTAINER_FIND] = "SELECT row FROM container WHERE id = ?1 AND since = ?2",
	[STATEMENT_CONTAINER_ADD] =
		"INSERT INTO container (id, since, names, last) VALUES (?1, ?2, ?3, ?2)",
	[STATEMENT_CONTAINER_LAST] = "UPDATE container SET last = ?2 WHERE row = ?1",
	[STATEMENT_ALIVE] = "UPDATE state SET alive = ?1",
	[STATEMENT_TRIM_OLD] = "DELETE FROM entry WHERE seq IN "
			       "(SELECT seq FROM entry WHERE time < ?1 ORDER BY time LIMIT ?2)",
	[STATEMENT_TRIM_FIRST] = "DELETE FROM entry WHERE seq IN "
				 "(SELECT seq FROM entry ORDER BY time LIMIT ?1)",
	/* Those that have no entry left. */
	[STATEMENT_TRIM_CONTAINERS] = "DELETE FROM container WHERE last + 120000000000 < "
				      "(SELECT min(time) FROM entry)",
	[STATEMENT_PAGES] = "SELECT (SELECT page_count FROM pragma_page_count) - "
			    "(SELECT freelist_count FROM pragma_freelist_count), "
			    "(SELECT page_count FROM pragma_page_count)",
};

struct recorder_store {
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct recorder_bounds bounds;
	bool suspect;
	uint64_t trimmed_ns; /* when what is old was last removed */
};

/* The errno that says best what SQLite says; damage is EUCLEAN, and nothing else is. */
static int errno_of(int code)
{
	static const struct {
		int code, errnum;
	} known[] = {
		{ SQLITE_CORRUPT, EUCLEAN },
		{ SQLITE_NOTADB, EUCLEAN },
		{ SQLITE_FORMAT, EUCLEAN },
		{ SQLITE_FULL, ENOSPC },
		{ SQLITE_BUSY, EBUSY },
		{ SQLITE_LOCKED, EBUSY },
		{ SQLITE_READONLY, EROFS },
		{ SQLITE_PERM, EACCES },
		{ SQLITE_NOMEM, ENOMEM },
		{ SQLITE_CANTOPEN, ENOENT },
	};

	/* A file that cannot be read any more will not be written to, either. */
	if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ||
		code == SQLITE_IOERR_CORRUPTFS)
		return EUCLEAN;
	if (code == SQLITE_CANTOPEN_SYMLINK)
		return ELOOP;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if ((code & 0xff) == known[i].code)
			return known[i].errnum;
	}
	return EIO;
}

static int failed(struct recorder_store *s, const char *what, struct pale_err **err)
{
	int code = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;
	int errnum = s->db ? sqlite3_system_errno(s->db) : 0;

	/* Its own text says less than the system's. */
	if (errnum && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) &&
		errno_of(code) != EUCLEAN && errno_of(code) != ELOOP)
		return pale_err_set(err, errnum, "%s", what);
	return pale_err_plain(
		err, errno_of(code), "%s: %s", what, s->db ? sqlite3_errmsg(s->db) : "no memory");
}

bool recorder_store_is_damage(const struct pale_err *failure)
{
	return pale_err_errno(failure) == EUCLEAN;
}

void recorder_found_release(struct recorder_found *f)
{
	free(f->set_aside);
	*f = (struct recorder_found){ 0 };
}

static int run_sql(struct recorder_store *s, const char *sql, struct pale_err **err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
								       : failed(s, "use it", err);
}

static int get_number(
	struct recorder_store *s, const char *sql, int64_t *ret, struct pale_err **err)
{
	sqlite3_stmt *q = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK ||
		sqlite3_step(q) != SQLITE_ROW)
		r = failed(s, "look at it", err);
	else
		*ret = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return r;
}

/* One line says enough. What an index lacks quick_check does not see, but who removes does. */
static int check_pages(struct recorder_store *s, struct pale_err **err)
{
	const char *sql = s->suspect ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
	sqlite3_stmt *q = NULL;
	const char *said = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK &&
		sqlite3_step(q) == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(q, 0);
	if (!said)
		r = failed(s, "check it", err);
	else if (strcmp(said, "ok") != 0)
		r = pale_err_plain(err, EUCLEAN, "%s", said);
	sqlite3_finalize(q);
	return r;
}

/* EUCLEAN, too, for one that somebody else made. */
static int check_form(struct recorder_store *s, bool *ret_new, struct pale_err **err)
{
	int64_t pages = 0, application = 0, version = 0;
	int r = get_number(s, "PRAGMA page_count", &pages, err);

	*ret_new = pages == 0;
	if (r < 0 || pages == 0)
		return r;
	r = get_number(s, "PRAGMA application_id", &application, err);
	if (r >= 0)
		r = get_number(s, "PRAGMA user_version", &version, err);
	if (r >= 0 && application != RECORDER_APPLICATION_ID)
		r = pale_err_plain(err, EUCLEAN, "it is another program's");
	else if (r >= 0 && version != RECORDER_VERSION)
		r = pale_err_plain(err, EUCLEAN, "it is of version %" PRId64, version);
	return r < 0 ? r : check_pages(s, err);
}

static int set_up(struct recorder_store *s, bool is_new, struct pale_err **err)
{
	_cleanup_(text_release) struct text sql = TEXT_INIT;
	int r;

	/* auto_vacuum counts only before there is a table. */
	text_printf(&sql,
		"PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; "
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
		"PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d; "
		"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = "
		"MEMORY;",
		PAGE_BYTES, LOG_PAGES, LOG_PAGES * PAGE_BYTES);
	r = run_sql(s, text_str(&sql), err);
	if (r < 0 || !is_new)
		return r;
	text_clear(&sql);
	text_printf(&sql,
		"BEGIN IMMEDIATE; " RECORDER_SCHEMA "PRAGMA application_id = %d; "
		"PRAGMA user_version = %d; COMMIT;",
		RECORDER_APPLICATION_ID, RECORDER_VERSION);
	return run_sql(s, text_str(&sql), err);
}

static int prepare(struct recorder_store *s, struct pale_err **err)
{
	for (int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &s->statements[i], NULL) != SQLITE_OK)
			return failed(s, "use it", err);
	}
	return 0;
}

static void close_db(struct recorder_store *s)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

void recorder_store_close(struct recorder_store *s)
{
	if (!s)
		return;
	close_db(s);
	free(s->path);
	free(s);
}

static int open_db(struct recorder_store *s, struct recorder_found *found, struct pale_err **err)
{
	int64_t alive = 0;
	bool is_new = false;
	int r = 0;

	if (sqlite3_open_v2(s->path, &s->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			    SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
		    NULL) != SQLITE_OK)
		r = failed(s, "open it", err);
	if (r >= 0) {
		sqlite3_busy_timeout(s->db, BUSY_MS);
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = check_form(s, &is_new, err);
	}
	if (r >= 0)
		r = set_up(s, is_new, err);
	if (r >= 0)
		r = prepare(s, err);
	if (r >= 0)
		r = get_number(s, "SELECT alive FROM state", &alive, err);
	if (r < 0) {
		close_db(s);
		return r;
	}
	found->existed = !is_new;
	found->alive_ns = (uint64_t)alive;
	return 0;
}

static void name_file(struct text *t, const char *path, const char *suffix, const char *log)
{
	text_clear(t);
	text_printf(t, "%s%s%s", path, suffix, log);
}

/* With its log, which belongs to it and to no other. */
static int set_aside(const char *path, struct pale_err **err)
{
	static const char *const logs[] = { "-wal", "-shm", "" };

	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		_cleanup_(text_release) struct text from = TEXT_INIT, to = TEXT_INIT;

		name_file(&from, path, "", logs[i]);
		name_file(&to, path, ".damaged", logs[i]);
		unlink(text_str(&to));
		if (rename(text_str(&from), text_str(&to)) < 0 && errno != ENOENT)
			return pale_err_set(err, errno, "rename %s", text_str(&from));
	}
	return 0;
}

static int open_or_replace(
	struct recorder_store *s, struct recorder_found *found, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why = NULL;
	int r = open_db(s, found, &why);

	if (r >= 0)
		return 0;
	if (!recorder_store_is_damage(why)) {
		*err = TAKE_PTR(why);
		return r;
	}
	r = set_aside(s->path, err);
	if (r < 0)
		return r;
	found->set_aside = strdup(pale_err_text(why));
	return open_db(s, found, err);
}

int recorder_store_open(const char *path, const struct recorder_bounds *bounds, bool suspect,
	struct recorder_store **ret, struct recorder_found *ret_found, struct pale_err **err)
{
	struct recorder_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	*ret_found = (struct recorder_found){ 0 };
	s->path = strdup(path);
	s->bounds = *bounds;
	s->suspect = suspect;
	r = open_or_replace(s, ret_found, err);
	if (r < 0) {
		recorder_store_close(s);
		return pale_err_wrap(err, "%s", path);
	}
	*ret = s;
	return 0;
}

/* Runs one that gives no row; what was bound stays bound to nothing that is freed. */
static int run(struct recorder_store *s, enum statement n, struct pale_err **err)
{
	sqlite3_stmt *q = s->statements[n];
	int r = sqlite3_step(q) == SQLITE_DONE ? 0 : failed(s, "write", err);

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return r;
}

int recorder_store_begin(struct recorder_store *s, struct pale_err **err)
{
	/* What other errors left is over. */
	recorder_store_rollback(s);
	return sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : failed(s, "begin to write", err);
}

void recorder_store_rollback(struct recorder_store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int recorder_store_container(struct recorder_store *s, const char *id, uint64_t since_ns,
	const char *names, int64_t *ret_row, struct pale_err **err)
{
	sqlite3_stmt *q = s->statements[STATEMENT_CONTAINER_FIND];
	int found, r;

	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, (int64_t)since_ns);
	found = sqlite3_step(q);
	if (found == SQLITE_ROW)
		*ret_row = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	if (found == SQLITE_ROW)
		return 0;
	if (found != SQLITE_DONE)
		return failed(s, "write", err);
	q = s->statements[STATEMENT_CONTAINER_ADD];
	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, (int64_t)since_ns);
	sqlite3_bind_text(q, 3, names, -1, SQLITE_STATIC);
	r = run(s, STATEMENT_CONTAINER_ADD, err);
	*ret_row = sqlite3_last_insert_rowid(s->db);
	return r;
}

int recorder_store_touch(
	struct recorder_store *s, int64_t row, uint64_t now_ns, struct pale_err **err)
{
	sqlite3_bind_int64(s->statements[STATEMENT_CONTAINER_LAST], 1, row);
	sqlite3_bind_int64(s->statements[STATEMENT_CONTAINER_LAST], 2, (int64_t)now_ns);
	return run(s, STATEMENT_CONTAINER_LAST, err);
}

/* 0 is not there: NULL takes no room. */
static void bind_number(sqlite3_stmt *q, enum recorder_column column, int64_t n)
{
	if (n)
		sqlite3_bind_int64(q, column + 1, n);
}

static void bind_bytes(sqlite3_stmt *q, enum recorder_column column, const void *at, size_t len)
{
	if (len)
		sqlite3_bind_blob64(q, column + 1, at, len, SQLITE_STATIC);
}

int recorder_store_add(struct recorder_store *s, const struct recorder_entry *e, int64_t row,
	struct pale_err **err)
{
	static const uint8_t nowhere[16];
	sqlite3_stmt *q = s->statements[STATEMENT_ADD];

	sqlite3_bind_int64(q, COLUMN_TIME + 1, (int64_t)e->time_ns);
	sqlite3_bind_int64(q, COLUMN_KIND + 1, e->kind);
	bind_number(q, COLUMN_CONTAINER, row);
	bind_number(q, COLUMN_PID, e->process.pid);
	bind_number(q, COLUMN_INNER_PID, e->process.inner);
	bind_number(q, COLUMN_START, (int64_t)e->process.start_ns);
	bind_number(q, COLUMN_PARENT, e->parent.pid);
	bind_number(q, COLUMN_PARENT_INNER, e->parent.inner);
	bind_number(q, COLUMN_PARENT_START, (int64_t)e->parent.start_ns);
	bind_number(q, COLUMN_UID, e->uid);
	bind_number(q, COLUMN_STATUS, e->status);
	bind_number(q, COLUMN_FLAGS, e->flags);
	bind_number(q, COLUMN_FAMILY, e->family);
	bind_number(q, COLUMN_PROTOCOL, e->protocol);
	bind_number(q, COLUMN_PORT, e->port);
	if (memcmp(e->address, nowhere, sizeof(nowhere)) != 0)
		bind_bytes(q, COLUMN_ADDRESS, e->address, sizeof(e->address));
	bind_bytes(q, COLUMN_FILENAME, e->filename.at, e->filename.len);
	bind_bytes(q, COLUMN_EXECUTABLE, e->executable.at, e->executable.len);
	bind_bytes(q, COLUMN_ARGUMENTS, e->arguments.at, e->arguments.len);
	bind_bytes(q, COLUMN_EVENT, e->event.at, e->event.len);
	return run(s, STATEMENT_ADD, err);
}

static int count_pages(
	struct recorder_store *s, int64_t *ret_used, int64_t *ret_all, struct pale_err **err)
{
	sqlite3_stmt *q = s->statements[STATEMENT_PAGES];
	int r = 0;

	if (sqlite3_step(q) == SQLITE_ROW) {
		*ret_used = sqlite3_column_int64(q, 0);
		*ret_all = sqlite3_column_int64(q, 1);
	} else {
		r = failed(s, "look at it", err);
	}
	sqlite3_reset(q);
	return r;
}

static int64_t pages_max(const struct recorder_store *s)
{
	/* The log may have twice what makes it be copied. */
	return (int64_t)(s->bounds.bytes / PAGE_BYTES) - 2 * LOG_PAGES;
}

/* A batch of those that are older than @before; how many there were. */
static int trim_old(
	struct recorder_store *s, uint64_t before_ns, int64_t rows, struct pale_err **err)
{
	sqlite3_stmt *q = s->statements[STATEMENT_TRIM_OLD];
	int r;

	sqlite3_bind_int64(q, 1, (int64_t)before_ns);
	sqlite3_bind_int64(q, 2, rows);
	r = run(s, STATEMENT_TRIM_OLD, err);
	return r < 0 ? r : sqlite3_changes(s->db);
}

static int trim_first(struct recorder_store *s, struct pale_err **err)
{
	int r;

	sqlite3_bind_int64(s->statements[STATEMENT_TRIM_FIRST], 1, TRIM_ROWS);
	r = run(s, STATEMENT_TRIM_FIRST, err);
	return r < 0 ? r : sqlite3_changes(s->db);
}

/* 1: containers went. */
static int trim_by_age(struct recorder_store *s, uint64_t now_ns, struct pale_err **err)
{
	const uint64_t age = s->bounds.days * DAY_NS, before = now_ns > age ? now_ns - age : 0;
	int r;

	if (now_ns >= s->trimmed_ns && now_ns - s->trimmed_ns < TRIM_EVERY_NS)
		return 0;
	r = trim_old(s, before, TRIM_ROWS, err);
	if (r < 0 || r == TRIM_ROWS) /* the rest with the next batch */
		return r < 0 ? r : 0;
	s->trimmed_ns = now_ns;
	r = run(s, STATEMENT_TRIM_CONTAINERS, err);
	return r < 0 ? r : sqlite3_changes(s->db) > 0;
}

/* Pages that are free are used again; only a bound that was lowered leaves too many of them. */
static int trim_by_size(struct recorder_store *s, struct pale_err **err)
{
	int64_t used = 0, all = 0;
	int r = count_pages(s, &used, &all, err);

	for (int i = 0; i < TRIMS && r >= 0 && used > pages_max(s); i++) {
		r = trim_first(s, err);
		if (r >= 0)
			r = count_pages(s, &used, &all, err);
	}
	if (r < 0 || all <= pages_max(s))
		return r;
	return sqlite3_exec(s->db, "PRAGMA incremental_vacuum(256)", NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : failed(s, "write", err);
}

int recorder_store_commit(struct recorder_store *s, uint64_t now_ns, struct pale_err **err)
{
	int r, gone;

	sqlite3_bind_int64(s->statements[STATEMENT_ALIVE], 1, (int64_t)now_ns);
	r = run(s, STATEMENT_ALIVE, err);
	if (r >= 0)
		r = trim_by_age(s, now_ns, err);
	gone = r;
	if (r >= 0)
		r = trim_by_size(s, err);
	if (r < 0)
		return r;
	return sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK
		       ? gone
		       : failed(s, "write", err);
}

bool recorder_store_is_gone(struct recorder_store *s)
{
	int moved = 0;

	return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	       moved;
}

uint64_t recorder_store_bytes(struct recorder_store *s)
{
	static const char *const logs[] = { "", "-wal" };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		struct stat st;

		name_file(&t, s->path, "", logs[i]);
		if (stat(text_str(&t), &st) == 0)
			sum += (uint64_t)st.st_size;
	}
	return sum;
}
