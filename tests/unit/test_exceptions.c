/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions of a container from the grant to the end, with what the kernel does left out: which
 * policy it would be put under is what decide() is asked about. In the guest the kernel is asked,
 * tests/vm/exceptions.bats.
 */
#include "enforcer/daemon/exceptions.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/event.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/live_update.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND_NS ((uint64_t)1000000000)

static const char text[] = "profile web {\n"
			   "    allow read, write /srv/**\n"
			   "    deny read /srv/secret\n"
			   "    kill read /srv/trap\n"
			   "    deny write /srv/log; deny write /srv/lag\n"
			   "    deny syscall sethostname\n"
			   "    deny capability chown\n"
			   "    allow exec /bin/tool as tool\n"
			   "    profile tool { allow read /usr/**; include shared }\n"
			   "    include shared\n"
			   "}\n"
			   "fragment shared {\n"
			   "    deny read /{srv,usr}/shared\n"
			   "}\n";

/* The kernel's part. */
static unsigned exchanges;
static bool exchange_fails;
static mechanisms enforced = 1u << MECHANISM_BPF_LSM;

int node_enforcement_open(struct node_enforcement *e, const char *run, struct pale_err **err)
{
	return 0;
}
void node_enforcement_close(struct node_enforcement *e)
{
}
void node_enforcement_listen(struct node_enforcement *e, sd_event *event,
	void (*report)(void *ctx, const struct violation *v),
	struct apparmor_place (*place)(void *ctx, pid_t pid), void *ctx)
{
}
mechanisms node_enforcement_of(const struct node_enforcement *e, const struct node_policy *p,
	enum oci_runtime runtime, uint32_t *ret_inexact, char **ret_first)
{
	return enforced;
}
int node_enforcement_apparmor(struct node_enforcement *e, struct node_policy *p, mechanisms used,
	const char **ret, struct pale_err **err)
{
	return 0;
}
uint64_t node_enforcement_untold(const struct node_enforcement *e)
{
	return 0;
}
void node_enforcement_sweep(
	struct node_enforcement *e, const struct node_policy *const *in_use, size_t n)
{
}
int node_enforcement_confine(struct node_enforcement *e, struct container *c,
	uint32_t events_per_second, struct pale_err **err)
{
	return 0;
}
int node_enforcement_adopt(struct node_enforcement *e, struct container *c, struct pale_err **err)
{
	return 0;
}
int node_enforcement_exchange(struct node_enforcement *e, struct container *c,
	struct node_policy *next, void (*settled)(void *ctx, struct container *c), void *ctx,
	struct pale_err **err)
{
	if (exchange_fails)
		return pale_err_plain(err, ENOSPC, "no room");
	exchanges++;
	node_policy_unref(c->previous);
	c->previous = c->policy;
	c->policy = node_policy_ref(next);
	return 0;
}
void node_enforcement_release(struct node_enforcement *e, struct container *c)
{
}

struct scene {
	char dir[40];
	struct daemon d;
	struct container *c;
	const struct node_policy *own;
};

static struct container *new_container(const char *id)
{
	struct container *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->id = strdup(id);
	c->pid = getpid();
	c->pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	assert_true(c->pidfd >= 0);
	c->has_instance = true;
	return c;
}

