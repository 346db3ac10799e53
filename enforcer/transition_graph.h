/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TRANSITION_GRAPH_H
#define PALE_TRANSITION_GRAPH_H

/*
 * A policy's profiles, each with the programs that it may execute and stays in, and the programs by
 * which one leads into another: as SVG to stand in a page of html_page.h, whose colours it takes.
 */

#include "compiler/base/text.h"
#include "compiler/policy.h"

void transition_graph(struct text *to, const struct policy *p);

#endif
