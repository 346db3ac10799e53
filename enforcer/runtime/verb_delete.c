/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/verbs.h"

/* Told before it is done, so that this can become the real runtime: to wait for a child took a
 * third of what was added to a deletion. */
int verb_delete(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *ignored = NULL;

	(void)status;
	/* Which ones a pattern means only the runtime knows; paled sees that they are gone. */
	if (rt->cl.n_operands == 1 && !option_flag(&rt->cl.options, OPTION_REGEX))
		tell_forget(&rt->conf, rt->cl.operands[0], &ignored);
	return pass_on_changed(rt, err);
}
