/* SPDX-License-Identifier: Apache-2.0 */
/* The staged rollout over simulated days, and what must hold on every day that can be. */
#include "operator/controller/rollout.h"

#include "operator/cluster/canary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"
#include "random.h"

#define NOON   INT64_C(1764158400) /* 2025-11-26T12:00:00Z */
#define MINUTE 60
#define HOUR   3600
#define DIGEST "0123456789abcdef"

struct simulation {
	struct rollout r;
	struct rollout_spec spec;
	struct rollout_view view;
	struct text told; /* "h12 N RolloutStepped …" */
};

static void start(struct simulation *s, uint32_t hours, uint32_t percent, int64_t max)
{
	*s = (struct simulation){
		.spec = { true, hours, percent, max },
		.view = { NOON, DIGEST, 3, 3, 10, 0 },
	};
}

static void step(struct simulation *s)
{
	struct event_list events = { 0 };

	rollout_step(&s->r, &s->spec, &s->view, &events);
	for (size_t i = 0; i < events.n; i++)
		text_printf(&s->told, "h%d %c %s %s\n", (int)((s->view.now - NOON) / HOUR),
			events.v[i].warning ? 'W' : 'N', events.v[i].reason, events.v[i].message);
	event_list_release(&events);
}

/* Looks once a minute for @hours. */
static void pass(struct simulation *s, int hours)
{
	for (int i = 0; i < hours * 60; i++) {
		step(s);
		s->view.now += MINUTE;
	}
	step(s);
}

static void assert_phase(const struct simulation *s, enum rollout_phase phase)
{
	assert_string_equal(rollout_phase_names[s->r.phase], rollout_phase_names[phase]);
}

static void assert_told(struct simulation *s, const char *want)
{
	assert_string_equal(text_str(&s->told), want);
	text_release(&s->told);
}

#define STARTED                                                                                    \
	"h0 N RolloutStarted digest 0123456789ab is audited until there were 24 clean hours\n"
#define KEEP "running containers keep their mode\n"

static void all_phases_in_quiet_days(void **state)
{
	struct simulation s;

	start(&s, 24, 10, 5);
	pass(&s, 23);
	assert_phase(&s, ROLLOUT_AUDIT);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_CANARY);
	assert_int_equal(s.r.canary_percent, 10);
	pass(&s, 23);
	assert_phase(&s, ROLLOUT_CANARY);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_ENFORCE);
	pass(&s, 24);
	assert_phase(&s, ROLLOUT_COMPLETE);
	pass(&s, 100);
	assert_told(&s, STARTED
		"h24 N RolloutStepped 24 clean hours: from Audit to Canary, some new pods are "
		"under enforce; " KEEP
		"h48 N RolloutStepped 24 clean hours: from Canary to Enforce, all new pods are "
		"under enforce; " KEEP
		"h72 N RolloutStepped 24 clean hours: from Enforce to Complete, enforced for "
		"good; " KEEP);
}

static void phases_that_are_not_asked_for_are_left_out(void **state)
{
	static const struct {
		uint32_t percent;
		int64_t max;
		enum rollout_phase phases[3];
	} cases[] = {
		{ 0, -1, { ROLLOUT_COMPLETE, ROLLOUT_COMPLETE, ROLLOUT_COMPLETE } },
		{ 0, 0, { ROLLOUT_ENFORCE, ROLLOUT_COMPLETE, ROLLOUT_COMPLETE } },
		{ 5, -1, { ROLLOUT_CANARY, ROLLOUT_COMPLETE, ROLLOUT_COMPLETE } },
		{ 5, 0, { ROLLOUT_CANARY, ROLLOUT_ENFORCE, ROLLOUT_COMPLETE } },
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct simulation s;

		start(&s, 2, cases[i].percent, cases[i].max);
		for (size_t k = 0; k < N(cases[i].phases); k++) {
			pass(&s, 2);
			assert_phase(&s, cases[i].phases[k]);
		}
		text_release(&s.told);
	}
}

