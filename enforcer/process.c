/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/process.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void process_free(struct process *p)
{
	if (!p)
		return;
	if (p->proc_fd >= 0)
		close(p->proc_fd);
	free(p->executable);
	free(p->parent_executable);
	free(p);
}

void process_freep(struct process **p)
{
	process_free(*p);
}

static char *read_link(int fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, name, target, sizeof(target) - 1);
	char *s;

	target[n < 0 ? 0 : n] = '\0';
	s = strdup(target);
	if (!s)
		abort();
	return s;
}

char *process_executable(pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	return read_link(AT_FDCWD, name);
}

/* The last number of a line of several: NSpid and NStgid list the namespaces from the reader's
 * inwards. */
static pid_t last_number(const char *s)
{
	pid_t number = 0;
	int n;

	for (; sscanf(s, "%d%n", &number, &n) == 1; s += n)
		;
	return number;
}

/* proc_pid_status(5) */
static int read_status(struct process *p)
{
	_cleanup_fclose_ FILE *f = NULL;
	char line[256];
	int fd = openat(p->proc_fd, "status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f)
		abort();
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Tgid: %d", &p->pid) == 1)
			p->inner_pid = p->pid;
		else if (!strncmp(line, "NStgid:", 7))
			p->inner_pid = last_number(line + 7);
		else if (!strncmp(line, "NSpid:", 6))
			p->inner_tid = last_number(line + 6);
		else if (sscanf(line, "PPid: %d", &p->parent) != 1)
			sscanf(line, "Uid: %*u %*u %*u %u", &p->fsuid);
	}
	return p->pid ? 0 : -ESRCH;
}

int process_open(pid_t tid, struct process **ret)
{
	_cleanup_(process_freep) struct process *p = calloc(1, sizeof(*p));
	char name[32];
	int r;

	if (!p)
		abort();
	p->tid = p->inner_tid = tid;
	snprintf(name, sizeof(name), "/proc/%d", tid);
	p->proc_fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->proc_fd < 0)
		return -errno;
	r = read_status(p);
	if (r < 0)
		return r;
	p->executable = read_link(p->proc_fd, "exe");
	p->parent_executable = process_executable(p->parent);
	*ret = TAKE_PTR(p);
	return 0;
}

/* By whole lines, however long: what stands in a file's name is not to be taken for one. */
int process_mappings(
	const struct process *p, int (*visit)(void *ctx, const struct mapping *mapping), void *ctx)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = openat(p->proc_fd, "maps", O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f)
		abort();
	while (r == 0 && getline(&line, &size, f) > 0) {
		struct mapping m;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %lu", &m.begin, &m.end,
			    m.mode, &m.inode) == 4)
			r = visit(ctx, &m);
	}
	return r;
}

/*
 * Why nothing could be read there: what is mapped may still be the process's alone to read, which
 * then is no fault in its calls: memfd_secret(2), userfaultfd(2), a device's memory.
 */
static int unreadable_in(void *ctx, const struct mapping *m)
{
	uint64_t address = *(const uint64_t *)ctx;

	if (address < m->begin || address >= m->end)
		return 0;
	return m->mode[0] == 'r' ? -ENXIO : -EFAULT;
}

static int unreadable(const struct process *p, uint64_t address)
{
	int r = process_mappings(p, unreadable_in, &address);

	return r ? r : -EFAULT;
}

ssize_t process_read_some(const struct process *p, uint64_t address, void *buffer, size_t len)
{
	_cleanup_close_ int fd = -1;
	ssize_t n;

	/* What lies above has no place in a file offset, nor in user space. */
	if (address > INT64_MAX)
		return -EFAULT;
	fd = openat(p->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, buffer, len, (off_t)address);
	if (n < 0)
		return errno == EIO ? unreadable(p, address) : -errno;
	return n == 0 && len ? unreadable(p, address) : n;
}

int process_read(const struct process *p, uint64_t address, void *buffer, size_t len)
{
	ssize_t n = process_read_some(p, address, buffer, len);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : unreadable(p, address + (uint64_t)n);
}

ssize_t process_read_string(const struct process *p, uint64_t address, char *buffer, size_t size)
{
	/* A read that runs into an unmapped page gives what lies before it. */
	ssize_t n = process_read_some(p, address, buffer, size);
	const char *end;

	if (n < 0)
		return n;
	end = memchr(buffer, '\0', (size_t)n);
	if (end)
		return end - buffer;
	return (size_t)n == size ? -ENAMETOOLONG : unreadable(p, address + (uint64_t)n);
}

int process_open_path(const struct process *p, const char *what)
{
	int fd = openat(p->proc_fd, what, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
