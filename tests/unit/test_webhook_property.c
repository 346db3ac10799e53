/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random pods in random clusters. A pod that is let in is never looser than its floor, nor than it
 * was; patching it again changes nothing; and all that was let in is valid. What the floor is comes
 * from the objects as they were made up, and what a container gets from what paled reads.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"
#include "tests/unit/random.h"
#include "tests/unit/webhook_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <strings.h>

#include <cmocka.h>

#define PROFILES   4
#define BINDINGS   3
#define CONTAINERS 3

static const char *const capabilities[] = { "NET_RAW", "SYS_PTRACE", "CHOWN", "SYS_ADMIN" };

#define CAPABILITIES (sizeof(capabilities) / sizeof(*capabilities))

/* As it was made up. Numbers are indexes into words[] below, -1 for what is not there. */
struct made_profile {
	bool compiled, for_us, no_escalation;
	int mode;
	unsigned drop; /* of capabilities[] */
};

struct made_binding {
	bool selects;
	int container, profile, mode, on_missing, priority;
};

struct made {
	struct made_profile profiles[PROFILES];
	struct made_binding bindings[BINDINGS];
	bool inject;
	int profile, otherwise, mode, on_missing; /* of the namespace */
	bool records; /* a PaleRecording selects the pods, and is active */
};

static const char *const mode_words[] = { "audit", "enforce" };
static const char *const missing_words[] = { "allow", "wait", "deny" };
static const char *const profile_names[] = { "p0", "p1", "p2", "p3" };
static const char *const container_names[] = { "c0", "c1", "c2" };

static bool chance(uint32_t of)
{
	return random_below(of) == 0;
}

static int one_of(int n)
{
	return chance(2) ? -1 : (int)random_below((uint32_t)n);
}

static void set_text(json_t *o, const char *member, const char *const *words, int i)
{
	if (i >= 0)
		json_object_set_new(o, member, json_string(words[i]));
}

static void put(struct cluster *c, enum cluster_kind kind, json_t *object)
{
	assert_int_equal(cluster_put(c, kind, object, NULL), 0);
	json_decref(object);
}

static void make_profile(struct cluster *c, struct made_profile *p, int i)
{
	char file[64];
	json_t *drop = json_array(), *spec = json_object(), *status = json_object(), *pod;

	*p = (struct made_profile){ !chance(12), !chance(12), chance(2), one_of(2),
		(unsigned)random_below(1u << CAPABILITIES) };
	for (size_t k = 0; k < CAPABILITIES; k++) {
		if (p->drop & 1u << k)
			json_array_append_new(drop, json_string(capabilities[k]));
	}
	set_text(spec, "mode", mode_words, p->mode);
	json_object_set_new(spec, "namespaces", json_pack("[s]", p->for_us ? "shop" : "elsewhere"));
	snprintf(file, sizeof(file), "pale/p%d-0123456789a%d.json", i, i);
	pod = json_pack("{s:s, s:o}", "seccompProfile", file, "dropCapabilities", drop);
	if (p->no_escalation)
		json_object_set_new(pod, "allowPrivilegeEscalation", json_false());
	if (p->compiled)
		json_object_set(status, "pod", pod);
	json_decref(pod);
	if (chance(3)) {
		p->mode = 0;
		json_object_set_new(status, "mode", json_string("audit"));
		json_object_set_new(status, "rollout",
			json_pack("{s:s, s:i}", "phase", "Canary", "canaryPercent",
				(int)random_below(101)));
	}
	put(c, CLUSTER_PROFILE,
		json_pack("{s:{s:s}, s:o, s:o}", "metadata", "name", profile_names[i], "spec", spec,
			"status", status));
}

static void make_binding(struct cluster *c, struct made_binding *b, int i)
{
	json_t *spec = json_pack("{s:{s:{s:s}}}", "selector", "matchLabels", "app",
		(b->selects = chance(2)) ? "web" : "other");
	char name[8];

	b->container = one_of(CONTAINERS);
	b->profile = one_of(PROFILES);
	b->mode = one_of(2);
	b->on_missing = one_of(3);
	b->priority = (int)random_below(3);
	snprintf(name, sizeof(name), "b%d", i);
	set_text(spec, "profile", profile_names, b->profile);
	set_text(spec, "mode", mode_words, b->mode);
	set_text(spec, "onMissing", missing_words, b->on_missing);
	json_object_set_new(spec, "priority", json_integer(b->priority));
	if (b->container >= 0)
		json_object_set_new(
			spec, "containers", json_pack("[s]", container_names[b->container]));
	put(c, CLUSTER_BINDING,
		json_pack("{s:{s:s, s:s}, s:o}", "metadata", "name", name, "namespace", "shop",
			"spec", spec));
}

