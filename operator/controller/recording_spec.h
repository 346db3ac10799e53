/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDING_SPEC_H
#define PALE_RECORDING_SPEC_H

#include "compiler/base/error.h"
#include "operator/cluster/label_selector.h"
#include "operator/cluster/string_list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDING_SECONDS_MAX (30 * 24 * 3600)
#define RECORDING_SECONDS     3600 /* where the spec has none */

/* A PaleRecording's spec: selector, containers (none: all of them), durationSeconds, and profile,
 * the name of the draft (none: the object's own). */
struct recording_spec {
	char *namespace, *name;
	struct label_selector selector;
	struct string_list containers;
	int64_t duration; /* seconds */
	char *profile;
};

/* @ret is to be released either way. -EINVAL with what has no meaning. */
int recording_spec_read(const json_t *object, struct recording_spec *ret, struct pale_err **err);
void recording_spec_release(struct recording_spec *s);

/*
 * Whether the containers of @pod are to be recorded: it is in the recording's namespace, its labels
 * are selected, and the webhook annotated it as it was created (pale.dev/recording:
 * NAMESPACE/NAME), so that its node has recorded it from its start. No one of these alone is
 * believed.
 */
bool recording_selects(const struct recording_spec *s, const json_t *pod);
bool recording_names(const struct recording_spec *s, const char *container);

#endif
