/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of namespaces, PaleProfiles and PaleBindings, and how it is found again. */
#include "compiler/base/cleanup.h"
#include "operator/cluster/cluster.h"
#include "tests/unit/random.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static json_t *json_of(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	if (!j)
		fail_msg("not JSON: %s", text);
	return j;
}

static void put(struct cluster *c, enum cluster_kind kind, const char *text)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *j = json_of(text);

	assert_int_equal(cluster_put(c, kind, j, &err), 0);
	json_decref(j);
}

static void what_selectors_match(void **state)
{
#define LABELS "{\"app\":\"web\",\"tier\":\"front\",\"empty\":\"\"}"
	static const struct {
		const char *selector, *labels;
		bool matches;
	} cases[] = {
		{ "{}", LABELS, true },
		{ "{}", NULL, true },
		{ "{\"matchLabels\":{}}", NULL, true },
		{ "{\"matchLabels\":{\"app\":\"web\"}}", LABELS, true },
		{ "{\"matchLabels\":{\"app\":\"we\"}}", LABELS, false },
		{ "{\"matchLabels\":{\"app\":\"web\",\"tier\":\"front\"}}", LABELS, true },
		{ "{\"matchLabels\":{\"app\":\"web\",\"tier\":\"back\"}}", LABELS, false },
		{ "{\"matchLabels\":{\"app\":\"web\"}}", NULL, false },
		{ "{\"matchLabels\":{\"empty\":\"\"}}", LABELS, true },
		{ "{\"matchLabels\":{\"absent\":\"\"}}", LABELS, false },
#define EXPRESSION(e) "{\"matchExpressions\":[" e "]}"
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"In\",\"values\":[\"a\",\"web\"]}"),
			LABELS, true },
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"In\",\"values\":[\"a\"]}"), LABELS,
			false },
		{ EXPRESSION("{\"key\":\"no\",\"operator\":\"In\",\"values\":[\"a\"]}"), LABELS,
			false },
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"a\"]}"), LABELS,
			true },
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"web\"]}"),
			LABELS, false },
		/* Where there is no label NotIn holds. */
		{ EXPRESSION("{\"key\":\"no\",\"operator\":\"NotIn\",\"values\":[\"a\"]}"), LABELS,
			true },
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"Exists\"}"), LABELS, true },
		{ EXPRESSION("{\"key\":\"empty\",\"operator\":\"Exists\"}"), LABELS, true },
		{ EXPRESSION("{\"key\":\"no\",\"operator\":\"Exists\"}"), LABELS, false },
		{ EXPRESSION("{\"key\":\"no\",\"operator\":\"DoesNotExist\"}"), LABELS, true },
		{ EXPRESSION("{\"key\":\"no\",\"operator\":\"DoesNotExist\",\"values\":[]}"),
			LABELS, true },
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"DoesNotExist\"}"), LABELS, false },
		/* All have to hold. */
		{ EXPRESSION("{\"key\":\"app\",\"operator\":\"Exists\"},"
			     "{\"key\":\"no\",\"operator\":\"Exists\"}"),
			LABELS, false },
		{ "{\"matchLabels\":{\"app\":\"web\"},\"matchExpressions\":"
		  "[{\"key\":\"tier\",\"operator\":\"DoesNotExist\"}]}",
			LABELS, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *selector = json_of(cases[i].selector);
		json_t *labels = cases[i].labels ? json_of(cases[i].labels) : NULL;
		struct label_selector s;
		struct pale_err *err = NULL;

		assert_int_equal(label_selector_read(selector, &s, &err), 0);
		if (label_selector_matches(&s, labels) != cases[i].matches)
			fail_msg("%s of %s", cases[i].selector, cases[i].labels);
		label_selector_release(&s);
		json_decref(selector);
		json_decref(labels);
	}
}

