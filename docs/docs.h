/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCS_H
#define PALE_DOCS_H

/*
 * The main() of a program that prints, from another one's table, what is installed beside it:
 *
 *	name                    the program's: "pale"
 *	pages                   all manual pages: "pale.1", "pale-check.1", …
 *	man PAGE                one of them, without its section, as scdoc(5) text
 *	complete bash|zsh|fish  the tables of a shell's completion
 *
 * docs/man/ and docs/complete/ hold what no table says; mk/docs.mk puts both together.
 */

#include "compiler/options.h"

int docs_main(const struct program *program, int argc, char **argv);

#endif
