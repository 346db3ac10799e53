/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/artefacts.h"
#include "compiler/compile.h"
#include "compiler/cover_capabilities.h"
#include "compiler/cover_limits.h"
#include "compiler/coverage.h"
#include "compiler/coverage_endpoints.h"
#include "compiler/coverage_notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define BIT(m) (1u << (m))

static struct policy *compiled(struct compilation *c, const char *text)
{
	compile_bytes(c, "t.pale", text, strlen(text), &(struct compile_options){ 0 });
	if (c->diags.n_errors)
		diag_print(&c->diags, stderr, false);
	assert_int_equal(c->diags.n_errors, 0);
	return compilation_policy(c, NULL);
}

static void together(void **state)
{
	static const struct {
		enum coverage_verdict a, b, sum;
	} sums[] = {
		{ COVERAGE_UNENFORCED, COVERAGE_UNENFORCED, COVERAGE_UNENFORCED },
		{ COVERAGE_UNENFORCED, COVERAGE_WIDER, COVERAGE_WIDER },
		{ COVERAGE_WIDER, COVERAGE_EXACT, COVERAGE_EXACT },
		{ COVERAGE_EXACT, COVERAGE_NARROWER, COVERAGE_NARROWER },
		{ COVERAGE_UNENFORCED, COVERAGE_NARROWER, COVERAGE_NARROWER },
		{ COVERAGE_UNENFORCED, COVERAGE_EXACT, COVERAGE_EXACT },
	};
	const mechanisms set = BIT(MECHANISM_APPARMOR) | BIT(MECHANISM_LANDLOCK);
	struct compilation c;
	struct policy *p = compiled(&c, "profile t { file { allow read, delete /x } }\n");
	const struct rule *rule = p->rules[0];
	const char *why;

	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
		for (int swap = 0; swap < 2; swap++) {
			struct coverage *v = coverage_new(p);

			coverage_set(v, rule, OP_READ,
				swap ? MECHANISM_LANDLOCK : MECHANISM_APPARMOR, sums[i].a, "a");
			coverage_set(v, rule, OP_READ,
				swap ? MECHANISM_APPARMOR : MECHANISM_LANDLOCK, sums[i].b, "b");
			/* No part of the set: no say. */
			coverage_set(v, rule, OP_READ, MECHANISM_BPF_LSM, COVERAGE_NARROWER, "c");
			assert_int_equal(
				coverage_together(v, rule, OP_READ, set, &why), sums[i].sum);
			if (sums[i].a != sums[i].b)
				assert_string_equal(why, sums[i].sum == sums[i].a ? "a" : "b");
		}
	}
	compilation_release(&c);
}

static void the_worst_operation_speaks_for_the_rule(void **state)
{
	const mechanisms set = BIT(MECHANISM_APPARMOR);
	struct compilation c;
	struct policy *p = compiled(&c, "profile t { file { allow read, delete /x } }\n");
	const struct rule *rule = p->rules[0];
	struct coverage *v = coverage_new(p);
	enum operation op;
	const char *why;

	assert_int_equal(coverage_of_rule(v, rule, set, &op, &why), COVERAGE_UNENFORCED);
	coverage_set_all(v, rule, MECHANISM_APPARMOR, COVERAGE_EXACT, NULL);
	assert_int_equal(coverage_of_rule(v, rule, set, &op, &why), COVERAGE_EXACT);
	coverage_set(v, rule, OP_DELETE, MECHANISM_APPARMOR, COVERAGE_WIDER, "w");
	assert_int_equal(coverage_of_rule(v, rule, set, &op, &why), COVERAGE_WIDER);
	assert_int_equal(op, OP_DELETE);
	assert_string_equal(why, "w");
	coverage_set(v, rule, OP_READ, MECHANISM_APPARMOR, COVERAGE_UNENFORCED, NULL);
	assert_int_equal(coverage_of_rule(v, rule, set, &op, &why), COVERAGE_UNENFORCED);
	assert_int_equal(op, OP_READ);
	compilation_release(&c);
}

