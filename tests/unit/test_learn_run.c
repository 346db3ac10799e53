/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs: bounded memory whatever is seen, nothing lost silently, and the same bytes back from JSON.
 */
#include "compiler/base/cleanup.h"
#include "compiler/learn_object.h"
#include "compiler/learn_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

static void see(struct learn_run *run, enum operation op, const char *executable,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static void see(
	struct learn_run *run, enum operation op, const char *executable, const char *format, ...)
{
	char object[5000];
	struct learn_observation o = { .operation = op, .object = object, .first = 7 };
	va_list args;

	va_start(args, format);
	o.object_len = (uint32_t)vsnprintf(object, sizeof(object), format, args);
	va_end(args);
	o.executable = executable;
	o.executable_len = executable ? (uint32_t)strlen(executable) : 0;
	learn_run_add(run, &o);
}

static const struct learn_observation *find(
	struct learn_run *run, enum operation op, const char *object)
{
	uint32_t n;
	const struct learn_observation *v = learn_run_observations(run, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (v[i].operation == op && !strcmp(v[i].object, object))
			return &v[i];
	}
	return NULL;
}

static uint64_t counted(struct learn_run *run)
{
	uint32_t n;
	const struct learn_observation *v = learn_run_observations(run, &n);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i].count;
	return sum;
}

static uint64_t lost(const struct learn_run *run)
{
	uint32_t n;
	const struct learn_loss *v = learn_run_losses(run, &n);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i].count;
	return sum;
}

static void same_is_counted(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	const struct learn_observation *o;
	uint32_t n;

	see(run, OP_READ, "/bin/x", "/etc/passwd");
	learn_run_add(run, &(struct learn_observation){ .operation = OP_READ,
				   .object = "/etc/passwd",
				   .object_len = 11,
				   .executable = "/bin/x",
				   .executable_len = 6,
				   .count = 4,
				   .first = 3,
				   .last = 9,
				   .phases = LEARN_PHASE_BIT(LEARN_STEADY) });
	see(run, OP_READ, "/bin/y", "/etc/passwd");
	learn_run_observations(run, &n);
	assert_int_equal(n, 2);
	o = find(run, OP_READ, "/etc/passwd");
	assert_int_equal(o->count, 5);
	assert_int_equal(o->first, 3);
	assert_int_equal(o->last, 9);
	assert_int_equal(o->phases, LEARN_PHASE_BIT(LEARN_INIT) | LEARN_PHASE_BIT(LEARN_STEADY));
	assert_int_equal(lost(run), 0);
}

/* A million files of one directory are one observation, and none is lost. */
static void a_directory_folds(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	const struct learn_observation *o;
	uint32_t n;

	for (unsigned int i = 0; i < 1000000; i++)
		see(run, OP_CREATE, "/bin/x", "/var/cache/app/f%u", i);
	see(run, OP_READ, "/bin/x", "/var/cache/app/");
	see(run, OP_READ, "/bin/x", "/var/cache/other");
	learn_run_observations(run, &n);
	assert_int_equal(n, 3);
	o = find(run, OP_CREATE, "/var/cache/app/");
	assert_non_null(o);
	assert_true(o->folded);
	assert_int_equal(o->count, 1000000);
	assert_false(find(run, OP_READ, "/var/cache/app/")->folded);
	assert_int_equal(lost(run), 0);
	assert_true(learn_run_bytes(run) < (1u << 20));
}

/* Whatever the tree: memory is bounded, and every observation is in a count. */
static void any_tree_is_bounded(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	unsigned int n = 400000;

	random_seed(11);
	for (unsigned int i = 0; i < n; i++)
		see(run, OP_READ, "/bin/x", "/d%u/e%u/f%u/g%u/h%u", random_below(900),
			random_below(900), random_below(900), random_below(900), i);
	assert_int_equal(lost(run), 0);
	assert_int_equal(counted(run), n);
	assert_true(learn_run_bytes(run) <= LEARN_BYTES_MAX);
}

