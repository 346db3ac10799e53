/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP in the loop of an event source, with clients that take their time. */
#include "enforcer/http_loop.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct server {
	sd_event *event;
	struct http_loop *loop;
	unsigned begun, answered, late;
};

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **request)
{
	struct server *s = ctx;
	struct MHD_Response *r;
	enum MHD_Result queued;

	assert_ptr_equal(http_loop_running(), s);
	if (!*request) {
		s->begun++;
		*request = s;
		return MHD_YES;
	}
	if (*upload_len) {
		*upload_len = 0;
		return MHD_YES;
	}
	s->answered++;
	r = MHD_create_response_from_buffer(2, (char *)"ok", MHD_RESPMEM_PERSISTENT);
	queued = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return queued;
}

static void on_completed(
	void *ctx, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode how)
{
	struct server *s = ctx;

	s->late += http_loop_is_late(c);
}

static void start(struct server *s, unsigned connections)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct http_loop_options options = { .name = "test",
		.connections = connections,
		.head_bytes = 32 << 10,
		.connect_s = 1,
		.request_s = 1,
		.idle_s = 1,
		.request = on_request,
		.completed = on_completed,
		.ctx = s };
	struct pale_err *err = NULL;

	*s = (struct server){ 0 };
	assert_true(sd_event_new(&s->event) >= 0);
	assert_int_equal(http_loop_new(s->event, (const struct sockaddr *)&address, &options,
				 &s->loop, &err),
		0);
}

static void finish(struct server *s)
{
	http_loop_free(s->loop);
	sd_event_unref(s->event);
}

static int client(const struct server *s)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(http_loop_port(s->loop)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *words)
{
	assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
}

/* What came: 0 when it was closed, -1 when nothing is there. */
static ssize_t hear(int fd)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return n < 0 && errno == ECONNRESET ? 0 : n;
}

static void pass(struct server *s)
{
	assert_true(sd_event_run(s->event, 20000) >= 0);
}

static void wait_for_answer(struct server *s, int fd)
{
	ssize_t n;

	while ((n = hear(fd)) < 0)
		pass(s);
	assert_true(n > 0);
}

/* Sends @word over and over. False: the server has taken it for half a minute. */
static bool is_closed(struct server *s, int fd, const char *word)
{
	for (int i = 0; i < 3000; i++) {
		if (hear(fd) == 0)
			return true;
		send(fd, word, strlen(word), MSG_NOSIGNAL);
		pass(s);
		usleep(10000);
	}
	return false;
}

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"

static void a_head_that_never_ends(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_close_ int fd = -1;

	start(&s, 8);
	fd = client(&s);
	say(fd, GET "X: ");
	assert_true(is_closed(&s, fd, "x"));
	assert_int_equal(s.begun, 0);
	assert_int_equal(http_loop_connections(s.loop), 0);
}

static void nor_behind_an_answer(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_close_ int fd = -1;

	start(&s, 8);
	fd = client(&s);
	for (int i = 0; i < 3; i++) {
		say(fd, GET "\r\n");
		wait_for_answer(&s, fd);
	}
	assert_int_equal(s.answered, 3);
	assert_int_equal(http_loop_connections(s.loop), 1);
	say(fd, GET "X: ");
	assert_true(is_closed(&s, fd, "x"));
	assert_int_equal(s.begun, 3);
}

static void a_body_that_never_ends(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_close_ int fd = -1;

	start(&s, 8);
	fd = client(&s);
	say(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
	assert_true(is_closed(&s, fd, "x"));
	assert_int_equal(s.begun, 1);
	assert_int_equal(s.answered, 0);
	assert_int_equal(s.late, 1);
}

static void who_says_nothing(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_close_ int fd = -1;

	start(&s, 8);
	fd = client(&s);
	assert_true(is_closed(&s, fd, ""));
}

/* Those that are too many wait, and come next. */
static void more_than_there_may_be(void **state)
{
	_cleanup_(finish) struct server s;
	int fd[6];

	start(&s, 2);
	for (int i = 0; i < 6; i++)
		fd[i] = client(&s);
	for (int i = 0; i < 6; i++)
		say(fd[i], GET "\r\n");
	for (int i = 0; i < 6; i++) {
		wait_for_answer(&s, fd[i]);
		assert_true(http_loop_connections(s.loop) <= 2);
		close(fd[i]);
	}
	assert_int_equal(s.answered, 6);
	assert_int_equal(s.late, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_that_never_ends),
		cmocka_unit_test(nor_behind_an_answer),
		cmocka_unit_test(a_body_that_never_ends),
		cmocka_unit_test(who_says_nothing),
		cmocka_unit_test(more_than_there_may_be),
	};

	return cmocka_run_group_tests_name("export_http", tests, NULL, NULL);
}