static void selectors_without_a_meaning(void **state)
{
	static const struct {
		const char *selector, *error;
	} cases[] = {
		{ "[]", "the selector is no object" },
		{ "{\"matchLabel\":{\"app\":\"web\"}}", "unknown member 'matchLabel'" },
		{ "{\"matchLabels\":[]}", "matchLabels is no object" },
		{ "{\"matchLabels\":{\"app\":1}}", "matchLabels: 'app' is no string" },
		{ "{\"matchExpressions\":{}}", "matchExpressions is no list" },
		{ EXPRESSION("1"), "matchExpressions has one without key or operator" },
		{ EXPRESSION("{\"key\":\"a\"}"),
			"matchExpressions has one without key or operator" },
		{ EXPRESSION("{\"key\":\"\",\"operator\":\"Exists\"}"),
			"matchExpressions has one without key or operator" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"Exists\",\"value\":\"b\"}"),
			"matchExpressions: unknown member 'value'" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"exists\"}"),
			"'a' has the operator 'exists', which is none of In, NotIn, Exists and "
			"DoesNotExist" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"In\"}"), "'a' In needs values" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[]}"),
			"'a' NotIn needs values" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"Exists\",\"values\":[\"b\"]}"),
			"'a' Exists takes no values" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"In\",\"values\":\"b\"}"),
			"values of 'a' is no list" },
		{ EXPRESSION("{\"key\":\"a\",\"operator\":\"In\",\"values\":[1]}"),
			"values of 'a' has one that is no string" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *selector = json_of(cases[i].selector);
		struct label_selector s;

		assert_int_equal(label_selector_read(selector, &s, &err), -EINVAL);
		assert_string_equal(pale_err_text(err), cases[i].error);
		label_selector_release(&s);
		json_decref(selector);
	}
}

static void namespaces(void **state)
{
	struct cluster c;
	const struct namespace *n;

	cluster_init(&c);
	put(&c, CLUSTER_NAMESPACE,
		"{\"metadata\":{\"name\":\"shop\",\"labels\":{\"pale.dev/inject\":\"enabled\"},"
		"\"annotations\":{\"pale.dev/default-profile\":\"web\",\"pale.dev/profile\":\"p\","
		"\"pale.dev/mode\":\"audit\",\"pale.dev/on-missing\":\"deny\"}}}");
	n = cluster_namespace(&c, "shop");
	assert_true(n->inject);
	assert_null(n->wrong);
	assert_string_equal(n->default_profile, "web");
	assert_string_equal(n->floor.profile, "p");
	assert_int_equal(n->floor.mode, MODE_AUDIT);
	assert_int_equal(n->floor.on_missing, MISSING_DENY);
	/* Another word than enabled is none. */
	put(&c, CLUSTER_NAMESPACE,
		"{\"metadata\":{\"name\":\"shop\",\"labels\":{\"pale.dev/inject\":\"true\"}}}");
	n = cluster_namespace(&c, "shop");
	assert_false(n->inject);
	assert_null(n->default_profile);
	assert_int_equal(n->floor.mode, MODE_UNSAID);
	put(&c, CLUSTER_NAMESPACE,
		"{\"metadata\":{\"name\":\"shop\","
		"\"annotations\":{\"pale.dev/mode\":\"off\"}}}");
	assert_string_equal(cluster_namespace(&c, "shop")->wrong,
		"pale.dev/mode is 'off', which is neither enforce nor audit");
	put(&c, CLUSTER_NAMESPACE,
		"{\"metadata\":{\"name\":\"shop\","
		"\"annotations\":{\"pale.dev/default-profile\":\"\"}}}");
	assert_string_equal(
		cluster_namespace(&c, "shop")->wrong, "pale.dev/default-profile is empty");
	assert_null(cluster_namespace(&c, "sho"));
	cluster_release(&c);
}

