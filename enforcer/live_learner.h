/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIVE_LEARNER_H
#define PALE_LIVE_LEARNER_H

/* BPF-LSM for a recording, where the kernel has it and lets us. */

#include "enforcer/lsm_learner.h"

/*
 * NULL: it cannot be had. Says so on stderr where that is a surprise, and that loading takes its
 * time. @command: pale's own, for what is said.
 */
struct lsm_learner *live_learner_new(const char *command);

#endif
