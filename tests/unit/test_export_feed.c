/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of events between paled and the outputs: had once, folded, counted. */
#include "enforcer/export/feed.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/fold.h"
#include "enforcer/export/http_answer.h"
#include "enforcer/export/node_status.h"
#include "enforcer/export/violation_counts.h"
#include "enforcer/report_time.h"
#include "tests/unit/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define S   UINT64_C(1000000000)
#define NOW (UINT64_C(1800000000) * S)

static char path[64];

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/pale-seen-XXXXXX");
	fd = mkstemp(path);
	close(fd);
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return 0;
}

static struct seen *open_seen(uint64_t now)
{
	struct pale_err *err = NULL;
	struct seen *s = NULL;

	if (seen_open(path, S, now, &s, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	return s;
}

/* Milliseconds; how many it expects in @expected. */
static size_t expected;

static uint64_t ask(struct seen *s, uint64_t now)
{
	return seen_ask_again(s, now, &expected);
}

static struct seen_event event_at(uint64_t time_ns, const char *line)
{
	return seen_event_of(line, strlen(line), time_ns);
}

static void what_was_had_is_left_out(void **state)
{
	struct seen *s = open_seen(NOW);
	struct seen_event a = event_at(NOW, "a"), b = event_at(NOW + S, "b");

	/* Of the first start on. */
	assert_int_equal(ask(s, NOW), (NOW - SEEN_SLACK_NS - 2 * S) / 1000000);
	assert_int_equal(expected, 0);
	assert_true(seen_take(s, &a));
	/* Two that are alike are two. */
	assert_true(seen_take(s, &a));
	assert_true(seen_take(s, &b));
	assert_int_equal(ask(s, NOW + 100 * S), (NOW + S - SEEN_SLACK_NS - 2 * S) / 1000000);
	assert_false(seen_take(s, &a));
	assert_false(seen_take(s, &b));
	assert_false(seen_take(s, &a));
	assert_true(seen_take(s, &a));
	assert_int_equal(expected, 3);
	/* A clock that was ahead. */
	assert_int_equal(ask(s, NOW - 50 * S), (NOW - 50 * S - SEEN_SLACK_NS - 2 * S) / 1000000);
	seen_free(s);
}

static void a_start_knows_what_was_passed_on(void **state)
{
	struct seen_event a = event_at(NOW, "a"), b = event_at(NOW + 1, "b");
	struct seen *s = open_seen(NOW);

	assert_true(seen_take(s, &a));
	assert_true(seen_take(s, &b));
	assert_true(seen_passed_on(s, &a, 1));
	seen_free(s);
	/* Half a record. */
	assert_int_equal(truncate(path, 2 * sizeof(a) + 5), 0);
	s = open_seen(NOW + 500 * S);
	assert_int_equal(ask(s, NOW + 500 * S), (NOW - SEEN_SLACK_NS - 2 * S) / 1000000);
	assert_false(seen_take(s, &a));
	assert_true(seen_take(s, &b));
	assert_true(seen_passed_on(s, &b, 1));
	seen_free(s);
	s = open_seen(NOW + 500 * S);
	ask(s, NOW + 500 * S);
	assert_false(seen_take(s, &a));
	assert_false(seen_take(s, &b));
	seen_free(s);
}

static void its_file_stays_small(void **state)
{
	struct seen *s = open_seen(NOW);
	struct seen_event last = { 0 };
	struct stat st;

	for (uint64_t i = 0; i < 400000; i++) {
		last = (struct seen_event){ NOW + i * S / 1000, i * UINT64_C(0x9e3779b97f4a7c15) };
		assert_true(seen_take(s, &last));
		assert_true(seen_passed_on(s, &last, 1));
	}
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 4 << 20);
	seen_free(s);
	s = open_seen(NOW);
	ask(s, NOW + 1000 * S);
	assert_false(seen_take(s, &last));
	seen_free(s);
}

struct folded {
	size_t n;
	uint64_t sum, lost, of, most;
	char last[64];
};

static void take_folded(void *ctx, json_t *event, const struct seen_event *of, size_t n)
{
	struct folded *f = ctx;
	json_int_t lost = json_integer_value(json_object_get(event, "lost"));

	f->n++;
	f->sum += event_count(event);
	f->lost += (uint64_t)lost;
	f->of += n;
	assert_int_equal(event_count(event), n);
	if (n > f->most) {
		f->most = n;
		snprintf(f->last, sizeof(f->last), "%s", event_field_string(event, FIELD_LAST));
	}
	json_decref(event);
}

static json_t *violation(uint64_t time_ns, const char *object, const char *outcome)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:i}", "time", report_time_json(time_ns),
		"kind", "violation", "object", object, "outcome", outcome, "operation", "write",
		"lost", 1);
}

