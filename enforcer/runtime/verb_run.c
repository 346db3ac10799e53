/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/prepare.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The hook is ended by the runtime when it takes longer than the wait and this. */
#define HOOK_SPARE_S 5

/* What the hook cannot know; it adds what the container's state says. */
static char *hook_request(const struct runtime *rt, const struct prepared *p)
{
	json_t *request = prepared_request(rt, p);
	char *s;

	/* The state has them. */
	json_object_del(request, "id");
	json_object_del(request, "bundle");
	json_object_del(request, "annotations");
	if (json_object_set_new(request, "sockets", json_string(rt->conf.socket_dir)) < 0 ||
		json_object_set_new(request, "wait_ms", json_integer(p->confinement.wait_ms)) < 0)
		abort();
	s = json_dumps(request, JSON_COMPACT);
	if (!s)
		abort();
	json_decref(request);
	return s;
}

static int add_hook(struct runtime *rt, struct prepared *p, struct pale_err **err)
{
	_cleanup_free_ char *request = hook_request(rt, p);
	const char *args[] = { "pale-runtime", HOOK_WORD, request, NULL };
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return pale_err_set(err, errno, "/proc/self/exe");
	path[n] = '\0';
	return oci_config_add_hook(p->bundle.config, path, args,
		(p->confinement.wait_ms + 999) / 1000 + HOOK_SPARE_S, err);
}

int verb_run(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(prepared_release) struct prepared p;
	int r = prepare(rt, &p, err);

	(void)status;
	if (r < 0)
		return r;
	if (prepared_is_passed_on(&p))
		return pass_on_changed(rt, err);
	r = add_hook(rt, &p, err);
	if (r == 0)
		r = oci_bundle_write(&p.bundle, err);
	return r < 0 ? r : pass_on_changed(rt, err);
}

/* A member of the container's state. */
static int take_member(json_t *request, const json_t *state, const char *from, const char *to,
	json_type type, struct pale_err **err)
{
	json_t *v = json_object_get(state, from);

	if (!v || json_typeof(v) != type)
		return pale_err_plain(err, EINVAL, "the container's state: '%s' is missing", from);
	if (json_object_set(request, to, v) < 0)
		abort();
	return 0;
}

static int add_state(json_t *request, const json_t *state, struct pale_err **err)
{
	json_t *annotations = oci_config_annotations(state);
	int r;

	if (json_object_set_new(request, "annotations", annotations) < 0)
		abort();
	r = take_member(request, state, "id", "id", JSON_STRING, err);
	if (r == 0)
		r = take_member(request, state, "bundle", "bundle", JSON_STRING, err);
	return r < 0 ? r : take_member(request, state, "pid", "pid", JSON_INTEGER, err);
}

static int ask_hook(json_t *request, struct pale_err **err)
{
	const char *sockets = json_string_value(json_object_get(request, "sockets"));
	const json_t *wait = json_object_get(request, "wait_ms");
	struct runtime_conf conf = { 0 };
	int wait_ms, r;

	if (!sockets || !json_is_integer(wait))
		return pale_err_plain(err, EINVAL, HOOK_WORD ": 'sockets' or 'wait_ms' is missing");
	conf.socket_dir = strdup(sockets);
	if (!conf.socket_dir)
		abort();
	wait_ms = (int)json_integer_value(wait);
	json_object_del(request, "sockets");
	json_object_del(request, "wait_ms");
	r = ask_register(&conf, request, wait_ms, err);
	runtime_conf_release(&conf);
	return r;
}

int register_hook(const char *text, struct pale_err **err)
{
	json_t *request = NULL, *state = NULL;
	int r = oci_document_parse(text, strlen(text), HOOK_WORD, &request, err);

	if (r == 0)
		r = oci_document_read_fd(STDIN_FILENO, "the container's state", &state, err);
	if (r == 0)
		r = add_state(request, state, err);
	if (r == 0)
		r = ask_hook(request, err);
	json_decref(request);
	json_decref(state);
	return r;
}
