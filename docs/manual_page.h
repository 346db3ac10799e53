/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCS_MANUAL_PAGE_H
#define PALE_DOCS_MANUAL_PAGE_H

/*
 * Manual pages as scdoc(5) text. Whatever the table says is taken literally: no
 * character of it is markup. Only in usages and arguments' names words in capitals are set as what
 * is to be replaced, and options as what is to be typed.
 */

#include "compiler/options.h"

/* All commands and what they exit with; sections that follow may be appended. */
void manual_page_program(const struct program *program, FILE *to);
void manual_page_command(const struct program *program, const struct command *command, FILE *to);

#endif
