/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to paled in a loop, against one that goes away when it is told to. */
#include "compiler/base/cleanup.h"
#include "operator/node/paled_calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-node-calls-XXXXXX";
static sd_event *loop;
static struct paled_calls *calls;
static char said[512];

/* The other side, in the same loop: answers each request with its method, a moment later. */
static struct {
	int fd, connection;
	sd_event_source *source, *reader;
	char line[1 << 20];
	size_t len, read;
	bool silent, garbage;
	unsigned connections;
} paled = { .fd = -1, .connection = -1 };

static void say_it(const char *format, ...)
{
	va_list a;

	va_start(a, format);
	vsnprintf(said + strlen(said), sizeof(said) - strlen(said), format, a);
	va_end(a);
}

static void hang_up(void)
{
	sd_event_source_disable_unref(TAKE_PTR(paled.reader));
	closep(&paled.connection);
	paled.connection = -1;
}

static int on_request(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	ssize_t n = recv(fd, paled.line + paled.len, sizeof(paled.line) - paled.len, 0);
	char *end;

	(void)s;
	(void)events;
	(void)ctx;
	if (n <= 0) {
		hang_up();
		return 0;
	}
	paled.len += (size_t)n;
	paled.read += (size_t)n;
	while ((end = memchr(paled.line, '\n', paled.len))) {
		_cleanup_(json_decrefp) json_t *request =
			json_loadb(paled.line, (size_t)(end - paled.line), 0, NULL);
		const char *method = json_string_value(json_object_get(request, "method"));
		char answer[128];

		assert_int_equal(json_integer_value(json_object_get(request, "version")), 1);
		paled.len -= (size_t)(end + 1 - paled.line);
		memmove(paled.line, end + 1, paled.len);
		if (paled.silent)
			continue;
		snprintf(answer, sizeof(answer),
			paled.garbage ? "[\"%s\"]\n" : "{\"ok\":true,\"was\":\"%s\"}\n", method);
		assert_true(send(fd, answer, strlen(answer), MSG_NOSIGNAL) > 0);
	}
	return 0;
}

static int on_connect(sd_event_source *s, int fd, uint32_t events, void *ctx)
{
	(void)s;
	(void)events;
	(void)ctx;
	hang_up();
	paled.len = 0;
	paled.connections++;
	paled.connection = accept(fd, NULL, NULL);
	assert_true(sd_event_add_io(
			    loop, &paled.reader, paled.connection, EPOLLIN, on_request, NULL) >= 0);
	return 0;
}

static void listen_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/control", dir);
	unlink(at.sun_path);
	paled.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(paled.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(paled.fd, 4), 0);
	assert_true(sd_event_add_io(loop, &paled.source, paled.fd, EPOLLIN, on_connect, NULL) >= 0);
}

/* As kill -9 does. */
static void die(void)
{
	hang_up();
	sd_event_source_disable_unref(TAKE_PTR(paled.source));
	closep(&paled.fd);
	paled.fd = -1;
}

static void turn_away(void)
{
	for (int i = 0; i < 1000 && paled.connection < 0; i++)
		sd_event_run(loop, 10000);
	assert_true(paled.connection >= 0);
	hang_up();
}

static void on_up(void *ctx)
{
	(void)ctx;
	say_it("up;");
}

static void on_down(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
	say_it("down;");
}

static void on_answer(void *ctx, const json_t *answer)
{
	const char *was = json_string_value(json_object_get(answer, "was"));

	say_it("%s=%s;", (const char *)ctx, answer ? was : "none");
}

static void ask(const char *method)
{
	paled_calls_ask(calls, json_pack("{s:s}", "method", method), on_answer, (void *)method);
}

/* Until that is what was said, which it then forgets. */
static void until(const char *what)
{
	for (int i = 0; i < 1000 && strcmp(said, what) != 0; i++)
		sd_event_run(loop, 10000);
	assert_string_equal(said, what);
	*said = '\0';
}

