/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd, for its CRI plugin. Up to 1.7 a file that config.toml imports takes the place of the
 * whole table of each plugin that it names (services/server/config, mergeConfig(); seen with 1.6):
 * a drop-in with a handler would lose everything else that is said of the CRI plugin. So the
 * handler is put at the end of that file whose table of the plugin counts, which is the last one in
 * the order of loading. 2.0 merges tables (its pull request 9982), and where config.toml is of its
 * version and imports /etc/containerd/conf.d, a drop-in is written there.
 *
 * One handler in the configuration takes the place of the built-in table of them (seen with 1.6):
 * where there is none, runc's is written too.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/install_engine.h"
#include "enforcer/toml_read.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <string.h>

#define MAIN_PATH   "/etc/containerd/config.toml"
#define DROPIN_PATH "/etc/containerd/conf.d/99-pale.toml"

/* The oldest and the newest version of the configuration's format that is known here. */
#define VERSION_MIN 2
#define VERSION_MAX 3

#define SHIM "io.containerd.runc.v2"
/* '*' is any but '/' (path.Match of Go): also of container.profile.pale.dev/NAME. */
#define ANNOTATIONS "[\"pale.dev/*\", \"*.pale.dev/*\"]"

static const char *const plugin_ids[] = {
	[2] = "io.containerd.grpc.v1.cri",
	[3] = "io.containerd.cri.v1.runtime",
};

/* The files, in the order in which containerd loads them. */
struct loaded {
	struct loaded_file {
		char *path;
		struct root_file file;
		json_t *tree;
	} * v;
	size_t n;
};

static void loaded_release(struct loaded *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		root_file_release(&l->v[i].file);
		json_decref(l->v[i].tree);
	}
	free(l->v);
}

static bool is_loaded(const struct loaded *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i].path, path))
			return true;
	}
	return false;
}

static int load(
	struct loaded *l, const struct install_view *view, const char *path, struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	struct loaded_file *f;
	int r;

	if (is_loaded(l, path))
		return 0;
	l->v = reallocarray(l->v, l->n + 1, sizeof(*l->v));
	if (!l->v)
		abort();
	f = &l->v[l->n++];
	*f = (struct loaded_file){ .path = strdup(path), .file = ROOT_FILE_INIT };
	r = install_view_read(view, path, &f->file, err);
	if (r < 0)
		return r;
	text_printf(&name, "%s%s", view->root->dir, path);
	return toml_read(
		text_str(&name), text_str(&f->file.bytes), f->file.bytes.len, &f->tree, err);
}

static void add_escaped(struct text *to, const char *s)
{
	for (; *s; s++) {
		if (strchr("*?[]\\", *s))
			text_putc(to, '\\');
		text_putc(to, *s);
	}
}

static int load_matches(struct loaded *l, const struct install_view *view, const char *pattern,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text whole = TEXT_INIT;
	size_t skip = strlen(view->root->dir);
	glob_t g = { 0 };
	int r = 0;

	add_escaped(&whole, view->root->dir);
	/* One that is not absolute is taken from the working directory, which is / of a service. */
	text_printf(&whole, "%s%s", *pattern == '/' ? "" : "/", pattern);
	if (glob(text_str(&whole), 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc && r >= 0; i++)
			r = load(l, view, g.gl_pathv[i] + skip, err);
	}
	globfree(&g);
	return r;
}

/* As containerd does: what has a '*' is a pattern, another one a file beside the importing one. */
static int load_import(struct loaded *l, const struct install_view *view, const char *from,
	const char *import, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	if (strchr(import, '*'))
		return load_matches(l, view, import, err);
	if (*import != '/')
		text_add(&path, from, (size_t)(strrchr(from, '/') + 1 - from));
	text_puts(&path, import);
	return load(l, view, text_str(&path), err);
}

static int load_all(struct loaded *l, const struct install_view *view, struct pale_err **err)
{
	int r = load(l, view, MAIN_PATH, err);

	for (size_t i = 0; i < l->n && r >= 0; i++) {
		const json_t *imports = json_object_get(l->v[i].tree, "imports");
		json_t *import;
		size_t k;

		json_array_foreach (imports, k, import) {
			const char *s = json_string_value(import);
			/* @l grows. */
			_cleanup_free_ char *from = strdup(l->v[i].path);

			r = s ? load_import(l, view, from, s, err) : 0;
			if (r < 0)
				break;
		}
	}
	return r;
}

