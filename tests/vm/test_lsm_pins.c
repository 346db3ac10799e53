/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enforcement that outlives its loader, in the guest. While loaders come, go and are killed, one at
 * each of their steps, a confined task tries all the time what it may not do and what it may.
 */
#include "tests/vm/stress_lib.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define PINS   "/tmp/pins"
#define DIR_   PINS "/lsm"
#define CANARY "/sys/fs/cgroup/canary"

/* What loaders find out and the others go on with; descriptors and pointers of theirs are not. */
static struct shared {
	uint32_t policies[2];
	uint32_t instance;
	uint64_t generation, serial;
	uint64_t taken; /* refusals that lsm_set_policy() handed over */
	uint64_t steps; /* of the loader that was not killed */
} * shared;

/* ---- loaders ---- */

/* Each is a process of its own, as they are in life. */
typedef void (*loader)(unsigned edition);

static struct lsm *open_pins(unsigned edition)
{
	struct lsm *l;

	CHECK(lsm_open_edition(DIR_, edition, &l, &err));
	return l;
}

static void open_and_close(unsigned edition)
{
	lsm_free(open_pins(edition));
}

static void make_canary_policies(unsigned edition)
{
	struct lsm *l = open_pins(edition);

	shared->policies[0] = add_policy(
		l, "file { allow read /tmp/stress/allowed; deny read /tmp/stress/denied }");
	shared->policies[1] =
		add_policy(l, "file { allow read /tmp/stress/other; deny write /tmp/stress/**; "
			      "allow read /tmp/stress/allowed; deny read /tmp/stress/denied }");
	shared->instance = confine(l, shared->policies[0], CANARY);
	lsm_free(l);
}

static void exchange(unsigned edition)
{
	struct lsm *l = open_pins(edition);

	for (int i = 0; i < 4; i++) {
		_cleanup_free_ struct lsm_count *counts = NULL;
		struct lsm_instance now;
		size_t n;

		CHECK(lsm_counters(l, shared->instance, &now, &err));
		CHECK(lsm_set_policy(l, shared->instance,
			shared->policies[LSM_BINDING_SLOT(now.binding) == shared->policies[0]],
			&counts, &n, &err));
		shared->taken += sum_refused(counts, n);
	}
	lsm_free(l);
}

/* Makes and removes what a container needs. */
static void come_and_go(unsigned edition)
{
	struct lsm *l = open_pins(edition);
	uint32_t policy = add_policy(l, "file { allow read /tmp/** }"),
		 instance = confine(l, policy, "/sys/fs/cgroup/comes");

	CHECK(lsm_remove_instance(l, instance, &err));
	CHECK(lsm_remove_policy(l, policy, &err));
	lsm_free(l);
}

static void unpin(unsigned edition)
{
	CHECK(lsm_unpin(DIR_, &err));
}

/* Stops the caller at each call that changes something that others see. */
static bool stop_at_steps(void)
{
	static const unsigned commands[] = { BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM, BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_RAW_TRACEPOINT_OPEN };
	static const int calls[] = { SYS_mkdirat, SYS_renameat, SYS_unlink, SYS_unlinkat };
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool good = ctx != NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands) && good; i++)
		good = seccomp_rule_add(ctx, SCMP_ACT_TRACE(1), SYS_bpf, 1,
			       SCMP_A0_32(SCMP_CMP_EQ, commands[i])) == 0;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && good; i++)
		good = seccomp_rule_add(ctx, SCMP_ACT_TRACE(1), calls[i], 0) == 0;
	good = good && seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	return good;
}

static pid_t start_loader(loader f, unsigned edition, bool traced)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (traced && (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) < 0 ||
			      !stop_at_steps()))
		_exit(9);
	f(edition);
	_exit(0);
}

static void run_loader(loader f, unsigned edition)
{
	int status;
	pid_t pid = start_loader(f, edition, false);

	if (waitpid(pid, &status, 0) != pid || status)
		die("a loader failed");
}

/* Kills it before its step @n, from 1, has begun; false when it came to its end, in shared->steps.
 */
