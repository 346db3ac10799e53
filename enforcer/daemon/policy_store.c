/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/policy_store.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "enforcer/file_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder's name says what lies in it. */
#define FOLDER_DIGITS 32

static char *path_in(const char *dir, const char *name)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/%s", dir, name);
	return text_take(&t);
}

int policy_store_init(
	struct policy_store *s, const char *dir, const char *run, struct pale_err **err)
{
	int r;

	*s = (struct policy_store){
		.dir = strdup(dir),
		.store = path_in(run, "policies"),
		.loaded = path_in(run, "loaded"),
	};
	r = file_tree_make(s->store, 0700, err);
	return r < 0 ? r : file_tree_make(s->loaded, 0700, err);
}

static void profile_free(struct store_profile *p)
{
	if (!p)
		return;
	node_policy_unref(p->policy);
	node_policy_unref(p->audit);
	free(p->name);
	free(p->file);
	free(p->error);
	free(p);
}

void policy_store_release(struct policy_store *s)
{
	for (size_t i = 0; i < s->n; i++)
		profile_free(s->v[i]);
	free(s->v);
	free(s->dir);
	free(s->store);
	free(s->loaded);
}

struct store_profile *policy_store_find(struct policy_store *s, const char *profile)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i]->name, profile) == 0)
			return s->v[i];
	}
	return NULL;
}

static void tell(struct policy_store *s, const char *file, const char *why)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s: %s", file, why);
	if (s->tell)
		s->tell(s->ctx, text_str(&t));
}

static void replace_string(char **at, const char *with)
{
	free(*at);
	*at = with ? strdup(with) : NULL;
}

/* Takes over the reference. */
static void put(struct policy_store *s, const char *file, bool loaded, struct node_policy *policy)
{
	struct store_profile *p = policy_store_find(s, policy->profile);

	if (!p) {
		p = calloc(1, sizeof(*p));
		s->v = reallocarray(s->v, s->n + 1, sizeof(*s->v));
		if (!p || !s->v)
			abort();
		s->v[s->n++] = p;
		p->name = strdup(policy->profile);
	}
	node_policy_unref(p->policy);
	node_policy_unref(p->audit);
	p->audit = NULL;
	p->policy = policy;
	p->loaded = loaded;
	p->seen = true;
	replace_string(&p->file, file);
	replace_string(&p->error, NULL);
	if (s->changed)
		s->changed(s->ctx, p, false);
}

static void drop(struct policy_store *s, size_t i)
{
	if (s->changed)
		s->changed(s->ctx, s->v[i], true);
	profile_free(s->v[i]);
	s->v[i] = s->v[--s->n];
}

static void name_folder(const struct node_source *sources, size_t n, char name[FOLDER_DIGITS + 1])
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char hex[65];

	for (size_t i = 0; i < n; i++) {
		text_add(&t, sources[i].name, strlen(sources[i].name) + 1);
		text_u64(&t, sources[i].len);
		text_add(&t, sources[i].bytes, sources[i].len);
	}
	sha256_hex(text_str(&t), t.len, hex);
	memcpy(name, hex, FOLDER_DIGITS);
	name[FOLDER_DIGITS] = 0;
}

/* Puts the sources where their name says; what is there already is the same. malloc-ed path. */
static int keep_sources(struct policy_store *s, const struct node_source *sources, size_t n,
	char **ret, struct pale_err **err)
{
	char name[FOLDER_DIGITS + 1];
	_cleanup_free_ char *path = NULL, *made = NULL;
	int r;

	name_folder(sources, n, name);
	path = path_in(s->store, name);
	if (access(path, F_OK) < 0) {
		r = node_policy_store(s->store, sources, n, &made, err);
		if (r < 0)
			return r;
		if (rename(made, path) < 0) {
			r = pale_err_set(err, errno, "rename %s", made);
			file_tree_remove(made);
			return r;
		}
	}
	*ret = TAKE_PTR(path);
	return 0;
}

struct compiled {
	struct node_policy **v;
	size_t n;
};

static void compiled_release(struct compiled *c)
{
	for (size_t i = 0; i < c->n; i++)
		node_policy_unref(c->v[i]);
	free(c->v);
}

/* All profiles of a file, named by @c, which was compiled for that alone. */
static int compile_all(const struct compilation *c, const char *dir, const char *main,
	struct compiled *ret, json_t **ret_diagnostics, struct pale_err **err)
{
	ret->v = calloc(c->n_policies + 1, sizeof(struct node_policy *));
	if (!ret->v)
		abort();
	for (uint32_t i = 0; i < c->n_policies; i++) {
		int r = node_policy_compile(
			dir, main, c->policies[i]->name, false, &ret->v[i], ret_diagnostics, err);

		if (r < 0)
			return r;
		ret->n++;
	}
	return 0;
}

