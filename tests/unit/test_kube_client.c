/* SPDX-License-Identifier: Apache-2.0 */
/* The client against an API server of the test's own, which does what a real one does not do when
 * it is asked to. */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lease.h"
#include "operator/kube/kube_lines.h"
#include "operator/kube/kube_time.h"
#include "operator/kube/kube_watch.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>

#include "kube_server.h"

struct reply {
	unsigned int code;
	const char *body;
	const char *location;
};

static struct {
	struct kube_server server;
	void (*answer)(const char *method, const char *url, struct reply *ret);
	atomic_uint requests, lists, watches, reads, writes;
} api;

static sd_event *loop;
static struct kube_client *client;

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *len, void **seen)
{
	struct reply r = { .code = 200, .body = "{}" };

	if (!*seen || *len) {
		*seen = c;
		*len = 0;
		return MHD_YES;
	}
	api.requests++;
	if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch"))
		api.watches++;
	else if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "limit"))
		api.lists++;
	else if (!strcmp(method, "GET"))
		api.reads++;
	else
		api.writes++;
	/* What the tests have to tell apart. */
	if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch"))
		url = "/watch";
	else if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "continue"))
		url = "/continue";
	api.answer(method, url, &r);
	return kube_server_reply(c, r.code, r.body, r.location);
}

static void start_api(
	const char *name, void (*answer)(const char *method, const char *url, struct reply *ret))
{
	struct pale_err *err = NULL;

	api.answer = answer;
	api.requests = api.lists = api.watches = api.reads = api.writes = 0;
	kube_server_start(&api.server, name, on_request);
	assert_int_equal(kube_client_new(loop, &api.server.config, "test", &client, &err), 0);
}

static void stop_api(void)
{
	kube_client_free(TAKE_PTR(client));
	kube_server_stop(&api.server);
}

/* false: not in time. */
static bool run(uint64_t ms, const atomic_uint *what, unsigned int enough)
{
	uint64_t now, end = kube_boottime_us() + ms * 1000;

	while (*what < enough && (now = kube_boottime_us()) < end)
		assert_true(sd_event_run(loop, end - now < 20000 ? end - now : 20000) >= 0);
	return *what >= enough;
}

static atomic_uint told; /* what a handler was told, counted */
static atomic_uint never;

static struct {
	long code;
	int number;
	char text[300];
} last;

static void note(void *ctx, const struct kube_answer *a)
{
	last.code = a->status.code;
	last.number = a->err ? pale_err_errno(a->err) : 0;
	snprintf(last.text, sizeof(last.text), "%s", a->err ? pale_err_text(a->err) : "");
	told++;
}

static void get(const char *path)
{
	told = 0;
	kube_request(client, &(struct kube_request){ .path = path, .attempts = 1, .done = note });
	assert_true(run(10000, &told, 1));
}

static void answer_well(const char *method, const char *url, struct reply *ret)
{
}

static void who_has_another_name_is_not_believed(void **state)
{
	start_api("elsewhere.test", answer_well);
	get("/version");
	assert_int_equal(last.number, EACCES);
	assert_int_equal(api.requests, 0);
	stop_api();
	start_api("localhost", answer_well);
	get("/version");
	assert_int_equal(last.number, 0);
	assert_int_equal(api.requests, 1);
	stop_api();
}

static void send_elsewhere(const char *method, const char *url, struct reply *ret)
{
	*ret = (struct reply){ 302, "{}", "/elsewhere" };
}

static void no_redirection_is_followed(void **state)
{
	start_api("localhost", send_elsewhere);
	get("/version");
	assert_string_equal(last.text, "the API server answers 302");
	assert_int_equal(api.requests, 1);
	stop_api();
}

static void who_is_gone_without_a_word_is_noticed_within_a_minute(void **state)
{
	int idle = 0, between = 0, times = 0, sockets = 0;

	start_api("localhost", answer_well);
	get("/version");
	/* The connection is kept for the next one. */
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_in peer = { 0 };
		socklen_t len = sizeof(peer), n = sizeof(int);

		if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ||
			peer.sin_family != AF_INET ||
			ntohs(peer.sin_port) != strtoul(strrchr(api.server.url, ':') + 1, NULL, 10))
			continue;
		sockets++;
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &n), 0);
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, &n), 0);
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, &n), 0);
	}
	assert_int_equal(sockets, 1);
	assert_in_range(idle + between * times, 1, 60);
	stop_api();
}

#define CALLS 40

static struct kube_call *calls[CALLS];

static void cancel_the_others(void *ctx, const struct kube_answer *a)
{
	size_t self = (size_t)(uintptr_t)ctx;

	told++;
	/* From the end: those that wait for a place still wait. */
	for (size_t i = CALLS; i-- > 0;) {
		if (i != self)
			kube_call_cancel(calls[i]);
	}
}

