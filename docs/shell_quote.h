/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCS_SHELL_QUOTE_H
#define PALE_DOCS_SHELL_QUOTE_H

#include <stdio.h>

/* One word in single quotes: as sh, bash and zsh read it, and as fish does. */
void quote_sh(FILE *to, const char *s);
void quote_fish(FILE *to, const char *s);

#endif
