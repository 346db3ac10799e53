/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/credentials.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

void credentials_release(struct credentials *c)
{
	free(c->groups);
	c->groups = NULL;
	c->n_groups = 0;
}

static void read_groups(struct credentials *c, const char *s)
{
	gid_t gid;
	int n;

	for (; sscanf(s, "%u%n", &gid, &n) == 1; s += n) {
		gid_t *more = realloc(c->groups, (c->n_groups + 1) * sizeof(*more));

		if (!more)
			abort();
		c->groups = more;
		c->groups[c->n_groups++] = gid;
	}
}

static bool is_elsewhere(const struct process *p, const char *namespace)
{
	char theirs[64], ours[64], self[32];
	ssize_t a = readlinkat(p->proc_fd, namespace, theirs, sizeof(theirs)), b;

	snprintf(self, sizeof(self), "/proc/self/%s", namespace);
	b = readlink(self, ours, sizeof(ours));
	return a < 0 || a != b || memcmp(theirs, ours, (size_t)a) != 0;
}

static void find_root(const struct process *p, struct credentials *c)
{
	char root[2];

	if (!is_elsewhere(p, "ns/mnt"))
		return;
	snprintf(c->root, sizeof(c->root), "/proc/%d/root", p->tid);
	c->hidden = readlinkat(p->proc_fd, "root", root, sizeof(root)) != 1;
}

int credentials_read(const struct process *p, struct credentials *ret)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = openat(p->proc_fd, "status", O_RDONLY | O_CLOEXEC);
	bool complete = false;

	*ret = (struct credentials){ .elsewhere = is_elsewhere(p, "ns/user") };
	find_root(p, ret);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f)
		abort();
	while (getline(&line, &size, f) > 0) {
		sscanf(line, "Uid: %u %u %u %u", &ret->uid[0], &ret->uid[1], &ret->uid[2],
			&ret->uid[3]);
		sscanf(line, "Gid: %u %u %u %u", &ret->gid[0], &ret->gid[1], &ret->gid[2],
			&ret->gid[3]);
		if (!strncmp(line, "Groups:", 7))
			read_groups(ret, line + 7);
		complete |= sscanf(line, "CapEff: %" SCNx64, &ret->effective) == 1;
	}
	return complete ? 0 : -ESRCH;
}

bool credentials_in_group(const struct credentials *c, gid_t gid)
{
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return c->gid[3] == gid;
}

static bool has(const struct credentials *c, int capability)
{
	return c->effective & ((uint64_t)1 << capability);
}

static bool mode_permits(const struct credentials *c, const struct stat *st, int may)
{
	unsigned shift = 0;

	if (c->uid[3] == st->st_uid)
		shift = 6;
	else if (credentials_in_group(c, st->st_gid))
		shift = 3;
	return ((st->st_mode >> shift) & (unsigned)may) == (unsigned)may;
}

static bool seen_from_here(const struct credentials *c, const char *path, char ret[PATH_MAX])
{
	return !c->hidden && snprintf(ret, PATH_MAX, "%s%s", c->root, path) < PATH_MAX;
}

int credentials_lstat(const struct credentials *c, const char *path, struct stat *ret)
{
	char here[PATH_MAX];

	if (seen_from_here(c, path, here))
		return lstat(here, ret);
	errno = ENOENT;
	return -1;
}

static bool has_acl(const struct credentials *c, const char *path)
{
	char here[PATH_MAX];

	return seen_from_here(c, path, here) &&
	       getxattr(here, "system.posix_acl_access", NULL, 0) > 0;
}

static enum permission permit_one(
	const struct credentials *c, const char *path, int may, uint64_t *ret_used)
{
	struct stat st;
	bool directory, reads;
	int by;

	if (credentials_lstat(c, path, &st) < 0 || S_ISLNK(st.st_mode) || mode_permits(c, &st, may))
		return PERMISSION_GIVEN;
	if (c->elsewhere || has_acl(c, path))
		return PERMISSION_GIVEN;
	directory = S_ISDIR(st.st_mode);
	reads = directory ? !(may & MAY_WRITE) : may == MAY_READ;
	/* Nobody executes a file without any x. */
	if (!directory && (may & MAY_EXEC) && !(st.st_mode & 0111))
		return PERMISSION_REFUSED;
	if (reads && has(c, CAP_DAC_READ_SEARCH))
		by = CAP_DAC_READ_SEARCH;
	else if (has(c, CAP_DAC_OVERRIDE))
		by = CAP_DAC_OVERRIDE;
	else
		return PERMISSION_REFUSED;
	*ret_used |= (uint64_t)1 << by;
	return PERMISSION_BY_CAPABILITY;
}

enum permission credentials_permit(
	const struct credentials *c, const char *path, int may, uint64_t *ret_used)
{
	enum permission worst = PERMISSION_GIVEN;
	char folder[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(folder))
		return PERMISSION_GIVEN;
	for (size_t i = 0; i < len; i++) {
		enum permission p;

		if (path[i] != '/' || i + 1 == len)
			continue;
		memcpy(folder, path, i + 1);
		folder[i ? i : 1] = '\0';
		p = permit_one(c, folder, MAY_EXEC, ret_used);
		if (p == PERMISSION_REFUSED)
			return p;
		worst = p != PERMISSION_GIVEN ? p : worst;
	}
	if (may) {
		enum permission p = permit_one(c, path, may, ret_used);

		worst = p != PERMISSION_GIVEN ? p : worst;
	}
	return worst;
}
