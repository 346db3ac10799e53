/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_TASKS_H
#define PALE_TESTS_LSM_ACTOR_TASKS_H

/* Other tasks, and power. */
#include "tests/vm/lsm_actor_files.h"
#include "tests/vm/lsm_actor_network.h"

static int act_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *thread_does_nothing(void *unused)
{
	return unused;
}

static int act_thread(void)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, thread_does_nothing, NULL);

	if (r == 0)
		pthread_join(t, NULL);
	return r;
}

static int act_kill(void)
{
	return result(kill(!strcmp(args[0], "self") ? getpid() : atoi(args[0]), atoi(args[1])));
}

static int act_kill_child(void)
{
	pid_t pid = must(fork());

	if (pid == 0) {
		close(3);
		alarm(5);
		pause();
		_exit(0);
	}
	if (kill(pid, atoi(args[0])) == 0)
		return 0;
	return errno;
}

static int act_ptrace(void)
{
	return result(ptrace(PTRACE_SEIZE, atoi(args[0]), NULL, NULL));
}

static int act_ptrace_child(void)
{
	pid_t pid = must(fork());

	if (pid == 0) {
		close(3);
		alarm(5);
		pause();
		_exit(0);
	}
	return result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
}

static int act_traceme(void)
{
	pid_t pid = must(fork());
	int status;

	if (pid == 0)
		_exit(result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int act_environ(void)
{
	char path[64], c;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/environ", args[0]);
	fd = open(path, O_RDONLY);
	return fd < 0 ? errno : result(read(fd, &c, 1));
}

static int act_userns(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int act_hostname(void)
{
	return result(sethostname("pale-vm", 7));
}

static int act_low_port(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, "127.0.0.1", "81");

	return result(bind(inet_socket("tcp", &a), (struct sockaddr *)&a, len));
}

/* CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: another user's private file. */
static int act_override(void)
{
	must(setgid(1000));
	must(prctl(PR_SET_KEEPCAPS, 1));
	must(setuid(1000));
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 } };

	d[0].effective = d[0].permitted = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH;
	must(syscall(SYS_capset, &h, d));
	return result(open(args[0], O_RDONLY));
}

/* As somebody whom the file does not belong to, though its mode lets him. */
static int act_read_as(void)
{
	must(setgid((gid_t)atoi(args[0])));
	must(setuid((uid_t)atoi(args[0])));
	return result(open(args[1], O_RDONLY));
}

static int act_mount(void)
{
	int r = result(mount("none", args[0], "tmpfs", 0, NULL));

	if (r == 0)
		must(umount(args[0]));
	return r;
}

/* Leaves its cgroup, and then does the rest. */
static int act_leave_cgroup(void)
{
	int fd = must(open("/sys/fs/cgroup/cgroup.procs", O_WRONLY));

	must(write(fd, "0", 1));
	close(fd);
	args++;
	return act_read();
}

/* fcntl|ioctl PID: who is signalled when a socket is ready; "self" is oneself. */
static int act_own(void)
{
	int who = !strcmp(args[1], "self") ? getpid() : atoi(args[1]), fd, r;

	fd = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	r = !strcmp(args[0], "ioctl") ? ioctl(fd, FIOSETOWN, &who) : fcntl(fd, F_SETOWN, who);
	return r < 0 ? errno : 0;
}

#endif