static void make_namespace(struct cluster *c, struct made *m)
{
	json_t *annotations = json_object();

	m->inject = !chance(8);
	m->profile = chance(3) ? one_of(PROFILES) : -1;
	m->otherwise = one_of(PROFILES);
	m->mode = one_of(2);
	m->on_missing = one_of(3);
	set_text(annotations, "pale.dev/profile", profile_names, m->profile);
	set_text(annotations, "pale.dev/default-profile", profile_names, m->otherwise);
	set_text(annotations, "pale.dev/mode", mode_words, m->mode);
	set_text(annotations, "pale.dev/on-missing", missing_words, m->on_missing);
	put(c, CLUSTER_NAMESPACE,
		json_pack("{s:{s:s, s:{s:s}, s:o}}", "metadata", "name", "shop", "labels",
			"pale.dev/inject", m->inject ? "enabled" : "disabled", "annotations",
			annotations));
}

static void make_recording(struct cluster *c, struct made *m)
{
	static const char *const phases[] = { "Pending", "Recording", "Merging", "Completed" };
	uint32_t phase = random_below(4);
	bool selects = chance(2);

	m->records = selects && phase < 2;
	put(c, CLUSTER_RECORDING,
		json_pack("{s:{s:s, s:s}, s:{s:{s:{s:s}}}, s:{s:s}}", "metadata", "name", "tape",
			"namespace", "shop", "spec", "selector", "matchLabels", "app",
			selects ? "web" : "other", "status", "phase", phases[phase]));
}

static void make_cluster(struct cluster *c, struct made *m)
{
	cluster_init(c);
	for (int i = 0; i < PROFILES; i++)
		make_profile(c, &m->profiles[i], i);
	for (int i = 0, n = (int)random_below(BINDINGS + 1); i < BINDINGS; i++) {
		m->bindings[i] =
			(struct made_binding){ .profile = -1, .mode = -1, .on_missing = -1 };
		if (i < n)
			make_binding(c, &m->bindings[i], i);
	}
	make_namespace(c, m);
	m->records = false;
	if (chance(2))
		make_recording(c, m);
	for (int kind = 0; kind < CLUSTER_KINDS; kind++)
		c->listed[kind] = true;
}

static json_t *make_capabilities(void)
{
	static const char *const words[] = { "NET_RAW", "CAP_NET_RAW", "sys_ptrace", "CHOWN", "ALL",
		"SYS_ADMIN", "CAP_SYS_ADMIN", "KILL" };
	json_t *o = json_object();

	for (int list = 0; list < 2; list++) {
		json_t *v = json_array();

		if (chance(3)) {
			json_decref(v);
			continue;
		}
		for (uint32_t i = random_below(3); i; i--)
			json_array_append_new(v, json_string(words[random_below(8)]));
		json_object_set_new(o, list ? "add" : "drop", v);
	}
	return o;
}

static json_t *make_seccomp(void)
{
	static const struct {
		const char *type, *file;
	} kinds[] = {
		{ "RuntimeDefault", NULL },
		{ "Unconfined", NULL },
		{ "Localhost", "own.json" },
		{ "Localhost", "pale/p0-0123456789a0.json" },
		{ "Localhost", "pale/p1-ffffffffffff.json" },
	};
	uint32_t i = random_below(5);
	json_t *o = json_pack("{s:s}", "type", kinds[i].type);

	if (kinds[i].file)
		json_object_set_new(o, "localhostProfile", json_string(kinds[i].file));
	return o;
}

static json_t *make_container(int i)
{
	json_t *c = json_pack("{s:s, s:s}", "name", container_names[i], "image", "i"), *s;

	if (chance(3)) {
		if (chance(2))
			json_object_set_new(c, "securityContext", json_null());
		return c;
	}
	s = json_object();
	if (chance(2))
		json_object_set_new(s, "seccompProfile", make_seccomp());
	if (chance(2))
		json_object_set_new(s, "capabilities", make_capabilities());
	if (chance(3))
		json_object_set_new(s, "allowPrivilegeEscalation", json_boolean(chance(2)));
	if (chance(3))
		json_object_set_new(s, "runAsUser", json_integer(7));
	if (chance(20))
		json_object_set_new(s, "privileged", json_true());
	json_object_set_new(c, "securityContext", s);
	return c;
}

