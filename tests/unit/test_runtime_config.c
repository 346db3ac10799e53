/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A config.json, process.json or linux.resources comes out as what both it and the policy allow,
 * with all that Pale does not know; what is hostile in it has its message.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/apparmor_stack.h"
#include "enforcer/runtime/confine_process.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/oci_resources.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A kernel that stacks, and one that does not: the file is made, or is not there. */
static char stack_file[] = "/tmp/pale-test-stack-XXXXXX";
#define NO_STACK_FILE "/nonexistent/stack"

static int make_stack_file(void **state)
{
	int fd = mkstemp(stack_file);

	(void)state;
	if (fd < 0 || write(fd, "yes\n", 4) != 4)
		return -1;
	close(fd);
	return 0;
}

static int remove_stack_file(void **state)
{
	(void)state;
	return unlink(stack_file);
}

static json_t *parsed(const char *s)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *v = NULL;

	if (oci_document_parse(s, strlen(s), "config.json", &v, &err) < 0)
		fail_msg("%s: %s", s, pale_err_text(err));
	return v;
}

/* @answer: the members of an answer beside those that each must have. */
static void confinement_of(struct confinement *c, const char *answer)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *v = json_loads(answer, 0, NULL);

	assert_non_null(v);
	json_object_set_new(v, "digest", json_string("d"));
	json_object_set_new(v, "mode", json_string("enforce"));
	if (!json_object_get(v, "mechanisms"))
		json_object_set_new(v, "mechanisms", json_array());
	if (confinement_read(v, c, &err) < 0)
		fail_msg("%s: %s", answer, pale_err_text(err));
}

static int confine(json_t *root, const char *answer, enum real_kind kind, const char *stack,
	json_t **own, struct text *note, struct pale_err **err)
{
	_cleanup_(confinement_release) struct confinement c;
	struct oci_host host = { .kind = kind, .stack_file = stack, .swap = true };
	int r = oci_config_check(root, err);

	confinement_of(&c, answer);
	return r < 0 ? r : oci_config_confine(root, &c, &host, own, note, err);
}

static void same(const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%.400s\n  got  %s\n  want %s", what, got, want);
}

/* @config under @answer becomes @want, but for the last newline. */
static void becomes_under(
	enum real_kind kind, const char *config, const char *answer, const char *want)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text note = TEXT_INIT;
	_cleanup_free_ char *got = NULL;
	json_t *root = parsed(config), *own = NULL;

	if (confine(root, answer, kind, stack_file, &own, &note, &err) < 0)
		fail_msg("%s: %s", config, pale_err_text(err));
	got = oci_document_text(root);
	got[strlen(got) - 1] = '\0';
	same(config, got, want);
	json_decref(own);
	json_decref(root);
}

static void becomes(const char *config, const char *answer, const char *want)
{
	becomes_under(REAL_RUNC, config, answer, want);
}

static void refused(const char *config, const char *answer, const char *want)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text note = TEXT_INIT;
	json_t *root = NULL, *own = NULL;
	int r = oci_document_parse(config, strlen(config), "config.json", &root, &err);

	if (r == 0)
		r = confine(root, answer, REAL_RUNC, NO_STACK_FILE, &own, &note, &err);
	if (r == 0)
		fail_msg("%s: is taken", config);
	same(config, pale_err_text(err), want);
	json_decref(own);
	json_decref(root);
}

static void what_is_not_known_is_kept(void **state)
{
	static const char config[] =
		"{\"ociVersion\":\"1.1.0-rc.1+new\",\"process\":{\"terminal\":false,\"user\":{"
		"\"uid\":0},"
		"\"args\":[\"a\",\"\xc3\xa9\\u001B\"],\"x-new\":{\"a\":[1,2.5,null,true]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,"
		"\"soft\":9223372036854775808}]},"
		"\"zebra\":-9223372036854775808,\"linux\":{\"namespaces\":[{\"type\":\"pid\"}],"
		"\"resources\":{\"devices\":[{\"allow\":false}],\"memory\":{\"limit\":-1}}},"
		"\"hooks\":{\"poststop\":[{\"path\":\"/"
		"x\"}]},\"annotations\":{\"b\":\"2\",\"a\":\"1\"}}";

	(void)state;
	becomes(config, "{}", config);
	becomes_under(REAL_CRUN, config, "{}", config);
}

