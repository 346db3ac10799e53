/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/seccomp_files.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define DIGITS 12
#define SUFFIX ".json"

static void put_name(struct text *t, const struct node_policy *p)
{
	text_printf(t, "%s-%.*s" SUFFIX, p->profile, DIGITS, p->digest);
}

static int write_file(const char *dir, struct node_policy *p, struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	_cleanup_free_ char *s = NULL;
	const struct node_filter *filter;
	int r = node_policy_seccomp(p, OCI_RUNTIME_RUNC, &filter, err);

	if (r >= 0)
		r = file_tree_make(dir, 0755, err);
	if (r < 0)
		return r;
	s = json_dumps(filter->oci, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (!s)
		abort();
	put_name(&name, p);
	return file_tree_replace(dir, text_str(&name), s, strlen(s), err);
}

void seccomp_files_write(struct daemon *d, const struct store_profile *p)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (d->config.seccomp_files && write_file(d->config.seccomp_files, p->policy, &err) < 0)
		daemon_tell(
			LOG_ERR, "profile '%s': its seccomp file: %s", p->name, pale_err_text(err));
}

static bool is_of(const char *file, const struct node_policy *p)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;

	if (!p)
		return false;
	put_name(&name, p);
	return strcmp(file, text_str(&name)) == 0;
}

/* As put_name() makes them: whatever else lies there is not ours. */
static bool is_ours(const char *file)
{
	const char *dash = strrchr(file, '-');

	return dash && strspn(dash + 1, "0123456789abcdef") == DIGITS &&
	       strcmp(dash + 1 + DIGITS, SUFFIX) == 0;
}

static bool is_needed(const struct daemon *d, const char *file)
{
	for (size_t i = 0; i < d->store.n; i++) {
		if (is_of(file, d->store.v[i]->policy))
			return true;
	}
	for (size_t i = 0; i < d->containers.n; i++) {
		if (is_of(file, exceptions_own_policy(d->containers.v[i])))
			return true;
	}
	return false;
}

void seccomp_files_sweep(struct daemon *d)
{
	_cleanup_closedir_ DIR *dir =
		d->config.seccomp_files && d->store.n ? opendir(d->config.seccomp_files) : NULL;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (is_ours(e->d_name) && !is_needed(d, e->d_name))
			unlinkat(dirfd(dir), e->d_name, 0);
	}
}
