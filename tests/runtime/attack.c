/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack NAME[=ARGUMENT]...: tries each of these in a process of its own, inside a container, and
 * prints a line for each: NAME, and "worked" or the call that ended it and its error. They are
 * those of tests/attacks and the ones below. Exits with 0 whatever became of them.
 *
 * attack wait NAME...: the same, and then sleeps, as the first process of a container.
 */
#include "tests/attacks/attacks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A result of a call that is a descriptor or -1. */
static int opened(long fd, const char *call, const char **ret_call)
{
	if (fd < 0) {
		*ret_call = call;
		return errno;
	}
	close((int)fd);
	return 0;
}

static int done(long result, const char *call, const char **ret_call)
{
	if (result >= 0)
		return 0;
	*ret_call = call;
	return errno;
}

static int make_user_namespace(const char *argument, const char **ret_call)
{
	return done(unshare(CLONE_NEWUSER), "unshare", ret_call);
}

static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	return child;
}

static int trace_child(const char *argument, const char **ret_call)
{
	pid_t child = sleeper();
	int errnum = done(ptrace(PTRACE_SEIZE, child, NULL, NULL), "ptrace", ret_call);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return errnum;
}

static int read_memory(const char *argument, const char **ret_call)
{
	pid_t child = sleeper();
	char theirs = 1, mine;
	struct iovec to = { &mine, 1 }, from = { &theirs, 1 };
	int errnum =
		done(process_vm_readv(child, &to, 1, &from, 1, 0), "process_vm_readv", ret_call);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return errnum;
}

static int make_map(const char *argument, const char **ret_call)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return opened(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), "bpf", ret_call);
}

static int open_counter(const char *argument, const char **ret_call)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	return opened(
		syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), "perf_event_open", ret_call);
}

static int keep_key(const char *argument, const char **ret_call)
{
	return done(syscall(SYS_add_key, "user", "pale", "x", 1, KEY_SPEC_PROCESS_KEYRING),
		"add_key", ret_call);
}

/* A disk: whoever can name it may read and write what lies below every filesystem. */
static int make_device(const char *argument, const char **ret_call)
{
	static const char path[] = "/tmp/disk";
	int errnum = done(mknod(path, S_IFBLK | 0600, makedev(8, 0)), "mknodat", ret_call);

	unlink(path);
	return errnum;
}

static int enter_namespace(const char *argument, const char **ret_call)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), errnum;

	if (fd < 0)
		return done(fd, "open", ret_call);
	errnum = done(setns(fd, CLONE_NEWUTS), "setns", ret_call);
	close(fd);
	return errnum;
}

static int make_ring(const char *argument, const char **ret_call)
{
	struct io_uring_params params = { 0 };

	return opened(syscall(SYS_io_uring_setup, 1, &params), "io_uring_setup", ret_call);
}

static int stop_faults(const char *argument, const char **ret_call)
{
	return opened(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd", ret_call);
}

static int change_root(const char *argument, const char **ret_call)
{
	return done(chroot("/tmp"), "chroot", ret_call);
}

static int listen_to_wire(const char *argument, const char **ret_call)
{
	return opened(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), "socket", ret_call);
}

static int forge_packets(const char *argument, const char **ret_call)
{
	return opened(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "socket", ret_call);
}

static int add_account(const char *argument, const char **ret_call)
{
	return opened(open("/etc/passwd", O_WRONLY | O_APPEND | O_CLOEXEC), "open", ret_call);
}

/* @argument: where it lies. */
static int read_token(const char *argument, const char **ret_call)
{
	return opened(open(argument, O_RDONLY | O_CLOEXEC), "open", ret_call);
}

/* What is being executed cannot be opened for writing, but something else can take its name. */
static int replace_program(const char *argument, const char **ret_call)
{
	static const char path[] = "/usr/sbin/nginx.new";
	int errnum = opened(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755), "open", ret_call);

	unlink(path);
	return errnum;
}

static const struct attack *find(const char *name)
{
	static const struct attack attacks[] = {
		{ "userns", make_user_namespace },
		{ "trace", trace_child },
		{ "peek", read_memory },
		{ "bpf", make_map },
		{ "perf", open_counter },
		{ "key", keep_key },
		{ "device", make_device },
		{ "setns", enter_namespace },
		{ "uring", make_ring },
		{ "faults", stop_faults },
		{ "chroot", change_root },
		{ "packet", listen_to_wire },
		{ "raw", forge_packets },
		{ "passwd", add_account },
		{ "token", read_token },
		{ "replace", replace_program },
	};

	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
		if (!strcmp(attacks[i].name, name))
			return &attacks[i];
	return attack_find(name);
}

static int try_attack(const char *name, const char *argument)
{
	const struct attack *attack = find(name);
	const char *call = "?";
	pid_t child;
	int errnum;

	if (!attack) {
		fprintf(stderr, "attack: none is called %s\n", name);
		return 2;
	}
	child = fork();
	if (child == 0) {
		errnum = attack->run(argument, &call);
		if (errnum)
			printf("%s %s %s\n", name, call, strerrorname_np(errnum));
		else
			printf("%s worked\n", name);
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &errnum, 0) < 0) {
		perror("attack");
		return 1;
	}
	if (errnum)
		printf("%s died of signal %d\n", name, WTERMSIG(errnum));
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int first = 1, r;

	if (argc > 1 && !strcmp(argv[1], "wait"))
		first = 2;
	for (int i = first; i < argc; i++) {
		char *argument = strchr(argv[i], '=');

		if (argument)
			*argument++ = 0;
		r = try_attack(argv[i], argument ? argument : "");
		if (r)
			return r;
	}
	while (first == 2)
		pause();
	return 0;
}
