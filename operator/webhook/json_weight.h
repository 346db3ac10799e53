/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_JSON_WEIGHT_H
#define PALE_WEBHOOK_JSON_WEIGHT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the values of a JSON text stay below 128 MiB in memory once they are read: it has at most
 * 150,000 objects and arrays, and 500,000 values. An empty object, two bytes of text, is some 250
 * in jansson's memory, so that 7 MiB of them would be 900. The largest pod that etcd takes, with
 * all its managedFields, has fewer. What is no JSON may be counted as anything.
 */
bool json_is_light(const char *text, size_t len);

#endif
