/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_RANGE_ACTION_H
#define PALE_TESTS_RANGE_ACTION_H

/*
 * What the actions of the range have in common. An action is one thing that an attacker has a
 * process do, and its twin the like that an honest one does. Both return 0, or the errno of what
 * did not work. Whether an attack had its effect is not asked of its status: what it gained it
 * says on standard output, and the rest the runner looks at from outside.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct action {
	const char *name;
	int (*attack)(char **args), (*twin)(char **args);
};

/* Each table ends with an empty row. */
extern const struct action escape_actions[], kernel_actions[], program_actions[], task_actions[],
	file_actions[], network_actions[], resource_actions[];

/* Where the service keeps its files, in every engine. */
#define DATA "/srv/app/data"
/* Its database: the only address that it has to reach. */
#define DATABASE      "10.0.5.1"
#define DATABASE_PORT 5432

/* A line on standard output. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	strcat(line, "\n");
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(253);
}

static inline int result(long r)
{
	return r < 0 ? errno : 0;
}

/* The status of a child as an action's result: 128 and the signal's number. */
static inline int result_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Says what is in the file. */
static inline int show_fd(int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0 || write(STDOUT_FILENO, buf, (size_t)n) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
		return errno;
	return 0;
}

static inline int show_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return errno;
	r = show_fd(fd);
	close(fd);
	return r;
}

static inline int write_file(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0755);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = write(fd, text, strlen(text));
	if (close(fd) < 0 || n < 0)
		return errno;
	return 0;
}

/* Connected to it, or -1 and errno. */
int connect_to(const char *address, int port);
/* Connects, says hello and closes. */
int greet(const char *address, int port);

/* Of the service itself: reads a file of its own. */
int read_own(char **args);
/* Writes one. */
int write_own(char **args);

#endif
