/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_JSON_TEXT_H
#define PALE_BASE_JSON_TEXT_H

#include <jansson.h>

/*
 * A JSON string of any bytes. JSON is UTF-8 and json_string() gives NULL for anything else, which
 * json_object_set_new() then leaves out: such bytes (paths and policies may hold them) are shown as
 * text_escaped() shows them. Never NULL.
 */
json_t *json_text(const char *s);

#endif