static void capability_sets_are_what_both_allow(void **state)
{
	(void)state;
	becomes("{\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\","
		"\"cap_chown\"],\"effective\":[\"CAP_SYS_ADMIN\"],\"ambient\":[],\"permitted\":"
		"null,"
		"\"new\":[\"CAP_X\"]}}}",
		"{\"capabilities\":[\"CAP_CHOWN\",\"CAP_KILL\"]}",
		"{\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[],"
		"\"ambient\":[],\"permitted\":null,\"new\":[\"CAP_X\"]}},\"linux\":{}}");
	/* None at all stay none. */
	becomes("{\"process\":{}}", "{\"capabilities\":[\"CAP_CHOWN\"]}",
		"{\"process\":{},\"linux\":{}}");
	/* A policy that allows none. */
	becomes("{\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}}}",
		"{\"capabilities\":[]}",
		"{\"process\":{\"capabilities\":{\"bounding\":[]}},\"linux\":{}}");
}

static void no_new_privileges_is_set_and_never_cleared(void **state)
{
	(void)state;
	becomes("{\"process\":{\"noNewPrivileges\":false}}", "{\"no_new_privileges\":true}",
		"{\"process\":{\"noNewPrivileges\":true},\"linux\":{}}");
	becomes("{\"process\":{\"noNewPrivileges\":true}}", "{\"no_new_privileges\":false}",
		"{\"process\":{\"noNewPrivileges\":true},\"linux\":{}}");
	becomes("{\"process\":{}}", "{\"no_new_privileges\":true}",
		"{\"process\":{\"noNewPrivileges\":true},\"linux\":{}}");
}

static void rlimits_are_the_lower_of_both(void **state)
{
	struct rlimit was;

	(void)state;
	becomes("{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\","
		"\"hard\":18446744073709551615,\"soft\":64},{\"type\":\"RLIMIT_CORE\",\"hard\":0,"
		"\"soft\":0}]}}",
		"{\"limits\":{\"open_files\":100}}",
		"{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":100,\"soft\":64},"
		"{\"type\":\"RLIMIT_CORE\",\"hard\":0,\"soft\":0}]},\"linux\":{}}");
	/* One that is not there is not raised above what is inherited. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 50, was.rlim_max }), 0);
	becomes("{\"process\":{}}", "{\"limits\":{\"file_size\":100}}",
		"{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_FSIZE\",\"hard\":100,\"soft\":50}]},"
		"\"linux\":{}}");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
}

static void resources_are_the_lower_of_both(void **state)
{
	static const char answer[] =
		"{\"limits\":{\"memory\":1000000,\"processes\":10,\"cpu\":50}}";

	(void)state;
	becomes("{\"process\":{}}", answer,
		"{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"limit\":1000000,"
		"\"swap\":1000000},\"pids\":{\"limit\":10},\"cpu\":{\"quota\":50000,"
		"\"period\":100000}}}}");
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"limit\":900000,"
		"\"swap\":-1},\"pids\":{\"limit\":9},\"cpu\":{\"quota\":10000,\"period\":50000,"
		"\"shares\":7}}}}",
		answer,
		"{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"limit\":900000,"
		"\"swap\":1000000},\"pids\":{\"limit\":9},\"cpu\":{\"quota\":10000,\"period\":"
		"50000,"
		"\"shares\":7}}}}");
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"limit\":1000001,"
		"\"reservation\":5},\"pids\":{\"limit\":-1},\"cpu\":{\"quota\":40000,"
		"\"period\":50000}}}}",
		answer,
		"{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"limit\":1000000,"
		"\"reservation\":5,\"swap\":1000000},\"pids\":{\"limit\":10},\"cpu\":{"
		"\"quota\":25000,\"period\":50000}}}}");
	/* A quota of the period that is the kernel's default. */
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"cpu\":{\"quota\":50000}}}}",
		"{\"limits\":{\"cpu\":50}}",
		"{\"process\":{},\"linux\":{\"resources\":{\"cpu\":{\"quota\":50000,"
		"\"period\":100000}}}}");
	/* The kernel takes no quota below a millisecond. */
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"cpu\":{\"period\":1000}}}}",
		"{\"limits\":{\"cpu\":5}}",
		"{\"process\":{},\"linux\":{\"resources\":{\"cpu\":{\"period\":100000,"
		"\"quota\":5000}}}}");
	/* What would be written over them. */
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"unified\":{\"memory.max\":\"max\","
		"\"memory.high\":\"7\",\"pids.max\":\"10\",\"cpu.max\":\"20000 40000\"}}}}",
		answer,
		"{\"process\":{},\"linux\":{\"resources\":{\"unified\":{\"memory.high\":\"7\","
		"\"pids.max\":\"10\",\"cpu.max\":\"20000 40000\"},\"memory\":{\"limit\":1000000,"
		"\"swap\":1000000},\"pids\":{\"limit\":10},\"cpu\":{\"quota\":50000,"
		"\"period\":100000}}}}");
	becomes("{\"process\":{},\"linux\":{\"resources\":{\"unified\":{\"pids.max\":\"11\","
		"\"cpu.max\":\"20000 39999\",\"memory.swap.max\":\" 1\"}}}}",
		answer,
		"{\"process\":{},\"linux\":{\"resources\":{\"unified\":{},\"memory\":{"
		"\"limit\":1000000,\"swap\":1000000},\"pids\":{\"limit\":10},\"cpu\":{"
		"\"quota\":50000,\"period\":100000}}}}");
}

