/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_RUNTIME_LOG_H
#define PALE_RUNTIME_RUNTIME_LOG_H

#include "enforcer/runtime/command_line.h"

/*
 * Engines show what their runtime wrote to the file of --log, the last error of it, or to standard
 * error. pale-runtime writes to both, and to the file in runc's and crun's format: JSON or logrus'
 * text.
 */
enum log_level { RUNTIME_LOG_ERROR, RUNTIME_LOG_WARNING };

void runtime_log(const struct command_line *cl, enum log_level level, const char *message);
/* The line that goes to the file, with its newline; malloc-ed. @time: RFC 3339. */
char *runtime_log_line(bool json, enum log_level level, const char *message, const char *time);

#endif