static int setup(void **state)
{
	const struct node_source source = { "web.pale", text, sizeof(text) - 1 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct scene *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *folder = NULL;
	char path[64];

	*state = s;
	strcpy(s->dir, "/tmp/pale-exceptions-XXXXXX");
	if (!mkdtemp(s->dir) || sd_event_new(&s->d.event) < 0)
		return -1;
	s->d.enforcement.lsm = (struct lsm *)s; /* which nothing here looks into */
	snprintf(path, sizeof(path), "%s/log", s->dir);
	s->c = new_container("web");
	if (event_log_open(&s->d.log, path, &err) < 0 ||
		containers_init(&s->d.containers, s->dir, &err) < 0 ||
		node_policy_store(s->dir, &source, 1, &folder, &err) < 0 ||
		node_policy_compile(folder, "web.pale", "web", false, &s->c->policy, NULL, &err) <
			0) {
		fprintf(stderr, "%s\n", pale_err_text(err));
		return -1;
	}
	s->own = s->c->policy;
	containers_add(&s->d.containers, s->c);
	exchanges = 0;
	exchange_fails = false;
	enforced = 1u << MECHANISM_BPF_LSM;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->d.enforcement.lsm = NULL;
	sd_event_source_disable_unref(s->d.exceptions_timer);
	containers_release(&s->d.containers);
	event_log_close(&s->d.log);
	sd_event_unref(s->d.event);
	file_tree_remove(s->dir);
	free(s);
	return 0;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static int grant(
	struct scene *s, const char *rule, const char *in, uint64_t until_ns, struct pale_err **err)
{
	const struct exception_request request = {
		.rule = rule, .in = in, .until_ns = until_ns, .uid = 7
	};
	uint32_t number;

	return exceptions_grant(&s->d, s->c, &request, &number, err);
}

static void granted(struct scene *s, const char *rule, const char *in, uint64_t until_ns)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (grant(s, rule, in, until_ns, &err) < 0)
		fail_msg("%s: %s", rule, pale_err_text(err));
}

static struct decision ask(
	const struct container *c, const char *domain, enum operation op, const char *path)
{
	struct request r = { .operation = op, .path = path, .path_len = (uint32_t)strlen(path) };
	const struct policy *p = c->policy->policy;

	return decide(p, (uint32_t)policy_domain_find(p, domain), &r);
}

static bool allows(const struct scene *s, const char *domain, enum operation op, const char *path)
{
	return ask(s->c, domain, op, path).verdict == VERDICT_ALLOW;
}

/* How many events of @kind the log has. */
static size_t told(struct scene *s, const char *kind)
{
	_cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
	const char *line;
	size_t len, n = 0;

	event_log_flush(&s->d.log);
	r = event_log_reader_new(&s->d.log);
	while (event_log_reader_next(r, &line, &len)) {
		json_error_t e;
		json_t *o = json_loadb(line, len, 0, &e);
		const char *k = json_string_value(json_object_get(o, "kind"));

		n += k && strcmp(k, kind) == 0;
		json_decref(o);
	}
	return n;
}

static void each_form_of_a_rule(void **state)
{
	struct scene *s = *state;
	const uint64_t later = now() + 3600 * SECOND_NS;

	assert_false(allows(s, "web", OP_READ, "/srv/secret"));
	granted(s, "web.pale:3", NULL, later);
	assert_true(allows(s, "web", OP_READ, "/srv/secret"));
	granted(s, "web:4", NULL, later);
	assert_true(allows(s, "web", OP_READ, "/srv/trap"));
	granted(s, " deny  write /srv/lag", NULL, later);
	assert_true(allows(s, "web", OP_WRITE, "/srv/lag"));
	assert_false(allows(s, "web", OP_WRITE, "/srv/log"));
	granted(s, "allow read /etc/foo", NULL, later);
	assert_true(allows(s, "web", OP_READ, "/etc/foo"));
	assert_false(allows(s, "web/tool", OP_READ, "/etc/foo"));
	granted(s, "allow read /etc/foo", "tool", later);
	assert_true(allows(s, "web/tool", OP_READ, "/etc/foo"));
	assert_int_equal(exceptions_count(s->c), 5);
	assert_int_equal(told(s, "exception-granted"), 5);
	assert_ptr_equal(exceptions_own_policy(s->c), s->own);
	assert_int_equal(exchanges, 5);
}

/* Nothing half done: the container is under its own policy, and nothing was told or kept. */
static void refused(struct scene *s, const char *rule, const char *in, uint64_t until_ns, int error,
	const char *message)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	size_t before = exceptions_count(s->c), events = told(s, "exception-granted");
	const struct node_policy *policy = s->c->policy;

	assert_int_equal(grant(s, rule, in, until_ns, &err), -error);
	assert_string_equal(pale_err_text(err), message);
	assert_ptr_equal(s->c->policy, policy);
	assert_int_equal(exceptions_count(s->c), before);
	assert_int_equal(told(s, "exception-granted"), events);
}

