/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCS_COMPLETIONS_H
#define PALE_DOCS_COMPLETIONS_H

/*
 * What a shell's completion knows of a program, as code of that shell, out of the program's table.
 * docs/complete/ has what each does with it. Help and arguments' names may hold any character;
 * names of programs, commands and options are of letters, digits and dashes.
 */

#include "compiler/options.h"

void complete_bash(const struct program *program, FILE *to);
void complete_zsh(const struct program *program, FILE *to);
void complete_fish(const struct program *program, FILE *to);

#endif
