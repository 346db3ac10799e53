/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/cgroup_containers.h"

#include "compiler/base/cleanup.h"
#include "enforcer/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_DIGITS 64

/* "/docker/ID", "/libpod-ID/container", "/system.slice/cri-containerd-ID.scope": the last one, for
 * containers may run in containers, and the outer one's are its own. */
static bool find_id(const char *groups, char id[ID_DIGITS + 1])
{
	bool found = false;

	for (const char *s = groups; *s; s++) {
		size_t n = 0;

		while (isxdigit((unsigned char)s[n]) && !isupper((unsigned char)s[n]))
			n++;
		if (n == ID_DIGITS) {
			memcpy(id, s, ID_DIGITS);
			id[ID_DIGITS] = 0;
			found = true;
		}
		if (n)
			s += n - 1;
	}
	return found;
}

struct seen {
	char (*v)[ID_DIGITS + 1];
	size_t n;
};

static bool add_seen(struct seen *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], id) == 0)
			return false;
	}
	s->v = reallocarray(s->v, s->n + 1, sizeof(*s->v));
	if (!s->v)
		abort();
	strcpy(s->v[s->n++], id);
	return true;
}

int cgroup_containers_each(bool (*known)(const void *ctx, const char *id), const void *known_ctx,
	void (*take)(void *ctx, const char *id, pid_t pid), void *ctx)
{
	_cleanup_closedir_ DIR *d = opendir("/proc");
	struct seen seen = { 0 };
	int r;

	if (!d)
		return -errno;
	errno = 0;
	for (struct dirent *e; (e = readdir(d)); errno = 0) {
		_cleanup_(text_release) struct text groups = TEXT_INIT;
		char id[ID_DIGITS + 1];
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid <= 0 || proc_read(pid, "cgroup", &groups) < 0 ||
			!find_id(text_str(&groups), id) || known(known_ctx, id) ||
			!add_seen(&seen, id))
			continue;
		take(ctx, id, pid);
	}
	r = -errno;
	free(seen.v);
	return r;
}
