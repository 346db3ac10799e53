/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's program gets for some calls: a line for each, the question that it is to `pale
 * query`, a tab, and "ok" or the errno. With an argument it waits for its end. Static, for a rootfs
 * that has nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *call, long result)
{
	if (result >= 0)
		printf("%s\tok\n", call);
	else if (errno == EPERM)
		printf("%s\tEPERM\n", call);
	else if (errno == ENOSYS)
		printf("%s\tENOSYS\n", call);
	else
		printf("%s\t%d\n", call, errno);
}

int main(int argc, char **argv)
{
	long child;

	/* A container to be executed in. */
	if (argc > 1)
		pause();
	child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(0);
	tell("clone flags=0x11", child);
	tell("getpid", syscall(SYS_getpid));
	tell("openat", syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY));
	tell("personality personality=0xffffffff", syscall(SYS_personality, 0xffffffff));
	tell("personality personality=0x40000", syscall(SYS_personality, 0x40000));
	tell("mkdirat", syscall(SYS_mkdirat, AT_FDCWD, "/tmp/new", 0700));
	tell("unlinkat", syscall(SYS_unlinkat, AT_FDCWD, "/tmp/new", AT_REMOVEDIR));
	tell("socket family=1 type=1 protocol=0", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
	tell("socketpair family=1",
		syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 }));
	tell("memfd_create", syscall(SYS_memfd_create, "x", 0));
	tell("unshare", syscall(SYS_unshare, CLONE_NEWUSER));
	/* Last, what is answered in the way of an older kernel: its flags would be in memory, and
	 * no kernel has that number. */
	tell("clone3", syscall(SYS_clone3, NULL, 0));
	tell("unknown", syscall(4000));
	return 0;
}
