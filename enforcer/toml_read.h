/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TOML_READ_H
#define PALE_TOML_READ_H

/*
 * TOML 1.0 (https://toml.io/en/v1.0.0) as jansson values, for looking at the configuration of
 * container engines. Debian has no library in C that reads it. Tables are objects, in the order of
 * the text; dates, times, "inf" and "nan", which JSON has not, are strings as they are written.
 *
 * Strict where the specification is: a key or a table that is defined twice, bytes that are no
 * UTF-8 and control characters are errors. So is what the specification allows and no engine needs:
 * a NUL in a string, and values nested deeper than TOML_DEPTH_MAX or keys of more parts.
 */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stddef.h>

#define TOML_DEPTH_MAX 64

/*
 * The table that @len bytes at @s say, for the caller to json_decref(). @name is what messages call
 * the text: "NAME:LINE:COLUMN: a string without its end". -EINVAL when it is no TOML.
 */
int toml_read(const char *name, const char *s, size_t len, json_t **ret, struct pale_err **err);
/* A basic string with its quotes that reads as @s, which is UTF-8. The caller frees it. */
char *toml_quote(const char *s);

#endif
