/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeated_attack FILE [PROCESSES]: asks again and again for what the policy refuses,
 * sethostname(2) and /srv/secret, and appends a byte to FILE after each time, so that its size
 * shows whether the attack goes on. With PROCESSES as many children do so, and it waits itself.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void attack(const char *file)
{
	int progress = open(file, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (progress < 0) {
		perror(file);
		exit(1);
	}
	for (;;) {
		const struct timespec pause = { 0, 20000000 };
		int fd = open("/srv/secret", O_RDONLY);

		if (fd >= 0)
			close(fd);
		sethostname("taken", 5);
		if (write(progress, ".", 1) != 1)
			exit(1);
		nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	int processes = argc > 2 ? atoi(argv[2]) : 0;

	if (argc < 2)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < processes; i++) {
		if (fork() == 0)
			attack(argv[1]);
	}
	if (!processes)
		attack(argv[1]);
	for (;;)
		sleep(1000);
}
