/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF-LSM against a live kernel, in the guest. Each case runs lsm_actor twice on the same fresh
 * tree: bare, which must succeed, and confined by a policy, which must end as the case says, with
 * just those events.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "enforcer/load_lsm.h"
#include "tests/vm/lsm_cases.h"
#include "tests/vm/lsm_event_text.h"
#include "tests/vm/lsm_scene.h"

#include <sys/utsname.h>
#include <time.h>

static struct lsm *lsm;
static int n_results, n_bad;

static void result(bool good, const char *title)
{
	n_bad += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++n_results, title);
}

static void make_trees(const struct lsm_case *t)
{
	bool program = strstr(t->command, "prog") || strstr(t->command, "script");

	if (strstr(t->command, "/tmp/t") || strstr(t->command, "receive"))
		make_tree("/tmp/t", program);
	if (strstr(t->command, "/srv/t"))
		make_tree("/srv/t", program);
}

/* ---- running ---- */

/* Splits at blanks; "@outside" is a process that no policy confines, "@actor" lsm_actor. */
static void split(char *text, char **argv, int max)
{
	static char number[16];
	int n = 0;

	for (char *w = strtok(text, " "); w && n < max - 1; w = strtok(NULL, " ")) {
		if (!strcmp(w, "@outside")) {
			snprintf(number, sizeof(number), "%d", outside);
			w = number;
		} else if (!strcmp(w, "@actor")) {
			w = actor;
		}
		argv[n++] = w;
	}
	argv[n] = NULL;
}

/* In @cgroup_fd unless that is -1. An exit status, or 256 + the signal. */
static int run(const char *command, int cgroup_fd)
{
	char text[512], *argv[16] = { actor };
	int socks[2], status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", command);
	split(text, argv + 1, 15);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd;

		dup2(socks[1], 3);
		dup2(listener, 4);
		if (cgroup_fd >= 0) {
			fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
			if (fd < 0 || write(fd, "0", 1) != 1)
				_exit(254);
		}
		execv(actor, argv);
		_exit(errno);
	}
	close(socks[1]);
	serve(socks[0]);
	close(socks[0]);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- cases ---- */

static void compile_case(struct compilation *c, const struct lsm_case *t)
{
	_cleanup_(text_release) struct text source = TEXT_INIT;

	text_printf(&source,
		"profile t {\n%s\n"
		"process { allow exec %s }\n"
		"file { allow read, map /usr/lib/**; allow read /etc/ld.so.cache }\n}\n",
		t->rules, actor);
	compile_bytes(c, "case.pale", source.s, source.len, &(struct compile_options){ 0 });
	if (c->diags.n_errors) {
		diag_print(&c->diags, stdout, false);
		printf("Bail out! policy of \"%s\"\n", t->title);
		exit(1);
	}
}

