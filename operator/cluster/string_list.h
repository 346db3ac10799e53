/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_STRING_LIST_H
#define PALE_CLUSTER_STRING_LIST_H

/* A list of strings of an object's spec: names of containers or namespaces, values of a label. */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct string_list {
	char **v;
	size_t n;
};

/*
 * Adds those of @list to @ret; none where it is NULL, as a member that is not there. @what names it
 * in messages: "spec.containers". -EINVAL when it is no list of strings: those before the one that
 * is none stay.
 */
int string_list_read(
	const json_t *list, const char *what, struct string_list *ret, struct pale_err **err);
/* Copies @s. */
void string_list_add(struct string_list *l, const char *s);
bool string_list_has(const struct string_list *l, const char *s);
/* The same of a list of which none stands for all: containers of a PaleBinding or PaleRecording. */
bool string_list_names(const struct string_list *l, const char *s);
void string_list_release(struct string_list *l);

#endif
