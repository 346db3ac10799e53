/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_latency LOG ID…: follows paled's log of events until its standard input ends. For each
 * container it prints how many violations of it were written meanwhile, how many events its lines
 * count as lost, and milliseconds from an event's time to its line in the file: median, 99th
 * percentile, longest.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/daemon/event_log.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct watched {
	const char *id;
	char mark[300]; /* how its lines have it */
	double *latency;
	size_t n, cap;
	unsigned long long lost;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* "2026-11-26T13:10:43.000000001Z" */
static double time_of(const char *s)
{
	struct tm tm = { 0 };
	const char *rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	return rest ? (double)timegm(&tm) + strtod(rest, NULL) : 0;
}

/* What stands behind the member's name, on this line; NULL. Texts hold no such quotes unescaped. */
static const char *member(const char *line, size_t len, const char *name)
{
	const char *at = memmem(line, len, name, strlen(name));

	return at ? at + strlen(name) : NULL;
}

/* Read without a parser, which would take longer than paled does to write it. */
static void take(struct watched *w, const char *line, size_t len, double seen)
{
	const char *time = member(line, len, "{\"time\":\""),
		   *lost = member(line, len, ",\"lost\":"),
		   *events = member(line, len, "\"kind\":\"throttled\"")
				     ? member(line, len, ",\"events\":")
				     : NULL;

	w->lost += lost ? strtoull(lost, NULL, 10) : 0;
	w->lost += events ? strtoull(events, NULL, 10) : 0;
	if (!time || !member(line, len, ",\"kind\":\"violation\""))
		return;
	if (w->n == w->cap) {
		w->cap = 2 * w->cap + 1024;
		w->latency = realloc(w->latency, w->cap * sizeof(*w->latency));
		if (!w->latency)
			abort();
	}
	w->latency[w->n++] = 1e3 * (seen - time_of(time));
}

struct follower {
	const char *path;
	int fd;
	char *bytes;
	size_t len, cap;
};

/* false: there is no more now. */
static bool read_more(struct follower *f)
{
	ssize_t n;

	if (f->cap - f->len < 1 << 16) {
		f->cap = 2 * f->cap + (1 << 20);
		f->bytes = realloc(f->bytes, f->cap);
		if (!f->bytes)
			abort();
	}
	n = read(f->fd, f->bytes + f->len, f->cap - f->len);
	if (n > 0)
		f->len += (size_t)n;
	return n > 0;
}

/* It was renamed, maybe more than once: the one that came next. Renamed meanwhile it is missed, and
 * found the next time. */
static bool reopen(struct follower *f)
{
	struct stat mine, st;

	if (fstat(f->fd, &mine) < 0)
		return false;
	for (int i = 1; i < EVENT_LOG_FILES; i++) {
		char name[4096];
		int next;

		snprintf(name, sizeof(name), "%s.%d", f->path, i);
		if (stat(name, &st) < 0 || st.st_ino != mine.st_ino)
			continue;
		snprintf(name, sizeof(name), i > 1 ? "%s.%d" : "%s", f->path, i - 1);
		next = open(name, O_RDONLY | O_CLOEXEC);
		if (next < 0 || fstat(next, &st) < 0 || st.st_ino == mine.st_ino) {
			closep(&next);
			return false;
		}
		close(f->fd);
		f->fd = next;
		return true;
	}
	return false;
}

static void take_lines(struct follower *f, struct watched *w, int n, double seen)
{
	char *at = f->bytes, *end;

	while ((end = memchr(at, '\n', f->len - (size_t)(at - f->bytes)))) {
		for (int i = 0; i < n; i++) {
			if (memmem(at, (size_t)(end - at), w[i].mark, strlen(w[i].mark)))
				take(&w[i], at, (size_t)(end - at), seen);
		}
		at = end + 1;
	}
	f->len -= (size_t)(at - f->bytes);
	memmove(f->bytes, at, f->len);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(struct watched *w)
{
	if (!w->n) {
		printf("%s 0 %llu - - -\n", w->id, w->lost);
		return;
	}
	qsort(w->latency, w->n, sizeof(*w->latency), by_size);
	printf("%s %zu %llu %.2f %.2f %.2f\n", w->id, w->n, w->lost, w->latency[w->n / 2],
		w->latency[w->n * 99 / 100], w->latency[w->n - 1]);
}

int main(int argc, char **argv)
{
	struct follower f = { .path = argc > 1 ? argv[1] : "", .fd = -1 };
	int n = argc - 2, changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct watched *w = calloc((size_t)(argc > 2 ? n : 1), sizeof(*w));
	/* It is renamed when it is full, and what comes is in another one of that name. */
	const char *slash = strrchr(f.path, '/');
	_cleanup_free_ char *folder =
		slash ? strndup(f.path, (size_t)(slash - f.path)) : strdup(".");
	struct pollfd p[] = { { .fd = changes, .events = POLLIN }, { .events = POLLIN } };

	if (n < 1 || !w || inotify_add_watch(changes, folder, IN_MODIFY | IN_CREATE) < 0)
		return 2;
	for (int i = 0; i < n; i++) {
		w[i].id = argv[i + 2];
		snprintf(w[i].mark, sizeof(w[i].mark), "\"container\":{\"id\":\"%s\"", w[i].id);
	}
	f.fd = open(f.path, O_RDONLY | O_CLOEXEC);
	lseek(f.fd, 0, SEEK_END);
	puts("ready");
	fflush(stdout);
	while (!(p[1].revents & (POLLIN | POLLHUP))) {
		char drained[4096];
		bool more = read_more(&f);

		if (more)
			take_lines(&f, w, n, now());
		else
			more = reopen(&f);
		poll(p, 2, more ? 0 : 100);
		while (read(changes, drained, sizeof(drained)) > 0)
			;
	}
	while (read_more(&f))
		take_lines(&f, w, n, now());
	for (int i = 0; i < n; i++)
		print(&w[i]);
	return 0;
}
