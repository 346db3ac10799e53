/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report_sink.h"

#include <errno.h>

int report_sink_open(struct report_sink *s, FILE *human, bool colour, const char *json_path,
	struct pale_err **err)
{
	*s = (struct report_sink){ .human = human, .colour = colour };
	if (!json_path)
		return 0;
	s->json = fopen(json_path, "we");
	return s->json ? 0 : pale_err_set(err, errno, "open the report %s", json_path);
}

void report_sink_take(void *sink, const struct violation *v)
{
	struct report_sink *s = sink;
	json_t *o;

	s->reported++;
	report_print(v, s->human, s->colour);
	if (!s->json) {
		s->lost += ferror(s->human) != 0;
		clearerr(s->human);
		return;
	}
	o = report_json(v);
	/* Each line as it comes: who reads the file must not wait for a buffer to fill. */
	if (json_dumpf(o, s->json, JSON_COMPACT | JSON_ENSURE_ASCII) < 0 ||
		fputc('\n', s->json) == EOF || fflush(s->json) == EOF)
		s->lost++;
	json_decref(o);
}

void report_sink_close(struct report_sink *s)
{
	if (s->json && fclose(s->json) == EOF)
		s->lost++;
	s->json = NULL;
}
