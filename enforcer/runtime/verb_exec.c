/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/apparmor_stack.h"
#include "enforcer/runtime/confine_process.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/runtime_log.h"
#include "enforcer/runtime/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define PROCESS "process.json"

/* The engine's description of the process. */
static int confine_file(const struct runtime *rt, const char *path, const struct confinement *c,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text note = TEXT_INIT;
	struct stat st;
	json_t *process;
	int r = oci_document_read(AT_FDCWD, path, PROCESS, &process, &st, err);

	if (r < 0)
		return r;
	r = confine_process(process, c, PROCESS ": process", APPARMOR_STACK_FILE, &note, err);
	if (r == 0)
		r = oci_document_write(AT_FDCWD, path, process, &st, err);
	json_decref(process);
	if (note.len)
		runtime_log(&rt->cl, RUNTIME_LOG_WARNING, note.s);
	return r;
}

static int check_capabilities(
	const struct runtime *rt, const struct confinement *c, struct pale_err **err)
{
	for (size_t i = 0; i < rt->cl.options.n; i++) {
		const struct given_option *o = &rt->cl.options.v[i];

		if (o->option->id == OPTION_CAP && !confinement_allows_capability(c, o->value))
			return pale_err_plain(
				err, EPERM, "--cap: the policy does not allow %s", o->value);
	}
	return 0;
}

/* What the command line does not say the runtimes take from the container's own process, which is
 * confined; crun but for no_new_privs and rlimits. @label: to be freed once the line was used. */
static int confine_options(
	struct runtime *rt, const struct confinement *c, char **label, struct pale_err **err)
{
	const char *own = option_value(&rt->cl.options, OPTION_APPARMOR, NULL);
	bool left_out;
	int r = check_capabilities(rt, c, err);

	if (r < 0)
		return r;
	if (c->no_new_privileges)
		option_set(&rt->cl, OPTION_NO_NEW_PRIVS, NULL);
	if (rt->cl.kind == REAL_CRUN)
		r = confine_own_rlimits(c, err);
	if (r < 0 || !own)
		return r;
	r = apparmor_stack(own, c, APPARMOR_STACK_FILE, label, &left_out, err);
	if (r == 0)
		option_set(&rt->cl, OPTION_APPARMOR, *label);
	return r;
}

int verb_exec(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(confinement_release) struct confinement c = { 0 };
	_cleanup_free_ char *label = NULL;
	const char *process = option_value(&rt->cl.options, OPTION_PROCESS, NULL);
	bool confined;
	int r;

	(void)status;
	if (rt->cl.n_operands == 0)
		return pale_err_plain(err, EINVAL, "exec takes a container id");
	r = look_up(rt, rt->cl.operands[0], &c, &confined, err);
	if (r < 0)
		return r;
	if (confined)
		r = process ? confine_file(rt, process, &c, err)
			    : confine_options(rt, &c, &label, err);
	return r < 0 ? r : pass_on_changed(rt, err);
}
