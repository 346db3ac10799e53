/* SPDX-License-Identifier: Apache-2.0 */
/* What a PaleProfile's spec compiles to: exact texts, bounds, and that a node means the same. */
#include "operator/controller/profile_compile.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/node_policy.h"
#include "operator/controller/limited_process.h"
#include "operator/controller/status_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "controller_json.h"

static json_t *compile_source(const char *name, const char *source)
{
	_cleanup_json_ json_t *spec = json_pack("{s:s}", "source", source);

	return profile_compile(name, spec);
}

#define WEB                                                                                        \
	"use base/libc, base/null\n"                                                               \
	"profile web {\n"                                                                          \
	"\tinclude libc, null\n"                                                                   \
	"\tfile { allow read /srv/** }\n"                                                          \
	"}\n"

static void a_policy_that_is_right(void **state)
{
	_cleanup_json_ json_t *o = compile_source("web", WEB);
	const json_t *files = json_object_get(json_object_get(o, "bundle"), "files");
	char want[128];

	assert_string_equal(text_of(o, "reason"), "Compiled");
	assert_string_equal(text_of(o, "message"), "the policy is right");
	assert_json(json_object_get(o, "diagnostics"), "[]");
	assert_int_equal(strlen(text_of(o, "digest")), 64);
	snprintf(want, sizeof(want), "pale/web-%.12s.json", text_of(o, "digest"));
	assert_string_equal(text_of(json_object_get(o, "pod"), "seccompProfile"), want);
	assert_json(json_object_get(json_object_get(o, "pod"), "dropCapabilities"), "[\"ALL\"]");
	assert_json(
		json_object_get(json_object_get(o, "pod"), "allowPrivilegeEscalation"), "false");
	assert_string_equal(text_of(json_object_get(o, "bundle"), "main"), "web.pale");
	assert_int_equal(json_object_size(files), 3);
	assert_string_equal(text_of(files, "web.pale"), WEB);
	assert_true(strlen(text_of(files, "base/libc.pale")) > 100);
	assert_true(strlen(text_of(files, "base/null.pale")) > 100);
}

