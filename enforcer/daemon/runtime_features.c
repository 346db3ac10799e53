/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/runtime_features.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define ANSWER_BYTES_MAX (256u << 10)
#define FLAG		 "SECCOMP_FILTER_FLAG_LOG"

/* A file is told from the next one of its name by these. */
struct known_runtime {
	char *path;
	enum oci_runtime runtime;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	bool takes_log;
};

void runtime_features_release(struct runtime_features *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
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

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* With nothing of the daemon's but a pipe to write to, in a process group of its own. */
static int start(const char *path, const char *word, int out, pid_t *ret)
{
	char *const argv[] = { (char *)path, (char *)word, NULL };
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(ret, path, &files, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* Until it closes its end. -ETIMEDOUT, -EFBIG. */
static int read_all(int fd, int64_t deadline_ms, struct text *ret)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline_ms - now_ms();
		char bytes[4096];
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (ret->len + (size_t)n > ANSWER_BYTES_MAX)
			return -EFBIG;
		text_add(ret, bytes, (size_t)n);
	}
}

/* Its end; it is killed when it does not come. */
static int wait_for(pid_t pid, int64_t deadline_ms, bool kill_now)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t left = deadline_ms - now_ms();
	int status = 0;

	if (kill_now || pidfd < 0 || poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int ask(const char *path, const char *word, struct text *ret, struct pale_err **err)
{
	const int64_t deadline_ms = now_ms() + RUNTIME_ANSWER_MS;
	int ends[2], r, ended;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return pale_err_set(err, errno, "make a pipe");
	r = start(path, word, ends[1], &pid);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return pale_err_set(err, -r, "run %s %s", path, word);
	}
	r = read_all(ends[0], deadline_ms, ret);
	close(ends[0]);
	ended = wait_for(pid, deadline_ms, r < 0);
	if (r == -EFBIG)
		return pale_err_plain(
			err, EFBIG, "%s %s says more than %u bytes", path, word, ANSWER_BYTES_MAX);
	if (r < 0)
		return pale_err_set(err, -r, "%s %s", path, word);
	if (ended < 0)
		return pale_err_plain(err, ECHILD, "%s %s fails", path, word);
	return 0;
}

static int find_out(enum oci_runtime runtime, const char *path, bool *ret, struct pale_err **err)
{
	const char *word = runtime == OCI_RUNTIME_CRUN ? "--version" : "features";
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int r = ask(path, word, &t, err);
	bool understood;

	if (r < 0)
		return r;
	understood = runtime == OCI_RUNTIME_CRUN
			     ? crun_version_has_seccomp_log(text_str(&t), ret)
			     : runc_features_have_seccomp_log(text_str(&t), t.len, ret);
	return understood ? 0
			  : pale_err_plain(
				    err, EBADMSG, "what %s %s says is not understood", path, word);
}

static bool is_same(const struct known_runtime *k, enum oci_runtime runtime, const char *path,
	const struct stat *st)
{
	return k->runtime == runtime && k->device == st->st_dev && k->inode == st->st_ino &&
	       k->size == st->st_size && k->changed.tv_sec == st->st_mtim.tv_sec &&
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
