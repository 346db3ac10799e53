/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_JSON_H
#define PALE_KUBE_JSON_H

#include "operator/kube/kube_objects.h"

#include <jansson.h>
#include <stddef.h>

/*
 * What the server sent; NULL: no JSON. A NUL within a string is taken, since one that somebody
 * writes into an annotation must not keep a whole list from being read: for who uses
 * json_string_value() the string ends there.
 */
json_t *kube_json_load(const void *bytes, size_t len);
/* json_object_get() along @keys, which end with a NULL; "" where there is no string. */
const char *kube_json_string(const json_t *object, const char *const *keys);
/* metadata.namespace, name and uid; "" for what is not there. As valid as @object. */
struct kube_object_id kube_json_id(const json_t *object);
/* metadata.resourceVersion, or "". */
const char *kube_json_version(const json_t *object);

#endif
