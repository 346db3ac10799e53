/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_PROFILE_DIAGNOSTICS_H
#define PALE_PLUGIN_PROFILE_DIAGNOSTICS_H

#include "compiler/base/text.h"

#include <jansson.h>

/*
 * What the controller found wrong in a PaleProfile's source, appended to @to: {profile, file, line,
 * column, severity, message, hint, text}. text is the line, "" where it is not in the object, as of
 * the library's files, or where the source has changed since.
 */
void profile_diagnostics_add(json_t *to, const json_t *profile);
/* As the compiler prints them, with the line and a caret; the file is called by the profile's
 * name. */
void profile_diagnostics_text(const json_t *diagnostics, struct text *to);

#endif
