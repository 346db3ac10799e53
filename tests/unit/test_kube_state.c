/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch remembers of objects, and what a lease lets its candidates do. */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lease_record.h"
#include "operator/kube/kube_objects.h"
#include "tests/unit/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void note_gone(void *ctx, const struct kube_object_id *id)
{
	text_printf(ctx, "%s/%s %s\n", id->namespace, id->name, id->uid);
}

static enum kube_object_news see(struct kube_objects *o, const char *namespace, const char *name,
	const char *uid, const char *version)
{
	struct kube_object_id id = { namespace, name, uid };
	_cleanup_free_ char *old = NULL;

	return kube_objects_see(o, &id, version, &old);
}

static void a_version_is_told_once(void **state)
{
	struct kube_objects *o = kube_objects_new();
	char *old = NULL;

	assert_int_equal(see(o, "a", "x", "1", "7"), KUBE_OBJECT_NEW);
	assert_int_equal(see(o, "a", "x", "1", "7"), KUBE_OBJECT_SAME);
	assert_int_equal(see(o, "a", "x", "1", "8"), KUBE_OBJECT_NEW);
	/* Names with the same letters, elsewhere. */
	assert_int_equal(see(o, "", "x", "2", "7"), KUBE_OBJECT_NEW);
	assert_int_equal(kube_objects_see(o, &(struct kube_object_id){ "a", "x", "3" }, "8", &old),
		KUBE_OBJECT_REPLACED);
	assert_string_equal(old, "1");
	free(old);
	old = kube_objects_forget(o, &(struct kube_object_id){ "a", "x", "" });
	assert_string_equal(old, "3");
	free(old);
	assert_null(kube_objects_forget(o, &(struct kube_object_id){ "a", "x", "" }));
	assert_int_equal(kube_objects_count(o), 1);
	kube_objects_free(o);
}

static void a_list_tells_what_is_gone(void **state)
{
	struct kube_objects *o = kube_objects_new();
	_cleanup_(text_release) struct text gone = TEXT_INIT;

	kube_objects_begin_list(o);
	see(o, "a", "x", "1", "7");
	see(o, "a", "y", "2", "7");
	kube_objects_sweep(o, note_gone, &gone);
	assert_string_equal(text_str(&gone), "");
	/* Seen by a watch, it belongs to the list before. */
	see(o, "a", "z", "3", "9");
	kube_objects_begin_list(o);
	see(o, "a", "x", "1", "7");
	kube_objects_sweep(o, note_gone, &gone);
	assert_non_null(strstr(text_str(&gone), "a/y 2\n"));
	assert_non_null(strstr(text_str(&gone), "a/z 3\n"));
	assert_int_equal(gone.len, 12);
	assert_int_equal(kube_objects_count(o), 1);
	kube_objects_free(o);
}

#define NAMES 300

struct model {
	bool there[NAMES];
	unsigned int uid[NAMES], version[NAMES], list[NAMES], lists;
};

struct sweep {
	struct model *model;
	unsigned int gone;
};

static void check_gone(void *ctx, const struct kube_object_id *id)
{
	struct sweep *s = ctx;
	unsigned int i = (unsigned int)strtoul(id->name + 1, NULL, 10);

	assert_true(s->model->there[i]);
	assert_int_not_equal(s->model->list[i], s->model->lists);
	assert_int_equal(strtoul(id->uid, NULL, 10), s->model->uid[i]);
	s->model->there[i] = false;
	s->gone++;
}

static enum kube_object_news model_see(
	struct model *m, unsigned int i, unsigned int uid, unsigned int version)
{
	enum kube_object_news news = !m->there[i]		? KUBE_OBJECT_NEW
				     : m->uid[i] != uid		? KUBE_OBJECT_REPLACED
				     : m->version[i] != version ? KUBE_OBJECT_NEW
								: KUBE_OBJECT_SAME;

	m->there[i] = true;
	m->uid[i] = uid;
	m->version[i] = version;
	m->list[i] = m->lists;
	return news;
}

/* Against arrays that are as simple as can be. */
static void any_order_of_events_is_kept(void **state)
{
	struct model m = { 0 };
	struct kube_objects *o = kube_objects_new();

	random_seed(1);
	for (unsigned int step = 0; step < 50000; step++) {
		unsigned int i = random_below(NAMES);
		unsigned int uid = random_below(2);
		unsigned int version = random_below(3);
		char name[16], uid_text[16], version_text[16];

		snprintf(name, sizeof(name), "n%u", i);
		snprintf(uid_text, sizeof(uid_text), "%u", uid);
		snprintf(version_text, sizeof(version_text), "%u", version);
		if (step % 1000 == 999) {
			struct sweep s = { &m, 0 };
			uint32_t before = kube_objects_count(o);

			kube_objects_sweep(o, check_gone, &s);
			assert_int_equal(kube_objects_count(o), before - s.gone);
			kube_objects_begin_list(o);
			m.lists++;
		} else if (random_below(4) == 0) {
			struct kube_object_id id = { "ns", name, "" };
			_cleanup_free_ char *old = kube_objects_forget(o, &id);

			assert_int_equal(old != NULL, m.there[i]);
			m.there[i] = false;
		} else {
			assert_int_equal(see(o, "ns", name, uid_text, version_text),
				model_see(&m, i, uid, version));
		}
	}
	kube_objects_free(o);
}

