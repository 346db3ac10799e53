/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/violation_counts.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* DNS labels are 63 bytes long at most, and profiles' names are words. */
#define NAME_MAX_BYTES 63

/* Closed vocabularies; whatever else there is is the last one. */
static const char *const classes[] = { "process", "file", "network", "mount", "capability",
	"syscall", "limit", "other" };
static const char *const actions[] = { "refused", "killed", "audited", "not-enforced",
	"overblocked", "other" };

#define N_CLASSES (sizeof(classes) / sizeof(*classes))
#define N_ACTIONS (sizeof(actions) / sizeof(*actions))

struct series {
	char *namespace, *profile;
	uint64_t n[N_CLASSES][N_ACTIONS];
};

struct violation_counts {
	struct series v[VIOLATION_SERIES_MAX + 1]; /* the last one: all others */
	size_t n;
};

struct violation_counts *violation_counts_new(void)
{
	struct violation_counts *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	return c;
}

void violation_counts_free(struct violation_counts *c)
{
	for (size_t i = 0; c && i < c->n; i++) {
		free(c->v[i].namespace);
		free(c->v[i].profile);
	}
	free(c);
}

static const char *name_of(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++) {
		if (!isalnum((unsigned char)s[n]) && !strchr("-._/", s[n]))
			return VIOLATION_INVALID;
	}
	return n <= NAME_MAX_BYTES ? s : VIOLATION_INVALID;
}

static struct series *series_of(
	struct violation_counts *c, const char *namespace, const char *profile)
{
	struct series *s;

	for (size_t i = 0; i < c->n; i++) {
		s = &c->v[i];
		if (strcmp(s->namespace, namespace) == 0 && strcmp(s->profile, profile) == 0)
			return s;
	}
	if (c->n >= VIOLATION_SERIES_MAX)
	namespace = profile = VIOLATION_OTHER;
	if (c->n > VIOLATION_SERIES_MAX)
		return &c->v[VIOLATION_SERIES_MAX];
	s = &c->v[c->n++];
	s->namespace = strdup(namespace);
	s->profile = strdup(profile);
	if (!s->namespace || !s->profile)
		abort();
	return s;
}

static size_t index_of(const char *const *words, size_t n, const char *word)
{
	size_t i = 0;

	while (i + 1 < n && strcmp(words[i], word) != 0)
		i++;
	return i;
}

void violation_counts_take(struct violation_counts *c, const json_t *event)
{
	struct series *s;

	if (!event_is_violation(event))
		return;
	s = series_of(c, name_of(event_field_string(event, FIELD_NAMESPACE)),
		name_of(event_field_string(event, FIELD_PROFILE)));
	s->n[index_of(classes, N_CLASSES, event_class(event))][index_of(actions, N_ACTIONS,
		event_field_string(event, FIELD_OUTCOME))] += event_count(event);
}

void metric_label(struct text *t, const char *value)
{
	_cleanup_(text_release) struct text s = TEXT_INIT;

	text_escaped(&s, value, strlen(value));
	for (const char *c = text_str(&s); *c; c++) {
		if (*c == '\\' || *c == '"')
			text_putc(t, '\\');
		text_putc(t, *c);
	}
}

void violation_counts_print(const struct violation_counts *c, const char *metric, struct text *t)
{
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < N_CLASSES * N_ACTIONS; k++) {
			uint64_t n = c->v[i].n[k / N_ACTIONS][k % N_ACTIONS];

			if (!n)
				continue;
			text_printf(t, "%s{namespace=\"", metric);
			metric_label(t, c->v[i].namespace);
			text_puts(t, "\",profile=\"");
			metric_label(t, c->v[i].profile);
			text_printf(t, "\",class=\"%s\",action=\"%s\"} %" PRIu64 "\n",
				classes[k / N_ACTIONS], actions[k % N_ACTIONS], n);
		}
	}
}
