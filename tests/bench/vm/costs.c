/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mechanisms add to operations, in instructions: in the guest, under run.sh
 * --count-instructions. Runs act.c beside itself with nothing loaded, then under each of them, and
 * prints a table and the goals; of TAP only what run.sh needs. The policies are in the folder
 * policies beside it, in the forms that `pale build` writes: FEW and MANY rules.
 *
 * Goals are told, never judged: a figure that misses one is no failure.
 *
 * What is bare depends on how the guest boots and on its CPU: on 6.1 init_on_alloc=1 adds 550 to an
 * open, and 4,400 where erms makes a byte of memset an instruction. What is added to an open does
 * not.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/load_apparmor.h"
#include "enforcer/load_lsm.h"
#include "tests/bench/vm/act.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#define N(a) (sizeof(a) / sizeof(*(a)))

/* AppArmor is active in all of them, and confines nothing but in its own. */
enum variant {
	BARE,	   /* nothing loaded */
	APPARMOR,  /* FEW rules */
	BYSTANDER, /* Pale is loaded and confines others */
	FEW,	   /* Pale confines */
	MANY,	   /* by 2,000 rules */
	EMPTY,	   /* for each of Pale's programs one that returns 0, on the same hook */
	AGAIN,	   /* bare: what the differences cannot tell */
	N_VARIANTS,
};

enum operation {
	OPEN,
	OPEN_FRESH,
	EXEC,
	CONNECT,
	UNLINK,
	N_OPERATIONS,
};

static const struct {
	const char *act, *title;
	unsigned iterations;
	bool hooks; /* what its programs cost can be told for each: nothing else runs meanwhile */
} operations[N_OPERATIONS] = {
	[OPEN] = { "open", "open, close", 400, true },
	[OPEN_FRESH] = { "open-fresh", "  nothing cached", 100, false },
	[EXEC] = { "exec", "exec, wait", 500, true },
	[CONNECT] = { "connect", "connect, close", 400, true },
	[UNLINK] = { "unlink", "unlink", 400, true },
};

static uint64_t costs[N_VARIANTS][N_OPERATIONS];
static uint64_t fires[N_OPERATIONS]; /* Pale's programs, in an unconfined task */

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check_err(int r, struct pale_err **err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", pale_err_text(*err));
	exit(1);
}

/* ---- files ---- */

static const char *beside(const char *name)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	if (n < 0)
		die("/proc/self/exe");
	path[n] = 0;
	strcpy(strrchr(path, '/') + 1, name);
	return path;
}

static void read_beside(const char *name, struct text *ret)
{
	_cleanup_fclose_ FILE *f = fopen(beside(name), "re");
	static char buf[1 << 16];
	size_t n;

	if (!f)
		die(name);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_add(ret, buf, n);
}

static void copy_program(const char *name, const char *to)
{
	_cleanup_(text_release) struct text image = TEXT_INIT;
	int fd;

	read_beside(name, &image);
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, image.s, image.len) != (ssize_t)image.len)
		die(to);
	close(fd);
}

static void make_file(const char *path)
{
	if (mknod(path, S_IFREG | 0644, 0) < 0)
		die(path);
}

static void make_tree(void)
{
	static const char *const directories[] = { "/bin", "/spool", "/elsewhere",
		"/elsewhere/mount", "/srv", "/srv/application", "/srv/application/releases",
		"/srv/application/releases/current", "/srv/application/releases/current/conf" };
	char path[128];

	if (mount("bench", TREE, "tmpfs", 0, NULL) < 0)
		die(TREE);
	for (size_t i = 0; i < N(directories); i++) {
		snprintf(path, sizeof(path), TREE "%s", directories[i]);
		if (mkdir(path, 0755) < 0)
			die(path);
	}
	make_file(OPENED);
	make_file(FORBIDDEN);
	make_file(TREE "/elsewhere/a");
	copy_program("act", ACT);
	copy_program("nothing", NOTHING);
}

/* A rename and a mount elsewhere, and a file that none has opened yet. */
static void age(unsigned i)
{
	char path[128];

	if (rename(TREE "/elsewhere/a", TREE "/elsewhere/b") < 0 ||
		rename(TREE "/elsewhere/b", TREE "/elsewhere/a") < 0)
		die("rename");
	if (mount("bench", TREE "/elsewhere/mount", "tmpfs", 0, NULL) < 0 ||
		umount(TREE "/elsewhere/mount") < 0)
		die("mount");
	snprintf(path, sizeof(path), FRESH, i);
	make_file(path);
}

static void remove_files(void)
{
	char path[128];

	for (unsigned i = 0; i < ITERATIONS_MAX; i++) {
		snprintf(path, sizeof(path), FRESH, i);
		unlink(path);
		snprintf(path, sizeof(path), SPOOLED, i);
		unlink(path);
	}
}

/* ---- running act.c ---- */

/*
 * Where act.c runs. Each variant has a cgroup of its own, confined or not: in the root cgroup
 * nothing is accounted for, and what that saves is no merit of a mechanism.
 */
