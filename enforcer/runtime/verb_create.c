/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/child.h"
#include "enforcer/runtime/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define OWN_PID_FILE ".pale-runtime.pid"

/* Where the real runtime writes the container's pid: absolute, since runc and crun go elsewhere. */
struct pid_file {
	char *path;
	bool own; /* to be removed */
};

static void pid_file_release(struct pid_file *f)
{
	if (f->own)
		unlink(f->path);
	free(f->path);
}

static int choose_pid_file(
	struct runtime *rt, const struct prepared *p, struct pid_file *ret, struct pale_err **err)
{
	const char *asked = option_value(&rt->cl.options, OPTION_PID_FILE, "");
	char cwd[PATH_MAX] = "";
	struct text t = TEXT_INIT;

	if (!*asked)
		text_printf(&t, "%s/" OWN_PID_FILE, p->bundle.path);
	else if (*asked == '/')
		text_puts(&t, asked);
	else if (!getcwd(cwd, sizeof(cwd)))
		return pale_err_set(err, errno, "the working directory");
	else
		text_printf(&t, "%s/%s", cwd, asked);
	ret->path = text_take(&t);
	ret->own = !*asked;
	option_set(&rt->cl, OPTION_PID_FILE, ret->path);
	return 0;
}

static int read_pid(const char *path, pid_t *ret, struct pale_err **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char s[32], *end;
	ssize_t n;
	long pid;

	if (fd < 0)
		return pale_err_set(err, errno, "the container's pid, %s", path);
	n = read(fd, s, sizeof(s) - 1);
	if (n < 0)
		return pale_err_set(err, errno, "the container's pid, %s", path);
	s[n] = '\0';
	errno = 0;
	pid = strtol(s, &end, 10);
	if (errno || end == s || *end || pid <= 1 || pid > INT_MAX)
		return pale_err_plain(err, EINVAL, "%s has no pid", path);
	*ret = (pid_t)pid;
	return 0;
}

static int register_created(
	struct runtime *rt, const struct prepared *p, const char *pid_file, struct pale_err **err)
{
	json_t *request;
	pid_t pid = 0;
	int r = read_pid(pid_file, &pid, err);

	if (r < 0)
		return r;
	request = prepared_request(rt, p);
	if (json_object_set_new(request, "pid", json_integer(pid)) < 0)
		abort();
	r = ask_register(&rt->conf, request, p->confinement.wait_ms, err);
	json_decref(request);
	return r;
}

/* It was created and is under no policy: nobody may start it. */
static void delete_created(struct runtime *rt, const char *id, struct pale_err **err)
{
	const char *const words[] = { "delete", "--force", "--", id, NULL };
	_cleanup_(argv_freep) char **argv = command_line_other(&rt->cl, rt->real, words);
	_cleanup_(pale_err_freep) struct pale_err *failed = NULL;
	int status = 0;

	if (child_run(rt->real, argv, &status, &failed) < 0 || status != 0)
		pale_err_wrap(err, "and deleting the container failed (%s)",
			failed ? pale_err_text(failed) : "see the runtime's own message");
}

static int create(struct runtime *rt, const struct prepared *p, int *status, struct pale_err **err)
{
	_cleanup_(pid_file_release) struct pid_file pid_file = { 0 };
	_cleanup_(argv_freep) char **argv = NULL;
	int r = choose_pid_file(rt, p, &pid_file, err);

	if (r < 0)
		return r;
	argv = command_line_argv(&rt->cl, rt->real);
	r = child_run(rt->real, argv, status, err);
	if (r < 0 || *status != 0)
		return r;
	r = register_created(rt, p, pid_file.path, err);
	if (r < 0)
		delete_created(rt, p->id, err);
	return r;
}

int verb_create(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(prepared_release) struct prepared p;
	int r = prepare(rt, &p, err);

	if (r < 0)
		return r;
	if (prepared_is_passed_on(&p))
		return pass_on_changed(rt, err);
	if (!p.confinement.unconfined)
		r = oci_bundle_write(&p.bundle, err);
	return r < 0 ? r : create(rt, &p, status, err);
}