static void make_annotations(json_t *metadata)
{
	json_t *a = json_object();

	if (chance(2))
		set_text(a, "pale.dev/profile", profile_names, one_of(PROFILES));
	if (chance(2))
		set_text(a, "pale.dev/mode", mode_words, one_of(2));
	if (chance(2))
		set_text(a, "pale.dev/on-missing", missing_words, one_of(3));
	for (int i = 0; i < CONTAINERS; i++) {
		char key[64];

		snprintf(key, sizeof(key), "container.profile.pale.dev/%s", container_names[i]);
		if (chance(4))
			set_text(a, key, profile_names, one_of(PROFILES));
		snprintf(key, sizeof(key), "container.seccomp.security.alpha.kubernetes.io/%s",
			container_names[i]);
		if (chance(12))
			json_object_set_new(
				a, key, json_string(chance(2) ? "unconfined" : "runtime/default"));
	}
	if (chance(6))
		json_object_set_new(a, "pale.dev/name", json_string("c1"));
	if (chance(6))
		json_object_set_new(a, "pale.dev/recording", json_string("shop/tape"));
	if (json_object_size(a) || chance(2))
		json_object_set_new(metadata, "annotations", a);
	else
		json_decref(a);
}

static json_t *make_pod(void)
{
	json_t *metadata = json_pack("{s:s, s:{s:s}}", chance(2) ? "name" : "generateName", "web",
		"labels", "app", "web");
	json_t *init = json_array(), *main = json_array();
	json_t *spec = json_pack("{s:o, s:o}", "initContainers", init, "containers", main);

	make_annotations(metadata);
	for (int i = 0; i < CONTAINERS; i++) {
		if (i == 0 || chance(2))
			json_array_append_new(i && chance(2) ? init : main, make_container(i));
	}
	if (chance(4))
		json_object_set_new(spec, "securityContext",
			json_pack("{s:o}", "seccompProfile", make_seccomp()));
	if (chance(8))
		json_object_set_new(spec, "runtimeClassName", json_string("pale"));
	if (chance(12))
		json_object_set_new(spec, "hostPID", json_true());
	return json_pack("{s:s, s:o, s:o}", "kind", "Pod", "metadata", metadata, "spec", spec);
}