/*
 * What is only implied speaks for a rule that has nothing else, as a sub-profile's for its entry:
 * no policy is inexact for one where files are enforced, and it is not where they are not.
 */
static void a_sub_profiles_entry_is_asked_for_what_is_implied(void **state)
{
	static const char *const forms[] = {
		"allow exec /x as s",
		"audit exec /x as s",
		"allow exec /x as s owner",
		"allow exec drift as s",
		"allow exec drift /x as s",
		"allow exec anonymous as s",
		"allow exec /x{a,b}*/[a-c]** except /xa1/c as s",
		"allow exec /proc/self/exe as s",
	};
	static const struct {
		mechanisms set;
		enum coverage_verdict verdict;
	} sets[] = {
		{ BIT(MECHANISM_BPF_LSM), COVERAGE_EXACT },
		{ BIT(MECHANISM_APPARMOR), COVERAGE_EXACT },
		{ BIT(MECHANISM_SECCOMP) | BIT(MECHANISM_BPF_LSM) | BIT(MECHANISM_APPARMOR),
			COVERAGE_EXACT },
		{ BIT(MECHANISM_SECCOMP) | BIT(MECHANISM_OCI) | BIT(MECHANISM_CGROUP) |
				BIT(MECHANISM_CAPABILITIES),
			COVERAGE_UNENFORCED },
		/* Knows no mapping. */
		{ BIT(MECHANISM_LANDLOCK), COVERAGE_UNENFORCED },
		{ 0, COVERAGE_UNENFORCED },
	};

	for (size_t i = 0; i < 2 * sizeof(forms) / sizeof(*forms); i++) {
		struct compilation c;
		struct artefacts made;
		const struct rule *entry = NULL;
		struct policy *p;
		enum operation op;
		char text[256];

		snprintf(text, sizeof(text),
			"profile t {\n%sprocess { %s }\n"
			"profile s { file { allow read /y; deny read /xa2/** } }\n}\n",
			i % 2 ? "mode audit\n" : "", forms[i / 2]);
		p = compiled(&c, text);
		assert_int_equal(artefacts_make(p, NULL, &made, NULL), 0);
		for (uint32_t k = 0; k < p->n_rules; k++)
			if (!p->rules[k]->operations)
				entry = p->rules[k];
		assert_non_null(entry);
		assert_non_null(strstr(entry->text, " (its entry)"));
		for (size_t k = 0; k < sizeof(sets) / sizeof(*sets); k++)
			assert_int_equal(
				coverage_of_rule(made.coverage, entry, sets[k].set, &op, NULL),
				sets[k].verdict);
		coverage_set(
			made.coverage, entry, OP_MAP, MECHANISM_APPARMOR, COVERAGE_NARROWER, "n");
		assert_int_equal(
			coverage_of_rule(made.coverage, entry, BIT(MECHANISM_APPARMOR), &op, NULL),
			COVERAGE_NARROWER);
		assert_int_equal(op, OP_MAP);
		artefacts_release(&made);
		compilation_release(&c);
	}
}