static void a_violation_begins_the_hours_anew(void **state)
{
	struct simulation s;

	start(&s, 24, 10, -1);
	pass(&s, 20);
	s.view.violations = 1;
	pass(&s, 1);
	s.view.violations = 0;
	pass(&s, 23);
	assert_phase(&s, ROLLOUT_AUDIT);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_CANARY);
	/* Without a rate nothing goes back, and nothing goes on either. */
	s.view.violations = 1000;
	pass(&s, 100);
	assert_phase(&s, ROLLOUT_CANARY);
	text_release(&s.told);
}

static void a_rate_of_violations_goes_back(void **state)
{
	struct simulation s;

	start(&s, 1, 10, 5);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_CANARY);
	s.view.violations = 5;
	step(&s);
	assert_phase(&s, ROLLOUT_CANARY);
	s.view.violations = 6;
	step(&s);
	assert_phase(&s, ROLLOUT_AUDIT);
	pass(&s, 10);
	assert_phase(&s, ROLLOUT_AUDIT);
	s.view.violations = 0;
	pass(&s, 2);
	assert_phase(&s, ROLLOUT_ENFORCE);
	s.view.violations = 7;
	step(&s);
	assert_phase(&s, ROLLOUT_AUDIT);
	s.view.violations = 0;
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_CANARY);
	s.view.violations = 8;
	step(&s);
	assert_phase(&s, ROLLOUT_HELD);
	s.view.violations = 0;
	pass(&s, 100);
	assert_phase(&s, ROLLOUT_HELD);
	assert_told(&s,
		"h0 N RolloutStarted digest 0123456789ab is audited until there were 1 clean "
		"hours\n"
		"h1 N RolloutStepped 1 clean hours: from Audit to Canary, some new pods are under "
		"enforce; " KEEP "h1 W RolloutSteppedBack 6 violations in an hour, and 5 are "
		"allowed: from Canary back "
		"to Audit; " KEEP
		"h12 N RolloutStepped 1 clean hours: from Audit to Canary, some new pods are under "
		"enforce; " KEEP "h13 N RolloutStepped 1 clean hours: from Canary to Enforce, all "
		"new pods are under "
		"enforce; " KEEP
		"h13 W RolloutSteppedBack 7 violations in an hour, and 5 are allowed: from Enforce "
		"back to Audit; " KEEP
		"h14 N RolloutStepped 1 clean hours: from Audit to Canary, some new pods are under "
		"enforce; " KEEP "h14 W RolloutSteppedBack 8 violations in an hour, and 5 are "
		"allowed: from Canary back "
		"to Held; " KEEP);
}

static void what_is_complete_cannot_be_made_to_go_back(void **state)
{
	struct simulation s;

	start(&s, 1, 0, 0);
	pass(&s, 2);
	assert_phase(&s, ROLLOUT_COMPLETE);
	s.view.violations = 1000000;
	pass(&s, 50);
	assert_phase(&s, ROLLOUT_COMPLETE);
	text_release(&s.told);
}

static void hours_do_not_count_while_nobody_could_see(void **state)
{
	struct simulation s;

	start(&s, 24, 0, -1);
	pass(&s, 20);
	s.view.nodes_ready = 2;
	pass(&s, 10);
	s.view.nodes_ready = 3;
	pass(&s, 1);
	s.view.pods = 0;
	pass(&s, 10);
	s.view.pods = 1;
	pass(&s, 2);
	/* The controller was off for a day, the clock went back and forth. */
	s.view.now += 24 * HOUR;
	step(&s);
	s.view.now -= 5 * HOUR;
	step(&s);
	s.view.now += 5 * HOUR;
	step(&s);
	assert_phase(&s, ROLLOUT_AUDIT);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_COMPLETE);
	assert_told(&s,
		STARTED "h20 W RolloutPaused 2 of 3 nodes are ready: hours do not count meanwhile\n"
			"h68 N RolloutStepped 24 clean hours: from Audit to Complete, enforced for "
			"good; " KEEP);
}

