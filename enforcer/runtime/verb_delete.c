/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/child.h"
#include "enforcer/runtime/verbs.h"

int verb_delete(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(argv_freep) char **argv = NULL;
	_cleanup_(pale_err_freep) struct pale_err *ignored = NULL;
	int r;

	/* Which ones a pattern means only the runtime knows; paled sees that they are gone. */
	if (rt->cl.n_operands != 1 || option_flag(&rt->cl.options, OPTION_REGEX))
		return pass_on(rt, err);
	argv = command_line_argv(&rt->cl, rt->real);
	r = child_run(rt->real, argv, status, err);
	if (r == 0 && *status == 0)
		ask_forget(&rt->conf, rt->cl.operands[0], &ignored);
	return r;
}
