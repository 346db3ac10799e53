/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TEST_CONTROLLER_JSON_H
#define PALE_TEST_CONTROLLER_JSON_H

/* How the controller's tests look at JSON and at Events. */

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/controller/event_list.h"

#include <jansson.h>
#include <string.h>

#define N(a) (sizeof(a) / sizeof(*(a)))

static inline void json_unref(json_t **v)
{
	json_decref(*v);
}
#define _cleanup_json_ _cleanup_(json_unref)

/* "" when there is none. */
static inline const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static inline void assert_json(const json_t *got, const char *want)
{
	_cleanup_json_ json_t *expected = json_loads(want, JSON_DECODE_ANY, NULL);
	_cleanup_free_ char *s = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	assert_non_null(expected);
	if (!json_equal(got, expected))
		fail_msg("got %s\nwanted %s", s, want);
}

/* One line each: "N Reason message", or W for a warning. Empties the list. */
static inline void assert_events(struct event_list *events, const char *want)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < events->n; i++)
		text_printf(&t, "%c %s %s\n", events->v[i].warning ? 'W' : 'N', events->v[i].reason,
			events->v[i].message);
	event_list_release(events);
	assert_string_equal(text_str(&t), want);
}

#endif