static bool kill_at(loader f, unsigned edition, uint64_t n)
{
	pid_t pid = start_loader(f, edition, true);
	uint64_t step = 0;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) < 0)
		die("ptrace");
	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
			die("ptrace");
		if (WIFEXITED(status) && !WEXITSTATUS(status)) {
			shared->steps = step;
			return false;
		}
		if (!WIFSTOPPED(status) || status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
			die("a loader failed");
		if (++step == n)
			break;
	}
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return true;
}

/* ---- what must hold ---- */

static uint64_t attempts(void)
{
	return __atomic_load_n(&stress->attempts, __ATOMIC_SEQ_CST);
}

/* After an attempt of each kind that began later than now. */
static bool canary_lives(void)
{
	uint64_t before = attempts();

	while (attempts() < before + 4)
		usleep(500);
	return !stress->leaked && !stress->refused && !stress->odd;
}

static unsigned n_entries(const char *path, const char *prefix)
{
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	if (!d)
		die(path);
	while ((e = readdir(d)))
		n += *e->d_name != '.' && !strncmp(e->d_name, prefix, strlen(prefix));
	closedir(d);
	return n;
}

/* One set, and nothing half-made. */
static bool is_tidy(void)
{
	return n_entries(DIR_, "") == 2 && n_entries(DIR_, "maps_") == 1 &&
	       n_entries(DIR_, "links_") == 1;
}

/* The next loader finds the canary's policies and instance, and nothing else. */
static void look(unsigned edition)
{
	struct lsm *l = open_pins(edition);
	uint32_t n_policies = 0, n_instances = 0;
	struct lsm_instance counters;

	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++)
		n_policies += lsm_policy(l, i) != NULL;
	for (uint32_t i = 0; i < LSM_INSTANCES_MAX; i++) {
		struct pale_err *err = NULL;

		n_instances += lsm_counters(l, i, &counters, &err) >= 0;
		pale_err_free(err);
	}
	CHECK(lsm_counters(l, shared->instance, &counters, &err));
	if (n_policies != 2 || n_instances != 1 || counters.refused < shared->taken) {
		printf("# %u policies, %u instances\n", n_policies, n_instances);
		_exit(5);
	}
	lsm_free(l);
}

/* What a killed loader leaves of come_and_go() is known to it alone. */
static void clean(unsigned edition)
{
	struct lsm *l = open_pins(edition);

	for (uint32_t i = 0; i < LSM_INSTANCES_MAX; i++) {
		struct lsm_instance counters;
		struct pale_err *unused = NULL;
		int r = lsm_counters(l, i, &counters, &unused);

		pale_err_free(unused);
		if (r >= 0 && i != shared->instance)
			CHECK(lsm_remove_instance(l, i, &err));
		if (r >= 0 &&
			(counters.generation <= shared->generation) != (i == shared->instance))
			_exit(6);
	}
	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++) {
		const struct lsm_slot *slot = lsm_policy(l, i);

		if (slot && i != shared->policies[0] && i != shared->policies[1]) {
			if (slot->serial <= shared->serial)
				_exit(7);
			shared->serial = slot->serial;
			CHECK(lsm_remove_policy(l, i, &err));
		}
	}
	lsm_free(l);
}

/* ---- tests ---- */

/* Kills @f at each @every-th step, repairs, and says whether all was well each time. */
static void test_kills(const char *what, loader f, loader repair, uint64_t every)
{
	uint64_t n = 1, n_killed = 0, n_bad_kills = 0;
	double started = seconds();

	for (; kill_at(f, 0, n); n += every) {
		bool alive = canary_lives();

		run_loader(repair, 0);
		run_loader(look, 0);
		alive = alive && canary_lives();
		if (!alive || !is_tidy()) {
			n_bad_kills++;
			printf("# killed before step %llu\n", (unsigned long long)n);
		}
		n_killed++;
	}
	printf("# %llu kills in %llu steps, %.1f s\n", (unsigned long long)n_killed,
		(unsigned long long)shared->steps, seconds() - started);
	result(!n_bad_kills && n_killed && canary_lives(), "%s is killed at any step", what);
}

