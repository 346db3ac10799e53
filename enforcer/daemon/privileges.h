/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DAEMON_PRIVILEGES_H
#define PALE_DAEMON_PRIVILEGES_H

#include "compiler/base/error.h"

/*
 * Gives up all capabilities but those that the daemon uses, for itself and what it starts
 * (apparmor_parser), for good; what the process does not have it does not miss.
 */
int daemon_drop_privileges(struct pale_err **err);

#endif
