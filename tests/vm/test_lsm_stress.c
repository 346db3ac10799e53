/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF-LSM under load, in the guest: renames during opens, policies exchanged, floods of events, as
 * many policies and instances as there may be; and what the tables' functions refuse. Every count
 * is compared with what the confined tasks saw.
 */
#include "tests/vm/stress_lib.h"

#define DENIED_RULE "deny read /tmp/stress/denied"

static struct lsm *lsm;

/* ---- renames ---- */

/*
 * What is secret is at a/x or b/y, and what is open at a/y or b/x: who puts a path together from
 * names that it had at different moments gets it wrong.
 */
struct storm {
	const char *title;
	const char *secret[2], *open[2]; /* moved between */
	const char *rules;
	const char *words; /* of the actor */
};

static const struct storm storms[] = {
	{ "directories", { "/tmp/storm/a/x", "/tmp/storm/b/y" },
		{ "/tmp/storm/a/v", "/tmp/storm/b/w" },
		"file { allow read /tmp/storm/{a/{y,v},b/{x,w}}/** }",
		"@/tmp/storm/a/x/file =/tmp/storm/a/v/file" },
	{ "directories above", { "/tmp/storm/a/x", "/tmp/storm/b/y" },
		{ "/tmp/storm/a/v", "/tmp/storm/b/w" },
		"file { allow read /tmp/storm/{a/{y,v},b/{x,w}}/** }",
		"@/tmp/storm/a/x/in/file =/tmp/storm/a/v/in/file" },
	{ "files", { "/tmp/storm/a/fx", "/tmp/storm/b/fy" },
		{ "/tmp/storm/a/fv", "/tmp/storm/b/fw" },
		"file { allow read /tmp/storm/{a/{fy,fv},b/{fx,fw}} }",
		"-/tmp/storm/a/fx -/tmp/storm/b/fy +/tmp/storm/a/fv +/tmp/storm/b/fw" },
};

static pid_t start_renaming(const char *const names[2])
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		if (rename(names[0], names[1]) < 0 || rename(names[1], names[0]) < 0)
			_exit(1);
}

static void stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		die("a helper ended by itself");
}

