/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_COMMANDS_H
#define PALE_OPERATOR_COMMANDS_H

/* The commands of pale-operator, each in cmd_NAME.c, and their table. */

#include "compiler/options.h"

extern const struct command cmd_controller, cmd_node, cmd_webhook;
extern const struct program pale_operator;

#endif
