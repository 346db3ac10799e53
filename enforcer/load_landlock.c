/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/load_landlock.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * linux/landlock.h of Debian 12 ends before ABI 4. These are struct landlock_ruleset_attr,
 * landlock_path_beneath_attr and landlock_net_port_attr of Linux 6.12's; an older kernel takes a
 * longer ruleset_attr as long as what it does not know is 0.
 */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;	     /* ABI 6 */
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
	uint64_t allowed_access;
	uint64_t port; /* host order */
};

#define RULE_PATH_BENEATH      1
#define RULE_NET_PORT	       2
#define CREATE_RULESET_VERSION 1u

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule	     445
#define __NR_landlock_restrict_self  446
#endif

static void remarks_release(struct landlock_remarks *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		free(r->v[i]);
	free(r->v);
	*r = (struct landlock_remarks){ 0 };
}

void landlock_omissions_release(struct landlock_omissions *o)
{
	remarks_release(&o->missing);
	remarks_release(&o->linked);
}

/* @path: any bytes. */
static void remark(struct landlock_remarks *r, const char *path, const char *text)
{
	struct text t = TEXT_INIT;

	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 8;
		r->v = realloc(r->v, r->cap * sizeof(*r->v));
		if (!r->v)
			abort();
	}
	text_escaped(&t, path, strlen(path));
	text_printf(&t, ": %s", text);
	r->v[r->n++] = text_take(&t);
}

int landlock_supported(struct pale_err **err)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	int r;

	if (abi > 0)
		return (int)abi;
	if (abi < 0 && errno == EOPNOTSUPP) {
		r = pale_err_set(err, EOPNOTSUPP, "Landlock is not active");
		pale_err_hint(err, "boot with landlock in lsm=");
		return r;
	}
	r = pale_err_set(err, ENOSYS, "this kernel has no Landlock");
	pale_err_hint(err, "it needs Linux 5.13 with CONFIG_SECURITY_LANDLOCK");
	return r;
}

static void omit(struct landlock_omissions *o, const struct landlock_grant *g, const char *why)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!o || g->optional)
		return;
	text_printf(&t, "%s, so nothing of it is granted", why);
	remark(&o->missing, g->path, text_str(&t));
}

static void note_names(struct landlock_omissions *o, const char *path, const struct stat *st)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!o || S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return;
	text_printf(&t, "has %ju names, and what is granted by this one is by all",
		(uintmax_t)st->st_nlink);
	remark(&o->linked, path, text_str(&t));
}

/* Why a grant is left out when its path cannot be opened; NULL: that is a failure. */
static const char *omission(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return "not there";
	case ENOTDIR:
		return "not a directory";
	case ELOOP:
		return "passes through a symbolic link";
	case EACCES:
		return "out of reach";
	}
	return NULL;
}

static int add_file(int ruleset_fd, int fd, uint64_t access, const char *path,
	const struct stat *st, struct landlock_omissions *o, struct pale_err **err)
{
	struct path_beneath_attr attr = { .allowed_access = access, .parent_fd = fd };

	note_names(o, path, st);
	if (syscall(__NR_landlock_add_rule, ruleset_fd, RULE_PATH_BENEATH, &attr, 0) < 0)
		return pale_err_set(err, errno, "grant %s", path);
	return 0;
}

/* A glob that would have more looked at is left out. */
#define EACH_VISITS_MAX 20000

struct each {
	const struct landlock_grant *grant;
	struct landlock_omissions *omissions;
	int ruleset_fd;
	uint32_t visits;
	struct text path; /* of what is looked at, from the root */
};

static int each_below(struct each *e, int dir_fd, uint32_t depth, struct pale_err **err);

static int each_entry(
	struct each *e, int dir_fd, const char *name, uint32_t depth, struct pale_err **err)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	_cleanup_close_ int fd = -1;
	struct stat st;
	bool matches = dfa_run(e->grant->each, 0, text_str(&e->path), e->path.len) == 1;

	if (!matches && !depth)
		return 0;
	fd = (int)syscall(__NR_openat2, dir_fd, name, &how, sizeof(how));
	/* A symbolic link, or gone meanwhile: nothing of it is granted. */
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth ? each_below(e, fd, depth - 1, err) : 0;
	return matches ? add_file(e->ruleset_fd, fd, e->grant->access, text_str(&e->path), &st,
				 e->omissions, err)
		       : 0;
}