static void what_is_alike_is_folded(void **state)
{
	struct folded got = { 0 };
	struct fold *f = fold_new(2 * S, take_folded, &got);
	struct seen_event of = { NOW, 1 };

	for (int i = 0; i < 5; i++)
		fold_take(f, violation(NOW + (uint64_t)i, "/x", "refused"), &of, 10 * S);
	fold_take(f, violation(NOW, "/x", "audited"), &of, 10 * S);
	fold_take(f, violation(NOW, "/y", "refused"), &of, 11 * S);
	fold_take(f, json_pack("{s:s}", "kind", "registered"), &of, 11 * S);
	assert_int_equal(got.n, 1);
	assert_int_equal(fold_due_ns(f), 12 * S);
	fold_expire(f, 12 * S - 1);
	assert_int_equal(got.n, 1);
	fold_expire(f, 12 * S);
	assert_int_equal(got.n, 3);
	assert_int_equal(got.most, 5);
	assert_string_equal(got.last, "2027-01-15T08:00:00.000000004Z");
	/* By their own times, too: what is read from a log comes fast. */
	of.time_ns = NOW + 2 * S;
	fold_take(f, violation(NOW + 2 * S, "/z", "refused"), &of, 11 * S);
	assert_int_equal(got.n, 4);
	fold_expire(f, UINT64_MAX);
	assert_int_equal(got.n, 5);
	assert_int_equal(got.sum, 9);
	assert_int_equal(got.lost, 8);
	assert_int_equal(fold_due_ns(f), UINT64_MAX);
	fold_free(f);
}

static void no_count_is_lost(void **state)
{
	struct folded got = { 0 };
	struct fold *f = fold_new(S, take_folded, &got);

	random_seed(11);
	for (uint64_t i = 0; i < 50000; i++) {
		struct seen_event of = { NOW + i * 1000000, i };
		char object[32];

		/* Now many that are different, more than are held, now few. */
		snprintf(object, sizeof(object), "/%" PRIu32,
			random_below(i / 10000 % 2 ? 20000 : 10));
		fold_take(f, violation(of.time_ns, object, "refused"), &of, i * 1000);
		if (random_below(100) == 0)
			fold_expire(f, i * 1000);
	}
	fold_expire(f, UINT64_MAX);
	assert_int_equal(got.sum, 50000);
	assert_int_equal(got.of, 50000);
	assert_int_equal(got.lost, 50000);
	assert_true(got.n < 30000);
	fold_free(f);
}

static void nothing_is_folded_without_a_window(void **state)
{
	struct folded got = { 0 };
	struct fold *f = fold_new(0, take_folded, &got);
	struct seen_event of = { NOW, 1 };

	for (int i = 0; i < 3; i++)
		fold_take(f, violation(NOW, "/x", "refused"), &of, 0);
	assert_int_equal(got.n, 3);
	fold_free(f);
}

static void lines_of_paled_are_understood(void **state)
{
	static const struct {
		const char *line;
		bool ok, event;
		uint64_t missed;
		const char *refused;
	} lines[] = {
		{ "{\"ok\":true,\"continues\":true,\"event\":{\"kind\":\"x\"}}", true, true, 0,
			NULL },
		{ "{\"ok\":true,\"missed\":7}", true, false, 7, NULL },
		{ "{\"ok\":false,\"error\":\"no\"}", true, false, 0, "no" },
		{ "{\"ok\":false}", true, false, 0, "paled refuses, and does not say why" },
		{ "{\"ok\":true,\"event\":{}}", false, false, 0, NULL },
		{ "{\"ok\":true,\"event\":[]}", false, false, 0, NULL },
		{ "{\"ok\":true,\"missed\":-7}", false, false, 0, NULL },
		{ "{\"ok\":true,\"missed\":0}", false, false, 0, NULL },
		{ "{\"ok\":true}", false, false, 0, NULL },
		{ "[]", false, false, 0, NULL },
		{ "", false, false, 0, NULL },
		{ "{\"event\":{\"kind\":\"x\"},\"event\":{\"kind\":\"y\"}}", false, false, 0,
			NULL },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct feed_line l;

		assert_int_equal(feed_parse(lines[i].line, strlen(lines[i].line), &l), lines[i].ok);
		assert_int_equal(l.event != NULL, lines[i].event);
		assert_int_equal(l.missed, lines[i].missed);
		if (lines[i].refused)
			assert_string_equal(l.refused, lines[i].refused);
		else
			assert_null(l.refused);
		feed_line_release(&l);
	}
}

