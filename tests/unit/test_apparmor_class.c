/* SPDX-License-Identifier: Apache-2.0 */
/* What AppArmor's records leave open of a file. */
#include "compiler/base/cleanup.h"
#include "enforcer/apparmor_class.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-class-XXXXXX";
static uint64_t changed_ns;

static int setup(void **state)
{
	char path[64];
	struct stat st;
	int fd;

	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/there", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	close(fd);
	changed_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 + (uint64_t)st.st_ctim.tv_nsec;
	return 0;
}

static int teardown(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/there", dir);
	return unlink(path) | rmdir(dir);
}

static void beneath_the_containers_root(void **state)
{
	_cleanup_close_ int root = open(dir, O_PATH | O_CLOEXEC);
	const struct apparmor_place whenever = { root, 0 }, before = { root, changed_ns },
				    after = { root, changed_ns + 1 };

	assert_true(root >= 0);
	assert_int_equal(apparmor_class(NULL, &whenever, "/there"), CLASS_PLAIN);
	assert_int_equal(apparmor_class(NULL, &before, "/there"), CLASS_DRIFT);
	assert_int_equal(apparmor_class(NULL, &after, "/there"), CLASS_PLAIN);
	assert_int_equal(apparmor_class(NULL, &whenever, "/missing"), CLASS_ANONYMOUS);
	/* What cannot be looked up is not missing. */
	assert_int_equal(apparmor_class(NULL, &whenever, "/there/below"), CLASS_PLAIN);
}

/* Its files cannot be looked for any more, least of all among ours. */
static void a_container_that_has_ended(void **state)
{
	const struct apparmor_place ended = { -1, 1 };
	char path[64];

	snprintf(path, sizeof(path), "%s/there", dir);
	assert_int_equal(apparmor_class(NULL, &ended, "/missing"), CLASS_PLAIN);
	assert_int_equal(apparmor_class(NULL, &ended, path), CLASS_PLAIN);
}

static struct process *child_that_waits(pid_t *ret)
{
	struct process *p;

	*ret = fork();
	if (*ret == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_open(*ret, &p), 0);
	return p;
}

/* A process's own root is asked before its container's, as long as it has one. */
static void beneath_the_processs_root(void **state)
{
	_cleanup_close_ int root = open(dir, O_PATH | O_CLOEXEC);
	const struct apparmor_place nowhere = { -1, 0 }, container = { root, 0 };
	_cleanup_(process_freep) struct process *p = NULL;
	char path[64];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/there", dir);
	p = child_that_waits(&pid);
	assert_int_equal(apparmor_class(p, &nowhere, path), CLASS_PLAIN);
	assert_int_equal(apparmor_class(p, &nowhere, "/there"), CLASS_ANONYMOUS);
	assert_int_equal(apparmor_class(p, &container, "/there"), CLASS_ANONYMOUS);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(apparmor_class(p, &nowhere, "/there"), CLASS_PLAIN);
	assert_int_equal(apparmor_class(p, &nowhere, "/missing"), CLASS_PLAIN);
	assert_int_equal(apparmor_class(p, &container, "/missing"), CLASS_ANONYMOUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beneath_the_containers_root),
		cmocka_unit_test(a_container_that_has_ended),
		cmocka_unit_test(beneath_the_processs_root),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