static void profiles(void **state)
{
	static const struct {
		const char *object, *wrong;
	} cases[] = {
		{ "{\"metadata\":{\"name\":\"w\"}}", NULL },
		{ "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"namespaces\":\"shop\"}}",
			"spec.namespaces is no list" },
		{ "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"namespaces\":[1]}}",
			"spec.namespaces has one that is no string" },
		{ "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"mode\":\"off\"}}",
			"spec.mode is neither enforce nor audit" },
		{ "{\"metadata\":{\"name\":\"w\"},\"status\":{\"mode\":1}}",
			"status.mode is neither enforce nor audit" },
#define POD(pod)      "{\"metadata\":{\"name\":\"w\"},\"status\":{\"pod\":" pod "}}"
#define FILE_IS_WRONG "status.pod.seccompProfile is not pale/w-DIGEST.json with twelve digits"
		{ POD("{}"), FILE_IS_WRONG },
		{ POD("[]"), FILE_IS_WRONG },
		{ POD("{\"seccompProfile\":\"../w-0123456789ab.json\"}"), FILE_IS_WRONG },
		{ POD("{\"seccompProfile\":\"pale/x-0123456789ab.json\"}"), FILE_IS_WRONG },
		{ POD("{\"seccompProfile\":\"pale/w-0123456789AB.json\"}"), FILE_IS_WRONG },
		{ POD("{\"seccompProfile\":\"pale/w-0123456789ab0.json\"}"), FILE_IS_WRONG },
		{ POD("{\"seccompProfile\":\"pale/w-0123456789ab.jsonx\"}"), FILE_IS_WRONG },
#define GOOD_FILE "\"seccompProfile\":\"pale/w-0123456789ab.json\""
		{ POD("{" GOOD_FILE "}"), NULL },
		{ POD("{" GOOD_FILE ",\"allowPrivilegeEscalation\":\"false\"}"),
			"status.pod.allowPrivilegeEscalation is no truth value" },
		{ POD("{" GOOD_FILE ",\"dropCapabilities\":{}}"),
			"status.pod.dropCapabilities is no list" },
		{ POD("{" GOOD_FILE ",\"dropCapabilities\":[\"CAP_CHOWN\"]}"),
			"status.pod.dropCapabilities has one that is no capability" },
		{ POD("{" GOOD_FILE ",\"dropCapabilities\":[\"\"]}"),
			"status.pod.dropCapabilities has one that is no capability" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cluster c;
		const struct profile *p;

		cluster_init(&c);
		put(&c, CLUSTER_PROFILE, cases[i].object);
		p = cluster_profile(&c, "w");
		if (cases[i].wrong)
			assert_string_equal(p->wrong ? p->wrong : "nothing", cases[i].wrong);
		else
			assert_null(p->wrong);
		if (cases[i].wrong)
			assert_null(p->seccomp);
		cluster_release(&c);
	}
}

static void a_whole_profile(void **state)
{
	struct cluster c;
	const struct profile *p;

	cluster_init(&c);
	put(&c, CLUSTER_PROFILE,
		"{\"metadata\":{\"name\":\"web\",\"generation\":3,"
		"\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"},"
		"\"spec\":{\"mode\":\"enforce\",\"namespaces\":[\"shop\"]},"
		"\"status\":{\"observedGeneration\":2,\"mode\":\"audit\","
		"\"conditions\":[{\"type\":\"Compiled\",\"status\":\"False\"},"
		"{\"type\":\"Ready\",\"status\":\"True\"}],"
		"\"diagnostics\":[{\"line\":3,\"column\":9,\"message\":\"no such word\"}],"
		"\"pod\":{\"seccompProfile\":\"pale/web-0123456789ab.json\","
		"\"allowPrivilegeEscalation\":false,\"dropCapabilities\":[\"NET_RAW\"]}}}");
	p = cluster_profile(&c, "web");
	assert_null(p->wrong);
	assert_true(p->deleted && p->ready && p->behind && p->failed && p->no_escalation);
	assert_int_equal(p->mode, MODE_AUDIT);
	assert_string_equal(p->diagnostic, "3:9: no such word");
	assert_string_equal(p->seccomp, "pale/web-0123456789ab.json");
	assert_int_equal(p->drop.n, 1);
	assert_string_equal(p->drop.v[0], "NET_RAW");
	assert_true(profile_is_for(p, "shop"));
	assert_false(profile_is_for(p, "sho"));
	assert_string_equal(cluster_near_profile(&c, "wbe"), "web");
	put(&c, CLUSTER_PROFILE, "{\"metadata\":{\"name\":\"web\",\"generation\":1}}");
	p = cluster_profile(&c, "web");
	assert_true(p->behind);
	assert_false(p->deleted || p->ready || p->failed || p->no_escalation);
	assert_int_equal(p->mode, MODE_ENFORCE);
	/* One that lists no namespace is for none. */
	assert_false(profile_is_for(p, "shop"));
	put(&c, CLUSTER_PROFILE,
		"{\"metadata\":{\"name\":\"web\"},\"spec\":{\"namespaces\":[\"*\"]}}");
	assert_true(profile_is_for(cluster_profile(&c, "web"), "shop"));
	cluster_release(&c);
}