static void long_names_are_bounded(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	char name[251];
	unsigned int n = 60000;

	memset(name, 'n', 250);
	name[250] = 0;
	for (unsigned int i = 0; i < n; i++)
		see(run, OP_READ, "/bin/x", "/%u/%s/%s/%s/%s/%s/%u", i % 1000, name, name, name,
			name, name, i);
	assert_int_equal(counted(run) + lost(run), n);
	assert_true(learn_run_bytes(run) <= LEARN_BYTES_MAX + (4u << 20));
}

/* What cannot be folded is lost, and said. */
static void what_has_no_room_is_a_loss(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	unsigned int n = LEARN_OTHERS_MAX + 1000;
	uint32_t n_losses;

	for (unsigned int i = 0; i < n; i++)
		see(run, OP_CONNECT, "/bin/x", "tcp 10.%u.%u.%u:80", i >> 16, i >> 8 & 255,
			i & 255);
	assert_int_equal(lost(run), 1000);
	assert_string_equal(learn_run_losses(run, &n_losses)[0].why,
		"observations for which there was no room");
	assert_int_equal(counted(run), LEARN_OTHERS_MAX);
}

static void executables_are_bounded(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	unsigned int n = 300000;

	for (unsigned int i = 0; i < n; i++) {
		char executable[64];

		snprintf(executable, sizeof(executable), "/tmp/x%u", i);
		see(run, OP_READ, executable, "/etc/passwd");
	}
	assert_int_equal(counted(run) + lost(run), n);
	assert_true(lost(run) > 0);
	assert_true(learn_run_bytes(run) <= LEARN_BYTES_MAX + (4u << 20));
}

/* One long name of a program, which each observation has, and of which each byte is written as
 * five. */
static void what_is_written_is_bounded(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	_cleanup_(text_release) struct text t = TEXT_INIT;
	unsigned int n = 30000;
	char program[4000];

	memset(program, 0xff, sizeof(program) - 1);
	program[0] = '/';
	program[sizeof(program) - 1] = 0;
	for (unsigned int i = 0; i < n; i++)
		see(run, OP_READ, program, "/srv/%u/%u", i % 500, i);
	assert_int_equal(counted(run), n);
	assert_int_equal(lost(run), 0);
	learn_run_write(run, &t);
	assert_true(t.len <= LEARN_WRITTEN_MAX + (16u << 20));
}

static void what_means_nothing_is_a_loss(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	uint64_t registers[6] = { 0 };
	uint32_t n;

	see(run, OP_READ, NULL, "relative");
	see(run, OP_CONNECT, NULL, "tcp somewhere");
	see(run, OP_LIMIT, NULL, "%s", "");
	learn_run_add_call(run, &(struct learn_observation){ 0 }, ABI_X86_64, 9999, registers, 0);
	learn_run_observations(run, &n);
	assert_int_equal(n, 0);
	assert_int_equal(lost(run), 4);
}

static void calls_by_number(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	/* ioctl(3, TIOCSTI | 1 << 40, …): the kernel reads 32 bits. */
	uint64_t registers[6] = { 3, UINT64_C(0x10000005412), 0 };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const struct learn_observation *o;

	learn_run_add_call(
		run, &(struct learn_observation){ .first = 1 }, ABI_X86_64, 16, registers, 1 << 1);
	o = find(run, OP_SYSCALL, "ioctl");
	assert_non_null(o);
	learn_question(&t, o);
	assert_string_equal(text_str(&t), "syscall ioctl cmd=0x5412");
}

/* ---- JSON */

static void random_bytes(char *s, uint32_t len, bool path)
{
	static const char hard[] = "\\x\"' #;,{}[]*?$\n\t\x7f\xff\xc3\x28\xe2\x82\xac/";

	for (uint32_t i = 0; i < len; i++) {
		s[i] = random_below(2) ? hard[random_below(sizeof(hard) - 1)]
				       : (char)(1 + random_below(255));
		if (path && s[i] == '/' && i && s[i - 1] == '/')
			s[i] = 'x';
	}
}

