/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_HTML_TEXT_H
#define PALE_HTML_TEXT_H

#include "compiler/base/text.h"

/*
 * Any bytes as text of an HTML document, in an element or a quoted attribute: what text_escaped()
 * shows of them, with entities for what HTML means something by.
 */
void html_text(struct text *to, const char *s, size_t len);
void html_puts(struct text *to, const char *s);

#endif
