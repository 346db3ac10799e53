/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has taken over a program: preloaded into it, this does at its start what each attacker would
 * do first, and says on stderr, which is open already, what came of it: `hijacked: WORD` for what
 * worked, `hijacked: no WORD: ERRNO` for what did not. $HIJACK is the path of the program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int reads(void)
{
	char text[16];
	int fd = open("/srv/secret", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n > 0 ? 0 : -EIO;
}

static int writes(void)
{
	int fd = open("/srv/elsewhere/hijacked", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int connects(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -errno : 0;
	close(fd);
	return err;
}

/* The errno of execve(2), as the child's status. */
static int executes(void)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0)
			dup2(null, 1);
		unsetenv("LD_PRELOAD");
		execl("/usr/bin/id", "id", NULL);
		_exit(errno);
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static const struct {
	const char *word;
	int (*act)(void);
} acts[] = {
	{ "read", reads },
	{ "written", writes },
	{ "connected", connects },
	{ "executed", executes },
};

__attribute__((constructor)) static void hijack(void)
{
	const char *program = getenv("HIJACK");
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (!program || n < 0)
		return;
	self[n] = 0;
	if (strcmp(self, program))
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int err = acts[i].act();

		if (err)
			dprintf(2, "hijacked: no %s: %s\n", acts[i].word, strerrorname_np(-err));
		else
			dprintf(2, "hijacked: %s\n", acts[i].word);
	}
}
