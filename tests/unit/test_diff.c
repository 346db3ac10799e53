/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two policies at random, and questions at random: wherever decide() answers differently, the
 * comparison has said so, for the same two rules; and each of its witnesses is one.
 */
#include "compiler/compile.h"
#include "compiler/diff.h"
#include "compiler/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

static struct policy *compiled(struct compilation *c, const char *text)
{
	static const struct compile_options none;

	compile_bytes(c, "t.pale", text, strlen(text), &none);
	if (c->diags.n_errors) {
		diag_print(&c->diags, stderr, false);
		fail_msg("%s", text);
	}
	return c->policies[0];
}

/* Each is right beside any of the others, whichever are left out: denies have always an effect. */
static const char *const rules[] = {
	"file { allow read /a/** }",
	"file { allow read, write /a/b/* owner }",
	"file { allow write /a/{b,c}/** except /a/b/x }",
	"file { deny read /a/*/c }",
	"file { kill delete /a/b/* }",
	"file { allow delete, rename /a/** }",
	"process { allow exec /a/*, /b/c }",
	"process { allow exec drift /a/b }",
	"process { deny exec /a/c }",
	"process { allow exec /b/s as sub }",
	"process { allow signal TERM, KILL to any }",
	"process { deny signal KILL to any }",
	"process { allow signal HUP to sub }",
	"process { allow ptrace self }",
	"network { allow connect tcp 10.0.0.0/8:1-100, [fd00::/8]:* }",
	"network { deny connect tcp 10.1.0.0/16:80 }",
	"network { allow listen udp *:53 }",
	"network { allow connect unix /a/*.s }",
	"network { allow connect unix abstract:x* }",
	"allow socket netlink(ROUTE), packet",
	"syscall { allow mlock, ioctl(cmd in 3..9) }",
	"syscall { deny ioctl(cmd == 5) }",
	"syscall { kill prctl(option == 4) }",
	"syscall { deny socket(family != 1) }",
	"allow capability chown, sys_admin",
	"mount { allow mount tmpfs on /m/* with ro }",
	"mount { allow bind /a/** on /m/** }",
	"mount { deny mount tmpfs on /m/x }",
};

struct pair {
	char text[2][4096];
	struct compilation c[2];
	struct policy *p[2];
	struct arena *arena;
	struct diff diff;
};

static void write_policy(char *text, size_t size, uint32_t share)
{
	size_t len = (size_t)snprintf(text, size, "profile p { abi x86_64\n");

	for (size_t i = 0; i < N(rules); i++) {
		if (random_below(100) < share)
			len += (size_t)snprintf(text + len, size - len, "%s\n", rules[i]);
	}
	snprintf(text + len, size - len, "profile sub { file { allow read /s/%s } } }\n",
		random_below(2) ? "a" : "**");
}

