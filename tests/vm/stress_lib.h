/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_STRESS_LIB_H
#define PALE_TESTS_STRESS_LIB_H

/*
 * For test_lsm_stress.c and test_lsm_pins.c: policies, cgroups, confined actors, TAP. Numbers are
 * those of `make test` unless the guest's command line has others ("pale_swaps=10000").
 */

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "enforcer/load_lsm.h"
#include "tests/vm/stress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static char actor_path[4096];
static int n_results, n_bad;
static struct stress *stress;
static int stress_fd;

#define result(good, ...)                                                                          \
	({                                                                                         \
		bool good__ = (good);                                                              \
		n_bad += !good__;                                                                  \
		printf("%s %d - ", good__ ? "ok" : "not ok", ++n_results);                         \
		printf(__VA_ARGS__);                                                               \
		putchar('\n');                                                                     \
		good__;                                                                            \
	})

static _Noreturn void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(int r, struct pale_err *err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", pale_err_text(err));
	exit(1);
}

#define CHECK(call)                                                                                \
	({                                                                                         \
		struct pale_err *err = NULL;                                                       \
		int r__ = (call);                                                                  \
		check(r__, err);                                                                   \
		r__;                                                                               \
	})

/* @call fails with just this. */
static void expect_error(int r, struct pale_err *err, int errnum, const char *text)
{
	const char *got = err ? pale_err_text(err) : "success";

	if (!result(r == -errnum && !strcmp(got, text), "%s", text))
		printf("# %d: %s\n", r, got);
	pale_err_free(err);
}

#define EXPECT_ERROR(call, errnum, text)                                                           \
	({                                                                                         \
		struct pale_err *err = NULL;                                                       \
		int r__ = (call);                                                                  \
		expect_error(r__, err, errnum, text);                                              \
	})

static UNUSED long number(const char *name, long otherwise)
{
	static char line[4096];
	const char *at;
	char key[64];
	FILE *f = fopen("/proc/cmdline", "re");

	if (!f || !fgets(line, sizeof(line), f))
		die("/proc/cmdline");
	fclose(f);
	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(line, key);
	return at ? atol(at + strlen(key)) : otherwise;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin(void)
{
	ssize_t n = readlink("/proc/self/exe", actor_path, sizeof(actor_path) - 32);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("PALE_VM")) {
		printf("Bail out! for the guest only\n");
		exit(1);
	}
	if (n < 0)
		die("/proc/self/exe");
	actor_path[n] = 0;
	strcpy(strrchr(actor_path, '/') + 1, "stress_actor");
	stress_fd = memfd_create("stress", MFD_CLOEXEC);
	if (stress_fd < 0 || ftruncate(stress_fd, sizeof(*stress)) < 0)
		die("memfd");
	stress = mmap(NULL, sizeof(*stress), PROT_READ | PROT_WRITE, MAP_SHARED, stress_fd, 0);
	if (stress == MAP_FAILED)
		die("memfd");
}

static int end(void)
{
	printf("1..%d\n", n_results);
	return n_bad != 0;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static UNUSED void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path);
}

/* The blob of a policy with @rules, under which the actor can run. */
static void compile_policy(const char *rules, struct text *ret)
{
	_cleanup_(compilation_release) struct compilation c = { 0 };
	_cleanup_(text_release) struct text source = TEXT_INIT;

	text_printf(&source,
		"profile t {\n%s\nprocess { allow exec %s; allow fork }\n"
		"file { allow read, map /usr/lib/**; allow read /etc/ld.so.cache }\n}\n",
		rules, actor_path);
	compile_bytes(&c, "stress.pale", source.s, source.len, &(struct compile_options){ 0 });
	if (c.diags.n_errors) {
		diag_print(&c.diags, stdout, false);
		printf("Bail out! policy\n");
		exit(1);
	}
	CHECK(emit_lsm(c.policies[0], coverage_new(c.policies[0]), ret, &err));
}

static uint32_t add_policy(struct lsm *l, const char *rules)
{
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	uint32_t policy;

	compile_policy(rules, &blob);
	CHECK(lsm_add_policy(l, blob.s, blob.len, &policy, &err));
	return policy;
}

static uint64_t realtime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int make_cgroup(const char *path)
{
	int fd;

	make_directory(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static UNUSED void remove_cgroup(const char *path)
{
	char kill_path[128];

	snprintf(kill_path, sizeof(kill_path), "%s/cgroup.kill", path);
	write_text(kill_path, "1");
	for (int i = 0; i < 1000 && rmdir(path) < 0; i++)
		usleep(10000);
}

/* An instance under @policy, bound to the cgroup at @path, which is made. */
static uint32_t confine(struct lsm *l, uint32_t policy, const char *path)
{
	_cleanup_close_ int fd = make_cgroup(path);
	uint32_t instance;
	uint64_t id;

	CHECK(lsm_add_instance(l, policy, realtime(), &instance, &err));
	CHECK(lsm_cgroup_id(fd, &id, &err));
	CHECK(lsm_bind_cgroup(l, id, instance, &err));
	return instance;
}

/* stress_actor with @words, separated by blanks, in the cgroup at @path. */
static pid_t start_actor(const char *path, const char *words)
{
	char text[512], procs[128], *argv[16] = { actor_path };
	pid_t pid = fork();
	int n = 1, fd;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	snprintf(text, sizeof(text), "%s", words);
	for (char *w = strtok(text, " "); w && n < 15; w = strtok(NULL, " "))
		argv[n++] = w;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1 || dup2(stress_fd, STRESS_FD) < 0)
		_exit(254);
	if (stress_fd == STRESS_FD && fcntl(STRESS_FD, F_SETFD, 0) < 0)
		_exit(254);
	execv(actor_path, argv);
	_exit(253);
}

static void wait_running(uint32_t n)
{
	while (__atomic_load_n(&stress->running, __ATOMIC_SEQ_CST) < n)
		usleep(1000);
}

static bool ended_well(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		printf("# the actor ended with status %x\n", (unsigned)status);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static UNUSED bool stop_actor(pid_t pid)
{
	__atomic_store_n(&stress->stop, 1, __ATOMIC_SEQ_CST);
	return ended_well(pid);
}

static UNUSED void clear_stress(void)
{
	memset(stress, 0, sizeof(*stress));
}

static UNUSED void print_stress(void)
{
	printf("# %llu attempts: %llu denied, %llu leaked, %llu allowed, %llu refused, %llu moved, "
	       "%llu odd (%s)\n",
		(unsigned long long)stress->attempts, (unsigned long long)stress->denied,
		(unsigned long long)stress->leaked, (unsigned long long)stress->allowed,
		(unsigned long long)stress->refused, (unsigned long long)stress->moved,
		(unsigned long long)stress->odd, strerror((int)stress->odd_errnum));
}

static UNUSED uint64_t sum_refused(const struct lsm_count *counts, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += counts[i].refused;
	return sum;
}

static UNUSED uint64_t last_refused(const struct lsm *l, uint32_t instance)
{
	_cleanup_free_ struct lsm_count *counts = NULL;
	size_t n;

	CHECK(lsm_rule_counts(l, instance, &counts, &n, &err));
	return sum_refused(counts, n);
}

#endif
