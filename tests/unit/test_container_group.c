/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in a group: of folders that look like cgroups. */
#include "enforcer/daemon/container_group.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/cgroup.h"
#include "enforcer/file_tree.h"
#include "enforcer/load_lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[40];
static struct container_group group;

static int setup(void **state)
{
	strcpy(dir, "/tmp/pale-group-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	group = (struct container_group){ open(dir, O_RDONLY | O_DIRECTORY), false, -1 };
	return group.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	container_group_close(&group);
	file_tree_remove(dir);
	return 0;
}

static void write_file(const char *name, const char *bytes)
{
	_cleanup_close_ int fd = openat(group.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
}

static int add(void *ctx, pid_t pid)
{
	*(int *)ctx += pid;
	return pid == 1000;
}

static void all_that_are_in_it_and_below(void **state)
{
	int sum = 0;

	write_file("cgroup.procs", "");
	assert_true(container_group_is_empty(&group));
	write_file("cgroup.procs", "3\n4\n");
	assert_int_equal(mkdirat(group.fd, "below", 0700), 0);
	write_file("below/cgroup.procs", "50\n");
	assert_int_equal(container_group_each(&group, add, &sum), 0);
	assert_int_equal(sum, 57);
	write_file("below/cgroup.procs", "1000\n50\n");
	assert_int_equal(container_group_each(&group, add, &sum), 1);
	write_file("cgroup.procs", "");
	assert_false(container_group_is_empty(&group));
}

/* It is not taken for empty. */
static void what_cannot_be_looked_at(void **state)
{
	int sum = 0;

	write_file("cgroup.procs", "");
	assert_int_equal(mkdirat(group.fd, "first", 0700), 0);
	write_file("first/cgroup.procs", "3\n");
	assert_int_equal(mkdirat(group.fd, "below", 0700), 0);
	assert_int_equal(mkdirat(group.fd, "below/cgroup.procs", 0700), 0);
	assert_int_equal(mkdirat(group.fd, "last", 0700), 0);
	write_file("last/cgroup.procs", "4\n");
	assert_int_equal(container_group_each(&group, add, &sum), -EISDIR);
	/* The others are, in whatever order. */
	assert_int_equal(sum, 7);
	assert_false(container_group_is_empty(&group));
}

static void too_deep(void **state)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	int sum = 0;

	for (int i = 0; i < 17; i++) {
		text_puts(&path, i ? "/g" : "g");
		assert_int_equal(mkdirat(group.fd, text_str(&path), 0700), 0);
		assert_int_equal(container_group_each(&group, add, &sum), i < 16 ? 0 : -E2BIG);
	}
	assert_false(container_group_is_empty(&group));
}

static void the_unified_hierarchy_says_it(void **state)
{
	group.unified = true;
	write_file("cgroup.events", "populated 1\nfrozen 0\n");
	assert_false(container_group_is_empty(&group));
	write_file("cgroup.events", "populated 0\nfrozen 0\n");
	assert_true(container_group_is_empty(&group));
	assert_int_equal(unlinkat(group.fd, "cgroup.events", 0), 0);
	assert_true(container_group_is_empty(&group));
	assert_int_equal(mkdirat(group.fd, "cgroup.events", 0700), 0);
	assert_false(container_group_is_empty(&group));
}

/* By its number, whoever has its path by now. */
static void the_group_that_it_was(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *none = NULL, *err = NULL;
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *mount = NULL;
	_cleanup_close_ int fd = -1;
	char root[] = "0::/";
	struct container c = { .id = (char *)"c", .cgroup = root };
	struct container_group g;

	if (cgroup_mount_point(&mount, &none) < 0)
		skip();
	text_printf(&path, "%s/", mount);
	fd = open(text_str(&path), O_RDONLY | O_DIRECTORY);
	assert_int_equal(lsm_cgroup_id(fd, &c.cgroup_id, &err), 0);
	assert_int_equal(container_group_open(&c, &g, &err), 0);
	container_group_close(&g);
	c.cgroup_id++;
	assert_int_equal(container_group_open(&c, &g, &err), -ENOENT);
	assert_string_equal(pale_err_text(err),
		"the cgroup of container 'c' is gone, and another has its name");
	container_group_close(&g);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_that_are_in_it_and_below),
		TEST(what_cannot_be_looked_at),
		TEST(too_deep),
		TEST(the_group_that_it_was),
		TEST(the_unified_hierarchy_says_it),
	};

	return cmocka_run_group_tests_name("container_group", tests, NULL, NULL);
}
