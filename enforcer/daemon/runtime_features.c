/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/runtime_features.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/child_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_BYTES_MAX (256u << 10)
#define FLAG		 "SECCOMP_FILTER_FLAG_LOG"

/* A file is told from the next one of its name by these. */
struct known_runtime {
	char *path;
	char *file; /* as was told of one that cannot be seen here; NULL: by the following */
	enum oci_runtime runtime;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	bool takes_log;
};

void runtime_features_release(struct runtime_features *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].file);
	}
	free(f->v);
	*f = (struct runtime_features){ 0 };
}

bool runc_features_have_seccomp_log(const char *json, size_t len, bool *ret)
{
	json_t *o = json_loadb(json, len, 0, NULL);
	const json_t *seccomp = json_object_get(json_object_get(o, "linux"), "seccomp"),
		     *flags = json_object_get(seccomp, "supportedFlags"), *flag;
	bool is_answer = json_is_object(seccomp);
	size_t i;

	*ret = false;
	json_array_foreach ((json_t *)flags, i, flag) {
		if (json_is_string(flag) && strcmp(json_string_value(flag), FLAG) == 0)
			*ret = true;
	}
	json_decref(o);
	return is_answer;
}

bool crun_version_has_seccomp_log(const char *text, bool *ret)
{
	int major, minor;

	*ret = false;
	if (sscanf(text, "crun version %d.%d", &major, &minor) != 2)
		return false;
	*ret = major > 1 || (major == 1 && minor >= 8);
	return true;
}

static int understand(enum oci_runtime runtime, const char *path, const char *said, size_t len,
	bool *ret, struct pale_err **err)
{
	bool understood = runtime == OCI_RUNTIME_CRUN
				  ? crun_version_has_seccomp_log(said, ret)
				  : runc_features_have_seccomp_log(said, len, ret);

	return understood ? 0
			  : pale_err_plain(err, EBADMSG, "what %s %s says is not understood", path,
				    oci_runtime_features_words[runtime]);
}

static int find_out(enum oci_runtime runtime, const char *path, bool *ret, struct pale_err **err)
{
	const char *const argv[] = { path, oci_runtime_features_words[runtime], NULL };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int r = child_output(argv, RUNTIME_ANSWER_MS, ANSWER_BYTES_MAX, &t, err);

	return r < 0 ? r : understand(runtime, path, text_str(&t), t.len, ret, err);
}

static bool is_same(const struct known_runtime *k, enum oci_runtime runtime, const char *path,
	const struct stat *st)
{
	return !k->file && k->runtime == runtime && k->device == st->st_dev &&
	       k->inode == st->st_ino && k->size == st->st_size &&
	       k->changed.tv_sec == st->st_mtim.tv_sec &&
	       k->changed.tv_nsec == st->st_mtim.tv_nsec && strcmp(k->path, path) == 0;
}

/* In place of what was known of that path. */
static void remember(struct runtime_features *f, const struct known_runtime *add)
{
	size_t i = 0;

	while (i < f->n && (f->v[i].runtime != add->runtime || strcmp(f->v[i].path, add->path)))
		i++;
	if (i == f->n) {
		f->v = reallocarray(f->v, f->n + 1, sizeof(*f->v));
		if (!f->v)
			abort();
		f->n++;
	} else {
		free(f->v[i].path);
		free(f->v[i].file);
	}
	f->v[i] = *add;
}

/* It is run with all that the daemon may do. */
static int check_program(const char *path, struct stat *st, struct pale_err **err)
{
	if (*path != '/')
		return pale_err_plain(err, EINVAL, "'%s' is no absolute path", path);
	if (stat(path, st) < 0)
		return pale_err_set(err, errno, "%s", path);
	if (!S_ISREG(st->st_mode) || st->st_uid != 0 || st->st_mode & (S_IWGRP | S_IWOTH))
		return pale_err_plain(
			err, EPERM, "%s is not run: others than root may write to it", path);
	return 0;
}

int runtime_takes_seccomp_log(struct runtime_features *f, enum oci_runtime runtime,
	const char *path, bool *ret, struct pale_err **err)
{
	struct known_runtime known = { .runtime = runtime };
	struct stat st;
	int r;

	*ret = false;
	r = check_program(path, &st, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < f->n; i++) {
		if (is_same(&f->v[i], runtime, path, &st)) {
			*ret = f->v[i].takes_log;
			return 0;
		}
	}
	r = find_out(runtime, path, &known.takes_log, err);
	known.path = strdup(path);
	if (!known.path)
		abort();
	known.device = st.st_dev;
	known.inode = st.st_ino;
	known.size = st.st_size;
	known.changed = st.st_mtim;
	remember(f, &known);
	*ret = known.takes_log;
	return r;
}

int runtime_told_seccomp_log(struct runtime_features *f, enum oci_runtime runtime, const char *path,
	const char *file, const char *said, bool *ret, struct pale_err **err)
{
	struct known_runtime known = { .runtime = runtime };
	int r;

	*ret = false;
	for (size_t i = 0; i < f->n; i++) {
		const struct known_runtime *k = &f->v[i];

		if (k->file && k->runtime == runtime && strcmp(k->file, file) == 0 &&
			strcmp(k->path, path) == 0) {
			*ret = k->takes_log;
			return 0;
		}
	}
	if (!said)
		return pale_err_plain(err, ENODATA, "nobody has said what %s can do", path);
	r = understand(runtime, path, said, strlen(said), &known.takes_log, err);
	known.path = strdup(path);
	known.file = strdup(file);
	if (!known.path || !known.file)
		abort();
	remember(f, &known);
	*ret = known.takes_log;
	return r;
}