static void another_digest_begins_anew(void **state)
{
	struct simulation s;

	start(&s, 1, 0, -1);
	pass(&s, 1);
	assert_phase(&s, ROLLOUT_COMPLETE);
	s.view.digest = "";
	step(&s);
	assert_phase(&s, ROLLOUT_COMPLETE);
	s.spec.canary_percent = 50;
	s.spec.audit_hours = 100;
	step(&s);
	assert_phase(&s, ROLLOUT_COMPLETE);
	s.view.digest = "fedcba9876543210";
	step(&s);
	assert_phase(&s, ROLLOUT_AUDIT);
	assert_string_equal(s.r.digest, "fedcba9876543210");
	s.spec.wanted = false;
	step(&s);
	assert_phase(&s, ROLLOUT_NONE);
	text_release(&s.told);
}

static void nothing_begins_before_anything_is_compiled(void **state)
{
	struct simulation s;

	start(&s, 0, 0, -1);
	s.view.digest = "";
	pass(&s, 5);
	assert_phase(&s, ROLLOUT_NONE);
	assert_told(&s, "");
}

/* ---- in the object */

static void specs_are_read(void **state)
{
	static const struct {
		const char *spec;
		struct rollout_spec want;
	} cases[] = {
		{ "{}", { false, 24, 0, -1 } },
		{ "{\"rollout\":null}", { false, 24, 0, -1 } },
		{ "{\"rollout\":{}}", { true, 24, 0, -1 } },
		{ "{\"rollout\":{},\"mode\":\"audit\"}", { false, 24, 0, -1 } },
		{ "{\"mode\":\"enforce\",\"rollout\":{\"auditHours\":2,\"canaryPercent\":7,"
		  "\"maxViolationsPerHour\":3}}",
			{ true, 2, 7, 3 } },
		{ "{\"rollout\":{\"auditHours\":0,\"canaryPercent\":100,"
		  "\"maxViolationsPerHour\":0}}",
			{ true, 0, 100, 0 } },
		{ "{\"rollout\":{\"auditHours\":null,\"canaryPercent\":null}}",
			{ true, 24, 0, -1 } },
		{ "{\"rollout\":{\"auditHours\":-2,\"canaryPercent\":101,"
		  "\"maxViolationsPerHour\":-3}}",
			{ true, 876000, 1, 0 } },
		{ "{\"rollout\":{\"auditHours\":1e9,\"canaryPercent\":\"x\","
		  "\"maxViolationsPerHour\":\"5\"}}",
			{ true, 876000, 1, 0 } },
		{ "{\"rollout\":\"soon\"}", { true, 24, 0, -1 } },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *spec = json_loads(cases[i].spec, 0, NULL);
		struct rollout_spec got;

		rollout_spec_read(spec, &got);
		assert_int_equal(got.wanted, cases[i].want.wanted);
		assert_int_equal(got.audit_hours, cases[i].want.audit_hours);
		assert_int_equal(got.canary_percent, cases[i].want.canary_percent);
		assert_int_equal(got.max_per_hour, cases[i].want.max_per_hour);
	}
}

static void the_status_has_all_of_it(void **state)
{
	_cleanup_json_ json_t *status = json_object();
	struct rollout back;
	struct simulation s;

	start(&s, 24, 100, 5);
	pass(&s, 30);
	s.view.nodes_ready = 2;
	step(&s);
	rollout_write(&s.r, &s.spec, NULL, status);
	assert_json(status,
		"{\"mode\":\"audit\",\"rollout\":{\"phase\":\"Canary\",\"digest\":\"" DIGEST "\","
		"\"since\":\"2025-11-27T12:00:00Z\",\"observed\":\"2025-11-27T18:00:00Z\","
		"\"cleanSeconds\":21600,\"stepsBack\":0,\"canaryPercent\":100,"
		"\"paused\":\"NodesNotReady\","
		"\"message\":\"6 of 24 clean hours; waiting for nodes that are not ready\"}}");
	rollout_read(status, &back);
	assert_memory_equal(&back, &s.r, sizeof(back));
	text_release(&s.told);
}

