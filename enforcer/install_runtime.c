/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/install_runtime.h"

#include "compiler/base/cleanup.h"
#include "enforcer/install_record.h"
#include "enforcer/line_diff.h"

#include <errno.h>
#include <string.h>

static void jsonp(json_t **v)
{
	json_decref(*v);
}

void install_result_release(struct install_result *r)
{
	free(r->path);
	free(r->why);
	text_release(&r->diff);
}

bool install_finds_engine(const struct install_root *root, const struct install_engine *engine)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
		"/usr/bin", "/sbin", "/bin" };

	for (size_t i = 0; engine->programs[i]; i++) {
		for (size_t k = 0; k < sizeof(folders) / sizeof(*folders); k++) {
			char path[256];

			snprintf(path, sizeof(path), "%s/%s", folders[k], engine->programs[i]);
			if (root_has_program(root, path))
				return true;
		}
	}
	return false;
}

static char *host_path(const struct install_root *root, const char *path)
{
	char *s;

	if (asprintf(&s, "%s%s", root->dir, path) < 0)
		abort();
	return s;
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(text_str(a), text_str(b), a->len);
}

static bool same_file(const struct root_file *a, const struct root_file *b)
{
	return a->exists == b->exists && same_text(&a->bytes, &b->bytes);
}

static void copy_file(struct root_file *to, const struct root_file *from)
{
	to->exists = from->exists;
	text_clear(&to->bytes);
	text_add(&to->bytes, text_str(&from->bytes), from->bytes.len);
}

static int parse(const struct install_root *root, const struct install_engine *engine,
	const char *path, const struct text *t, json_t **ret, struct pale_err **err)
{
	_cleanup_free_ char *name = host_path(root, path);

	return engine->parse(name, text_str(t), t->len, ret, err);
}

/* Whether @after is @before and @adds, and nothing else. */
static bool adds_up(const json_t *before, const json_t *adds, const json_t *after)
{
	_cleanup_(jsonp) json_t *sum = json_deep_copy(before), *more = json_deep_copy(adds);

	json_object_update_recursive(sum, more);
	return json_equal(sum, (json_t *)after);
}

/* The engine's file as it is now, and as it is without what the record tells of. */
struct undone {
	struct root_file now, without;
};

static void undone_release(struct undone *u)
{
	root_file_release(&u->now);
	root_file_release(&u->without);
}

static int changed_by_hand(
	const struct install_root *root, const struct install_record *record, struct pale_err **err)
{
	pale_err_plain(err, EINVAL, "'%s%s' was changed where pale install-runtime had written",
		root->dir, record->path);
	pale_err_hint(err, "take the runtime '" RUNTIME_NAME "' out of it by hand, and try again");
	return -EINVAL;
}

/* Takes the record's edits out of u->now; false when they do not stand there as they were made. */
static bool take_out(const struct install_root *root, const struct install_engine *engine,
	const struct install_record *record, const json_t *content, struct undone *u)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(jsonp) json_t *without = NULL;

	if (record->created)
		return !strcmp(text_str(&u->now.bytes), record->edits.v[0].made);
	if (!install_edits_undo(&record->edits, &u->now.bytes, &u->without.bytes))
		return false;
	u->without.exists = true;
	return parse(root, engine, record->path, &u->without.bytes, &without, &err) >= 0 &&
	       adds_up(without, record->adds, content);
}

static int undo(const struct install_root *root, const struct install_engine *engine,
	const struct install_record *record, struct undone *u, struct pale_err **err)
{
	_cleanup_(jsonp) json_t *content = NULL;
	int r;

	r = root_file_read(root, record->path, &u->now, err);
	if (r < 0 || !u->now.exists)
		return r;
	r = parse(root, engine, record->path, &u->now.bytes, &content, err);
	if (r < 0)
		return r;
	if (take_out(root, engine, record, content, u))
		return 0;
	if (engine->has_runtime(content) || install_edits_remain(&record->edits, &u->now.bytes))
		return changed_by_hand(root, record, err);
	/* Others took it out, as a package's own version of its configuration does. */
	copy_file(&u->without, &u->now);
	return 0;
}

/* Holds the plan against what it must be: content that says more by @adds, and can be taken back.
 */
static int check_plan(const struct install_root *root, const struct install_engine *engine,
	struct install_plan *plan, const struct text *after, struct pale_err **err)
{
	_cleanup_(text_release) struct text again = TEXT_INIT;
	_cleanup_(jsonp) json_t *before = json_object(), *content = NULL;
	int r;

	if (plan->before.exists) {
		json_decref(before);
		before = NULL;
		r = parse(root, engine, plan->path, &plan->before.bytes, &before, err);
		if (r < 0)
			return r;
	}
	if (!plan->adds) {
		const char *made = plan->edits.v[0].made;

		r = engine->parse(plan->path, made, strlen(made), &plan->adds, err);
		if (r < 0)
			return r;
	}
	r = parse(root, engine, plan->path, after, &content, err);
	if (r < 0)
		return pale_err_wrap(err, "the runtime cannot be added to the file as it is");
	if (!adds_up(before, plan->adds, content) ||
		!install_edits_undo(&plan->edits, after, &again) ||
		!same_text(&again, &plan->before.bytes))
		return pale_err_plain(err, EINVAL, "the runtime cannot be added to '%s%s' as it is",
			root->dir, plan->path);
	return 0;
}

