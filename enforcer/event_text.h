/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_TEXT_H
#define PALE_EVENT_TEXT_H

/* Events, and entries of a history, for people: no terminal is driven by what they hold. */

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>

/* A line, or the two of a violation, each with its newline. */
void event_text_line(struct text *t, const json_t *e, bool colour);

/* What happened, without time, process and container: of all that is recorded but violations.
 * false: it is none of these, and nothing was added. */
bool event_text_what(struct text *t, const json_t *e);
/* The command line of an exec, as a shell would be given it. */
void event_text_command(struct text *t, const json_t *exec);
/* "exit 3", "killed by KILL" */
void event_text_end(struct text *t, const json_t *exit);
void event_text_gap(struct text *t, const json_t *gap);
void event_text_change(struct text *t, const json_t *policy);
/* "web.pale:22:9" */
void event_text_policy_line(struct text *t, const json_t *violation);
/* "denied", or what else became of it. Borrowed. */
const char *event_outcome(const json_t *violation);
/* "shop/web-7f/nginx", or the beginning of its id; " of Deployment/web" where that is known. */
void event_text_container(struct text *t, const json_t *container);

#endif