static void a_filter_is_set_and_crun_gets_its_bytes(void **state)
{
	static const char answer[] = "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
				     "\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[]},"
				     "\"seccomp_bpf\":\"BgAAAA==\"}";

	(void)state;
	for (int kind = REAL_RUNC; kind <= REAL_CRUN; kind++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		_cleanup_(text_release) struct text note = TEXT_INIT;
		json_t *root = parsed("{\"process\":{}}"), *own = NULL, *annotations;
		const char *bytes;

		assert_int_equal(
			confine(root, answer, (enum real_kind)kind, stack_file, &own, &note, &err),
			0);
		assert_non_null(json_object_get(json_object_get(root, "linux"), "seccomp"));
		bytes = json_string_value(
			json_object_get(json_object_get(root, "annotations"), CRUN_BPF_ANNOTATION));
		if (kind == REAL_CRUN)
			assert_string_equal(bytes, "BgAAAA==");
		else
			assert_null(bytes);
		/* They are not the container's. */
		annotations = oci_config_annotations(root);
		assert_int_equal(json_object_size(annotations), 0);
		json_decref(annotations);
		json_decref(own);
		json_decref(root);
	}
}

static void a_filter_of_its_own_stays_in_force(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text note = TEXT_INIT;
	_cleanup_free_ char *refused_calls = NULL;
	json_t *own = NULL;
	json_t *root =
		parsed("{\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}},\"linux\":{"
		       "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
		       "[\"ptrace\"],\"action\":\"SCMP_ACT_ERRNO\"}]}}}");

	(void)state;
	assert_int_equal(
		confine(root,
			"{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
			"[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"names\":[\"bpf\"],\"action\":"
			"\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]},\"seccomp_bpf\":\"BgAAAA==\","
			"\"capabilities\":[\"CAP_CHOWN\",\"CAP_KILL\"]}",
			REAL_CRUN, stack_file, &own, &note, &err),
		0);
	/* The bytes would be the policy's alone. */
	assert_null(json_object_get(json_object_get(root, "annotations"), CRUN_BPF_ANNOTATION));
	refused_calls = json_dumps(own, JSON_COMPACT);
	assert_string_equal(
		refused_calls, "{\"seccomp\":[\"ptrace\"],\"capabilities\":[\"CAP_CHOWN\"]}");
	json_decref(own);
	json_decref(root);
}

static void stacks(
	const char *own, const char *answer, const char *file, const char *want, bool want_left_out)
{
	_cleanup_(confinement_release) struct confinement c;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char *got = NULL;
	bool left_out;

	confinement_of(&c, answer);
	if (apparmor_stack(own, &c, file, &got, &left_out, &err) < 0)
		fail_msg("%s: %s", own, pale_err_text(err));
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	assert_int_equal(left_out, want_left_out);
}

