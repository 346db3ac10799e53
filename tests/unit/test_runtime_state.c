/* SPDX-License-Identifier: Apache-2.0 */
/* What runc and crun keep of containers, as they write it, and what is none of that; durations. */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/file_tree.h"
#include "enforcer/runtime_state.h"
#include "enforcer/time_argument.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define RUNC                                                                                       \
	"{\"init_process_pid\":411,\"init_process_start\":1000,\"config\":{\"labels\":"            \
	"[\"x=y\",\"bundle=/b/web\"]}}"
#define CRUN "{\"pid\":412,\"process-start-time\":1001,\"bundle\":\"/b/db\"}"

static char root[] = "/tmp/pale-runtime-state-XXXXXX";

static void put(const char *path, const char *content)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_close_ int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (file_tree_write(dir, path, content, strlen(content), &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

static int make(void **state)
{
	_cleanup_(text_release) struct text fifo = TEXT_INIT;

	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("run/runc/web-1/state.json", RUNC);
	put("run/crun/db/status", CRUN);
	put("run/containerd/runc/k8s.io/web-2/state.json", RUNC);
	put("run/runc/broken/state.json", "{");
	put("run/runc/other/state.json", "{\"init_process_pid\":1}");
	put("run/runc/none/file", "");
	text_printf(&fifo, "%s/run/runc/web-1/exec.fifo", root);
	return mkfifo(text_str(&fifo), 0600);
}

static int clean(void **state)
{
	(void)state;
	file_tree_remove(root);
	return 0;
}

static void take(void *ctx, const char *id, const struct runtime_state *s)
{
	text_printf(ctx, "%s %s %d %d %s%s\n", id, oci_runtime_names[s->runtime], (int)s->pid,
		(int)s->start_time, s->bundle, s->waits ? " waits" : "");
}

static void each_that_is_sound_is_listed(void **state)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	(void)state;
	runtime_state_each(root, take, &t);
	assert_string_equal(text_str(&t), "web-1 runc 411 1000 /b/web waits\n"
					  "db crun 412 1001 /b/db\n"
					  "web-2 runc 411 1000 /b/web\n");
}

static void one_is_found(void **state)
{
	_cleanup_(runtime_state_release) struct runtime_state s = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)state;
	assert_int_equal(runtime_state_find(root, "web-2", &s, &err), 0);
	assert_int_equal(s.pid, 411);
	assert_false(s.waits);
}

static void none_and_broken_ones_are_told_apart(void **state)
{
	static const struct {
		const char *id, *text;
		int r;
	} rows[] = {
		{ "nobody", "no runtime that is known has container 'nobody'", -ENOENT },
		{ "none", "no runtime that is known has container 'none'", -ENOENT },
		{ "broken", "/run/runc/broken/state.json: not what runc writes", -EBADMSG },
		{ "other", "/run/runc/other/state.json: not what runc writes", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(runtime_state_release) struct runtime_state s = { 0 };
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_int_equal(runtime_state_find(root, rows[i].id, &s, &err), rows[i].r);
		assert_non_null(strstr(pale_err_text(err), rows[i].text));
	}
}

static void durations(void **state)
{
	static const struct {
		const char *s;
		int64_t ms; /* -1: it is none */
	} rows[] = { { "90s", 90000 }, { "15m", 900000 }, { "1h", 3600000 }, { "2d", 172800000 },
		{ "0s", -1 }, { "", -1 }, { "s", -1 }, { "1", -1 }, { "1x", -1 }, { "1ss", -1 },
		{ "-1s", -1 }, { "100001s", -1 }, { "99999999999999999999s", -1 },
		{ "2026-11-26", -1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t ms = 0;
		bool is = duration_argument_parse(rows[i].s, &ms);

		assert_int_equal(is, rows[i].ms >= 0);
		if (is)
			assert_int_equal(ms, rows[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_that_is_sound_is_listed),
		cmocka_unit_test(one_is_found),
		cmocka_unit_test(none_and_broken_ones_are_told_apart),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