static json_t *cri_table(const json_t *tree, const char *id)
{
	return json_object_get(json_object_get(tree, "plugins"), id);
}

static json_t *handlers(const json_t *tree, const char *id)
{
	const json_t *containerd = json_object_get(cri_table(tree, id), "containerd");

	return json_object_get(containerd, "runtimes");
}

static bool has_runtime(const json_t *tree)
{
	for (int v = VERSION_MIN; v <= VERSION_MAX; v++) {
		if (json_object_get(handlers(tree, plugin_ids[v]), RUNTIME_NAME))
			return true;
	}
	return false;
}

static bool disables_cri(const json_t *tree)
{
	const json_t *disabled = json_object_get(tree, "disabled_plugins");
	json_t *v;
	size_t i;

	json_array_foreach (disabled, i, v) {
		const char *s = json_string_value(v);

		/* Its name in version 1, which Docker's packages still write. */
		if (s && (!strcmp(s, "cri") || !strcmp(s, plugin_ids[2]) ||
				 !strcmp(s, plugin_ids[3])))
			return true;
	}
	return false;
}

static const struct loaded_file *disabling(const struct loaded *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (disables_cri(l->v[i].tree))
			return &l->v[i];
	}
	return NULL;
}

static int check_version(const struct install_view *view, const json_t *tree, struct pale_err **err)
{
	const json_t *v = json_object_get(tree, "version");
	json_int_t version = v ? json_integer_value(v) : 1;

	if (version >= VERSION_MIN && version <= VERSION_MAX)
		return (int)version;
	pale_err_plain(err, EINVAL, "'%s" MAIN_PATH "' is of version %lld, which is not known here",
		view->root->dir, (long long)version);
	if (version < VERSION_MIN)
		pale_err_hint(err, "containerd config migrate prints it in a newer one");
	return -EINVAL;
}

/* The file whose table of the plugin counts: see above. */
static const struct loaded_file *deciding(const struct loaded *l, const char *id)
{
	for (size_t i = l->n; i-- > 0;) {
		if (cri_table(l->v[i].tree, id))
			return &l->v[i];
	}
	return &l->v[0];
}

static bool imports_dropin(const json_t *tree)
{
	const json_t *imports = json_object_get(tree, "imports");
	json_t *v;
	size_t i;

	json_array_foreach (imports, i, v) {
		const char *s = json_string_value(v);

		if (s && fnmatch(s, DROPIN_PATH, FNM_PATHNAME | FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

/* What a handler has of its own, whatever runc's has. */
static const char *const own[] = { "runtime_type", "runtime_engine", "runtime_path", "runtime_root",
	"BinaryName", NULL };

static bool is_own(const char *key)
{
	for (size_t i = 0; own[i]; i++) {
		if (!strcmp(own[i], key))
			return true;
	}
	return false;
}

/* The plain settings of runc's handler, such as SystemdCgroup: they hold for this one, too. */
static void add_settings(struct text *to, const json_t *table)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)table, key, v) {
		_cleanup_free_ char *name = toml_quote(key), *s = NULL;
		bool bare = key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789_-")] == '\0' &&
			    *key;

		if (is_own(key) || !(json_is_string(v) || json_is_boolean(v) || json_is_integer(v)))
			continue;
		text_printf(to, "%s = ", bare ? key : name);
		if (json_is_string(v)) {
			s = toml_quote(json_string_value(v));
			text_printf(to, "%s\n", s);
		} else if (json_is_boolean(v)) {
			text_puts(to, json_is_true(v) ? "true\n" : "false\n");
		} else {
			text_printf(to, "%lld\n", (long long)json_integer_value(v));
		}
	}
}

/* @runc: its handler, or NULL. @alone: there is no handler at all. */
static void add_handler(
	struct text *to, const char *id, const char *runtime, const json_t *runc, bool alone)
{
	_cleanup_free_ char *path = toml_quote(runtime);

	if (alone)
		text_printf(to,
			"# Beside another handler containerd's own no longer counts.\n"
			"[plugins.\"%s\".containerd.runtimes.runc]\n"
			"runtime_type = \"" SHIM "\"\n",
			id);
	text_printf(to,
		"[plugins.\"%s\".containerd.runtimes." RUNTIME_NAME "]\n"
		"runtime_type = \"" SHIM "\"\n"
		"pod_annotations = " ANNOTATIONS "\n"
		"container_annotations = " ANNOTATIONS "\n",
		id);
	add_settings(to, runc);
	text_printf(to,
		"[plugins.\"%s\".containerd.runtimes." RUNTIME_NAME ".options]\n"
		"BinaryName = %s\n",
		id, path);
	add_settings(to, json_object_get(runc, "options"));
}

static int plan_new_file(const struct install_view *view, const char *path, int version,
	const char *handler, struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t,
		"# Written by pale install-runtime; pale uninstall-runtime removes it.\n"
		"version = %d\n\n%s",
		version, handler);
	return install_plan_new_file(plan, view, path, text_str(&t), err);
}

