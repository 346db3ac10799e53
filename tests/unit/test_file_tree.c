/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/file_tree.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* In it: own/ (the folder), outside/secret, and own/link -> ../outside, own/file-link -> its secret
 */
static char base[] = "/tmp/pale-tree-XXXXXX";
static int own = -1;

static int setup(void **state)
{
	strcpy(base + strlen(base) - 6, "XXXXXX");
	if (!mkdtemp(base) || chdir(base) < 0 || mkdir("own", 0700) < 0 || mkdir("outside", 0700))
		return -1;
	own = open("own", O_PATH | O_DIRECTORY);
	return file_tree_write(AT_FDCWD, "outside/secret", "SECRET", 6, NULL) < 0 ||
			       symlink("../outside", "own/link") < 0 ||
			       symlink("../outside/secret", "own/file-link") < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	close(own);
	chdir("/");
	file_tree_remove(base);
	return access(base, F_OK) == 0;
}

/* Fails, and says something. */
static void expect_failure(int r, struct pale_err **err)
{
	assert_true(r < 0);
	assert_non_null(*err);
	pale_err_free(*err);
	*err = NULL;
}

static void expect_content(const char *path, const char *expected)
{
	char buffer[64] = "";
	_cleanup_close_ int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buffer, sizeof(buffer) - 1) >= 0);
	assert_string_equal(buffer, expected);
}

static void writes_below_its_folder(void **state)
{
	struct pale_err *err = NULL;
	struct stat st;

	assert_int_equal(file_tree_write(own, "a", "x", 1, NULL), 0);
	assert_int_equal(file_tree_write(own, "b/c/d", "y", 1, NULL), 0);
	assert_int_equal(file_tree_write(own, "b/c/e", "", 0, NULL), 0);
	expect_content("own/b/c/d", "y");
	assert_int_equal(stat("own/b/c/d", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("own/b", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	expect_failure(file_tree_write(own, "a", "z", 1, &err), &err);
	expect_content("own/a", "x");
	expect_failure(file_tree_write(own, "a/b", "z", 1, &err), &err);
}

static void writes_nowhere_else(void **state)
{
	static const char *const names[] = { "../outside/new", "../new", "/tmp/pale-new",
		"link/new", "b/../../new", "link", "file-link", "..", ".", "", "b/", "b//c" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_true(file_tree_write(own, names[i], "z", 1, &err) < 0);
		assert_non_null(err);
	}
	assert_int_not_equal(access("outside/new", F_OK), 0);
	assert_int_not_equal(access("new", F_OK), 0);
	assert_int_not_equal(access("/tmp/pale-new", F_OK), 0);
	expect_content("outside/secret", "SECRET");
}

static void replaces_and_does_not_follow(void **state)
{
	struct pale_err *err = NULL;
	struct stat st;

	assert_int_equal(file_tree_replace("own", "f", "one", 3, NULL), 0);
	assert_int_equal(file_tree_replace("own", "f", "two", 3, NULL), 0);
	expect_content("own/f", "two");
	/* The link itself is replaced, and one where the new file is made first, too. */
	assert_int_equal(symlink("../outside/secret", "own/.file-link.new"), 0);
	assert_int_equal(file_tree_replace("own", "file-link", "three", 5, NULL), 0);
	assert_int_equal(lstat("own/file-link", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	expect_content("own/file-link", "three");
	expect_content("outside/secret", "SECRET");
	assert_int_equal(lstat("own/.file-link.new", &st), -1);
	expect_failure(file_tree_replace("own", "../outside/secret", "x", 1, &err), &err);
	expect_failure(file_tree_replace("own/nowhere", "f", "x", 1, &err), &err);
	expect_content("outside/secret", "SECRET");
}

static void expect_read(const char *name, int errnum, const char *error)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	assert_int_equal(file_tree_read("own", name, 8, &t, &err), -errnum);
	if (errnum)
		assert_string_equal(pale_err_text(err), error);
}

static void reads_what_is_a_file_and_no_more(void **state)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	assert_int_equal(file_tree_replace("own", "f", "12345678", 8, NULL), 0);
	assert_int_equal(file_tree_read("own", "f", 8, &t, NULL), 0);
	assert_string_equal(text_str(&t), "12345678");
	assert_int_equal(file_tree_replace("own", "long", "123456789", 9, NULL), 0);
	assert_int_equal(mkfifo("own/fifo", 0600), 0);
	expect_read("long", EFBIG, "own/long has more than 8 bytes");
	expect_read("fifo", EINVAL, "own/fifo is no regular file");
	expect_read(".", EINVAL, "own/. is no regular file");
	expect_read("file-link", ELOOP, "open own/file-link: Too many levels of symbolic links");
	expect_read(
		"link/secret", ELOOP, "open own/link/secret: Too many levels of symbolic links");
	expect_read("../outside/secret", EXDEV,
		"open own/../outside/secret: Invalid cross-device link");
	expect_read("/etc/passwd", EXDEV, "open own//etc/passwd: Invalid cross-device link");
	expect_read("none", ENOENT, "open own/none: No such file or directory");
}

static void removes_links_and_not_what_they_lead_to(void **state)
{
	assert_int_equal(file_tree_write(own, "b/c/d", "y", 1, NULL), 0);
	file_tree_remove("own/link");
	assert_int_equal(access("outside/secret", F_OK), 0);
	assert_int_equal(symlink("../../outside", "own/b/link"), 0);
	file_tree_remove("own");
	assert_int_not_equal(access("own", F_OK), 0);
	expect_content("outside/secret", "SECRET");
	file_tree_remove("nowhere");
}

static void makes_folders_that_are_its_own(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *linked = NULL, *file = NULL, *open_to_all = NULL;
	struct pale_err *err = NULL;
	struct stat st;

	assert_int_equal(file_tree_make("made/of/three", 0750, NULL), 0);
	assert_int_equal(stat("made/of/three", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(file_tree_make("made/of/three", 0700, NULL), 0);
	assert_int_equal(stat("made/of/three", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	assert_int_equal(file_tree_make("own/link", 0700, &linked), -ENOTDIR);
	assert_int_equal(file_tree_make("outside/secret", 0700, &file), -ENOTDIR);
	assert_int_equal(chmod("made/of", 0777), 0);
	assert_int_equal(file_tree_make("made/of", 0700, &open_to_all), -EPERM);
	assert_string_equal(pale_err_text(open_to_all),
		"made/of must belong to this user, and nobody else write to it");
	expect_failure(file_tree_make("", 0700, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_below_its_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_nowhere_else, setup, teardown),
		cmocka_unit_test_setup_teardown(replaces_and_does_not_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_what_is_a_file_and_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(
			removes_links_and_not_what_they_lead_to, setup, teardown),
		cmocka_unit_test_setup_teardown(makes_folders_that_are_its_own, setup, teardown),
	};

	return cmocka_run_group_tests_name("file_tree", tests, NULL, NULL);
}
