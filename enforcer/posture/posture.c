/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/posture.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/sha256.h"

#include <stdarg.h>
#include <string.h>

static json_t *checked(json_t *o)
{
	if (!o)
		abort();
	return o;
}

void posture_init(struct posture *p)
{
	*p = (struct posture){ .findings = checked(json_array()),
		.known = checked(json_object()),
		.unseen = checked(json_array()),
		.notes = checked(json_array()) };
}

void posture_release(struct posture *p)
{
	json_decref(p->findings);
	json_decref(p->known);
	json_decref(p->unseen);
	json_decref(p->notes);
	*p = (struct posture){ 0 };
}

/* ---- findings */

static void set(json_t *o, const char *member, json_t *value)
{
	if (json_object_set_new(o, member, value) < 0)
		abort();
}

static json_t *text_or_null(const char *s)
{
	return s ? json_text(s) : json_null();
}

json_t *finding_new(enum control c, const struct finding_place *where)
{
	const struct control_spec *spec = &controls[c];
	const struct {
		const char *member, *value;
	} place[] = {
		{ "kind", where->kind },
		{ "namespace", where->namespace },
		{ "name", where->name },
		{ "container", where->container },
		{ "place", where->place },
		{ "file", where->file },
	};
	_cleanup_free_ char *cis = control_cis(c);
	json_t *f = checked(json_object());

	set(f, "control", json_string(spec->id));
	set(f, "severity", json_string(control_severity_names[spec->severity]));
	set(f, "title", json_string(spec->title));
	set(f, "cis", *cis ? json_string(cis) : json_null());
	for (size_t i = 0; i < sizeof(place) / sizeof(*place); i++)
		set(f, place[i].member, json_text(place[i].value ? place[i].value : ""));
	set(f, "line", json_integer(where->line));
	set(f, "pods", json_integer(1));
	set(f, "evidence", json_array());
	set(f, "remedy", json_string(spec->remedy));
	set(f, "policy", text_or_null(spec->policy));
	set(f, "patch", json_null());
	set(f, "create", json_null());
	return f;
}

void finding_evidence(json_t *finding, json_t *value, const char *path_format, ...)
{
	json_t *one = checked(json_object()), *evidence = json_object_get(finding, "evidence"),
	       *there;
	_cleanup_free_ char *path = NULL;
	va_list ap;
	size_t i;

	va_start(ap, path_format);
	if (vasprintf(&path, path_format, ap) < 0)
		abort();
	va_end(ap);
	set(one, "path", json_text(path));
	set(one, "value", value ? value : json_null());
	json_array_foreach (evidence, i, there) {
		if (json_equal(there, one)) {
			json_decref(one);
			return;
		}
	}
	json_array_append_new(evidence, one);
}

void finding_patch(json_t *finding, json_t *patch)
{
	set(finding, "patch", checked(patch));
}

void finding_create(json_t *finding, json_t *object)
{
	set(finding, "create", checked(object));
}

void finding_severity(json_t *finding, enum control_severity severity)
{
	set(finding, "severity", json_string(control_severity_names[severity]));
}

static const char *member(const json_t *f, const char *name)
{
	const char *s = json_string_value(json_object_get(f, name));

	return s ? s : "";
}

enum control_severity finding_severity_of(const json_t *finding)
{
	const char *is = member(finding, "severity");
	size_t i = CONTROL_CRITICAL;

	while (i > 0 && strcmp(control_severity_names[i], is) != 0)
		i--;
	return (enum control_severity)i;
}

enum control finding_control(const json_t *finding)
{
	const char *id = member(finding, "control");
	size_t i = 0;

	while (i < CONTROL_COUNT - 1 && strcmp(controls[i].id, id) != 0)
		i++;
	return (enum control)i;
}

void finding_object(const json_t *finding, struct text *to)
{
	const char *namespace = member(finding, "namespace"), *kind = member(finding, "kind"),
		   *name = member(finding, "name");

	text_printf(to, "%s%s%s/%s", namespace, *namespace ? "/" : "", kind, name);
}

/* ---- what was found */

/* A digest of what tells a finding from others: of a large cluster there are many. */
static void identity(const json_t *f, char hex[65])
{
	static const char *const members[] = { "control", "kind", "namespace", "name", "container",
		"place", "file", "line", "evidence" };
	json_t *o = checked(json_array());
	_cleanup_free_ char *s = NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_array_append(o, json_object_get(f, members[i]));
	s = json_dumps(o, JSON_COMPACT);
	if (!s)
		abort();
	sha256_hex(s, strlen(s), hex);
	json_decref(o);
}

void posture_add(struct posture *p, json_t *finding)
{
	const json_t *index;
	char key[65];
	json_t *there;

	identity(finding, key);
	index = json_object_get(p->known, key);
	if (!index) {
		set(p->known, key, json_integer((json_int_t)json_array_size(p->findings)));
		json_array_append_new(p->findings, finding);
		return;
	}
	there = json_array_get(p->findings, (size_t)json_integer_value(index));
	set(there, "pods", json_integer(json_integer_value(json_object_get(there, "pods")) + 1));
	json_decref(finding);
}

static void add_text(json_t *to, const char *format, va_list ap)
{
	_cleanup_free_ char *s = NULL;

	if (vasprintf(&s, format, ap) < 0)
		abort();
	json_array_append_new(to, json_text(s));
}

void posture_unseen(struct posture *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add_text(p->unseen, format, ap);
	va_end(ap);
}

void posture_note(struct posture *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add_text(p->notes, format, ap);
	va_end(ap);
}

static int by_severity(const void *a, const void *b)
{
	static const char *const members[] = { "namespace", "kind", "name" };
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int r = (int)finding_severity_of(y) - (int)finding_severity_of(x);

	for (size_t i = 0; !r && i < sizeof(members) / sizeof(*members); i++)
		r = strcmp(member(x, members[i]), member(y, members[i]));
	if (!r)
		r = (int)finding_control(x) - (int)finding_control(y);
	/* In which they were found, last. */
	return r ? r : strcmp(member(x, "container"), member(y, "container"));
}

void posture_finish(struct posture *p, enum control_severity least)
{
	size_t n = json_array_size(p->findings), kept = 0;
	_cleanup_free_ json_t **v = calloc(n + 1, sizeof(*v));
	json_t *sorted = checked(json_array());

	if (!v)
		abort();
	for (size_t i = 0; i < n; i++) {
		v[kept] = json_array_get(p->findings, i);
		kept += finding_severity_of(v[kept]) >= least;
	}
	qsort(v, kept, sizeof(*v), by_severity);
	for (size_t i = 0; i < kept; i++)
		json_array_append(sorted, v[i]);
	json_decref(p->findings);
	p->findings = sorted;
}

json_t *posture_json(const struct posture *p)
{
	json_t *o = checked(json_object());

	json_object_set(o, "findings", p->findings);
	json_object_set(o, "unseen", p->unseen);
	json_object_set(o, "notes", p->notes);
	set(o, "objects", json_integer((json_int_t)p->objects));
	set(o, "containers", json_integer((json_int_t)p->containers));
	return o;
}

int posture_status(const struct posture *p)
{
	if (json_array_size(p->unseen))
		return STATUS_HOST;
	return json_array_size(p->findings) ? STATUS_POLICY : STATUS_OK;
}
