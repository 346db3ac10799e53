/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/proc.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX 65536

int proc_read(pid_t pid, const char *file, struct text *ret)
{
	char path[64], buffer[4096];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0)
			return -errno;
		text_add(ret, buffer, (size_t)n);
		if (ret->len > BYTES_MAX)
			break;
	}
	return 0;
}

char *proc_link(pid_t pid, const char *name)
{
	char path[64], buffer[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, buffer, sizeof(buffer));
	return n < 0 ? NULL : strndup(buffer, (size_t)n);
}

/* The fields behind the command's name, which may hold anything: from the third on. */
static int read_stat(pid_t pid, struct text *t, const char **ret)
{
	int r = proc_read(pid, "stat", t);
	const char *end;

	if (r < 0)
		return r;
	end = strrchr(text_str(t), ')');
	if (!end || end[1] != ' ')
		return -EBADMSG;
	*ret = end + 2;
	return 0;
}

/* Field @n as proc_pid_stat(5) counts, from the third on. */
static int stat_field(pid_t pid, int n, uint64_t *ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *s;
	int r = read_stat(pid, &t, &s);

	if (r < 0)
		return r;
	for (n -= 3; s && n; n--) {
		s = strchr(s, ' ');
		s = s ? s + 1 : NULL;
	}
	if (!s)
		return -EBADMSG;
	*ret = strtoull(s, NULL, 10);
	return 0;
}

int proc_start_time(pid_t pid, uint64_t *ret)
{
	return stat_field(pid, 22, ret);
}

int proc_parent(pid_t pid, pid_t *ret)
{
	uint64_t parent;
	int r = stat_field(pid, 4, &parent);

	if (r >= 0)
		*ret = (pid_t)parent;
	return r;
}

/* What is behind "NAME:" in /proc/PID/status. */
static int status_field(pid_t pid, const char *name, struct text *t, const char **ret)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	int r = proc_read(pid, "status", t);
	const char *line;

	if (r < 0)
		return r;
	text_printf(&key, "\n%s:", name);
	line = strstr(text_str(t), text_str(&key));
	if (!line)
		return -EBADMSG;
	*ret = line + key.len;
	return 0;
}

int proc_status_number(pid_t pid, const char *name, int base, uint64_t *ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *s;
	int r = status_field(pid, name, &t, &s);

	if (r >= 0)
		*ret = strtoull(s, NULL, base);
	return r;
}

int proc_inner_pid(pid_t pid, pid_t *ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *line, *last;
	int r = status_field(pid, "NSpid", &t, &line);

	if (r < 0)
		return r;
	last = line;
	for (const char *s = line; *s && *s != '\n'; s++) {
		if (*s == '\t')
			last = s + 1;
	}
	*ret = (pid_t)strtol(last, NULL, 10);
	return 0;
}