static void pods_get_what_the_policy_implies(void **state)
{
	static const struct {
		const char *source;
		const char *pod; /* without seccompProfile */
	} cases[] = {
		{ "profile a { file { allow read / } }",
			"{\"dropCapabilities\":[\"ALL\"],\"allowPrivilegeEscalation\":false}" },
		/* A sub-profile may be entered by exec, which no_new_privs would keep from
		   AppArmor. */
		{ "profile a { profile b { file { allow read / } }\n"
		  " process { allow exec /b as b } }",
			"{\"dropCapabilities\":[\"ALL\"]}" },
		{ "profile a { mode audit\n file { allow read / } }", "{\"dropCapabilities\":[]}" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *o = compile_source("a", cases[i].source);
		json_t *pod = json_object_get(o, "pod");

		if (strcmp(text_of(o, "reason"), "Compiled") != 0)
			fail_msg("%s: %s", cases[i].source, text_of(o, "message"));
		json_object_del(pod, "seccompProfile");
		assert_json(pod, cases[i].pod);
	}
}

static bool holds(const json_t *array, const char *word)
{
	json_t *v;
	size_t i;

	json_array_foreach (array, i, v) {
		if (!strcmp(json_string_value(v), word))
			return true;
	}
	return false;
}

static void capabilities_that_are_kept_are_not_dropped(void **state)
{
	_cleanup_json_ json_t *o =
		compile_source("a", "profile a { capability { allow net_bind_service, chown } }");
	const json_t *pod = json_object_get(o, "pod");
	const json_t *dropped = json_object_get(pod, "dropCapabilities");

	assert_string_equal(text_of(o, "reason"), "Compiled");
	assert_int_equal(json_array_size(dropped), VOCAB_N_CAPABILITIES - 2);
	assert_true(holds(dropped, "SYS_ADMIN"));
	assert_true(holds(dropped, "NET_RAW"));
	assert_false(holds(dropped, "NET_BIND_SERVICE"));
	assert_false(holds(dropped, "CHOWN"));
	assert_false(holds(dropped, "ALL"));
	assert_null(json_object_get(pod, "allowPrivilegeEscalation"));
}

/* paled compiles what the bundle has, in a folder, and comes to the same digest. */
static void a_node_comes_to_the_same_digest(void **state)
{
	static const char spec_text[] =
		"{\"source\":\"use base/libc, web/common\\nprofile web extends base-web "
		"{ include libc, own }\","
		"\"files\":{\"web/common.pale\":\"use deeper\\nprofile base-web { include deep }\\n"
		"fragment own { file { allow read /own } }\","
		"\"web/deeper.pale\":\"fragment deep { file { allow read /deep } }\","
		"\"deeper.pale\":\"fragment deep { file { allow read /never } }\","
		"\"base/null.pale\":\"fragment null { file { allow read /never } }\"}}";
	_cleanup_json_ json_t *spec = json_loads(spec_text, 0, NULL);
	_cleanup_json_ json_t *o = profile_compile("web", spec);
	const json_t *bundle = json_object_get(o, "bundle");
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(node_policy_unrefp) struct node_policy *p = NULL;
	char store[] = "/tmp/pale-test-XXXXXX";
	_cleanup_free_ char *dir = NULL;
	struct node_source sources[8];
	size_t n = 0;
	const char *name;
	json_t *text;

	assert_string_equal(text_of(o, "message"), "the policy is right");
	assert_int_equal(json_object_size(json_object_get(bundle, "files")), 4);
	assert_non_null(json_object_get(json_object_get(bundle, "files"), "web/deeper.pale"));
	json_object_foreach (json_object_get(bundle, "files"), name, text) {
		sources[n++] = (struct node_source){ name, json_string_value(text),
			json_string_length(text) };
	}
	assert_non_null(mkdtemp(store));
	/* A node that has another library, or none. */
	unsetenv("PALE_PATH");
	if (node_policy_store(store, sources, n, &dir, &err) < 0 ||
		node_policy_compile(dir, text_of(bundle, "main"), NULL, false, &p, NULL, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	setenv("PALE_PATH", "profiles", 1);
	file_tree_remove(store);
	assert_string_equal(p->digest, text_of(o, "digest"));
	assert_string_equal(p->profile, "web");
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
	_cleanup_json_ json_t *o = compile_source("web",
		"profile web {\n\tfile {\n\t\tallow raed /etc/web\n\t\tallow read etc\n\t}\n}\n");

	assert_json(o,
		"{\"reason\":\"SourceInvalid\","
		"\"message\":\"web.pale:3:9: unknown operation 'raed', and 1 more error\","
		"\"diagnostics\":[{\"severity\":\"error\",\"line\":3,\"column\":9,"
		"\"message\":\"unknown operation 'raed'\",\"hint\":\"did you mean 'read'?\"},"
		"{\"severity\":\"error\",\"line\":4,\"column\":14,"
		"\"message\":\"expected a path after 'read', found 'etc'\","
		"\"hint\":\"a path begins with '/' or '$'\"}]}");
}

static void a_file_of_the_spec_is_named(void **state)
{
	_cleanup_json_ json_t *spec =
		json_loads("{\"source\":\"use x\\nprofile a { include f }\","
			   "\"files\":{\"x.pale\":\"fragment f {\\n oops }\"}}",
			0, NULL);
	_cleanup_json_ json_t *o = profile_compile("a", spec);
	const json_t *first = json_array_get(json_object_get(o, "diagnostics"), 0);

	assert_string_equal(text_of(o, "reason"), "SourceInvalid");
	assert_string_equal(text_of(first, "file"), "x.pale");
	assert_int_equal(json_integer_value(json_object_get(first, "line")), 2);
}

/* What lies where the controller was started is not beside anybody's source. */
static void no_file_of_the_controllers_is_used(void **state)
{
	static const char *const specs[] = {
		"{\"source\":\"use secret\\nprofile a { }\"}",
		"{\"source\":\"use web/b\\nprofile a { }\","
		"\"files\":{\"web/b.pale\":\"use secret\"}}",
	};
	_cleanup_close_ int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static const char text[] = "fragment secret { }\n";
	char dir[] = "/tmp/pale-test-XXXXXX";

	assert_true(before >= 0);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("web", 0700), 0);
	for (int i = 0; i < 2; i++) {
		_cleanup_close_ int fd = open(i ? "web/secret.pale" : "secret.pale",
			O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	}
	for (size_t i = 0; i < N(specs); i++) {
		_cleanup_json_ json_t *spec = json_loads(specs[i], 0, NULL);
		_cleanup_json_ json_t *o = profile_compile("a", spec);

		assert_non_null(strstr(text_of(o, "message"), "cannot find 'secret.pale'"));
	}
	unlink("web/secret.pale");
	unlink("secret.pale");
	rmdir("web");
	assert_int_equal(fchdir(before), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void what_no_spec_may_say(void **state)
{
	static const struct {
		const char *name, *spec, *reason, *message;
	} cases[] = {
		{ "a", "{}", "SpecInvalid", "spec.source has no policy" },
		{ "a", "{\"source\":7}", "SpecInvalid", "spec.source has no policy" },
		{ "a", "{\"source\":\"\"}", "SpecInvalid", "spec.source has no policy" },
		{ "a", "{\"source\":\"# none\"}", "SourceInvalid", "the file has no profile" },
		{ "a", "{\"source\":\"profile b { file { allow read / } }\"}",
			"ProfileNameMismatch",
			"spec.source has profile 'b', and containers ask for a profile by its "
			"object's name, 'a': the two are the same" },
		{ "a", "{\"source\":\"profile a { }\",\"profile\":\"b\"}", "ProfileNameMismatch",
			"spec.profile is 'b', and containers ask for a profile by its object's "
			"name, 'a': the two are the same" },
		{ "a",
			"{\"source\":\"profile a { file { allow read / } }\\n"
			"profile b { file { allow read / } }\"}",
			"SeveralProfiles",
			"spec.source has the profiles 'a' and 'b': it holds one, 'a', and what "
			"that extends stands in spec.files" },
		{ "pale-runc", "{\"source\":\"profile a { }\"}", "SpecInvalid",
			"'pale-runc' is a name that paled itself uses" },
		{ "a", "{\"source\":\"x\",\"files\":[]}", "SpecInvalid",
			"spec.files is no object of texts" },
		{ "a", "{\"source\":\"x\",\"files\":{\"b.pale\":1}}", "SpecInvalid",
			"spec.files: 'b.pale' is no text" },
		{ "a", "{\"source\":\"x\",\"files\":{\"a.pale\":\"\"}}", "SpecInvalid",
			"spec.files: 'a.pale' is the name that spec.source has itself" },
		{ "a", "{\"source\":\"x\",\"files\":{\"pale-crun.pale\":\"\"}}", "SpecInvalid",
			"spec.files: 'pale-crun.pale' is a name that paled itself uses" },
		{ "a", "{\"source\":\"x\",\"files\":{\"../b.pale\":\"\"}}", "SpecInvalid",
			"spec.files: '../b.pale' is no name of a policy's file: it is relative, "
			"has no component that begins with a dot and ends in .pale" },
		{ "a", "{\"source\":\"x\",\"files\":{\"/b.pale\":\"\"}}", "SpecInvalid",
			"spec.files: '/b.pale' is no name of a policy's file: it is relative, "
			"has no component that begins with a dot and ends in .pale" },
		{ "a", "{\"source\":\"x\",\"files\":{\"b\\n.pale\":\"\"}}", "SpecInvalid",
			"spec.files: 'b\\x0a.pale' is no name of a policy's file: it is relative, "
			"has no component that begins with a dot and ends in .pale" },
		/* Nothing of the controller's own files is read, whatever is asked for. */
		{ "a", "{\"source\":\"use ../../profiles/base/libc\\nprofile a { }\"}",
			"SourceInvalid",
			"a.pale:1:5: expected a file's name such as base/libc after 'use', found "
			"'../../profiles/base/libc'" },
		{ "a", "{\"source\":\"use tests/lang/ok/uses\\nprofile a { }\"}", "SourceInvalid",
			"a.pale:1:5: cannot find 'tests/lang/ok/uses.pale'" },
		{ "a",
			"{\"source\":\"use b\\nprofile a { }\",\"files\":{\"b.pale\":\"use c\","
			"\"c.pale\":\"use b\"}}",
			"SourceInvalid", "c.pale:1:5: 'b.pale' uses itself" },
		{ "a", "{\"source\":\"use a\\nprofile a { }\"}", "SourceInvalid",
			"a.pale:1:5: cannot find 'a.pale'" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *spec = json_loads(cases[i].spec, 0, NULL);
		_cleanup_json_ json_t *o = NULL;

		assert_non_null(spec);
		o = profile_compile(cases[i].name, spec);
		assert_string_equal(text_of(o, "message"), cases[i].message);
		assert_string_equal(text_of(o, "reason"), cases[i].reason);
		assert_null(json_object_get(o, "bundle"));
		assert_null(json_object_get(o, "digest"));
		assert_null(json_object_get(o, "pod"));
	}
}

/* ---- hostile sources */

static json_t *spec_of(struct text *source)
{
	json_t *spec = json_pack("{s:s#}", "source", text_str(source), source->len);

	text_release(source);
	return spec;
}

static void sizes_are_bounded(void **state)
{
	struct text t = TEXT_INIT;
	_cleanup_json_ json_t *spec = NULL, *o = NULL, *many = json_object(), *files = NULL;

	for (size_t i = 0; i <= PROFILE_SOURCES_MAX; i++)
		text_putc(&t, '#');
	spec = spec_of(&t);
	o = profile_compile("a", spec);
	assert_string_equal(text_of(o, "message"),
		"spec.source and spec.files have 262145 bytes together, and 262144 are the most");
	for (int i = 0; i <= PROFILE_FILES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d.pale", i);
		json_object_set_new(many, name, json_string(""));
	}
	json_decref(o);
	files = json_pack("{s:s, s:O}", "source", "profile a { }", "files", many);
	o = profile_compile("a", files);
	assert_string_equal(text_of(o, "message"), "spec.files has more than 64 files");
}

/* The largest that is right: what etcd would be asked to keep. */
static void an_object_stays_below_what_etcd_takes(void **state)
{
	static const struct {
		const char *filler;
		bool fits;
	} cases[] = { { "# plain text\n", true }, { "#\t\t\t\t\t\t\n", true },
		{ "#\x01\n", false } };

	for (size_t i = 0; i < N(cases); i++) {
		struct text t = TEXT_INIT;
		_cleanup_json_ json_t *spec = NULL, *o = NULL;
		size_t bytes;

		text_puts(
			&t, "use base/libc, base/nss, base/anything\nprofile a { include libc }\n");
		while (t.len + strlen(cases[i].filler) <= PROFILE_SOURCES_MAX)
			text_puts(&t, cases[i].filler);
		spec = spec_of(&t);
		o = profile_compile("a", spec);
		bytes = json_dumpb(spec, NULL, 0, 0) + json_dumpb(o, NULL, 0, 0);
		if (cases[i].fits) {
			assert_string_equal(text_of(o, "message"), "the policy is right");
			assert_in_range(bytes, 2 * PROFILE_SOURCES_MAX, (size_t)1100 << 10);
			continue;
		}
		assert_string_equal(text_of(o, "reason"), "SpecInvalid");
		assert_memory_equal(text_of(o, "message"), "the spec is ", 12);
	}
}

static void a_thousand_errors_are_fifty_and_short(void **state)
{
	struct text t = TEXT_INIT;
	_cleanup_json_ json_t *spec = NULL, *o = NULL;
	const json_t *all, *first;
	_cleanup_free_ char *s = NULL;

	text_puts(&t, "profile a {\n file {\n");
	for (int i = 0; i < 3000; i++)
		text_printf(&t, "allow raed%d /x\n", i);
	text_puts(&t, "allow ");
	for (int i = 0; i < 5000; i++)
		text_puts(&t, "\xc3\xa4");
	text_puts(&t, " /x\n}}\n");
	spec = spec_of(&t);
	o = profile_compile("a", spec);
	all = json_object_get(o, "diagnostics");
	first = json_array_get(all, 0);
	assert_int_equal(json_array_size(all), PROFILE_DIAGNOSTICS_MAX);
	assert_string_equal(text_of(first, "message"), "unknown operation 'raed0'");
	s = json_dumps(o, 0);
	assert_true(strlen(s) < PROFILE_DIAGNOSTICS_MAX * 2200);
}

static void long_texts_are_cut_between_characters(void **state)
{
	static const size_t lengths[] = { 0, 1, 1000, 1023, 1024, 1025, 1026, 1027, 1028, 5000 };

	for (size_t i = 0; i < N(lengths); i++) {
		for (size_t before = 0; before < 4; before++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;
			_cleanup_json_ json_t *cut = NULL;

			text_add(&t, "....", before);
			while (t.len < lengths[i])
				text_puts(&t, "\xf0\x9f\x98\x80");
			cut = status_text(text_str(&t));
			/* json_string() takes nothing that is no UTF-8. */
			assert_non_null(cut);
			if (t.len <= STATUS_TEXT_MAX) {
				assert_string_equal(json_string_value(cut), text_str(&t));
				continue;
			}
			assert_in_range(
				json_string_length(cut), STATUS_TEXT_MAX - 6, STATUS_TEXT_MAX);
			assert_memory_equal(
				json_string_value(cut), text_str(&t), json_string_length(cut) - 3);
			assert_string_equal(
				json_string_value(cut) + json_string_length(cut) - 3, "...");
		}
	}
}

static void deep_nesting_and_long_chains_end(void **state)
{
	struct text t = TEXT_INIT;
	_cleanup_json_ json_t *files = json_object(), *deep = NULL, *o = NULL, *chain = NULL;

	for (int i = 0; i < 60000; i++)
		text_puts(&t, "{ ");
	deep = spec_of(&t);
	o = profile_compile("a", deep);
	assert_string_equal(text_of(o, "reason"), "SourceInvalid");
	for (int i = 0; i < PROFILE_FILES_MAX; i++) {
		char name[16], body[32];

		snprintf(name, sizeof(name), "f%d.pale", i);
		snprintf(body, sizeof(body), "use f%d", i + 1);
		json_object_set_new(
			files, name, json_string(i + 1 < PROFILE_FILES_MAX ? body : "use f0"));
	}
	json_decref(o);
	chain = json_pack("{s:s, s:O}", "source", "use f0\nprofile a { }", "files", files);
	o = profile_compile("a", chain);
	assert_string_equal(text_of(o, "message"), "f63.pale:1:5: 'f0.pale' uses itself");
}

static json_t *spec_of_rules(int n)
{
	struct text t = TEXT_INIT;

	text_puts(&t, "profile a {\n file {\n");
	for (int i = 0; i < n; i++)
		text_printf(&t, "allow read /srv/d%d/*.log\n", i);
	text_puts(&t, "}}\n");
	return spec_of(&t);
}

static void a_process_of_its_own_says_the_same(void **state)
{
	_cleanup_json_ json_t *spec = spec_of_rules(20), *here = profile_compile("a", spec);
	const struct profile_input input = { "a", spec };
	_cleanup_json_ json_t *there = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	assert_int_equal(limited_process_run(
				 profile_compile_work, &input, &work_limits_default, &there, &err),
		0);
	assert_string_equal(text_of(there, "reason"), "Compiled");
	assert_true(json_equal(here, there));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void limits_end_what_takes_too_much(void **state)
{
	static const struct {
		struct work_limits limits;
		const char *outcome;
	} cases[] = {
		{ { 1, (size_t)1 << 30 }, "{\"reason\":\"TooComplex\",\"message\":\"it takes more "
					  "than 1 s of CPU time\"}" },
		{ { 60, (size_t)32 << 20 }, "{\"reason\":\"TooComplex\",\"message\":\"it takes "
					    "more than 32 MiB of memory\"}" },
	};
	_cleanup_json_ json_t *spec = spec_of_rules(8000);
	const struct profile_input input = { "a", spec };

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *o = NULL;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_int_equal(limited_process_run(
					 profile_compile_work, &input, &cases[i].limits, &o, &err),
			0);
		assert_json(o, cases[i].outcome);
	}
}

static json_t *die(const void *number)
{
	raise(*(const int *)number);
	return NULL;
}

static json_t *say_nothing(const void *arg)
{
	return NULL;
}

static void deaths_are_told(void **state)
{
	static const struct {
		limited_work work;
		int number;
		const char *outcome;
	} cases[] = {
		{ die, SIGKILL,
			"{\"reason\":\"Timeout\",\"message\":\"the process for it was killed, as "
			"where "
			"memory is short\"}" },
		{ die, SIGSEGV,
			"{\"reason\":\"InternalError\",\"message\":\"the process for it died of "
			"signal "
			"11\"}" },
		{ say_nothing, 0,
			"{\"reason\":\"InternalError\",\"message\":\"the process for it ended with "
			"status 3\"}" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *o = NULL;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_int_equal(limited_process_run(cases[i].work, &cases[i].number,
					 &work_limits_default, &o, &err),
			0);
		assert_json(o, cases[i].outcome);
	}
}

/* As what was taken over may. */
static json_t *close_the_pipe_and_wait(const void *arg)
{
	close(3);
	while (pause() < 0)
		;
	return NULL;
}

/* Not for ever, so that who listens to all of it runs out of time, not of memory. */
static json_t *talk_without_end(const void *arg)
{
	static const char garbage[65536];

	for (int i = 0; i < 1024; i++) {
		if (write(3, garbage, sizeof(garbage)) < 0)
			return NULL;
	}
	while (pause() < 0)
		;
	return NULL;
}

/* Handed over whole, and too long. */
static json_t *say_too_much(const void *arg)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	while (t.len <= (size_t)2 << 20)
		text_puts(&t, "0123456789abcdef");
	return json_pack("{s:s, s:s}", "reason", "Compiled", "message", text_str(&t));
}

static void whoever_is_taken_over_keeps_nobody_waiting(void **state)
{
	static const struct {
		limited_work work;
		const char *outcome;
	} cases[] = {
		{ close_the_pipe_and_wait,
			"{\"reason\":\"Timeout\",\"message\":\"the process for it was killed, as "
			"where memory is short\"}" },
		{ talk_without_end,
			"{\"reason\":\"InternalError\",\"message\":\"the process for it answers "
			"more than 2 MiB\"}" },
		{ say_too_much,
			"{\"reason\":\"InternalError\",\"message\":\"the process for it answers "
			"more than 2 MiB\"}" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *o = NULL;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		alarm(20);
		assert_int_equal(
			limited_process_run(cases[i].work, NULL, &work_limits_default, &o, &err),
			0);
		alarm(0);
		assert_json(o, cases[i].outcome);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

/* What is in force in the child, as it sees it itself. */
static json_t *look_at_self(const void *arg)
{
	struct rlimit cpu, memory, core;
	sigset_t blocked;
	int n_open = 0;

	if (getrlimit(RLIMIT_CPU, &cpu) < 0 || getrlimit(RLIMIT_AS, &memory) < 0 ||
		getrlimit(RLIMIT_CORE, &core) < 0 || sigprocmask(SIG_BLOCK, NULL, &blocked) < 0)
		return NULL;
	for (int fd = 3; fd < 64; fd++)
		n_open += fcntl(fd, F_GETFD) >= 0;
	return json_pack("{s:i, s:b, s:i, s:i, s:b, s:b}", "cpu", (int)cpu.rlim_cur, "memory",
		memory.rlim_max != RLIM_INFINITY, "core", (int)core.rlim_max, "open", n_open,
		"handled", signal(SIGUSR1, SIG_DFL) != SIG_DFL, "blocked",
		sigismember(&blocked, SIGUSR2));
}

static void ignore(int number)
{
}

static void a_process_has_nothing_of_its_parents(void **state)
{
	_cleanup_json_ json_t *o = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int fds[2];
	sigset_t one;

	assert_int_equal(pipe(fds), 0);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR2);
	assert_int_equal(sigprocmask(SIG_BLOCK, &one, NULL), 0);
	signal(SIGUSR1, ignore);
	assert_int_equal(
		limited_process_run(look_at_self, NULL, &work_limits_default, &o, &err), 0);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	close(fds[0]);
	close(fds[1]);
	assert_json(o, "{\"cpu\":10,\"memory\":true,\"core\":0,\"open\":1,\"handled\":false,"
		       "\"blocked\":false}");
}

static void who_waits_may_give_up(void **state)
{
	static const struct work_limits limits = { 600, (size_t)1 << 30 };
	_cleanup_json_ json_t *spec = spec_of_rules(8000), *o = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct profile_input input = { "a", spec };
	struct limited_process p;

	assert_int_equal(limited_process_start(&p, profile_compile_work, &input, &limits, &err), 0);
	assert_false(limited_process_read(&p, &o));
	o = limited_process_give_up(&p);
	limited_process_close(&p);
	assert_json(o, "{\"reason\":\"Timeout\",\"message\":"
		       "\"it did not end in time: this machine is too busy\"}");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int set_library(void **state)
{
	return setenv("PALE_PATH", "profiles", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_that_is_right),
		cmocka_unit_test(pods_get_what_the_policy_implies),
		cmocka_unit_test(capabilities_that_are_kept_are_not_dropped),
		cmocka_unit_test(a_node_comes_to_the_same_digest),
		cmocka_unit_test(what_is_wrong_is_told_with_its_place),
		cmocka_unit_test(a_file_of_the_spec_is_named),
		cmocka_unit_test(no_file_of_the_controllers_is_used),
		cmocka_unit_test(what_no_spec_may_say),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(an_object_stays_below_what_etcd_takes),
		cmocka_unit_test(a_thousand_errors_are_fifty_and_short),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(deep_nesting_and_long_chains_end),
		cmocka_unit_test(a_process_of_its_own_says_the_same),
		cmocka_unit_test(limits_end_what_takes_too_much),
		cmocka_unit_test(deaths_are_told),
		cmocka_unit_test(whoever_is_taken_over_keeps_nobody_waiting),
		cmocka_unit_test(a_process_has_nothing_of_its_parents),
		cmocka_unit_test(who_waits_may_give_up),
	};

	return cmocka_run_group_tests(tests, set_library, NULL);
}
