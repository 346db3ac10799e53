/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_SOURCE_H
#define PALE_LSM_SOURCE_H

/* One watch of lsm_learner.h as a source of a recording. */

#include "enforcer/learn_source.h"
#include "enforcer/lsm_learner.h"

struct lsm_source {
	struct lsm_learner *learner; /* NULL: it has not been asked to watch */
	uint32_t watch;
	bool has_ended;
	struct learn_source source;
};

/* Watches. What @ret points to must stay where it is, and the learner and the run be there, until
 * lsm_source_release(). */
int lsm_source_watch(struct lsm_source *ret, struct lsm_learner *learner, const struct lsm_watch *w,
	struct pale_err **err);
/* Of one that the recording has not finished. Takes one that is all 0. */
void lsm_source_release(struct lsm_source *s);

#endif
