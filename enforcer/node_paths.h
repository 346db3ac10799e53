/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_PATHS_H
#define PALE_NODE_PATHS_H

/*
 * Folders and files of a node by which who has them in a container gets at other containers, or at
 * processes that no policy holds: those in which container engines, the kubelet or Pale have their
 * sockets and files, programs that these start, and /proc and /sys. They are told by their names
 * alone; where links on the node lead is not looked at.
 */

#include "compiler/base/text.h"

#include <stdbool.h>

/* Appends @path with one slash between names, none at the end and no "."; /var/run is /run, and the
 * root is "". */
void node_path_plain(const char *path, struct text *ret);
/* @inner is @outer, or lies below it. Both plain. */
bool node_path_is_within(const char *inner, const char *outer);
/* What of the node's the path gives away: it is that, lies below it, or holds it. NULL: nothing
 * that is known. */
const char *node_path_opens(const char *path);
/* The socket of a container engine, or of paled's, that the path is or holds; NULL: none by a name
 * that is known. */
const char *node_path_runtime_socket(const char *path);

#endif
