/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCS_SHELL_NAME_H
#define PALE_DOCS_SHELL_NAME_H

#include "compiler/options.h"

/*
 * A program's name as a part of shell variables' and functions' names: "pale_operator". In
 * @buffer, which is returned.
 */
#define SHELL_NAME_BYTES 64
const char *shell_name(const struct program *program, char buffer[SHELL_NAME_BYTES]);

#endif
