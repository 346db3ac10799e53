/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hits CONFIG: counts visits. `POST /hit/NAME` adds one to a counter and answers with it, `GET
 * /counts` lists all. The configuration, lines of a word and a value, says on which port it
 * listens, in which file it keeps the counts, and which counters there are.
 */
#include <ctype.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNTERS_MAX 64
#define NAME_SIZE    32
#define PATH_SIZE    256

static struct counter {
	char name[NAME_SIZE];
	unsigned long hits;
} counters[COUNTERS_MAX];
static size_t n_counters;

static unsigned long port;
static char counts[PATH_SIZE];

static struct counter *find(const char *name)
{
	for (size_t i = 0; i < n_counters; i++)
		if (!strcmp(counters[i].name, name))
			return &counters[i];
	return NULL;
}

static bool set(const char *word, const char *value)
{
	char *end;

	if (!strcmp(word, "port")) {
		port = strtoul(value, &end, 10);
		return !*end && port > 0 && port < 65536;
	}
	if (!strcmp(word, "counts"))
		return snprintf(counts, sizeof(counts), "%s", value) < (int)sizeof(counts);
	if (!strcmp(word, "counter") && n_counters < COUNTERS_MAX)
		return snprintf(counters[n_counters++].name, NAME_SIZE, "%s", value) < NAME_SIZE;
	return false;
}

static bool configure(const char *path)
{
	char line[512], word[16], value[PATH_SIZE], more;
	FILE *f = fopen(path, "re");
	int number = 0;
	bool ok = true;

	if (!f) {
		fprintf(stderr, "hits: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		ok = sscanf(line, "%15s %255s %c", word, value, &more) == 2 && set(word, value);
	}
	fclose(f);
	if (!ok)
		fprintf(stderr, "hits: %s:%d: what does this mean?\n", path, number);
	else if (!port || !*counts)
		fprintf(stderr, "hits: %s: port and counts must be there\n", path);
	return ok && port && *counts;
}

/* A file that is not there yet has no counts. */
static bool load(void)
{
	char name[NAME_SIZE];
	unsigned long hits;
	FILE *f = fopen(counts, "re");

	if (!f)
		return errno == ENOENT;
	while (fscanf(f, "%31s %lu", name, &hits) == 2) {
		struct counter *c = find(name);

		if (c)
			c->hits = hits;
	}
	return !fclose(f);
}

/* Whole, or as it was. */
static bool save(void)
{
	char new[PATH_SIZE + 4];
	FILE *f;
	bool ok;

	snprintf(new, sizeof(new), "%s.new", counts);
	f = fopen(new, "we");
	if (!f)
		return false;
	for (size_t i = 0; i < n_counters; i++)
		fprintf(f, "%s %lu\n", counters[i].name, counters[i].hits);
	ok = !fflush(f) && !fsync(fileno(f));
	return !fclose(f) && ok && !rename(new, counts);
}

static unsigned int hit(const char *name, char *text, size_t size)
{
	struct counter *c = find(name);

	if (!c)
		return MHD_HTTP_NOT_FOUND;
	c->hits++;
	if (!save()) {
		c->hits--;
		fprintf(stderr, "hits: %s: %s\n", counts, strerror(errno));
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	snprintf(text, size, "%lu\n", c->hits);
	return MHD_HTTP_OK;
}

static unsigned int list(char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < n_counters; i++)
		n += (size_t)snprintf(
			text + n, size - n, "%s %lu\n", counters[i].name, counters[i].hits);
	return MHD_HTTP_OK;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status, char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* What a client sent must not look like a line of its own. */
static void record(const char *method, const char *url, unsigned int status)
{
	char line[256];

	snprintf(line, sizeof(line), "%u %s %s", status, method, url);
	for (char *c = line; *c; c++)
		if (!isgraph((unsigned char)*c) && *c != ' ')
			*c = '?';
	puts(line);
}

/* Called by the one thread of libmicrohttpd, for the head of a request and for each part of its
 * body. */
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *body, size_t *size, void **request)
{
	static char text[COUNTERS_MAX * (NAME_SIZE + 24)];
	unsigned int status = MHD_HTTP_NOT_FOUND;

	(void)cls, (void)version, (void)body;
	if (!*request || *size) {
		*request = text;
		*size = 0;
		return MHD_YES;
	}
	*text = '\0';
	if (!strcmp(method, "POST") && !strncmp(url, "/hit/", 5))
		status = hit(url + 5, text, sizeof(text));
	else if (!strcmp(method, "GET") && !strcmp(url, "/counts"))
		status = list(text, sizeof(text));
	record(method, url, status);
	return respond(connection, status, text);
}

int main(int argc, char **argv)
{
	struct MHD_Daemon *server;
	sigset_t ends;
	int signo;

	if (argc != 2) {
		fprintf(stderr, "usage: hits CONFIG\n");
		return 2;
	}
	if (!configure(argv[1]))
		return 1;
	if (!load()) {
		fprintf(stderr, "hits: %s: %s\n", counts, strerror(errno));
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* Blocked in the server's thread, too, so that this one has them. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	server = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ERROR_LOG, (uint16_t)port,
		NULL, NULL, answer, NULL, MHD_OPTION_CONNECTION_LIMIT, 256u,
		MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (!server) {
		fprintf(stderr, "hits: port %lu: %s\n", port, strerror(errno));
		return 1;
	}
	printf("hits: on port %lu\n", port);
	sigwait(&ends, &signo);
	MHD_stop_daemon(server);
	return 0;
}