static void modes_are_those_of_the_phases(void **state)
{
	static const struct {
		const char *spec;
		enum rollout_phase phase;
		const char *mode;
	} cases[] = {
		{ "{}", ROLLOUT_NONE, "enforce" },
		{ "{\"mode\":\"enforce\"}", ROLLOUT_NONE, "enforce" },
		{ "{\"mode\":\"audit\"}", ROLLOUT_NONE, "audit" },
		{ "{\"rollout\":{}}", ROLLOUT_NONE, "audit" },
		{ "{\"rollout\":{}}", ROLLOUT_AUDIT, "audit" },
		{ "{\"rollout\":{}}", ROLLOUT_CANARY, "audit" },
		{ "{\"rollout\":{}}", ROLLOUT_ENFORCE, "enforce" },
		{ "{\"rollout\":{}}", ROLLOUT_COMPLETE, "enforce" },
		{ "{\"rollout\":{}}", ROLLOUT_HELD, "audit" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *spec = json_loads(cases[i].spec, 0, NULL);
		_cleanup_json_ json_t *status = json_pack("{s:{}}", "rollout");
		struct rollout r = { .phase = cases[i].phase, .digest = DIGEST };
		struct rollout_spec of;

		rollout_spec_read(spec, &of);
		rollout_write(&r, &of, spec, status);
		assert_string_equal(text_of(status, "mode"), cases[i].mode);
		assert_int_equal(
			json_object_get(status, "rollout") != NULL, cases[i].phase != ROLLOUT_NONE);
	}
}

static void damaged_states_begin_anew(void **state)
{
	static const char *const cases[] = { "{}", "{\"rollout\":7}", "{\"rollout\":{}}",
		"{\"rollout\":{\"phase\":\"Complete\",\"digest\":\"" DIGEST "\"}}",
		"{\"rollout\":{\"phase\":\"Complete\",\"digest\":\"" DIGEST "\",\"since\":\"x\","
		"\"observed\":\"2025-11-27T18:00:00Z\"}}",
		"{\"rollout\":{\"phase\":\"complete\",\"digest\":\"" DIGEST "\","
		"\"since\":\"2025-11-27T18:00:00Z\",\"observed\":\"2025-11-27T18:00:00Z\"}}" };

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *status = json_loads(cases[i], 0, NULL);
		struct simulation s;

		start(&s, 24, 0, -1);
		rollout_read(status, &s.r);
		step(&s);
		assert_phase(&s, ROLLOUT_AUDIT);
		assert_int_equal(s.r.clean, 0);
		text_release(&s.told);
	}
}

/* ---- canaries */

static void canaries_are_stable_and_as_many_as_asked_for(void **state)
{
	uint32_t n[101] = { 0 };

	for (int i = 0; i < 20000; i++) {
		char key[32];
		bool before = false;

		snprintf(key, sizeof(key), "shop/web-%d", i);
		for (uint32_t percent = 0; percent <= 100; percent++) {
			bool now = canary_is("web", key, percent);

			assert_true(now || !before);
			before = now;
			n[percent] += now;
		}
	}
	assert_int_equal(n[0], 0);
	assert_int_equal(n[100], 20000);
	assert_in_range(n[1], 120, 280);
	assert_in_range(n[10], 1800, 2200);
	assert_in_range(n[50], 9600, 10400);
	/* These are for ever: a change of the hash would move the pods of a running rollout. */
	assert_true(canary_is("web", "shop/web-3", 100));
	assert_int_equal(canary_is("web", "a", 50) + 2 * canary_is("web", "b", 50) +
				 4 * canary_is("db", "a", 50) + 8 * canary_is("db", "b", 50),
		1);
}

/* ---- what holds on every day */

/*
 * Random clocks, nodes, pods, violations and controllers that are killed between writes. Whatever
 * comes: whoever is under enforce got there after the clean hours, in which nothing above the rate
 * was seen and no node was missed; and what is above the rate goes back at that look.
 */
