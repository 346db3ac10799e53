/* SPDX-License-Identifier: Apache-2.0 */
/* A static program of another C library than the system's. musl_threads works|attacks */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 20

static void need(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *add(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		pthread_mutex_lock(&mutex);
		sum++;
		pthread_mutex_unlock(&mutex);
	}
	return malloc(1 << 20);
}

static void threads(void)
{
	pthread_t thread[N];

	for (int i = 0; i < N; i++)
		need(pthread_create(&thread[i], NULL, add, NULL) == 0, "pthread_create");
	for (int i = 0; i < N; i++) {
		void *result;

		need(pthread_join(thread[i], &result) == 0, "pthread_join");
		free(result);
	}
	need(sum == N * 10000, "sum");
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void *answer(void *arg)
{
	int connection = accept4(*(int *)arg, NULL, NULL, SOCK_CLOEXEC);
	char c;

	need(connection >= 0, "accept4");
	while (read(connection, &c, 1) == 1)
		need(write(connection, &c, 1) == 1, "write");
	close(connection);
	return NULL;
}

static void sockets(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET }, *found;
	struct sockaddr_in address = loopback(8000);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), s, yes = 1;
	char text[6] = "";
	pthread_t thread;

	need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0, "setsockopt");
	need(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	need(listen(listener, 1) == 0, "listen");
	need(pthread_create(&thread, NULL, answer, &listener) == 0, "pthread_create");
	/* In /etc/hosts: no name server is asked. */
	need(getaddrinfo("localhost", "8000", &hints, &found) == 0, "getaddrinfo");
	s = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
	need(connect(s, found->ai_addr, found->ai_addrlen) == 0, "connect");
	need(send(s, "hello", 5, MSG_NOSIGNAL) == 5, "send");
	need(recv(s, text, 5, MSG_WAITALL) == 5 && strcmp(text, "hello") == 0, "recv");
	close(s);
	freeaddrinfo(found);
	pthread_join(thread, NULL);
	close(listener);
}

static void rest(void)
{
	time_t now = time(NULL);
	FILE *pipe = popen("exit 3", "r");
	struct passwd *user = getpwnam("www-data");
	pid_t child;
	int status;

	need(user && user->pw_uid == getuid() && strcmp(user->pw_name, "www-data") == 0,
		"getpwnam");
	need(localtime(&now) != NULL, "localtime");
	need(pipe && WEXITSTATUS(pclose(pipe)) == 3, "popen");
	child = fork();
	if (child == 0)
		abort();
	need(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "waitpid");
}

static void attacks(void)
{
	struct sockaddr_in address = loopback(9);

	if (open("/srv/secret", O_RDONLY | O_CLOEXEC) >= 0)
		printf("read ");
	/* Nobody listens there. */
	if (connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&address,
		    sizeof(address)) < 0 &&
		errno == ECONNREFUSED)
		printf("connected ");
	fflush(stdout);
	if (fork() == 0) {
		execl("/usr/bin/id", "id", NULL);
		_exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "works") == 0) {
		threads();
		sockets();
		rest();
		printf("all done\n");
	} else {
		attacks();
	}
	return 0;
}
