/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/seen.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/base/text.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The file is written anew when it holds so much that is too old. */
#define COMPACT_BYTES ((off_t)1 << 20)

/* Of what is no event, but when the file was made. */
#define BEGINNING 0

/* How many of a hash are still to come again. */
struct expected {
	uint64_t hash;
	uint32_t n;
	bool used;
};

struct events {
	struct seen_event *v;
	size_t n, cap;
};

struct seen {
	char *path;
	int fd;
	off_t size, compacted; /* now, and when it was last written anew */
	uint64_t slack_ns;
	struct events had;	 /* in the order of their coming */
	struct events passed_on; /* those of them that the file is to have */
	uint64_t last_ns;	 /* time of the last one, or when there was none yet */
	struct expected *expected;
	size_t expected_cap; /* a power of two, or 0 */
};

static void push(struct events *e, const struct seen_event *v)
{
	if (e->n == e->cap) {
		e->cap = e->cap ? 2 * e->cap : 256;
		e->v = reallocarray(e->v, e->cap, sizeof(*e->v));
		if (!e->v)
			abort();
	}
	e->v[e->n++] = *v;
}

/* Half of what there may be is dropped at once, so that this is rare. */
static void bound(struct events *e)
{
	size_t drop = e->n / 2;

	if (e->n < SEEN_MAX)
		return;
	e->n -= drop;
	memmove(e->v, e->v + drop, e->n * sizeof(*e->v));
}

static void drop_older(struct events *e, uint64_t than_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (e->v[i].time_ns >= than_ns)
			e->v[kept++] = e->v[i];
	}
	e->n = kept;
}

struct seen_event seen_event_of(const char *line, size_t len, uint64_t time_ns)
{
	struct seen_event e = { .time_ns = time_ns };
	uint8_t digest[32];

	/* A container may choose its lines: a hash for which it can find two would hide one. */
	sha256(line, len, digest);
	memcpy(&e.hash, digest, sizeof(e.hash));
	return e;
}

static int load(struct seen *s, struct pale_err **err)
{
	struct stat st;
	struct seen_event v[1024];
	ssize_t n;

	if (fstat(s->fd, &st) < 0)
		return pale_err_set(err, errno, "%s", s->path);
	/* A record that a crash cut short. */
	s->size = st.st_size - st.st_size % (off_t)sizeof(*v);
	if (ftruncate(s->fd, s->size) < 0)
		return pale_err_set(err, errno, "shorten %s", s->path);
	for (off_t at = 0; at < s->size; at += n) {
		n = pread(s->fd, v, sizeof(v), at);
		n -= n > 0 ? n % (ssize_t)sizeof(*v) : 0;
		if (n <= 0)
			return pale_err_set(err, n < 0 ? errno : EIO, "read %s", s->path);
		for (size_t i = 0; i < (size_t)n / sizeof(*v); i++) {
			push(&s->had, &v[i]);
			push(&s->passed_on, &v[i]);
			s->last_ns = v[i].time_ns;
			bound(&s->had);
			bound(&s->passed_on);
		}
	}
	return 0;
}

static int begin(struct seen *s, uint64_t now_ns, struct pale_err **err)
{
	struct seen_event start = { .time_ns = now_ns, .hash = BEGINNING };
	int r;

	if (s->size)
		return 0;
	s->last_ns = now_ns;
	r = s->path ? write_all(s->fd, &start, sizeof(start)) : 0;
	if (r < 0)
		return pale_err_set(err, -r, "write %s", s->path);
	s->size = sizeof(start);
	push(&s->had, &start);
	push(&s->passed_on, &start);
	return 0;
}

int seen_open(const char *path, uint64_t window_ns, uint64_t now_ns, struct seen **ret,
	struct pale_err **err)
{
	struct seen *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		abort();
	s->path = path ? strdup(path) : NULL;
	s->fd = -1;
	/* Of what is held the oldest came a window before the newest, and as much may be between
	 * their times. */
	s->slack_ns = SEEN_SLACK_NS + 2 * window_ns;
	if (path) {
		s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (s->fd < 0)
			r = pale_err_set(err, errno, "open %s", path);
		if (r == 0)
			r = load(s, err);
	}
	if (r == 0)
		r = begin(s, now_ns, err);
	if (r < 0) {
		seen_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	closep(&s->fd);
	free(s->path);
	free(s->had.v);
	free(s->passed_on.v);
	free(s->expected);
	free(s);
}

static struct expected *slot_of(const struct seen *s, uint64_t hash)
{
	size_t i = hash & (s->expected_cap - 1);