static void mark_seen(struct policy_store *s, const char *file, const char *error)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i]->loaded || strcmp(s->v[i]->file, file) != 0)
			continue;
		s->v[i]->seen = true;
		if (error || s->v[i]->error)
			replace_string(&s->v[i]->error, error);
	}
}

static bool is_in_force(struct policy_store *s, const char *file, const char *dir)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i]->loaded || strcmp(s->v[i]->file, file) != 0)
			continue;
		if (strcmp(s->v[i]->policy->dir, dir) != 0)
			return false;
		any = true;
	}
	return any;
}

static int sources_of(const struct compilation *c, struct node_source **ret)
{
	struct node_source *v = calloc(c->sources.n + 1, sizeof(*v));

	if (!v)
		abort();
	for (uint32_t i = 0; i < c->sources.n; i++) {
		v[i].name = c->sources.v[i]->portable_name;
		v[i].bytes = c->sources.v[i]->bytes;
		v[i].len = c->sources.v[i]->len;
	}
	*ret = v;
	return (int)c->sources.n;
}

/* Reads one file of the administrator's. */
static int take_file(struct policy_store *s, const char *file, struct pale_err **err)
{
	_cleanup_(compilation_release) struct compilation c;
	_cleanup_(compiled_release) struct compiled compiled = { 0 };
	_cleanup_free_ struct node_source *sources = NULL;
	_cleanup_free_ char *dir = NULL;
	int n, r;

	compile_file(&c, file, NULL);
	if (c.diags.n_errors)
		return diag_first_error(&c.diags, true, err);
	n = sources_of(&c, &sources);
	r = keep_sources(s, sources, (size_t)n, &dir, err);
	if (r < 0)
		return r;
	if (is_in_force(s, file, dir)) {
		mark_seen(s, file, NULL);
		return 0;
	}
	r = compile_all(&c, dir, strrchr(file, '/') + 1, &compiled, NULL, err);
	for (size_t i = 0; i < compiled.n && r >= 0; i++) {
		const struct store_profile *there = policy_store_find(s, compiled.v[i]->profile);

		if (there && !there->loaded && there->seen && strcmp(there->file, file) != 0)
			r = pale_err_plain(err, EEXIST, "profile '%s' is in %s already",
				there->name, there->file);
	}
	for (size_t i = 0; i < compiled.n && r >= 0; i++)
		put(s, file, false, TAKE_PTR(compiled.v[i]));
	return r;
}

static int is_policy(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".pale") == 0;
}

static int scan_folder(struct policy_store *s, struct pale_err **err)
{
	struct dirent **names = NULL;
	int n = scandir(s->dir, &names, is_policy, alphasort);

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return pale_err_set(err, errno, "read %s", s->dir);
	for (int i = 0; i < n; i++) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;
		_cleanup_free_ char *file = path_in(s->dir, names[i]->d_name);

		if (take_file(s, file, &why) < 0) {
			tell(s, file, pale_err_text(why));
			mark_seen(s, file, pale_err_text(why));
		}
		free(names[i]);
	}
	free(names);
	return 0;
}

static int keep_link(struct policy_store *s, const char *dir, const char *main, const char *profile,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s\n%s\n", strrchr(dir, '/') + 1, main);
	return file_tree_replace(s->loaded, profile, text_str(&t), t.len, err);
}

static int take_loaded(struct policy_store *s, const char *profile, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct node_policy *p;
	char *folder, *main, *save = NULL;
	int r = file_tree_read(s->loaded, profile, 1024, &t, err);

	if (r < 0)
		return r;
	folder = strtok_r(t.s, "\n", &save);
	main = folder ? strtok_r(NULL, "\n", &save) : NULL;
	if (!main)
		return pale_err_plain(err, EBADMSG, "%s/%s is cut short", s->loaded, profile);
	r = policy_store_restore(s, folder, main, profile, false, &p, err);
	if (r >= 0)
		put(s, "loaded", true, p);
	return r;
}

/* What came through the socket before a restart. */
static int scan_loaded(struct policy_store *s, struct pale_err **err)
{
	_cleanup_closedir_ DIR *d = opendir(s->loaded);

	if (!d)
		return pale_err_set(err, errno, "read %s", s->loaded);
	for (struct dirent *e; (e = readdir(d));) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;

		if (e->d_name[0] == '.' || policy_store_find(s, e->d_name))
			continue;
		if (take_loaded(s, e->d_name, &why) < 0)
			tell(s, e->d_name, pale_err_text(why));
	}
	return 0;
}

