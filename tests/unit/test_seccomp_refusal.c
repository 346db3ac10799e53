/* SPDX-License-Identifier: Apache-2.0 */
/* Which errors of calls are refusals of a container's filter. */
#include "enforcer/daemon/seccomp_refusal.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

/* A container under `web`, whose filter lets the runtime call setuid, too. */
struct scene {
	struct compilation compilation;
	struct node_policy node;
	struct node_filter filter;
	struct container container;
};

static const char text[] = "profile web {\n"
			   "	syscall {\n"
			   "		only read, write\n"
			   "		allow personality(personality == 0xffffffff)\n"
			   "		allow chmod\n"
			   "		deny  uname errno EFAULT\n"
			   "		quiet deny swapoff\n"
			   "	}\n"
			   "}\n"
			   "profile watched { mode audit; syscall { only read } }\n"
			   "profile with-runtime extends web { syscall { allow setuid } }\n"
			   "profile tight { syscall { only read } on violation kill }\n";

static struct policy *policy_of(struct scene *s, const char *name)
{
	struct policy *p = compilation_policy(&s->compilation, name);

	assert_non_null(p);
	return p;
}

static void put_under(struct scene *s, const char *policy, const char *filter)
{
	s->node.policy = policy_of(s, policy);
	s->node.audit = s->node.policy->audit;
	s->filter.policy = policy_of(s, filter);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	compile_bytes(&s->compilation, "web.pale", text, sizeof(text) - 1, NULL);
	assert_int_equal(s->compilation.diags.n_errors, 0);
	s->container.policy = &s->node;
	put_under(s, "web", "with-runtime");
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	json_decref(s->container.own);
	free(s->filter.left_out);
	compilation_release(&s->compilation);
	free(s);
	return 0;
}

static bool ends(struct scene *s, uint32_t number, uint64_t argument, uint32_t errnum,
	struct violation *ret, struct text *object)
{
	const struct seccomp_exit_event e = {
		.arguments = { argument },
		.number = number,
		.arch = AUDIT_ARCH_X86_64,
		.errnum = errnum,
		.tgid = 100,
		.ppid = 99,
	};

	return seccomp_refusal(&s->container, &s->filter, &e, ret, object);
}

static bool is_told(struct scene *s, uint32_t number, uint64_t argument, uint32_t errnum)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct violation v;

	return ends(s, number, argument, errnum, &v, &object);
}

static void names_all_there_is(void **state)
{
	struct scene *s = *state;
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct violation v;

	assert_true(ends(s, SYS_uname, 0x1234, EFAULT, &v, &object));
	assert_string_equal(v.object, "uname");
	assert_int_equal(v.object_len, 5);
	assert_int_equal(v.outcome, OUTCOME_REFUSED);
	assert_int_equal(v.mechanism, MECHANISM_SECCOMP);
	assert_int_equal(v.operation, OP_SYSCALL);
	assert_int_equal(v.pid, 100);
	assert_int_equal(v.parent, 99);
	assert_int_equal(v.syscall_number, SYS_uname);
	assert_true(v.has_arguments);
	assert_int_equal(v.arguments[0], 0x1234);
	assert_int_equal(v.decision.rule->lines[0].line, 6);
	assert_false(v.decision.depends);
	assert_ptr_equal(v.policy, s->node.policy);
}

static void the_filter_answers_first(void **state)
{
	struct scene *s = *state;

	assert_true(is_told(s, SYS_mkdir, 0, EPERM));
	/* No errno of the filter's for this call. */
	assert_false(is_told(s, SYS_mkdir, 0, EEXIST));
	assert_false(is_told(s, SYS_uname, 0, EPERM));
	/* It lets these through: the error is the kernel's. */
	assert_false(is_told(s, SYS_chmod, 0, EPERM));
	assert_false(is_told(s, SYS_personality, 0xffffffff, EPERM));
	assert_true(is_told(s, SYS_personality, 8, EPERM));
	/* The policy would refuse it, but the filter has the runtime's calls. */
	assert_false(is_told(s, SYS_setuid, 0, EPERM));
	put_under(s, "web", "web");
	assert_true(is_told(s, SYS_setuid, 0, EPERM));
}

