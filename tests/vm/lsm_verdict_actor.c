/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what lsm_verdict_acts.h lists, as often as it is told, and answers what became of it. It is
 * confined as a whole; what came before its exec, the socket first of all, is not. With a program's
 * name it executes that first, which may lead into a sub-profile.
 */
#include "tests/vm/lsm_verdict_acts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/reboot.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int32_t result(long r)
{
	return r < 0 ? errno : 0;
}

static int32_t broken(void)
{
	return ACT_BROKEN + errno;
}

/* Closes what it got. */
static int32_t opened(int fd)
{
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int32_t with_file(int fd, long (*use)(int fd))
{
	int32_t r;

	if (fd < 0)
		return errno;
	r = result(use(fd));
	close(fd);
	return r;
}

static long map_code(int fd)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	return p == MAP_FAILED ? -1 : munmap(p, 4096);
}

static long get_flags(int fd)
{
	int flags;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags);
}

static long lock_shared(int fd)
{
	return flock(fd, LOCK_SH);
}

static int program_in_memory(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	if (fd < 0 || write(fd, smallest_program, sizeof(smallest_program)) !=
			      (ssize_t)sizeof(smallest_program))
		return -1;
	return fd;
}

/* What a child answers for; -1 for the child itself. */
static int32_t child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		return -1;
	if (pid < 0)
		return errno;
	if (waitpid(pid, &status, 0) < 0)
		return broken();
	return WIFSIGNALED(status) ? ACT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int32_t run(const struct act *a)
{
	char *argv[] = { (char *)a->path, NULL };
	int32_t r = child();

	if (r >= 0)
		return r;
	execv(a->path, argv);
	_exit(errno);
}

static int32_t run_memory(void)
{
	char name[] = "x", *argv[] = { name, NULL };
	int fd = program_in_memory();
	int32_t r;

	if (fd < 0)
		return broken();
	r = child();
	if (r < 0) {
		syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
		_exit(errno);
	}
	close(fd);
	return r;
}

static int32_t user_namespace(void)
{
	int32_t r = child();

	if (r < 0)
		_exit(result(unshare(CLONE_NEWUSER)));
	return r;
}

static int32_t do_nothing_in_a_child(void)
{
	int32_t r = child();

	if (r < 0)
		_exit(0);
	return r;
}

/* ---- sockets */

static socklen_t inet_address(struct sockaddr_storage *ret, const struct act *a)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->b == 6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)a->c);
		memcpy(&in6->sin6_addr, a->address, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)a->c);
	memcpy(&in->sin_addr, a->address, 4);
	return sizeof(*in);
}

static socklen_t unix_address(struct sockaddr_storage *ret, const struct act *a)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ret;
	size_t len = strlen(a->path);
	bool abstract = a->path[0] == '@';

	memset(ret, 0, sizeof(*ret));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, a->path, len);
	if (abstract)
		un->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract);
}

static int32_t use_socket(const struct act *a)
{
	bool inet = a->kind == ACT_CONNECT || a->kind == ACT_SENDTO || a->kind == ACT_BIND;
	struct sockaddr_storage address;
	socklen_t len = inet ? inet_address(&address, a) : unix_address(&address, a);
	int fd = socket(address.ss_family, a->a | SOCK_CLOEXEC, 0), one = 1;
	long r;
	int32_t answer;

	if (fd < 0)
		return broken();
	switch (a->kind) {
	case ACT_CONNECT:
	case ACT_UNIX_CONNECT:
		r = connect(fd, (struct sockaddr *)&address, len);
		break;
	case ACT_SENDTO:
	case ACT_UNIX_SENDTO:
		r = sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, len);
		break;
	default:
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		r = bind(fd, (struct sockaddr *)&address, len);
		if (r == 0 && a->a == SOCK_STREAM)
			r = listen(fd, 1);
	}
	answer = result(r);
	close(fd);
	return answer;
}

/* ---- power, and other processes */

static int32_t restore(int32_t answer, long r)
{
	return answer ? answer : r < 0 ? broken() : 0;
}