static void what_cannot_be_says_why(void **state)
{
	struct scene *s = *state;
	const uint64_t later = now() + 3600 * SECOND_NS;

	refused(s, "web.pale:2", NULL, later, EINVAL,
		"container 'web': what stands at web.pale:2 is no rule that refuses");
	refused(s, "web.pale:99", NULL, later, EINVAL,
		"container 'web': profile 'web' has no rule at web.pale:99");
	refused(s, "other.pale:3", NULL, later, EINVAL,
		"container 'web': profile 'web' has no rule at other.pale:3");
	refused(s, "web.pale:5", NULL, later, EINVAL,
		"container 'web': several rules refuse at web.pale:5: name one by its text");
	refused(s, "deny read /srv/other", NULL, later, EINVAL,
		"container 'web': profile 'web' has no rule 'deny read /srv/other'");
	refused(s, "deny read /srv/secret", "tool", later, EINVAL,
		"container 'web': profile 'web/tool' has no rule 'deny read /srv/secret'");
	refused(s, "allow read /x", "nobody", later, EINVAL,
		"container 'web': profile 'web' has no sub-profile 'nobody'");
	refused(s, "allow read /x\n}", NULL, later, EINVAL,
		"container 'web': the rule has a control character");
	refused(s, "allow read /x; allow read /y", NULL, later, EINVAL,
		"container 'web': 'allow read /x; allow read /y' is not one rule with allow or "
		"audit");
	refused(s, "allow read /srv/secret", NULL, later, EINVAL,
		"container 'web': exception:2:1: this rule can never take effect");
	refused(s, "web.pale:3", NULL, now() - 1, EINVAL,
		"container 'web': the time until which it is meant is past");
	refused(s, "web.pale:3", NULL, now() + 31ull * 86400 * SECOND_NS, EINVAL,
		"container 'web': an exception lasts at most 30 days");
	assert_int_equal(exchanges, 0);
}

/* It would be let pass by more than was asked for. */
static void a_rule_that_two_profiles_have(void **state)
{
	struct scene *s = *state;
	const uint64_t later = now() + 3600 * SECOND_NS;

	refused(s, "deny read /{srv,usr}/shared", "tool", later, EINVAL,
		"container 'web': what stands at web.pale:13 is a rule of profile 'web', too");
	refused(s, "web.pale:13", "tool", later, EINVAL,
		"container 'web': what stands at web.pale:13 is a rule of profile 'web', too");
	refused(s, "web.pale:3", "tool", later, EINVAL,
		"container 'web': profile 'web/tool' has no rule at web.pale:3");
	granted(s, "web.pale:13", NULL, later);
	assert_true(allows(s, "web", OP_READ, "/srv/shared"));
	assert_true(allows(s, "web/tool", OP_READ, "/usr/shared"));
}

static void other_mechanisms_stay(void **state)
{
	struct scene *s = *state;
	const uint64_t later = now() + 3600 * SECOND_NS;

#define ALL_THE_SAME                                                                               \
	"container 'web': another mechanism would refuse it all the same, as it cannot be "        \
	"changed while the container runs: "
	refused(s, "web.pale:6", NULL, later, EOPNOTSUPP,
		ALL_THE_SAME "the system calls are others");
	refused(s, "web.pale:7", NULL, later, EOPNOTSUPP,
		ALL_THE_SAME "the system calls are others");
	refused(s, "allow connect tcp 192.0.2.1:443", NULL, later, EOPNOTSUPP,
		ALL_THE_SAME "the system calls are others");
	enforced |= 1u << MECHANISM_APPARMOR;
	refused(s, "web.pale:3", NULL, later, EOPNOTSUPP,
		ALL_THE_SAME "AppArmor enforces its policy, too");
	s->c->has_instance = false;
	refused(s, "web.pale:3", NULL, later, EOPNOTSUPP,
		"container 'web': BPF-LSM does not enforce its policy, and what other mechanisms "
		"refuse cannot be changed while it runs");
	assert_int_equal(exchanges, 0);
}

static void an_exchange_that_fails_leaves_all_as_it_was(void **state)
{
	struct scene *s = *state;

	exchange_fails = true;
	refused(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS, ENOSPC,
		"container 'web': no room");
	exchange_fails = false;
	/* Its file cannot be written: the kernel does not hear of it. */
	free(s->d.containers.dir);
	s->d.containers.dir = strdup("/nowhere/at/all");
	{
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_true(grant(s, "web.pale:3", NULL, now() + SECOND_NS, &err) < 0);
	}
	assert_int_equal(exchanges, 0);
	assert_ptr_equal(s->c->policy, s->own);
	assert_int_equal(exceptions_count(s->c), 0);
}

static void removed_by_number_and_by_rule(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(json_decrefp) json_t *list = NULL;
	const uint64_t later = now() + 3600 * SECOND_NS;

	granted(s, "web.pale:3", NULL, later);
	granted(s, "web.pale:4", NULL, later);
	granted(s, "allow  read /etc/foo", NULL, later);
	assert_int_equal(exceptions_remove(&s->d, s->c, "2", 0, &err), 0);
	assert_false(allows(s, "web", OP_READ, "/srv/trap"));
	assert_true(allows(s, "web", OP_READ, "/srv/secret"));
	assert_int_equal(exceptions_remove(&s->d, s->c, "allow read /etc/foo", 0, &err), 0);
	assert_int_equal(exceptions_remove(&s->d, s->c, "web.pale:3", 0, &err), 0);
	assert_ptr_equal(s->c->policy, s->own);
	assert_null(exceptions_json(s->c));
	assert_int_equal(told(s, "exception-removed"), 3);
	assert_int_equal(exceptions_remove(&s->d, s->c, "1", 0, &err), -ENOENT);
	assert_string_equal(pale_err_text(err), "container 'web' has no exception '1'");
	/* Numbers are never used twice. */
	granted(s, "web.pale:3", NULL, later);
	list = exceptions_json(s->c);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "number")), 4);
}

