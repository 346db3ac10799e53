/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_SAY_H
#define PALE_OPERATOR_SAY_H

/* The log of a command that goes on until it is ended: lines on stderr, as containers' logs are. */

#include "compiler/base/error.h"

/* A line "pale-operator COMMAND: …". Escapes what would drive a terminal. */
void say(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The error, and its hint below where there is one. */
void say_error(const char *command, const struct pale_err *err);

#endif