/* What a word's index is; -1: it is not there. */
static int index_of(const char *const *words, int n, const char *word)
{
	for (int i = 0; word && i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static bool same_capability(const char *a, const char *b)
{
	a += strncasecmp(a, "CAP_", 4) == 0 ? 4 : 0;
	b += strncasecmp(b, "CAP_", 4) == 0 ? 4 : 0;
	return strcasecmp(a, b) == 0;
}

static bool has(const json_t *security, const char *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (
		json_object_get(json_object_get(security, "capabilities"), list), i, v) {
		if (same_capability(json_string_value(v), name))
			return true;
	}
	return false;
}

/* "" where there is none. */
static const char *seccomp_type(const json_t *o)
{
	const char *s =
		json_string_value(json_object_get(json_object_get(o, "seccompProfile"), "type"));

	return s ? s : "";
}

static void check_security(const struct made_profile *p, const json_t *pod_security,
	const json_t *was, const json_t *is, bool enforce)
{
	const char *had = *seccomp_type(was) ? seccomp_type(was) : seccomp_type(pod_security);
	const char *type = *seccomp_type(is) ? seccomp_type(is) : seccomp_type(pod_security);
	json_t *v;
	size_t i;

	if (!enforce) {
		assert_true(was == is || json_equal(was, is));
		return;
	}
	assert_true(strcmp(type, "RuntimeDefault") == 0 || strcmp(type, "Localhost") == 0);
	if (strcmp(had, "RuntimeDefault") == 0)
		assert_string_equal(type, "RuntimeDefault");
	for (size_t k = 0; k < CAPABILITIES; k++) {
		if (!(p->drop & 1u << k))
			continue;
		assert_true(has(is, "drop", capabilities[k]) || has(is, "drop", "ALL"));
		assert_false(has(is, "add", capabilities[k]));
	}
	json_array_foreach (json_object_get(json_object_get(was, "capabilities"), "drop"), i, v)
		assert_true(has(is, "drop", json_string_value(v)));
	json_array_foreach (json_object_get(json_object_get(is, "capabilities"), "add"), i, v)
		assert_true(has(was, "add", json_string_value(v)));
	if (p->no_escalation || json_is_false(json_object_get(was, "allowPrivilegeEscalation")))
		assert_true(json_is_false(json_object_get(is, "allowPrivilegeEscalation")));
	assert_false(json_is_true(json_object_get(is, "privileged")));
}

/* The floors of one container, from what was made up. */
static void check_floors(const struct made *m, int container, int profile, int mode, int on_missing)
{
	int highest = -1, least = m->mode >= 0 ? m->mode : m->profiles[profile].mode;

	assert_true(profile >= 0 && m->profiles[profile].compiled && m->profiles[profile].for_us);
	if (least < 0)
		least = 1;
	assert_true(mode >= least);
	if (m->profile >= 0)
		assert_int_equal(profile, m->profile);
	/* allow is the namespace's alone to say. */
	assert_true(on_missing < 0 || on_missing >= (m->on_missing >= 0 ? m->on_missing : 1));
	if (m->on_missing > 0)
		assert_true(on_missing >= m->on_missing);
	for (int i = 0; i < BINDINGS; i++) {
		const struct made_binding *b = &m->bindings[i];

		if (!b->selects)
			continue;
		/* A binding's on-missing is for the whole pod. */
		if (b->on_missing > 0)
			assert_true(on_missing >= b->on_missing);
		if (b->container >= 0 && b->container != container)
			continue;
		assert_true(mode >= b->mode);
		if (b->profile >= 0 && b->priority > highest)
			highest = b->priority;
	}
	for (int i = 0; i < BINDINGS; i++) {
		const struct made_binding *b = &m->bindings[i];

		if (b->selects && b->profile >= 0 && b->priority == highest &&
			(b->container < 0 || b->container == container))
			assert_int_equal(profile, b->profile);
	}
}

static void check_container(const struct made *m, const json_t *was, const json_t *is,
	const json_t *pod, int mode, int on_missing)
{
	json_t *annotations =
		json_deep_copy(json_object_get(json_object_get(pod, "metadata"), "annotations"));
	const char *name = json_string_value(json_object_get(is, "name"));
	json_t *security = json_object_get(was, "securityContext");
	int profile, container = index_of(container_names, CONTAINERS, name);

	json_object_set_new(annotations, "io.kubernetes.cri.container-name", json_string(name));
	profile = index_of(profile_names, PROFILES, annotations_profile(annotations));
	assert_string_equal(annotation(annotations, ANNOTATION_NAME), name);
	json_decref(annotations);
	check_floors(m, container, profile, mode, on_missing);
	check_security(&m->profiles[profile],
		json_object_get(json_object_get(pod, "spec"), "securityContext"), security,
		json_object_get(is, "securityContext"), mode == 1);
}

/* What Pale has no say in. */
static void strip(json_t *pod)
{
	static const char *const lists[] = { "initContainers", "containers" };
	json_t *spec = json_object_get(pod, "spec"), *c;
	json_t *a = json_object_get(json_object_get(pod, "metadata"), "annotations");
	const char *key;
	json_t *v;
	void *next;
	size_t i;

	json_object_del(spec, "runtimeClassName");
	json_object_foreach_safe(a, next, key, v)
	{
		if (strstr(key, "pale.dev/") || strstr(key, "seccomp"))
			json_object_del(a, key);
	}
	if (!json_object_size(a))
		json_object_del(json_object_get(pod, "metadata"), "annotations");
	for (int l = 0; l < 2; l++) {
		json_array_foreach (json_object_get(spec, lists[l]), i, c) {
			json_t *s = json_object_get(c, "securityContext");

			json_object_del(s, "seccompProfile");
			json_object_del(s, "capabilities");
			json_object_del(s, "allowPrivilegeEscalation");
			if (!json_object_size(s))
				json_object_del(c, "securityContext");
		}
	}
}

static void check_pod(const struct made *m, json_t *was, json_t *is)
{
	static const char *const lists[] = { "initContainers", "containers" };
	const json_t *a = json_object_get(json_object_get(is, "metadata"), "annotations");
	const char *word = annotation(a, ANNOTATION_MODE);
	int mode = word ? index_of(mode_words, 2, word) : 1;
	int on_missing = index_of(missing_words, 3, annotation(a, ANNOTATION_ON_MISSING));
	json_t *c;
	size_t i;

	assert_string_equal(
		json_string_value(json_object_get(json_object_get(is, "spec"), "runtimeClassName")),
		"pale");
	for (int l = 0; l < 2; l++) {
		json_t *old = json_object_get(json_object_get(was, "spec"), lists[l]);

		json_array_foreach (json_object_get(json_object_get(is, "spec"), lists[l]), i, c)
			check_container(m, json_array_get(old, i), c, is, mode, on_missing);
	}
	strip(was);
	strip(is);
	assert_true(json_equal(was, is));
}

static bool names_a_profile(const json_t *pod)
{
	const json_t *a = json_object_get(json_object_get(pod, "metadata"), "annotations");
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)a, key, v) {
		if (strncmp(key, "container.profile.", 18) == 0 ||
			strcmp(key, "pale.dev/profile") == 0)
			return true;
	}
	return false;
}

