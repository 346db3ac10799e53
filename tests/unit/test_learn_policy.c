/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of random runs, hostile names among them: what was seen is allowed or it is told why
 * not, no secret is reached that was not seen, hand-written text stays as it is, and the order and
 * number of merges make no difference.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/expect.h"
#include "compiler/fmt.h"
#include "compiler/learn.h"
#include "compiler/learn_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

struct made {
	struct arena *arena;
	struct source_set sources;
	struct diag_list diags;
	struct learn_result result;
};

static void make(struct made *m, struct learn_runs *runs, const char *hand,
	const struct learn_options *options)
{
	static const struct learn_options none;
	const struct source *s = NULL;

	m->arena = arena_new();
	source_set_init(&m->sources, m->arena);
	diag_list_init(&m->diags, &m->sources);
	if (hand)
		s = source_add(&m->sources, "learned.pale", hand, strlen(hand));
	if (!learn_policy(runs, s, options ? options : &none, &m->diags, &m->result)) {
		diag_print(&m->diags, stderr, false);
		fail_msg("no policy was made");
	}
}

static void release(struct made *m)
{
	learn_result_release(&m->result);
	arena_free(m->arena);
}

/* ---- random runs */

static const char *const executables[] = { "/usr/sbin/webd", "/usr/bin/filter", "/bin/x\n\xff" };
static const char *const fixed[] = { "/etc/passwd", "/etc/shadow", "/etc/ld.so.cache",
	"/usr/lib/x86_64-linux-gnu/libc.so.6", "/dev/null", "/srv/a b", "/srv/# learned: end",
	"/srv/\n# learned: end\n}", "/srv/\xff\xfe", "/srv/{a,b}[c]*?$x\\\"", "/run/docker.sock",
	"/proc/self/maps", "/tmp/x", "/srv/", "/etc/ssl/private/a.key" };
static const enum operation file_operations[] = { OP_READ, OP_WRITE, OP_APPEND, OP_CREATE,
	OP_DELETE, OP_RENAME, OP_SETATTR, OP_MAP, OP_IOCTL, OP_LOCK, OP_LINK };

static void add(struct learn_run *run, enum operation op, enum object_class object_class,
	const char *object)
{
	struct learn_observation o = { .operation = op, .object_class = object_class };
	const char *executable = executables[random_below(random_below(3) ? 1 : N(executables))];

	o.object = object;
	o.object_len = (uint32_t)strlen(object);
	o.executable = executable;
	o.executable_len = (uint32_t)strlen(executable);
	o.created = random_below(3) == 0;
	o.image = random_below(3) == 0;
	o.first = o.last = 1764000000 + random_below(1000000);
	learn_run_add(run, &o);
}

static void add_file(struct learn_run *run)
{
	char path[256];
	unsigned int n = random_below(40);

	switch (random_below(8)) {
	case 0:
		snprintf(path, sizeof(path), "/proc/%u/%s", n, n % 3 ? "stat" : "mem");
		break;
	case 1:
		snprintf(path, sizeof(path), "/srv/data/%u/%u.%s", n, random_below(9),
			n % 2 ? "html" : "t\"x t");
		break;
	case 2:
		snprintf(path, sizeof(path), "/var/lib/app/tmp-%08x%c", n * 2654435761u,
			'a' + (char)(n % 26));
		break;
	case 3:
		snprintf(path, sizeof(path), "/home/u%u/.ssh/id_rsa", n);
		break;
	case 4:
		snprintf(path, sizeof(path), "/opt/x/lib/lib%u.so.1.%u", n % 4, n);
		break;
	case 5:
		snprintf(path, sizeof(path), "/run/secrets/s%u", n);
		break;
	default:
		snprintf(path, sizeof(path), "%s", fixed[random_below(N(fixed))]);
	}
	add(run, file_operations[random_below(N(file_operations))], CLASS_PLAIN, path);
}

