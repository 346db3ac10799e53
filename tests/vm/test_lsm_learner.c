/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the BPF-LSM programs tell of a cgroup that is learned, in the guest: real programs do
 * things, and what is written down of them is compared with what they did.
 */
#include "compiler/base/cleanup.h"
#include "compiler/learn_object.h"
#include "enforcer/bpf/lsm_event.h"
#include "enforcer/lsm_learner.h"
#include "tests/vm/guest_test.h"
#include "tests/vm/tap.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define DIR_ "/tmp/learner"

static struct lsm_learner *learner;
static char try_path[4096];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct group {
	char path[128];
	uint64_t id;
	struct learn_run *run;
	uint32_t watch;
};

static void make_group(struct group *g, const char *below)
{
	struct stat st;

	*g = (struct group){ 0 };
	if (below) {
		snprintf(g->path, sizeof(g->path), "%s/inner", below);
		must(mkdir(g->path, 0755) == 0, g->path);
	} else {
		close(new_cgroup(g->path, sizeof(g->path)));
	}
	must(stat(g->path, &st) == 0, g->path);
	g->id = st.st_ino;
}

static void watch_init(struct group *g, bool begins, int init)
{
	struct pale_err *err = NULL;
	static int n;
	char id[32];

	snprintf(id, sizeof(id), "run-%d", n++);
	g->run = learn_run_new("bpf-lsm", id, (uint64_t)time(NULL));
	check_err(lsm_learner_watch(learner,
			  &(struct lsm_watch){ .cgroup = g->id,
				  .run = g->run,
				  .begins = begins,
				  .init = init,
				  .start_ns = now_ns() },
			  &g->watch, &err),
		&err);
}

static void watch(struct group *g, bool begins)
{
	watch_init(g, begins, -1);
}

static void end_watch(struct group *g)
{
	struct pale_err *err = NULL;

	check_err(lsm_learner_end(learner, g->watch, &err), &err);
}

static void release(struct group *g)
{
	learn_run_free(g->run);
	remove_cgroup(g->path);
}

static void enter(const char *group)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(99);
	close(fd);
}

static pid_t start(const struct group *g, const char *script, bool terminal)
{
	int pty = -1;
	pid_t pid;

	fflush(stdout);
	pid = terminal ? forkpty(&pty, NULL, NULL, NULL) : fork();
	if (pid == 0) {
		enter(g->path);
		if (!terminal && !freopen("/dev/null", "w", stdout))
			_exit(97);
		execl("/bin/sh", "/bin/sh", "-c", script, NULL);
		_exit(98);
	}
	must(pid > 0, "fork");
	return pid;
}

static int end(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const struct group *g, const char *script)
{
	return end(start(g, script, false));
}

static void read_all(void)
{
	struct pale_err *err = NULL;

	check_err(lsm_learner_read(learner, &err), &err);
}

/* "read /etc/passwd by /bin/cat init", one a line. */
static void lines_of(struct group *g, const char *below, struct text *to)
{
	uint32_t n;
	const struct learn_observation *v = learn_run_observations(g->run, &n);

	for (uint32_t i = 0; i < n; i++) {
		_cleanup_(text_release) struct text line = TEXT_INIT;

		learn_question(&line, &v[i]);
		if (below && !strstr(text_str(&line), below))
			continue;
		text_printf(to, "%s by ", text_str(&line));
		if (v[i].executable && !strncmp(v[i].executable, try_path, v[i].executable_len))
			text_puts(to, "TRY");
		else if (v[i].executable)
			text_add(to, v[i].executable, v[i].executable_len);
		else
			text_puts(to, "nobody");
		for (int phase = 0; phase < LEARN_PHASES; phase++)
			if (v[i].phases & LEARN_PHASE_BIT(phase))
				text_printf(to, " %s", learn_phase_names[phase]);
		text_puts(to, v[i].execed ? " execed\n" : "\n");
	}
}

static void expect(struct group *g, const char *below, const char *expected, const char *what)
{
	_cleanup_(text_release) struct text lines = TEXT_INIT;

	lines_of(g, below, &lines);
	if (strcmp(text_str(&lines), expected) != 0)
		printf("# got:\n%s# expected:\n%s", text_str(&lines), expected);
	result(!strcmp(text_str(&lines), expected), "%s", what);
}

