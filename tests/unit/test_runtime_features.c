/* SPDX-License-Identifier: Apache-2.0 */
/* What runtimes say of seccomp flags, and that one that does not answer holds nobody up for long.
 */
#include "enforcer/daemon/runtime_features.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static void runc_says(void **state)
{
	static const struct {
		const char *json;
		bool understood, takes;
	} cases[] = {
		{ "{\"linux\":{\"seccomp\":{\"enabled\":true,\"supportedFlags\":[\"SECCOMP_FILTER_"
		  "FLAG_"
		  "TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\"]}}}",
			true, true },
		{ "{\"linux\":{\"seccomp\":{\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"]}}}",
			true, false },
		/* 1.1.5 */
		{ "{\"linux\":{\"seccomp\":{\"enabled\":true,\"actions\":[\"SCMP_ACT_LOG\"]}}}",
			true, false },
		/* known is not supported */
		{ "{\"linux\":{\"seccomp\":{\"knownFlags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}}}", true,
			false },
		{ "{\"linux\":{\"seccomp\":{\"supportedFlags\":[1,null,{}]}}}", true, false },
		{ "{\"linux\":{\"seccomp\":{\"supportedFlags\":\"SECCOMP_FILTER_FLAG_LOG\"}}}",
			true, false },
		{ "{}", false, false },
		{ "[]", false, false },
		{ "No help topic for 'features'\n", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool takes = true;

		assert_int_equal(runc_features_have_seccomp_log(
					 cases[i].json, strlen(cases[i].json), &takes),
			cases[i].understood);
		assert_int_equal(takes, cases[i].takes);
	}
}

static void crun_says(void **state)
{
	static const struct {
		const char *text;
		bool understood, takes;
	} cases[] = {
		{ "crun version 1.8.1\ncommit: f8a096\n", true, true },
		{ "crun version 1.8\n", true, true },
		{ "crun version 1.21\n", true, true },
		{ "crun version 2.0\n", true, true },
		{ "crun version 1.7.2\n", true, false },
		{ "crun version 0.17\n", true, false },
		{ "runc version 1.2.0\n", false, false },
		{ "crun version UNKNOWN\n", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool takes = true;

		assert_int_equal(
			crun_version_has_seccomp_log(cases[i].text, &takes), cases[i].understood);
		assert_int_equal(takes, cases[i].takes);
	}
}

/* A runtime that is a script, in a folder of its own. */
struct stage {
	char dir[32];
	char path[64];
	char ran[64];
	struct runtime_features features;
};

static int set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	strcpy(s->dir, "/tmp/pale-features.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/runc", s->dir);
	snprintf(s->ran, sizeof(s->ran), "%s/ran", s->dir);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	runtime_features_release(&s->features);
	unlink(s->path);
	unlink(s->ran);
	rmdir(s->dir);
	free(s);
	return 0;
}

/* It notes each time that it is run. */
static void write_runtime(struct stage *s, const char *script, mode_t mode)
{
	FILE *f;

	unlink(s->path);
	f = fopen(s->path, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho >>%s\n%s\n", s->ran, script);
	fclose(f);
	assert_int_equal(chmod(s->path, mode), 0);
}

static int times_run(const struct stage *s)
{
	struct stat st;

	return stat(s->ran, &st) < 0 ? 0 : (int)st.st_size;
}

static int ask(struct stage *s, bool *takes, const char *text)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int r = runtime_takes_seccomp_log(&s->features, OCI_RUNTIME_RUNC, s->path, takes, &err);

	if (text) {
		assert_non_null(err);
		assert_non_null(strstr(pale_err_text(err), text));
	} else {
		assert_null(err);
	}
	return r;
}

#define NEW_RUNC                                                                                   \
	"echo '{\"linux\":{\"seccomp\":{\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}}}'"

static void is_asked_once(void **state)
{
	struct stage *s = *state;
	bool takes = false;

	write_runtime(s, "[ \"$1\" = features ] && " NEW_RUNC, 0755);
	assert_int_equal(ask(s, &takes, NULL), 0);
	assert_true(takes);
	assert_int_equal(ask(s, &takes, NULL), 0);
	assert_true(takes);
	assert_int_equal(times_run(s), 1);
	/* Another file under the same name. */
	write_runtime(s, "echo '{\"linux\":{\"seccomp\":{}}}'", 0755);
	assert_int_equal(ask(s, &takes, NULL), 0);
	assert_false(takes);
	assert_int_equal(times_run(s), 2);
}