static void add_other(struct learn_run *run)
{
	static const struct {
		enum operation op;
		enum object_class object_class;
		const char *object;
	} others[] = {
		{ OP_EXEC, CLASS_PLAIN, "/usr/bin/filter" },
		{ OP_EXEC, CLASS_PLAIN, "/bin/x\n\xff" },
		{ OP_EXEC, CLASS_DRIFT, "/tmp/x" },
		{ OP_EXEC, CLASS_ANONYMOUS, "" },
		{ OP_MAP, CLASS_DRIFT, "/tmp/x y" },
		{ OP_SIGNAL, CLASS_PLAIN, "TERM to self" },
		{ OP_SIGNAL, CLASS_PLAIN, "RTMIN+3 to any" },
		{ OP_PTRACE, CLASS_PLAIN, "self" },
		{ OP_FORK, CLASS_PLAIN, "" },
		{ OP_USERNS, CLASS_PLAIN, "" },
		{ OP_PIVOT, CLASS_PLAIN, "" },
		{ OP_UMOUNT, CLASS_PLAIN, "/mnt/a\n" },
		{ OP_SOCKET, CLASS_PLAIN, "netlink(ROUTE)" },
		{ OP_SOCKET, CLASS_PLAIN, "packet" },
		{ OP_CONNECT, CLASS_PLAIN, "unix /run/x\"}" },
		{ OP_CONNECT, CLASS_PLAIN, "unix abstract:\n}\xff\"" },
		{ OP_CONNECT, CLASS_PLAIN, "icmp 10.0.0.1" },
		{ OP_LISTEN, CLASS_PLAIN, "tcp [::]:80" },
		{ OP_CAPABILITY, CLASS_PLAIN, "chown" },
		{ OP_CAPABILITY, CLASS_PLAIN, "sys_admin" },
		{ OP_SYSCALL, CLASS_PLAIN, "read" },
		{ OP_SYSCALL, CLASS_PLAIN, "mlockall" },
		{ OP_SYSCALL, CLASS_PLAIN, "timerfd_create" },
		{ OP_SYSCALL, CLASS_PLAIN, "clone3" },
		{ OP_SYSCALL, CLASS_PLAIN, "mount" },
	};
	unsigned int i = random_below(N(others) + 8);
	char object[64];

	if (i < N(others)) {
		add(run, others[i].op, others[i].object_class, others[i].object);
		return;
	}
	snprintf(object, sizeof(object), "tcp 10.0.0.%u:%u", random_below(60),
		random_below(2) ? 443 : 40000 + random_below(99));
	add(run, random_below(2) ? OP_CONNECT : OP_LISTEN, CLASS_PLAIN, object);
}

static struct learn_run *random_run(unsigned int number)
{
	char id[32];
	struct learn_run *run;

	snprintf(id, sizeof(id), "run-%u", number);
	run = learn_run_new("test", id, 1764000000 + random_below(5) * 86400);
	learn_run_program(run, executables[0], strlen(executables[0]));
	for (unsigned int i = random_below(120); i > 0; i--) {
		if (random_below(3))
			add_file(run);
		else
			add_other(run);
	}
	if (random_below(6) == 0)
		learn_run_lost(run, 1, "something");
	return run;
}

/* A copy of some, by way of their text. */
static void take(struct learn_runs *to, const struct learn_runs *from, uint64_t which)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	for (uint32_t i = 0; i < from->n; i++) {
		if (which & (UINT64_C(1) << i))
			learn_run_write(from->v[i], &t);
	}
	if (t.len && learn_runs_read(to, "t", t.s, t.len, &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

static void random_runs(struct learn_runs *runs)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	unsigned int n = 1 + random_below(6);

	for (unsigned int i = 0; i < n; i++) {
		_cleanup_(learn_run_freep) struct learn_run *run = random_run(i);

		learn_run_write(run, &t);
	}
	assert_int_equal(learn_runs_read(runs, "t", t.s, t.len, NULL), 0);
}

/* ---- what must hold */

static bool is_told(const struct learn_result *r, const struct learn_observation *o)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_question(&t, o);
	for (uint32_t i = 0; i < r->n_notes; i++) {
		if ((r->notes[i].kind == LEARN_LEFT_OUT || r->notes[i].kind == LEARN_REFUSED) &&
			!strcmp(r->notes[i].what, text_str(&t)))
			return true;
	}
	return false;
}

