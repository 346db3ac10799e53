/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker has one file of JSON and no drop-ins. Members are added to the text and a value in it is
 * replaced, so that what people wrote stays as they laid it out. dockerd reads both members anew
 * when it is reloaded (dockerd(8)).
 */
#include "compiler/base/cleanup.h"
#include "enforcer/install_engine.h"
#include "enforcer/json_members.h"

#include <errno.h>
#include <string.h>

#define DOCKER_PATH	"/etc/docker/daemon.json"
#define DEFAULT_RUNTIME "default-runtime"

static int parse(const char *name, const char *s, size_t len, json_t **ret, struct pale_err **err)
{
	json_error_t e;

	*ret = json_loadb(s, len, JSON_REJECT_DUPLICATES, &e);
	if (!*ret)
		return pale_err_plain(err, EINVAL, "%s:%d:%d: %s", name, e.line, e.column, e.text);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return pale_err_plain(err, EINVAL, "%s:1:1: an object was expected", name);
}

static bool is_default(const json_t *content)
{
	const char *s = json_string_value(json_object_get(content, DEFAULT_RUNTIME));

	return s && !strcmp(s, RUNTIME_NAME);
}

static bool has_runtime(const json_t *content)
{
	return json_object_get(json_object_get(content, "runtimes"), RUNTIME_NAME) ||
	       is_default(content);
}

static char *quote(const char *s)
{
	json_t *v = json_string(s);
	char *quoted = json_dumps(v, JSON_ENCODE_ANY);

	json_decref(v);
	if (!quoted)
		abort();
	return quoted;
}

/* Members behind the last one of an object, parted as its first one is from the brace. */
static void add_members(struct install_edits *edits, const char *s, const struct json_members *o,
	const char *const *members, size_t n)
{
	_cleanup_(text_release) struct text made = TEXT_INIT, before = TEXT_INIT;
	bool top_level = o->open == strcspn(s, "{") + 1;

	if (o->n)
		text_add(&before, s + o->open, o->first.key - o->open);
	else if (top_level)
		text_puts(&before, "\n  ");
	if (o->n && !before.len)
		text_putc(&before, ' ');
	for (size_t i = 0; i < n; i++) {
		if (o->n || i)
			text_putc(&made, ',');
		text_printf(&made, "%s%s", text_str(&before), members[i]);
	}
	if (!o->n && top_level && !memchr(s + o->open, '\n', o->close - o->open))
		text_putc(&made, '\n');
	install_edits_add(edits, o->n ? o->last.end : o->open, "", 0, text_str(&made));
}

/* The edits of @s, the text of an object, in the order of their places. */
static void plan_edits(
	const char *s, const char *entry, bool make_default, struct install_edits *edits)
{
	_cleanup_(text_release) struct text runtimes = TEXT_INIT, value = TEXT_INIT;
	struct json_member in_runtimes, chosen;
	bool has_runtimes = json_find_member(s, 0, "runtimes", &in_runtimes);
	bool has_default = make_default && json_find_member(s, 0, DEFAULT_RUNTIME, &chosen);
	struct json_members top, inner;
	const char *members[2];
	size_t n = 0;

	json_members(s, 0, &top);
	text_printf(&runtimes, "\"runtimes\": {%s}", entry);
	if (!has_runtimes)
		members[n++] = text_str(&runtimes);
	if (make_default && !has_default)
		members[n++] = "\"" DEFAULT_RUNTIME "\": \"" RUNTIME_NAME "\"";
	if (has_default) {
		text_add(&value, s + chosen.key, chosen.value - chosen.key);
		text_puts(&value, "\"" RUNTIME_NAME "\"");
	}
	if (has_default && (!has_runtimes || chosen.key < in_runtimes.key))
		install_edits_add(edits, chosen.key, s + chosen.key, chosen.end - chosen.key,
			text_str(&value));
	if (has_runtimes) {
		json_members(s, in_runtimes.value, &inner);
		add_members(edits, s, &inner, &entry, 1);
	}
	if (has_default && has_runtimes && chosen.key > in_runtimes.key)
		install_edits_add(edits, chosen.key, s + chosen.key, chosen.end - chosen.key,
			text_str(&value));
	if (n)
		add_members(edits, s, &top, members, n);
}

static int check(const char *name, const json_t *content, struct pale_err **err)
{
	const json_t *runtimes = json_object_get(content, "runtimes");
	const json_t *chosen = json_object_get(content, DEFAULT_RUNTIME);

	if (runtimes && !json_is_object(runtimes))
		return pale_err_plain(err, EINVAL, "%s: \"runtimes\" is no object", name);
	if (chosen && !json_is_string(chosen))
		return pale_err_plain(
			err, EINVAL, "%s: \"" DEFAULT_RUNTIME "\" is no string", name);
	if (has_runtime(content))
		return pale_err_plain(err, EINVAL,
			"%s has a runtime '" RUNTIME_NAME
			"' that pale install-runtime did not write",
			name);
	return 0;
}

static json_t *additions(const struct install_request *request)
{
	json_t *adds =
		json_pack("{s:{s:{s:s}}}", "runtimes", RUNTIME_NAME, "path", request->runtime);

	if (request->make_default)
		json_object_set_new(adds, DEFAULT_RUNTIME, json_string(RUNTIME_NAME));
	return adds;
}

static int plan_docker(const struct install_view *view, const struct install_request *request,
	struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT, entry = TEXT_INIT, whole = TEXT_INIT;
	_cleanup_free_ char *path = quote(request->runtime);
	json_t *content = NULL;
	int r;

	plan->adds = additions(request);
	text_printf(&entry, "\"" RUNTIME_NAME "\": {\"path\": %s}", path);
	r = install_view_read(view, DOCKER_PATH, &plan->before, err);
	if (r < 0)
		return r;
	if (!plan->before.exists) {
		text_printf(&whole, "{\n  \"runtimes\": {%s}%s\n}\n", text_str(&entry),
			request->make_default ? ",\n  \"" DEFAULT_RUNTIME "\": \"" RUNTIME_NAME "\""
					      : "");
		return install_plan_new_file(plan, view, DOCKER_PATH, text_str(&whole), err);
	}
	text_printf(&name, "%s" DOCKER_PATH, view->root->dir);
	r = parse(text_str(&name), text_str(&plan->before.bytes), plan->before.bytes.len, &content,
		err);
	if (r >= 0)
		r = check(text_str(&name), content, err);
	json_decref(content);
	if (r < 0)
		return r;
	plan->path = strdup(DOCKER_PATH);
	plan_edits(text_str(&plan->before.bytes), text_str(&entry), request->make_default,
		&plan->edits);
	return 0;
}

const struct install_engine install_docker = {
	.name = "docker",
	.summary = "members of /etc/docker/daemon.json",
	.programs = (const char *const[]){ "dockerd", NULL },
	.effect = "systemctl reload docker",
	.plan = plan_docker,
	.parse = parse,
	.has_runtime = has_runtime,
};