/* NULL: it is not recorded. */
static const char *recording_of(const json_t *pod)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(pod, "metadata"), "annotations"),
			"pale.dev/recording"));
}

/* Nobody has a policy for it, or wants one enforced; and it is as it was but for the recording. */
static void check_recorded(const struct made *m, json_t *was, json_t *is)
{
	const json_t *a = json_object_get(json_object_get(was, "metadata"), "annotations");
	const char *mode = annotation(a, ANNOTATION_MODE);

	assert_true(m->records);
	assert_string_equal(recording_of(is), "shop/tape");
	assert_false(names_a_profile(was) || (mode && strcmp(mode, "enforce") == 0));
	assert_true(m->profile < 0 && m->otherwise < 0 && m->mode != 1);
	for (int i = 0; i < BINDINGS; i++)
		assert_false(m->bindings[i].selects &&
			     (m->bindings[i].profile >= 0 || m->bindings[i].mode == 1));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(is, "spec"), "runtimeClassName")),
		"pale");
	json_object_del(json_object_get(was, "spec"), "runtimeClassName");
	json_object_del(json_object_get(is, "spec"), "runtimeClassName");
	assert_true(json_equal(json_object_get(was, "spec"), json_object_get(is, "spec")));
}

static bool is_meant(const struct made *m, const json_t *pod)
{
	if (names_a_profile(pod))
		return true;
	for (int i = 0; i < BINDINGS; i++) {
		if (m->bindings[i].selects)
			return true;
	}
	return m->inject || m->profile >= 0 || m->otherwise >= 0 || m->records;
}

/* Each time that it is asked about with another uid, as the API server does. */
static json_t *review(const json_t *pod)
{
	json_t *r = scene_review("shop", "CREATE", "", json_deep_copy(pod), NULL, NULL);

	json_object_set_new(
		json_object_get(r, "request"), "uid", json_sprintf("u%u", random_below(1u << 31)));
	return r;
}

/* Whether it was let in under a policy. */
static bool check_one(const struct cluster *c, const struct made *m, unsigned *n_recorded)
{
	json_t *was = make_pod(), *is = json_deep_copy(was), *response;
	enum admission_result result, again;
	bool meant = is_meant(m, was), in, recorded;

	response = scene_ask(c, ADMISSION_MUTATE, review(was), &result);
	in = result != ADMISSION_REFUSED;
	scene_apply(is, json_object_get(response, "patch"));
	json_decref(response);
	if (in) {
		json_decref(scene_ask(c, ADMISSION_MUTATE, review(is), &again));
		assert_int_equal(again, ADMISSION_ALLOWED);
		json_decref(scene_ask(c, ADMISSION_VALIDATE, review(is), &again));
		assert_int_equal(again, ADMISSION_ALLOWED);
	}
	recorded = in && meant && recording_of(is);
	if (recorded)
		check_recorded(m, was, is);
	else if (in && meant)
		check_pod(m, was, is);
	else if (!meant)
		assert_true(result == ADMISSION_ALLOWED && json_equal(was, is));
	json_decref(was);
	json_decref(is);
	*n_recorded += recorded;
	return in && meant && !recorded;
}

static void no_pod_is_looser_than_its_floor(void **state)
{
	unsigned confined = 0, recorded = 0, all = 0;

	random_seed(0x9a1e);
	for (int i = 0; i < 400; i++) {
		struct cluster c;
		struct made m;

		make_cluster(&c, &m);
		for (int k = 0; k < 25; k++, all++)
			confined += check_one(&c, &m, &recorded);
		cluster_release(&c);
	}
	printf("# %u of %u pods were let in under a policy, %u recorded\n", confined, all,
		recorded);
	/* Otherwise hardly anything was tried. */
	assert_true(confined > all / 20 && recorded > all / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_pod_is_looser_than_its_floor),
	};

	return cmocka_run_group_tests_name("webhook_property", tests, NULL, NULL);
}