static void run_case(const struct lsm_case *t)
{
	_cleanup_(compilation_release) struct compilation c = { 0 };
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	_cleanup_close_ int cgroup = -1;
	struct pale_err *err = NULL;
	struct seen seen = { 0 };
	struct lsm_instance counters;
	struct timespec now;
	char cgroup_path[64], why[256] = "";
	uint64_t id;
	uint32_t policy, instance;
	int bare = t->bare, confined, status;
	pid_t storm = 0;

	make_trees(t);
	if (bare >= 0)
		bare = run(t->command, -1);
	if (bare >= 0 && bare != t->bare) {
		printf("# bare: %d, expected %d\n", bare, t->bare);
		result(false, t->title);
		return;
	}

	make_trees(t);
	compile_case(&c, t);
	seen.policy = c.policies[0];
	check_err(emit_lsm(c.policies[0], coverage_new(c.policies[0]), &blob, &err), &err);
	if (t->drop_caches)
		drop_caches();
	/* The file times of the tree must have passed. */
	usleep(10000);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	cgroup = new_cgroup(cgroup_path, sizeof(cgroup_path));
	check_err(lsm_add_policy(lsm, blob.s, blob.len, &policy, &err), &err);
	check_err(lsm_add_instance(lsm, policy,
			  t->image ? LSM_START_OF_IMAGE
				   : (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
			  &instance, &err),
		&err);
	check_err(lsm_cgroup_id(cgroup, &id, &err), &err);
	check_err(lsm_bind_cgroup(lsm, id, instance, &err), &err);
	if (t->storm)
		storm = start_storm();
	confined = run(t->command, cgroup);
	if (storm && (kill(storm, SIGKILL) < 0 || waitpid(storm, &status, 0) < 0 ||
			     !WIFSIGNALED(status)))
		die("storm");
	check_err(lsm_poll(lsm, 0, on_event, &seen, &err), &err);
	check_err(lsm_counters(lsm, instance, &counters, &err), &err);

	if (confined != t->expect)
		snprintf(why, sizeof(why), "ended with %d, expected %d", confined, t->expect);
	else if (t->flood && (counters.sequence != t->flood || counters.refused != t->flood ||
				     !counters.lost || counters.lost + seen.n != t->flood))
		snprintf(why, sizeof(why), "%llu events, %llu refused, %llu lost, %llu read",
			counters.sequence, counters.refused, counters.lost,
			(unsigned long long)seen.n);
	else if (t->flood)
		;
	else if (strcmp(text_str(&seen.text), t->events ? t->events : ""))
		snprintf(why, sizeof(why), "events differ");
	else if (seen.gap || counters.sequence != seen.n || counters.lost)
		snprintf(why, sizeof(why), "events are missing");
	result(!*why, t->title);
	if (*why)
		printf("# %s\n# events:\n# %s\n# expected:\n# %s\n", why, text_str(&seen.text),
			t->events ? t->events : "");
	text_release(&seen.text);
	remove_cgroup(cgroup_path);
	check_err(lsm_remove_instance(lsm, instance, &err), &err);
	check_err(lsm_remove_policy(lsm, policy, &err), &err);
}

/* enforcer/bpf/state.h: a program more then tells of tasks that end. */
static void check_labels(void)
{
	char line[4096] = " ";
	bool in_hash = false, expected;
	struct utsname u;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line + 1, sizeof(line) - 2) < 0 || uname(&u) < 0)
		die("/proc/cmdline");
	close(fd);
	expected = strstr(line, " preempt=full") && !strncmp(u.release, "6.1.", 4);
	for (size_t i = 0; lsm_program_name(lsm, i); i++)
		in_hash = in_hash || !strcmp(lsm_program_name(lsm, i), "task_free");
	result(in_hash == expected, expected ? "labels lie in a hash" : "labels lie in tasks");
}

int main(int argc, char **argv)
{
	struct pale_err *err = NULL;
	struct timespec before, after;
	ssize_t n = readlink("/proc/self/exe", actor, sizeof(actor) - 16);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("PALE_VM")) {
		printf("Bail out! for the guest only\n");
		return 1;
	}
	if (n < 0)
		die("/proc/self/exe");
	actor[n] = 0;
	strcpy(strrchr(actor, '/') + 1, "lsm_actor");

	check_err(lsm_supported(&err), &err);
	result(true, "the guest's kernel is supported");
	clock_gettime(CLOCK_MONOTONIC, &before);
	check_err(lsm_load(&lsm, &err), &err);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("# loaded in %ld ms\n",
		(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
	check_labels();
	make_peers();
	while (access("/tmp/s/elsewhere", F_OK) < 0)
		usleep(1000);
	for (size_t i = 0; i < sizeof(lsm_cases) / sizeof(*lsm_cases); i++)
		if (argc < 2 || strstr(lsm_cases[i].title, argv[1]))
			run_case(&lsm_cases[i]);
	kill(outside, SIGKILL);
	lsm_free(lsm);
	printf("1..%d\n", n_results);
	return n_bad != 0;
}
