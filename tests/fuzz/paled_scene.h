/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FUZZ_PALED_SCENE_H
#define PALE_FUZZ_PALED_SCENE_H

/*
 * A daemon with folders of its own and one policy, on a kernel that is taken to have no BPF-LSM;
 * and a process in a cgroup of its own that can be registered, where one can be made.
 */

#include "compiler/base/cleanup.h"
#include "enforcer/cgroup.h"
#include "enforcer/daemon/daemon.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/sandbox_policy.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scene {
	struct daemon d;
	char dir[64], profiles[80], run[80], log[80], group[256];
	pid_t child;
} scene;

static inline void must_hold(int holds, const char *text, int line)
{
	if (!holds) {
		fprintf(stderr, "line %d: %s\n", line, text);
		abort();
	}
}

#define must(holds) must_hold(holds, #holds, __LINE__)

static inline void scene_end(void)
{
	if (scene.child > 0)
		kill(scene.child, SIGKILL);
	for (int i = 0; *scene.group && rmdir(scene.group) < 0 && i < 100; i++)
		usleep(10000);
	file_tree_remove(scene.dir);
}

static inline void scene_start_child(void)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char *mount = NULL;
	char path[300], pid[16];
	int fd;

	scene.child = fork();
	if (!scene.child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (cgroup_mount_point(&mount, &err) < 0)
		return;
	snprintf(scene.group, sizeof(scene.group), "%s/pale-fuzz-%d", mount, getpid());
	if (mkdir(scene.group, 0755) < 0) {
		*scene.group = 0;
		return;
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", scene.group);
	fd = open(path, O_WRONLY);
	snprintf(pid, sizeof(pid), "%d", scene.child);
	if (fd < 0 || write(fd, pid, strlen(pid)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static inline void scene_load(void)
{
	static const char text[] = "profile web { file { allow read /etc/hosts } }\n";
	static const struct node_source source = { "web.pale", text, sizeof(text) - 1 };
	json_t *profiles = NULL, *diagnostics = NULL;
	struct pale_err *err = NULL;

	must(policy_store_load(&scene.d.store, &source, 1, "web.pale", true, &profiles,
		     &diagnostics, &err) == 0);
	json_decref(profiles);
	json_decref(diagnostics);
}

static inline void scene_begin(void)
{
	struct daemon *d = &scene.d;
	struct pale_err *err = NULL;

	strcpy(scene.dir, "/tmp/pale-fuzz-XXXXXX");
	must(mkdtemp(scene.dir) != NULL);
	atexit(scene_end);
	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	snprintf(scene.profiles, sizeof(scene.profiles), "%s/profiles", scene.dir);
	snprintf(scene.run, sizeof(scene.run), "%s/run", scene.dir);
	snprintf(scene.log, sizeof(scene.log), "%s/log", scene.dir);
	setenv("PALE_PATH", "profiles", 1);
	scene_start_child();
	d->options = (struct daemon_options){ "/nowhere", scene.profiles, scene.run, scene.log };
	d->audit_fd = -1;
	/* Nothing is loaded into the kernel, nor is anybody's process followed. */
	d->no_exits = true;
	d->no_watch = true;
	d->enforcement.used = 1u << MECHANISM_SECCOMP | 1u << MECHANISM_OCI |
			      1u << MECHANISM_CAPABILITIES | 1u << MECHANISM_CGROUP;
	must(file_tree_make(scene.run, 0755, &err) == 0);
	must(sd_event_new(&d->event) >= 0);
	must(daemon_config_read("/nowhere", &d->config, &err) == 0);
	d->config.allow_partial = true;
	d->config.audit_by_annotation = true;
	must(event_log_open(&d->log, scene.log, &err) == 0);
	d->log.limit = 1u << 16;
	must(policy_store_init(&d->store, scene.profiles, scene.run, &err) == 0);
	must(containers_init(&d->containers, scene.run, &err) == 0);
	must(sandbox_policy_new(scene.run, &d->sandbox, &err) == 0);
	scene_load();
}

/* As it was before an input. */
static inline void scene_again(void)
{
	struct daemon *d = &scene.d;
	struct store_profile *web;

	while (d->containers.n)
		containers_remove(&d->containers, d->containers.v[0]);
	for (size_t i = 0; i < d->store.n;) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		if (strcmp(d->store.v[i]->name, "web") == 0)
			i++;
		else
			must(policy_store_unload(&d->store, d->store.v[i]->name, &err) == 0);
	}
	web = policy_store_find(&d->store, "web");
	if (!web)
		scene_load();
	daemon_sweep_policies(d);
}

static inline void scene_put(struct text *t, const char *word)
{
	const struct store_profile *web = policy_store_find(&scene.d.store, "web");

	if (*word == 'P')
		text_printf(t, "%d", scene.child);
	else if (*word == 'F')
		text_puts(t, web ? policy_store_folder(web->policy) : "");
	else
		text_puts(t, web ? web->policy->digest : "");
}

/* What cannot be guessed: @P becomes the number of a process that may be registered, @D the digest
 * of the policy, @F its folder in the store. */
static inline void scene_fill_in(struct text *t, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '@' && i + 1 < len && bytes[i + 1] && strchr("PDF", bytes[i + 1]))
			scene_put(t, (const char *)&bytes[++i]);
		else
			text_putc(t, (char)bytes[i]);
	}
}

#endif
