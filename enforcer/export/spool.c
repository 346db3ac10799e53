/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/spool.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A record: how long it is, a checksum of that and of its bytes, and they. As the machine has its
 * numbers: nobody else reads it. */
struct head {
	uint32_t len;
	uint32_t sum;
};

#define RECORD_MAX ((uint32_t)32 << 20)
/* So many bytes wait for spool_flush(), at most. */
#define PENDING_MAX ((size_t)256 << 10)
#define SEGMENTS    16 /* a full spool has about so many */
#define READ_SIZE   ((size_t)256 << 10)

struct segment {
	uint64_t id;
	uint64_t size;
};

struct place {
	uint64_t segment; /* its id */
	uint64_t offset;
};

/* Two of these stand in the file, written in turn: one of them is whole, whenever it ends. */
struct cursor {
	uint64_t serial;
	uint64_t segment, offset;
	uint64_t untold;
	uint32_t sum;
	uint32_t unused;
};

struct spool {
	int dir, fd, cursor_fd; /* fd: of the last segment; -1: none is open */
	uint64_t cap, segment_max;
	struct segment *v; /* the oldest first */
	size_t n, n_allocated;
	uint64_t bytes;
	struct text pending; /* of the last segment */
	uint64_t n_pending;
	struct place confirmed, next; /* next: to be handed out */
	uint64_t records;	      /* not confirmed */
	/* Of these handed out: where each ends. */
	struct place *out;
	size_t n_out, out_allocated;
	uint64_t serial;
	struct spool_lost lost;
	/* What was read of a segment at once. */
	char *read;
	size_t read_len;
	struct place read_at;
	int read_fd;
	uint64_t read_id;
};

/* CRC-32, IEEE 802.3. */
static uint32_t sum_of(uint32_t sum, const void *bytes, size_t len)
{
	static uint32_t table[256];
	const unsigned char *s = bytes;

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? UINT32_C(0xedb88320) : 0);
		table[i] = c;
	}
	for (size_t i = 0; i < len; i++)
		sum = sum >> 8 ^ table[(sum ^ s[i]) & 0xff];
	return sum;
}

static uint32_t record_sum(uint32_t len, const void *bytes)
{
	return ~sum_of(sum_of(UINT32_MAX, &len, sizeof(len)), bytes, len);
}

static void name_of(uint64_t id, char ret[32])
{
	snprintf(ret, 32, "%016" PRIx64 ".spool", id);
}

static bool parse_name(const char *name, uint64_t *ret)
{
	char same[32];
	char *end;

	*ret = strtoull(name, &end, 16);
	name_of(*ret, same);
	return strcmp(same, name) == 0;
}

static void save_cursor(struct spool *s)
{
	struct cursor c = { .serial = ++s->serial,
		.segment = s->confirmed.segment,
		.offset = s->confirmed.offset,
		.untold = s->lost.untold };

	c.sum = ~sum_of(UINT32_MAX, &c, offsetof(struct cursor, sum));
	/* Its room was taken at the start. What it would have said is said by the next one. */
	if (pwrite(s->cursor_fd, &c, sizeof(c), (off_t)(s->serial % 2 * sizeof(c))) < 0)
		return;
}

static int load_cursor(struct spool *s, struct pale_err **err)
{
	struct cursor c[2] = { 0 };

	s->cursor_fd = openat(s->dir, "cursor", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->cursor_fd < 0)
		return pale_err_set(err, errno, "open its cursor");
	if (pread(s->cursor_fd, c, sizeof(c), 0) < 0)
		return pale_err_set(err, errno, "read its cursor");
	for (int i = 0; i < 2; i++) {
		if (c[i].sum != ~sum_of(UINT32_MAX, &c[i], offsetof(struct cursor, sum)) ||
			c[i].serial <= s->serial)
			continue;
		s->serial = c[i].serial;
		s->confirmed = (struct place){ c[i].segment, c[i].offset };
		s->lost.untold = c[i].untold;
	}
	/* Both take their room now, when there is some. */
	if (!s->serial && pwrite(s->cursor_fd, c, sizeof(c), 0) != (ssize_t)sizeof(c))
		return pale_err_set(err, errno, "write its cursor");
	return 0;
}

