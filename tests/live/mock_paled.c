/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mock of paled's register socket, for tests of pale-runtime alone: it answers from files and
 * writes down what it was asked. It confines nobody.
 *
 *	mock_paled DIR ANSWERS LOG
 *
 * listens on DIR/register. The answer to METHOD is the file ANSWERS/METHOD.json, as it is when the
 * question comes; without one, that there is no such container. An empty file: no answer, and the
 * connection is closed. Each request is a line of LOG.
 */
#include "compiler/base/cleanup.h"

#include <err.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char none[] = "{\"version\":1,\"ok\":false,\"errno\":\"ENOENT\",\"error\":\"no such "
			   "container\"}";

static void log_line(const char *path, const char *line)
{
	FILE *f = fopen(path, "a");

	if (!f)
		err(1, "%s", path);
	fprintf(f, "%s\n", line);
	fclose(f);
}

/* The answer's file as one line, an empty string for "none at all". */
static char *answer_to(const char *answers, const json_t *request)
{
	const char *method = json_string_value(json_object_get(request, "method"));
	json_t *v;
	char path[4096], *s;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.json", answers, method ? method : "");
	f = fopen(path, "r");
	if (!f)
		return strdup(none);
	if (fgetc(f) == EOF) {
		fclose(f);
		return strdup("");
	}
	rewind(f);
	v = json_loadf(f, 0, NULL);
	fclose(f);
	if (!v)
		errx(1, "%s: no JSON", path);
	s = json_dumps(v, JSON_COMPACT);
	json_decref(v);
	return s;
}

/* One connection: as many requests as come. */
static void serve(FILE *connection, const char *answers, const char *log)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, connection) > 0) {
		_cleanup_free_ char *answer = NULL;
		json_t *request;

		line[strcspn(line, "\n")] = '\0';
		request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		if (!request)
			errx(1, "a request is no JSON: %s", line);
		log_line(log, line);
		answer = answer_to(answers, request);
		json_decref(request);
		if (!*answer)
			return;
		fseek(connection, 0, SEEK_CUR);
		fprintf(connection, "%s\n", answer);
		fflush(connection);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 4)
		errx(2, "usage: mock_paled DIR ANSWERS LOG");
	/* Who forgets a container does not stay for the answer. */
	signal(SIGPIPE, SIG_IGN);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/register", argv[1]);
	unlink(at.sun_path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 16) < 0)
		err(1, "%s", at.sun_path);
	for (;;) {
		int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		_cleanup_fclose_ FILE *f = c < 0 ? NULL : fdopen(c, "r+");

		if (!f)
			err(1, "accept");
		serve(f, argv[2], argv[3]);
	}
}
