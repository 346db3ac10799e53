/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/process_facts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct process_facts_cache cache;

static int teardown(void **state)
{
	process_facts_release(&cache);
	return 0;
}

static bool has_arguments(pid_t pid)
{
	char path[64], c;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = (int)read(fd, &c, 1);
	close(fd);
	return n == 1;
}

/* A process that executes sleep with this argument. */
static pid_t start(const char *argument)
{
	int out[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execlp("sleep", "sleep", argument, NULL);
		_exit(1);
	}
	close(out[1]);
	/* The exec has closed it; only after that does the kernel say where its arguments are. */
	assert_int_equal(read(out[0], &c, 1), 0);
	close(out[0]);
	while (!has_arguments(pid))
		usleep(1000);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const char *argument(const struct process_facts *f)
{
	return json_string_value(json_array_get(f->arguments, 1));
}

static void what_was_read_is_kept_for_that_program_alone(void **state)
{
	pid_t pid = start("1000");
	struct process_key key = { pid, 77, 1 }, next = { pid, 77, 2 }, other = { pid, 78, 1 };
	const struct process_facts *f = process_facts_get(&cache, &key, getpid(), getpid());

	assert_string_equal(argument(f), "1000");
	assert_int_equal(f->inner, pid);
	assert_int_equal(json_array_size(f->ancestry), 1);
	end(pid);
	/* After its end, too. */
	f = process_facts_get(&cache, &key, getpid(), getpid());
	assert_string_equal(argument(f), "1000");
	assert_int_equal(json_array_size(f->ancestry), 1);
	/* Neither what it executed next nor another one of its number. */
	assert_null(process_facts_get(&cache, &next, 0, 0)->arguments);
	assert_null(process_facts_get(&cache, &other, 0, 0)->arguments);
}

static void nothing_is_kept_without_its_start(void **state)
{
	pid_t pid = start("2000");
	struct process_key key = { pid, 0, 0 };

	assert_string_equal(argument(process_facts_get(&cache, &key, 0, 0)), "2000");
	end(pid);
	assert_null(process_facts_get(&cache, &key, 0, 0)->arguments);
}

/* As many as there is room for, and more: what is told is always the one that was asked for. */
static void places_are_shared(void **state)
{
	pid_t pids[2] = { start("1"), start("2") };

	for (uint64_t i = 1; i < 3 * PROCESS_FACTS_KEPT; i++) {
		struct process_key key = { pids[i % 2], 1000000 * i, 0 };

		assert_string_equal(
			argument(process_facts_get(&cache, &key, 0, 0)), i % 2 ? "2" : "1");
		key.execs = 1;
		assert_int_equal(process_facts_get(&cache, &key, 0, 0)->inner, pids[i % 2]);
	}
	end(pids[0]);
	end(pids[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_was_read_is_kept_for_that_program_alone, teardown),
		cmocka_unit_test_teardown(nothing_is_kept_without_its_start, teardown),
		cmocka_unit_test_teardown(places_are_shared, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