static uint64_t lines_of(const struct violation_counts *c, struct text *t)
{
	uint64_t n = 0;

	violation_counts_print(c, "m", t);
	for (size_t i = 0; i < t->len; i++)
		n += t->s[i] == '\n';
	return n;
}

static void names_of_others_do_not_multiply_series(void **state)
{
	static const char *const invalid[] = { "a b", "a\"b", "a\nb", "\x1b[31m", "ü",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	_cleanup_(text_release) struct text t = TEXT_INIT, few = TEXT_INIT;
	struct violation_counts *c = violation_counts_new();

	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++) {
		json_t *e = json_pack("{s:s, s:s, s:s, s:s, s:i, s:{s:s}}", "kind", "violation",
			"profile", invalid[i], "operation", "exec", "outcome", "killed", "count", 2,
			"container", "namespace", invalid[i]);

		violation_counts_take(c, e);
		json_decref(e);
	}
	lines_of(c, &few);
	assert_string_equal(text_str(&few), "m{namespace=\"(invalid)\",profile=\"(invalid)\",class="
					    "\"process\",action=\"killed\"} 12\n");
	for (int i = 0; i < 5000; i++) {
		char name[32];
		json_t *e;

		snprintf(name, sizeof(name), "n%d", i);
		e = json_pack("{s:s, s:s, s:s, s:s}", "kind", "violation", "profile", name,
			"operation", "nonsense", "outcome", "nonsense");
		violation_counts_take(c, e);
		json_decref(e);
	}
	assert_int_equal(lines_of(c, &t), VIOLATION_SERIES_MAX + 1);
	assert_non_null(strstr(text_str(&t), "m{namespace=\"(other)\",profile=\"(other)\",class="
					     "\"other\",action=\"other\"} 4801\n"));
	violation_counts_free(c);
}

static void labels_are_escaped(void **state)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	metric_label(&t, "a\"b\\c\nd\x1b");
	assert_string_equal(text_str(&t), "a\\\"b\\\\c\\\\x0ad\\\\x1b");
}

static void answers_of_otlp_are_read(void **state)
{
	static const struct {
		const char *body;
		uint64_t n;
	} bodies[] = {
		{ "", 0 },
		{ "{}", 0 },
		{ "no", 0 },
		{ "{\"partialSuccess\":{}}", 0 },
		{ "{\"partialSuccess\":{\"rejectedLogRecords\":\"5\"}}", 5 },
		{ "{\"partialSuccess\":{\"rejectedLogRecords\":6}}", 6 },
		{ "{\"partialSuccess\":{\"rejectedLogRecords\":\"-6\"}}", 0 },
		{ "{\"partialSuccess\":[]}", 0 },
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		assert_int_equal(
			http_answer_rejected(bodies[i].body, strlen(bodies[i].body)), bodies[i].n);
	for (long status = 100; status < 600; status++)
		assert_false(http_answer_is_success(status) && http_answer_is_refusal(status));
	assert_true(http_answer_is_refusal(400) && !http_answer_is_refusal(401) &&
		    !http_answer_is_refusal(429) && !http_answer_is_refusal(503));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_had_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_start_knows_what_was_passed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(its_file_stays_small, setup, teardown),
		cmocka_unit_test(what_is_alike_is_folded),
		cmocka_unit_test(no_count_is_lost),
		cmocka_unit_test(nothing_is_folded_without_a_window),
		cmocka_unit_test(lines_of_paled_are_understood),
		cmocka_unit_test(names_of_others_do_not_multiply_series),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(answers_of_otlp_are_read),
	};

	return cmocka_run_group_tests_name("export_feed", tests, NULL, NULL);
}
