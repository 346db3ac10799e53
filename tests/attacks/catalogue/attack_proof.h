/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_PROOF_H
#define PALE_TESTS_ATTACK_PROOF_H

/*
 * What an attack gained, said on a descriptor whose other end the runner reads. An errno alone
 * would not show whether the thing happened all the same.
 */
#include "tests/vm/lsm_actor.h"

#define PROOF_FD  5
#define FOLDER_FD 6 /* a directory of the mount namespace that the runner is in */
#define FIRST_FD  7 /* what the action opens is here or above */

static void say(const char *what)
{
	if (write(PROOF_FD, what, strlen(what)) < 0 || write(PROOF_FD, "\n", 1) < 0)
		_exit(253);
}

static int say_if(int errnum, const char *what)
{
	if (errnum == 0)
		say(what);
	return errnum;
}

static void show_socket(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} a;
	socklen_t len = sizeof(a), int_len = sizeof(int);
	int domain = -1, protocol = -1;
	char text[64];

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &int_len);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &int_len);
	snprintf(text, sizeof(text), "socket %d %d", domain, protocol);
	say(text);
	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.any, &len) == 0 && len > sizeof(sa_family_t)) {
		int port = a.any.sa_family == AF_INET	 ? ntohs(a.in.sin_port)
			   : a.any.sa_family == AF_INET6 ? ntohs(a.in6.sin6_port)
							 : 0;

		snprintf(text, sizeof(text), "bound %d", port);
		if (port || a.any.sa_family == AF_UNIX)
			say(text);
	}
	len = sizeof(a);
	if (getpeername(fd, &a.any, &len) == 0)
		send(fd, "owned", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Reads, and writes, through whatever the attack has open now. */
static void show_descriptors(void)
{
	for (int fd = FIRST_FD; fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFL);
		struct stat st;
		char buf[256];
		ssize_t n;

		if (flags < 0 || (flags & O_PATH) || fstat(fd, &st) < 0)
			continue;
		if (S_ISSOCK(st.st_mode)) {
			show_socket(fd);
			continue;
		}
		if (S_ISCHR(st.st_mode))
			say("device");
		if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
			continue;
		if ((flags & O_ACCMODE) != O_WRONLY && (n = pread(fd, buf, sizeof(buf), 0)) > 0)
			n = write(PROOF_FD, buf, (size_t)n);
		if ((flags & O_ACCMODE) != O_RDONLY && write(fd, "owned", 5) == 5)
			say("wrote");
	}
}

/* Of @path, to the runner. */
static int show_file(const char *path)
{
	char buf[256];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, buf, sizeof(buf));
	if (n > 0)
		n = write(PROOF_FD, buf, (size_t)n);
	close(fd);
	return result(n);
}

#endif
