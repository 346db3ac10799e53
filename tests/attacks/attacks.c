/* SPDX-License-Identifier: Apache-2.0 */
#include "attacks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that the server may read and execute: what is dropped is a copy of it. */
#define SERVER "/usr/sbin/nginx"
/* A place that the server has to be able to write. */
#define DROP_PATH "/var/lib/nginx/body/dropped"

static int failed(const char *call, const char **ret_call)
{
	*ret_call = call;
	return errno;
}

static int steal_shadow(const char *argument, const char **ret_call)
{
	char byte;
	int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC), errnum = 0;

	if (fd < 0)
		return failed("open", ret_call);
	if (read(fd, &byte, 1) != 1)
		errnum = failed("read", ret_call);
	close(fd);
	return errnum;
}

/*
 * Executes in a child: @path, or what @fd is where @path is NULL. Worked when the program began; it
 * is not waited for.
 */
static int execute(int fd, const char *path, const char *const argv[], const char **ret_call)
{
	char *const envp[] = { NULL };
	int ends[2], errnum = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed("pipe2", ret_call);
	child = fork();
	if (child < 0) {
		errnum = failed("fork", ret_call);
		close(ends[0]);
		close(ends[1]);
		return errnum;
	}
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null >= 0) {
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		if (path)
			execve(path, (char *const *)argv, envp);
		else
			syscall(SYS_execveat, fd, "", (char *const *)argv, envp, AT_EMPTY_PATH);
		errnum = errno;
		_exit(write(ends[1], &errnum, sizeof(errnum)) < 0);
	}
	close(ends[1]);
	/* Nothing comes through when the execve closed the pipe. */
	if (read(ends[0], &errnum, sizeof(errnum)) == sizeof(errnum))
		*ret_call = path ? "execve" : "execveat";
	else
		errnum = 0;
	close(ends[0]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return errnum;
}

static int run_shell(const char *argument, const char **ret_call)
{
	return execute(-1, "/bin/sh", (const char *[]){ "sh", "-c", "exit 0", NULL }, ret_call);
}

/* Copies the server's program into @to and closes that. */
static int fill(int to, const char **ret_call)
{
	int from = open(SERVER, O_RDONLY | O_CLOEXEC), errnum = 0;
	ssize_t n;

	if (from < 0) {
		errnum = failed("open", ret_call);
	} else {
		while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
			;
		if (n < 0)
			errnum = failed("sendfile", ret_call);
		close(from);
	}
	return errnum;
}

/* The file stays. */
static int run_dropped(const char *argument, const char **ret_call)
{
	int fd = open(DROP_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700), errnum;

	if (fd < 0)
		return failed("open", ret_call);
	errnum = fill(fd, ret_call);
	close(fd); /* or the execve says ETXTBSY */
	if (!errnum)
		errnum =
			execute(-1, DROP_PATH, (const char *[]){ "dropped", "-v", NULL }, ret_call);
	return errnum;
}

static int run_memory(const char *argument, const char **ret_call)
{
	int fd = memfd_create("dropped", MFD_CLOEXEC), errnum;

	if (fd < 0)
		return failed("memfd_create", ret_call);
	errnum = fill(fd, ret_call);
	if (!errnum)
		errnum = execute(fd, NULL, (const char *[]){ "dropped", "-v", NULL }, ret_call);
	close(fd);
	return errnum;
}

/* A file that has no name any more. */
static int run_unlinked(const char *argument, const char **ret_call)
{
	int fd = open(DROP_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700), program, errnum;

	if (fd < 0)
		return failed("open", ret_call);
	program = open(DROP_PATH, O_RDONLY | O_CLOEXEC);
	errnum = program < 0 ? failed("open", ret_call) : fill(fd, ret_call);
	unlink(DROP_PATH);
	close(fd);
	if (!errnum)
		errnum = execute(
			program, NULL, (const char *[]){ "unlinked", "-v", NULL }, ret_call);
	if (program >= 0)
		close(program);
	return errnum;
}

/* The server's own program, which the policy allows: refused only if it is not what it was. */
static int run_server(const char *argument, const char **ret_call)
{
	return execute(-1, SERVER, (const char *[]){ "nginx", "-v", NULL }, ret_call);
}

/* @argument: a TCP port of 127.0.0.1. */
static int connect_out(const char *argument, const char **ret_call)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argument)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), errnum = 0;

	if (fd < 0)
		return failed("socket", ret_call);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		errnum = failed("connect", ret_call);
	close(fd);
	return errnum;
}

/* The server's master process. */
static int trace_master(const char *argument, const char **ret_call)
{
	pid_t master = getppid();

	if (ptrace(PTRACE_ATTACH, master, NULL, NULL) < 0)
		return failed("ptrace", ret_call);
	waitpid(master, NULL, __WALL);
	ptrace(PTRACE_DETACH, master, NULL, NULL);
	return 0;
}

static int mount_tmpfs(const char *argument, const char **ret_call)
{
	if (mount("none", "/mnt", "tmpfs", 0, NULL) < 0)
		return failed("mount", ret_call);
	umount2("/mnt", MNT_DETACH);
	return 0;
}

/* @argument: the path of a module's file. The module stays loaded. */
static int load_module(const char *argument, const char **ret_call)
{
	int fd = open(argument, O_RDONLY | O_CLOEXEC), errnum = 0;

	if (fd < 0)
		return failed("open", ret_call);
	if (syscall(SYS_finit_module, fd, "", 0) < 0)
		errnum = failed("finit_module", ret_call);
	close(fd);
	return errnum;
}

const struct attack *attack_find(const char *name)
{
	static const struct attack attacks[] = {
		{ "shadow", steal_shadow },
		{ "shell", run_shell },
		{ "dropped", run_dropped },
		{ "memory", run_memory },
		{ "unlinked", run_unlinked },
		{ "drift", run_server },
		{ "connect", connect_out },
		{ "ptrace", trace_master },
		{ "mount", mount_tmpfs },
		{ "module", load_module },
	};

	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
		if (!strcmp(attacks[i].name, name))
			return &attacks[i];
	return NULL;
}
