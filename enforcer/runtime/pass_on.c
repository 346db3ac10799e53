/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/verbs.h"

#include <errno.h>

int pass_on(const struct runtime *rt, struct pale_err **err)
{
	if (rt->cl.n_argv > 0)
		rt->cl.argv[0] = rt->real;
	execve(rt->real, rt->cl.argv, environ);
	return pale_err_set(err, errno, "execute %s", rt->real);
}

int pass_on_changed(const struct runtime *rt, struct pale_err **err)
{
	_cleanup_(argv_freep) char **argv = command_line_argv(&rt->cl, rt->real);

	execve(rt->real, argv, environ);
	return pale_err_set(err, errno, "execute %s", rt->real);
}
