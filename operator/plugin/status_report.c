/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/status_report.h"

#include "compiler/base/cleanup.h"
#include "operator/api_time.h"
#include "operator/controller/condition.h"
#include "operator/controller/node_table.h"
#include "operator/plugin/object_text.h"
#include "compiler/base/text_table.h"

#include <inttypes.h>
#include <string.h>

#define DIGEST_SHOWN 12

/* ---- profiles */

static bool is_seen(const json_t *object, const json_t *status)
{
	const json_t *generation =
		json_object_get(json_object_get(object, "metadata"), "generation");

	return json_integer_value(json_object_get(status, "observedGeneration")) >=
	       json_integer_value(generation);
}

static bool is_said(const json_t *status, const char *type, const char *what)
{
	return strcmp(object_text(condition_find(status, type), "status"), what) == 0;
}

/* *@ret_told: the condition whose message says why; NULL: nothing is to be said. */
static const char *state_of(const json_t *object, const json_t *status, const char **ret_told)
{
	*ret_told = NULL;
	if (*object_text(json_object_get(object, "metadata"), "deletionTimestamp"))
		return "Deleting";
	*ret_told = "Compiled";
	if (!is_seen(object, status))
		return "Pending";
	if (is_said(status, "Compiled", "False"))
		return "Rejected";
	if (!condition_holds(status, "Compiled"))
		return "Pending";
	*ret_told = "Degraded";
	if (condition_holds(status, "Degraded"))
		return "Degraded";
	*ret_told = NULL;
	if (condition_holds(status, "Ready"))
		return "Ready";
	*ret_told = "Distributed";
	return "Distributing";
}

/* What a rollout says, where there is nothing worse. */
static const char *message_of(const json_t *status, const char *told)
{
	const char *s = told ? object_text(condition_find(status, told), "message") : "";

	return *s ? s : object_text(json_object_get(status, "rollout"), "message");
}

static json_t *nodes_of(const json_t *status)
{
	const json_t *nodes = json_object_get(status, "nodes");

	if (!nodes)
		return json_null();
	return json_pack("{s:I, s:I}", "ready", json_integer_value(json_object_get(nodes, "ready")),
		"total", json_integer_value(json_object_get(nodes, "total")));
}

static json_t *violations_of(
	const struct node_table *table, const char *name, const char *digest, int64_t now)
{
	struct node_counts counts;

	node_table_count(table, name, digest, now, &counts);
	text_release(&counts.trouble);
	return json_integer(
		counts.violations > INT64_MAX ? INT64_MAX : (json_int_t)counts.violations);
}

static json_t *profile_of(const json_t *object, const struct node_table *table, int64_t now)
{
	const json_t *status = json_object_get(object, "status");
	const json_t *percent =
		json_object_get(json_object_get(status, "rollout"), "canaryPercent");
	const char *mode = object_text(status, "mode"), *digest = object_text(status, "digest");
	const char *told, *state = state_of(object, status, &told);
	json_t *p;

	if (!*mode)
		mode = object_text(json_object_get(object, "spec"), "mode");
	p = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "name", object_name(object), "mode",
		*mode ? mode : "enforce", "state", state, "digest",
		*digest ? json_string(digest) : json_null(), "nodes", nodes_of(status),
		"violations", violations_of(table, object_name(object), digest, now), "message",
		message_of(status, told));
	if (percent)
		json_object_set(p, "canaryPercent", (json_t *)percent);
	return p;
}

/* ---- nodes */

static const char *readiness_of(const json_t *status, int64_t now)
{
	int64_t heard = api_time_parse(json_object_get(status, "heartbeat"));
	const char *ready = object_text(condition_find(status, "Ready"), "status");

	if (heard < now - NODE_STALE || heard > now + NODE_STALE)
		return "Silent";
	return *ready ? ready : "Unknown";
}

/* The first profile that is not there in full, or what the node's condition says. */
static void add_trouble(
	const json_t *status, const char *ready, const json_t *profiles, struct text *to)
{
	json_t *p;
	size_t i;

	if (strcmp(ready, "Silent") == 0) {
		const char *heard = object_text(status, "heartbeat");

		text_printf(to, *heard ? "last heard of at %s" : "never heard of", heard);
		return;
	}
	if (strcmp(ready, "True") != 0) {
		text_puts(to, object_text(condition_find(status, "Ready"), "message"));
		return;
	}
	json_array_foreach ((json_t *)profiles, i, p) {
		const char *state = object_text(p, "state"), *why = object_text(p, "message");

		if (strcmp(state, "Loaded") == 0 || strcmp(state, "Removing") == 0)
			continue;
		text_printf(to, "%s: %s", object_text(p, "name"), state);
		if (*why)
			text_printf(to, ": %s", why);
		return;
	}
}

/* Of those that it is to have: one that is being removed is kept for what runs under it. */
static json_t *loads_of(const json_t *profiles)
{
	json_int_t loaded = 0, total = 0;
	json_t *p;
	size_t i;

	json_array_foreach ((json_t *)profiles, i, p) {
		loaded += strcmp(object_text(p, "state"), "Loaded") == 0;
		total += strcmp(object_text(p, "state"), "Removing") != 0;
	}
	return json_pack("{s:I, s:I}", "loaded", loaded, "total", total);
}