static void apparmor_profiles_are_stacked(void **state)
{
	static const char ours[] = "{\"apparmor\":\"pale-x\"}";
	static const char both[] = "{\"apparmor\":\"pale-x\",\"mechanisms\":[\"bpf-lsm\"]}";
	_cleanup_(confinement_release) struct confinement c;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char *got = NULL;
	bool left_out;

	(void)state;
	stacks(NULL, "{}", NO_STACK_FILE, NULL, false);
	stacks("own", "{}", NO_STACK_FILE, "own", false);
	stacks(NULL, ours, NO_STACK_FILE, "pale-x", false);
	stacks("", ours, NO_STACK_FILE, "pale-x", false);
	stacks("unconfined", ours, NO_STACK_FILE, "pale-x", false);
	stacks("pale-x", ours, NO_STACK_FILE, "pale-x", false);
	stacks("a//&pale-x//&b", ours, NO_STACK_FILE, "a//&pale-x//&b", false);
	stacks("docker-default", ours, stack_file, "docker-default//&pale-x", false);
	stacks("pale-xy", ours, stack_file, "pale-xy//&pale-x", false);
	stacks("docker-default", both, NO_STACK_FILE, "docker-default", true);
	confinement_of(&c, ours);
	assert_int_equal(apparmor_stack("docker-default", &c, NO_STACK_FILE, &got, &left_out, &err),
		-EOPNOTSUPP);
	assert_string_equal(pale_err_text(err),
		"the container has an AppArmor profile of its own, 'docker-default', and this "
		"kernel does not stack the policy's on it");
}

static void hostile_json_has_its_message(void **state)
{
	_cleanup_(text_release) struct text deep = TEXT_INIT, large = TEXT_INIT;

	(void)state;
	refused("", "{}", "config.json:1:0: not JSON: '[' or '{' expected near end of file");
	refused("[]", "{}", "config.json: not a JSON object");
	refused("{\"process\":{},\"process\":{}}", "{}",
		"config.json:1:23: not JSON: duplicate object key near '\"process\"'");
	refused("{\"process\":{\"args\":[\"a\\u0000b\"]}}", "{}", "config.json: a NUL in a string");
	refused("{\"process\":{\"args\":[\"\xff\"]}}", "{}",
		"config.json:1:21: not JSON: unable to decode byte 0xff near '\"'");
	refused("{\"process\":{\"x\":18446744073709551616}}", "{}",
		"config.json: a number of more than 64 bits: 18446744073709551616");
	refused("{\"process\":{}} {}", "{}",
		"config.json:1:16: not JSON: end of file expected near '{'");
	refused("{\"process\":", "{}",
		"config.json:1:11: not JSON: unexpected token near end of file");
	for (int i = 0; i < 3000; i++)
		text_puts(&deep, "{\"a\":");
	refused(deep.s, "{}",
		"config.json:1:10241: not JSON: maximum parsing depth reached near '{'");
	for (size_t i = 0; i <= OCI_BYTES_MAX; i++)
		text_putc(&large, ' ');
	refused(large.s, "{}", "config.json: longer than 4194304 bytes");
}

static void what_a_runtime_would_take_for_another_is_refused(void **state)
{
	(void)state;
	refused("{\"process\":{},\"Linux\":{}}", "{}",
		"config.json: 'Linux' is what some runtimes take for 'linux'");
	refused("{\"process\":{\"Capabilities\":{}}}", "{}",
		"config.json: process: 'Capabilities' is what some runtimes take for "
		"'capabilities'");
	/* Go folds a long s and the kelvin's sign. */
	refused("{\"process\":{},\"hook\xc5\xbf\":{}}", "{}",
		"config.json: 'hook\xc5\xbf' is what some runtimes take for 'hooks'");
	refused("{\"process\":{},\"linux\":{\"mas\xe2\x84\xaa\x65"
		"dPaths\":[]}}",
		"{}",
		"config.json: linux: 'mas\xe2\x84\xaa\x65"
		"dPaths' is what some runtimes take for 'maskedPaths'");
	refused("{\"process\":{\"capabilities\":{\"Bounding\":[]}}}", "{\"capabilities\":[]}",
		"config.json: process.capabilities: 'Bounding' is what some runtimes take for "
		"'bounding'");
	refused("{\"process\":{\"rlimits\":[{\"TYPE\":\"RLIMIT_NOFILE\"}]}}",
		"{\"limits\":{\"open_files\":5}}",
		"config.json: process.rlimits[0]: 'TYPE' is what some runtimes take for 'type'");
	refused("{\"process\":{},\"linux\":{\"resources\":{\"memory\":{\"Limit\":5}}}}",
		"{\"limits\":{\"memory\":5}}",
		"config.json: linux.resources.memory: 'Limit' is what some runtimes take for "
		"'limit'");
	refused("{\"process\":{},\"hooks\":{\"createruntime\":[]}}", "{}",
		"config.json: hooks: 'createruntime' is what some runtimes take for "
		"'createRuntime'");
}

