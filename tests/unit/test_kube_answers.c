/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server sends, and how long it is waited for. */
#include "compiler/base/cleanup.h"
#include "operator/kube/kube_backoff.h"
#include "operator/kube/kube_discovery.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lines.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_status.h"
#include "operator/kube/kube_time.h"
#include "operator/kube/kube_watch_event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char stream[] =
	"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}}}"
	"\n"
	"\n"
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}\r\n"
	"{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"\xc3\xa4\",\"resourceVersion\":"
	"\"10\"}}}\n"
	"{\"type\":\"ADDED\",\"obj";

static void take_lines(struct kube_lines *l, struct text *to)
{
	const char *line;
	size_t len;

	while (kube_lines_next(l, &line, &len)) {
		struct kube_watch_event e;

		kube_watch_event_read(line, len, &e);
		text_printf(to, "%d %s\n", (int)e.type, kube_json_version(e.object));
		kube_watch_event_release(&e);
	}
}

static void lines_may_be_cut_at_any_byte(void **state)
{
	for (size_t cut = 0; cut < sizeof(stream); cut++) {
		for (size_t second = cut; second < sizeof(stream); second++) {
			_cleanup_(text_release) struct text got = TEXT_INIT;
			struct kube_lines l = { 0 };

			assert_true(kube_lines_add(&l, stream, cut));
			take_lines(&l, &got);
			assert_true(kube_lines_add(&l, stream + cut, second - cut));
			take_lines(&l, &got);
			assert_true(
				kube_lines_add(&l, stream + second, sizeof(stream) - 1 - second));
			take_lines(&l, &got);
			assert_string_equal(text_str(&got), "0 7\n3 9\n2 10\n");
			kube_lines_release(&l);
		}
	}
}

static void a_line_without_end_is_given_up(void **state)
{
	struct kube_lines l = { 0 };
	size_t megabyte = (size_t)1 << 20;
	char *bytes = malloc(megabyte);

	assert_non_null(bytes);
	memset(bytes, 'x', megabyte);
	for (size_t i = 0; i < KUBE_LINE_MAX / megabyte; i++)
		assert_true(kube_lines_add(&l, bytes, megabyte));
	assert_false(kube_lines_add(&l, bytes, 1));
	free(bytes);
	kube_lines_release(&l);
}

static void an_event_needs_an_object_and_a_version(void **state)
{
	static const struct {
		const char *line;
		enum kube_watch_type type;
	} events[] = {
		{ "", KUBE_WATCH_UNREADABLE },
		{ "[]", KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"ADDED\"}", KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}",
			KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}",
			KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"MOVED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}",
			KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}",
			KUBE_WATCH_UNREADABLE },
		{ "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}",
			KUBE_WATCH_MODIFIED },
		{ "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}",
			KUBE_WATCH_ERROR },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		struct kube_watch_event e;

		kube_watch_event_read(events[i].line, strlen(events[i].line), &e);
		assert_int_equal(e.type, events[i].type);
		kube_watch_event_release(&e);
	}
}

static void a_nul_in_a_string_breaks_nothing(void **state)
{
	static const char bytes[] = "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\","
				    "\"annotations\":{\"x\":\"b\\u0000c\"}}}";
	json_t *o = kube_json_load(bytes, strlen(bytes));

	assert_non_null(o);
	assert_string_equal(kube_json_id(o).name, "a");
	json_decref(o);
}

/* Answers of kube-apiserver 1.20. */
static void a_status_says_why(void **state)
{
	static const struct {
		long code; /* HTTP's */
		const char *body;
		int number;
		bool expired;
		uint64_t after_s;
		const char *text;
	} answers[] = {
		{ 409,
			"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"leases "
			"\\\"a\\\" "
			"already exists\",\"reason\":\"AlreadyExists\",\"code\":409}",
			EEXIST, false, 0,
			"the API server answers 409 AlreadyExists: leases \"a\" already exists" },
		{ 409, "{\"kind\":\"Status\",\"message\":\"m\",\"reason\":\"Conflict\"}", EAGAIN,
			false, 0, "the API server answers 409 Conflict: m" },
		{ 410, "{\"kind\":\"Status\",\"message\":\"too old\",\"reason\":\"Expired\"}",
			ESTALE, true, 0, "the API server answers 410 Expired: too old" },
		/* An event: the code is the Status' own. */
		{ 0,
			"{\"kind\":\"Status\",\"message\":\"too old resource version: 1 (9)\","
			"\"reason\":\"Gone\",\"code\":410}",
			ESTALE, true, 0,
			"the API server answers 410 Gone: too old resource version: 1 (9)" },
		{ 429,
			"{\"kind\":\"Status\",\"reason\":\"TooManyRequests\","
			"\"details\":{\"retryAfterSeconds\":7}}",
			EBUSY, false, 7, "the API server answers 429 TooManyRequests" },
		{ 403, "{\"kind\":\"Status\",\"message\":\"\\u001b[2J\",\"reason\":\"Forbidden\"}",
			EPERM, false, 0, "the API server answers 403 Forbidden: \\x1b[2J" },
		{ 403, "{\"kind\":\"Status\",\"reason\":\"\\u001b[2J\\nok\"}", EPERM, false, 0,
			"the API server answers 403 \\x1b[2J\\x0aok" },
		{ 404, "\"404 page not found\"", ENOENT, false, 0, "the API server answers 404" },
		{ 502, NULL, EIO, false, 0, "the API server answers 502" },
		{ 422, "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"x\"}", EINVAL,
			false, 0, "the API server answers 422 Invalid: x" },
		{ 504, "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":-1}}", ETIMEDOUT,
			false, 0, "the API server answers 504" },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		json_t *body =
			answers[i].body ? json_loads(answers[i].body, JSON_DECODE_ANY, NULL) : NULL;
		struct pale_err *err = NULL;
		struct kube_status s;

		assert_int_equal(
			kube_status_fail(answers[i].code, body, &s, &err), -answers[i].number);
		assert_string_equal(pale_err_text(err), answers[i].text);
		assert_int_equal(kube_status_is_expired(&s), answers[i].expired);
		assert_int_equal(s.retry_after_us, answers[i].after_s * 1000000);
		pale_err_free(err);
		json_decref(body);
	}
}

