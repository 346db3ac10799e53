/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPLAIN_HTML_H
#define PALE_EXPLAIN_HTML_H

/*
 * A policy as one page for who reviews it: what it allows in sentences, the graph of its profiles,
 * and what each mechanism makes of each rule, with the reasons. It needs nothing beside itself.
 */

#include "compiler/coverage.h"

#include "compiler/base/text.h"

/* @title: the file's name as it was given. */
void explain_html_begin(struct text *to, const char *title);
void explain_html_policy(struct text *to, const struct policy *p, const struct coverage *c);
void explain_html_end(struct text *to);

#endif