/* Things that take one capability and nothing else. */
static int32_t capable(int capability)
{
	struct rlimit limit = { 0, 1 }, none = { 0, 0 };
	int32_t r;
	int fd;

	switch (capability) {
	case CAP_SYS_ADMIN:
		return result(sethostname("pale-vm", 7));
	case CAP_SYS_CHROOT:
		return result(chroot("/"));
	case CAP_SETGID:
		return result(setgroups(0, NULL));
	case CAP_SETUID:
		r = result(syscall(SYS_setresuid, -1, 1, -1));
		return restore(r, r ? 0 : syscall(SYS_setresuid, -1, 0, -1));
	case CAP_SETPCAP:
		return result(prctl(PR_CAPBSET_DROP, CAP_MAC_ADMIN));
	case CAP_SYS_NICE:
		r = result(setpriority(PRIO_PROCESS, 0, -1));
		return restore(r, r ? 0 : setpriority(PRIO_PROCESS, 0, 0));
	case CAP_SYS_BOOT:
		return result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_CAD_OFF, NULL));
	case CAP_SYS_RESOURCE: /* the driver has lowered it */
		r = result(setrlimit(RLIMIT_CORE, &limit));
		return restore(r, r ? 0 : setrlimit(RLIMIT_CORE, &none));
	case CAP_WAKE_ALARM:
		return opened(timerfd_create(CLOCK_REALTIME_ALARM, TFD_CLOEXEC));
	case CAP_NET_ADMIN:
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		r = result(
			setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 65536 }, sizeof(int)));
		close(fd);
		return r;
	}
	errno = EINVAL;
	return broken();
}

static int32_t trace(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return errno;
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) < 0 ||
		ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		return broken();
	return 0;
}

static int32_t perform(const struct act *a)
{
	int fd;
	int32_t r;

	switch ((enum act_kind)a->kind) {
	case ACT_READ:
		return opened(open(a->path, O_RDONLY));
	case ACT_LIST:
		return opened(open(a->path, O_RDONLY | O_DIRECTORY));
	case ACT_WRITE:
		return opened(open(a->path, O_WRONLY));
	case ACT_TRUNCATE:
		return result(truncate(a->path, 0));
	case ACT_APPEND:
		return opened(open(a->path, O_WRONLY | O_APPEND));
	case ACT_READ_WRITE:
		return opened(open(a->path, O_RDWR));
	case ACT_CREATE:
		return opened(open(a->path, O_WRONLY | O_CREAT | O_EXCL, 0666));
	case ACT_MKNOD:
		return result(mknod(a->path, S_IFREG | 0666, 0));
	case ACT_MKDIR:
		return result(mkdir(a->path, 0777));
	case ACT_MKFIFO:
		return result(mkfifo(a->path, 0666));
	case ACT_SYMLINK:
		return result(symlink("a", a->path));
	case ACT_UNLINK:
		return result(unlink(a->path));
	case ACT_RMDIR:
		return result(rmdir(a->path));
	case ACT_CHMOD:
		return result(chmod(a->path, 0777));
	case ACT_UTIMES:
		return result(utimensat(AT_FDCWD, a->path, NULL, 0));
	case ACT_MAP:
		return with_file(open(a->path, O_RDONLY), map_code);
	case ACT_IOCTL:
		return with_file(open(a->path, O_RDONLY), get_flags);
	case ACT_LOCK:
		return with_file(open(a->path, O_RDONLY), lock_shared);
	case ACT_RENAME:
		return result(rename(a->path, a->path2));
	case ACT_LINK:
		return result(link(a->path, a->path2));
	case ACT_EXEC:
		return run(a);
	case ACT_EXEC_MEMFD:
		return run_memory();
	case ACT_MAP_MEMFD:
		fd = program_in_memory();
		r = result(map_code(fd));
		close(fd);
		return r;
	case ACT_CONNECT:
	case ACT_SENDTO:
	case ACT_BIND:
	case ACT_UNIX_CONNECT:
	case ACT_UNIX_SENDTO:
	case ACT_UNIX_BIND:
		return use_socket(a);
	case ACT_SOCKET:
		return opened(socket(a->a, a->b | SOCK_CLOEXEC, a->c));
	case ACT_CAPABLE:
		return capable(a->a);
	case ACT_KILL:
		return result(kill(a->a, a->b));
	case ACT_PTRACE:
		return trace(a->a);
	case ACT_FORK:
		return do_nothing_in_a_child();
	case ACT_USERNS:
		return user_namespace();
	case ACT_COUNT:
		break;
	}
	errno = EINVAL;
	return broken();
}

int main(int argc, char **argv)
{
	struct act a;
	int32_t answer = 0;

	umask(0);
	if (argc > 1) {
		execv(argv[1], argv + 1);
		return 1;
	}
	for (int n = 1; n <= SIGRTMAX; n++)
		if (n != SIGCHLD)
			signal(n, SIG_IGN);
	/* The first says that it is there. */
	do {
		if (write(3, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			return 1;
		if (read(3, &a, sizeof(a)) != (ssize_t)sizeof(a))
			return 0;
		answer = perform(&a);
	} while (true);
}
