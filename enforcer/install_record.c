/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/install_record.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <string.h>

#define RECORD_VERSION 1

#define RECORD_PATH "/etc/pale/install-runtime.json"

static bool is_list_of_paths(const json_t *a)
{
	json_t *v;
	size_t i;

	json_array_foreach (a, i, v) {
		if (!json_is_string(v) || *json_string_value(v) != '/')
			return false;
	}
	return json_is_array(a);
}

/* Takes over nothing of @v. */
static bool understand(const json_t *v, struct install_record *ret)
{
	json_t *edits, *adds, *made;
	const char *path;
	int created;

	if (json_unpack((json_t *)v, "{s:s, s:b, s:o, s:o, s:o}", "path", &path, "created",
		    &created, "edits", &edits, "adds", &adds, "folders", &made) < 0 ||
		*path != '/' || !json_is_object(adds) || !is_list_of_paths(made) ||
		!install_edits_of_json(&ret->edits, edits) || !ret->edits.n ||
		(created && ret->edits.n != 1))
		return false;
	ret->path = strdup(path);
	ret->created = created;
	ret->adds = json_incref(adds);
	ret->folders = json_incref(made);
	return true;
}

static int no_record(const struct install_root *root, struct pale_err **err)
{
	return pale_err_plain(
		err, EINVAL, "'%s" RECORD_PATH "' is no record of what was installed", root->dir);
}

/* The whole file, for the caller to json_decref(); without engines when there is none. */
static int read_all(const struct install_root *root, json_t **ret, struct pale_err **err)
{
	_cleanup_(root_file_release) struct root_file f = ROOT_FILE_INIT;
	json_t *v, *engines, *made;
	int r, version;

	r = root_file_read(root, RECORD_PATH, &f, err);
	if (r < 0)
		return r;
	if (!f.exists) {
		*ret = json_pack(
			"{s:i, s:{}, s:[]}", "version", RECORD_VERSION, "engines", "folders");
		return 0;
	}
	v = json_loadb(text_str(&f.bytes), f.bytes.len, JSON_REJECT_DUPLICATES, NULL);
	if (!v ||
		json_unpack(v, "{s:i, s:o, s:o}", "version", &version, "engines", &engines,
			"folders", &made) < 0 ||
		version != RECORD_VERSION || !json_is_object(engines) || !is_list_of_paths(made)) {
		json_decref(v);
		return no_record(root, err);
	}
	*ret = v;
	return 0;
}

int install_record_read(const struct install_root *root, const struct install_engine *engine,
	struct install_record *ret, struct pale_err **err)
{
	json_t *all, *v;
	int r = read_all(root, &all, err);

	if (r < 0)
		return r;
	v = json_object_get(json_object_get(all, "engines"), engine->name);
	if (v && !understand(v, ret))
		r = no_record(root, err);
	json_decref(all);
	return r;
}

static int write_all(const struct install_root *root, const json_t *all, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *dumped = json_dumps(all, JSON_INDENT(2));

	if (!dumped)
		abort();
	text_printf(&t, "%s\n", dumped);
	return root_file_write(root, RECORD_PATH, &t, err);
}

int install_record_write(const struct install_root *root, const struct install_engine *engine,
	const struct install_record *r, struct pale_err **err)
{
	json_t *all, *made;
	int rc = read_all(root, &all, err);

	if (rc < 0)
		return rc;
	json_object_set_new(json_object_get(all, "engines"), engine->name,
		json_pack("{s:s, s:b, s:o, s:O, s:O}", "path", r->path, "created", r->created,
			"edits", install_edits_json(&r->edits), "adds", r->adds, "folders",
			r->folders));
	made = json_array();
	rc = root_make_folders(root, RECORD_PATH, made, err);
	json_array_extend(json_object_get(all, "folders"), made);
	if (rc >= 0)
		rc = write_all(root, all, err);
	if (rc < 0)
		root_remove_folders(root, made);
	json_decref(made);
	json_decref(all);
	return rc;
}

int install_record_remove(
	const struct install_root *root, const struct install_engine *engine, struct pale_err **err)
{
	json_t *all, *engines;
	int r = read_all(root, &all, err);

	if (r < 0)
		return r;
	engines = json_object_get(all, "engines");
	json_object_del(engines, engine->name);
	if (json_object_size(engines)) {
		r = write_all(root, all, err);
	} else {
		r = root_file_remove(root, RECORD_PATH, err);
		if (r >= 0)
			root_remove_folders(root, json_object_get(all, "folders"));
	}
	json_decref(all);
	return r;
}

void install_record_release(struct install_record *r)
{
	free(r->path);
	install_edits_release(&r->edits);
	json_decref(r->adds);
	json_decref(r->folders);
	*r = (struct install_record)INSTALL_RECORD_INIT;
}
