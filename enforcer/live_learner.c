/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/live_learner.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/load_lsm.h"

#include <stdio.h>
#include <string.h>

struct lsm_learner *live_learner_new(const char *command)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text why = TEXT_INIT;
	struct lsm_learner *learner = NULL;

	if (lsm_supported(&err) < 0)
		return NULL;
	fprintf(stderr, "pale %s: loading the kernel's programs, which takes some seconds\n",
		command);
	if (lsm_learner_new(&learner, &err) >= 0)
		return learner;
	text_escaped(&why, pale_err_text(err), strlen(pale_err_text(err)));
	fprintf(stderr, "pale %s: goes on without them: %s\n", command, text_str(&why));
	return NULL;
}