/* Each observation of the program is allowed, or told. Those of others may be in sub-profiles. */
static void allows_what_was_seen(
	const struct learn_result *r, const struct policy *p, struct learn_runs *runs)
{
	for (uint32_t i = 0; i < runs->n; i++) {
		uint32_t n;
		const struct learn_observation *v = learn_run_observations(runs->v[i], &n);

		for (uint32_t k = 0; k < n; k++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;
			struct decision d;
			struct request q;

			assert_null(learn_request(&v[k], &q));
			d = decide(p, 0, &q);
			if (d.verdict == VERDICT_ALLOW || is_told(r, &v[k]))
				continue;
			if (!strcmp(v[k].object, "clone3") && d.errnum == 38)
				continue;
			learn_question(&t, &v[k]);
			fail_msg("neither allowed nor told: %s\n%s", text_str(&t),
				text_str(&r->policy));
		}
	}
}

static bool was_seen(struct learn_runs *runs, enum operation op, const char *path)
{
	for (uint32_t i = 0; i < runs->n; i++) {
		uint32_t n;
		const struct learn_observation *v = learn_run_observations(runs->v[i], &n);

		for (uint32_t k = 0; k < n; k++) {
			/* A rule for writing holds append, and exec holds read and map. */
			if (!strcmp(v[k].object, path) &&
				(v[k].operation == op || v[k].operation == OP_EXEC ||
					(op == OP_APPEND && v[k].operation == OP_WRITE)))
				return true;
		}
	}
	return false;
}

static void reaches_no_secret(const struct policy *p, struct learn_runs *runs)
{
	static const char *const secrets[] = { "/etc/shadow", "/root/.ssh/id_ed25519",
		"/home/u41/.ssh/id_rsa", "/home/u1/.ssh/id_rsa", "/run/secrets/other",
		"/run/secrets/s3", "/etc/ssl/private/b.key", "/etc/ssl/private/a.key",
		"/proc/1/mem", "/proc/39/mem", "/proc/77/environ", "/run/docker.sock",
		"/run/containerd/containerd.sock" };

	for (size_t i = 0; i < N(secrets); i++) {
		for (size_t k = 0; k < N(file_operations); k++) {
			struct request q = { .operation = file_operations[k],
				.path = secrets[i],
				.path_len = (uint32_t)strlen(secrets[i]) };

			if (decide(p, 0, &q).verdict == VERDICT_ALLOW &&
				!was_seen(runs, file_operations[k], secrets[i]))
				fail_msg("%s %s is allowed",
					vocab_operations[file_operations[k]].name, secrets[i]);
		}
	}
}

static void is_formatted(const struct learn_result *r)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	assert_true(fmt_policy(source_add(&sources, "t", r->policy.s, r->policy.len), &diags, &t));
	assert_string_equal(text_str(&t), text_str(&r->policy));
}

static void policies_are_right(void **state)
{
	random_seed(3);
	for (int i = 0; i < 150; i++) {
		_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
		const struct learn_options options = { .sub_profiles = random_below(4) == 0 };
		struct compilation c;
		struct made m;

		random_runs(&runs);
		make(&m, &runs, NULL, &options);
		compile_bytes(&c, "t.pale", m.result.policy.s, m.result.policy.len, NULL);
		expectations_check(&c);
		if (c.diags.n_errors) {
			diag_print(&c.diags, stderr, false);
			fail_msg("%s", text_str(&m.result.policy));
		}
		assert_int_equal(c.n_policies, 1);
		if (c.policies[0]->n_domains == 1)
			allows_what_was_seen(&m.result, c.policies[0], &runs);
		reaches_no_secret(c.policies[0], &runs);
		is_formatted(&m.result);
		compilation_release(&c);
		release(&m);
	}
}

