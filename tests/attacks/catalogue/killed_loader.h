/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_KILLED_LOADER_H
#define PALE_TESTS_ATTACK_KILLED_LOADER_H

/* Programs that another process has loaded, which is then killed. */
#include "tests/attacks/catalogue/confine.h"
#include "tests/attacks/catalogue/scene.h"

#define LOADER_MOUNT "/tmp/pins"
#define LOADER_PINS  LOADER_MOUNT "/lsm"

static struct {
	pid_t pid;
	volatile struct {
		bool ready;
		uint32_t instance;
	} * seen; /* written by the loader */
} killed_loader;

static void be_loader(const struct text *blob, const char *cgroup, bool pinned)
{
	struct confinement c = { 0 };
	struct pale_err *err = NULL;
	struct lsm *l;

	check_err(pinned ? lsm_open(LOADER_PINS, &l, &err) : lsm_load(&l, &err), &err);
	check_err(lsm_add_policy(l, blob->s, blob->len, &c.policy, &err), &err);
	snprintf(c.path, sizeof(c.path), "%s", cgroup);
	c.cgroup = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	add_instance(l, &c, false);
	killed_loader.seen->instance = c.instance;
	killed_loader.seen->ready = true;
	for (;;)
		pause();
}

/* Returns when the policy @p holds in @cgroup. */
static void loader_start(const struct policy *p, const char *cgroup, bool pinned)
{
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	struct pale_err *err = NULL;

	if (!killed_loader.seen) {
		killed_loader.seen =
			mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (killed_loader.seen == MAP_FAILED || mkdir(LOADER_MOUNT, 0755) < 0 ||
			mount("bpf", LOADER_MOUNT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
				"mode=0700") < 0 ||
			mkdir(LOADER_PINS, 0700) < 0)
			die(LOADER_MOUNT);
	}
	check_err(emit_lsm(p, coverage_new(p), &blob, &err), &err);
	killed_loader.seen->ready = false;
	fflush(stdout);
	killed_loader.pid = fork();
	if (killed_loader.pid < 0)
		die("fork");
	if (killed_loader.pid == 0)
		be_loader(&blob, cgroup, pinned);
	while (!killed_loader.seen->ready) {
		if (waitpid(killed_loader.pid, NULL, WNOHANG) == killed_loader.pid)
			die("loader");
		usleep(10000);
	}
}

static void loader_kill(void)
{
	end_process(&killed_loader.pid);
}

/* As confine_end(), of what was pinned, by who comes next; and takes it off. */
static bool loader_collect(const struct policy *p, struct text *ret_events)
{
	struct pale_err *err = NULL;
	struct seen seen = { .policy = p };
	struct lsm_instance counters;
	struct lsm *l;

	check_err(lsm_open(LOADER_PINS, &l, &err), &err);
	check_err(lsm_poll(l, 0, on_event, &seen, &err), &err);
	check_err(lsm_counters(l, killed_loader.seen->instance, &counters, &err), &err);
	lsm_free(l);
	check_err(lsm_unpin(LOADER_PINS, &err), &err);
	*ret_events = seen.text;
	return !seen.gap && counters.sequence == seen.n && !counters.lost;
}

#endif
