/* SPDX-License-Identifier: Apache-2.0 */
/*
 * act OPERATION ITERATIONS [prepare]: what the operation costs, in instructions. The first half of
 * the iterations warms the guest's caches; of the second, in order of their costs, the mean of the
 * middle half is told, which a timer's interrupt or a refilled cache does not move. With `prepare`
 * all but the operation itself is done, for counting what belongs to it.
 *
 * Under qemu's -icount shift=0 the time stamp counter goes on by one with each instruction, the
 * kernel's included. It is read as it is: the kernel's clocks are calibrated, and so a little off.
 */
#include "tests/bench/vm/act.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define N(a) (sizeof(a) / sizeof(*(a)))

static uint64_t samples[ITERATIONS_MAX];
static char path[128];
static int listener, client;
static struct sockaddr_in peer;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void none(unsigned i)
{
}

static void prepare_open(unsigned i)
{
	strcpy(path, OPENED);
}

static void prepare_fresh(unsigned i)
{
	struct message m = { .word = WORD_AGE, .number = i };

	snprintf(path, sizeof(path), FRESH, i);
	must(write(3, &m, sizeof(m)) == sizeof(m) && read(4, &m, sizeof(m)) == sizeof(m), "age");
}

static void do_open(unsigned i)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	close(fd);
}

static void do_exec(unsigned i)
{
	static char *argv[] = { (char *)NOTHING, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(NOTHING, argv, envp);
		_exit(1);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, NOTHING);
}

static void start_connect(void)
{
	int one = 1;

	peer.sin_family = AF_INET;
	peer.sin_port = htons(PORT);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(listener >= 0 &&
			setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
			bind(listener, (struct sockaddr *)&peer, sizeof(peer)) == 0 &&
			listen(listener, 8) == 0,
		"listen");
}

/* Reset when closed, so that none is left waiting on a timer; from a port of its own, since what it
 * takes the kernel to find one is chance. */
static void prepare_connect(unsigned i)
{
	struct linger linger = { .l_onoff = 1 };
	struct sockaddr_in own = peer;
	int one = 1;

	own.sin_port = htons(OWN_PORT);
	/* The end of the connection before, so that the kernel has a socket to use again; where
	 * there is none the same hook runs. */
	close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(client >= 0 &&
			setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0 &&
			setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
			bind(client, (struct sockaddr *)&own, sizeof(own)) == 0,
		"socket");
}

static void do_connect(unsigned i)
{
	must(connect(client, (struct sockaddr *)&peer, sizeof(peer)) == 0, "connect");
	close(client);
}

static void prepare_unlink(unsigned i)
{
	snprintf(path, sizeof(path), SPOOLED, i);
	must(mknod(path, S_IFREG | 0644, 0) == 0, path);
}

static void do_unlink(unsigned i)
{
	must(unlink(path) == 0, path);
}

static void start_nothing(void)
{
}

static const struct act {
	const char *name;
	void (*start)(void);
	void (*prepare)(unsigned i);
	void (*act)(unsigned i);
} acts[] = {
	{ "nothing", start_nothing, none, none },
	{ "open", start_nothing, prepare_open, do_open },
	{ "open-fresh", start_nothing, prepare_fresh, do_open },
	{ "exec", start_nothing, none, do_exec },
	{ "connect", start_connect, prepare_connect, do_connect },
	{ "unlink", start_nothing, prepare_unlink, do_unlink },
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t cost(const struct act *a, unsigned iterations, bool prepare_only)
{
	unsigned half = iterations / 2, from, to;
	uint64_t sum = 0;

	for (unsigned i = 0; i < iterations; i++) {
		uint64_t begun;

		a->prepare(i);
		if (prepare_only)
			continue;
		begun = __rdtsc();
		a->act(i);
		samples[i] = __rdtsc() - begun;
	}
	qsort(samples + half, iterations - half, sizeof(*samples), compare);
	from = half + (iterations - half) / 4;
	to = iterations - (iterations - half) / 4;
	for (unsigned i = from; i < to; i++)
		sum += samples[i];
	return sum / (to - from);
}

int main(int argc, char **argv)
{
	struct message m = { .word = WORD_DONE };
	const struct act *a = NULL;
	unsigned iterations = argc > 2 ? (unsigned)atoi(argv[2]) : 0;

	for (size_t i = 0; i < N(acts); i++)
		if (argc > 1 && !strcmp(acts[i].name, argv[1]))
			a = &acts[i];
	errno = EINVAL;
	must(a && iterations && iterations <= ITERATIONS_MAX, "arguments");
	m.confined = open(FORBIDDEN, O_RDONLY | O_CLOEXEC) < 0;
	a->start();
	m.number = cost(a, iterations, argc > 3);
	must(write(3, &m, sizeof(m)) == sizeof(m), "tell");
	return 0;
}
