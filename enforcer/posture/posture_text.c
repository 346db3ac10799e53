/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text_table.h"
#include "compiler/base/wrapped.h"
#include "enforcer/posture/posture.h"

#include <string.h>

#define INDENT 4

static const char *member(const json_t *f, const char *name)
{
	const char *s = json_string_value(json_object_get(f, name));

	return s ? s : "";
}

/* A value as it would stand in a manifest, shortened by nobody. */
static void put_value(struct text *to, const json_t *value)
{
	_cleanup_free_ char *s = NULL;

	if (json_is_null(value)) {
		text_puts(to, "not set");
	} else if (json_is_string(value)) {
		text_puts(to, json_string_value(value));
	} else {
		s = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		text_puts(to, s ? s : "");
	}
}

static void put_evidence(struct text *to, const json_t *f)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(f, "evidence"), i, one) {
		text_printf(to, "%s%s: ", i ? ", " : "", member(one, "path"));
		put_value(to, json_object_get(one, "value"));
	}
}

static void put_container(struct text *to, const json_t *f)
{
	const char *place = member(f, "place");

	text_puts(to, member(f, "container"));
	if (*place && strcmp(place, "container") != 0)
		text_printf(to, " (%s)", place);
}

static void put_object(struct text *to, const json_t *f)
{
	json_int_t pods = json_integer_value(json_object_get(f, "pods"));

	finding_object(f, to);
	if (pods > 1)
		text_printf(to, " (%" JSON_INTEGER_FORMAT " pods)", pods);
}

static void put_table(const struct posture *p, struct text *to)
{
	static const char *const columns[] = { "SEVERITY", "CONTROL", "CIS", "OBJECT", "CONTAINER",
		"EVIDENCE", NULL };
	json_t *rows = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach (p->findings, i, f) {
		_cleanup_(text_release) struct text object = TEXT_INIT, container = TEXT_INIT,
						    evidence = TEXT_INIT;

		put_object(&object, f);
		put_container(&container, f);
		put_evidence(&evidence, f);
		json_array_append_new(rows,
			json_pack("[s, s, s, s, s, s]", member(f, "severity"), member(f, "control"),
				controls[finding_control(f)].cis ? controls[finding_control(f)].cis
								 : "",
				text_str(&object), text_str(&container), text_str(&evidence)));
	}
	text_table(columns, rows, to);
	json_decref(rows);
}

static void put_paragraph(struct text *to, const char *head, const char *body)
{
	text_printf(to, "%*s%s ", INDENT, "", head);
	text_wrapped(to, body, INDENT + strlen(head) + 1, INDENT + strlen(head) + 1);
}

/* What ends one finding, as it is handed to `kubectl patch` or `kubectl create`. */
static void put_change(struct text *to, const json_t *f, const char *how)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	const json_t *change = json_object_get(f, how);
	_cleanup_free_ char *s = NULL;

	if (json_is_null(change))
		return;
	s = json_dumps(change, JSON_COMPACT);
	finding_object(f, &line);
	text_printf(&line, ": %s %s", how, s ? s : "");
	text_printf(to, "%*s", INDENT, "");
	text_escaped(to, text_str(&line), line.len);
	text_putc(to, '\n');
}

static void put_control(const struct posture *p, enum control c, struct text *to)
{
	const struct control_spec *spec = &controls[c];
	_cleanup_free_ char *cis = control_cis(c);
	bool first = true;
	const json_t *f;
	size_t i;

	json_array_foreach (p->findings, i, f) {
		if (finding_control(f) != c)
			continue;
		if (first) {
			text_printf(to, "\n%s%s%s: %s.\n", spec->id, *cis ? ", CIS " : "", cis,
				spec->title);
			text_printf(to, "%*s", INDENT, "");
			text_wrapped(to, spec->why, INDENT, INDENT);
			put_paragraph(to, "mend:", spec->remedy);
			if (spec->policy)
				put_paragraph(to, "pale:", spec->policy);
		}
		first = false;
		put_change(to, f, "patch");
		put_change(to, f, "create");
	}
}

static void put_texts(const json_t *texts, const char *head, struct text *to)
{
	const json_t *s;
	size_t i;

	json_array_foreach ((json_t *)texts, i, s) {
		text_puts(to, head);
		text_escaped(to, json_string_value(s), json_string_length(s));
		text_putc(to, '\n');
	}
}

static void put_sum(const struct posture *p, struct text *to)
{
	size_t of[CONTROL_CRITICAL + 1] = { 0 }, n = json_array_size(p->findings), i;
	bool first = true;
	const json_t *f;

	json_array_foreach (p->findings, i, f)
		of[finding_severity_of(f)]++;
	text_printf(to, "%zu finding%s", n, n == 1 ? "" : "s");
	for (i = CONTROL_CRITICAL + 1; i-- > 0;) {
		if (!of[i])
			continue;
		text_printf(to, "%s%zu %s", first ? ": " : ", ", of[i], control_severity_names[i]);
		first = false;
	}
	text_printf(to, "; %zu container%s", p->containers, p->containers == 1 ? "" : "s");
	if (p->objects)
		text_printf(to, " of %zu object%s", p->objects, p->objects == 1 ? "" : "s");
	text_puts(to, " looked at\n");
}

void posture_text(const struct posture *p, struct text *to)
{
	if (json_array_size(p->findings)) {
		put_table(p, to);
		for (int c = 0; c < CONTROL_COUNT; c++)
			put_control(p, (enum control)c, to);
		text_putc(to, '\n');
	}
	put_texts(p->unseen, "could not be looked at: ", to);
	put_texts(p->notes, "not looked at: ", to);
	put_sum(p, to);
}
