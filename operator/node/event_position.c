/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/event_position.h"

#include "compiler/base/cleanup.h"
#include "enforcer/report_time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 16

json_t *event_position_json(const struct seen *s)
{
	struct seen_event v[EVENT_POSITION_MAX];
	json_t *had = json_array();
	size_t n;
	uint64_t until = seen_latest(s, v, EVENT_POSITION_MAX, &n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(had, json_sprintf("%016" PRIx64, v[i].hash));
	return json_pack("{s:o, s:o}", "until", report_time_json(until), "had", had);
}

static bool read_hash(const json_t *json, uint64_t *ret)
{
	const char *s = json_string_value(json);

	if (!s || strspn(s, "0123456789abcdef") != HASH_DIGITS || s[HASH_DIGITS])
		return false;
	*ret = strtoull(s, NULL, 16);
	return true;
}

struct seen *event_position_open(const json_t *json, uint64_t now_ns)
{
	const char *until = json_string_value(json_object_get(json, "until"));
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct seen_event e = { .time_ns = now_ns };
	struct seen *s;
	json_t *one;
	size_t i;

	if (until && !report_time_parse(until, &e.time_ns))
		until = NULL;
	/* Without a file nothing fails. */
	if (seen_open(NULL, 0, e.time_ns, &s, &err) < 0)
		abort();
	json_array_foreach (until ? json_object_get(json, "had") : NULL, i, one) {
		if (read_hash(one, &e.hash))
			seen_had(s, &e, 1);
	}
	return s;
}