static struct {
	int cgroup;
	bool bound;	     /* the cgroup is */
	const char *profile; /* AppArmor's, or NULL */
} place = { .cgroup = -1 };

static void new_cgroup(void)
{
	static unsigned n;
	char path[64];

	if (place.cgroup >= 0)
		close(place.cgroup);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/bench-%u", n++);
	if (mkdir(path, 0755) < 0)
		die(path);
	place.cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place.cgroup < 0)
		die(path);
}

static void enter_and_run(const int ask[2], const int answer[2], const char *act,
	const char *iterations, bool prepare_only)
{
	int fd;

	fd = openat(place.cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	/* Neither is in the way of the other: descriptors are given from the lowest up. */
	dup2(ask[1], 3);
	dup2(answer[0], 4);
	if (place.profile && aa_change_onexec(place.profile) < 0)
		_exit(1);
	execl(ACT, ACT, act, iterations, prepare_only ? "prepare" : NULL, NULL);
	_exit(1);
}

static uint64_t run(const char *act, unsigned iterations, bool prepare_only)
{
	bool confined = place.bound || place.profile;
	struct message m = { 0 };
	int ask[2], answer[2], status;
	char number[16];
	pid_t pid;

	snprintf(number, sizeof(number), "%u", iterations);
	if (pipe2(ask, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		enter_and_run(ask, answer, act, number, prepare_only);
	close(ask[1]);
	close(answer[0]);
	while (read(ask[0], &m, sizeof(m)) == sizeof(m) && m.word == WORD_AGE) {
		age((unsigned)m.number);
		if (write(answer[1], &m, sizeof(m)) != sizeof(m))
			die("answer");
	}
	close(ask[0]);
	close(answer[1]);
	if (waitpid(pid, &status, 0) != pid || status != 0 || m.word != WORD_DONE) {
		printf("Bail out! act %s ended with status %#x\n", act, status);
		exit(1);
	}
	if (m.confined != confined) {
		printf("Bail out! act %s was %sconfined\n", act, confined ? "not " : "");
		exit(1);
	}
	return m.number;
}

/* Where its pages and sockets come to lie makes one process dearer than the next, in all that it
 * does: the least of three is told. */
#define RUNS 3

static void measure(enum variant v)
{
	uint64_t nothing; /* what reading the counter costs */

	if (!place.bound)
		new_cgroup();
	nothing = run("nothing", 100, false);
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		uint64_t least = UINT64_MAX;

		for (int n = 0; n < RUNS; n++) {
			uint64_t cost = run(operations[i].act, operations[i].iterations, false);

			remove_files();
			if (cost < least)
				least = cost;
		}
		costs[v][i] = least - nothing;
	}
}

/* ---- BPF ---- */

/* Of all programs in the kernel; counted while statistics are on. */
static uint64_t total_runs(void)
{
	uint64_t total = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		_cleanup_close_ int fd = bpf_prog_get_fd_by_id(id);
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
			die("program");
		total += info.run_cnt;
	}
	return total;
}

static uint64_t runs_during(enum operation o, bool prepare_only)
{
	uint64_t before = total_runs(), after;

	run(operations[o].act, operations[o].iterations, prepare_only);
	after = total_runs();
	remove_files();
	return after - before;
}

static void count_fires(void)
{
	_cleanup_close_ int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (stats < 0)
		die("BPF statistics");
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		unsigned n = operations[i].iterations;

		if (operations[i].hooks)
			fires[i] = (runs_during(i, false) - runs_during(i, true) + n / 2) / n;
	}
}

static struct {
	uint32_t attach_type, btf_id;
	int link;
} hooks[512];
static size_t n_hooks;

/* Where the programs in the kernel are attached. */
static void find_hooks(void)
{
	uint32_t id = 0;

	while (bpf_link_get_next_id(id, &id) == 0) {
		_cleanup_close_ int fd = bpf_link_get_fd_by_id(id);
		struct bpf_link_info info = { 0 };
		uint32_t len = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
			die("link");
		if (info.type != BPF_LINK_TYPE_TRACING)
			continue;
		if (n_hooks == N(hooks))
			die("too many hooks");
		hooks[n_hooks].attach_type = info.tracing.attach_type;
		hooks[n_hooks++].btf_id = info.tracing.target_btf_id;
	}
	if (!n_hooks)
		die("no hooks");
}

static void attach_empty(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	for (size_t i = 0; i < n_hooks; i++) {
		LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = hooks[i].attach_type,
			.attach_btf_id = hooks[i].btf_id);
		_cleanup_close_ int fd =
			bpf_prog_load(hooks[i].attach_type == BPF_LSM_MAC ? BPF_PROG_TYPE_LSM
									  : BPF_PROG_TYPE_TRACING,
				"empty", "GPL", insns, N(insns), &opts);

		if (fd < 0)
			die("load an empty program");
		hooks[i].link = bpf_raw_tracepoint_open(NULL, fd);
		if (hooks[i].link < 0)
			die("attach an empty program");
	}
}