static void files_of_profiles(void **state)
{
	assert_true(profile_is_seccomp_file_of("pale/a-b-0123456789ab.json", "a-b"));
	assert_false(profile_is_seccomp_file_of("pale/a-b-0123456789ab.json", "a"));
	assert_false(profile_is_seccomp_file_of("pale/a-0123456789ab.json", "a-b"));
	assert_false(profile_is_seccomp_file_of("own/a-0123456789ab.json", "a"));
	assert_false(profile_is_seccomp_file_of("pale/a-0123456789a.json", "a"));
	assert_true(profile_is_seccomp_file("pale/x"));
	assert_false(profile_is_seccomp_file("palest/x"));
}

static void bindings(void **state)
{
	static const struct {
		const char *spec, *wrong;
	} cases[] = {
		{ "{}", "spec.selector: the selector is no object" },
		{ "{\"selector\":{},\"containers\":\"a\"}", "spec.containers is no list" },
		{ "{\"selector\":{},\"containers\":[1]}",
			"spec.containers has one that is no string" },
		{ "{\"selector\":{},\"priority\":2147483648}",
			"spec.priority is no number of 32 bits" },
		{ "{\"selector\":{},\"priority\":\"1\"}", "spec.priority is no number of 32 bits" },
		{ "{\"selector\":{},\"mode\":\"learn\"}",
			"spec: mode is 'learn', which is neither enforce nor audit" },
		{ "{\"selector\":{},\"onMissing\":\"skip\"}",
			"spec: onMissing is 'skip', which is none of wait, deny and allow" },
		{ "{\"selector\":{},\"profile\":7}", "spec: profile is no string" },
		{ "{\"selector\":{}}", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cluster c;
		char object[512];
		const struct binding *b;
		size_t n;

		snprintf(object, sizeof(object),
			"{\"metadata\":{\"name\":\"b\",\"namespace\":\"shop\"},\"spec\":%s}",
			cases[i].spec);
		cluster_init(&c);
		put(&c, CLUSTER_BINDING, object);
		b = (const struct binding *)cluster_bindings(&c, "shop", &n)[0];
		assert_int_equal(n, 1);
		if (cases[i].wrong)
			assert_string_equal(b->wrong ? b->wrong : "nothing", cases[i].wrong);
		else
			assert_null(b->wrong);
		cluster_release(&c);
	}
}

static void which_containers_a_binding_names(void **state)
{
	struct cluster c;
	const struct binding *b;
	size_t n;

	cluster_init(&c);
	put(&c, CLUSTER_BINDING,
		"{\"metadata\":{\"name\":\"b\",\"namespace\":\"s\"},\"spec\":{\"selector\":{},"
		"\"containers\":[\"web\"],\"profile\":\"p\",\"priority\":-4}}");
	b = (const struct binding *)cluster_bindings(&c, "s", &n)[0];
	assert_true(binding_names(b, "web"));
	assert_false(binding_names(b, "log"));
	assert_int_equal(b->priority, -4);
	put(&c, CLUSTER_BINDING,
		"{\"metadata\":{\"name\":\"b\",\"namespace\":\"s\"},\"spec\":{\"selector\":{}}}");
	b = (const struct binding *)cluster_bindings(&c, "s", &n)[0];
	assert_true(binding_names(b, "log"));
	cluster_release(&c);
}

static void objects_that_nobody_could_name(void **state)
{
	static const struct {
		enum cluster_kind kind;
		const char *object, *error;
	} cases[] = {
		{ CLUSTER_NAMESPACE, "1", "an object without metadata.name" },
		{ CLUSTER_NAMESPACE, "{\"metadata\":[]}", "an object without metadata.name" },
		{ CLUSTER_PROFILE, "{\"metadata\":{\"name\":\"\"}}",
			"an object without metadata.name" },
		{ CLUSTER_BINDING, "{\"metadata\":{\"name\":\"b\"}}",
			"'b' has no metadata.namespace" },
		{ CLUSTER_BINDING, "{\"metadata\":{\"name\":\"b\",\"namespace\":\"\"}}",
			"'b' has no metadata.namespace" },
	};
	struct cluster c;

	cluster_init(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		json_t *j = json_loads(cases[i].object, JSON_DECODE_ANY, NULL);

		assert_int_equal(cluster_put(&c, cases[i].kind, j, &err), -EINVAL);
		assert_string_equal(pale_err_text(err), cases[i].error);
		json_decref(j);
	}
	cluster_release(&c);
}

static void put_binding(struct cluster *c, unsigned namespace, unsigned name)
{
	char object[512];

	snprintf(object, sizeof(object),
		"{\"metadata\":{\"name\":\"b%u\",\"namespace\":\"n%u\"},"
		"\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"a%u\"}},"
		"\"profile\":\"web\",\"mode\":\"enforce\"}}",
		name, namespace, name);
	put(c, CLUSTER_BINDING, object);
}

/* Against a plain matrix of what should be there. */
static void what_comes_and_goes(void **state)
{
	enum { NAMESPACES = 12, NAMES = 12 };
	bool there[NAMESPACES][NAMES] = { 0 };
	struct cluster c;

	random_seed(0x5eed);
	cluster_init(&c);
	assert_false(cluster_is_known(&c));
	for (int step = 0; step < 3000; step++) {
		unsigned ns = random_below(NAMESPACES), name = random_below(NAMES);
		size_t n, expected = 0;

		if (random_below(2)) {
			put_binding(&c, ns, name);
			there[ns][name] = true;
		} else {
			char of[16], called[16];

			snprintf(of, sizeof(of), "n%u", ns);
			snprintf(called, sizeof(called), "b%u", name);
			cluster_remove(&c, CLUSTER_BINDING, of, called);
			there[ns][name] = false;
		}
		char asked[16];

		snprintf(asked, sizeof(asked), "n%u", ns);
		struct object_head *const *v = cluster_bindings(&c, asked, &n);

		for (int i = 0; i < NAMES; i++)
			expected += there[ns][i];
		assert_int_equal(n, expected);
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(v[i]->namespace, asked);
			assert_true(there[ns][atoi(v[i]->name + 1)]);
			if (i)
				assert_true(strcmp(v[i - 1]->name, v[i]->name) < 0);
		}
	}
	for (int kind = 0; kind < CLUSTER_KINDS; kind++) {
		assert_false(cluster_is_known(&c));
		cluster_set_listed(&c, (enum cluster_kind)kind);
	}
	assert_true(cluster_is_known(&c));
	cluster_release(&c);
}