/* The first refusal is the answer. */
static void what_refuses_first_takes_kill_and_errno(void **state)
{
	static const struct {
		const char *rule;
		enum operation op;
		mechanisms beside; /* of BPF-LSM, all exact */
		const char *why;   /* NULL: exact */
	} cases[] = {
		{ "kill read /x", OP_READ, BIT(MECHANISM_APPARMOR),
			"apparmor refuses it first, and does not kill" },
		{ "kill read /x", OP_READ, BIT(MECHANISM_LANDLOCK),
			"landlock refuses it first, and does not kill" },
		{ "kill read /x", OP_READ, 0, NULL },
		{ "kill read /x", OP_READ, BIT(MECHANISM_SECCOMP), NULL },
		{ "deny read /x", OP_READ, BIT(MECHANISM_APPARMOR) | BIT(MECHANISM_LANDLOCK),
			NULL },
		{ "deny read /x errno ENOENT", OP_READ, BIT(MECHANISM_APPARMOR),
			"apparmor refuses it first, with an errno of its own" },
		{ "deny read /x errno ENOENT", OP_READ, 0, NULL },
		{ "deny read /x errno EACCES", OP_READ, BIT(MECHANISM_APPARMOR), NULL },
		{ "deny read /x errno EACCES", OP_READ, BIT(MECHANISM_LANDLOCK),
			"landlock refuses it first, with an errno of its own" },
		{ "kill capability chown", OP_CAPABILITY, BIT(MECHANISM_CAPABILITIES),
			"capabilities refuses it first, and does not kill" },
		{ "deny capability chown errno EPERM", OP_CAPABILITY,
			BIT(MECHANISM_CAPABILITIES) | BIT(MECHANISM_APPARMOR), NULL },
		{ "allow read /x", OP_READ, BIT(MECHANISM_APPARMOR), NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const mechanisms set = cases[i].beside | BIT(MECHANISM_BPF_LSM);
		struct compilation c;
		char text[128];
		struct policy *p;
		struct coverage *v;
		const char *why = NULL;

		snprintf(text, sizeof(text), "profile t { %s }\n", cases[i].rule);
		p = compiled(&c, text);
		v = coverage_new(p);
		for (int m = 0; m < MECHANISM_COUNT; m++)
			coverage_set_all(v, p->rules[0], m, COVERAGE_EXACT, NULL);
		assert_int_equal(coverage_together(v, p->rules[0], cases[i].op, set, &why),
			cases[i].why ? COVERAGE_WIDER : COVERAGE_EXACT);
		assert_true(cases[i].why ? why && !strcmp(why, cases[i].why) : !why);
		/* Where it has no say, the others' is heard. */
		for (int m = 0; m < MECHANISM_COUNT; m++) {
			if (cases[i].beside & BIT(m))
				coverage_set_all(v, p->rules[0], m, COVERAGE_UNENFORCED, NULL);
		}
		assert_int_equal(
			coverage_together(v, p->rules[0], cases[i].op, set, &why), COVERAGE_EXACT);
		compilation_release(&c);
	}
}

static void preempting(void **state)
{
	static const struct {
		const char *rules;
		bool apparmor, landlock;
	} cases[] = {
		{ "deny read /x", false, false },
		{ "kill read /x", true, true },
		{ "kill exec drift", true, true },
		{ "kill ptrace any", true, false },
		{ "kill syscall ptrace", false, false },
		{ "kill ioctl /dev/x", false, true },
		{ "deny write /x errno EROFS", true, true },
		{ "deny write /x errno EACCES", false, true },
		{ "on violation kill", true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compilation c;
		char text[128];
		struct policy *p;

		snprintf(text, sizeof(text), "profile t { %s }\n", cases[i].rules);
		p = compiled(&c, text);
		assert_int_equal(coverage_preempts(p, MECHANISM_APPARMOR), cases[i].apparmor);
		assert_int_equal(coverage_preempts(p, MECHANISM_LANDLOCK), cases[i].landlock);
		compilation_release(&c);
	}
}

static void verdict_of(
	const char *text, enum operation op, enum mechanism m, enum coverage_verdict verdict)
{
	struct compilation c;
	struct policy *p = compiled(&c, text);
	struct coverage *v = coverage_new(p);
	bool found = false;

	cover_limits(p, LIMITS_OF_CGROUP, v);
	cover_capabilities(p, v);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		if (!(rule->operations & OP_BIT(op)) || rule->is_default != (op == OP_CAPABILITY))
			continue;
		found = true;
		if (v->v[i][op][m].verdict != verdict)
			fail_msg("%s: %s", text, coverage_names[v->v[i][op][m].verdict]);
	}
	assert_true(found);
	compilation_release(&c);
}

/* A limit holds for who cannot change it. */
static void limits_and_who_may_write_to_cgroups(void **state)
{
	static const struct {
		const char *rules;
		enum coverage_verdict verdict;
	} cases[] = {
		{ "", COVERAGE_EXACT },
		{ "file { allow write /srv/** }", COVERAGE_EXACT },
		{ "file { allow read /** }", COVERAGE_EXACT },
		{ "file { allow write /sys/fs/cgroup/pids.max }", COVERAGE_WIDER },
		{ "file { allow append /sys/fs/cgroup/*.procs }", COVERAGE_WIDER },
		{ "file { allow write /** }", COVERAGE_WIDER },
		{ "file { allow write /**; deny write /sys/** }", COVERAGE_EXACT },
		{ "file { allow write /** except /sys/fs/cgroup/** }", COVERAGE_EXACT },
		{ "mount { allow mount tmpfs on /a }", COVERAGE_EXACT },
		{ "mount { allow mount cgroup2 on /a }", COVERAGE_WIDER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[256];

		snprintf(text, sizeof(text), "profile t { limit { processes 4 }\n%s }\n",
			cases[i].rules);
		verdict_of(text, OP_LIMIT, MECHANISM_CGROUP, cases[i].verdict);
	}
}

/* In a user namespace that it may enter, a process has them all. */
static void capabilities_and_user_namespaces(void **state)
{
	(void)state;
	verdict_of("profile t { process { allow exec /x } }", OP_CAPABILITY, MECHANISM_CAPABILITIES,
		COVERAGE_EXACT);
	verdict_of("profile t { process { allow userns } }", OP_CAPABILITY, MECHANISM_CAPABILITIES,
		COVERAGE_WIDER);
	verdict_of("profile t { syscall { allow setns } }", OP_CAPABILITY, MECHANISM_CAPABILITIES,
		COVERAGE_WIDER);
	verdict_of("profile t { syscall { allow setns(nstype == CLONE_NEWNET) } }", OP_CAPABILITY,
		MECHANISM_CAPABILITIES, COVERAGE_WIDER);
}

static void in_json(void **state)
{
	struct compilation c;
	struct policy *p = compiled(&c, "profile t { file { allow read /x } }\n");
	struct coverage *v = coverage_new(p);
	json_t *o, *rule, *entry;

	coverage_set(v, p->rules[0], OP_READ, MECHANISM_LANDLOCK, COVERAGE_WIDER, "reaches /y too");
	o = coverage_json(v);
	rule = json_array_get(json_object_get(o, "rules"), 0);
	assert_string_equal(json_string_value(json_object_get(rule, "text")), "allow read /x");
	assert_int_equal(strlen(json_string_value(json_object_get(rule, "id"))), 16);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(json_object_get(rule, "lines"), 0), "line")),
		1);
	entry = json_object_get(
		json_object_get(json_object_get(rule, "coverage"), "landlock"), "read");
	assert_string_equal(json_string_value(json_object_get(entry, "verdict")), "wider");
	assert_string_equal(json_string_value(json_object_get(entry, "why")), "reaches /y too");
	json_decref(o);
	compilation_release(&c);
}