static void whatever_is_under_way_may_be_cancelled_and_freed(void **state)
{
	start_api("localhost", answer_well);
	told = 0;
	for (size_t i = 0; i < CALLS; i++)
		calls[i] = kube_request(client, &(struct kube_request){ .path = "/version",
							.done = cancel_the_others,
							.ctx = (void *)(uintptr_t)i });
	assert_true(run(10000, &told, 1));
	run(200, &never, 1);
	assert_int_equal(told, 1);
	/* Places in flight are free again. */
	get("/version");
	assert_int_equal(last.number, 0);
	for (size_t i = 0; i < CALLS; i++)
		kube_request(client, &(struct kube_request){ .path = "/version", .done = note });
	run(5, &never, 1);
	stop_api();
}

static void who_comes_after_a_cancelled_one_is_not_forgotten(void **state)
{
	struct kube_request r = { .path = "/version", .done = note };

	start_api("localhost", answer_well);
	told = 0;
	for (size_t i = 0; i < CALLS; i++)
		calls[i] = kube_request(client, &r);
	kube_call_cancel(calls[CALLS - 1]);
	kube_request(client, &r);
	assert_true(run(10000, &told, CALLS));
	assert_int_equal(api.requests, CALLS);
	stop_api();
}

#define LIST(next, items)                                                                          \
	"{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"" next "\"},\"items\":[" items "]}"
#define OBJECT(name, version)                                                                      \
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" name "\",\"resourceVersion\":\"" version \
	"\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define GONE		    "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}"

static struct kube_watch *watch;
static atomic_uint seen, gone, synced, restarted;
static const atomic_uint *free_at; /* the watch, when this is told */

static void count(atomic_uint *what)
{
	++*what;
	if (free_at == what)
		kube_watch_free(TAKE_PTR(watch));
}

static void on_seen(void *ctx, json_t *object)
{
	count(&seen);
}

static void on_gone(void *ctx, const struct kube_object_id *id)
{
	count(&gone);
}

static void on_synced(void *ctx)
{
	count(&synced);
}

static void on_restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	count(&restarted);
}

static void start_watch(void)
{
	static const struct kube_watch_handlers handlers = { on_seen, on_gone, on_synced,
		on_restarted };

	seen = gone = synced = restarted = 0;
	watch = kube_watch_new(
		client, &(struct kube_watch_spec){ .path = "/api/v1/pods", .handlers = &handlers });
}

static void tell_of_both(const char *method, const char *url, struct reply *ret)
{
	ret->body = strcmp(url, "/watch") ? LIST("", OBJECT("a", "7") "," OBJECT("b", "8"))
					  : EVENT("DELETED", OBJECT("a", "10"))
						    EVENT("ADDED", OBJECT("c", "11"))
							    EVENT("ERROR", GONE);
}

static void a_watch_may_be_freed_by_each_of_its_handlers(void **state)
{
	static const atomic_uint *const handlers[] = { &seen, &gone, &synced, &restarted };

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		start_api("localhost", tell_of_both);
		free_at = handlers[i];
		start_watch();
		assert_true(run(10000, handlers[i], 1));
		assert_null(watch);
		run(100, &never, 1);
		assert_int_equal(*handlers[i], 1);
		free_at = NULL;
		stop_api();
	}
}

static void stop_watch(void)
{
	kube_watch_free(TAKE_PTR(watch));
	stop_api();
}

static void end_after_an_event(const char *method, const char *url, struct reply *ret)
{
	ret->body = strcmp(url, "/watch") ? LIST("", "") : EVENT("ADDED", OBJECT("a", "10"));
}

static void expire_after_an_event(const char *method, const char *url, struct reply *ret)
{
	ret->body = strcmp(url, "/watch") ? LIST("", "")
					  : EVENT("ADDED", OBJECT("a", "10")) EVENT("ERROR", GONE);
}

/* However it ends, and whatever it has brought before. */
static void a_watch_that_does_not_last_is_waited_with(void **state)
{
	start_api("localhost", expire_after_an_event);
	start_watch();
	run(1500, &never, 1);
	assert_in_range(api.lists, 2, 4);
	assert_in_range(api.watches, 2, 4);
	stop_watch();
	start_api("localhost", end_after_an_event);
	start_watch();
	run(1500, &never, 1);
	assert_int_equal(api.lists, 1);
	assert_in_range(api.watches, 2, 4);
	stop_watch();
}

static void refuse_to_continue(const char *method, const char *url, struct reply *ret)
{
	if (!strcmp(url, "/continue"))
		*ret = (struct reply){ 400, "{\"kind\":\"Status\",\"reason\":\"BadRequest\"}",
			NULL };
	else if (strcmp(url, "/watch"))
		ret->body = api.lists < 3 ? LIST("x", OBJECT("a", "7"))
					  : LIST("", OBJECT("a", "7") "," OBJECT("b", "8"));
}

static void a_page_that_is_refused_again_and_again_is_no_end(void **state)
{
	start_api("localhost", refuse_to_continue);
	start_watch();
	assert_true(run(12000, &synced, 1));
	assert_int_equal(seen, 2);
	stop_watch();
}

