/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVER_LIMITS_H
#define PALE_COVER_LIMITS_H

#include "compiler/coverage.h"

/* Limits of the whole tree, each with a cgroup controller; bit (1 << LIMIT_…). The others are
 * rlimits of each process and work everywhere. */
#define LIMITS_OF_CGROUP (1u << LIMIT_PROCESSES | 1u << LIMIT_MEMORY | 1u << LIMIT_CPU)

/*
 * MECHANISM_CGROUP for every limit rule and the default. @available: those of LIMITS_OF_CGROUP
 * whose controllers are there; all of them where no host is known.
 */
void cover_limits(const struct policy *p, uint32_t available, struct coverage *c);

#endif