/*
 * An emulated CPU that translates a function while another one attaches a program to it may keep
 * what it saw and never get past it (QEMU until 8.1): whoever attaches has the canary's CPU.
 */
static void share_cpu(pid_t canary)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(canary, sizeof(first), &first) < 0 ||
		sched_setaffinity(0, sizeof(first), &first) < 0 ||
		setpriority(PRIO_PROCESS, (id_t)canary, 10) < 0)
		die("share the CPU");
}

static unsigned test_upgrade(void)
{
	double started = seconds();

	if (kill_at(open_and_close, 1, UINT64_MAX))
		die("killed");
	result(canary_lives() && is_tidy(),
		"other programs take the place of those that are attached");
	printf("# in %llu steps, %.1f s\n", (unsigned long long)shared->steps, seconds() - started);
	return 1;
}

/* Loading takes long: only at @n of the steps. Returns the edition that is attached. */
static unsigned test_upgrade_kills(unsigned edition, long n)
{
	uint64_t steps = shared->steps;
	bool good = true;

	for (long i = 0; i < n; i++) {
		/* From the end, where things are attached, pinned and taken off. */
		uint64_t at = steps - (uint64_t)i * steps / (uint64_t)n;

		if (!kill_at(open_and_close, edition + 1, at))
			printf("# step %llu did not come\n", (unsigned long long)at);
		if (!canary_lives()) {
			good = false;
			printf("# killed before step %llu\n", (unsigned long long)at);
		}
		/* The next loader may be of the old edition or the new. */
		edition += !(i & 1);
		run_loader(look, edition);
		if (!canary_lives() || !is_tidy()) {
			good = false;
			printf("# repaired after step %llu\n", (unsigned long long)at);
		}
	}
	result(good, "an upgrade is killed at %ld of its steps", n);
	return edition;
}

static void test_refusals(void)
{
	struct lsm *l = NULL, *first;

	make_directory("/tmp/pins-not");
	EXPECT_ERROR(lsm_open("/tmp/pins-not", &l, &err), EINVAL,
		"bpf-lsm: /tmp/pins-not is not of a BPF file system");
	EXPECT_ERROR(lsm_open("/tmp/pins-none", &l, &err), ENOENT,
		"bpf-lsm: /tmp/pins-none: No such file or directory");
	chmod(DIR_, 0710);
	EXPECT_ERROR(lsm_open(DIR_, &l, &err), EPERM,
		"bpf-lsm: " DIR_ " is accessible to others (mode 710, user 0)");
	chmod(DIR_, 0700);
	if (chown(DIR_, 1000, 0) < 0)
		die("chown");
	EXPECT_ERROR(lsm_open(DIR_, &l, &err), EPERM,
		"bpf-lsm: " DIR_ " is accessible to others (mode 700, user 1000)");
	if (chown(DIR_, 0, 0) < 0)
		die("chown");
	CHECK(lsm_open(DIR_, &first, &err));
	EXPECT_ERROR(lsm_open(DIR_, &l, &err), EBUSY, "bpf-lsm: " DIR_ " is another process's");
	EXPECT_ERROR(
		lsm_unpin(DIR_, &err), EBUSY, "bpf-lsm: " DIR_ ": " DIR_ " is another process's");
	lsm_free(first);
	if (rename(DIR_ "/maps_1", DIR_ "/maps_0") < 0)
		die("rename");
	EXPECT_ERROR(lsm_open(DIR_, &l, &err), EPROTO,
		"bpf-lsm: " DIR_ ": what is pinned is of schema 0, not 1");
	if (rename(DIR_ "/maps_0", DIR_ "/maps_1") < 0)
		die("rename");
	result(canary_lives() && is_tidy(), "a loader that is refused changes nothing");
}

/* A program that is taken off is missed by the next loader, which makes the set whole. */
static void detach_one(unsigned edition)
{
	struct lsm *l = open_pins(edition);
	size_t i = 0;

	while (strcmp(lsm_program_name(l, i), "file_permission"))
		i++;
	CHECK(lsm_detach_program(l, i, &err));
	CHECK(lsm_attach_program(l, i, &err));
	CHECK(lsm_detach_program(l, i, &err));
	lsm_free(l);
}