static const char hand[] = "# ours\n"
			   "use base/libc\n"
			   "\n"
			   "profile mine { allow read /x }\n"
			   "profile web {\n"
			   "    include libc   # by hand\n"
			   "    deny read /srv/data/1/**, /home/**\n"
			   "    allow exec /usr/bin/filter as filter\n"
			   "    deny syscall mount\n"
			   "    profile filter { allow read /srv/** }\n"
			   "}\n"
			   "test \"ours\" for web { deny read /srv/data/1/x }\n";

static void is_hand_written_still(const char *policy)
{
	_cleanup_free_ char *left = strdup(policy), *save = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT, h = TEXT_INIT;
	bool learned = false;
	char *at = left;

	for (char *line; (line = strsep(&at, "\n"));) {
		const char *s = line + strspn(line, " ");

		if (!strncmp(s, "# learned: ", 11)) {
			learned = strcmp(s, "# learned: end") != 0;
			continue;
		}
		if (!learned && *line)
			text_printf(&t, "%s\n", line);
	}
	save = strdup(hand);
	at = save;
	for (char *line; (line = strsep(&at, "\n"));) {
		if (*line)
			text_printf(&h, "%s\n", line);
	}
	assert_string_equal(text_str(&t), text_str(&h));
}

/* A then B, B then A, all at once, and all of that twice. */
static void merges_commute(void **state)
{
	random_seed(9);
	for (int i = 0; i < 100; i++) {
		_cleanup_(learn_runs_release) struct learn_runs all = { 0 }, a = { 0 }, b = { 0 };
		const struct learn_options options = { .profile = "web" };
		uint64_t which = random_number();
		const char *begin = random_below(2) ? hand : NULL;
		struct made whole, first, second;

		random_runs(&all);
		make(&whole, &all, begin, &options);
		for (int order = 0; order < 2; order++) {
			learn_runs_release(&a);
			learn_runs_release(&b);
			take(&a, &all, order ? which : ~which);
			take(&b, &all, UINT64_MAX);
			if (a.n) {
				make(&first, &a, begin, &options);
				/* With a's runs and b's, and a's again. */
				take(&b, &a, UINT64_MAX);
				make(&second, &b, text_str(&first.result.policy), &options);
				assert_string_equal(text_str(&second.result.policy),
					text_str(&whole.result.policy));
				release(&second);
				release(&first);
			}
		}
		make(&second, &all, text_str(&whole.result.policy), &options);
		assert_string_equal(
			text_str(&second.result.policy), text_str(&whole.result.policy));
		if (begin)
			is_hand_written_still(text_str(&whole.result.policy));
		release(&second);
		release(&whole);
	}
}

/* Kinds of accesses over runs in the order of their times. */
static void readiness_counts(void **state)
{
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct made m;

	for (unsigned int i = 0; i < 4; i++) {
		char id[8];
		_cleanup_(learn_run_freep) struct learn_run *run = NULL;

		snprintf(id, sizeof(id), "%u", i);
		run = learn_run_new("test", id, 100 - i); /* the last is the first in time */
		learn_run_program(run, "/bin/x", 6);
		learn_run_add(run, &(struct learn_observation){
					   .operation = OP_READ, .object = "/a", .object_len = 2 });
		if (i == 0) /* new in the last run */
			learn_run_add(run,
				&(struct learn_observation){
					.operation = OP_READ, .object = "/b", .object_len = 2 });
		learn_run_write(run, &t);
	}
	assert_int_equal(learn_runs_read(&runs, "t", t.s, t.len, NULL), 0);
	make(&m, &runs, NULL, NULL);
	assert_false(m.result.readiness.ready);
	assert_int_equal(m.result.readiness.n_items, 3); /* with the exec */
	assert_int_equal(m.result.readiness.n_singletons, 1);
	assert_int_equal(m.result.readiness.n_sightings, 9);
	assert_int_equal(m.result.readiness.n_new[0], 0);
	assert_int_equal(m.result.readiness.n_new[1], 1);
	release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_right),
		cmocka_unit_test(merges_commute),
		cmocka_unit_test(readiness_counts),
	};

	setenv("PALE_PATH", "profiles", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