static void what_is_not_to_be_told(void **state)
{
	struct scene *s = *state;

	assert_false(is_told(s, SYS_swapoff, 0, EPERM));
	/* As a kernel without the call answers. */
	assert_false(is_told(s, 4000, 0, ENOSYS));
	assert_false(is_told(s, (uint32_t)-5, 0, ENOSYS));
	put_under(s, "watched", "watched");
	assert_false(is_told(s, SYS_mkdir, 0, EPERM));
	/* Killed, and so never at its end. */
	put_under(s, "tight", "tight");
	assert_false(is_told(s, SYS_mkdir, 0, EPERM));
}

static void what_linux_seccomp_cannot_say(void **state)
{
	struct scene *s = *state;
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct violation v;

	s->filter.left_out = calloc(vocab_n_syscalls, sizeof(*s->filter.left_out));
	s->filter.left_out[vocab_syscall_find("chmod")] = "too much";
	assert_true(ends(s, SYS_chmod, 0, EPERM, &v, &object));
	assert_int_equal(v.outcome, OUTCOME_OVERBLOCKED);
	assert_false(v.decision.depends);
	assert_false(is_told(s, SYS_chmod, 0, ENOENT));
	assert_false(is_told(s, SYS_read, 0, EPERM));
}

static void the_containers_own(void **state)
{
	struct scene *s = *state;
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct violation v;

	s->container.own = json_pack("{s:[s, s]}", "seccomp", "chmod", "mkdir");
	assert_true(ends(s, SYS_chmod, 0, EPERM, &v, &object));
	assert_int_equal(v.outcome, OUTCOME_OVERBLOCKED);
	assert_true(v.decision.depends);
	assert_true(is_told(s, SYS_chmod, 0, ENOSYS));
	assert_false(is_told(s, SYS_chmod, 0, ENOENT));
	assert_false(is_told(s, SYS_read, 0, EPERM));
	/* What both refuse is the policy's. */
	text_clear(&object);
	assert_true(ends(s, SYS_mkdir, 0, EPERM, &v, &object));
	assert_int_equal(v.outcome, OUTCOME_REFUSED);
	assert_false(v.decision.depends);
}

static bool is_possible(struct scene *s, uint32_t number)
{
	return seccomp_refusal_is_possible(&s->container, &s->filter, number, AUDIT_ARCH_X86_64);
}

static void what_may_have_been_refused(void **state)
{
	struct scene *s = *state;

	assert_true(is_possible(s, SYS_mkdir));
	assert_true(is_possible(s, SYS_personality));
	assert_false(is_possible(s, SYS_chmod));
	assert_false(is_possible(s, SYS_setuid));
	assert_false(is_possible(s, SYS_swapoff));
	s->container.own = json_pack("{s:[s]}", "seccomp", "chmod");
	assert_true(is_possible(s, SYS_chmod));
	put_under(s, "watched", "watched");
	assert_false(is_possible(s, SYS_mkdir));
	assert_true(is_possible(s, SYS_chmod));
}

static bool has(const uint64_t *errnos, int errnum)
{
	return errnos[errnum / 64] >> errnum % 64 & 1;
}

static void errnos_that_are_looked_for(void **state)
{
	struct scene *s = *state;
	uint64_t errnos[SECCOMP_EXIT_WORDS] = { 0 };

	seccomp_refusal_errnos(&s->container, errnos);
	assert_true(has(errnos, EPERM));
	assert_true(has(errnos, EFAULT));
	assert_false(has(errnos, ENOSYS));
	assert_false(has(errnos, ENOENT));
	s->container.own = json_pack("{s:[s]}", "seccomp", "chmod");
	seccomp_refusal_errnos(&s->container, errnos);
	assert_true(has(errnos, ENOSYS));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_all_there_is),
		TEST(the_filter_answers_first),
		TEST(what_is_not_to_be_told),
		TEST(what_linux_seccomp_cannot_say),
		TEST(the_containers_own),
		TEST(what_may_have_been_refused),
		TEST(errnos_that_are_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