	while (s->expected[i].used && s->expected[i].hash != hash)
		i = (i + 1) & (s->expected_cap - 1);
	return &s->expected[i];
}

static void expect_all(struct seen *s)
{
	free(s->expected);
	s->expected_cap = 16;
	while (s->expected_cap < 2 * s->had.n)
		s->expected_cap *= 2;
	s->expected = calloc(s->expected_cap, sizeof(*s->expected));
	if (!s->expected)
		abort();
	for (size_t i = 0; i < s->had.n; i++) {
		struct expected *e = slot_of(s, s->had.v[i].hash);

		e->used = true;
		e->hash = s->had.v[i].hash;
		e->n++;
	}
}

uint64_t seen_ask_again(struct seen *s, uint64_t now_ns, size_t *expected)
{
	/* A clock that was ahead would keep all that comes from being asked for. */
	uint64_t from = s->last_ns < now_ns ? s->last_ns : now_ns;

	from = from > s->slack_ns ? from - s->slack_ns : 0;
	/* The request has milliseconds. */
	from -= from % 1000000;
	drop_older(&s->had, from);
	expect_all(s);
	*expected = 0;
	for (size_t i = 0; i < s->had.n; i++)
		*expected += s->had.v[i].hash != BEGINNING;
	return from / 1000000;
}

bool seen_take(struct seen *s, const struct seen_event *e)
{
	struct expected *again = s->expected_cap ? slot_of(s, e->hash) : NULL;

	if (again && again->used && again->n) {
		again->n--;
		return false;
	}
	push(&s->had, e);
	s->last_ns = e->time_ns;
	if (s->had.n >= SEEN_MAX) {
		drop_older(&s->had, e->time_ns > s->slack_ns ? e->time_ns - s->slack_ns : 0);
		bound(&s->had);
	}
	return true;
}

uint64_t seen_latest(const struct seen *s, struct seen_event *v, size_t max, size_t *n)
{
	uint64_t from = s->last_ns > s->slack_ns ? s->last_ns - s->slack_ns : 0;
	size_t kept = 0;

	for (size_t i = s->had.n; i > 0 && kept < max; i--) {
		const struct seen_event *e = &s->had.v[i - 1];

		if (e->time_ns >= from && e->hash != BEGINNING)
			v[max - ++kept] = *e;
	}
	memmove(v, v + max - kept, kept * sizeof(*v));
	*n = kept;
	return s->last_ns;
}

void seen_had(struct seen *s, const struct seen_event *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		push(&s->had, &v[i]);
}

/* What the next start needs no more is left away. */
static bool compact(struct seen *s)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_close_ int fd = -1;
	size_t bytes = s->passed_on.n * sizeof(*s->passed_on.v);

	text_printf(&path, "%s.new", s->path);
	fd = open(text_str(&path), O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0 || write_all(fd, s->passed_on.v, bytes) < 0 ||
		rename(text_str(&path), s->path) < 0)
		return false;
	close(s->fd);
	s->fd = TAKE_FD(fd);
	s->size = (off_t)bytes;
	return true;
}

/* No half record may stay before the next one. */
static bool append(struct seen *s, const void *bytes, size_t len)
{
	if (write_all(s->fd, bytes, len) < 0) {
		if (ftruncate(s->fd, s->size) < 0)
			s->size = lseek(s->fd, 0, SEEK_END);
		return false;
	}
	s->size += (off_t)len;
	return true;
}

bool seen_passed_on(struct seen *s, const struct seen_event *v, size_t n)
{
	uint64_t newest;

	if (!n || !s->path)
		return true;
	for (size_t i = 0; i < n; i++)
		push(&s->passed_on, &v[i]);
	bound(&s->passed_on);
	if (!append(s, v, n * sizeof(*v)))
		return false;
	if (s->size < COMPACT_BYTES + 2 * s->compacted)
		return true;
	newest = v[n - 1].time_ns;
	drop_older(&s->passed_on, newest > s->slack_ns ? newest - s->slack_ns : 0);
	if (!compact(s))
		return false;
	s->compacted = s->size;
	return true;
}
