/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_COMMANDS_H
#define PALE_OPERATOR_COMMANDS_H

/* The commands of pale-operator, each in cmd_NAME.c. */

#include "compiler/options.h"

extern const struct command cmd_controller, cmd_node, cmd_webhook;

#endif
