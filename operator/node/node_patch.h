/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_PATCH_H
#define PALE_NODE_PATCH_H

/*
 * What we change of our own Node: the labels pale.dev/bpf-lsm, pale.dev/apparmor and
 * pale.dev/seccomp say "true" or "false"; and the taint pale.dev/agent-not-ready, with which an
 * administrator keeps pods from a node that does not have its policies yet, is taken off once it
 * has. It is never put on.
 */

#include <jansson.h>
#include <stdbool.h>

#define NODE_TAINT "pale.dev/agent-not-ready"

/*
 * A JSON Patch (RFC 6902) for @node, or NULL when there is nothing to change. @mechanisms: names of
 * those that paled uses; NULL: not known, and labels stay. It tests the taints before it changes
 * them: who else changed them meanwhile, makes it fail.
 */
json_t *node_patch(const json_t *node, const json_t *mechanisms, bool ready);

#endif