#define RECORDING(metadata, rest)                                                                  \
	"{\"metadata\":{\"name\":\"r\",\"namespace\":\"s\"" metadata "}," rest "}"
#define SELECTS "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}"

static void recordings(void **state)
{
	static const struct {
		const char *object;
		bool active;
		const char *wrong;
	} cases[] = {
		{ RECORDING("", SELECTS), true, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Pending\"}"), true, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Recording\"}"), true, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Merging\"}"), false, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Completed\"}"), false, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Failed\"}"), false, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Paused\"}"), false, NULL },
		{ RECORDING("", SELECTS ",\"status\":{\"phase\":\"Recording\",\"truncated\":true}"),
			false, NULL },
		{ RECORDING(
			  "", SELECTS ",\"status\":{\"phase\":\"Recording\",\"truncated\":false}"),
			true, NULL },
		{ RECORDING(",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", SELECTS), false,
			NULL },
		{ RECORDING("", "\"spec\":{}"), true, "spec.selector: the selector is no object" },
		{ RECORDING("", "\"spec\":{\"selector\":{},\"containers\":\"web\"}"), true,
			"spec.containers is no list" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cluster c;
		const struct recorded_pods *r;
		size_t n;

		cluster_init(&c);
		put(&c, CLUSTER_RECORDING, cases[i].object);
		r = (const struct recorded_pods *)cluster_recordings(&c, "s", &n)[0];
		assert_int_equal(n, 1);
		assert_int_equal(r->active, cases[i].active);
		if (cases[i].wrong)
			assert_string_equal(r->wrong ? r->wrong : "nothing", cases[i].wrong);
		else
			assert_null(r->wrong);
		cluster_remove(&c, CLUSTER_RECORDING, "s", "r");
		assert_null(cluster_recordings(&c, "s", &n));
		cluster_release(&c);
	}
}