static void be_busy(const char *method, const char *url, struct reply *ret)
{
	if (!strcmp(url, "/watch"))
		*ret = (struct reply){ 429, "{}", NULL };
	else
		ret->body = LIST("", OBJECT("a", "7"));
}

static void too_many_requests_are_no_reason_for_a_list(void **state)
{
	start_api("localhost", be_busy);
	start_watch();
	assert_true(run(15000, &api.watches, 4));
	assert_int_equal(api.lists, 1);
	stop_watch();
}

static char *endless;

static void say_no_end(const char *method, const char *url, struct reply *ret)
{
	ret->body = endless;
}

static void on_line(void *ctx, const char *line, size_t len)
{
	fail();
}

static void a_line_without_end_is_too_long(void **state)
{
	size_t len = KUBE_LINE_MAX + ((size_t)1 << 20);

	endless = malloc(len + 1);
	assert_non_null(endless);
	memset(endless, 'x', len);
	endless[len] = '\0';
	start_api("localhost", say_no_end);
	told = 0;
	kube_request(
		client, &(struct kube_request){ .path = "/watch", .line = on_line, .done = note });
	assert_true(run(20000, &told, 1));
	assert_int_equal(last.number, EMSGSIZE);
	stop_api();
	free(endless);
}

#define LEASE(version, holder)                                                                     \
	"{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"" version                             \
	"\"},\"spec\":{\"leaseDurationSeconds\":1,\"holderIdentity\":\"" holder "\"}}"

static struct kube_lease *lease;
static atomic_uint taken, lost, given_back;
static bool gives_back;

static void on_given_back(void *ctx)
{
	given_back++;
}

static void on_taken(void *ctx)
{
	taken++;
}

static void on_lost(void *ctx)
{
	lost++;
	if (gives_back)
		kube_lease_give_back(lease, on_given_back);
}

static void start_lease(void)
{
	taken = lost = given_back = 0;
	lease = kube_lease_new(client, &(struct kube_lease_spec){ .namespace = "ns",
					       .name = "l",
					       .identity = "me",
					       .times = { .duration_us = 15000000,
						       .deadline_us = 10000000,
						       .retry_us = 300000 },
					       .taken = on_taken,
					       .lost = on_lost });
}

static void stop_lease(void)
{
	kube_lease_free(TAKE_PTR(lease));
	stop_api();
}

/* It says what there is when it answers, and may have been renewed just before. */
static void answer_late(const char *method, const char *url, struct reply *ret)
{
	usleep(1200000);
	ret->body = LEASE("7", "other");
}

static void a_lease_lasts_from_when_it_was_seen(void **state)
{
	start_api("localhost", answer_late);
	start_lease();
	assert_true(run(10000, &api.reads, 2));
	assert_int_equal(api.writes, 0);
	stop_lease();
}

static void lose_at_the_second(const char *method, const char *url, struct reply *ret)
{
	if (strcmp(method, "GET") != 0)
		*ret = (struct reply){ api.writes > 1 ? 409 : 200, LEASE("8", "me"), NULL };
	else
		ret->body = api.writes ? LEASE("9", "other") : LEASE("7", "");
}

static void who_gives_back_what_is_lost_takes_nothing(void **state)
{
	start_api("localhost", lose_at_the_second);
	gives_back = true;
	start_lease();
	assert_true(run(10000, &lost, 1));
	/* As long as the other one's lasts, and longer. */
	run(1800, &never, 1);
	assert_int_equal(taken, 1);
	assert_int_equal(given_back, 1);
	assert_int_equal(api.writes, 2);
	gives_back = false;
	stop_lease();
}

static void refuse_writes(const char *method, const char *url, struct reply *ret)
{
	*ret = (struct reply){ strcmp(method, "GET") ? 409 : 200, LEASE("7", ""), NULL };
}

static void a_lease_that_is_refused_is_waited_with(void **state)
{
	start_api("localhost", refuse_writes);
	start_lease();
	run(1500, &never, 1);
	assert_in_range(api.writes, 2, 6);
	stop_lease();
}

static int setup(void **state)
{
	return sd_event_new(&loop) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	sd_event_unref(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_another_name_is_not_believed),
		cmocka_unit_test(no_redirection_is_followed),
		cmocka_unit_test(who_is_gone_without_a_word_is_noticed_within_a_minute),
		cmocka_unit_test(whatever_is_under_way_may_be_cancelled_and_freed),
		cmocka_unit_test(who_comes_after_a_cancelled_one_is_not_forgotten),
		cmocka_unit_test(a_watch_may_be_freed_by_each_of_its_handlers),
		cmocka_unit_test(a_watch_that_does_not_last_is_waited_with),
		cmocka_unit_test(a_page_that_is_refused_again_and_again_is_no_end),
		cmocka_unit_test(too_many_requests_are_no_reason_for_a_list),
		cmocka_unit_test(a_line_without_end_is_too_long),
		cmocka_unit_test(a_lease_lasts_from_when_it_was_seen),
		cmocka_unit_test(who_gives_back_what_is_lost_takes_nothing),
		cmocka_unit_test(a_lease_that_is_refused_is_waited_with),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
