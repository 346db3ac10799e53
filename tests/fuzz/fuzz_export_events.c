/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of paled's, through every format and the fold: one line each, nothing in it
 * that drives a terminal, JSON where it is JSON, and no count lost. */
#include "compiler/base/cleanup.h"
#include "compiler/base/utf8.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/feed.h"
#include "enforcer/export/fold.h"
#include "enforcer/export/format.h"
#include "enforcer/export/http_answer.h"
#include "enforcer/export/violation_counts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void put_syslog(const json_t *e, struct text *t)
{
	const struct syslog_origin origin = { 23, "node 1\x1b" };

	format_syslog(&origin, e, NULL, t);
}

static void put_otlp(const json_t *e, struct text *t)
{
	format_otlp(&e, 1, t);
}

static void is_one_line(const struct text *t, bool fields)
{
	for (size_t i = 0; i < t->len;) {
		const unsigned char *s = (const unsigned char *)t->s + i;
		size_t n = utf8_sequence(s, t->len - i);

		must(n);
		must((*s >= 0x20 || (fields && *s == '\n')) && *s != 0x7f);
		must(*s != 0xc2 || s[1] >= 0xa0);
		i += n;
	}
}

static void is_json(const struct text *t)
{
	json_t *o = json_loadb(t->s, t->len, JSON_REJECT_DUPLICATES, NULL);

	must(json_is_object(o));
	json_decref(o);
}

static void count(void *ctx, json_t *event, const struct seen_event *of, size_t n)
{
	uint64_t *sum = ctx;

	must(n >= 1 && of[0].hash == 7);
	*sum += n;
	json_decref(event);
}

static void fold_it(const json_t *event)
{
	const struct seen_event of = { 1, 7 };
	uint64_t sum = 0;
	struct fold *f = fold_new(1000, count, &sum);

	for (int i = 0; i < 3; i++)
		fold_take(f, json_deep_copy(event), &of, 0);
	fold_expire(f, UINT64_MAX);
	must(sum == 3);
	fold_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct {
		void (*put)(const json_t *e, struct text *t);
		bool json, fields;
	} formats[] = { { format_json, true, false }, { format_cef, false, false },
		{ format_ocsf, true, false }, { put_syslog, false, false },
		{ put_otlp, true, false }, { format_journal, false, true } };
	struct violation_counts *counts = violation_counts_new();
	_cleanup_(text_release) struct text metrics = TEXT_INIT;
	struct feed_line l;

	http_answer_rejected((const char *)bytes, len);
	if (feed_parse((const char *)bytes, len, &l) && l.event) {
		for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;

			formats[i].put(l.event, &t);
			is_one_line(&t, formats[i].fields);
			if (formats[i].json)
				is_json(&t);
		}
		fold_it(l.event);
		violation_counts_take(counts, l.event);
		violation_counts_print(counts, "m", &metrics);
		is_one_line(&metrics, true);
	}
	feed_line_release(&l);
	violation_counts_free(counts);
	return 0;
}