static void shares_of_canaries(void **state)
{
#define ROLLOUT(mode, rollout)                                                                     \
	"{\"metadata\":{\"name\":\"w\"},\"status\":{\"mode\":\"" mode "\",\"rollout\":" rollout "}}"
	static const struct {
		const char *object, *wrong;
		uint32_t percent;
	} cases[] = {
		{ ROLLOUT("audit", "{\"phase\":\"Canary\",\"canaryPercent\":20}"), NULL, 20 },
		{ ROLLOUT("audit", "{\"phase\":\"Canary\",\"canaryPercent\":0}"), NULL, 0 },
		{ ROLLOUT("audit", "{\"phase\":\"Audit\",\"canaryPercent\":20}"), NULL, 0 },
		{ ROLLOUT("audit", "{\"canaryPercent\":20}"), NULL, 0 },
		{ ROLLOUT("enforce", "{\"phase\":\"Canary\",\"canaryPercent\":20}"), NULL, 0 },
#define NO_SHARE "status.rollout.canaryPercent is no number from 0 to 100"
		{ ROLLOUT("audit", "{\"phase\":\"Canary\"}"), NO_SHARE, 0 },
		{ ROLLOUT("audit", "{\"phase\":\"Canary\",\"canaryPercent\":101}"), NO_SHARE, 0 },
		{ ROLLOUT("audit", "{\"phase\":\"Canary\",\"canaryPercent\":-1}"), NO_SHARE, 0 },
		{ ROLLOUT("audit", "{\"phase\":\"Canary\",\"canaryPercent\":\"5\"}"), NO_SHARE, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cluster c;
		const struct profile *p;

		cluster_init(&c);
		put(&c, CLUSTER_PROFILE, cases[i].object);
		p = cluster_profile(&c, "w");
		assert_int_equal(p->canary_percent, cases[i].percent);
		assert_string_equal(p->wrong ? p->wrong : "", cases[i].wrong ? cases[i].wrong : "");
		cluster_release(&c);
	}
}

static void memory_stays_small(void **state)
{
	size_t before = mallinfo2().uordblks, used;
	struct cluster c;
	char object[512];

	cluster_init(&c);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(object, sizeof(object),
			"{\"metadata\":{\"name\":\"n%u\",\"labels\":{\"pale.dev/inject\":"
			"\"enabled\",\"team\":\"a\"},\"annotations\":{\"note\":\"%0200d\","
			"\"pale.dev/default-profile\":\"web\"}}}",
			i, 0);
		put(&c, CLUSTER_NAMESPACE, object);
	}
	for (unsigned i = 0; i < 20000; i++)
		put_binding(&c, i / 10, i);
	used = mallinfo2().uordblks - before;
	printf("# 2,000 namespaces and 20,000 bindings: %zu KiB\n", used >> 10);
#ifndef __SANITIZE_ADDRESS__
	assert_true(used > 0 && used < (size_t)12 << 20);
#endif
	cluster_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_selectors_match),
		cmocka_unit_test(selectors_without_a_meaning),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(profiles),
		cmocka_unit_test(a_whole_profile),
		cmocka_unit_test(files_of_profiles),
		cmocka_unit_test(bindings),
		cmocka_unit_test(which_containers_a_binding_names),
		cmocka_unit_test(objects_that_nobody_could_name),
		cmocka_unit_test(what_comes_and_goes),
		cmocka_unit_test(recordings),
		cmocka_unit_test(shares_of_canaries),
		cmocka_unit_test(memory_stays_small),
	};

	return cmocka_run_group_tests_name("webhook_cluster", tests, NULL, NULL);
}
