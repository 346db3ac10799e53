/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages: serves the files of a folder by HTTP/1.0 on port 8080, and keeps a log. It is the
 * tutorial's service, and has a fault that such programs have had: what a request names may begin
 * with "../", and lead out of the folder.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/srv/pages/www"
#define LOG    "/srv/pages/log"
#define PORT   8080

static void answer(int client, FILE *log)
{
	char request[PATH_MAX] = "", name[PATH_MAX] = "", path[2 * PATH_MAX];
	struct stat st;
	int file;

	if (read(client, request, sizeof(request) - 1) <= 0 ||
		sscanf(request, "GET /%4095s", name) != 1)
		return;
	snprintf(path, sizeof(path), FOLDER "/%s", name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	fprintf(log, "%s %s\n", file < 0 ? "404" : "200", name);
	if (file < 0 || fstat(file, &st) < 0) {
		dprintf(client, "HTTP/1.0 404 Not Found\r\n\r\nnot found\n");
	} else {
		dprintf(client, "HTTP/1.0 200 OK\r\n\r\n");
		sendfile(client, file, NULL, (size_t)st.st_size);
	}
	if (file >= 0)
		close(file);
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	FILE *log = fopen(LOG, "ae");

	if (!log)
		err(1, LOG);
	setvbuf(log, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(s, 16) < 0)
		err(1, "port %d", PORT);
	for (;;) {
		int client = accept(s, NULL, NULL);

		if (client < 0)
			continue;
		answer(client, log);
		close(client);
	}
}