/* Runs the daemon's loop until its timers have nothing more to do before @end_ns. */
static void wait_for(struct scene *s, size_t exceptions)
{
	for (int i = 0; i < 1000 && exceptions_count(s->c) != exceptions; i++)
		sd_event_run(s->d.event, 100000);
	assert_int_equal(exceptions_count(s->c), exceptions);
}

static void each_expires_by_itself(void **state)
{
	struct scene *s = *state;

	granted(s, "web.pale:4", NULL, now() + 3600 * SECOND_NS);
	granted(s, "web.pale:3", NULL, now() + SECOND_NS / 4);
	assert_true(allows(s, "web", OP_READ, "/srv/secret"));
	wait_for(s, 1);
	assert_false(allows(s, "web", OP_READ, "/srv/secret"));
	assert_true(allows(s, "web", OP_READ, "/srv/trap"));
	assert_int_equal(told(s, "exception-expired"), 1);
}

static void what_cannot_be_ended_is_tried_again(void **state)
{
	struct scene *s = *state;

	granted(s, "web.pale:3", NULL, now() + SECOND_NS / 10);
	exchange_fails = true;
	sd_event_run(s->d.event, 5000000);
	assert_int_equal(exceptions_count(s->c), 1);
	exchange_fails = false;
	wait_for(s, 0);
	assert_false(allows(s, "web", OP_READ, "/srv/secret"));
}

/* What is full is the folder of the files; the kernel refuses again all the same. */
static void one_that_cannot_be_kept_as_ended_has_ended(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	char *dir = s->d.containers.dir;
	char nowhere[] = "/nowhere/at/all";

	granted(s, "web.pale:3", NULL, now() + SECOND_NS / 10);
	granted(s, "web.pale:4", NULL, now() + 3600 * SECOND_NS);
	s->d.containers.dir = nowhere;
	wait_for(s, 1);
	assert_false(allows(s, "web", OP_READ, "/srv/secret"));
	assert_int_equal(told(s, "exception-expired"), 1);
	assert_int_equal(exceptions_remove(&s->d, s->c, "2", 0, &err), 0);
	assert_false(allows(s, "web", OP_READ, "/srv/trap"));
	s->d.containers.dir = dir;
}

/* Nothing of a grant that failed is left: the policy is the container's own of the next one. */
static void the_own_policy_is_that_of_the_first_one_granted(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct node_policy newer = *s->own;
	char *dir = s->d.containers.dir;
	char nowhere[] = "/nowhere/at/all";

	s->d.containers.dir = nowhere;
	assert_true(grant(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS, &err) < 0);
	s->d.containers.dir = dir;
	newer.references = 100;
	s->c->policy = &newer;
	granted(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS);
	assert_ptr_equal(exceptions_own_policy(s->c), &newer);
	assert_int_equal(exceptions_remove(&s->d, s->c, "web.pale:3", 0, &err), 0);
	assert_ptr_equal(s->c->policy, &newer);
	s->c->policy = (struct node_policy *)s->own;
}

static void note(struct scene *s, struct container *c, const char *path, json_t *event)
{
	struct violation v = { .policy = c->policy->policy,
		.decision = ask(c, "web", OP_READ, path),
		.operation = OP_READ };

	exceptions_note(&s->d, c, &v, event);
}

static void what_it_lets_pass_says_so(void **state)
{
	struct scene *s = *state;
	_cleanup_(json_decrefp) json_t *with = json_object(), *without = json_object();
	_cleanup_(json_decrefp) json_t *list = NULL;
	const json_t *e;

	granted(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS);
	note(s, s->c, "/srv/secret", with);
	note(s, s->c, "/srv/trap", without);
	assert_null(json_object_get(without, "exception"));
	e = json_object_get(with, "exception");
	assert_int_equal(json_integer_value(json_object_get(e, "number")), 1);
	assert_string_equal(json_string_value(json_object_get(e, "rule")), "web.pale:3");
	assert_non_null(json_object_get(e, "until"));
	note(s, s->c, "/srv/secret", with);
	assert_int_equal(told(s, "exception-used"), 1);
	list = exceptions_json(s->c);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "used")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "uid")), 7);
}