static void push_segment(struct spool *s, uint64_t id, uint64_t size)
{
	if (s->n == s->n_allocated) {
		s->n_allocated = s->n_allocated ? 2 * s->n_allocated : 8;
		s->v = reallocarray(s->v, s->n_allocated, sizeof(*s->v));
		if (!s->v)
			abort();
	}
	s->v[s->n++] = (struct segment){ id, size };
	s->bytes += size;
}

static int by_id(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int list_segments(struct spool *s, struct pale_err **err)
{
	_cleanup_closedir_ DIR *d = NULL;
	const struct dirent *e;
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return pale_err_set(err, errno, "list its segments");
	while ((e = readdir(d))) {
		struct stat st;
		uint64_t id;

		if (!parse_name(e->d_name, &id) ||
			fstatat(s->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		if (id < s->confirmed.segment)
			unlinkat(s->dir, e->d_name, 0);
		else
			push_segment(s, id, (uint64_t)st.st_size);
	}
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_id);
	return 0;
}

/* Fills what is read with what is at @at, at least @len bytes, and none behind the segment's @size:
 * what is there may be a record's that is about to be overwritten. */
static bool read_at(struct spool *s, struct place at, uint64_t size, size_t len)
{
	size_t want = len > READ_SIZE ? len : READ_SIZE;
	char name[32];
	ssize_t n;

	if (s->read_at.segment == at.segment && s->read_len && at.offset >= s->read_at.offset &&
		at.offset + len <= s->read_at.offset + s->read_len)
		return true;
	if (s->read_fd < 0 || s->read_id != at.segment) {
		closep(&s->read_fd);
		name_of(at.segment, name);
		s->read_fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		s->read_id = at.segment;
	}
	want = want < size - at.offset ? want : (size_t)(size - at.offset);
	s->read = realloc(s->read, want);
	if (!s->read)
		abort();
	n = s->read_fd < 0 ? -1 : pread(s->read_fd, s->read, want, (off_t)at.offset);
	s->read_at = at;
	s->read_len = n < 0 ? 0 : (size_t)n;
	return s->read_len >= len;
}

/* FOUND_PART: the segment ends within a record. */
enum found { FOUND_RECORD, FOUND_END, FOUND_PART, FOUND_DAMAGE };

/* What is at @at in a segment of @size bytes. */
static enum found look(
	struct spool *s, struct place at, uint64_t size, const char **ret, uint32_t *ret_len)
{
	struct head h;

	if (at.offset == size)
		return FOUND_END;
	if (at.offset + sizeof(h) > size)
		return FOUND_PART;
	if (!read_at(s, at, size, sizeof(h)))
		return FOUND_DAMAGE;
	memcpy(&h, s->read + (at.offset - s->read_at.offset), sizeof(h));
	if (h.len > RECORD_MAX)
		return FOUND_DAMAGE;
	if (at.offset + sizeof(h) + h.len > size)
		return FOUND_PART;
	if (!read_at(s, at, size, sizeof(h) + h.len))
		return FOUND_DAMAGE;
	*ret = s->read + (at.offset - s->read_at.offset) + sizeof(h);
	*ret_len = h.len;
	return record_sum(h.len, *ret) == h.sum ? FOUND_RECORD : FOUND_DAMAGE;
}

/* Where a damaged segment's records end, it ends. A part of one at the very end was being written
 * when the process was killed: nobody was told that it is there. */
static void scan(struct spool *s, size_t i, uint64_t from)
{
	struct segment *g = &s->v[i];
	struct place at = { g->id, from };
	enum found found;
	const char *bytes;
	uint32_t len;

	while ((found = look(s, at, g->size, &bytes, &len)) == FOUND_RECORD) {
		at.offset += sizeof(struct head) + len;
		s->records++;
	}
	if (found == FOUND_DAMAGE || (found == FOUND_PART && i + 1 < s->n))
		s->lost.damaged++;
	s->bytes -= g->size - at.offset;
	g->size = at.offset;
}

/* What follows a part of a record would be lost with it. */
static int open_last(struct spool *s)
{
	const struct segment *g = &s->v[s->n - 1];
	char name[32];
	int r = 0;

	name_of(g->id, name);
	closep(&s->fd);
	s->fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return -errno;
	if (ftruncate(s->fd, (off_t)g->size) < 0) {
		r = -errno;
		close(TAKE_FD(s->fd));
	}
	return r;
}

static int recover(struct spool *s, struct pale_err **err)
{
	int r = load_cursor(s, err);

	if (r == 0)
		r = list_segments(s, err);
	if (r < 0)
		return r;
	if (!s->n)
		push_segment(s, s->confirmed.segment + 1, 0);
	if (s->v[0].id != s->confirmed.segment)
		s->confirmed = (struct place){ s->v[0].id, 0 };
	if (s->confirmed.offset > s->v[0].size)
		s->confirmed.offset = s->v[0].size;
	for (size_t i = 0; i < s->n; i++)
		scan(s, i, i ? 0 : s->confirmed.offset);
	s->next = s->confirmed;
	/* What was read of the end that is cut off now. */
	s->read_len = 0;
	r = open_last(s);
	return r < 0 ? pale_err_set(err, -r, "open its last segment") : 0;
}

int spool_open(const char *dir, uint64_t cap, struct spool **ret, struct pale_err **err)
{
	struct spool *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		abort();
	s->fd = s->cursor_fd = s->read_fd = -1;
	s->cap = cap;
	s->segment_max = cap / SEGMENTS;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		r = pale_err_set(err, errno, "make %s", dir);
	s->dir = r < 0 ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r == 0 && s->dir < 0)
		r = pale_err_set(err, errno, "open %s", dir);
	if (r == 0 && (r = recover(s, err)) < 0)
		r = pale_err_wrap(err, "spool %s", dir);
	if (r < 0) {
		spool_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->n_pending)
		spool_flush(s);
	closep(&s->fd);
	closep(&s->cursor_fd);
	closep(&s->read_fd);
	closep(&s->dir);
	text_release(&s->pending);
	free(s->read);
	free(s->out);
	free(s->v);
	free(s);
}

/* Counted, and kept for the next start. */
static void lose(struct spool *s, uint64_t *counter, uint64_t n)
{
	*counter += n;
	s->lost.untold += n;
	save_cursor(s);
}

static bool begin_segment(struct spool *s)
{
	push_segment(s, s->v[s->n - 1].id + 1, 0);
	return open_last(s) == 0;
}

/* All of it or nothing: a part might end within a record. */
static bool write_records(struct spool *s, const struct text *t, uint64_t n)
{
	struct segment *g = &s->v[s->n - 1];

	if (s->fd < 0)
		open_last(s);
	if (s->fd < 0)
		return false;
	if (write_all(s->fd, t->s, t->len) < 0) {
		if (ftruncate(s->fd, (off_t)g->size) < 0)
			close(TAKE_FD(s->fd));
		return false;
	}
	g->size += t->len;
	s->bytes += t->len;
	s->records += n;
	return true;
}

void spool_flush(struct spool *s)
{
	if (s->n_pending && !write_records(s, &s->pending, s->n_pending))
		lose(s, &s->lost.failed, s->n_pending);
	text_clear(&s->pending);
	s->n_pending = 0;
}

static bool has_room(const struct spool *s, size_t len)
{
	return len <= RECORD_MAX && s->bytes + s->pending.len + sizeof(struct head) + len <= s->cap;
}

static void put_record(struct text *t, const char *bytes, size_t len)
{
	struct head h = { (uint32_t)len, record_sum((uint32_t)len, bytes) };

	text_add(t, &h, sizeof(h));
	text_add(t, bytes, len);
}

/* Where the last segment is full. */
static void next_segment(struct spool *s)
{
	if (s->v[s->n - 1].size + s->pending.len <= s->segment_max)
		return;
	spool_flush(s);
	if (s->v[s->n - 1].size)
		begin_segment(s);
}

bool spool_append(struct spool *s, const char *bytes, size_t len)
{
	if (!has_room(s, len)) {
		lose(s, &s->lost.full, 1);
		return false;
	}
	next_segment(s);
	put_record(&s->pending, bytes, len);
	s->n_pending++;
	if (s->pending.len > PENDING_MAX)
		spool_flush(s);
	return true;
}

bool spool_append_now(struct spool *s, const char *bytes, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	spool_flush(s);
	if (!has_room(s, len))
		return false;
	next_segment(s);
	put_record(&t, bytes, len);
	return write_records(s, &t, 1);
}

/* The segment of this id, or the first behind it. */
static size_t segment_at(const struct spool *s, uint64_t id)
{
	size_t i = 0;

	while (i + 1 < s->n && s->v[i].id < id)
		i++;
	return i;
}

/* What cannot be read back ends its segment: how many records that were is found out at the end. */
static void cut_off(struct spool *s, size_t i, uint64_t offset)
{
	s->lost.damaged++;
	s->bytes -= s->v[i].size - offset;
	s->v[i].size = offset;
	if (i + 1 == s->n)
		begin_segment(s);
}

static bool step(struct spool *s, const char **ret, uint32_t *ret_len)
{
	for (;;) {
		size_t i = segment_at(s, s->next.segment);
		enum found found;

		if (s->v[i].id != s->next.segment)
			s->next = (struct place){ s->v[i].id, 0 };
		found = look(s, s->next, s->v[i].size, ret, ret_len);
		if (found == FOUND_RECORD) {
			s->next.offset += sizeof(struct head) + *ret_len;
			return true;
		}
		if (found != FOUND_END)
			cut_off(s, i, s->next.offset);
		if (i + 1 >= s->n)
			return false;
		s->next = (struct place){ s->v[i + 1].id, 0 };
	}
}

static void push_out(struct spool *s)
{
	if (s->n_out == s->out_allocated) {
		s->out_allocated = s->out_allocated ? 2 * s->out_allocated : 64;
		s->out = reallocarray(s->out, s->out_allocated, sizeof(*s->out));
		if (!s->out)
			abort();
	}
	s->out[s->n_out++] = s->next;
}

bool spool_next(struct spool *s, struct text *ret)
{
	const char *bytes;
	uint32_t len;

	spool_flush(s);
	if (!step(s, &bytes, &len)) {
		uint64_t gone = s->records - s->n_out;

		/* Of what is damaged nothing more will come. */
		s->records -= gone;
		if (gone)
			lose(s, &s->lost.failed, gone);
		return false;
	}
	text_add(ret, bytes, len);
	push_out(s);
	return true;
}

static void remove_confirmed(struct spool *s)
{
	size_t gone = 0;

	while (gone + 1 < s->n && s->v[gone].id < s->confirmed.segment) {
		char name[32];

		name_of(s->v[gone].id, name);
		unlinkat(s->dir, name, 0);
		s->bytes -= s->v[gone].size;
		gone++;
	}
	if (!gone)
		return;
	s->n -= gone;
	memmove(s->v, s->v + gone, s->n * sizeof(*s->v));
}

void spool_confirm(struct spool *s, uint64_t n)
{
	if (n > s->n_out)
		abort();
	if (!n)
		return;
	s->confirmed = s->out[n - 1];
	s->n_out -= n;
	memmove(s->out, s->out + n, s->n_out * sizeof(*s->out));
	s->records -= n;
	/* Behind all that there is: the next one begins a segment, and this one goes. */
	if (!s->records && !s->n_pending && s->v[s->n - 1].size > s->segment_max / 2 &&
		begin_segment(s))
		s->confirmed = s->next = (struct place){ s->v[s->n - 1].id, 0 };
	save_cursor(s);
	remove_confirmed(s);
}

void spool_rewind(struct spool *s)
{
	s->next = s->confirmed;
	s->n_out = 0;
}

uint64_t spool_records(const struct spool *s)
{
	return s->records + s->n_pending;
}

uint64_t spool_bytes(const struct spool *s)
{
	return s->bytes + s->pending.len;
}

const struct spool_lost *spool_lost(const struct spool *s)
{
	return &s->lost;
}

void spool_add_untold(struct spool *s, uint64_t n)
{
	s->lost.untold += n;
	save_cursor(s);
}

void spool_told(struct spool *s, uint64_t n)
{
	s->lost.untold -= n;
	save_cursor(s);
}