static void pair_make(struct pair *p)
{
	struct pale_err *err = NULL;

	for (int i = 0; i < 2; i++) {
		/* A rule may be dead beside others: another choice then. */
		do {
			static const struct compile_options none;

			write_policy(p->text[i], sizeof(p->text[i]), 20 + random_below(60));
			compile_bytes(&p->c[i], "t.pale", p->text[i], strlen(p->text[i]), &none);
			if (!p->c[i].diags.n_errors)
				break;
			compilation_release(&p->c[i]);
		} while (true);
		p->p[i] = p->c[i].policies[0];
	}
	p->arena = arena_new();
	p->diff.arena = p->arena;
	if (policy_diff(&p->diff, p->p[0], p->p[1], &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

static void pair_release(struct pair *p)
{
	arena_free(p->arena);
	compilation_release(&p->c[0]);
	compilation_release(&p->c[1]);
}

/* A request that is meant for either policy: both have the same sub-profile. */
static struct request random_request(void)
{
	static const char *const paths[] = { "/a/b", "/a/c", "/a/b/x", "/a/b/c", "/a/x/c",
		"/a/c/d/e", "/b/c", "/b/s", "/s/a", "/s/b", "/a/x.s", "/m/x", "/m/y", "/q", "/a/" };
	static const char *const calls[] = { "ioctl", "prctl", "socket", "mlock", "mount", "chown",
		"kill", "ptrace", "setns", "connect", "bind", "unlink" };
	static const enum operation ops[] = { OP_READ, OP_WRITE, OP_APPEND, OP_DELETE, OP_RENAME,
		OP_EXEC, OP_MAP, OP_SIGNAL, OP_PTRACE, OP_CONNECT, OP_LISTEN, OP_SOCKET, OP_SYSCALL,
		OP_CAPABILITY, OP_MOUNT, OP_BIND };
	static const char *const types[] = { "tmpfs", "proc" };
	struct request r = { .operation = ops[random_below(N(ops))] };

	r.path = paths[random_below(N(paths))];
	r.path_len = (uint32_t)strlen(r.path);
	r.source = paths[random_below(N(paths))];
	r.source_len = (uint32_t)strlen(r.source);
	r.fstype = types[random_below(2)];
	r.mount_flags = random_below(16);
	r.owner = random_below(2);
	r.object_class = (enum object_class)random_below(CLASS_COUNT);
	if (r.operation != OP_EXEC && r.operation != OP_MAP)
		r.object_class = CLASS_PLAIN;
	r.signal = 1 + (int)random_below(16);
	r.target = (enum request_target)random_below(3);
	r.target_domain = 1;
	r.capability = (int)random_below(41);
	r.socket_family = random_below(2) ? AF_NETLINK : AF_PACKET;
	r.socket_type = SOCK_RAW;
	r.socket_protocol = (int)random_below(4);
	r.protocol = (int)random_below(PROTOCOL_COUNT);
	r.family = random_below(2) ? 4 : 6;
	r.address[0] = r.family == 4 ? 10 : 0xfd;
	r.address[1] = (uint8_t)random_below(3);
	r.port = (uint16_t)(random_below(2) ? 80 : random_below(120));
	if (r.protocol == PROTOCOL_UNIX && random_below(2)) {
		r.path = NULL;
		r.name = random_below(2) ? "xy" : "z";
		r.name_len = (uint32_t)strlen(r.name);
	}
	if (r.operation == OP_SYSCALL) {
		r.abi = ABI_X86_64;
		r.number = vocab_syscalls[vocab_syscall_find(calls[random_below(N(calls))])]
				   .number[ABI_X86_64];
		r.has_arguments = true;
		for (int i = 0; i < 6; i++)
			r.arguments[i] =
				random_below(12) | (random_below(4) ? 0 : random_number() << 32);
	}
	return r;
}

static bool is_told(const struct diff *d, uint32_t domain, enum operation op,
	const struct decision *old, const struct decision *new)
{
	enum diff_direction direction = new->verdict == VERDICT_ALLOW ? DIFF_ALLOWED : DIFF_REFUSED;

	for (uint32_t i = 0; i < d->n; i++) {
		const struct difference *v = d->v[i];

		if (v->operation == op && v->direction == direction && v->old_rule == old->rule &&
			v->new_rule == new->rule && v->new_domain == (int32_t)domain)
			return true;
	}
	return false;
}

static void what_differs_is_told(void **state)
{
	unsigned int differing = 0, told = 0;

	(void)state;
	for (int round = 0; round < 150; round++) {
		struct pair p = { .arena = NULL };

		pair_make(&p);
		for (int i = 0; i < 1500; i++) {
			struct request r = random_request();
			uint32_t domain = random_below(4) == 0;
			struct decision old = decide(p.p[0], domain, &r), new;

			new = decide(p.p[1], domain, &r);
			if ((old.verdict == VERDICT_ALLOW) == (new.verdict == VERDICT_ALLOW))
				continue;
			differing++;
			if (!is_told(&p.diff, domain, r.operation, &old, &new))
				fail_msg("%s %s: not told\n%s%s",
					vocab_operations[r.operation].name, r.path ? r.path : "",
					p.text[0], p.text[1]);
		}
		told += p.diff.n;
		pair_release(&p);
	}
	print_message("# %u questions answered differently, %u differences\n", differing, told);
	assert_true(differing > 1000);
}

/* The witness, asked as `pale query` asks it. */
static struct decision ask_witness(
	struct compilation *c, struct policy *p, uint32_t domain, const struct difference *v)
{
	char *words[32], *copy = strndup(v->object, v->object_len);
	int n = 0;
	struct question q;
	struct decision d;

	words[n++] = (char *)vocab_operations[v->operation].name;
	if (v->object_class == CLASS_DRIFT)
		words[n++] = (char *)"drift";
	for (char *w = strtok(copy, " "); w && n < 32; w = strtok(NULL, " "))
		words[n++] = w;
	if (!question_parse(c, p, domain, n, words, &q)) {
		diag_print(&c->diags, stderr, false);
		fail_msg("%s %s is no question", vocab_operations[v->operation].name, v->object);
	}
	q.request.owner = !v->of_another;
	d = decide(p, domain, &q.request);
	free(copy);
	return d;
}

static void every_witness_is_one(void **state)
{
	unsigned int asked = 0;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct pair p = { .arena = NULL };

		pair_make(&p);
		for (uint32_t i = 0; i < p.diff.n; i++) {
			const struct difference *v = p.diff.v[i];
			struct decision old, new;

			/* Whose words differ from a question's, or that none asks. */
			if (v->operation == OP_LIMIT || memchr(v->object, 0, v->object_len) ||
				v->operation == OP_SOCKET)
				continue;
			asked++;
			old = ask_witness(&p.c[0], p.p[0], (uint32_t)v->old_domain, v);
			new = ask_witness(&p.c[1], p.p[1], (uint32_t)v->new_domain, v);
			if (v->direction == DIFF_ENTERS) {
				assert_int_equal(old.verdict, VERDICT_ALLOW);
				assert_int_equal(new.verdict, VERDICT_ALLOW);
				assert_int_not_equal(old.transition, new.transition);
				continue;
			}
			if ((old.verdict == VERDICT_ALLOW && !old.depends) !=
					(v->direction == DIFF_REFUSED) ||
				(new.verdict == VERDICT_ALLOW && !new.depends) !=
					(v->direction == DIFF_ALLOWED))
				fail_msg("%s %s: %d %d\n%s%s", vocab_operations[v->operation].name,
					v->object, old.verdict, new.verdict, p.text[0], p.text[1]);
		}
		pair_release(&p);
	}
	print_message("# %u witnesses asked\n", asked);
	assert_true(asked > 500);
}

/* The other way round everything is the other way round. */
static void directions_are_mirrored(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		struct pair p = { .arena = NULL };
		struct diff back = { 0 };
		struct pale_err *err = NULL;

		pair_make(&p);
		back.arena = p.arena;
		assert_int_equal(policy_diff(&back, p.p[1], p.p[0], &err), 0);
		assert_int_equal(back.n, p.diff.n);
		for (uint32_t i = 0; i < back.n; i++) {
			static const enum diff_direction other[] = { [DIFF_ALLOWED] = DIFF_REFUSED,
				[DIFF_REFUSED] = DIFF_ALLOWED,
				[DIFF_ENTERS] = DIFF_ENTERS };
			bool found = false;

			for (uint32_t k = 0; k < p.diff.n && !found; k++)
				found = p.diff.v[k]->operation == back.v[i]->operation &&
					p.diff.v[k]->direction == other[back.v[i]->direction] &&
					p.diff.v[k]->old_rule == back.v[i]->new_rule &&
					p.diff.v[k]->new_rule == back.v[i]->old_rule;
			assert_true(found);
		}
		pair_release(&p);
	}
}

static void equal_policies_do_not_differ(void **state)
{
	static const char *const texts[][2] = {
		{ "profile p { file { allow read /a/{b,c} } }",
			"profile q { file { allow read /a/c, /a/b } }" },
		{ "profile p { file { allow read /a/** except /a/b } }",
			"profile p { file { allow read /a/**\n deny read /a/b } }" },
		{ "profile p { network { allow connect tcp 10.0.0.0/8:* } }",
			"profile p { network { allow connect tcp 10.0.0.0/9:*, 10.128.0.0/9:* } "
			"}" },
		{ "profile p { syscall { allow ioctl(cmd in 3..5) } }",
			"profile p { syscall { allow ioctl(cmd == 3), ioctl(cmd in {4, 5}) } }" },
		{ "profile p { mode audit; file { allow read /a } }", "profile p { mode audit }" },
	};

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct compilation a, b;
		struct diff d = { .arena = arena_new() };
		struct pale_err *err = NULL;

		assert_int_equal(
			policy_diff(&d, compiled(&a, texts[i][0]), compiled(&b, texts[i][1]), &err),
			0);
		if (d.n)
			fail_msg("%s: %s", texts[i][1], d.v[0]->object);
		arena_free(d.arena);
		compilation_release(&a);
		compilation_release(&b);
	}
}

