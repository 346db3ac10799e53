/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/recordings_internal.h"

#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"
#include "enforcer/daemon/container_recorder.h"
#include "enforcer/daemon/written_run.h"
#include "enforcer/file_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define KEPT_BYTES_MAX (64u << 10)
#define ID_KEPT_MAX    100
#define SECOND_NS      1000000000u
#define MS_NS	       1000000u

char *recorded_path(const struct recorded *r, const char *suffix)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/%s%s", r->daemon->recordings->dir, r->id, suffix);
	return text_take(&t);
}

void recorded_remove_run(const struct recorded *r)
{
	_cleanup_free_ char *run = recorded_path(r, ".run");

	unlink(run);
}

int recorded_keep(struct recorded *r)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int n;
	_cleanup_(text_release) struct text name = TEXT_INIT;
	_cleanup_free_ char *s = NULL;

	json_object_set_new(r->kept, "state", json_string(r->done ? "done" : "running"));
	s = json_dumps(r->kept, JSON_COMPACT | JSON_SORT_KEYS);
	if (!s)
		abort();
	text_printf(&name, "%s.json", r->id);
	n = file_tree_make(r->daemon->recordings->dir, 0700, &err);
	if (n >= 0)
		n = file_tree_replace(
			r->daemon->recordings->dir, text_str(&name), s, strlen(s), &err);
	if (n < 0)
		daemon_tell(LOG_ERR, "recording of container '%s': %s", r->id, pale_err_text(err));
	return n;
}

const char *recorded_text(const struct recorded *r, const char *member)
{
	const char *s = json_string_value(json_object_get(r->kept, member));

	return s ? s : "";
}

bool recorded_is_saved(const struct recorded *r)
{
	_cleanup_free_ char *path = recorded_path(r, ".run");

	return access(path, F_OK) == 0;
}

void recorded_save_lost(struct recorded *r, const char *why)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(learn_run_freep) struct learn_run *run = NULL;
	_cleanup_free_ char *path = recorded_path(r, ".run");

	if (recorded_is_saved(r))
		return;
	run = learn_run_new("tracepoint", recorded_text(r, "run_id"), r->since_ns / SECOND_NS);
	learn_run_lost(run, 1, why);
	if (written_run_save(path, run, RECORDED_RUN_MAX, &err) < 0)
		daemon_tell(LOG_ERR, "recording of container '%s': %s", r->id, pale_err_text(err));
}

/* Letters, digits and some more, learn_run.h. A pod's container that is started again is another
 * run; PaleRecordings know both by the time. */
static json_t *run_id(const struct container *c)
{
	const char *uid = annotation(c->annotations, ANNOTATION_POD_UID);
	const char *name = annotation(c->annotations, ANNOTATION_NAME);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (uid && name && strlen(uid) + strlen(name) < ID_KEPT_MAX)
		text_printf(&t, "%s:%s", uid, name);
	else
		text_add(&t, c->id, strnlen(c->id, ID_KEPT_MAX));
	for (char *s = t.s; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("._:-", *s))
			*s = '_';
	}
	text_printf(&t, ":%" PRIu64, c->since_ns / MS_NS);
	return json_string(text_str(&t));
}

json_t *recorded_describe(const struct container *c, const char *recording)
{
	json_t *o = container_names_json(c);

	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "recording", json_string(recording));
	json_object_set_new(o, "run_id", run_id(c));
	json_object_set_new(o, "since", json_integer((json_int_t)(c->since_ns / MS_NS)));
	return o;
}

static int take_up(struct daemon *d, const char *id, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT, name = TEXT_INIT;
	struct recorded *r;
	const char *its;
	json_t *kept;
	int n;

	text_printf(&name, "%s.json", id);
	n = file_tree_read(d->recordings->dir, text_str(&name), KEPT_BYTES_MAX, &t, err);
	if (n < 0)
		return n;
	kept = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES, NULL);
	its = json_string_value(json_object_get(kept, "id"));
	if (!its || strcmp(its, id) != 0 || !container_id_is_sound(id) ||
		!json_is_string(json_object_get(kept, "recording")) ||
		!json_is_string(json_object_get(kept, "run_id"))) {
		json_decref(kept);
		return pale_err_plain(err, EBADMSG, "%s/%s was not written by paled",
			d->recordings->dir, text_str(&name));
	}
	r = recorded_add(d, id);
	r->kept = kept;
	r->since_ns = (uint64_t)json_integer_value(json_object_get(kept, "since")) * MS_NS;
	r->done = strcmp(recorded_text(r, "state"), "done") == 0;
	if (r->done && recorded_is_saved(r))
		return 0;
	recorded_save_lost(r, "paled ended before anything was saved");
	r->done = true;
	recorded_keep(r);
	return 0;
}

/* Of a write that was cut off, and runs of which nobody knows whose they are. */
static void remove_strays(struct daemon *d, DIR *dir)
{
	rewinddir(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		_cleanup_free_ char *id = strdup(e->d_name);
		char *suffix = id ? strrchr(id, '.') : NULL;
		bool stray = e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
			     strcmp(e->d_name, "..") != 0;

		if (!stray && suffix && strcmp(suffix, ".run") == 0) {
			*suffix = 0;
			stray = !recorded_find(d, id);
		}
		if (stray)
			unlinkat(dirfd(dir), e->d_name, 0);
	}
}

int recordings_open(struct daemon *d, struct pale_err **err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r;

	d->recordings = calloc(1, sizeof(*d->recordings));
	if (!d->recordings || !(d->recordings->dir = strdup(d->options.recordings)))
		abort();
	if (!d->config.recording && access(d->options.recordings, F_OK) < 0)
		return 0;
	r = file_tree_make(d->options.recordings, 0700, err);
	if (r < 0)
		return r;
	dir = opendir(d->options.recordings);
	if (!dir)
		return pale_err_set(err, errno, "read %s", d->options.recordings);
	for (struct dirent *e; (e = readdir(dir));) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;
		char *suffix = strrchr(e->d_name, '.');

		if (e->d_name[0] == '.' || !suffix || strcmp(suffix, ".json") != 0)
			continue;
		*suffix = 0;
		if (take_up(d, e->d_name, &why) < 0)
			daemon_tell(LOG_ERR, "a recording: %s", pale_err_text(why));
	}
	remove_strays(d, dir);
	return 0;
}
