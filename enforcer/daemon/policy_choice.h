/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POLICY_CHOICE_H
#define PALE_POLICY_CHOICE_H

/*
 * Which profile a container gets. None, when its annotation says that it is recorded, if the node's
 * configuration lets containers ask for that; else, in this order: its sandbox's own; what its
 * annotations name; what the node's configuration says of its image; what its image's label names,
 * if the node lets images choose that; the node's default.
 */

#include "enforcer/daemon/config.h"
#include "enforcer/daemon/policy_store.h"

#include <jansson.h>

struct policy_choice {
	bool unconfined; /* nothing names a profile, and the default is none */
	bool sandbox;
	bool audit; /* asked for, and allowed */
	/* It runs unconfined, and is to be recorded for this; NULL: it is not. Borrowed, too. */
	const char *recording;
	const char *profile;  /* NULL: see above. Borrowed from the arguments */
	const char *named_by; /* "its annotation", for messages */
	enum on_missing on_missing;
};

/*
 * @label: of the image, NULL when it has none or it is not known. -EACCES: an image chose what it
 * may not, or a container asks for more than a policy can hold (@privileged). -EINVAL: an
 * annotation has no meaning.
 */
int policy_choose(const struct daemon_config *config, const json_t *annotations, bool privileged,
	const char *label, struct policy_choice *ret, struct pale_err **err);

#endif
