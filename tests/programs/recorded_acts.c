/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container does while it is recorded: recorded_acts ACT [N]. Each act ends when all its
 * processes have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/bin/acts"

static void run(const char *const argv[])
{
	execv(SELF, (char *const *)argv);
	_exit(126);
}

/* The exit status of a child that executes @argv. */
static int spawn(const char *const argv[])
{
	pid_t child = fork();
	int status;

	if (child == 0)
		run(argv);
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(1);
	return status;
}

/* Many that are short-lived, as many at once as there is room for. */
static int many(int n)
{
	int status;

	for (int i = 0; i < n; i++) {
		char number[16];
		pid_t child;

		snprintf(number, sizeof(number), "%d", i);
		while ((child = fork()) < 0 && errno == EAGAIN)
			wait(&status);
		if (child == 0)
			run((const char *[]){ "acts", "one", number, NULL });
		if (child < 0)
			return 1;
		if (i % 16 == 15) {
			while (wait(&status) > 0)
				;
		}
	}
	while (wait(&status) > 0)
		;
	return 0;
}

static int one(int n)
{
	return n % 7;
}

/* Three generations, of which the last is killed; and one that executes nothing. */
static int generations(int n)
{
	pid_t child;
	int status;

	if (n > 1) {
		char less[16];

		snprintf(less, sizeof(less), "%d", n - 1);
		status = spawn((const char *[]){ "acts", "generations", less, NULL });
		return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	child = fork();
	if (child == 0)
		_exit(5);
	waitpid(child, &status, 0);
	raise(SIGTERM);
	return 0;
}

static void *wait_for_ever(void *ctx)
{
	pause();
	return ctx;
}

static void *leave(void *ctx)
{
	_exit(9);
	return ctx;
}

/* Its threads end at once, and the process ends once. */
static int threads(int n)
{
	pthread_t t;

	for (int i = 0; i < n; i++)
		pthread_create(&t, NULL, wait_for_ever, NULL);
	pthread_create(&t, NULL, leave, NULL);
	pause();
	return 1;
}

/* The first thread has ended before the others. */
static void *leave_later(void *ctx)
{
	usleep(20000);
	_exit(8);
	return ctx;
}

static int leaderless(int n)
{
	pthread_t t;

	pthread_create(&t, NULL, leave_later, NULL);
	pthread_exit(NULL);
	return n;
}

/* Nobody listens, and that does not matter. */
static int connects(int n)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(10) };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
	/* Not every network has IPv6. */
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr);
	connect(tcp, (struct sockaddr *)&four, sizeof(four));
	tcp = socket(AF_INET6, SOCK_STREAM, 0);
	connect(tcp, (struct sockaddr *)&six, sizeof(six));
	tcp = socket(AF_INET6, SOCK_STREAM, 0);
	six.sin6_addr = in6addr_loopback;
	connect(tcp, (struct sockaddr *)&six, sizeof(six));
	four.sin_port = htons(53);
	return connect(udp, (struct sockaddr *)&four, sizeof(four)) < 0;
}

/* Arguments that would be more than text, somewhere. */
static int hostile(int n)
{
	char *longest = malloc(6001);

	memset(longest, 'x', 6000);
	longest[6000] = 0;
	spawn((const char *[]){ "acts", "one", "0", "<script>document.title=\"x\"</script>", "a\nb",
		"\033[2J\033]0;x\a", "\xff\xfe", "it's", "", NULL });
	return spawn((const char *[]){ "acts", "one", "0", longest, NULL });
}

static int makes_folder(int n)
{
	return mkdir("/made", 0700) < 0 ? errno : 0;
}

static int waits(int n)
{
	signal(SIGTERM, exit);
	return pause();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*act)(int n);
	} acts[] = {
		{ "many", many },
		{ "one", one },
		{ "generations", generations },
		{ "threads", threads },
		{ "leaderless", leaderless },
		{ "connects", connects },
		{ "hostile", hostile },
		{ "mkdir", makes_folder },
		{ "wait", waits },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(*acts); i++) {
		if (strcmp(argv[1], acts[i].name) == 0)
			return acts[i].act(argc > 2 ? atoi(argv[2]) : 0);
	}
	return 127;
}