static int put(const struct install_root *root, const char *path, const struct root_file *f,
	struct pale_err **err)
{
	return f->exists ? root_file_write(root, path, &f->bytes, err)
			 : root_file_remove(root, path, err);
}

static void add_diff(struct install_result *ret, const struct install_root *root, const char *path,
	const struct root_file *from, const struct root_file *to)
{
	_cleanup_free_ char *name = host_path(root, path);

	line_diff(&ret->diff, name, from->exists ? &from->bytes : NULL,
		to->exists ? &to->bytes : NULL);
}

/* What a former call wrote is gone, but for the folders that it made. */
static int restore(const struct install_root *root, const struct install_engine *engine,
	const struct install_record *record, const struct undone *u, struct pale_err **err)
{
	int r = 0;

	if (!same_file(&u->now, &u->without))
		r = put(root, record->path, &u->without, err);
	return r < 0 ? r : install_record_remove(root, engine, err);
}

static int write_plan(const struct install_root *root, const struct install_engine *engine,
	const struct install_plan *plan, const struct root_file *after, json_t *folders,
	struct pale_err **err)
{
	struct install_record record = {
		.path = plan->path,
		.created = !plan->before.exists,
		.edits = plan->edits,
		.adds = plan->adds,
		.folders = folders,
	};
	int r;

	r = root_make_folders(root, plan->path, folders, err);
	if (r >= 0)
		r = install_record_write(root, engine, &record, err);
	if (r < 0) {
		root_remove_folders(root, folders);
		return r;
	}
	r = root_file_write(root, plan->path, &after->bytes, err);
	if (r < 0) {
		_cleanup_(pale_err_freep) struct pale_err *ignored = NULL;

		install_record_remove(root, engine, &ignored);
		root_remove_folders(root, folders);
	}
	return r;
}

/* @former: what is installed now, if its path is not NULL; @u: what is without it. */
static int carry_out(const struct install_root *root, const struct install_engine *engine,
	struct install_plan *plan, const struct install_record *former, const struct undone *u,
	bool dry, struct install_result *ret, struct pale_err **err)
{
	_cleanup_(root_file_release) struct root_file after = { .exists = true };
	_cleanup_(jsonp) json_t *folders =
		former->path ? json_incref(former->folders) : json_array();
	bool same_path = former->path && !strcmp(former->path, plan->path);
	int r;

	install_edits_apply(&plan->edits, &plan->before.bytes, &after.bytes);
	r = check_plan(root, engine, plan, &after.bytes, err);
	if (r < 0)
		return r;
	if (same_path && same_file(&u->now, &after)) {
		ret->outcome = INSTALL_ALREADY;
		return 0;
	}
	if (former->path && !same_path)
		add_diff(ret, root, former->path, &u->now, &u->without);
	add_diff(ret, root, plan->path, same_path ? &u->now : &plan->before, &after);
	if (dry)
		return 0;
	r = former->path ? restore(root, engine, former, u, err) : 0;
	return r < 0 ? r : write_plan(root, engine, plan, &after, folders, err);
}

int install_runtime(const struct install_root *root, const struct install_engine *engine,
	const struct install_request *request, bool dry, struct install_result *ret,
	struct pale_err **err)
{
	_cleanup_(install_record_release) struct install_record former = INSTALL_RECORD_INIT;
	_cleanup_(install_plan_release) struct install_plan plan = INSTALL_PLAN_INIT;
	_cleanup_(undone_release) struct undone u = { 0 };
	struct install_view view = { .root = root };
	int r;

	ret->outcome = INSTALL_WRITTEN;
	r = install_record_read(root, engine, &former, err);
	if (r >= 0 && former.path) {
		r = undo(root, engine, &former, &u, err);
		view.path = former.path;
		view.without = &u.without;
	}
	if (r >= 0)
		r = engine->plan(&view, request, &plan, err);
	if (r < 0)
		return r;
	if (plan.skip) {
		ret->outcome = INSTALL_SKIPPED;
		ret->why = TAKE_PTR(plan.skip);
		return 0;
	}
	ret->path = host_path(root, plan.path);
	return carry_out(root, engine, &plan, &former, &u, dry, ret, err);
}

int uninstall_runtime(const struct install_root *root, const struct install_engine *engine,
	bool dry, struct install_result *ret, struct pale_err **err)
{
	_cleanup_(install_record_release) struct install_record record = INSTALL_RECORD_INIT;
	_cleanup_(undone_release) struct undone u = { 0 };
	int r;

	r = install_record_read(root, engine, &record, err);
	if (r < 0)
		return r;
	ret->outcome = record.path ? INSTALL_RESTORED : INSTALL_NOTHING;
	if (!record.path)
		return 0;
	ret->path = host_path(root, record.path);
	r = undo(root, engine, &record, &u, err);
	if (r < 0)
		return r;
	add_diff(ret, root, record.path, &u.now, &u.without);
	if (dry)
		return 0;
	r = restore(root, engine, &record, &u, err);
	if (r >= 0)
		root_remove_folders(root, record.folders);
	return r;
}
