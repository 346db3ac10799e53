/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_SCENE_H
#define PALE_TESTS_LSM_SCENE_H

/*
 * What lsm_actor acts on: trees of files, peers to connect to, a process that nobody confines, and
 * who hands it descriptors.
 */

#include "tests/vm/guest_test.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static char actor[4096];
static pid_t outside;
static int listener, waiting_client;
/* Sockets that the actor may connect or send to. */
static int peers[16];
static int n_peers;

/* ---- the tree ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void put(const char *dir, const char *name, mode_t mode, const void *bytes, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		die(path);
	fchmod(fd, mode);
	close(fd);
}

static void put_text(const char *dir, const char *name, mode_t mode, const char *text)
{
	put(dir, name, mode, text, strlen(text));
}

static void make_tree(const char *dir, bool program)
{
	static char image[4 << 20];
	static size_t image_len;
	char path[256], text[4200];

	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (mkdir(dir, 0755) < 0) {
		/* nftw() cannot reach below PATH_MAX. */
		snprintf(text, sizeof(text), "rm -rf %s", dir);
		if (system(text) != 0 || mkdir(dir, 0755) < 0)
			die(dir);
	}
	put_text(dir, "a", 0644, "content");
	put_text(dir, "b", 0644, "content");
	put_text(dir, "private", 0600, "content");
	put_text(dir, "of-1000", 0644, "content");
	snprintf(path, sizeof(path), "%s/of-1000", dir);
	if (chown(path, 1000, 1000) < 0)
		die(path);
	put_text(dir, "private-of-1000", 0600, "content");
	snprintf(path, sizeof(path), "%s/private-of-1000", dir);
	if (chown(path, 1000, 1000) < 0)
		die(path);
	put_text(dir, "x.log", 0644, "content");
	snprintf(path, sizeof(path), "%s/dir", dir);
	mkdir(path, 0755);
	put_text(path, "x", 0644, "content");
	snprintf(path, sizeof(path), "%s/empty", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/link", dir);
	if (symlink("a", path) < 0)
		die(path);
	snprintf(path, sizeof(path), "%s/up", dir);
	if (symlink(".", path) < 0)
		die(path);
	if (!program)
		return;
	if (!image_len) {
		int fd = open(actor, O_RDONLY | O_CLOEXEC);
		ssize_t n;

		while ((n = read(fd, image + image_len, sizeof(image) - image_len)) > 0)
			image_len += (size_t)n;
		close(fd);
	}
	put(dir, "prog", 0755, image, image_len);
	snprintf(text, sizeof(text), "#!%s/prog nothing\n", dir);
	put_text(dir, "script", 0755, text);
}

static void send_descriptor(int sock, int fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char c = 0;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	sendmsg(sock, &m, MSG_NOSIGNAL);
	close(fd);
}

/* What serve() is asked for beside descriptors. */
static void (*on_request)(int sock, char c);

/* Hands descriptors to lsm_actor until it ends. */
static void serve(int sock)
{
	int pipes[2];
	char c;

	while (recv(sock, &c, 1, 0) == 1) {
		switch (c) {
		case 'r':
			send_descriptor(sock, open("/tmp/t/a", O_RDONLY | O_CLOEXEC));
			break;
		case 'b':
			send_descriptor(sock, open("/tmp/t/b", O_RDONLY | O_CLOEXEC));
			break;
		case 'w':
			send_descriptor(sock, open("/tmp/t/a", O_WRONLY | O_CLOEXEC));
			break;
		case 'o':
			send_descriptor(sock, open("/tmp/t/a", O_PATH | O_CLOEXEC));
			break;
		case 'm':
			send_descriptor(sock, memfd_create("m", MFD_CLOEXEC));
			break;
		case 'p':
			if (pipe2(pipes, O_CLOEXEC) == 0) {
				send_descriptor(sock, pipes[0]);
				close(pipes[1]);
			}
			break;
		default:
			if (on_request)
				on_request(sock, c);
		}
	}
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	sync();
	if (fd < 0 || write(fd, "2", 1) != 1)
		die("drop_caches");
	close(fd);
}

static pid_t start_storm(void)
{
	pid_t pid;

	mkdir("/tmp/storm", 0755);
	put_text("/tmp/storm", "x", 0644, "");
	pid = fork();
	if (pid < 0)
		die("fork");
	while (pid == 0)
		if (rename("/tmp/storm/x", "/tmp/storm/y") < 0 ||
			rename("/tmp/storm/y", "/tmp/storm/x") < 0)
			_exit(1);
	return pid;
}

/* ---- what the cases connect to ---- */

static int inet_listener(int type, uint16_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 4096) < 0)
		die("listen");
	peers[n_peers++] = fd;
	return fd;
}

static void unix_listener(int type, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));

	strncpy(a.sun_path, name, sizeof(a.sun_path) - 1);
	if (*name == '@')
		a.sun_path[0] = 0;
	unlink(name);
	peers[n_peers++] = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0)
		die(name);
	if (type != SOCK_DGRAM && listen(fd, 4096) < 0)
		die("listen");
}

static void make_peers(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(7003),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	inet_listener(SOCK_STREAM, 7001);
	inet_listener(SOCK_DGRAM, 7001);
	listener = inet_listener(SOCK_STREAM, 7003);
	for (int i = 0; i < 16; i++) {
		waiting_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(waiting_client, (struct sockaddr *)&a, sizeof(a)) < 0)
			die("connect");
	}
	mkdir("/tmp/s", 0755);
	unix_listener(SOCK_STREAM, "/tmp/s/stream");
	unix_listener(SOCK_SEQPACKET, "/tmp/s/seqpacket");
	unix_listener(SOCK_DGRAM, "/tmp/s/dgram");
	unlink("/tmp/s/elsewhere");
	unix_listener(SOCK_STREAM, "@pale-stream");
	unix_listener(SOCK_DGRAM, "@pale-dgram");
	mkdir("/tmp/shown", 0755);
	if (link("/tmp/s/stream", "/tmp/s/alias") < 0 || symlink("stream", "/tmp/s/link") < 0 ||
		mount("/tmp/s", "/tmp/shown", NULL, MS_BIND, NULL) < 0)
		die("/tmp/s");
	outside = fork();
	if (outside == 0) {
		if (unshare(CLONE_NEWNS) < 0)
			_exit(1);
		unix_listener(SOCK_STREAM, "/tmp/s/elsewhere");
		for (;;)
			pause();
	}
}

#endif
