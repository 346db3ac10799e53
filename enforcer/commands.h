/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ENFORCER_COMMANDS_H
#define PALE_ENFORCER_COMMANDS_H

/* The commands of `pale` that ask the kernel or paled something, and the table of all. */

#include "compiler/options.h"

extern const struct command cmd_audit;
extern const struct command cmd_events;
extern const struct command cmd_except;
extern const struct command cmd_explain;
extern const struct command cmd_install_runtime;
extern const struct command cmd_learn;
extern const struct command cmd_load;
extern const struct command cmd_ps;
extern const struct command cmd_report;
extern const struct command cmd_run;
extern const struct command cmd_status;
extern const struct command cmd_thaw;
extern const struct command cmd_uninstall_runtime;
extern const struct command cmd_unload;
extern const struct command cmd_update;
extern const struct command cmd_watch;

extern const struct program pale;

#endif
