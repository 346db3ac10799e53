/* SPDX-License-Identifier: Apache-2.0 */
/* What an exception changes of a policy's meaning, and that it changes nothing else: asked of
 * decide(). */
#include "compiler/compile.h"

#include "compiler/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char text[] = "use frag\n"
			   "profile web {\n"
			   "    include secrets\n"
			   "    allow read /srv/**\n"
			   "    allow exec /bin/tool as tool\n"
			   "    file { deny read /srv/a; deny read /srv/b }\n"
			   "    deny read /srv/hidden errno ENOENT\n"
			   "    kill read /srv/trap\n"
			   "    quiet deny read /srv/noise\n"
			   "    deny write /srv/**\n"
			   "    profile tool {\n"
			   "        allow read /usr/**\n"
			   "        deny  read /usr/x\n"
			   "    }\n"
			   "}\n"
			   "profile other extends web { allow read /etc/other }\n";
static const char fragment[] = "fragment secrets {\n"
			       "    deny read /srv/key\n"
			       "}\n";

static char dir[] = "/tmp/pale-exception-XXXXXX";

static void write_file(const char *name, const char *bytes)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(bytes, f);
	fclose(f);
}

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	write_file("web.pale", text);
	write_file("frag.pale", fragment);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/web.pale", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/frag.pale", dir);
	unlink(path);
	return rmdir(dir);
}

static struct policy *compile(
	struct compilation *c, const struct compile_exception *exceptions, uint32_t n)
{
	const struct compile_options options = { .exceptions = exceptions, .n_exceptions = n };
	char path[128];

	snprintf(path, sizeof(path), "%s/web.pale", dir);
	compile_file(c, path, &options);
	return c->diags.n_errors ? NULL : compilation_policy(c, "web");
}

static struct decision ask(
	const struct policy *p, const char *domain, enum operation op, const char *path)
{
	struct request r = { .operation = op, .path = path, .path_len = (uint32_t)strlen(path) };

	return decide(p, (uint32_t)policy_domain_find(p, domain), &r);
}

static const struct question {
	const char *domain;
	enum operation operation;
	const char *path;
} questions[] = {
	{ "web", OP_READ, "/srv/ok" },
	{ "web", OP_READ, "/srv/a" },
	{ "web", OP_READ, "/srv/b" },
	{ "web", OP_READ, "/srv/hidden" },
	{ "web", OP_READ, "/srv/trap" },
	{ "web", OP_READ, "/srv/noise" },
	{ "web", OP_READ, "/srv/key" },
	{ "web", OP_READ, "/etc/foo" },
	{ "web", OP_WRITE, "/srv/a" },
	{ "web/tool", OP_READ, "/usr/x" },
	{ "web/tool", OP_READ, "/usr/y" },
	{ "web/tool", OP_READ, "/etc/foo" },
};

#define N_QUESTIONS (sizeof(questions) / sizeof(*questions))

static bool same(const struct decision *a, const struct decision *b)
{
	return a->verdict == b->verdict && a->reported == b->reported && a->errnum == b->errnum &&
	       strcmp(a->rule->text, b->rule->text) == 0 && !b->rule->exception;
}

/* @allowed: the questions, as bits, that the exceptions are about; all others as before. */
static void expect(
	const struct compile_exception *e, uint32_t n, uint32_t allowed, const char *rule)
{
	_cleanup_(compilation_release) struct compilation plain, derived;
	const struct policy *before = compile(&plain, NULL, 0), *after = compile(&derived, e, n);

	if (!after)
		diag_print(&derived.diags, stderr, false);
	assert_non_null(before);
	assert_non_null(after);
	assert_string_not_equal(before->digest, after->digest);
	assert_int_equal(before->n_domains, after->n_domains);
	for (uint32_t i = 0; i < N_QUESTIONS; i++) {
		const struct question *q = &questions[i];
		struct decision old = ask(before, q->domain, q->operation, q->path),
				new = ask(after, q->domain, q->operation, q->path);

		if (allowed & (1u << i)) {
			assert_int_not_equal(old.verdict, VERDICT_ALLOW);
			assert_int_equal(new.verdict, VERDICT_ALLOW);
			assert_true(new.reported);
			assert_int_equal(new.rule->effect, EFFECT_AUDIT);
			assert_int_equal(new.rule->exception, e[0].number);
			assert_string_equal(new.rule->text, rule);
		} else if (!same(&old, &new)) {
			fail_msg("%s %s is another now", q->domain, q->path);
		}
	}
}

