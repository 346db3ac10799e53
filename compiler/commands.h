/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COMMANDS_H
#define PALE_COMMANDS_H

/* The commands of `pale` that need no kernel; its table is in enforcer/pale.c. */

#include "compiler/options.h"

extern const struct command cmd_check;
extern const struct command cmd_diff;
extern const struct command cmd_build;
extern const struct command cmd_doc;
extern const struct command cmd_fmt;
extern const struct command cmd_import;
extern const struct command cmd_init;
extern const struct command cmd_lsp;
extern const struct command cmd_query;
extern const struct command cmd_test;

#endif