static unsigned n_pinned_links(void)
{
	DIR *d = opendir(DIR_);
	struct dirent *e;
	unsigned n = 0;
	char path[512];

	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), DIR_ "/%s", e->d_name);
		if (!strncmp(e->d_name, "links_", 6))
			n += n_entries(path, "");
	}
	closedir(d);
	return n;
}

static void test_incomplete(unsigned edition)
{
	unsigned before = n_pinned_links();

	run_loader(detach_one, edition);
	result(n_pinned_links() == before - 1, "a pinned program can be taken off");
	run_loader(look, edition);
	result(n_pinned_links() == before && canary_lives() && is_tidy(),
		"and is there again when the next loader has come");
}

/* The policy counts were handed over to nobody's loss. */
static void account(unsigned edition)
{
	struct lsm *l = open_pins(edition);
	struct lsm_instance counters;
	uint64_t sum = shared->taken + last_refused(l, shared->instance);

	CHECK(lsm_counters(l, shared->instance, &counters, &err));
	printf("# %llu refused, %llu counted by rules, %llu uncounted\n", counters.refused,
		(unsigned long long)sum, counters.uncounted);
	/* Stopped, the canary may have to count its last attempt yet; and who was killed may have
	 * had counts in his hands. */
	if (counters.refused - stress->denied > 1 || sum + counters.uncounted > counters.refused)
		_exit(8);
	lsm_free(l);
}

int main(void)
{
	long upgrades, every;
	unsigned edition;
	double started;
	pid_t canary;

	begin();
	upgrades = number("pale_upgrades", 0);
	every = number("pale_step", 7);
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	write_text("/sys/kernel/rcu_expedited", "1");
	make_directory("/tmp/stress");
	write_text("/tmp/stress/denied", "");
	write_text("/tmp/stress/allowed", "");
	make_directory(PINS);
	if (mount("bpf", PINS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0 ||
		mkdir(DIR_, 0700) < 0)
		die(PINS);

	started = seconds();
	/* Half-made, by who is killed before anything is attached. */
	if (upgrades)
		kill_at(open_and_close, 0, 200);
	run_loader(make_canary_policies, 0);
	result(is_tidy(), "the first loader pins programs and maps");
	printf("# in %.1f s\n", seconds() - started);
	shared->generation = 1;
	shared->serial = 2;
	canary = start_actor(CANARY, "0 1 -/tmp/stress/denied +/tmp/stress/allowed");
	wait_running(1);
	share_cpu(canary);
	result(canary_lives() && stress->denied, "they enforce when it has gone");
	started = seconds();
	run_loader(look, 0);
	result(canary_lives() && is_tidy(), "the next goes on with them");
	printf("# in %.1f s\n", seconds() - started);
	test_refusals();
	test_kills("a loader that finds all in place", open_and_close, open_and_close,
		(uint64_t)every);
	test_kills("a loader that exchanges policies", exchange, open_and_close, (uint64_t)every);
	test_kills(
		"a loader that makes and removes instances", come_and_go, clean, (uint64_t)every);
	if (kill(canary, SIGSTOP) < 0 || waitpid(canary, NULL, WUNTRACED) != canary)
		die("stop the canary");
	run_loader(account, 0);
	kill(canary, SIGCONT);
	result(true, "each refusal is counted");
	edition = test_upgrade();
	if (upgrades) {
		edition = test_upgrade_kills(edition, upgrades);
		test_incomplete(edition);
	}
	result(canary_lives(), "nothing was let that is denied, nor refused that is allowed");
	print_stress();
	if (!kill_at(unpin, 0, 3))
		die("not killed");
	run_loader(unpin, 0);
	result(n_entries(DIR_, "") == 0, "unpinned, nothing is left");
	/* The kernel detaches them one after another, each after a grace period. */
	started = seconds();
	while (!stress->leaked && seconds() - started < 300)
		usleep(10000);
	printf("# in %.1f s\n", seconds() - started);
	result(stress->leaked > 0, "and nothing is enforced");
	stop_actor(canary);
	remove_cgroup(CANARY);
	return end();
}