static void make_storm_tree(void)
{
	static const char *const dirs[] = { "/tmp/storm", "/tmp/storm/a", "/tmp/storm/b",
		"/tmp/storm/a/x", "/tmp/storm/a/v", "/tmp/storm/a/x/in", "/tmp/storm/a/v/in" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make_directory(dirs[i]);
	write_text("/tmp/storm/a/x/file", "secret");
	write_text("/tmp/storm/a/v/file", "open");
	write_text("/tmp/storm/a/x/in/file", "secret");
	write_text("/tmp/storm/a/v/in/file", "open");
	write_text("/tmp/storm/a/fx", "secret");
	write_text("/tmp/storm/a/fv", "open");
}

static void test_storm(const struct storm *t, long n)
{
	uint32_t policy = add_policy(lsm, t->rules), instance;
	struct lsm_instance after;
	uint64_t raced, unexplained;
	pid_t actor, storm[2];
	char words[256];

	clear_stress();
	instance = confine(lsm, policy, "/sys/fs/cgroup/storm");
	snprintf(words, sizeof(words), "%ld 2 %s", n, t->words);
	/* What it looks up once is where it was made until then. */
	actor = start_actor("/sys/fs/cgroup/storm", words);
	wait_running(2);
	storm[0] = start_renaming(t->secret);
	storm[1] = start_renaming(t->open);
	result(ended_well(actor), "%s are renamed while a confined task opens them", t->title);
	stop(storm[0]);
	stop(storm[1]);
	CHECK(lsm_counters(lsm, instance, &after, &err));
	raced = after.unresolved[LSM_WHY_RACED];
	unexplained = last_refused(lsm, instance) + after.uncounted;
	print_stress();
	printf("# %llu raced\n", (unsigned long long)raced);
	result(stress->leaked == 0 && stress->denied > 0, "%s: no secret is read", t->title);
	result(stress->refused <= raced && stress->allowed > 0,
		"%s: what is open is refused as often as counted as raced at most", t->title);
	result(!stress->odd && unexplained == stress->denied + stress->refused &&
			after.refused == unexplained,
		"%s: each refusal is counted", t->title);
	remove_cgroup("/sys/fs/cgroup/storm");
	CHECK(lsm_remove_instance(lsm, instance, &err));
	CHECK(lsm_remove_policy(lsm, policy, &err));
	/* Back to where they were made. */
	rename(t->secret[1], t->secret[0]);
	rename(t->open[1], t->open[0]);
}

/* ---- policies are exchanged ---- */

static void test_swaps(long n)
{
	static const char *const rules[] = {
		"file { allow read /tmp/stress/allowed; " DENIED_RULE " }",
		"file { allow read /tmp/stress/other; deny write /tmp/stress/**; "
		"allow read /tmp/stress/{allowed,more}; " DENIED_RULE " }",
	};
	uint32_t policies[2] = { add_policy(lsm, rules[0]), add_policy(lsm, rules[1]) }, instance;
	struct lsm_instance counters;
	uint64_t sum = 0, least = UINT64_MAX, most = 0;
	double started;
	pid_t actor;

	clear_stress();
	instance = confine(lsm, policies[0], "/sys/fs/cgroup/swaps");
	actor = start_actor("/sys/fs/cgroup/swaps", "0 3 -/tmp/stress/denied +/tmp/stress/allowed");
	wait_running(3);
	started = seconds();
	for (long i = 1; i <= n; i++) {
		_cleanup_free_ struct lsm_count *counts = NULL;
		uint64_t refused;
		size_t n_counts;

		CHECK(lsm_set_policy(lsm, instance, policies[i & 1], &counts, &n_counts, &err));
		refused = sum_refused(counts, n_counts);
		sum += refused;
		least = refused < least ? refused : least;
		most = refused > most ? refused : most;
	}
	started = seconds() - started;
	result(stop_actor(actor), "a policy is exchanged %ld times under load", n);
	sum += last_refused(lsm, instance);
	CHECK(lsm_counters(lsm, instance, &counters, &err));
	print_stress();
	printf("# %.1f ms each; between two %llu to %llu refusals; %llu uncounted\n",
		1000 * started / (double)n, (unsigned long long)least, (unsigned long long)most,
		counters.uncounted);
	result(!stress->leaked && stress->denied, "what both policies deny is never opened");
	result(!stress->refused && stress->allowed && !stress->odd,
		"what both allow is never refused");
	result(sum + counters.uncounted == stress->denied && counters.refused == stress->denied,
		"each refusal is counted once");
	remove_cgroup("/sys/fs/cgroup/swaps");
	CHECK(lsm_remove_instance(lsm, instance, &err));
	CHECK(lsm_remove_policy(lsm, policies[0], &err));
	CHECK(lsm_remove_policy(lsm, policies[1], &err));
}

/* ---- events ---- */

struct reading {
	uint32_t generation;
	uint64_t n;
};

static void count_event(void *ctx, const struct lsm_event *e)
{
	struct reading *r = ctx;

	r->n += e->generation == r->generation;
}

static void test_flood(long n, uint32_t rate, uint32_t burst)
{
	uint32_t policy = add_policy(lsm, "file { " DENIED_RULE " }"), instance;
	struct lsm_instance counters;
	struct reading read = { 0 };
	uint64_t rule;
	double started;
	char words[128];
	pid_t actor;
	int status;

	clear_stress();
	instance = confine(lsm, policy, "/sys/fs/cgroup/flood");
	CHECK(lsm_counters(lsm, instance, &counters, &err));
	read.generation = (uint32_t)counters.generation;
	lsm_limit_events(lsm, instance, rate, burst);
	snprintf(words, sizeof(words), "%ld 4 -/tmp/stress/denied", n / 4);
	actor = start_actor("/sys/fs/cgroup/flood", words);
	started = seconds();
	while (waitpid(actor, &status, WNOHANG) == 0)
		CHECK(lsm_poll(lsm, 20, count_event, &read, &err));
	started = seconds() - started;
	CHECK(lsm_poll(lsm, 0, count_event, &read, &err));
	CHECK(lsm_counters(lsm, instance, &counters, &err));
	rule = last_refused(lsm, instance);
	print_stress();
	printf("# %.0f a second; %llu read, %llu lost, %llu throttled\n", (double)n / started,
		(unsigned long long)read.n, counters.lost, counters.throttled);
	result(!status && stress->denied == (uint64_t)(n / 4 * 4) && rule == stress->denied &&
			counters.refused == rule,
		"of %ld refusals each is counted%s", n, rate ? ", also with a limit" : "");
	result(counters.sequence == stress->denied &&
			read.n + counters.lost + counters.throttled == counters.sequence &&
			!counters.uncounted,
		"each event is read, or counted as lost or throttled%s",
		rate ? ", also with a limit" : "");
	if (rate)
		result(counters.throttled > 0 && (double)(counters.sequence - counters.throttled) <=
							 burst + rate * (started + 1),
			"the limit is kept");
	remove_cgroup("/sys/fs/cgroup/flood");
	CHECK(lsm_remove_instance(lsm, instance, &err));
	CHECK(lsm_remove_policy(lsm, policy, &err));
}

/* ---- as many as there may be ---- */

static void cgroup_name(uint32_t i, char path[64])
{
	snprintf(path, 64, "/sys/fs/cgroup/many/%u", i);
}

/* Of policy i only file i may be read. */
static void test_many(uint32_t n_instances, uint32_t every)
{
	static uint32_t instances[LSM_INSTANCES_MAX], policies[LSM_POLICIES_MAX];
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	size_t policy_bytes = 0, instance_bytes = 0;
	uint32_t n_tried = 0, n_right = 0, more;
	char path[64], text[128];

	make_directory("/tmp/stress/many");
	make_directory("/sys/fs/cgroup/many");
	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++) {
		snprintf(text, sizeof(text), "/tmp/stress/many/%u", i);
		write_text(text, "");
		snprintf(text, sizeof(text), "file { allow read /tmp/stress/many/%u }", i);
		policies[i] = add_policy(lsm, text);
		policy_bytes += lsm_policy_bytes(lsm, policies[i]);
	}
	compile_policy("", &blob);
	EXPECT_ERROR(lsm_add_policy(lsm, blob.s, blob.len, &more, &err), ENOSPC,
		"bpf-lsm: more than 256 policies");
	for (uint32_t i = 0; i < n_instances; i++) {
		cgroup_name(i, path);
		instances[i] = confine(lsm, policies[i % LSM_POLICIES_MAX], path);
		instance_bytes += lsm_instance_bytes(lsm, instances[i]);
	}
	for (uint32_t i = 0; i < n_instances; i += every) {
		const uint32_t own = i % LSM_POLICIES_MAX, other = (own + 1) % LSM_POLICIES_MAX;

		clear_stress();
		cgroup_name(i, path);
		snprintf(text, sizeof(text), "1 1 +/tmp/stress/many/%u -/tmp/stress/many/%u", own,
			other);
		n_tried++;
		n_right += ended_well(start_actor(path, text)) && stress->allowed == 1 &&
			   stress->denied == 1 && last_refused(lsm, instances[i]) == 1;
	}
	printf("# %zu bytes a policy, %zu an instance; %zu and %zu in all\n",
		policy_bytes / LSM_POLICIES_MAX, instance_bytes / n_instances, policy_bytes,
		instance_bytes);
	result(n_right == n_tried,
		"%u instances are under %d policies, and of %u each under its own", n_instances,
		LSM_POLICIES_MAX, n_tried);
	for (uint32_t i = n_instances; i < LSM_INSTANCES_MAX; i++)
		CHECK(lsm_add_instance(lsm, policies[0], realtime(), &instances[i], &err));
	EXPECT_ERROR(lsm_add_instance(lsm, policies[0], realtime(), &more, &err), ENOSPC,
		"bpf-lsm: more than 1024 instances");
	for (uint32_t i = 0; i < n_instances; i++) {
		cgroup_name(i, path);
		if (rmdir(path) < 0)
			die(path);
	}
	for (uint32_t i = 0; i < LSM_INSTANCES_MAX; i++)
		CHECK(lsm_remove_instance(lsm, instances[i], &err));
	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++)
		CHECK(lsm_remove_policy(lsm, policies[i], &err));
	more = add_policy(lsm, "");
	CHECK(lsm_add_instance(lsm, more, realtime(), &instances[0], &err));
	result(more == 0 && instances[0] == 0, "removed, they leave their numbers to others");
	CHECK(lsm_remove_instance(lsm, instances[0], &err));
	CHECK(lsm_remove_policy(lsm, more, &err));
}