static json_t *node_of(const json_t *object, int64_t now)
{
	const json_t *status = json_object_get(object, "status");
	const json_t *profiles = json_object_get(status, "profiles");
	json_t *mechanisms = json_object_get(status, "mechanisms");
	const char *ready = readiness_of(status, now);
	_cleanup_(text_release) struct text why = TEXT_INIT;

	add_trouble(status, ready, profiles, &why);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o, s:s}", "name", object_name(object),
		"ready", ready, "heartbeat", object_text(status, "heartbeat"), "mechanisms",
		mechanisms ? json_incref(mechanisms) : json_array(), "unconfined",
		json_integer_value(json_object_get(status, "unconfined")), "profiles",
		loads_of(profiles), "message", text_str(&why));
}

/* ---- both */

static bool is_well(const json_t *profiles, const json_t *nodes)
{
	json_t *o;
	size_t i;

	if (!json_array_size(nodes))
		return false;
	json_array_foreach ((json_t *)profiles, i, o) {
		if (strcmp(object_text(o, "state"), "Ready") != 0)
			return false;
	}
	json_array_foreach ((json_t *)nodes, i, o) {
		if (strcmp(object_text(o, "ready"), "True") != 0 ||
			json_integer_value(json_object_get(o, "unconfined")))
			return false;
	}
	return true;
}

json_t *status_report(const json_t *profiles, const json_t *nodes, int64_t now)
{
	struct node_table table = { 0 };
	json_t *p = json_array(), *n = json_array(), *o;
	size_t i;

	json_array_foreach ((json_t *)nodes, i, o) {
		node_table_seen(&table, o);
		json_array_append_new(n, node_of(o, now));
	}
	json_array_foreach ((json_t *)profiles, i, o)
		json_array_append_new(p, profile_of(o, &table, now));
	node_table_release(&table);
	return json_pack("{s:o, s:o, s:b}", "profiles", p, "nodes", n, "well", is_well(p, n));
}

bool status_report_is_well(const json_t *report)
{
	return json_is_true(json_object_get(report, "well"));
}

/* ---- text */

static json_t *pair_of(const json_t *o, const char *first, const char *second)
{
	if (!json_is_object(o))
		return json_string("");
	return json_sprintf("%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(o, first)),
		json_integer_value(json_object_get(o, second)));
}

static json_t *number_of(const json_t *o, const char *member)
{
	return json_sprintf(
		"%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(o, member)));
}

static json_t *mode_of(const json_t *profile)
{
	const json_t *percent = json_object_get(profile, "canaryPercent");

	if (!percent)
		return json_incref(json_object_get(profile, "mode"));
	return json_sprintf("%s, %" JSON_INTEGER_FORMAT "%% enforce", object_text(profile, "mode"),
		json_integer_value(percent));
}

static void profiles_text(const json_t *profiles, struct text *to)
{
	static const char *const columns[] = { "PROFILE", "MODE", "STATE", "DIGEST", "NODES",
		"VIOLATIONS", "MESSAGE", NULL };
	json_t *rows = json_array(), *p;
	size_t i;

	json_array_foreach ((json_t *)profiles, i, p)
		json_array_append_new(
			rows, json_pack("[O, o, O, o, o, o, O]", json_object_get(p, "name"),
				      mode_of(p), json_object_get(p, "state"),
				      json_sprintf("%.*s", DIGEST_SHOWN, object_text(p, "digest")),
				      pair_of(json_object_get(p, "nodes"), "ready", "total"),
				      number_of(p, "violations"), json_object_get(p, "message")));
	if (json_array_size(rows))
		text_table(columns, rows, to);
	else
		text_puts(to, "There are no PaleProfiles.\n");
	json_decref(rows);
}

static json_t *mechanisms_of(const json_t *node)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(node, "mechanisms"), i, m)
		text_printf(&t, "%s%s", i ? "," : "", json_string_value(m) ?: "");
	return json_string(text_str(&t));
}

static void nodes_text(const json_t *nodes, struct text *to)
{
	static const char *const columns[] = { "NODE", "READY", "MECHANISMS", "PROFILES",
		"UNCONFINED", "MESSAGE", NULL };
	json_t *rows = json_array(), *n;
	size_t i;

	json_array_foreach ((json_t *)nodes, i, n)
		json_array_append_new(
			rows, json_pack("[O, O, o, o, o, O]", json_object_get(n, "name"),
				      json_object_get(n, "ready"), mechanisms_of(n),
				      pair_of(json_object_get(n, "profiles"), "loaded", "total"),
				      number_of(n, "unconfined"), json_object_get(n, "message")));
	if (json_array_size(rows))
		text_table(columns, rows, to);
	else
		text_puts(to, "No node has said anything: does the DaemonSet pale-node run?\n");
	json_decref(rows);
}

void status_report_text(const json_t *report, struct text *to)
{
	profiles_text(json_object_get(report, "profiles"), to);
	text_putc(to, '\n');
	nodes_text(json_object_get(report, "nodes"), to);
}
