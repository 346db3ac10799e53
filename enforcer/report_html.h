/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_REPORT_HTML_H
#define PALE_REPORT_HTML_H

/*
 * A container's history as one page: it loads nothing, runs nothing, and shows what it is given as
 * text, whatever that holds.
 */

#include "compiler/base/error.h"
#include "enforcer/history_client.h"

#include <stdio.h>

/* @asked: how the container was named. */
int report_html(
	FILE *to, const char *asked, const struct history_kept *entries, struct pale_err **err);

#endif
