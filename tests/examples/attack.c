/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put at the end of a service's text, as whoever gets at one of its dependencies might: does at its
 * start what an attacker would, and says what worked. ATTACKED is a file of its own.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void attack_say(const char *word, int worked)
{
	if (worked)
		fprintf(stderr, "attack: %s\n", word);
}

__attribute__((constructor)) static void attack(void)
{
	struct sockaddr_in port = { .sin_family = AF_INET,
		.sin_port = htons(4444),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int shadow = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
	int own = open(ATTACKED, O_WRONLY | O_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	attack_say("read", shadow >= 0);
	attack_say("written", own >= 0);
	attack_say("executed", system("id >/dev/null") == 0);
	attack_say("listened",
		!bind(server, (struct sockaddr *)&port, sizeof(port)) && !listen(server, 1));
	attack_say("connected", !connect(client, (struct sockaddr *)&port, sizeof(port)));
	close(client);
	close(server);
	close(own);
	close(shadow);
}