static int take_kept(void *ctx, const char *id, const json_t *kept, struct pale_err **err)
{
	struct scene *s = ctx;
	struct container *c = new_container(id);
	int r;

	c->policy = node_policy_ref((struct node_policy *)s->own);
	r = exceptions_restore(c, kept, err);
	assert_int_equal(r, 0);
	containers_add(&s->d.containers, c);
	return 0;
}

static void no_failure(void *ctx, const char *id, const char *why)
{
	fail_msg("%s: %s", id, why);
}

static void they_outlive_the_daemon(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct container *again;
	char digest[65];

	granted(s, "allow read /etc/foo", "tool", now() + 3600 * SECOND_NS);
	granted(s, "web.pale:3", NULL, now() + SECOND_NS / 4);
	memcpy(digest, s->c->policy->digest, sizeof(digest));
	assert_int_equal(containers_restore(&s->d.containers, take_kept, s, no_failure, &err), 0);
	assert_int_equal(s->d.containers.n, 2);
	again = s->d.containers.v[1];
	/* As the kernel has it. */
	assert_string_equal(again->policy->digest, digest);
	assert_int_equal(exceptions_count(again), 2);
	assert_ptr_equal(exceptions_own_policy(again), s->own);
	/* What expires meanwhile, too. */
	exceptions_wait(&s->d);
	for (int i = 0; i < 1000 && exceptions_count(again) != 1; i++)
		sd_event_run(s->d.event, 100000);
	assert_int_equal(ask(again, "web", OP_READ, "/srv/secret").verdict, VERDICT_DENY);
	assert_int_equal(ask(again, "web/tool", OP_READ, "/etc/foo").verdict, VERDICT_ALLOW);
	wait_for(s, 1);
}

/* The only one, never used: nobody else would end it. */
static void the_first_one_outlives_the_daemon(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct container *again;

	granted(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS);
	assert_int_equal(containers_restore(&s->d.containers, take_kept, s, no_failure, &err), 0);
	again = s->d.containers.v[1];
	assert_int_equal(exceptions_count(again), 1);
	assert_int_equal(exceptions_remove(&s->d, again, "1", 0, &err), 0);
	s->c = again;
	granted(s, "web.pale:4", NULL, now() + 3600 * SECOND_NS);
	list = exceptions_json(again);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "number")), 2);
}

/* What the kernel did not take is in no file that the next daemon would read. */
static void one_that_failed_does_not_outlive_the_daemon(void **state)
{
	struct scene *s = *state;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	exchange_fails = true;
	assert_int_equal(grant(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS, &err), -ENOSPC);
	exchange_fails = false;
	pale_err_free(TAKE_PTR(err));
	assert_int_equal(containers_restore(&s->d.containers, take_kept, s, no_failure, &err), 0);
	assert_int_equal(exceptions_count(s->d.containers.v[1]), 0);
}

static void an_update_waits_for_them(void **state)
{
	struct scene *s = *state;
	struct node_policy newer = *s->own;
	struct store_profile profile = { .name = (char *)"web", .policy = &newer };
	_cleanup_(json_decrefp) json_t *updated = json_array(), *left = json_array();

	newer.references = 100;
	newer.digest[0] = newer.digest[0] == '0' ? '1' : '0';
	granted(s, "web.pale:3", NULL, now() + 3600 * SECOND_NS);
	live_update(&s->d, &profile, updated, left);
	assert_int_equal(json_array_size(updated), 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(left, 0), "why")),
		"exceptions of it are in force: remove them first");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_form_of_a_rule),
		TEST(what_cannot_be_says_why),
		TEST(a_rule_that_two_profiles_have),
		TEST(other_mechanisms_stay),
		TEST(an_exchange_that_fails_leaves_all_as_it_was),
		TEST(removed_by_number_and_by_rule),
		TEST(each_expires_by_itself),
		TEST(what_cannot_be_ended_is_tried_again),
		TEST(one_that_cannot_be_kept_as_ended_has_ended),
		TEST(the_own_policy_is_that_of_the_first_one_granted),
		TEST(what_it_lets_pass_says_so),
		TEST(they_outlive_the_daemon),
		TEST(the_first_one_outlives_the_daemon),
		TEST(one_that_failed_does_not_outlive_the_daemon),
		TEST(an_update_waits_for_them),
	};

	return cmocka_run_group_tests_name("exceptions", tests, NULL, NULL);
}
