/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_TEXT_TABLE_H
#define PALE_BASE_TEXT_TABLE_H

#include "compiler/base/text.h"

#include <jansson.h>

/*
 * Rows in columns as wide as their widest cell, three blanks apart, as kubectl prints them.
 * @columns: names, of which the last is followed by NULL. @rows: an array of arrays of as many
 * strings; an empty one is shown as "-", but not in the last column. What would drive a terminal is
 * escaped.
 */
void text_table(const char *const *columns, const json_t *rows, struct text *to);

#endif