static bool is_told(struct group *g, const char *line)
{
	_cleanup_(text_release) struct text lines = TEXT_INIT;

	lines_of(g, NULL, &lines);
	return strstr(text_str(&lines), line);
}

static bool has(struct group *g, const char *line)
{
	_cleanup_(text_release) struct text lines = TEXT_INIT;

	if (is_told(g, line))
		return true;
	lines_of(g, NULL, &lines);
	printf("# no '%s' in:\n%s", line, text_str(&lines));
	return false;
}

static bool is_complete(struct group *g)
{
	uint32_t n;
	const struct learn_loss *v = learn_run_losses(g->run, &n);

	for (uint32_t i = 0; i < n; i++)
		printf("# lost: %s (%llu)\n", v[i].why, (unsigned long long)v[i].count);
	return !n;
}

static bool has_lost(struct group *g, const char *why)
{
	uint32_t n;
	const struct learn_loss *v = learn_run_losses(g->run, &n);

	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(v[i].why, why))
			return true;
	is_complete(g);
	return false;
}

/* ---- */

static void files(void)
{
	_cleanup_free_ char *script = NULL;
	const char *program;
	struct group g;
	uint32_t len;

	make_group(&g, NULL);
	watch(&g, true);
	must(asprintf(&script,
		     "cd " DIR_
		     "; T=%s; $T read page; $T create new; $T rename new newer; $T chmod newer;"
		     "$T unlink newer; $T mkdir folder; $T read none; $T link page again; $T "
		     "truncate again;"
		     "$T append again; mkfifo fifo; ln -s page soft; rmdir folder",
		     try_path) > 0,
		"asprintf");
	must(run(&g, script) == 0, "script");
	end_watch(&g);
	program = learn_run_program_path(g.run, &len);
	result(program && len && strstr(program, "sh"),
		"the program is what was executed first: %.*s", (int)len, program ? program : "");
	expect(&g, " " DIR_,
		"read " DIR_ "/page by TRY init\n"
		"write " DIR_ "/again by TRY init\n"
		"write " DIR_ "/new by TRY init\n"
		"append " DIR_ "/again by TRY init\n"
		"create " DIR_ "/fifo by /usr/bin/mkfifo init\n"
		"create " DIR_ "/folder/ by TRY init\n"
		"create " DIR_ "/new by TRY init\n"
		"create " DIR_ "/soft by /usr/bin/ln init\n"
		"delete " DIR_ "/folder/ by /usr/bin/rmdir init\n"
		"delete " DIR_ "/newer by TRY init\n"
		"rename " DIR_ "/new by TRY init\n"
		"rename " DIR_ "/newer by TRY init\n"
		"link " DIR_ "/again by TRY init\n"
		"link " DIR_ "/page by TRY init\n"
		"setattr " DIR_ "/newer by TRY init\n",
		"what was done to files");
	result(is_complete(&g), "nothing was lost");
	release(&g);
}

static void once(void)
{
	_cleanup_free_ char *script = NULL;
	struct pale_err *err = NULL;
	uint64_t acts;
	struct group g;

	make_group(&g, NULL);
	watch(&g, true);
	must(run(&g, "cat <" DIR_ "/page") == 0, "script");
	read_all();
	acts = lsm_learner_acts(learner, g.watch);
	must(asprintf(&script,
		     "i=0; while [ $i -lt 500 ]; do cat <" DIR_ "/page; i=$((i + 1)); done") > 0,
		"asprintf");
	/* From outside by now; its own label, and so once more. */
	must(run(&g, script) == 0, "script");
	read_all();
	result(lsm_learner_acts(learner, g.watch) < 2 * acts + 10,
		"what is done 500 times is told once");
	check_err(lsm_learner_phase(learner, g.watch, LEARN_SHUTDOWN, &err), &err);
	must(run(&g, "cat <" DIR_ "/page") == 0, "script");
	end_watch(&g);
	result(has(&g, "read " DIR_ "/page by /usr/bin/dash init shutdown execed\n"),
		"once in each phase, apart from what came from outside");
	result(has(&g, "read " DIR_ "/page by /usr/bin/dash init\n"),
		"and what is the program's own");
	release(&g);
}

