/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/descendants.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAT_BYTES 1024

void descendants_release(struct descendants *d)
{
	free(d->v);
	*d = (struct descendants){ 0 };
}

/* proc_pid_stat(5). A program's name may hold blanks and parentheses. */
static bool read_stat(int proc, const char *pid, struct descendant *ret)
{
	char name[32], line[STAT_BYTES];
	_cleanup_close_ int fd = -1;
	const char *end;
	ssize_t n;

	snprintf(name, sizeof(name), "%.20s/stat", pid);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	line[n < 0 ? 0 : n] = '\0';
	end = strrchr(line, ')');
	*ret = (struct descendant){ .pid = atoi(pid) };
	return end && sscanf(end,
			      ") %*c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			      "%*d %u",
			      &ret->parent, &ret->group, &ret->threads) == 3;
}

static int by_pid(const void *a, const void *b)
{
	const struct descendant *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct descendant *find(const struct descendants *d, pid_t pid)
{
	struct descendant key = { .pid = pid };

	return d->n ? bsearch(&key, d->v, d->n, sizeof(*d->v), by_pid) : NULL;
}

/* Up to where it is known, and down again; numbers that were given away anew may make a circle. */
static void mark(struct descendants *d, struct descendant *p, pid_t ancestor)
{
	struct descendant *at = p;
	bool descends = false;

	for (size_t i = 0; i < d->n && at && !at->known; i++) {
		if (at->parent == ancestor) {
			descends = true;
			break;
		}
		at = find(d, at->parent);
	}
	if (at && at->known)
		descends = at->descends;
	for (at = p; at && !at->known; at = find(d, at->parent)) {
		at->known = true;
		at->descends = descends;
		if (at->parent == ancestor)
			break;
	}
}

int descendants_read(pid_t ancestor, struct descendants *ret)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	const struct dirent *e;
	size_t cap = 0;

	*ret = (struct descendants){ 0 };
	if (!proc)
		return -errno;
	while ((e = readdir(proc))) {
		if (*e->d_name < '1' || *e->d_name > '9')
			continue;
		if (ret->n == cap) {
			cap = cap ? cap * 2 : 256;
			ret->v = reallocarray(ret->v, cap, sizeof(*ret->v));
			if (!ret->v)
				abort();
		}
		ret->n += read_stat(dirfd(proc), e->d_name, &ret->v[ret->n]);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_pid);
	for (size_t i = 0; i < ret->n; i++)
		mark(ret, &ret->v[i], ancestor);
	return 0;
}

unsigned descendants_threads(const struct descendants *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].descends ? d->v[i].threads : 0;
	return n;
}

bool descendants_have_group(const struct descendants *d, pid_t group)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].group == group && !d->v[i].descends)
			return false;
	return true;
}
