/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pale-runtime: the OCI runtime that runc or crun stands behind. It starts with every container
 * and at every question about one: what it does not act on it becomes the real runtime for at once.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/runtime_log.h"
#include "enforcer/runtime/verbs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define REFUSED 1

static int refuse_restore(struct runtime *rt, int *status, struct pale_err **err)
{
	(void)rt;
	(void)status;
	return pale_err_plain(err, EPERM,
		"a container is not restored under Pale: its processes would start with what "
		"they had, not under a policy");
}

static int (*const verbs[])(struct runtime *rt, int *status, struct pale_err **err) = {
	[VERB_CREATE] = verb_create,
	[VERB_RUN] = verb_run,
	[VERB_EXEC] = verb_exec,
	[VERB_UPDATE] = verb_update,
	[VERB_DELETE] = verb_delete,
	[VERB_RESTORE] = refuse_restore,
};

static int configure(struct runtime *rt, struct pale_err **err)
{
	const char *sockets = option_value(&rt->cl.globals, OPTION_PALE_SOCKET, NULL);
	int r = runtime_conf_read(
		option_value(&rt->cl.globals, OPTION_PALE_CONFIG, NULL), &rt->conf, err);

	if (r < 0)
		return r;
	if (sockets) {
		free(rt->conf.socket_dir);
		rt->conf.socket_dir = strdup(sockets);
		if (!rt->conf.socket_dir)
			abort();
	}
	return runtime_conf_find(&rt->conf, rt->cl.kind,
		option_value(&rt->cl.globals, OPTION_PALE_RUNTIME, NULL), &rt->real, err);
}

static int act(struct runtime *rt, int *status, struct pale_err **err)
{
	int r = configure(rt, err);

	if (r < 0)
		return r;
	if (rt->cl.wants_help || rt->cl.verb == VERB_NONE || rt->cl.verb == VERB_OTHER)
		return pass_on(rt, err);
	r = verbs[rt->cl.verb](rt, status, err);
	return r < 0 ? pale_err_wrap(err, "%s is refused", rt->cl.verb_name) : r;
}

static void say(const struct command_line *cl, const struct pale_err *err)
{
	_cleanup_(text_release) struct text told = TEXT_INIT;
	const char *text = pale_err_text(err), *hint = pale_err_hint_text(err);

	/* It goes to terminals, and holds what others wrote. */
	text_escaped(&told, text, strlen(text));
	if (hint) {
		text_puts(&told, " (");
		text_escaped(&told, hint, strlen(hint));
		text_putc(&told, ')');
	}
	runtime_log(cl, RUNTIME_LOG_ERROR, text_str(&told));
}

static int hook(const char *request)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	static const struct command_line none;

	if (register_hook(request, &err) == 0)
		return 0;
	say(&none, err);
	return REFUSED;
}

static void runtime_release(struct runtime *rt)
{
	command_line_release(&rt->cl);
	runtime_conf_release(&rt->conf);
	free(rt->real);
}

int main(int argc, char **argv)
{
	_cleanup_(runtime_release) struct runtime rt = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int status = 0, r;

	if (argc == 3 && !strcmp(argv[1], HOOK_WORD))
		return hook(argv[2]);
	/* What it waits for must not vanish. */
	signal(SIGCHLD, SIG_DFL);
	r = command_line_read(&rt.cl, argc > 0 ? real_kind_of(argv[0]) : REAL_RUNC, argv, &err);
	if (r == 0)
		r = act(&rt, &status, &err);
	if (r == 0)
		return status;
	say(&rt.cl, err);
	return REFUSED;
}