static void waits_grow_and_differ(void **state)
{
	struct kube_backoff b = { .min_us = 1000, .max_us = 8000 };
	static const uint64_t most[] = { 1000, 2000, 4000, 8000, 8000, 8000 };

	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++)
		assert_int_equal(kube_backoff_next(&b, 0, UINT64_MAX), most[i]);
	kube_backoff_reset(&b);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++)
		assert_int_equal(kube_backoff_next(&b, 0, 0), most[i] / 2);
	/* However many failures there were. */
	b.failures = UINT32_MAX;
	assert_int_equal(kube_backoff_next(&b, 0, UINT64_MAX), 8000);
}

static void the_server_says_how_long_to_wait(void **state)
{
	struct kube_backoff b = { .min_us = 1000, .max_us = 8000 };

	assert_int_equal(kube_backoff_next(&b, 50000, 0), 50000);
	assert_int_equal(kube_backoff_next(&b, 50000, UINT64_MAX), 55000);
	/* Not for ever. */
	assert_int_equal(kube_backoff_next(&b, UINT64_MAX / 2, 0), UINT64_C(600000000));
	/* A shorter one is no reason to come back sooner. */
	b.failures = 10;
	assert_int_equal(kube_backoff_next(&b, 10, 0), 4000);
}

static void times_are_the_api_s(void **state)
{
	char buffer[KUBE_TIME_BYTES];

	assert_string_equal(kube_time(0, buffer), "1970-01-01T00:00:00Z");
	assert_string_equal(kube_time(UINT64_C(1709164799999999), buffer), "2024-02-28T23:59:59Z");
	assert_string_equal(
		kube_micro_time(UINT64_C(1709164800000007), buffer), "2024-02-29T00:00:00.000007Z");
	assert_string_equal(kube_micro_time(UINT64_C(253402300799000000), buffer),
		"9999-12-31T23:59:59.000000Z");
}

static void paths_lead_nowhere_else(void **state)
{
	static const struct {
		struct kube_resource at;
		const char *path;
	} paths[] = {
		{ { .group_version = "v1", .plural = "pods" }, "/api/v1/pods" },
		{ { .group_version = "v1", .plural = "pods", .namespace = "shop" },
			"/api/v1/namespaces/shop/pods" },
		{ { "pale.dev/v1alpha1", "paleprofiles", NULL, "web", "status" },
			"/apis/pale.dev/v1alpha1/paleprofiles/web/status" },
		{ { "v1", "secrets", "a/../../kube-system", "x?watch=1", NULL },
			"/api/v1/namespaces/a%2F..%2F..%2Fkube-system/secrets/x%3Fwatch%3D1" },
		{ { "v1", "pods", "..", ".", NULL }, "/api/v1/namespaces/%2E%2E/pods/%2E" },
		{ { "rbac.authorization.k8s.io/v1", "clusterroles", NULL, "system:node", NULL },
			"/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode" },
	};
	_cleanup_(text_release) struct text query = TEXT_INIT;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		kube_path(&t, &paths[i].at);
		assert_string_equal(text_str(&t), paths[i].path);
	}
	text_puts(&query, "/api/v1/pods");
	kube_query(&query, "fieldSelector", "spec.nodeName=a&b");
	kube_query(&query, "limit", "5");
	assert_string_equal(
		text_str(&query), "/api/v1/pods?fieldSelector=spec.nodeName%3Da%26b&limit=5");
}

static void discovery_knows_what_is_offered(void **state)
{
	struct kube_discovery *d = kube_discovery_new(
		json_pack("{s:s, s:s, s:s}", "major", "1", "minor", "29+", "gitVersion", "v1.29.4"),
		json_pack("{s:{s:[{s:s}, {s:s}]}}", "v1", "resources", "name", "pods", "name",
			"pods/ephemeralcontainers"));

	assert_true(kube_discovery_offers(d, "v1", "pods/ephemeralcontainers"));
	assert_false(kube_discovery_offers(d, "v1", "pods/log"));
	assert_false(kube_discovery_offers(
		d, "admissionregistration.k8s.io/v1", "validatingadmissionpolicies"));
	assert_true(kube_discovery_is_since(d, 1, 29));
	assert_true(kube_discovery_is_since(d, 0, 99));
	assert_false(kube_discovery_is_since(d, 1, 30));
	assert_string_equal(kube_discovery_version(d), "v1.29.4");
	kube_discovery_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_may_be_cut_at_any_byte),
		cmocka_unit_test(a_line_without_end_is_given_up),
		cmocka_unit_test(an_event_needs_an_object_and_a_version),
		cmocka_unit_test(a_nul_in_a_string_breaks_nothing),
		cmocka_unit_test(a_status_says_why),
		cmocka_unit_test(waits_grow_and_differ),
		cmocka_unit_test(the_server_says_how_long_to_wait),
		cmocka_unit_test(times_are_the_api_s),
		cmocka_unit_test(paths_lead_nowhere_else),
		cmocka_unit_test(discovery_knows_what_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
