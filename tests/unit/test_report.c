/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "enforcer/lsm_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char policy_text[] = "profile web {\n"
				  "\tfile {\n"
				  "\t\tallow read /etc/web/**\n"
				  "\t\tallow read /var/lib/web/*\n"
				  "\t\tdeny  write /etc/**\n"
				  "\t\taudit read /var/log/**\n"
				  "\t}\n"
				  "\tnetwork {\n"
				  "\t\tallow connect tcp 10.0.0.1:443\n"
				  "\t}\n"
				  "\tkill syscall ptrace\n"
				  "}\n";

static struct compilation compilation;
static const struct policy *policy;

static int setup(void **state)
{
	compile_bytes(&compilation, "web.pale", policy_text, strlen(policy_text), NULL);
	if (compilation.diags.n_errors)
		diag_print(&compilation.diags, stderr, false);
	policy = compilation.policies[0];
	return (int)compilation.diags.n_errors;
}

static int teardown(void **state)
{
	compilation_release(&compilation);
	return 0;
}

static struct violation violation(enum operation op, const char *object, struct request *r)
{
	struct violation v = {
		.policy = policy,
		.mechanism = MECHANISM_BPF_LSM,
		.operation = op,
		.object = object,
		.object_len = (uint32_t)strlen(object),
		.outcome = OUTCOME_REFUSED,
		.pid = 411,
		.parent = 1,
		.executable = "/usr/sbin/web",
		.parent_executable = "/sbin/init",
		.syscall = -1,
		.time_ns = 1700000000000000042,
	};

	r->operation = op;
	if (OP_BIT(op) & OPS_FILE) {
		r->path = object;
		r->path_len = v.object_len;
	}
	v.decision = decide(policy, 0, r);
	return v;
}

static void expect(const struct violation *v, const char *expected)
{
	_cleanup_free_ char *s = NULL;
	size_t len;
	FILE *to = open_memstream(&s, &len);

	report_print(v, to, false);
	fclose(to);
	assert_string_equal(s, expected);
}

static void names_the_line(void **state)
{
	struct request r = { 0 };
	struct violation v = violation(OP_WRITE, "/etc/passwd", &r);

	v.container = "web-7f";
	expect(&v, "web.pale:5:3: denied: write /etc/passwd  (pid 411 /usr/sbin/web, container "
		   "web-7f, bpf-lsm)\n"
		   "    5 | \t\tdeny  write /etc/**\n");
}

static void says_what_would_allow(void **state)
{
	struct request r = { 0 };
	struct violation v = violation(OP_READ, "/var/lib/other/x", &r);

	expect(&v, "web.pale:1:1: denied: read /var/lib/other/x  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		   "    1 | profile web {\n"
		   "  nearest: web.pale:4:3: allow read /var/lib/web/*\n"
		   "  hint: 'allow read /var/lib/other/x' would allow it\n");
	v = violation(OP_READ, "/home/x", &r);
	expect(&v, "web.pale:1:1: denied: read /home/x  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		   "    1 | profile web {\n"
		   "  hint: 'allow read /home/x' would allow it\n");
}

static void names_the_nearest_address(void **state)
{
	struct request r = {
		.protocol = PROTOCOL_TCP, .family = 4, .address = { 10, 0, 0, 2 }, .port = 443
	};
	struct violation v = violation(OP_CONNECT, "tcp 10.0.0.2:443", &r);

	expect(&v,
		"web.pale:1:1: denied: connect tcp 10.0.0.2:443  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		"    1 | profile web {\n"
		"  nearest: web.pale:9:3: allow connect tcp 10.0.0.1:443\n"
		"  hint: 'allow connect tcp 10.0.0.2:443' would allow it\n");
}

static void shows_arguments(void **state)
{
	struct request r = { .abi = vocab_abi_native(), .has_arguments = true };
	struct violation v;

	r.number = vocab_syscalls[vocab_syscall_find("ptrace")].number[r.abi];
	r.arguments[0] = 16;
	r.arguments[1] = 7;
	v = violation(OP_SYSCALL, "ptrace", &r);
	v.outcome = OUTCOME_KILLED;
	v.mechanism = MECHANISM_SECCOMP;
	v.syscall = vocab_syscall_find("ptrace");
	v.abi = r.abi;
	v.has_arguments = true;
	memcpy(v.arguments, r.arguments, sizeof(v.arguments));
	expect(&v, "web.pale:11:2: killed: syscall ptrace(request=16, pid=7, addr=0, data=0)  "
		   "(pid 411 /usr/sbin/web, seccomp)\n"
		   "   11 | \tkill syscall ptrace\n");
}

static void tells_outcomes_apart(void **state)
{
	struct request r = { 0 };
	struct violation v = violation(OP_READ, "/var/log/x", &r);

	v.outcome = OUTCOME_AUDITED;
	expect(&v, "web.pale:6:3: audited: read /var/log/x  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		   "    6 | \t\taudit read /var/log/**\n");
	v = violation(OP_WRITE, "/etc/x", &r);
	v.outcome = OUTCOME_AUDITED;
	expect(&v, "web.pale:5:3: would be denied: write /etc/x  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		   "    5 | \t\tdeny  write /etc/**\n");
	v.outcome = OUTCOME_NOT_ENFORCED;
	v.mechanism = MECHANISM_LANDLOCK;
	expect(&v, "web.pale:5:3: not enforced: write /etc/x  (pid 411 /usr/sbin/web, landlock)\n"
		   "    5 | \t\tdeny  write /etc/**\n"
		   "  note: landlock lets this pass here\n");
	v = violation(OP_READ, "/etc/web/x", &r);
	v.outcome = OUTCOME_OVERBLOCKED;
	v.mechanism = MECHANISM_LANDLOCK;
	v.lost = 3;
	expect(&v, "web.pale:3:3: refused though allowed: read /etc/web/x  (pid 411 "
		   "/usr/sbin/web, landlock)\n"
		   "    3 | \t\tallow read /etc/web/**\n"
		   "  note: the policy allows it; landlock is narrower here\n"
		   "  note: 3 events before this one were lost\n");
}

/* A hostile name drives no terminal, and the rule that is offered means it and nothing else. */
static void escapes(void **state)
{
	struct request r = { 0 };
	struct violation v = violation(OP_READ, "/x/\033[2J *\n$a", &r);
	_cleanup_free_ char *rule = report_allowing_rule(&v), *text = NULL;
	struct compilation c;

	expect(&v, "web.pale:1:1: denied: read /x/\\x1b[2J *\\x0a$a  (pid 411 /usr/sbin/web, "
		   "bpf-lsm)\n"
		   "    1 | profile web {\n"
		   "  hint: 'allow read \"/x/\\x1b\\[2J \\*\\x0a\\$a\"' would allow it\n");
	assert_true(asprintf(&text, "profile x { %s }\n", rule) > 0);
	compile_bytes(&c, "x.pale", text, strlen(text), NULL);
	assert_int_equal(c.diags.n_errors, 0);
	assert_int_equal(decide(c.policies[0], 0, &r).verdict, VERDICT_ALLOW);
	r.path = "/x/\033[2J b\n$a";
	r.path_len = (uint32_t)strlen(r.path);
	assert_int_equal(decide(c.policies[0], 0, &r).verdict, VERDICT_DENY);
	compilation_release(&c);
}

static void offers_drift(void **state)
{
	struct request r = { .object_class = CLASS_DRIFT, .path = "/usr/bin/x", .path_len = 10 };
	struct violation v = violation(OP_EXEC, "/usr/bin/x", &r);

	v.object_class = CLASS_DRIFT;
	expect(&v, "web.pale:1:1: denied: exec /usr/bin/x  (pid 411 /usr/sbin/web, bpf-lsm)\n"
		   "    1 | profile web {\n"
		   "  note: the file was made or changed since the start\n"
		   "  hint: 'allow exec drift /usr/bin/x' would allow it\n");
}

/* What was not told cannot be put into a rule. */
static void offers_nothing_without_an_object(void **state)
{
	static const struct {
		enum operation operation;
		const char *object;
	} cases[] = {
		{ OP_READ, "(without a path: /etc/x)" },
		{ OP_SOCKET, "(family unknown(99), type 1, protocol 0)" },
		{ OP_CONNECT, "tcp (address not told by AppArmor)" },
		{ OP_MOUNT, "tmpfs on /mnt/" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct request r = { 0 };
		struct violation v = violation(cases[i].operation, cases[i].object, &r);

		assert_null(report_allowing_rule(&v));
	}
}

static void same_object(void *ctx, const struct violation *v)
{
	assert_string_equal(v->object, ctx);
}

static void tells_mounts_as_rules_do(void **state)
{
	static const struct {
		enum lsm_mount_kind kind;
		const char *text; /* its pieces end in NUL */
		size_t len;
		uint32_t options;
		enum lsm_why why;
		const char *object;
	} cases[] = {
		{ LSM_MOUNT_NEW, "tmpfs\0none\0/mnt/", 16, MOUNT_RO | MOUNT_NODEV, LSM_WHY_NONE,
			"tmpfs from none on /mnt/ with ro, nodev" },
		{ LSM_MOUNT_NEW, "tmpfs\0\0/mnt/", 12, 0, LSM_WHY_NONE, "tmpfs on /mnt/" },
		{ LSM_MOUNT_NEW, "ramfs\0\0", 7, 0, LSM_WHY_NONE, "ramfs" },
		{ LSM_MOUNT_NEW, "tmpfs\0\0/a/", 10, 0, LSM_WHY_DETACHED,
			"tmpfs on /a/ (detached)" },
		{ LSM_MOUNT_BIND, "\0/a/\0/b/", 8, 0, LSM_WHY_NONE, "/a/ on /b/" },
		{ LSM_MOUNT_BIND, "\0\0/b/", 5, 0, LSM_WHY_NONE, "/b/" },
		{ LSM_MOUNT_MOVE, "\0/a/\0/b/", 8, 0, LSM_WHY_NONE, "moving /a/ on /b/" },
		{ LSM_MOUNT_REMOUNT, "\0\0/b/", 5, 0, LSM_WHY_NONE, "remounting /b/" },
		{ LSM_MOUNT_PROPAGATION, "\0\0/b/", 5, 0, LSM_WHY_NONE, "propagation of /b/" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ struct lsm_event *e = calloc(1, sizeof(*e) + 64);
		struct lsm_reporter reporter = { .with_parent = true,
			.policy = policy,
			.report = same_object,
			.ctx = (void *)cases[i].object };

		assert_non_null(e);
		e->sequence = 1;
		e->operation = cases[i].kind == LSM_MOUNT_BIND ? OP_BIND : OP_MOUNT;
		e->object = LSM_OBJECT_MOUNT;
		e->detail = cases[i].kind;
		e->number = cases[i].options;
		e->why = cases[i].why;
		e->rule = (lsm_u16)policy->domains[0]->defaults[e->operation]->index;
		e->text_len = (lsm_u32)cases[i].len;
		memcpy(e->text, cases[i].text, cases[i].len);
		lsm_report(&reporter, e);
	}
}

static void writes_json(void **state)
{
	struct request r = { 0 };
	struct violation v = violation(OP_WRITE, "/etc/a\"b\xff", &r);
	json_t *o = report_json(&v);
	_cleanup_free_ char *s = json_dumps(o, JSON_COMPACT), *expected = NULL;

	json_decref(o);
	assert_true(asprintf(&expected,
			    "{\"time\":\"2023-11-14T22:13:20.000000042Z\",\"profile\":\"web\","
			    "\"file\":\"web.pale\",\"line\":5,\"column\":3,"
			    "\"rule\":\"deny write /etc/**\",\"rule_id\":\"%016llx\","
			    "\"default\":false,\"operation\":\"write\","
			    "\"object\":\"/etc/a\\\"b\\\\xff\",\"verdict\":\"deny\","
			    "\"outcome\":\"refused\",\"mechanism\":\"bpf-lsm\","
			    "\"process\":{\"pid\":411,\"executable\":\"/usr/sbin/web\"},"
			    "\"parent\":{\"pid\":1,\"executable\":\"/sbin/init\"}}",
			    (unsigned long long)v.decision.rule->id) > 0);
	assert_string_equal(s, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_line),
		cmocka_unit_test(says_what_would_allow),
		cmocka_unit_test(names_the_nearest_address),
		cmocka_unit_test(shows_arguments),
		cmocka_unit_test(tells_outcomes_apart),
		cmocka_unit_test(escapes),
		cmocka_unit_test(offers_drift),
		cmocka_unit_test(offers_nothing_without_an_object),
		cmocka_unit_test(tells_mounts_as_rules_do),
		cmocka_unit_test(writes_json),
	};

	return cmocka_run_group_tests_name("report", tests, setup, teardown);
}
