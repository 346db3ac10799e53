/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_GLOB_DIRECTORY_H
#define PALE_GLOB_DIRECTORY_H

/*
 * In rules about mounts a path stands for the directory of that name, too: `on /srv/tmp` is where
 * people mount, and the kernel's name of that place is /srv/tmp/.
 */

#include "compiler/glob.h"

/*
 * Appends to @ret globs for the directories that @globs name without the '/' at the end: /a/x gives
 * /a/x/, a glob that matches them already (/a/x/, /a/x**) gives none. Made, not parsed: their texts
 * are those of the globs that they come from.
 */
void glob_directories(struct arena *a, const struct globs *globs, struct globs *ret);

#endif