static void modes_and_limits(void **state)
{
	static const struct {
		const char *before, *after;
		enum diff_direction direction;
		enum operation op;
	} cases[] = {
		{ "file { allow read /a }", "mode audit", DIFF_ALLOWED, OP_COUNT },
		{ "mode audit", "file { allow read /a }", DIFF_REFUSED, OP_COUNT },
		{ "limit { memory 1M }", "limit { memory 2M }", DIFF_ALLOWED, OP_LIMIT },
		{ "limit { memory 1M }", "", DIFF_ALLOWED, OP_LIMIT },
		{ "", "limit { processes 5 }", DIFF_REFUSED, OP_LIMIT },
		{ "process { deny fork }", "", DIFF_ALLOWED, OP_FORK },
		{ "", "process { allow userns }", DIFF_ALLOWED, OP_USERNS },
		{ "process { allow exec /a }", "process { allow exec anonymous; allow exec /a }",
			DIFF_ALLOWED, OP_EXEC },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct compilation a, b;
		struct diff d = { .arena = arena_new() };
		struct pale_err *err = NULL;
		char before[256], after[256];

		snprintf(before, sizeof(before), "profile p { %s }", cases[i].before);
		snprintf(after, sizeof(after), "profile p { %s }", cases[i].after);
		assert_int_equal(
			policy_diff(&d, compiled(&a, before), compiled(&b, after), &err), 0);
		assert_true(d.n >= 1);
		assert_int_equal(d.v[0]->direction, cases[i].direction);
		assert_int_equal(d.v[0]->operation, cases[i].op);
		assert_int_equal(diff_widens(&d), cases[i].direction == DIFF_ALLOWED);
		arena_free(d.arena);
		compilation_release(&a);
		compilation_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_told),
		cmocka_unit_test(every_witness_is_one),
		cmocka_unit_test(directions_are_mirrored),
		cmocka_unit_test(equal_policies_do_not_differ),
		cmocka_unit_test(modes_and_limits),
	};

	random_seed(20260731);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
