/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_PROGRAMS_H
#define PALE_TESTS_LSM_ACTOR_PROGRAMS_H

/* Running and mapping code, and descriptors that others send. */
#include "tests/vm/lsm_actor.h"

static int act_exec(void)
{
	execv(args[0], args);
	return errno;
}

/* The child's exit status, or the errno of its exec. */
static int act_run(void)
{
	int status;
	pid_t pid = must(fork());

	if (pid == 0) {
		execv(args[0], args);
		_exit(errno);
	}
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int act_secure(void)
{
	return getauxval(AT_SECURE) ? 0 : 1;
}

static int copy_to(int to, const char *path)
{
	char buf[65536];
	ssize_t n;
	int fd = must(open(path, O_RDONLY));

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		must(write(to, buf, (size_t)n));
	close(fd);
	return 0;
}

static int act_exec_memfd(void)
{
	char *argv[] = { args[0], nothing, NULL };
	int fd = must(memfd_create("x", MFD_CLOEXEC));

	copy_to(fd, args[0]);
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return errno;
}

static int act_exec_deleted(void)
{
	char *argv[] = { args[0], nothing, NULL };
	int fd = must(open(args[0], O_PATH));

	must(unlink(args[0]));
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return errno;
}

/* What pidof would show of the file does not change, only its content. */
static int act_exec_rewritten(void)
{
	int fd = must(open(args[0], O_WRONLY));

	must(pwrite(fd, "\177ELF", 4, 0));
	close(fd);
	execv(args[0], args);
	return errno;
}

/* Through a mapping that the file system is not told of: the page is read first. */
static int act_exec_rewritten_mapped(void)
{
	int fd = must(open(args[0], O_RDWR));
	volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char first;

	must(p == MAP_FAILED ? -1 : 0);
	first = *p;
	*p = first;
	munmap((void *)p, 4096);
	close(fd);
	execv(args[0], args);
	return errno;
}

static int act_map(void)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, must(open(args[0], O_RDONLY)), 0);

	return p == MAP_FAILED ? errno : 0;
}

static int act_map_then_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, must(open(args[0], O_RDONLY)), 0);

	must(p == MAP_FAILED ? -1 : 0);
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int act_map_memfd(void)
{
	int fd = must(memfd_create("x", 0));
	void *p;

	must(ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? errno : 0;
}

/* Memory, not files. */
static int act_use_memory(void)
{
	char c = 0, path[64];
	int fd = must(memfd_create("x", 0)), pipes[2];
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(ftruncate(fd, 4096));
	must(pwrite(fd, &c, 1, 0));
	must(pread(fd, &c, 1, 0));
	must(p == MAP_FAILED ? -1 : 0);
	must(mprotect(p, 4096, PROT_READ | PROT_EXEC));
	must(pipe(pipes));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[1]);
	return result(open(path, O_WRONLY));
}

static int act_reopen_memfd(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", must(memfd_create("x", 0)));
	return result(open(path, O_RDWR));
}

/* The driver sends a descriptor over descriptor 3 when a byte comes. */
static int act_receive(void)
{
	char c = args[0][0];
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *h;
	int fd;

	must(write(3, &c, 1));
	must(recvmsg(3, &m, 0));
	h = CMSG_FIRSTHDR(&m);
	/* What an LSM refuses is left out without a word. */
	if (!h || h->cmsg_len < CMSG_LEN(sizeof(int)))
		return EACCES;
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return result(fcntl(fd, F_GETFD));
}

#endif