int policy_store_scan(struct policy_store *s, struct pale_err **err)
{
	int r;

	for (size_t i = 0; i < s->n; i++)
		s->v[i]->seen = s->v[i]->loaded;
	r = scan_folder(s, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n;) {
		if (s->v[i]->seen)
			i++;
		else
			drop(s, i);
	}
	return scan_loaded(s, err);
}

static int load_compiled(struct policy_store *s, struct compiled *c, const char *dir,
	const char *main, bool replace, json_t **ret_profiles, struct pale_err **err)
{
	int r = 0;

	for (size_t i = 0; i < c->n && r >= 0; i++) {
		const struct store_profile *there = policy_store_find(s, c->v[i]->profile);

		if (there && !there->loaded)
			r = pale_err_plain(
				err, EEXIST, "profile '%s' is in %s", there->name, there->file);
		else if (there && !replace)
			r = pale_err_plain(
				err, EEXIST, "profile '%s' is loaded already", there->name);
	}
	for (size_t i = 0; i < c->n && r >= 0; i++)
		r = keep_link(s, dir, main, c->v[i]->profile, err);
	if (r < 0)
		return r;
	*ret_profiles = json_array();
	for (size_t i = 0; i < c->n; i++) {
		json_array_append_new(
			*ret_profiles, json_pack("{s:s, s:s}", "profile", c->v[i]->profile,
					       "digest", c->v[i]->digest));
		put(s, "loaded", true, TAKE_PTR(c->v[i]));
	}
	return 0;
}

int policy_store_load(struct policy_store *s, const struct node_source *sources, size_t n,
	const char *main, bool replace, json_t **ret_profiles, json_t **ret_diagnostics,
	struct pale_err **err)
{
	_cleanup_(node_policy_unrefp) struct node_policy *first = NULL;
	_cleanup_(compiled_release) struct compiled compiled = { 0 };
	_cleanup_free_ char *dir = NULL;
	int r = keep_sources(s, sources, n, &dir, err);

	if (r < 0)
		return r;
	r = node_policy_compile(dir, main, NULL, false, &first, ret_diagnostics, err);
	if (r < 0)
		return r;
	r = compile_all(&first->compilation, dir, main, &compiled, ret_diagnostics, err);
	if (r < 0)
		return r;
	return load_compiled(s, &compiled, dir, main, replace, ret_profiles, err);
}

int policy_store_unload(struct policy_store *s, const char *profile, struct pale_err **err)
{
	for (size_t i = 0; i < s->n; i++) {
		_cleanup_free_ char *link = NULL;

		if (strcmp(s->v[i]->name, profile) != 0)
			continue;
		if (!s->v[i]->loaded)
			return pale_err_plain(err, EPERM, "profile '%s' is in %s: remove it there",
				profile, s->v[i]->file);
		link = path_in(s->loaded, profile);
		if (unlink(link) < 0 && errno != ENOENT)
			return pale_err_set(err, errno, "remove %s", link);
		drop(s, i);
		return 0;
	}
	return pale_err_plain(err, ENOENT, "there is no profile '%s'", profile);
}

int policy_store_policy(
	struct store_profile *p, bool audit, struct node_policy **ret, struct pale_err **err)
{
	if (audit && !p->policy->audit && !p->audit) {
		int r = node_policy_compile(
			p->policy->dir, p->policy->main, p->name, true, &p->audit, NULL, err);

		if (r < 0)
			return r;
	}
	*ret = node_policy_ref(audit && p->audit ? p->audit : p->policy);
	return 0;
}

int policy_store_restore(struct policy_store *s, const char *folder, const char *main,
	const char *profile, bool audit, struct node_policy **ret, struct pale_err **err)
{
	_cleanup_free_ char *dir = path_in(s->store, folder);

	if (strchr(folder, '/') || folder[0] == '.' || strchr(main, '/'))
		return pale_err_plain(
			err, EINVAL, "'%s/%s' is no policy of the store", folder, main);
	return node_policy_compile(dir, main, profile, audit, ret, NULL, err);
}

const char *policy_store_folder(const struct node_policy *p)
{
	return strrchr(p->dir, '/') + 1;
}

static bool is_used(
	const struct policy_store *s, const char *folder, const char *const *in_use, size_t n)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(policy_store_folder(s->v[i]->policy), folder) == 0)
			return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(in_use[i], folder) == 0)
			return true;
	}
	return false;
}

void policy_store_sweep(struct policy_store *s, const char *const *in_use, size_t n)
{
	_cleanup_closedir_ DIR *d = opendir(s->store);

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		_cleanup_free_ char *path = NULL;

		if (e->d_name[0] == '.' || is_used(s, e->d_name, in_use, n))
			continue;
		path = path_in(s->store, e->d_name);
		file_tree_remove(path);
	}
}
