/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_COMMANDS_H
#define PALE_PLUGIN_COMMANDS_H

/* The commands of kubectl-pale, which kubectl runs as `kubectl pale`, each in cmd_NAME.c, and their
 * table. */

#include "compiler/options.h"

extern const struct command plugin_status, plugin_events, plugin_explain, plugin_audit;
extern const struct program kubectl_pale;

#endif
