/* SPDX-License-Identifier: Apache-2.0 */
/* A rollout, through controllers that come and go and nodes that refuse. */
#include "controller_server.h"

static void put_rollout(struct server *s)
{
	json_t *p = profile_of("web", 1, WEB);

	json_object_set_new(
		json_object_get(p, "spec"), "rollout", json_pack("{s:i}", "auditHours", 2));
	put(s, CONTROLLER_PROFILE, p);
	put(s, CONTROLLER_POD,
		json_pack("{s:{s:s, s:s, s:{s:s}}, s:{s:s}}", "metadata", "namespace", "shop",
			"name", "p", "annotations", "pale.dev/profile", "web", "status", "phase",
			"Running"));
}

/* Kills the controller between any two writes. */
static void a_rollout_outlives_its_controllers(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;
	int64_t began = NOON;

	start(&s);
	put_rollout(&s);
	settle(&s);
	assert_string_equal(text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "mode"), "audit");
	for (int i = 0; i < 60; i++) {
		put(&s, CONTROLLER_NODE_STATUS,
			node_of(&s, "n1", "web",
				text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest")));
		pass(&s, 170);
		if (i % 7 == 3) {
			controller_free(s.c);
			s.c = controller_new(&actions, &s);
			for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
				const char *key;
				json_t *o;

				json_object_foreach (s.objects[kind], key, o)
					controller_seen(s.c, (enum controller_kind)kind, o);
				controller_synced(s.c, (enum controller_kind)kind);
			}
			controller_lead(s.c, true);
		}
		status = status_of(&s, CONTROLLER_PROFILE, "/web");
		if (!strcmp(text_of(status, "mode"), "enforce"))
			break;
	}
	assert_string_equal(text_of(json_object_get(status, "rollout"), "phase"), "Complete");
	/* Two hours, and of each kill ten minutes at most. */
	assert_in_range(s.now - began, 7200, 7200 + 7 * 600);
}

/* A node with the profile @digest, which has refused something lately. */
static json_t *noisy_node(const struct server *s, const char *digest)
{
	return json_pack("{s:{s:s}, s:{s:o, s:[{s:s, s:s, s:s, s:s, s:s, s:[{s:o, s:i}]}]}}",
		"metadata", "name", "n1", "status", "heartbeat", api_time(s->now), "profiles",
		"name", "web", "digest", digest, "state", "Degraded", "reason", "NoBpfLsm",
		"message", "the kernel has no BPF-LSM", "violations", "since",
		api_time(s->now - 300), "count", 3);
}

static void a_canary_that_is_refused_goes_back(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *rollout = NULL;
	char digest[65];

	start(&s);
	put_rollout(&s);
	rollout = json_object_get(
		json_object_get(find(&s, CONTROLLER_PROFILE, "/web"), "spec"), "rollout");
	json_object_set_new((json_t *)rollout, "canaryPercent", json_integer(10));
	json_object_set_new((json_t *)rollout, "maxViolationsPerHour", json_integer(2));
	put(&s, CONTROLLER_PROFILE, json_deep_copy(find(&s, CONTROLLER_PROFILE, "/web")));
	settle(&s);
	copy_digest(&s, digest);
	for (int i = 0; i < 60 && strcmp(text_of(rollout, "phase"), "Canary") != 0; i++) {
		put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "n1", "web", digest));
		pass(&s, 170);
		rollout = json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "rollout");
	}
	assert_json(json_object_get(rollout, "canaryPercent"), "10");
	put(&s, CONTROLLER_NODE_STATUS, noisy_node(&s, digest));
	pass(&s, 60);
	rollout = json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "rollout");
	assert_string_equal(text_of(rollout, "phase"), "Audit");
	assert_json(json_object_get(rollout, "stepsBack"), "1");
	assert_json(json_object_get(rollout, "noisy"), "true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rollout_outlives_its_controllers),
		cmocka_unit_test(a_canary_that_is_refused_goes_back),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
