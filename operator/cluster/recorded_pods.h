/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_RECORDED_PODS_H
#define PALE_CLUSTER_RECORDED_PODS_H

#include "compiler/base/error.h"
#include "operator/cluster/label_selector.h"
#include "operator/cluster/object_table.h"
#include "operator/cluster/string_list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Of a pod that is recorded: NAMESPACE/NAME of the PaleRecording. */
#define RECORDING_ANNOTATION "pale.dev/recording"

/* Of a PaleRecording which pods that are created now are to be recorded. */
struct recorded_pods {
	struct object_head head;
	struct label_selector selector;
	struct string_list containers; /* names; none: all of them */
	/* It is Pending or Recording (or the controller has not seen it yet), and stays. */
	bool active;
	/* From then on it is not, whatever the controller came to write; seconds since 1970,
	 * INT64_MAX: there is no time yet. */
	int64_t ends_at;
	char *wrong; /* NULL: all of it has a meaning. Otherwise it selects no pod */
};

/* NULL with -EINVAL when it has no name or namespace; what else is wrong is kept in it. */
struct recorded_pods *recorded_pods_read(const json_t *object, struct pale_err **err);
void recorded_pods_free(struct object_head *head);

#endif
