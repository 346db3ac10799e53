/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tries one thing and tells how it went: "ok", or the name of the errno, with status 1.
 *
 *	try read|write|append|truncate|mkdir|unlink|chmod|exec PATH
 *	try create PATH			and writes to it
 *	try rename|link FROM TO
 *	try connect|bind|udp|fastopen ADDRESS PORT
 *	try unix PATH			connects
 *	try ptrace			traces its child
 *	try mount | module | socket FAMILY
 *	try limit			prints RLIMIT_NOFILE, RLIMIT_FSIZE and the capability sets
 */

#include "compiler/vocab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long try_open(const char *path, int flags)
{
	char c;
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return read(fd, &c, 1) < 0 && errno != EISDIR ? -1 : 0;
	return write(fd, "x", 1);
}

static long try_inet(const char *act, const char *address, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	bool udp = !strcmp(act, "udp");
	int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &a.sin_addr);
	if (fd < 0)
		return -1;
	if (udp || !strcmp(act, "fastopen"))
		return sendto(fd, "x", 1, udp ? 0 : MSG_FASTOPEN, (struct sockaddr *)&a, sizeof(a));
	return (!strcmp(act, "bind") ? bind : connect)(fd, (struct sockaddr *)&a, sizeof(a));
}

static long try_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static long try_ptrace(void)
{
	pid_t parent = getpid(), pid = fork();
	long r;
	int e;

	if (pid == 0) {
		/* Should the policy kill us. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			pause();
		_exit(0);
	}
	r = ptrace(PTRACE_SEIZE, pid, 0, 0);
	e = errno;
	kill(pid, SIGKILL);
	errno = e;
	return r;
}

static long print_limits(void)
{
	struct rlimit files, size;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_FSIZE, &size);
	printf("files=%ld size=%ld\n", (long)files.rlim_cur, (long)size.rlim_cur);
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Cap", 3) || !strncmp(line, "NoNewPrivs", 10))
			fputs(line, stdout);
	return 0;
}

static long attempt(int argc, char **argv)
{
	const char *act = argv[1], *a = argc > 2 ? argv[2] : "", *b = argc > 3 ? argv[3] : "";

	if (!strcmp(act, "read"))
		return try_open(a, O_RDONLY);
	if (!strcmp(act, "write"))
		return try_open(a, O_WRONLY);
	if (!strcmp(act, "append"))
		return try_open(a, O_WRONLY | O_APPEND);
	if (!strcmp(act, "truncate"))
		return truncate(a, 0);
	if (!strcmp(act, "create"))
		return try_open(a, O_WRONLY | O_CREAT | O_EXCL);
	if (!strcmp(act, "mkdir"))
		return mkdir(a, 0700);
	if (!strcmp(act, "unlink"))
		return unlink(a);
	if (!strcmp(act, "chmod"))
		return chmod(a, 0600);
	if (!strcmp(act, "exec"))
		return execl(a, a, NULL);
	if (!strcmp(act, "rename"))
		return rename(a, b);
	if (!strcmp(act, "link"))
		return link(a, b);
	if (!strcmp(act, "connect") || !strcmp(act, "bind") || !strcmp(act, "udp") ||
		!strcmp(act, "fastopen"))
		return try_inet(act, a, b);
	if (!strcmp(act, "unix"))
		return try_unix(a);
	if (!strcmp(act, "ptrace"))
		return try_ptrace();
	if (!strcmp(act, "mount"))
		return mount("none", "/mnt", "tmpfs", 0, NULL);
	if (!strcmp(act, "module"))
		return syscall(SYS_init_module, "", 0, "");
	if (!strcmp(act, "socket"))
		return socket(atoi(a), SOCK_RAW, 0);
	if (!strcmp(act, "limit"))
		return print_limits();
	fprintf(stderr, "try: what is '%s'?\n", act);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc < 2 || attempt(argc, argv) < 0) {
		const char *name = vocab_errno_name(errno);

		puts(name ? name : strerror(errno));
		return 1;
	}
	puts("ok");
	return 0;
}