static json_t *lease(const char *version, const char *holder, int seconds, int transitions)
{
	return json_pack("{s:{s:s}, s:{s:s, s:i, s:i, s:s, s:s}}", "metadata", "resourceVersion",
		version, "spec", "holderIdentity", holder, "leaseDurationSeconds", seconds,
		"leaseTransitions", transitions, "acquireTime", "2020-01-01T00:00:00.000000Z",
		"renewTime", "2020-01-01T00:00:00.000000Z");
}

static void show(struct kube_lease_record *r, json_t *l, uint64_t now_us)
{
	kube_lease_record_see(r, l, now_us);
	json_decref(l);
}

#define S UINT64_C(1000000)

static void only_our_own_clock_says_that_a_lease_ran_out(void **state)
{
	struct kube_lease_record r = { 0 };

	assert_true(kube_lease_record_is_free(&r, "me", 0));
	/* Its renewTime is years ago. */
	show(&r, lease("7", "other", 15, 0), 100 * S);
	assert_false(kube_lease_record_is_free(&r, "me", 100 * S));
	assert_true(kube_lease_record_is_free(&r, "other", 100 * S));
	show(&r, lease("7", "other", 15, 0), 114 * S);
	assert_false(kube_lease_record_is_free(&r, "me", 115 * S - 1));
	assert_true(kube_lease_record_is_free(&r, "me", 115 * S));
	/* Renewed, it begins anew. */
	show(&r, lease("8", "other", 15, 0), 115 * S);
	assert_false(kube_lease_record_is_free(&r, "me", 129 * S));
	/* It says itself how long it lasts; nothing, or nonsense, is no time at all. */
	show(&r, lease("9", "other", -1, 0), 200 * S);
	assert_true(kube_lease_record_is_free(&r, "me", 200 * S));
	show(&r, lease("10", "", 15, 0), 300 * S);
	assert_true(kube_lease_record_is_free(&r, "me", 300 * S));
	kube_lease_record_release(&r);
}

static const char *spec_string(const json_t *l, const char *key)
{
	return kube_json_string(l, (const char *const[]){ "spec", key, NULL });
}

static json_int_t spec_number(const json_t *l, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(l, "spec"), key));
}

static void what_is_written_says_who_and_since_when(void **state)
{
	static const char now[] = "2024-02-29T00:00:00.000007Z";
	struct kube_lease_record r = { 0 };
	uint64_t now_us = UINT64_C(1709164800000007);
	json_t *l = kube_lease_record_taken(&r, "ns", "n", "me", 15 * S, now_us);

	assert_string_equal(kube_json_id(l).namespace, "ns");
	assert_string_equal(kube_json_version(l), "");
	assert_string_equal(spec_string(l, "acquireTime"), now);
	assert_int_equal(spec_number(l, "leaseTransitions"), 0);
	json_decref(l);
	/* Another one's: ours from now on, and only in the version that was seen. */
	show(&r, lease("7", "other", 30, 4), 1);
	l = kube_lease_record_taken(&r, "ns", "n", "me", 15 * S, now_us);
	assert_string_equal(kube_json_version(l), "7");
	assert_string_equal(spec_string(l, "holderIdentity"), "me");
	assert_string_equal(spec_string(l, "acquireTime"), now);
	assert_string_equal(spec_string(l, "renewTime"), now);
	assert_int_equal(spec_number(l, "leaseTransitions"), 5);
	assert_int_equal(spec_number(l, "leaseDurationSeconds"), 15);
	json_decref(l);
	/* Renewed: since when stays. */
	show(&r, lease("8", "me", 15, 5), 1);
	l = kube_lease_record_taken(&r, "ns", "n", "me", 15 * S, now_us);
	assert_string_equal(spec_string(l, "acquireTime"), "2020-01-01T00:00:00.000000Z");
	assert_string_equal(spec_string(l, "renewTime"), now);
	assert_int_equal(spec_number(l, "leaseTransitions"), 5);
	json_decref(l);
	/* Given back. */
	l = kube_lease_record_taken(&r, "ns", "n", "", 15 * S, now_us);
	assert_string_equal(spec_string(l, "holderIdentity"), "");
	assert_int_equal(spec_number(l, "leaseDurationSeconds"), 1);
	assert_int_equal(spec_number(l, "leaseTransitions"), 5);
	json_decref(l);
	kube_lease_record_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_told_once),
		cmocka_unit_test(a_list_tells_what_is_gone),
		cmocka_unit_test(any_order_of_events_is_kept),
		cmocka_unit_test(only_our_own_clock_says_that_a_lease_ran_out),
		cmocka_unit_test(what_is_written_says_who_and_since_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
