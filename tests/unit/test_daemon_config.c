/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/config.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char path[] = "/tmp/pale-config-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	return unlink(path);
}

static int read_text(const char *text, struct daemon_config *ret, struct pale_err **err)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
	return daemon_config_read(path, ret, err);
}

static void each_mistake_has_its_message(void **state)
{
	/* PATH stands before each. */
	static const struct {
		const char *text, *error;
	} mistakes[] = {
		{ "- a\n", ":1:1: the file must map keys to values" },
		{ "web\n", ":1:1: the file must map keys to values" },
		{ "speed: 9\n", ":1:1: unknown key 'speed'" },
		{ "default: web\n\n  \nspeed: 9\n", ":4:1: unknown key 'speed'" },
		{ "default: [a]\n", ":1:10: 'default' must be a text" },
		{ "default:\n", ":1:9: 'default' must be a text" },
		{ "default: {a: b}\n", ":1:10: 'default' must be a text" },
		{ "on-missing: maybe\n", ":1:13: 'on-missing' must be wait, deny or allow" },
		{ "on-missing: [wait]\n", ":1:13: 'on-missing' must be wait, deny or allow" },
		{ "images: nginx\n", ":1:9: 'images' must map images to profiles" },
		{ "images: [nginx]\n", ":1:9: 'images' must map images to profiles" },
		{ "images: {nginx: [web]}\n", ":1:17: a profile must be a text" },
		{ "images: {'': web}\n", ":1:10: an image must be a text" },
		{ "images: {nginx: ''}\n", ":1:17: a profile must be a text" },
		{ "images: {a: b, a: c}\n", ":1:16: the key stands twice" },
		{ "image-labels: web\n", ":1:15: 'image-labels' must list profiles" },
		{ "image-labels: {web: x}\n", ":1:15: 'image-labels' must list profiles" },
		{ "image-labels: [[web]]\n", ":1:16: a profile must be a text" },
		{ "allow-partial: yes\n", ":1:16: 'allow-partial' must be true or false" },
		{ "allow-partial: 'true'\n", ":1:16: 'allow-partial' must be true or false" },
		{ "allow-partial: [true]\n", ":1:16: 'allow-partial' must be true or false" },
		{ "running: no\n", ":1:10: 'running' must be label or list" },
		{ "running: [list]\n", ":1:10: 'running' must be label or list" },
		{ "recording: yes\n", ":1:12: 'recording' must be true or false" },
		{ "seccomp-files: kubelet\n",
			":1:16: 'seccomp-files' must be the absolute path of a folder" },
		{ "audit-by-annotation: 1\n",
			":1:22: 'audit-by-annotation' must be true or false" },
		{ "events-per-second: -1\n",
			":1:20: 'events-per-second' must be a number from 0 to 1000000" },
		{ "events-per-second: 1e3\n",
			":1:20: 'events-per-second' must be a number from 0 to 1000000" },
		{ "events-per-second: 1000001\n",
			":1:20: 'events-per-second' must be a number from 0 to 1000000" },
		{ "events-per-second: 99999999999999999999999\n",
			":1:20: 'events-per-second' must be a number from 0 to 1000000" },
		{ "events-per-second: ' 1'\n",
			":1:20: 'events-per-second' must be a number from 0 to 1000000" },
		{ "protected: web\n", ":1:12: 'protected' must list profiles" },
		{ "protected: [[web]]\n", ":1:13: a profile must be a text" },
		{ "responses: freeze\n", ":1:12: 'responses' must list responses" },
		{ "responses: [freeze]\n", ":1:13: a response must be a map" },
		{ "responses: [{rule: a}]\n", ":1:13: a response must have an 'action'" },
		{ "responses: [{action: freeze}]\n",
			":1:13: a response must have 'rule' or 'violations'" },
		{ "responses: [{action: stop, rule: a}]\n",
			":1:22: 'action' must be kill-process, kill-container or freeze" },
		{ "responses: [{action: [freeze], rule: a}]\n",
			":1:22: 'action' must be kill-process, kill-container or freeze" },
		{ "responses:\n  - action: freeze\n    rule: a\n    object: /x\n",
			":4:5: unknown key 'object' of a response" },
		{ "responses: [{action: freeze, rule: ''}]\n", ":1:36: 'rule' must be a text" },
		{ "responses: [{action: freeze, rule: a, profile: [b]}]\n",
			":1:48: 'profile' must be a text" },
		{ "responses: [{action: freeze, violations: 0}]\n",
			":1:42: 'violations' must be a number from 1 to 10000" },
		{ "responses: [{action: freeze, violations: 10001}]\n",
			":1:42: 'violations' must be a number from 1 to 10000" },
		{ "responses: [{action: freeze, violations: many}]\n",
			":1:42: 'violations' must be a number from 1 to 10000" },
		{ "responses: [{action: freeze, violations: 5}]\n",
			":1:13: more than one of 'violations' needs 'within'" },
		{ "responses: [{action: freeze, rule: a, within: 5s}]\n",
			":1:47: 'within' needs more than one of 'violations'" },
		{ "responses: [{action: freeze, violations: 5, within: 5}]\n",
			":1:53: 'within' must be a time of at most an hour, such as 500ms, 10s or "
			"5m" },
		{ "responses: [{action: freeze, violations: 5, within: 2h}]\n",
			":1:53: 'within' must be a time of at most an hour, such as 500ms, 10s or "
			"5m" },
		{ "events-per-second: 10\nresponses: [{action: freeze, violations: 31, within: "
		  "1s}]\n",
			":2:12: with 'events-per-second: 10' 31 violations are never told in that "
			"time" },
		{ "responses: [{action: freeze, violations: 10000, within: "
		  "1s}]\nevents-per-second: 10\n",
			":1:12: with 'events-per-second: 10' 10000 violations are never told in "
			"that time" },
		{ "recorder: on\n", ":1:11: 'recorder' must be off, or have 'bytes' and 'days'" },
		{ "recorder: [off]\n",
			":1:11: 'recorder' must be off, or have 'bytes' and 'days'" },
		{ "recorder: {hours: 3}\n", ":1:12: unknown key 'hours' of 'recorder'" },
		{ "recorder: {bytes: 8388607}\n",
			":1:19: 'bytes' must be a number from 8388608 to 1099511627776" },
		{ "recorder: {bytes: 64M}\n",
			":1:19: 'bytes' must be a number from 8388608 to 1099511627776" },
		{ "recorder: {bytes: 99999999999999999999999}\n",
			":1:19: 'bytes' must be a number from 8388608 to 1099511627776" },
		{ "recorder: {days: 0}\n", ":1:18: 'days' must be a number from 1 to 3650" },
		{ "recorder: {days: 3651}\n", ":1:18: 'days' must be a number from 1 to 3650" },
		{ "recorder: {days: [3]}\n", ":1:18: 'days' must be a number from 1 to 3650" },
		{ "default: a\ndefault: b\n", ":2:1: the key stands twice" },
		{ "[a]: b\n", ":1:1: a key that is no text" },
		{ "default: a\n---\ndefault: b\n", ":3:1: only one document is read" },
		{ "default: 'a\n",
			":2:1: not YAML: while scanning a quoted scalar, found unexpected end of "
			"stream" },
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct daemon_config c;
		char expected[256];

		snprintf(expected, sizeof(expected), "%s%s", path, mistakes[i].error);
		assert_int_equal(read_text(mistakes[i].text, &c, &err), -EINVAL);
		assert_string_equal(pale_err_text(err), expected);
		assert_null(c.arena);
	}
}

