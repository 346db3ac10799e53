/* SPDX-License-Identifier: Apache-2.0 */
/* Static Analysis Results Interchange Format 2.1.0 (OASIS standard); its sections are named below.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/posture/posture.h"

#include <string.h>

#define SCHEMA                                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

static const char *member(const json_t *f, const char *name)
{
	const char *s = json_string_value(json_object_get(f, name));

	return s ? s : "";
}

/* 3.58.6; and as code hosts sort them, the middle of CVSS' bands. */
static const struct {
	const char *level, *number;
} levels[] = {
	[CONTROL_LOW] = { "note", "2.0" },
	[CONTROL_MEDIUM] = { "warning", "5.5" },
	[CONTROL_HIGH] = { "error", "8.0" },
	[CONTROL_CRITICAL] = { "error", "9.5" },
};

/* 3.49: a reportingDescriptor. */
static json_t *rule(enum control c)
{
	const struct control_spec *spec = &controls[c];
	_cleanup_(text_release) struct text help = TEXT_INIT;
	_cleanup_free_ char *cis = control_cis(c);
	json_t *tags = json_pack("[s, s]", "security", "kubernetes");

	text_puts(&help, spec->remedy);
	if (spec->policy)
		text_printf(&help, "\n\nPale: %s", spec->policy);
	if (*cis) {
		text_printf(&help, "\n\nCIS Kubernetes Benchmark: %s.", cis);
		json_array_append_new(tags, json_sprintf("CIS-%s", spec->cis));
	}
	return json_pack("{s:s, s:{s:s+}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:o, s:s}}", "id", spec->id,
		"shortDescription", "text", spec->title, ".", "fullDescription", "text", spec->why,
		"help", "text", text_str(&help), "defaultConfiguration", "level",
		levels[spec->severity].level, "properties", "tags", tags, "security-severity",
		levels[spec->severity].number);
}

/* 3.4.3, RFC 3986: a relative reference; what a path may not have as it is is escaped. */
static json_t *uri_of(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (const unsigned char *s = (const unsigned char *)path; *s; s++)
		text_printf(&t, strchr(plain, *s) ? "%c" : "%%%02X", *s);
	return json_text(text_str(&t));
}

/* 3.28: where, by the object's name and, of a manifest, by its file. */
static json_t *location(const json_t *f)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	const char *container = member(f, "container"), *file = member(f, "file");
	json_int_t line = json_integer_value(json_object_get(f, "line"));
	json_t *logical, *o = json_object();

	finding_object(f, &object);
	if (*container)
		text_printf(&object, "/%s", container);
	logical = json_pack("[{s:s, s:o, s:s}]", "name", *container ? container : member(f, "name"),
		"fullyQualifiedName", json_text(text_str(&object)), "kind", "resource");
	json_object_set_new(o, "logicalLocations", logical);
	if (*file) {
		json_t *physical = json_pack("{s:{s:o}}", "artifactLocation", "uri", uri_of(file));

		if (line)
			json_object_set_new(
				physical, "region", json_pack("{s:I}", "startLine", line));
		json_object_set_new(o, "physicalLocation", physical);
	}
	return o;
}

static json_t *message(const json_t *f)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const json_t *one;
	size_t i;

	text_printf(&t, "%s:", member(f, "title"));
	json_array_foreach (json_object_get(f, "evidence"), i, one) {
		const json_t *value = json_object_get(one, "value");
		_cleanup_free_ char *s = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		text_printf(&t, "%s %s is %s", i ? "," : "", member(one, "path"),
			json_is_null(value) ? "not set" : s);
	}
	text_printf(&t, ". %s", member(f, "remedy"));
	return json_pack("{s:o}", "text", json_text(text_str(&t)));
}

/* 3.27 */
static json_t *result(const json_t *f)
{
	enum control c = finding_control(f);
	json_t *o = json_pack("{s:s, s:I, s:s, s:o, s:[o]}", "ruleId", controls[c].id, "ruleIndex",
		(json_int_t)c, "level", levels[finding_severity_of(f)].level, "message", message(f),
		"locations", location(f));
	json_t *properties = json_object();

	json_object_set(properties, "evidence", json_object_get(f, "evidence"));
	json_object_set(properties, "patch", json_object_get(f, "patch"));
	json_object_set(properties, "create", json_object_get(f, "create"));
	json_object_set(properties, "pods", json_object_get(f, "pods"));
	json_object_set_new(o, "properties", properties);
	return o;
}

/* 3.58: what could not be looked at (an error) and what was not (a note). */
static void add_notifications(json_t *to, const json_t *texts, const char *level)
{
	json_t *s;
	size_t i;

	json_array_foreach ((json_t *)texts, i, s)
		json_array_append_new(
			to, json_pack("{s:s, s:{s:O}}", "level", level, "message", "text", s));
}

json_t *posture_sarif(const struct posture *p, const char *program)
{
	json_t *rules = json_array(), *results = json_array(), *told = json_array(), *o;
	size_t i;
	const json_t *f;

	/* All of them, so that a rule's index is its control. */
	for (int c = 0; c < CONTROL_COUNT; c++)
		json_array_append_new(rules, rule((enum control)c));
	json_array_foreach (p->findings, i, f)
		json_array_append_new(results, result(f));
	add_notifications(told, p->unseen, "error");
	add_notifications(told, p->notes, "note");
	o = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:o}], s:o, s:s}]}",
		"$schema", SCHEMA, "version", "2.1.0", "runs", "tool", "driver", "name", program,
		"version", PALE_VERSION, "rules", rules, "invocations", "executionSuccessful",
		json_array_size(p->unseen) == 0, "toolExecutionNotifications", told, "results",
		results, "columnKind", "utf16CodeUnits");
	if (!o)
		abort();
	return o;
}