static void detach_empty(void)
{
	for (size_t i = 0; i < n_hooks; i++)
		close(hooks[i].link);
}

/* ---- mechanisms ---- */

static void measure_apparmor(const char *policy)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	_cleanup_free_ char *profile = NULL;
	struct pale_err *err = NULL;

	read_beside(policy, &text);
	if (sscanf(strstr(text_str(&text), "\nprofile "), "\nprofile \"%m[^\"]\"", &profile) != 1)
		die(policy);
	check_err(apparmor_load(text.s, text.len, &err), &err);
	place.profile = profile;
	measure(APPARMOR);
	place.profile = NULL;
	check_err(apparmor_unload(profile, &err), &err);
}

static void measure_confined(struct lsm *lsm, enum variant v, const char *policy)
{
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	struct pale_err *err = NULL;
	uint32_t slot, instance;
	struct timespec now;
	uint64_t id;

	read_beside(policy, &blob);
	new_cgroup();
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	check_err(lsm_add_policy(lsm, blob.s, blob.len, &slot, &err), &err);
	check_err(
		lsm_add_instance(lsm, slot,
			(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, &instance, &err),
		&err);
	check_err(lsm_cgroup_id(place.cgroup, &id, &err), &err);
	check_err(lsm_bind_cgroup(lsm, id, instance, &err), &err);
	place.bound = true;
	measure(v);
	place.bound = false;
}

static void measure_pale(void)
{
	_cleanup_(lsm_freep) struct lsm *lsm = NULL;
	struct pale_err *err = NULL;

	check_err(lsm_load(&lsm, &err), &err);
	find_hooks();
	measure(BYSTANDER);
	count_fires();
	measure_confined(lsm, FEW, "policies/few/bench.lsm");
	measure_confined(lsm, MANY, "policies/many/bench.lsm");
}

/* ---- results ---- */

static int64_t added(enum variant v, enum operation o)
{
	return (int64_t)(costs[v][o] - costs[BARE][o]);
}

static void print_table(void)
{
	static const struct {
		enum variant v;
		const char *title;
	} columns[] = { { EMPTY, "empty programs" }, { BYSTANDER, "Pale, unconfined" },
		{ FEW, "Pale, 10 rules" }, { MANY, "Pale, 2,000 rules" }, { APPARMOR, "AppArmor" },
		{ AGAIN, "bare again" } };
	struct utsname kernel;

	uname(&kernel);
	printf("Linux %s: instructions of an operation, and what is added to them\n",
		kernel.release);
	printf("%-16s  %8s", "", "bare");
	for (size_t i = 0; i < N(columns); i++)
		printf("  %s", columns[i].title);
	printf("  programs run\n");
	for (size_t o = 0; o < N_OPERATIONS; o++) {
		printf("%-16s  %8llu", operations[o].title, (unsigned long long)costs[BARE][o]);
		for (size_t i = 0; i < N(columns); i++)
			printf("  %+*lld", (int)strlen(columns[i].title),
				(long long)added(columns[i].v, o));
		if (operations[o].hooks)
			printf("  %12llu", (unsigned long long)fires[o]);
		putchar('\n');
	}
}

static void goal(const char *what, int64_t have, int64_t most)
{
	printf("%-11s  %-64s %7lld of at most %lld\n", have <= most ? "reached" : "not reached",
		what, (long long)have, (long long)most);
}

static void print_goals(void)
{
	char what[128];

	goal("a confined open adds half of what AppArmor adds", added(FEW, OPEN),
		added(APPARMOR, OPEN) / 2);
	goal("one that finds nothing cached adds what AppArmor adds", added(FEW, OPEN_FRESH),
		added(APPARMOR, OPEN_FRESH));
	goal("a confined exec adds 500 more than AppArmor adds", added(FEW, EXEC),
		added(APPARMOR, EXEC) + 500);
	for (size_t o = 0; o < N_OPERATIONS; o++) {
		if (!operations[o].hooks || !fires[o])
			continue;
		snprintf(what, sizeof(what), "%s: an unconfined task pays 200 for each hook",
			operations[o].act);
		goal(what, added(BYSTANDER, o) / (int64_t)fires[o], 200);
	}
	for (size_t o = 0; o < N_OPERATIONS; o++) {
		snprintf(what, sizeof(what), "%s: 2,000 rules add a tenth more than 10",
			operations[o].act);
		goal(what, added(MANY, o), added(FEW, o) + added(FEW, o) / 10);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_tree();
	/* Files made now are no drift. */
	usleep(10000);
	measure(BARE);
	measure_apparmor("policies/few/bench.apparmor");
	measure_pale();
	attach_empty();
	measure(EMPTY);
	detach_empty();
	measure(AGAIN);
	print_table();
	print_goals();
	printf("ok 1 - measured\n1..1\n");
	return 0;
}
