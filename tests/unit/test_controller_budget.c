/* SPDX-License-Identifier: Apache-2.0 */
/* What many nodes and pods cost: writes and memory. */
#include "controller_server.h"

#include <malloc.h>

/* 1,000 nodes that load a profile one after another, ten a second. */
static void many_nodes_cost_few_writes(void **state)
{
	_cleanup_(finish) struct server s;
	char digest[65];

	start_compiled(&s);
	copy_digest(&s, digest);
	for (int i = 0; i < 1000; i++) {
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		put(&s, CONTROLLER_NODE_STATUS,
			node_of(&s, node, "web", i % 2 ? digest : OTHER_DIGEST));
	}
	settle(&s);
	s.writes[CONTROLLER_PROFILE] = 0;
	for (int i = 0; i < 1000; i += 2) {
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		put(&s, CONTROLLER_NODE_STATUS, node_of(&s, node, "web", digest));
		if (i % 10 == 0)
			s.now++;
		settle(&s);
	}
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Ready"));
	assert_in_range(s.writes[CONTROLLER_PROFILE], 2, 8);
}

static void twenty_thousand_pods_are_small(void **state)
{
	struct server s;
	size_t before = mallinfo2().uordblks, taken;
	char digest[65];

	start_compiled(&s);
	copy_digest(&s, digest);
	for (int i = 0; i < 1000; i++) {
		_cleanup_json_ json_t *o = NULL;
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		o = node_of(&s, node, "web", digest);
		controller_seen(s.c, CONTROLLER_NODE_STATUS, o);
	}
	for (int i = 0; i < 20000; i++) {
		_cleanup_json_ json_t *o = json_pack("{s:{s:s, s:o, s:{s:s}}, s:{s:s}}", "metadata",
			"namespace", "shop", "name", json_sprintf("web-0123456789-%05d", i),
			"annotations", "pale.dev/profile", "web", "status", "phase", "Running");

		controller_seen(s.c, CONTROLLER_POD, o);
	}
	settle(&s);
	taken = mallinfo2().uordblks - before;
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Ready"));
	finish(&s);
	if (taken > (size_t)8 << 20)
		fail_msg("%zu bytes", taken);
	assert_true(mallinfo2().uordblks <= before + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_nodes_cost_few_writes),
		cmocka_unit_test(twenty_thousand_pods_are_small),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