static void others(void)
{
	_cleanup_free_ char *script = NULL;
	struct group g;

	make_group(&g, NULL);
	watch(&g, true);
	must(asprintf(&script,
		     "cd " DIR_ "; T=%s; $T bind 127.0.0.1 7107; $T connect 127.0.0.1 7108; $T udp "
		     "127.0.0.1 7109;"
		     "$T socket 16; $T ptrace; sleep 9 & kill $!; kill -USR1 $PPID; chown 7 page;"
		     "mkdir -p mnt; mount -t tmpfs -o nosuid none mnt && mount --bind mnt mnt; "
		     "umount mnt; umount mnt;"
		     "cp $T copy; ./copy read page; true",
		     try_path) > 0,
		"asprintf");
	signal(SIGUSR1, SIG_IGN);
	must(run(&g, script) == 0, "script");
	end_watch(&g);
	result(has(&g, "listen tcp 127.0.0.1:7107 by "), "listen");
	result(has(&g, "connect tcp 127.0.0.1:7108 by "), "connect");
	result(has(&g, "connect udp 127.0.0.1:7109 by "), "send");
	result(has(&g, "socket netlink(ROUTE) by "), "socket");
	result(has(&g, "ptrace self by "), "ptrace");
	result(has(&g, "signal TERM to self by "), "a signal to its own");
	result(has(&g, "signal USR1 to any by "), "a signal to others");
	result(has(&g, "capability chown by "), "capability");
	result(has(&g, "mount tmpfs on " DIR_ "/mnt/ with nosuid by /usr/bin/mount init\n"),
		"mount");
	result(has(&g, "bind " DIR_ "/mnt/ on " DIR_ "/mnt/ by /usr/bin/mount init\n"), "bind");
	result(has(&g, "umount " DIR_ "/mnt/ by "), "umount");
	result(has(&g, "exec drift " DIR_ "/copy by "), "a program that was made since");
	result(has(&g, "read " DIR_ "/page by " DIR_ "/copy init\n"), "and what that did");
	result(is_complete(&g), "nothing was lost");
	release(&g);
}

/* What is there already, what comes in later, and what comes in with a terminal. */
static void running(void)
{
	struct group g;
	pid_t own;

	make_group(&g, NULL);
	own = start(&g,
		"while [ ! -e " DIR_ "/go ]; do sleep 0.1; done; cat <" DIR_
		"/page; sleep 0.1; exec sh -c 'cat <" DIR_ "/second'",
		false);
	usleep(300000);
	watch(&g, false);
	close(open(DIR_ "/go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	must(end(own) == 0, "own");
	must(run(&g, "cat <" DIR_ "/third") == 0, "script");
	must(end(start(&g, "cat <" DIR_ "/fourth", true)) == 0, "script");
	result(lsm_learner_interactive(learner, g.watch) == 2, "what has a terminal is counted");
	end_watch(&g);
	result(has(&g, "read " DIR_ "/page by /usr/bin/dash steady\n"), "a task that ran before");
	result(has(&g, "read " DIR_ "/second by /"), "and what it executes");
	expect(&g, "third", "read " DIR_ "/third by /usr/bin/dash steady execed\n",
		"what came in later");
	expect(&g, "fourth", "", "what came in with a terminal");
	release(&g);
	unlink(DIR_ "/go");
}

static void below(void)
{
	struct group g, inner, other;

	make_group(&g, NULL);
	make_group(&inner, g.path);
	make_group(&other, NULL);
	watch(&g, true);
	watch(&other, true);
	must(run(&inner, "cat <" DIR_ "/page") == 0, "script");
	must(run(&other, "cat <" DIR_ "/second") == 0, "script");
	end_watch(&g);
	result(has(&g, "read " DIR_ "/page by "), "a group below is of it");
	expect(&g, "second", "", "a group beside it is not");
	must(run(&other, "cat <" DIR_ "/third") == 0, "script");
	end_watch(&other);
	result(has(&other, "read " DIR_ "/second by "), "it is watched itself");
	result(has(&other, "read " DIR_ "/third by "), "and still is when the other has ended");
	must(run(&g, "cat <" DIR_ "/third") == 0, "what is not watched any more runs");
	remove_cgroup(inner.path);
	release(&g);
	release(&other);
}

static void read_file(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &c, 1) != 1)
		_exit(96);
	close(fd);
}