static struct learn_run *random_run(unsigned int n)
{
	char id[32];
	struct learn_run *run;

	snprintf(id, sizeof(id), "r-%x", random_below(1u << 30));
	run = learn_run_new("test \x01", id, random_number());
	for (unsigned int i = 0; i < n; i++) {
		char object[64] = "/", executable[16] = "/";
		struct learn_observation o = { .object = object, .executable = executable };

		o.object_len = 1 + random_below(sizeof(object) - 1);
		o.executable_len = 1 + random_below(sizeof(executable) - 1);
		random_bytes(object + 1, o.object_len - 1, true);
		if (o.object_len > 1 && object[1] == '/')
			object[1] = 'y';
		random_bytes(executable + 1, o.executable_len - 1, false);
		o.operation = random_below(2) ? OP_READ : OP_EXEC;
		o.object_class =
			o.operation == OP_EXEC && random_below(2) ? CLASS_DRIFT : CLASS_PLAIN;
		o.execed = random_below(2);
		o.created = random_below(2);
		o.image = random_below(2);
		o.count = random_number();
		o.first = random_number() >> 1;
		o.last = o.first + random_below(1000);
		o.phases = (uint8_t)random_below(16);
		learn_run_add(run, &o);
	}
	if (random_below(2))
		learn_run_lost(run, random_number(), "cut\nshort");
	return run;
}

static void json_gives_the_same_bytes(void **state)
{
	random_seed(5);
	for (int i = 0; i < 300; i++) {
		_cleanup_(learn_run_freep) struct learn_run *run = random_run(random_below(30));
		_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		_cleanup_(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;
		uint32_t n, m;
		const struct learn_observation *v, *w;

		learn_run_write(run, &a);
		/* Any blanks, and the same run again. */
		text_puts(&a, "\n \t");
		learn_run_write(run, &a);
		if (learn_runs_read(&runs, "t", a.s, a.len, &err) < 0)
			fail_msg("%s: %s", pale_err_text(err), text_str(&a));
		assert_int_equal(runs.n, 1);
		text_clear(&a);
		learn_run_write(run, &a);
		learn_run_write(runs.v[0], &b);
		assert_string_equal(text_str(&a), text_str(&b));
		assert_int_equal(a.len, b.len);
		v = learn_run_observations(run, &n);
		w = learn_run_observations(runs.v[0], &m);
		assert_int_equal(n, m);
		for (uint32_t k = 0; k < n; k++) {
			assert_int_equal(learn_observation_compare(&v[k], &w[k]), 0);
			assert_int_equal(v[k].count, w[k].count);
			assert_int_equal(v[k].phases, w[k].phases);
			assert_int_equal(v[k].last, w[k].last);
		}
	}
}

static void a_folded_run_stays_folded(void **state)
{
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("test", "a", 1);
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	_cleanup_(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

	for (unsigned int i = 0; i < 3000; i++) {
		see(run, OP_CREATE, "/bin/x", "/var/cache/app/%u/f", i);
		see(run, OP_CONNECT, "/bin/x", "unix /run/app/%u", i);
	}
	assert_true(find(run, OP_CONNECT, "unix /run/app/")->folded);
	learn_run_write(run, &a);
	assert_int_equal(learn_runs_read(&runs, "t", a.s, a.len, NULL), 0);
	learn_run_write(runs.v[0], &b);
	assert_string_equal(text_str(&a), text_str(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_is_counted),
		cmocka_unit_test(a_directory_folds),
		cmocka_unit_test(any_tree_is_bounded),
		cmocka_unit_test(long_names_are_bounded),
		cmocka_unit_test(what_has_no_room_is_a_loss),
		cmocka_unit_test(executables_are_bounded),
		cmocka_unit_test(what_is_written_is_bounded),
		cmocka_unit_test(what_means_nothing_is_a_loss),
		cmocka_unit_test(calls_by_number),
		cmocka_unit_test(json_gives_the_same_bytes),
		cmocka_unit_test(a_folded_run_stays_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
