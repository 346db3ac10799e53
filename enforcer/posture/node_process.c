/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_process.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/proc.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool same_namespace(pid_t a, pid_t b, const char *name)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *x = NULL, *y = NULL;

	text_printf(&path, "ns/%s", name);
	x = proc_link(a, text_str(&path));
	y = proc_link(b, text_str(&path));
	return x && y && strcmp(x, y) == 0;
}

bool node_shares_namespace(pid_t pid, const char *name)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *of_first = NULL;

	text_printf(&path, "ns/%s", name);
	of_first = proc_link(1, text_str(&path));
	return same_namespace(pid, of_first ? 1 : getpid(), name);
}

uint64_t node_all_capabilities(void)
{
	uint64_t all;

	return proc_status_number(1, "CapBnd", 16, &all) == 0 ? all : 0;
}

uint64_t node_process_reachable(const struct node_process *p)
{
	uint64_t held = p->effective | p->permitted;

	return p->no_new_privs ? held : held | p->bounding;
}

/* "docker-default (enforce)", or "unconfined". */
static char *read_label(pid_t pid)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (proc_read(pid, "attr/apparmor/current", &t) < 0 || !t.len) {
		text_clear(&t);
		if (proc_read(pid, "attr/current", &t) < 0 || !t.len)
			return NULL;
	}
	return strndup(text_str(&t), strcspn(text_str(&t), " \n"));
}

/* The second number of "Uid:\treal\teffective\t…". */
static int read_uid(pid_t pid, uid_t *ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int r = proc_read(pid, "status", &t);
	const char *line = r < 0 ? NULL : strstr(text_str(&t), "\nUid:");

	if (r < 0)
		return r;
	if (!line || sscanf(line, "\nUid: %*u %u", ret) != 1)
		return -EBADMSG;
	return 0;
}

static int read_process(pid_t pid, struct node_process *ret)
{
	struct node_process p = { .pid = pid };
	uint64_t no_new_privs, seccomp;
	const struct {
		const char *name;
		int base;
		uint64_t *to;
	} numbers[] = {
		{ "CapEff", 16, &p.effective },
		{ "CapPrm", 16, &p.permitted },
		{ "CapBnd", 16, &p.bounding },
		{ "NoNewPrivs", 10, &no_new_privs },
		{ "Seccomp", 10, &seccomp },
	};
	int r = read_uid(pid, &p.uid);

	for (size_t i = 0; r >= 0 && i < sizeof(numbers) / sizeof(*numbers); i++)
		r = proc_status_number(pid, numbers[i].name, numbers[i].base, numbers[i].to);
	if (r < 0)
		return r;
	p.no_new_privs = no_new_privs != 0;
	p.seccomp = (int)seccomp;
	p.label = read_label(pid);
	p.user_namespace = !node_shares_namespace(pid, "user");
	*ret = p;
	return 0;
}

static bool has_ended(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

/* Who may not see a process's namespaces would take them for its own, or for another's. */
static int check_seen(pid_t pid)
{
	char path[64], link[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return readlink(path, link, sizeof(link)) < 0 ? -errno : 0;
}

static int add(struct node_processes *all, pid_t pid)
{
	struct node_process one;
	int r = check_seen(pid);

	if (r >= 0)
		r = read_process(pid, &one);
	if (r < 0)
		return r;
	all->v = reallocarray(all->v, all->n + 1, sizeof(*all->v));
	if (!all->v)
		abort();
	all->v[all->n++] = one;
	return 0;
}

int node_processes_read(pid_t first, struct node_processes *ret)
{
	_cleanup_closedir_ DIR *d = NULL;
	int r;

	*ret = (struct node_processes){ 0 };
	r = add(ret, first);
	/* Then all of the node would be of the container. */
	if (r < 0 || node_shares_namespace(first, "mnt"))
		return r;
	d = opendir("/proc");
	if (!d)
		return -errno;
	for (struct dirent *e; (e = readdir(d));) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (!isdigit((unsigned char)e->d_name[0]) || pid == first)
			continue;
		r = check_seen(pid);
		if (r >= 0 && same_namespace(pid, first, "mnt"))
			r = add(ret, pid);
		if (r < 0 && !has_ended(r))
			return r;
	}
	return 0;
}

void node_processes_release(struct node_processes *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].label);
	free(p->v);
	*p = (struct node_processes){ 0 };
}