static void notes_add_up(void **state)
{
	struct compilation c;
	struct policy *p = compiled(
		&c, "profile t { process { kill exec /k }\n file { allow read, delete /x } }\n");
	struct coverage *v = coverage_new(p);
	struct coverage_notes *n = coverage_notes_new(p);
	const struct rule *kill = p->rules[0], *allow = p->rules[1];
	struct coverage_entry *e;

	/* One case answered, one not asked about. */
	coverage_note(n, allow, OP_READ, COVERAGE_EXACT, NULL);
	coverage_note(n, allow, OP_READ, COVERAGE_UNENFORCED, "half");
	coverage_note_answer(n, allow, OP_DELETE, true, false, NULL, "/x");
	coverage_note(n, allow, OP_DELETE, COVERAGE_WIDER, "later");
	coverage_note_answer(n, kill, OP_EXEC, false, false, NULL, "/k");
	coverage_notes_flush(n, v, MECHANISM_LANDLOCK);
	e = &v->v[allow->index][OP_READ][MECHANISM_LANDLOCK];
	assert_int_equal(e->verdict, COVERAGE_WIDER);
	assert_string_equal(e->why, "half");
	e = &v->v[allow->index][OP_DELETE][MECHANISM_LANDLOCK];
	assert_int_equal(e->verdict, COVERAGE_NARROWER);
	assert_string_equal(e->why, "refuses /x");
	e = &v->v[kill->index][OP_EXEC][MECHANISM_LANDLOCK];
	assert_int_equal(e->verdict, COVERAGE_WIDER);
	assert_string_equal(e->why, "refuses, but does not kill the process");
	compilation_release(&c);
}

