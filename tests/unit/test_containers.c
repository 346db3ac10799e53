/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/container.h"

#include "compiler/base/cleanup.h"
#include "enforcer/file_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

static void ids(void **state)
{
	static const char *const sound[] = { "a", "0", "A-b_c.d+e", "web-7f", "x..y",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
	static const char *const unsound[] = { "", ".", "..", ".a", "-a", "_a", "+a", "a/b", "/a",
		"a b", "a\n", "a\x7f", "a\\b", "a%b", "a:b", "\xc3\xa4", "a\xc3\xa4", "a\"b",
		"a*" };
	char id[257];

	for (size_t i = 0; i < sizeof(sound) / sizeof(*sound); i++)
		assert_true(container_id_is_sound(sound[i]));
	for (size_t i = 0; i < sizeof(unsound) / sizeof(*unsound); i++)
		assert_false(container_id_is_sound(unsound[i]));
	memset(id, 'x', sizeof(id));
	id[256] = 0;
	assert_false(container_id_is_sound(id));
	id[255] = 0;
	assert_true(container_id_is_sound(id));
}

static void add(struct containers *all, const char *id, const char *name)
{
	struct container *c = calloc(1, sizeof(*c));

	c->id = strdup(id);
	c->pidfd = -1;
	c->annotations = name ? json_pack("{s:s}", "pale.dev/name", name) : NULL;
	containers_add(all, c);
}

static void expect_like(const struct containers *all, const char *word, const char *id)
{
	const struct container *c = containers_find_like(all, word);

	if (id) {
		assert_non_null(c);
		assert_string_equal(c->id, id);
	} else {
		assert_null(c);
	}
}

static void a_beginning_or_a_name(void **state)
{
	struct containers all = { .dir = strdup("/nowhere") };

	add(&all, "abc", "web");
	add(&all, "abcdef", "db");
	add(&all, "xyz", "web");
	assert_ptr_equal(containers_find(&all, "abc"), all.v[0]);
	assert_null(containers_find(&all, "ab"));
	expect_like(&all, "abc", "abc"); /* whole goes first */
	expect_like(&all, "abcd", "abcdef");
	expect_like(&all, "ab", NULL);
	expect_like(&all, "db", "abcdef");
	expect_like(&all, "web", NULL);
	expect_like(&all, "x", "xyz");
	expect_like(&all, "d", NULL);
	/* Numbers are used once. */
	assert_int_equal(all.v[2]->number, 3);
	containers_remove(&all, all.v[2]);
	add(&all, "xyz", NULL);
	assert_int_equal(all.v[2]->number, 4);
	assert_ptr_equal(containers_by_number(&all, 4), all.v[2]);
	assert_null(containers_by_number(&all, 3));
	all.v[0]->forgotten_ns = 1;
	assert_null(containers_find(&all, "abc"));
	containers_release(&all);
}

static int take_kept(void *ctx, const char *id, const json_t *kept, struct pale_err **err)
{
	json_int_t *since = ctx;

	assert_string_equal(id, "web");
	assert_true(json_is_false(json_object_get(kept, "forgotten")));
	*since = json_integer_value(json_object_get(kept, "since_ns"));
	return 0;
}

static void no_failure(void *ctx, const char *id, const char *why)
{
	fail_msg("%s: %s", id, why);
}

/* What is done late about one that was forgotten is not told in the file of who has its id now. */
static void the_file_is_the_last_ones(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	char dir[] = "/tmp/pale-containers-XXXXXX";
	struct containers all;
	json_int_t since = 0;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(containers_init(&all, dir, &err), 0);
	add(&all, "web", NULL);
	all.v[0]->forgotten_ns = 1;
	assert_int_equal(container_keep(&all, all.v[0], &err), 0);
	add(&all, "web", NULL);
	all.v[1]->since_ns = 2;
	assert_int_equal(container_keep(&all, all.v[1], &err), 0);
	assert_int_equal(container_keep(&all, all.v[0], &err), 0);
	containers_remove(&all, all.v[0]);
	assert_int_equal(containers_restore(&all, take_kept, &since, no_failure, &err), 0);
	assert_int_equal(since, 2);
	containers_release(&all);
	file_tree_remove(dir);
}

static void the_group_with_its_id(void **state)
{
	static const struct {
		const char *found, *own;
	} cases[] = {
		{ "4:pids:/a/docker-abc.scope", "4:pids:/a/docker-abc.scope" },
		{ "4:pids:/a/docker-abc.scope/init.scope", "4:pids:/a/docker-abc.scope" },
		/* One that it runs itself. */
		{ "4:pids:/docker/abc/docker/abcd/x", "4:pids:/docker/abc" },
		{ "1:name=abc:/docker/abc/x", "1:name=abc:/docker/abc" },
		{ "4:pids:/a:b:abc/c:d", "4:pids:/a:b:abc" },
		{ "4:pids:/other/group", "4:pids:/other/group" },
	};
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ char *cgroup = strdup(cases[i].found);
		struct container c = { .id = (char *)"abc", .cgroup = cgroup, .pidfd = -1 };

		assert_int_equal(container_widen(&c, &err), 0);
		assert_string_equal(c.cgroup, cases[i].own);
	}
}

/* A line of this process's own that has a path. */
static bool own_group(char *line, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, (int)size, f)) {
		const char *path = strchr(strchr(line, ':') + 1, ':') + 1;

		line[strcspn(line, "\n")] = 0;
		if (path[0] == '/' && path[1])
			return true;
	}
	return false;
}

static void a_group_that_this_process_is_in(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	char line[4096], cgroup[4200];
	struct container c = { .cgroup = cgroup, .pidfd = -1 };

	if (!own_group(line, sizeof(line)))
		skip();
	c.id = strrchr(line, '/') + 1;
	snprintf(cgroup, sizeof(cgroup), "%s/below", line);
	assert_int_equal(container_widen(&c, &err), -ENOTUNIQ);
}

static void pidfds(void **state)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(container_pid_of(fd, &pid, NULL), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(container_pid_of(null, &pid, &err), -EBADF);
	assert_string_equal(pale_err_text(err), "what came with the request is no pidfd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
		cmocka_unit_test(a_beginning_or_a_name),
		cmocka_unit_test(the_file_is_the_last_ones),
		cmocka_unit_test(the_group_with_its_id),
		cmocka_unit_test(a_group_that_this_process_is_in),
		cmocka_unit_test(pidfds),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