static void has_nothing_of_the_daemons(void **state)
{
	struct stage *s = *state;
	bool takes = false;

	setenv("PALE_SECRET", "x", 1);
	write_runtime(s, "[ -z \"$PALE_SECRET\" ] && ! read -r line && " NEW_RUNC, 0755);
	assert_int_equal(ask(s, &takes, NULL), 0);
	assert_true(takes);
	unsetenv("PALE_SECRET");
}

static void failures(void **state)
{
	struct stage *s = *state;
	bool takes = true;

	write_runtime(s, "exit 3", 0755);
	assert_int_equal(ask(s, &takes, "failed"), -EREMOTEIO);
	assert_false(takes);
	/* Remembered, without a second complaint. */
	assert_int_equal(ask(s, &takes, NULL), 0);
	assert_false(takes);
	assert_int_equal(times_run(s), 1);
	write_runtime(s, "echo nonsense", 0755);
	assert_int_equal(ask(s, &takes, "is not understood"), -EBADMSG);
	write_runtime(s, "while :; do echo nonsense nonsense nonsense; done", 0755);
	assert_int_equal(ask(s, &takes, "File too large"), -EFBIG);
	assert_false(takes);
}

static void is_not_run_when_others_may_write(void **state)
{
	struct stage *s = *state;
	bool takes = true;

	write_runtime(s, NEW_RUNC, 0775);
	assert_int_equal(ask(s, &takes, "others than root may write to it"), -EPERM);
	assert_false(takes);
	write_runtime(s, NEW_RUNC, 0755);
	assert_int_equal(chown(s->path, 1, 0), 0);
	assert_int_equal(ask(s, &takes, "others than root may write to it"), -EPERM);
	assert_int_equal(times_run(s), 0);
	strcpy(s->path, "runc");
	assert_int_equal(ask(s, &takes, "is no absolute path"), -EINVAL);
}

static void silent(struct stage *s, const char *script)
{
	struct timespec before, after;
	bool takes = true;

	write_runtime(s, script, 0755);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(ask(s, &takes, "Connection timed out"), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_false(takes);
	/* Not as long as it would go on; how long exactly is the machine's matter. */
	assert_true(after.tv_sec - before.tv_sec < 60);
}

static void does_not_end(void **state)
{
	silent(*state, "sleep 100");
	/* What it prints is all there, and it stays. */
	silent(*state, NEW_RUNC "; exec >/dev/null; sleep 100");
}

static void is_told_by_who_sees_it(void **state)
{
	static const char new_runc[] =
		"{\"linux\":{\"seccomp\":{\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}}}";
	static const struct {
		const char *path, *file, *said;
		int r;
		bool takes;
	} turns[] = {
		{ "/usr/sbin/runc", "1:2:3", NULL, -ENODATA, false },
		{ "/usr/sbin/runc", "1:2:3", new_runc, 0, true },
		/* Once is enough, */
		{ "/usr/sbin/runc", "1:2:3", NULL, 0, true },
		{ "/usr/sbin/runc", "1:2:3", "{}", 0, true },
		/* until it is another file. */
		{ "/usr/sbin/runc", "1:2:4", NULL, -ENODATA, false },
		{ "/usr/sbin/runc", "1:2:4", "", -EBADMSG, false },
		{ "/usr/sbin/runc", "1:2:4", NULL, 0, false },
		{ "/usr/bin/runc", "1:2:4", NULL, -ENODATA, false },
	};
	struct runtime_features f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		bool takes = !turns[i].takes;

		assert_int_equal(runtime_told_seccomp_log(&f, OCI_RUNTIME_RUNC, turns[i].path,
					 turns[i].file, turns[i].said, &takes, &err),
			turns[i].r);
		assert_int_equal(takes, turns[i].takes);
	}
	runtime_features_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runc_says),
		cmocka_unit_test(crun_says),
		cmocka_unit_test_setup_teardown(is_asked_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_nothing_of_the_daemons, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			is_not_run_when_others_may_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_not_end, set_up, tear_down),
		cmocka_unit_test(is_told_by_who_sees_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