/* ---- endpoints */

struct sample {
	const struct policy *p;
	int protocol;
	uint8_t family, address[16];
	uint16_t port;
	struct endpoint_cell best;
	bool found;
};

/* The last cell that begins at or before the sample holds it, in address and in port. */
static void holds(void *ctx, const struct endpoint_cell *cell)
{
	struct sample *s = ctx;

	if (cell->protocol != s->protocol || cell->family != s->family || s->port < cell->port_lo ||
		s->port > cell->port_hi ||
		memcmp(cell->address, s->address, s->family == 6 ? 16 : 4) > 0)
		return;
	if (!s->found || memcmp(cell->address, s->best.address, 16) >= 0)
		s->best = *cell;
	s->found = true;
}

static void a_cell_stands_for_all_of_it(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);
	struct compilation c;
	struct policy *p = compiled(&c,
		"profile t { network {\n"
		"  allow connect tcp 10.0.0.0/8:443, 10.1.0.0/16:80-90, [fd00::/8]:443\n"
		"  deny connect tcp 10.1.2.3:80\n"
		"  allow connect udp 255.255.255.255:53 except 255.255.255.255:54\n"
		"  allow listen tcp *:8080\n"
		"  allow connect tcp 192.168.0.0/16:* except 192.168.1.0/24:*\n"
		"} }\n");

	print_message("# seed %u\n", seed);
	for (int i = 0; i < 3000; i++) {
		static const uint16_t ports[] = { 0, 52, 53, 54, 79, 80, 85, 90, 91, 443, 8080,
			65535 };
		static const uint8_t bytes[] = { 0, 1, 2, 3, 10, 11, 168, 192, 255, 0xfd, 0xfc };
		struct sample s = { .p = p, .family = rand_r(&seed) % 2 ? 4 : 6 };
		struct endpoint_cell exact;

		s.protocol = rand_r(&seed) % 2 ? PROTOCOL_TCP : PROTOCOL_UDP;
		s.port = ports[(size_t)rand_r(&seed) % (sizeof(ports) / sizeof(*ports))];
		for (int k = 0; k < (s.family == 6 ? 16 : 4); k++)
			s.address[k] = bytes[(size_t)rand_r(&seed) % sizeof(bytes)];
		endpoint_cells(p, holds, &s);
		assert_true(s.found);
		exact = s.best;
		memcpy(exact.address, s.address, 16);
		exact.port_lo = s.port;
		for (int k = 0; k < 2; k++) {
			enum operation op = k ? OP_LISTEN : OP_CONNECT;

			assert_ptr_equal(decide_endpoint(p, 0, op, &exact).rule,
				decide_endpoint(p, 0, op, &s.best).rule);
		}
	}
	compilation_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together),
		cmocka_unit_test(the_worst_operation_speaks_for_the_rule),
		cmocka_unit_test(a_sub_profiles_entry_is_asked_for_what_is_implied),
		cmocka_unit_test(what_refuses_first_takes_kill_and_errno),
		cmocka_unit_test(preempting),
		cmocka_unit_test(limits_and_who_may_write_to_cgroups),
		cmocka_unit_test(capabilities_and_user_namespaces),
		cmocka_unit_test(in_json),
		cmocka_unit_test(notes_add_up),
		cmocka_unit_test(a_cell_stands_for_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