static int each_below(struct each *e, int dir_fd, uint32_t depth, struct pale_err **err)
{
	_cleanup_close_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t len = e->path.len;
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0;
	TAKE_FD(fd);
	while (r >= 0 && (entry = readdir(dir)) && e->visits <= EACH_VISITS_MAX) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		e->visits++;
		text_printf(&e->path, "/%s", entry->d_name);
		r = each_entry(e, dirfd(dir), entry->d_name, depth, err);
		e->path.len = len;
		e->path.s[len] = 0;
	}
	return r;
}

static int add_each(int ruleset_fd, int dir_fd, const struct landlock_grant *g,
	struct landlock_omissions *o, struct pale_err **err)
{
	struct each e = { .grant = g, .omissions = o, .ruleset_fd = ruleset_fd };
	int r;

	text_puts(&e.path, g->path[1] ? g->path : "");
	r = each_below(&e, dir_fd, g->each_depth, err);
	if (r >= 0 && e.visits > EACH_VISITS_MAX)
		omit(o, g, "too many files to look through");
	text_release(&e.path);
	return r;
}

static int add_grant(int ruleset_fd, int root_fd, const struct landlock_grant *g,
	struct landlock_omissions *o, struct pale_err **err)
{
	const char *relative = g->path[1] ? g->path + 1 : ".";
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (g->beneath || g->each ? O_DIRECTORY : 0),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_close_ int fd = (int)syscall(__NR_openat2, root_fd, relative, &how, sizeof(how));
	struct stat st;

	if (fd < 0) {
		const char *why = omission(errno);

		if (!why)
			return pale_err_set(err, errno, "open %s", g->path);
		if (!g->each)
			omit(o, g, why);
		return 0;
	}
	if (g->each)
		return add_each(ruleset_fd, fd, g, o, err);
	if (fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "stat %s", g->path);
	/* A rule on a directory would grant all that is below. */
	if (!g->beneath && S_ISDIR(st.st_mode)) {
		omit(o, g, "a directory, whose name would end in '/'");
		return 0;
	}
	return add_file(ruleset_fd, fd, g->access, g->path, &st, o, err);
}

int landlock_load(const struct landlock_rules *l, int root_fd, struct landlock_omissions *o,
	int *ret_fd, struct pale_err **err)
{
	struct ruleset_attr attr = {
		.handled_access_fs = l->handled_fs,
		.handled_access_net = l->handled_net,
		.scoped = l->scoped,
	};
	_cleanup_close_ int fd = -1;
	int abi = landlock_supported(err), r;

	if (abi < 0)
		return abi;
	if ((int)l->abi > abi)
		return pale_err_set(err, EOPNOTSUPP,
			"the rules are for Landlock ABI %u and the kernel has %d", l->abi, abi);
	if (!l->handled_fs)
		return pale_err_set(err, ENOMSG, "there are no Landlock rules to load");
	fd = (int)syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return pale_err_set(err, errno, "make a Landlock ruleset");
	for (uint32_t i = 0; i < l->n_grants; i++) {
		r = add_grant(fd, root_fd, &l->grants[i], o, err);
		if (r < 0)
			return pale_err_wrap(err, "Landlock");
	}
	for (uint32_t i = 0; i < l->n_ports; i++) {
		struct net_port_attr port = { .allowed_access = l->ports[i].access,
			.port = l->ports[i].port };

		if (syscall(__NR_landlock_add_rule, fd, RULE_NET_PORT, &port, 0) < 0)
			return pale_err_set(
				err, errno, "Landlock: grant port %u", l->ports[i].port);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int landlock_enter(int ruleset_fd)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (syscall(__NR_landlock_restrict_self, ruleset_fd, 0) < 0)
		return -errno;
	return 0;
}
