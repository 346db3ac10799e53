/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a response may reach, asked about processes of this test. */
#include "enforcer/daemon/response_target.h"

#include "compiler/base/cleanup.h"
#include "enforcer/proc.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that does nothing; @flags: CLONE_NEWPID, or 0. -1: not permitted. */
static pid_t new_sleeper(unsigned long flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static pid_t sleeper(void)
{
	pid_t pid = new_sleeper(0);

	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A line of this process's own groups: its children are in it, too. */
static char *own_group(void)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	assert_int_equal(proc_read(getpid(), "cgroup", &t), 0);
	return strndup(text_str(&t), strcspn(text_str(&t), "\n"));
}

static struct container container_of(pid_t first, char *cgroup)
{
	struct container c = { .id = (char *)"c",
		.pid = first,
		.cgroup = cgroup,
		.pidfd = (int)syscall(SYS_pidfd_open, first, 0) };

	assert_true(c.pidfd >= 0);
	return c;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void the_daemon_and_what_it_descends_from(void **state)
{
	pid_t first = sleeper();
	_cleanup_free_ char *group = own_group();
	struct container c = container_of(first, group);

	assert_string_equal(response_spares(&c, 1), "it is the first process of the machine");
	assert_string_equal(response_spares(&c, 0), "it is the first process of the machine");
	assert_string_equal(response_spares(&c, getpid()), "it is paled");
	if (getppid() > 1)
		assert_string_equal(response_spares(&c, getppid()), "paled descends from it");
	assert_null(response_spares(&c, first));
	close(c.pidfd);
	end(first);
}

static void other_groups(void **state)
{
	pid_t first = sleeper();
	char elsewhere[] = "0::/pale-nowhere";
	struct container c = container_of(first, elsewhere);

	assert_string_equal(response_spares(&c, first), "it is not in the container's cgroup");
	c.cgroup = NULL;
	assert_string_equal(response_spares(&c, first), "it is not in the container's cgroup");
	close(c.pidfd);
	end(first);
}

static void a_group_that_paled_is_in(void **state)
{
	_cleanup_free_ char *group = own_group(), *why = NULL, *unknown = NULL;
	char elsewhere[] = "0::/pale-nowhere", expected[128];
	struct container c = { .id = (char *)"c", .cgroup = elsewhere, .pidfd = -1 };
	struct rlimit before, none;

	assert_null(response_spares_group(&c));
	/* What cannot be looked at is not taken for another's. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	unknown = response_spares_group(&c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_non_null(unknown);
	c.cgroup = group;
	why = response_spares_group(&c);
	snprintf(expected, sizeof(expected),
		"process %d is in its cgroup, which is paled, or above it", getpid());
	assert_string_equal(why, expected);
}

static void other_namespaces(void **state)
{
	_cleanup_free_ char *group = own_group();
	pid_t outer = sleeper(), inner = new_sleeper(CLONE_NEWPID);
	struct container c;

	if (inner < 0) {
		end(outer);
		skip();
	}
	c = container_of(inner, group);
	/* The container is in a namespace below; who is beside that is not its own. */
	assert_null(response_spares(&c, inner));
	assert_string_equal(
		response_spares(&c, outer), "it is not in the container's pid namespace");
	close(c.pidfd);
	/* One whose first process is outside holds those below. */
	c = container_of(outer, group);
	assert_null(response_spares(&c, inner));
	assert_null(response_spares(&c, outer));
	end(outer);
	assert_string_equal(response_spares(&c, inner),
		"the container's first process has ended, so that its pid namespace is not known");
	close(c.pidfd);
	end(inner);
}

static void the_one_that_it_was(void **state)
{
	pid_t first = sleeper(), victim = sleeper();
	_cleanup_free_ char *group = own_group();
	struct container c = container_of(first, group);
	_cleanup_(pale_err_freep) struct pale_err *ended = NULL, *other = NULL, *spared = NULL;
	char expected[128];
	int status;

	/* It began after the violation: the number was another's. */
	assert_int_equal(response_kill(&c, victim, now_ns() - 60000000000, &other), -ESRCH);
	snprintf(expected, sizeof(expected), "process %d has ended, and another has its number",
		victim);
	assert_string_equal(pale_err_text(other), expected);
	assert_int_equal(response_kill(&c, getpid(), 0, &spared), -EPERM);
	snprintf(expected, sizeof(expected), "process %d is spared: it is paled", getpid());
	assert_string_equal(pale_err_text(spared), expected);

	assert_int_equal(response_kill(&c, victim, now_ns(), &ended), 0);
	assert_int_equal(waitpid(victim, &status, 0), victim);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(response_kill(&c, victim, now_ns(), &ended), -ESRCH);
	assert_int_equal(waitpid(first, &status, WNOHANG), 0);
	close(c.pidfd);
	end(first);
}

static char *protects(const char *profile, bool sandbox)
{
	static const char *const protected[] = { "monitor", "logs" };
	struct node_policy p = { .profile = (char *)profile, .sandbox = sandbox };
	struct container c = { .policy = profile ? &p : NULL };

	return response_protects(&c, protected, 2);
}

static void protected_profiles(void **state)
{
	static const struct {
		const char *profile;
		bool sandbox;
		const char *why;
	} cases[] = {
		{ "web", false, NULL },
		{ NULL, false, NULL },
		{ "monitor", false, "profile 'monitor' is protected" },
		{ "logs", false, "profile 'logs' is protected" },
		{ "paled", false, "profile 'paled' is protected" },
		{ "pale-export", false, "profile 'pale-export' is protected" },
		{ "pale-operator", false, "profile 'pale-operator' is protected" },
		{ "web", true, "it is a pod's sandbox" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ char *why = protects(cases[i].profile, cases[i].sandbox);

		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_daemon_and_what_it_descends_from),
		cmocka_unit_test(other_groups),
		cmocka_unit_test(a_group_that_paled_is_in),
		cmocka_unit_test(the_one_that_it_was),
		cmocka_unit_test(other_namespaces),
		cmocka_unit_test(protected_profiles),
	};

	return cmocka_run_group_tests_name("response_target", tests, NULL, NULL);
}