static void expect_defaults(const char *text)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;

	assert_int_equal(
		text ? read_text(text, &c, &err) : daemon_config_read("/nowhere/at/all", &c, &err),
		0);
	assert_null(err);
	assert_null(c.default_profile);
	assert_int_equal(c.on_missing, ON_MISSING_WAIT);
	assert_int_equal(c.n_images + c.n_image_labels, 0);
	assert_false(c.allow_partial || c.audit_by_annotation || c.recording);
	assert_null(c.seccomp_files);
	assert_int_equal(c.running, RUNNING_LABEL);
	assert_int_equal(c.events_per_second, 1000);
	assert_int_equal(c.n_responses + c.n_protected, 0);
	assert_false(c.no_recorder);
	assert_int_equal(c.recorder.bytes, 268435456);
	assert_int_equal(c.recorder.days, 14);
	daemon_config_release(&c);
}

/* A line whose # is followed by no space is a key that is left out. */
static void what_packages_install_says_the_defaults(void **state)
{
	_cleanup_(text_release) struct text shown = TEXT_INIT;
	char line[512];
	FILE *f = fopen("debian/paled.conf", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		text_puts(&shown, line[0] == '#' && line[1] != ' ' ? line + 1 : line);
	fclose(f);
	assert_non_null(strstr(text_str(&shown), "\nevents-per-second: 1000\n"));
	expect_defaults(text_str(&shown));
}

static void the_recorder_is_bounded(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;

	assert_int_equal(read_text("recorder: {bytes: 8388608, days: 3650}\n", &c, &err), 0);
	assert_false(c.no_recorder);
	assert_int_equal(c.recorder.bytes, 8388608);
	assert_int_equal(c.recorder.days, 3650);
	daemon_config_release(&c);
	assert_int_equal(read_text("recorder: {days: 1}\n", &c, &err), 0);
	assert_int_equal(c.recorder.bytes, 268435456);
	assert_int_equal(c.recorder.days, 1);
	daemon_config_release(&c);
	assert_int_equal(read_text("recorder: off\n", &c, &err), 0);
	assert_true(c.no_recorder);
	daemon_config_release(&c);
}

static void what_is_not_said_is_strict(void **state)
{
	expect_defaults(NULL);
	expect_defaults("");
	expect_defaults("# nothing\n");
	expect_defaults("{}\n");
	expect_defaults("default: none\non-missing: wait\nallow-partial: false\n");
	expect_defaults("images: {}\nimage-labels: []\nevents-per-second: 1000\n");
}

static void each_key_is_read(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;

	assert_int_equal(read_text("default: web\n"
				   "on-missing: deny\n"
				   "images:\n"
				   "  docker.io/library/nginx: nginx\n"
				   "  sha256:00ff: pinned\n"
				   "  'localhost:5000/a:1': local\n"
				   "image-labels: [redis, nginx]\n"
				   "allow-partial: true\n"
				   "running: list\n"
				   "audit-by-annotation: true\n"
				   "recording: true\n"
				   "seccomp-files: /var/lib/kubelet/seccomp/pale\n"
				   "events-per-second: 0\n",
				 &c, &err),
		0);
	assert_string_equal(c.default_profile, "web");
	assert_int_equal(c.on_missing, ON_MISSING_DENY);
	assert_int_equal(c.n_images, 3);
	assert_string_equal(c.images[0].image, "docker.io/library/nginx");
	assert_string_equal(c.images[1].image, "sha256:00ff");
	assert_string_equal(c.images[1].profile, "pinned");
	assert_string_equal(c.images[2].image, "localhost:5000/a:1");
	assert_int_equal(c.n_image_labels, 2);
	assert_string_equal(c.image_labels[1], "nginx");
	assert_true(c.allow_partial && c.audit_by_annotation && c.recording);
	assert_string_equal(c.seccomp_files, "/var/lib/kubelet/seccomp/pale");
	assert_int_equal(c.events_per_second, 0);
	daemon_config_release(&c);
}

static void responses_are_read(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;

	assert_int_equal(read_text("responses:\n"
				   "  - rule: deny write /etc/**\n"
				   "    action: kill-process\n"
				   "  - violations: 20\n"
				   "    within: 500ms\n"
				   "    profile: web\n"
				   "    action: freeze\n"
				   "  - {violations: 10000, within: 1h, action: kill-container}\n"
				   "  - {violations: 1, action: kill-process}\n"
				   "protected: [monitor]\n"
				   "events-per-second: 10\n",
				 &c, &err),
		0);
	assert_int_equal(c.n_responses, 4);
	assert_string_equal(c.responses[0].rule, "deny write /etc/**");
	assert_null(c.responses[0].profile);
	assert_int_equal(c.responses[0].action, RESPONSE_KILL_PROCESS);
	assert_int_equal(c.responses[0].violations, 1);
	assert_int_equal(c.responses[0].within_ns, 0);
	assert_null(c.responses[1].rule);
	assert_string_equal(c.responses[1].profile, "web");
	assert_int_equal(c.responses[1].action, RESPONSE_FREEZE);
	assert_int_equal(c.responses[1].violations, 20);
	assert_int_equal(c.responses[1].within_ns, 500000000);
	assert_int_equal(c.responses[2].action, RESPONSE_KILL_CONTAINER);
	assert_int_equal(c.responses[2].within_ns, 3600000000000);
	assert_int_equal(c.responses[3].violations, 1);
	assert_int_equal(c.n_protected, 1);
	assert_string_equal(c.protected[0], "monitor");
	daemon_config_release(&c);
}

static void a_folder_is_no_file(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;

	assert_true(daemon_config_read("/tmp", &c, &err) < 0);
	assert_non_null(strstr(pale_err_text(err), "/tmp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_has_its_message),
		cmocka_unit_test(what_is_not_said_is_strict),
		cmocka_unit_test(what_packages_install_says_the_defaults),
		cmocka_unit_test(the_recorder_is_bounded),
		cmocka_unit_test(each_key_is_read),
		cmocka_unit_test(responses_are_read),
		cmocka_unit_test(a_folder_is_no_file),
	};

	return cmocka_run_group_tests_name("daemon_config", tests, setup, teardown);
}