static bool is_in(const struct group *g, pid_t pid)
{
	char path[160], line[32];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs", g->path);
	f = fopen(path, "re");
	must(f, path);
	while (!found && fgets(line, sizeof(line), f))
		found = atoi(line) == pid;
	fclose(f);
	return found;
}

/* In the group, without having executed anything there, until DIR_/go is there. */
static pid_t start_waiting(const struct group *g, void (*then)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid > 0) {
		for (int i = 0; i < 500 && !is_in(g, pid); i++)
			usleep(20000);
		return pid;
	}
	enter(g->path);
	while (access(DIR_ "/go", F_OK) < 0)
		usleep(20000);
	then();
	_exit(0);
}

static void go(void)
{
	close(open(DIR_ "/go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void execute_page(void)
{
	read_file(DIR_ "/third");
	execl("/bin/sh", "/bin/sh", "-c", "cat <" DIR_ "/page >/dev/null", NULL);
	_exit(98);
}

/* Of getppid(2), which dash asks for as it begins; and has that logged, as container engines do. */
static void execute_filtered(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) <
			0)
		_exit(95);
	execute_page();
}

static void execute_none_first(void)
{
	execl(DIR_ "/text", DIR_ "/text", NULL);
	execute_page();
}

static void read_third(void)
{
	read_file(DIR_ "/third");
}

static void is_of_program(struct group *g, const char *what)
{
	result(has(g, "read " DIR_ "/page by /usr/bin/dash init\n"), "%s", what);
	expect(g, "third", "", "nothing before it is told");
}

/* What is executed first, of whom, and how it goes on when the first try fails. */
static void begins(void)
{
	struct group g, other;
	int init;
	pid_t pid;

	make_group(&g, NULL);
	watch(&g, true);
	pid = start_waiting(&g, execute_none_first);
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	end_watch(&g);
	is_of_program(&g, "an exec that fails does not begin it");
	result(is_complete(&g), "nothing was lost");
	release(&g);

	make_group(&g, NULL);
	pid = start_waiting(&g, execute_page);
	init = (int)syscall(SYS_pidfd_open, pid, 0);
	must(init >= 0, "pidfd_open");
	watch_init(&g, true, init);
	/* A hook's, or one that is executed into it. */
	must(run(&g, "cat <" DIR_ "/second") == 0, "script");
	read_all();
	result(!lsm_learner_has_begun(learner, g.watch), "another process does not begin it");
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	must(run(&g, "cat <" DIR_ "/fourth") == 0, "script");
	close(init);
	end_watch(&g);
	is_of_program(&g, "its first process does");
	expect(&g, "second", "", "what another did before is not told");
	expect(&g, "fourth", "read " DIR_ "/fourth by /usr/bin/dash init execed\n",
		"and afterwards apart");
	result(is_complete(&g), "nothing was lost");
	release(&g);

	/* Tasks of one that waits are not labelled for one that runs. */
	make_group(&g, NULL);
	make_group(&other, NULL);
	watch(&g, true);
	pid = start_waiting(&g, execute_page);
	watch(&other, false);
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	end_watch(&other);
	end_watch(&g);
	is_of_program(&g, "a group that waits is not begun by another's watch");
	release(&g);
	release(&other);
}

/* Two whose programs begin between two looks, and one of which nobody looked until its end. */
static void beside(void)
{
	struct group g[3];
	pid_t pids[3];

	for (int i = 0; i < 3; i++) {
		make_group(&g[i], NULL);
		watch(&g[i], true);
		pids[i] = start_waiting(&g[i], read_third);
	}
	must(run(&g[0], "cat <" DIR_ "/page") == 0, "script");
	must(run(&g[1], "cat <" DIR_ "/page") == 0, "script");
	read_all();
	must(run(&g[2], "cat <" DIR_ "/page") == 0, "script");
	end_watch(&g[2]);
	go();
	for (int i = 0; i < 3; i++)
		must(end(pids[i]) == 0, "process");
	unlink(DIR_ "/go");
	for (int i = 0; i < 2; i++) {
		end_watch(&g[i]);
		result(has(&g[i], "read " DIR_ "/third by /"),
			"who was in group %d before its program is of it", i);
		result(has_lost(&g[i], LSM_LEARNER_LOST_OTHERS),
			"and what is not known of them is told");
	}
	result(has_lost(&g[2], LSM_LEARNER_LOST_OTHERS),
		"who was beside a program is found though the recording ends at once");
	for (int i = 0; i < 3; i++)
		release(&g[i]);
}

/* A filter's that refuses a call of the program; the recorder that counts does not see that. */
static void filtered(void)
{
	struct group g;
	pid_t pid;

	make_group(&g, NULL);
	watch(&g, true);
	pid = start_waiting(&g, execute_filtered);
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	end_watch(&g);
	is_of_program(&g, "a program with a filter");
	result(is_complete(&g), "a call that a filter refused is no loss");
	release(&g);
}

/* As runtimes do, on their way in: the rest is done by main(). */
static void execute_itself(void)
{
	execl("/proc/self/exe", "test_lsm_learner", "execute_page", NULL);
	_exit(94);
}

static void runtimes(void)
{
	struct group g;
	pid_t pid;

	make_group(&g, NULL);
	watch(&g, true);
	pid = start_waiting(&g, execute_itself);
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	read_all();
	is_of_program(&g, "a runtime that executes itself does not begin it");
	pid = start_waiting(&g, execute_itself);
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	end_watch(&g);
	expect(&g, "third", "", "nor is what it does on a later way in told");
	result(has(&g, "read " DIR_ "/page by /usr/bin/dash init execed\n"),
		"but what it executes is");
	result(is_complete(&g), "nothing was lost");
	release(&g);
}

/* What goes on in a group that is no longer watched is no other's loss. */
static void ended(void)
{
	static const char told[] = "read " DIR_ "/page by /usr/bin/dash steady\n";
	struct group g, other;
	pid_t pid;

	make_group(&g, NULL);
	make_group(&other, NULL);
	watch(&g, true);
	watch(&other, true);
	pid = start(&g, "while [ ! -e " DIR_ "/go ]; do cat <" DIR_ "/page; done", false);
	must(run(&other, "cat <" DIR_ "/second") == 0, "script");
	end_watch(&g);
	usleep(500000);
	end_watch(&other);
	result(is_complete(&other), "what ran on in a group that ended is nobody's loss");
	learn_run_free(g.run);
	/* Its tasks have labels of the watch that ended. */
	watch(&g, false);
	for (int i = 0; i < 100 && !is_told(&g, told); i++) {
		usleep(200000);
		read_all();
	}
	go();
	must(end(pid) == 0, "program");
	unlink(DIR_ "/go");
	end_watch(&g);
	result(has(&g, told), "it is watched anew");
	release(&g);
	release(&other);
}

static void flood(void)
{
	struct group g;

	make_group(&g, NULL);
	watch(&g, true);
	must(run(&g, "mkdir " DIR_ "/many; cd " DIR_
		     "/many; i=0; while [ $i -lt 15000 ]; do : >$i; i=$((i + 1)); done") == 0,
		"script");
	end_watch(&g);
	result(has_lost(&g, "acts that came faster than they were written down"),
		"what found no room in the buffer is told");
	release(&g);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	must(fd >= 0 && write(fd, "page\n", 5) == 5, path);
	close(fd);
}

int main(int argc, char **argv)
{
	struct pale_err *err = NULL;
	ssize_t n = readlink("/proc/self/exe", try_path, sizeof(try_path) - 32);

	if (argc > 1 && !strcmp(argv[1], "execute_page"))
		execute_page();
	must(n > 0, "readlink");
	strcpy(strstr(try_path, "/tests/vm/"), "/tests/live/try");
	must(access(try_path, X_OK) == 0, try_path);
	must(mkdir(DIR_, 0755) == 0, DIR_);
	make_file(DIR_ "/page");
	make_file(DIR_ "/second");
	make_file(DIR_ "/third");
	make_file(DIR_ "/fourth");
	make_file(DIR_ "/text");
	must(chmod(DIR_ "/text", 0755) == 0, "chmod");
	sleep(1);
	check_err(lsm_learner_new(&learner, &err), &err);
	files();
	once();
	others();
	running();
	below();
	begins();
	runtimes();
	filtered();
	beside();
	ended();
	flood();
	lsm_learner_free(learner);
	printf("1..%d\n", tests);
	return failures != 0;
}