/* ---- errors ---- */

static void test_errors(void)
{
	const char *const two_domains = "profile sub { file { allow read /tmp/** } }\n"
					"process { allow exec /usr/bin/true as sub }";
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	uint32_t policy = add_policy(lsm, ""), two = add_policy(lsm, two_domains), instance, other;
	_cleanup_free_ struct lsm_count *counts = NULL;
	_cleanup_close_ int cgroup = make_cgroup("/sys/fs/cgroup/errors");
	uint64_t id;
	size_t n;

	CHECK(lsm_cgroup_id(cgroup, &id, &err));
	EXPECT_ERROR(lsm_add_policy(lsm, "short", 5, &other, &err), EBADMSG,
		"bpf-lsm: a BPF-LSM policy of 5 bytes");
	EXPECT_ERROR(lsm_add_instance(lsm, 200, 0, &other, &err), ENOENT,
		"bpf-lsm: no policy 200: No such file or directory");
	EXPECT_ERROR(lsm_add_instance(lsm, 256, 0, &other, &err), ENOENT,
		"bpf-lsm: no policy 256: No such file or directory");
	EXPECT_ERROR(lsm_remove_policy(lsm, 200, &err), ENOENT,
		"bpf-lsm: no policy 200: No such file or directory");
	EXPECT_ERROR(lsm_remove_policy(lsm, UINT32_MAX, &err), ENOENT,
		"bpf-lsm: no policy 4294967295: No such file or directory");
	EXPECT_ERROR(lsm_remove_instance(lsm, 7, &err), ENOENT,
		"bpf-lsm: no instance 7: No such file or directory");
	EXPECT_ERROR(lsm_remove_instance(lsm, 1024, &err), ENOENT,
		"bpf-lsm: no instance 1024: No such file or directory");
	EXPECT_ERROR(lsm_bind_cgroup(lsm, id, 7, &err), ENOENT,
		"bpf-lsm: no instance 7: No such file or directory");
	EXPECT_ERROR(lsm_set_policy(lsm, 7, policy, &counts, &n, &err), ENOENT,
		"bpf-lsm: no instance 7: No such file or directory");
	CHECK(lsm_add_instance(lsm, policy, realtime(), &instance, &err));
	EXPECT_ERROR(lsm_set_policy(lsm, instance, 200, &counts, &n, &err), ENOENT,
		"bpf-lsm: no policy 200: No such file or directory");
	EXPECT_ERROR(lsm_set_policy(lsm, instance, two, &counts, &n, &err), EINVAL,
		"bpf-lsm: a policy of 2 domains cannot take the place of one of 1: Invalid "
		"argument");
	EXPECT_ERROR(
		lsm_remove_policy(lsm, policy, &err), EBUSY, "bpf-lsm: policy 0 has 1 instance");
	CHECK(lsm_add_instance(lsm, policy, realtime(), &other, &err));
	EXPECT_ERROR(
		lsm_remove_policy(lsm, policy, &err), EBUSY, "bpf-lsm: policy 0 has 2 instances");
	CHECK(lsm_bind_cgroup(lsm, id, instance, &err));
	EXPECT_ERROR(lsm_bind_cgroup(lsm, id, instance, &err), EEXIST,
		"bpf-lsm: instance 0 is bound: File exists");
	{
		char text[128];

		snprintf(text, sizeof(text), "bpf-lsm: bind cgroup %llu: File exists",
			(unsigned long long)id);
		EXPECT_ERROR(lsm_bind_cgroup(lsm, id, other, &err), EEXIST, text);
	}
	CHECK(lsm_set_policy(lsm, instance, policy, &counts, &n, &err));
	result(n == lsm_policy(lsm, policy)->n_rules, "a policy may take its own place");
	CHECK(lsm_remove_instance(lsm, instance, &err));
	EXPECT_ERROR(lsm_remove_instance(lsm, instance, &err), ENOENT,
		"bpf-lsm: no instance 0: No such file or directory");
	CHECK(lsm_bind_cgroup(lsm, id, other, &err));
	CHECK(lsm_remove_instance(lsm, other, &err));
	CHECK(lsm_remove_policy(lsm, policy, &err));
	EXPECT_ERROR(lsm_remove_policy(lsm, policy, &err), ENOENT,
		"bpf-lsm: no policy 0: No such file or directory");
	CHECK(lsm_remove_policy(lsm, two, &err));
	remove_cgroup("/sys/fs/cgroup/errors");
}

int main(void)
{
	long flood, opens;

	begin();
	flood = number("pale_flood", 4000);
	opens = number("pale_opens", 2000);
	CHECK(lsm_load(&lsm, &err));
	/* Each exchange waits for programs that run, which takes long where all CPUs are busy. */
	write_text("/sys/kernel/rcu_expedited", "1");
	make_directory("/tmp/stress");
	write_text("/tmp/stress/denied", "");
	write_text("/tmp/stress/allowed", "");
	make_storm_tree();
	test_errors();
	for (size_t i = 0; i < sizeof(storms) / sizeof(*storms); i++)
		test_storm(&storms[i], opens);
	test_swaps(number("pale_swaps", 100));
	test_flood(flood, 0, 0);
	test_flood(flood / 4, 100, 50);
	test_many((uint32_t)number("pale_instances", 64), (uint32_t)number("pale_every", 16));
	lsm_free(lsm);
	return end();
}