static void a_rule_that_refuses_reports_instead(void **state)
{
	static const struct {
		uint32_t line, column, question;
		const char *rule;
	} places[] = {
		{ 6, 12, 1, "deny read /srv/a" },
		{ 6, 30, 2, "deny read /srv/b" },
		{ 7, 5, 3, "deny read /srv/hidden errno ENOENT" },
		{ 8, 5, 4, "kill read /srv/trap" },
		{ 9, 5, 5, "quiet deny read /srv/noise" },
		{ 10, 5, 8, "deny write /srv/**" },
		{ 13, 9, 9, "deny read /usr/x" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct compile_exception e = { .number = 7,
			.file = "web.pale",
			.line = places[i].line,
			.column = places[i].column };

		expect(&e, 1, 1u << places[i].question, places[i].rule);
	}
}

static void so_does_one_of_a_fragment(void **state)
{
	const struct compile_exception e = {
		.number = 1, .file = "frag.pale", .line = 2, .column = 5
	};

	expect(&e, 1, 1u << 6, "deny read /srv/key");
}

static void a_rule_is_added(void **state)
{
	struct compile_exception e = {
		.number = 3, .text = "allow read /etc/foo", .profile = "web"
	};

	expect(&e, 1, 1u << 7, "allow read /etc/foo");
	e.profile = "web/tool";
	expect(&e, 1, 1u << 11, "allow read /etc/foo");
	e.text = "audit  read   /etc/foo";
	expect(&e, 1, 1u << 11, "audit read /etc/foo");
}

static void two_keep_their_numbers(void **state)
{
	_cleanup_(compilation_release) struct compilation c;
	const struct compile_exception e[] = {
		{ .number = 1, .file = "web.pale", .line = 6, .column = 12 },
		{ .number = 2, .text = "allow read /etc/foo", .profile = "web" },
	};
	const struct policy *p = compile(&c, e, 2);

	assert_non_null(p);
	assert_int_equal(ask(p, "web", OP_READ, "/srv/a").rule->exception, 1);
	assert_int_equal(ask(p, "web", OP_READ, "/etc/foo").rule->exception, 2);
	assert_int_equal(ask(p, "web", OP_READ, "/srv/ok").rule->exception, 0);
}

static void what_does_not_fit_is_an_error(void **state)
{
	static const struct {
		struct compile_exception e;
		const char *error;
	} wrong[] = {
		{ { .file = "web.pale", .line = 4, .column = 5 },
			"no rule that refuses stands at web.pale:4:5" },
		{ { .file = "web.pale", .line = 6, .column = 13 },
			"no rule that refuses stands at web.pale:6:13" },
		{ { .file = "other.pale", .line = 6, .column = 12 },
			"no rule that refuses stands at other.pale:6:12" },
		{ { .text = "deny read /x", .profile = "web" },
			"'deny read /x' is not one rule with allow or audit" },
		{ { .text = "allow read /x; allow read /y", .profile = "web" },
			"'allow read /x; allow read /y' is not one rule with allow or audit" },
		{ { .text = "allow read /x\n}\nprofile y {", .profile = "web" },
			"'allow read /x\n}\nprofile y {' is not one rule with allow or audit" },
		{ { .text = "include secrets", .profile = "web" },
			"'include secrets' is not one rule with allow or audit" },
		{ { .text = "mode audit", .profile = "web" },
			"'mode audit' is not one rule with allow or audit" },
		{ { .text = "file { allow read /x; allow read /y }", .profile = "web" },
			"'file { allow read /x; allow read /y }' is not one rule with allow or "
			"audit" },
		{ { .text = "", .profile = "web" }, "'' is not one rule with allow or audit" },
		{ { .text = "allow read /etc/foo", .profile = "web/none" },
			"the file has no profile 'web/none'" },
		{ { .text = "allow read /etc/foo", .profile = "wed" },
			"the file has no profile 'wed'" },
		{ { .text = "allow raed /etc/foo", .profile = "web" }, "unknown operation 'raed'" },
		/* Another rule refuses all of it. */
		{ { .text = "allow read /srv/a", .profile = "web" },
			"exception:2:1: this rule can never take effect" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		_cleanup_(compilation_release) struct compilation c;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct compile_exception e = wrong[i].e;

		e.number = 1;
		assert_null(compile(&c, &e, 1));
		diag_first_error(&c.diags, false, &err);
		if (!strstr(pale_err_text(err), wrong[i].error))
			fail_msg(
				"%zu: '%s' instead of '%s'", i, pale_err_text(err), wrong[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_refuses_reports_instead),
		cmocka_unit_test(so_does_one_of_a_fragment),
		cmocka_unit_test(a_rule_is_added),
		cmocka_unit_test(two_keep_their_numbers),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests_name("exception", tests, setup, teardown);
}