static void never_enforces_too_early_and_goes_back_at_once(void **state)
{
	for (int run = 0; run < 300; run++) {
		struct simulation s;
		_cleanup_json_ json_t *stored = json_object();
		struct rollout kept = { 0 };
		uint32_t hours = 1 + random_below(6);
		int64_t max = (int64_t)random_below(4) - 1, good = 0;
		bool was_noisy = false;

		start(&s, hours, random_below(2) * 20, max);
		for (int look = 0; look < 2000; look++) {
			enum rollout_phase before = s.r.phase;
			bool noisy, seen, was_seen = s.view.nodes_ready == 3 && s.view.pods;
			int64_t elapsed = random_below(random_below(50) ? 600 : 20000);

			/* The clock is set. */
			if (!random_below(100))
				elapsed = -elapsed * 10;
			s.view.now += elapsed;
			s.view.nodes_ready = random_below(30) ? 3 : 2;
			s.view.pods = random_below(40) != 0;
			s.view.violations = random_below(40) ? 0 : random_below(5);
			noisy = s.view.violations > (uint64_t)(max > 0 ? max : 0);
			seen = s.view.nodes_ready == 3 && s.view.pods;
			step(&s);
			if (noisy || !before)
				good = 0;
			else if (seen && was_seen && !was_noisy && elapsed >= 0 && elapsed <= HOUR)
				good += elapsed;
			was_noisy = noisy;
			if (noisy && max >= 0 &&
				(before == ROLLOUT_CANARY || before == ROLLOUT_ENFORCE))
				assert_true(
					s.r.phase == ROLLOUT_AUDIT || s.r.phase == ROLLOUT_HELD);
			if (s.r.phase > before && s.r.phase != ROLLOUT_HELD && before) {
				assert_true(seen && !noisy);
				assert_true(good >= (int64_t)hours * HOUR);
				assert_true(before != ROLLOUT_AUDIT ||
					    s.r.phase == (s.spec.canary_percent ? ROLLOUT_CANARY
								 : max >= 0	? ROLLOUT_ENFORCE
									    : ROLLOUT_COMPLETE));
				good = 0;
			}
			if (before == ROLLOUT_COMPLETE)
				assert_phase(&s, ROLLOUT_COMPLETE);
			if (rollout_must_write(&kept, &s.r)) {
				rollout_write(&s.r, &s.spec, NULL, stored);
				rollout_read(stored, &kept);
				assert_memory_equal(&kept, &s.r, sizeof(kept));
			}
			/* Killed: the successor has what was written, and no phase is lost. */
			if (!random_below(20)) {
				rollout_read(stored, &kept);
				assert_int_equal(kept.phase, s.r.phase);
				assert_true(kept.clean <= s.r.clean);
				assert_true(kept.observed <= s.r.observed);
				assert_true(s.r.observed - kept.observed < ROLLOUT_WRITE_INTERVAL ||
					    s.r.phase == ROLLOUT_COMPLETE ||
					    s.r.phase == ROLLOUT_HELD);
				s.r = kept;
			}
		}
		text_release(&s.told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_phases_in_quiet_days),
		cmocka_unit_test(phases_that_are_not_asked_for_are_left_out),
		cmocka_unit_test(a_violation_begins_the_hours_anew),
		cmocka_unit_test(a_rate_of_violations_goes_back),
		cmocka_unit_test(what_is_complete_cannot_be_made_to_go_back),
		cmocka_unit_test(hours_do_not_count_while_nobody_could_see),
		cmocka_unit_test(another_digest_begins_anew),
		cmocka_unit_test(nothing_begins_before_anything_is_compiled),
		cmocka_unit_test(specs_are_read),
		cmocka_unit_test(the_status_has_all_of_it),
		cmocka_unit_test(modes_are_those_of_the_phases),
		cmocka_unit_test(damaged_states_begin_anew),
		cmocka_unit_test(canaries_are_stable_and_as_many_as_asked_for),
		cmocka_unit_test(never_enforces_too_early_and_goes_back_at_once),
	};

	random_seed(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
