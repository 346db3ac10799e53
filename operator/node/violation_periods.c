/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/violation_periods.h"

#include "operator/api_time.h"

#include <string.h>

static void drop_first(struct violation_periods *p)
{
	memmove(&p->v[0], &p->v[1], --p->n * sizeof(*p->v));
}

static void expire(struct violation_periods *p, int64_t now)
{
	while (p->n && p->v[0].since + NODE_PERIOD <= now - NODE_HOUR)
		drop_first(p);
}

void violation_periods_add(struct violation_periods *p, int64_t at, uint64_t count, int64_t now)
{
	size_t i;

	if (at < now - NODE_HOUR || at > now + NODE_PERIOD)
		at = now;
	at -= at % NODE_PERIOD;
	expire(p, now);
	i = p->n;
	while (i && p->v[i - 1].since > at)
		i--;
	if (i && p->v[i - 1].since == at) {
		p->v[i - 1].count += count;
		return;
	}
	if (p->n == VIOLATION_PERIODS) {
		/* The clock was set back: what is to come is kept, what is oldest goes. */
		drop_first(p);
		i -= i > 0;
	}
	memmove(&p->v[i + 1], &p->v[i], (p->n - i) * sizeof(*p->v));
	p->n++;
	p->v[i].since = at;
	p->v[i].count = count;
}

json_t *violation_periods_json(struct violation_periods *p, int64_t now)
{
	json_t *all;

	expire(p, now);
	if (!p->n)
		return NULL;
	all = json_array();
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(all, json_pack("{s:o, s:I}", "since", api_time(p->v[i].since),
						   "count", (json_int_t)p->v[i].count));
	return all;
}

void violation_periods_read(struct violation_periods *p, const json_t *json, int64_t now)
{
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)json, i, one) {
		int64_t since = api_time_parse(json_object_get(one, "since"));
		json_int_t count = json_integer_value(json_object_get(one, "count"));

		if (since > now - NODE_HOUR - NODE_PERIOD && since <= now && count > 0)
			violation_periods_add(p, since < now - NODE_HOUR ? now - NODE_HOUR : since,
				(uint64_t)count, now);
	}
}
