/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_OBSERVATION_H
#define PALE_LSM_OBSERVATION_H

#include "compiler/base/text.h"
#include "compiler/learn_run.h"
#include "enforcer/bpf/lsm_event.h"

/*
 * What a learned event is an observation of: operation, class, object, and a mount's source and
 * type. The strings are put into @storage, which is emptied first. Executable, phase and times are
 * the caller's.
 *
 * NULL, or why no observation can have it, as a loss of the run is told.
 */
const char *lsm_observation(
	const struct lsm_event *e, struct text *storage, struct learn_observation *ret);

#endif