static void wrong_types_have_their_message(void **state)
{
	(void)state;
	refused("{}", "{}", "config.json: there is no 'process'");
	refused("{\"process\":null}", "{}", "config.json: there is no 'process'");
	refused("{\"process\":[]}", "{}",
		"config.json: process: an array, where an object is meant");
	refused("{\"process\":{},\"linux\":1}", "{}",
		"config.json: linux: a number, where an object is meant");
	refused("{\"process\":{},\"linux\":{\"seccomp\":[]}}", "{}",
		"config.json: linux.seccomp: an array, where an object is meant");
	refused("{\"process\":{},\"annotations\":{\"a\":1}}", "{}",
		"config.json: annotations.a: a number, where a string is meant");
	refused("{\"process\":{},\"annotations\":{\"a\":18446744073709551615}}", "{}",
		"config.json: annotations.a: a number, where a string is meant");
	refused("{\"process\":{},\"root\":{\"path\":18446744073709551615}}", "{}",
		"config.json: root.path: a number, where a string is meant");
	refused("{\"process\":{\"capabilities\":{\"bounding\":[7]}}}", "{\"capabilities\":[]}",
		"config.json: process.capabilities.bounding[0]: a number, where a string is meant");
	refused("{\"process\":{\"noNewPrivileges\":\"false\"}}", "{}",
		"config.json: process.noNewPrivileges: a string, where a truth value is meant");
	refused("{\"process\":{\"apparmorProfile\":{}}}", "{}",
		"config.json: process.apparmorProfile: an object, where a string is meant");
	refused("{\"process\":{\"apparmorProfile\":\"a\\nb\"}}", "{}",
		"config.json: process: apparmorProfile: control characters are in the name");
	refused("{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":-1}]}}",
		"{\"limits\":{\"open_files\":5}}",
		"config.json: process.rlimits[0].hard: a negative number, where a number of 64 "
		"bits without a sign is meant");
	refused("{\"process\":{\"rlimits\":[[]]}}", "{\"limits\":{\"open_files\":5}}",
		"config.json: process.rlimits[0]: an array, where an object is meant");
	refused("{\"process\":{},\"linux\":{\"resources\":{\"pids\":{\"limit\":\"9\"}}}}",
		"{\"limits\":{\"processes\":5}}",
		"config.json: linux.resources.pids.limit: a string, where a number of 64 bits is "
		"meant");
}

static void what_would_undo_the_policy_is_refused(void **state)
{
	(void)state;
	refused("{\"process\":{},\"annotations\":{\"run.oci.seccomp_bpf_data\":\"AAAA\"}}", "{}",
		"config.json: annotations.run.oci.seccomp_bpf_data: the container brings a filter "
		"of its own that would replace the policy's");
	refused("{\"process\":{},\"annotations\":{\"org.systemd.property.TasksMax\":\"'max'\"}}",
		"{\"limits\":{\"processes\":5}}",
		"config.json: annotations: org.systemd.property.TasksMax: the policy's limit is "
		"processes 5");
	/* Of what the policy does not limit they are the container's. */
	becomes("{\"process\":{},\"annotations\":{\"org.systemd.property.TasksMax\":\"5\"}}", "{}",
		"{\"process\":{},\"annotations\":{\"org.systemd.property.TasksMax\":\"5\"},"
		"\"linux\":{}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_is_kept),
		cmocka_unit_test(capability_sets_are_what_both_allow),
		cmocka_unit_test(no_new_privileges_is_set_and_never_cleared),
		cmocka_unit_test(rlimits_are_the_lower_of_both),
		cmocka_unit_test(resources_are_the_lower_of_both),
		cmocka_unit_test(a_filter_is_set_and_crun_gets_its_bytes),
		cmocka_unit_test(a_filter_of_its_own_stays_in_force),
		cmocka_unit_test(apparmor_profiles_are_stacked),
		cmocka_unit_test(hostile_json_has_its_message),
		cmocka_unit_test(what_a_runtime_would_take_for_another_is_refused),
		cmocka_unit_test(wrong_types_have_their_message),
		cmocka_unit_test(what_would_undo_the_policy_is_refused),
	};

	return cmocka_run_group_tests(tests, make_stack_file, remove_stack_file);
}
