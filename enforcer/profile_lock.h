/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROFILE_LOCK_H
#define PALE_PROFILE_LOCK_H

/*
 * An AppArmor profile is named by its policy's digest, so two runs of one policy share it, and
 * whoever unloads it takes it from the other: a task in a profile that is gone is unconfined. Each
 * user holds a shared lock of /run/pale/apparmor.NAME; the last one unloads.
 */

#include "compiler/base/error.h"

#include <stdbool.h>

/* Waits while somebody unloads. The descriptor is the lock; close-on-exec. */
int profile_lock(const char *profile, int *ret_fd, struct pale_err **err);
/* Whether nobody else holds it; then nobody gets it until @fd is closed. */
bool profile_lock_is_last(int fd);

#endif
