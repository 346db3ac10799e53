/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever stands in objects. */
#include "controller_server.h"
#include "random.h"

static const char *const words[] = { "", "metadata", "spec", "status", "name", "namespace", "uid",
	"annotations", "pale.dev/recording", "pale.dev/profile", "labels", "app", "web", "source",
	"files", "rollout", "auditHours", "conditions", "type", "Compiled", "True", "nodeName",
	"containers", "selector", "matchLabels", "durationSeconds", "endsAt", "heartbeat",
	"profiles", "digest", "state", "Loaded", "violations", "since", "2025-11-26T12:00:00Z",
	"count", "runs", "run", "recording", "n/web", "container", "phase", "Recording", "Merging",
	"pods", "node", "bundle", "main", "mode", "finalizers", "deletionTimestamp", "generation",
	"observedGeneration", "a.pale", "profile web { }", "\xc3\xa4\x01" };

static const char *any_word(void)
{
	return words[random_below(N(words))];
}

static json_t *any_value(int depth)
{
	json_t *v;
	uint32_t n = random_below(6);

	switch (random_below(depth > 4 ? 4 : 8)) {
	case 0:
		return json_null();
	case 1:
		return json_integer((json_int_t)random_number());
	case 2:
		return json_boolean(random_below(2));
	case 3:
		return json_string(any_word());
	case 4:
		v = json_array();
		while (n--)
			json_array_append_new(v, any_value(depth + 1));
		return v;
	default:
		v = json_object();
		while (n--)
			json_object_set_new(v, any_word(), any_value(depth + 1));
		return v;
	}
}

/* One value of @at, some way down, becomes another one. */
static void disturb(json_t *at)
{
	void *i = json_object_iter(at);
	size_t n = json_object_size(at);

	if (json_is_array(at) && json_array_size(at)) {
		n = random_below((uint32_t)json_array_size(at));
		if (random_below(3))
			disturb(json_array_get(at, n));
		else
			json_array_set_new(at, n, any_value(2));
		return;
	}
	if (!n)
		return;
	for (n = random_below((uint32_t)n); n; n--)
		i = json_object_iter_next(at, i);
	if (random_below(4))
		disturb(json_object_iter_value(i));
	else
		json_object_iter_set_new(at, i, any_value(2));
}

static json_t *whole_object(enum controller_kind kind)
{
	static const char *const texts[CONTROLLER_KINDS] = {
		[CONTROLLER_PROFILE] =
			"{\"metadata\":{\"name\":\"web\",\"generation\":1,\"resourceVersion\":"
			"\"1\"},"
			"\"spec\":{\"source\":\"profile web { }\",\"files\":{\"a.pale\":\"\"},"
			"\"rollout\":{\"auditHours\":0}},\"status\":{\"digest\":\"0\","
			"\"rollout\":{\"phase\":\"Audit\",\"digest\":\"0\","
			"\"since\":\"2025-11-26T12:00:00Z\",\"observed\":\"2025-11-26T12:00:00Z\"},"
			"\"conditions\":[{\"type\":\"Compiled\",\"status\":\"True\"}],\"bundle\":{}"
			"}}",
		[CONTROLLER_BINDING] = "{\"metadata\":{\"namespace\":\"n\",\"name\":\"b\"},"
				       "\"spec\":{\"profile\":\"web\"}}",
		[CONTROLLER_NAMESPACE] = "{\"metadata\":{\"name\":\"n\",\"annotations\":"
					 "{\"pale.dev/profile\":\"web\"}}}",
		[CONTROLLER_POD] =
			"{\"metadata\":{\"namespace\":\"n\",\"name\":\"p\",\"uid\":\"u\","
			"\"annotations\":{\"pale.dev/recording\":\"n/r\",\"pale.dev/"
			"profile\":\"web\"},"
			"\"labels\":{\"app\":\"web\"}},\"spec\":{\"nodeName\":\"n1\","
			"\"containers\":"
			"[{\"name\":\"c\"}],\"initContainers\":[{\"name\":\"i\"}]},\"status\":{}}",
		[CONTROLLER_NODE_STATUS] =
			"{\"metadata\":{\"name\":\"n1\"},\"status\":{\"heartbeat\":"
			"\"2025-11-26T12:00:00Z\",\"profiles\":[{\"name\":\"web\",\"digest\":\"0\","
			"\"state\":\"Failed\",\"message\":\"m\",\"violations\":[{\"since\":"
			"\"2025-11-26T12:00:00Z\",\"count\":3}]}],\"runs\":[{\"recording\":\"n/r\","
			"\"uid\":\"u\",\"container\":\"c\",\"run\":\"x\"}]}}",
		[CONTROLLER_RECORDING] =
			"{\"metadata\":{\"namespace\":\"n\",\"name\":\"r\",\"generation\":1},"
			"\"spec\":"
			"{\"selector\":{},\"durationSeconds\":300},\"status\":{\"phase\":"
			"\"Recording\","
			"\"endsAt\":\"2025-11-26T12:05:00Z\",\"pods\":[{\"name\":\"p\",\"uid\":"
			"\"u\","
			"\"node\":\"n1\",\"containers\":[\"c\"],\"runs\":[]}]}}",
	};

	return json_loads(texts[kind], 0, NULL);
}

static void objects_of_any_form_do_no_harm(void **state)
{
	for (int run = 0; run < 150; run++) {
		struct server s;

		start(&s);
		for (int step = 0; step < 60; step++) {
			enum controller_kind kind =
				(enum controller_kind)random_below(CONTROLLER_KINDS);
			_cleanup_json_ json_t *o = whole_object(kind);

			for (uint32_t n = random_below(4); n; n--)
				disturb(o);
			if (random_below(5))
				controller_seen(s.c, kind, o);
			else
				controller_gone(s.c, kind, kind == CONTROLLER_RECORDING ? "n" : "",
					kind == CONTROLLER_RECORDING ? "r" : "web");
			s.now += random_below(200);
			s.forgetful = true;
			controller_tick(s.c, s.now);
			if (!random_below(10))
				settle(&s);
		}
		finish(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_of_any_form_do_no_harm),
	};

	random_seed(3);
	return cmocka_run_group_tests(tests, set_up, NULL);
}
