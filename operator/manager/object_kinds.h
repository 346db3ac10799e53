/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OBJECT_KINDS_H
#define PALE_OBJECT_KINDS_H

/* Where the API server has what the controller is told of, and how much of it is asked for. */

#include "operator/controller/controller.h"

struct object_kind {
	const char *group_version, *plural, *kind;
	const char *query;  /* of the list and the watch, escaped; NULL: none */
	bool metadata_only; /* the controller needs no more */
	/* Objects in a page of the list, where they may be large: an object has up to 1.5 MiB, and
	 * a page lies in memory as text and as JSON. 0: the watch's own. */
	uint32_t page;
};

extern const struct object_kind object_kinds[CONTROLLER_KINDS];

#endif
