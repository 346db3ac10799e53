/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_bundle.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/oci_document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "config.json"

int oci_bundle_open_path(
	const char *path, const char *config_name, struct oci_bundle *ret, struct pale_err **err)
{
	int r;

	*ret = (struct oci_bundle){ .dir = -1 };
	ret->path = realpath(path, NULL);
	if (!ret->path)
		return pale_err_set(err, errno, "the bundle, %s", path);
	ret->config_name = strdup(config_name);
	if (!ret->config_name)
		abort();
	ret->dir = open(ret->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return pale_err_set(err, errno, "the bundle, %s", ret->path);
	r = oci_document_read(ret->dir, config_name, CONFIG, &ret->config, &ret->config_was, err);
	return r < 0 ? r : oci_config_check(ret->config, err);
}

int oci_bundle_open(const struct command_line *cl, struct oci_bundle *ret, struct pale_err **err)
{
	const char *config = option_value(&cl->options, OPTION_CONFIG, CONFIG);

	*ret = (struct oci_bundle){ .dir = -1 };
	if (!*config || strchr(config, '/'))
		return pale_err_plain(err, EINVAL,
			"--config has to be the name of a file in the bundle, not '%s'", config);
	return oci_bundle_open_path(
		option_value(&cl->options, OPTION_BUNDLE, "."), config, ret, err);
}

int oci_bundle_write(struct oci_bundle *b, struct pale_err **err)
{
	return oci_document_write(b->dir, b->config_name, b->config, &b->config_was, err);
}

void oci_bundle_release(struct oci_bundle *b)
{
	closep(&b->dir);
	free(b->path);
	free(b->config_name);
	json_decref(b->config);
	*b = (struct oci_bundle){ .dir = -1 };
}

int oci_bundle_rootfs(const struct oci_bundle *b, char **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	const char *rootfs = oci_config_rootfs(b->config);

	if (!rootfs || !*rootfs)
		return pale_err_plain(err, EINVAL, CONFIG ": root: there is no 'path'");
	text_printf(&path, "%s%s%s", rootfs[0] == '/' ? "" : b->path, rootfs[0] == '/' ? "" : "/",
		rootfs);
	*ret = realpath(path.s, NULL);
	return *ret ? 0 : pale_err_set(err, errno, "the container's root, %s", path.s);
}

static void state_path(const struct command_line *cl, const char *id, struct text *to)
{
	const char *runtime_dir = geteuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	const char *name = cl->kind == REAL_CRUN ? "crun" : "runc";
	const char *root = option_value(&cl->globals, OPTION_ROOT, NULL);

	if (root)
		text_printf(to, "%s", root);
	else
		text_printf(to, "%s/%s", runtime_dir ? runtime_dir : "/run", name);
	text_printf(to, "/%s/%s", id, cl->kind == REAL_CRUN ? "status" : "state.json");
}

/* Of runc: config.labels has "bundle=PATH". */
static const char *runc_bundle(const json_t *state)
{
	const json_t *labels = json_object_get(json_object_get(state, "config"), "labels");

	for (size_t i = 0; i < json_array_size(labels); i++) {
		const char *s = json_string_value(json_array_get(labels, i));

		if (s && !strncmp(s, "bundle=", 7))
			return s + 7;
	}
	return NULL;
}

int oci_bundle_find(
	const struct command_line *cl, const char *id, char **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	const char *bundle;
	struct stat st;
	json_t *state;
	int r;

	*ret = NULL;
	if (!*id || strchr(id, '/') || !strcmp(id, ".") || !strcmp(id, ".."))
		return 0;
	state_path(cl, id, &path);
	r = oci_document_read(AT_FDCWD, path.s, path.s, &state, &st, err);
	if (r == -ENOENT) {
		pale_err_free(*err);
		*err = NULL;
		return 0;
	}
	if (r < 0)
		return r;
	bundle = cl->kind == REAL_CRUN ? json_string_value(json_object_get(state, "bundle"))
				       : runc_bundle(state);
	*ret = bundle ? strdup(bundle) : NULL;
	json_decref(state);
	return *ret ? 0 : pale_err_plain(err, EINVAL, "%s: names no bundle", path.s);
}
