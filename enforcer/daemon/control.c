/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/daemon/live_update.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/request_members.h"
#include "enforcer/daemon/response.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 256
/* A kind and a name of Kubernetes: 63 and 253 bytes. */
#define OWNER_BYTES_MAX 512

static int read_files(
	const json_t *files, struct node_source **ret, size_t *ret_n, struct pale_err **err)
{
	size_t n = json_array_size(files);
	struct node_source *v;

	if (!n || n > FILES_MAX)
		return pale_err_plain(
			err, EINVAL, "'files' must have from 1 to %d files", FILES_MAX);
	v = calloc(n, sizeof(*v));
	if (!v)
		abort();
	*ret = v;
	*ret_n = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *f = json_array_get(files, i), *text = json_object_get(f, "text");

		v[i].name = json_string_value(json_object_get(f, "name"));
		v[i].bytes = json_string_value(text);
		v[i].len = json_string_length(text);
		if (!v[i].name || !v[i].bytes)
			return pale_err_plain(
				err, EINVAL, "files[%zu] must have 'name' and 'text'", i);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(v[i].name, v[j].name) == 0)
				return pale_err_plain(
					err, EINVAL, "files[%zu] has the name of files[%zu]", i, j);
		}
	}
	return 0;
}

static int load(void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	_cleanup_free_ struct node_source *sources = NULL;
	json_t *profiles = NULL, *diagnostics = NULL;
	const char *main;
	size_t n = 0, i = 0;
	bool replace;
	int e = read_files(json_object_get(r->body, "files"), &sources, &n, err);

	if (e >= 0)
		e = request_text(r->body, "main", &main, err);
	if (e >= 0)
		e = request_flag(r->body, "replace", &replace, err);
	if (e < 0)
		return e;
	while (main && i < n && strcmp(sources[i].name, main) != 0)
		i++;
	if (!main || i == n || strchr(main, '/'))
		return pale_err_plain(err, EINVAL, "'main' must be one of the files, in no folder");
	e = policy_store_load(&d->store, sources, n, main, replace, &profiles, &diagnostics, err);
	daemon_sweep_policies(d);
	if (e < 0) {
		if (diagnostics)
			*ret_more = json_pack("{s:o}", "diagnostics", diagnostics);
		return e;
	}
	json_decref(diagnostics);
	daemon_log_notice(d, "profiles-loaded", NULL);
	server_answer(r->connection, json_pack("{s:o}", "profiles", profiles));
	return 0;
}

static int need_profile(const json_t *body, const char **ret, struct pale_err **err)
{
	int r = request_text(body, "profile", ret, err);

	if (r >= 0 && !*ret)
		return pale_err_plain(err, EINVAL, "the request has no 'profile'");
	return r;
}

static int unload(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	const char *profile;
	int e = need_profile(r->body, &profile, err);

	(void)ret_more;
	if (e < 0)
		return e;
	e = policy_store_unload(&d->store, profile, err);
	if (e < 0)
		return e;
	daemon_sweep_policies(d);
	server_answer(r->connection, json_object());
	return 0;
}

static int update(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct store_profile *p;
	json_t *updated, *left;
	const char *profile;
	int e = need_profile(r->body, &profile, err);

	(void)ret_more;
	if (e < 0)
		return e;
	p = policy_store_find(&d->store, profile);
	if (!p)
		return pale_err_plain(err, ENOENT, "there is no profile '%s'", profile);
	updated = json_array();
	left = json_array();
	live_update(d, p, updated, left);
	daemon_sweep_policies(d);
	server_answer(r->connection, json_pack("{s:o, s:o}", "updated", updated, "left", left));
	return 0;
}

static int need_text(const json_t *body, const char *name, const char **ret, struct pale_err **err)
{
	int r = request_text(body, name, ret, err);

	if (r >= 0 && (!*ret || !**ret))
		return pale_err_plain(err, EINVAL, "the request has no '%s'", name);
	return r;
}

static int need_container(
	struct daemon *d, const json_t *body, struct container **ret, struct pale_err **err)
{
	const char *word;
	int r = need_text(body, "container", &word, err);

	if (r < 0)
		return r;
	*ret = containers_find_like(&d->containers, word);
	if (!*ret || (*ret)->forgotten_ns)
		return pale_err_plain(
			err, ENOENT, "there is no container '%s', or more than one", word);
	return 0;
}

/*
 * What a node's orchestrator knows of a container, and its annotations do not say: told again it is
 * the new one.
 */
static int describe(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c;
	const char *id, *owner;
	_cleanup_free_ char *before = NULL;
	int e = need_text(r->body, "id", &id, err);

	(void)ret_more;
	if (e >= 0)
		e = need_text(r->body, "owner", &owner, err);
	if (e < 0)
		return e;
	if (strlen(owner) > OWNER_BYTES_MAX)
		return pale_err_plain(
			err, EINVAL, "'owner' has more than %d bytes", OWNER_BYTES_MAX);
	c = containers_find(&d->containers, id);
	if (!c)
		return pale_err_plain(err, ENOENT, "container '%s' is not registered", id);
	before = c->owner;
	c->owner = strdup(owner);
	if (!c->owner)
		abort();
	e = before && strcmp(before, owner) == 0 ? 0 : container_keep(&d->containers, c, err);
	if (e < 0)
		return e;
	server_answer(r->connection, json_object());
	return 0;
}

static int thaw(void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c = NULL;
	int e = need_container(d, r->body, &c, err);

	(void)ret_more;
	if (e >= 0)
		e = response_thaw(d, c, r->uid, err);
	if (e < 0)
		return e;
	server_answer(r->connection, json_pack("{s:s}", "id", c->id));
	return 0;
}

static int except(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	const json_t *until = json_object_get(r->body, "until");
	struct exception_request request = { .uid = r->uid };
	struct container *c = NULL;
	uint32_t number = 0;
	int e = need_text(r->body, "rule", &request.rule, err);

	(void)ret_more;
	if (e >= 0)
		e = request_text(r->body, "in", &request.in, err);
	if (e < 0)
		return e;
	if (!json_is_integer(until) || json_integer_value(until) < 0 ||
		json_integer_value(until) > INT64_MAX / 1000000)
		return pale_err_plain(err, EINVAL, "'until' must be milliseconds since 1970");
	request.until_ns = (uint64_t)json_integer_value(until) * 1000000;
	e = need_container(d, r->body, &c, err);
	if (e < 0)
		return e;
	e = exceptions_grant(d, c, &request, &number, err);
	if (e < 0)
		return e;
	server_answer(
		r->connection, json_pack("{s:s, s:I}", "id", c->id, "number", (json_int_t)number));
	return 0;
}

static int unexcept(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c = NULL;
	const char *rule;
	int e = need_text(r->body, "rule", &rule, err);

	(void)ret_more;
	if (e >= 0)
		e = need_container(d, r->body, &c, err);
	if (e >= 0)
		e = exceptions_remove(d, c, rule, r->uid, err);
	if (e < 0)
		return e;
	server_answer(r->connection, json_pack("{s:s}", "id", c->id));
	return 0;
}

const struct server_method control_methods[] = {
	{ "load", load },
	{ "unload", unload },
	{ "update", update },
	{ "describe", describe },
	{ "thaw", thaw },
	{ "except", except },
	{ "unexcept", unexcept },
	{ NULL, NULL },
};
