/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_REQUEST_MEMBERS_H
#define PALE_REQUEST_MEMBERS_H

/*
 * Members of a request, by type. One that is there and of another type is -EINVAL, never taken for
 * one that is missing: that would be to confine less than was asked for.
 */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>

/* NULL in *@ret when it is missing. Borrowed from @body. */
int request_text(const json_t *body, const char *name, const char **ret, struct pale_err **err);
/* false when it is missing. */
int request_flag(const json_t *body, const char *name, bool *ret, struct pale_err **err);
/* NULL when it is missing. Borrowed from @body. */
int request_object(const json_t *body, const char *name, const json_t **ret, struct pale_err **err);
/* As request_object(), and each of its members is a text. */
int request_texts(const json_t *body, const char *name, const json_t **ret, struct pale_err **err);

#endif
