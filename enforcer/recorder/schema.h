/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_SCHEMA_H
#define PALE_RECORDER_SCHEMA_H

/*
 * The tables, for the writer and for readers. Whoever changes them raises RECORDER_VERSION: a
 * database of another version is set aside.
 *
 * Times are nanoseconds: entry.time, container.since and container.last, when an entry of it was
 * written last, to the minute, since 1970, start and parent_start since
 * boot. kind is enum recorder_kind.
 */
#define RECORDER_SCHEMA                                                                            \
	"CREATE TABLE container (row INTEGER PRIMARY KEY, id TEXT NOT NULL, "                      \
	"since INTEGER NOT NULL, names TEXT NOT NULL, last INTEGER NOT NULL, UNIQUE (id, since)) " \
	"STRICT;"                                                                                  \
	"CREATE TABLE entry (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT "    \
	"NULL, container INTEGER, pid INTEGER, inner_pid INTEGER, start INTEGER, parent INTEGER, " \
	"parent_inner INTEGER, parent_start INTEGER, uid INTEGER, status INTEGER, flags INTEGER, " \
	"family INTEGER, protocol INTEGER, port INTEGER, address BLOB, filename BLOB, executable " \
	"BLOB, arguments BLOB, event BLOB) STRICT;"                                                \
	"CREATE INDEX entry_time ON entry (time);"                                                 \
	"CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), alive INTEGER NOT NULL) "    \
	"STRICT;"                                                                                  \
	"INSERT INTO state VALUES (1, 0);"

/* Those of an entry, in the order that they are written and read in. */
#define RECORDER_COLUMNS                                                                           \
	"time, kind, container, pid, inner_pid, start, parent, parent_inner, parent_start, uid, "  \
	"status, flags, family, protocol, port, address, filename, executable, arguments, event"

enum recorder_column {
	COLUMN_TIME,
	COLUMN_KIND,
	COLUMN_CONTAINER,
	COLUMN_PID,
	COLUMN_INNER_PID,
	COLUMN_START,
	COLUMN_PARENT,
	COLUMN_PARENT_INNER,
	COLUMN_PARENT_START,
	COLUMN_UID,
	COLUMN_STATUS,
	COLUMN_FLAGS,
	COLUMN_FAMILY,
	COLUMN_PROTOCOL,
	COLUMN_PORT,
	COLUMN_ADDRESS,
	COLUMN_FILENAME,
	COLUMN_EXECUTABLE,
	COLUMN_ARGUMENTS,
	COLUMN_EVENT,
	COLUMNS,
};

#endif