static void plan_block(const struct loaded_file *f, const char *handler, struct install_plan *plan)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t,
		"\n# BEGIN pale install-runtime; pale uninstall-runtime takes this out.\n"
		"%s# END pale install-runtime\n",
		handler);
	plan->path = strdup(f->path);
	plan->before.exists = true;
	text_add(&plan->before.bytes, text_str(&f->file.bytes), f->file.bytes.len);
	install_edits_append_lines(&plan->edits, &plan->before.bytes, text_str(&t));
}

/*
 * runc's handler, or NULL, and whether there is any handler: in @f, or where tables are merged in
 * any file.
 */
static const json_t *find_runc(
	const struct loaded *l, const struct loaded_file *f, bool merged, const char *id, bool *any)
{
	*any = false;
	for (size_t i = l->n; i-- > 0;) {
		const json_t *there = handlers(l->v[i].tree, id), *runc;

		if (!merged && &l->v[i] != f)
			continue;
		*any |= json_object_size(there) > 0;
		runc = json_object_get(there, "runc");
		if (runc)
			return runc;
	}
	return NULL;
}

static int plan_beside(const struct install_view *view, const struct install_request *request,
	const struct loaded *l, int version, struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(text_release) struct text handler = TEXT_INIT;
	const char *id = plugin_ids[version];
	const struct loaded_file *f = deciding(l, id);
	bool merged = version >= 3;
	const json_t *runc;
	bool any;

	for (size_t i = 0; i < l->n; i++) {
		if (has_runtime(l->v[i].tree))
			return pale_err_plain(err, EINVAL,
				"'%s%s' has a handler '" RUNTIME_NAME
				"' that pale install-runtime did not write",
				view->root->dir, l->v[i].path);
	}
	runc = find_runc(l, f, merged, id, &any);
	add_handler(&handler, id, request->runtime, runc, !any);
	if (merged && imports_dropin(l->v[0].tree))
		return plan_new_file(view, DROPIN_PATH, version, text_str(&handler), plan, err);
	plan_block(f, text_str(&handler), plan);
	return 0;
}

static int plan_containerd(const struct install_view *view, const struct install_request *request,
	struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(loaded_release) struct loaded l = { 0 };
	_cleanup_(root_file_release) struct root_file main_file = ROOT_FILE_INIT;
	_cleanup_(text_release) struct text handler = TEXT_INIT;
	const struct loaded_file *f;
	int r;

	r = install_view_read(view, MAIN_PATH, &main_file, err);
	if (r < 0)
		return r;
	if (!main_file.exists) {
		add_handler(&handler, plugin_ids[2], request->runtime, NULL, true);
		return plan_new_file(view, MAIN_PATH, 2, text_str(&handler), plan, err);
	}
	r = load_all(&l, view, err);
	if (r < 0)
		return r;
	f = disabling(&l);
	if (f) {
		if (asprintf(&plan->skip, "its CRI plugin is disabled in '%s%s'", view->root->dir,
			    f->path) < 0)
			abort();
		return 0;
	}
	r = check_version(view, l.v[0].tree, err);
	return r < 0 ? r : plan_beside(view, request, &l, r, plan, err);
}

const struct install_engine install_containerd = {
	.name = "containerd",
	.summary = "a handler of its CRI plugin, in /etc/containerd",
	.programs = (const char *const[]){ "containerd", NULL },
	.effect = "systemctl restart containerd",
	.kubernetes = true,
	.plan = plan_containerd,
	.parse = toml_read,
	.has_runtime = has_runtime,
};
