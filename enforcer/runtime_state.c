/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime_state.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/file_tree.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_BYTES_MAX ((size_t)4 << 20)

/* The --root of plain use, podman and CRI-O; of containerd's shim, a folder for each namespace; of
 * Docker, by the name that the runtime has there. */
static const char *const roots[] = {
	"/run/runc",
	"/run/crun",
	"/run/containerd/runc/*",
	"/run/docker/runtime-*/moby",
};

static const char *text_member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* libcontainer keeps the bundle among the labels, as KEY=VALUE. */
static const char *label(const json_t *labels, const char *key)
{
	size_t n = strlen(key), i;
	const json_t *v;

	json_array_foreach ((json_t *)labels, i, v) {
		const char *s = json_string_value(v);

		if (s && strncmp(s, key, n) == 0 && s[n] == '=')
			return s + n + 1;
	}
	return NULL;
}

static const char *read_runc(const json_t *o, struct runtime_state *ret)
{
	ret->pid = (pid_t)json_integer_value(json_object_get(o, "init_process_pid"));
	ret->start_time = (uint64_t)json_integer_value(json_object_get(o, "init_process_start"));
	return label(json_object_get(json_object_get(o, "config"), "labels"), "bundle");
}

static const char *read_crun(const json_t *o, struct runtime_state *ret)
{
	ret->pid = (pid_t)json_integer_value(json_object_get(o, "pid"));
	ret->start_time = (uint64_t)json_integer_value(json_object_get(o, "process-start-time"));
	return text_member(o, "bundle");
}

static const struct {
	const char *file;
	const char *(*read)(const json_t *o, struct runtime_state *ret);
} formats[OCI_RUNTIME_COUNT] = {
	[OCI_RUNTIME_RUNC] = { "state.json", read_runc },
	[OCI_RUNTIME_CRUN] = { "status", read_crun },
};

static int read_state(
	const char *dir, enum oci_runtime runtime, struct runtime_state *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(text_release) struct text fifo = TEXT_INIT;
	const char *bundle;
	json_error_t e;
	json_t *o;
	int r = file_tree_read(dir, formats[runtime].file, STATE_BYTES_MAX, &t, err);

	if (r < 0)
		return r;
	o = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES, &e);
	bundle = formats[runtime].read(o, ret);
	if (!bundle || bundle[0] != '/' || ret->pid < 2 || !ret->start_time)
		r = pale_err_plain(err, EBADMSG, "%s/%s: not what %s writes", dir,
			formats[runtime].file, oci_runtime_names[runtime]);
	else
		ret->bundle = strdup(bundle);
	ret->runtime = runtime;
	text_printf(&fifo, "%s/exec.fifo", dir);
	ret->waits = access(text_str(&fifo), F_OK) == 0;
	json_decref(o);
	return r;
}

static int find_below(
	const char *pattern, const char *id, struct runtime_state *ret, struct pale_err **err)
{
	_cleanup_(globfree) glob_t found = { 0 };

	if (glob(pattern, GLOB_ONLYDIR, NULL, &found) != 0)
		return -ENOENT;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		for (int k = 0; k < OCI_RUNTIME_COUNT; k++) {
			_cleanup_(text_release) struct text dir = TEXT_INIT, file = TEXT_INIT;

			text_printf(&dir, "%s/%s", found.gl_pathv[i], id);
			text_printf(&file, "%s/%s", text_str(&dir), formats[k].file);
			if (access(text_str(&file), F_OK) == 0)
				return read_state(text_str(&dir), (enum oci_runtime)k, ret, err);
		}
	}
	return -ENOENT;
}

int runtime_state_find(
	const char *root, const char *id, struct runtime_state *ret, struct pale_err **err)
{
	*ret = (struct runtime_state){ 0 };
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		_cleanup_(text_release) struct text pattern = TEXT_INIT;
		int r;

		text_printf(&pattern, "%s%s", root, roots[i]);
		r = find_below(text_str(&pattern), id, ret, err);
		if (r != -ENOENT || *err)
			return r;
	}
	return pale_err_plain(err, ENOENT, "no runtime that is known has container '%s'", id);
}

static void take_folder(const char *dir,
	void (*take)(void *ctx, const char *id, const struct runtime_state *state), void *ctx)
{
	for (int k = 0; k < OCI_RUNTIME_COUNT; k++) {
		_cleanup_(runtime_state_release) struct runtime_state state = { 0 };
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		_cleanup_(text_release) struct text file = TEXT_INIT;

		text_printf(&file, "%s/%s", dir, formats[k].file);
		if (access(text_str(&file), F_OK) == 0 &&
			read_state(dir, (enum oci_runtime)k, &state, &err) >= 0)
			take(ctx, strrchr(dir, '/') + 1, &state);
	}
}

void runtime_state_each(const char *root,
	void (*take)(void *ctx, const char *id, const struct runtime_state *state), void *ctx)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		_cleanup_(text_release) struct text pattern = TEXT_INIT;
		_cleanup_(globfree) glob_t found = { 0 };

		text_printf(&pattern, "%s%s/*", root, roots[i]);
		if (glob(text_str(&pattern), 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			take_folder(found.gl_pathv[k], take, ctx);
	}
}

void runtime_state_release(struct runtime_state *s)
{
	free(s->bundle);
	*s = (struct runtime_state){ 0 };
}