static int begin(void **state)
{
	static const struct paled_calls_handlers handlers = { on_up, on_down, NULL };

	(void)state;
	*said = '\0';
	paled.silent = paled.garbage = false;
	if (sd_event_new(&loop) < 0)
		return -1;
	calls = paled_calls_new(loop, dir, &handlers);
	return 0;
}

static int end(void **state)
{
	(void)state;
	paled_calls_free(calls);
	die();
	sd_event_unref(loop);
	return 0;
}

static void requests_are_answered_in_their_order(void **state)
{
	(void)state;
	listen_here();
	until("up;");
	ask("a");
	ask("b");
	ask("c");
	until("a=a;b=b;c=c;");
	assert_int_equal(paled.connections, 1);
	paled.connections = 0;
}

static void a_request_that_no_buffer_takes_at_once_is_sent(void **state)
{
	_cleanup_free_ char *text = malloc(1000000);

	(void)state;
	memset(text, 'x', 999999);
	text[999999] = '\0';
	listen_here();
	until("up;");
	paled.read = 0;
	paled_calls_ask(calls, json_pack("{s:s, s:s}", "method", "load", "text", text), on_answer,
		(void *)(uintptr_t) "big");
	ask("b");
	until("big=load;b=b;");
	assert_true(paled.read > 999999);
}

static void one_that_dies_is_told_to_all_who_asked_and_found_again(void **state)
{
	(void)state;
	listen_here();
	until("up;");
	paled.silent = true;
	ask("a");
	ask("b");
	for (int i = 0; i < 20; i++)
		sd_event_run(loop, 1000);
	die();
	until("a=none;b=none;down;");
	ask("c");
	until("c=none;");
	paled.silent = false;
	listen_here();
	until("up;");
	ask("d");
	until("d=d;");
}

static void who_is_not_there_at_first_is_told_once(void **state)
{
	(void)state;
	until("down;");
	for (int i = 0; i < 50; i++)
		sd_event_run(loop, 20000);
	until("");
	listen_here();
	until("up;");
}

/* As by one that lets nobody in: it is not told again and again that it is away. */
static void who_ends_connections_without_an_answer_is_away(void **state)
{
	(void)state;
	listen_here();
	until("up;");
	turn_away();
	until("down;");
	until("up;");
	turn_away();
	until("up;");
	ask("a");
	until("a=a;");
	turn_away();
	until("down;");
}

static void what_is_no_answer_ends_the_connection(void **state)
{
	(void)state;
	listen_here();
	until("up;");
	paled.garbage = true;
	ask("a");
	until("a=none;down;");
	paled.garbage = false;
	until("up;");
	ask("b");
	until("b=b;");
}

static void what_paled_says_is_wrong_has_words(void **state)
{
	_cleanup_(json_decrefp) json_t *refused =
		json_pack("{s:b, s:s, s:s}", "ok", 0, "error", "no", "errno", "ENOSYS");
	_cleanup_(json_decrefp) json_t *bare = json_pack("{s:b}", "ok", 0),
				       *ok = json_pack("{s:b, s:s}", "ok", 1, "errno", "ENOSYS");

	(void)state;
	assert_string_equal(paled_answer_error(refused), "no");
	assert_string_equal(paled_answer_errno(refused), "ENOSYS");
	assert_string_equal(paled_answer_error(bare), "paled refuses, and does not say why");
	assert_string_equal(paled_answer_error(NULL), "paled is away");
	assert_string_equal(paled_answer_errno(NULL), "");
	assert_string_equal(paled_answer_errno(ok), "");
	assert_true(paled_answer_ok(ok));
	assert_false(paled_answer_ok(NULL));
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/control", dir);
	unlink(path);
	return rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered_in_their_order),
		TEST(a_request_that_no_buffer_takes_at_once_is_sent),
		TEST(one_that_dies_is_told_to_all_who_asked_and_found_again),
		TEST(who_is_not_there_at_first_is_told_once),
		TEST(who_ends_connections_without_an_answer_is_away),
		TEST(what_is_no_answer_ends_the_connection),
		TEST(what_paled_says_is_wrong_has_words),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
