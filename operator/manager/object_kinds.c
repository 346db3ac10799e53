/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/object_kinds.h"

#define PALE_GROUP "pale.dev/v1alpha1"

const struct object_kind object_kinds[CONTROLLER_KINDS] = {
	[CONTROLLER_PROFILE] = { PALE_GROUP, "paleprofiles", "PaleProfile", .page = 10 },
	[CONTROLLER_BINDING] = { PALE_GROUP, "palebindings", "PaleBinding" },
	[CONTROLLER_NAMESPACE] = { "v1", "namespaces", "Namespace", .metadata_only = true },
	/* Annotations say which profiles a pod uses. One that has ended uses none: the server tells
	 * that it is gone when it leaves the selection, and so its status is not needed. */
	[CONTROLLER_POD] = { "v1", "pods", "Pod",
		.query = "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
		.metadata_only = true },
	[CONTROLLER_NODE_STATUS] = { PALE_GROUP, "palenodestatuses", "PaleNodeStatus", .page = 10 },
	[CONTROLLER_RECORDING] = { PALE_GROUP, "palerecordings", "PaleRecording", .page = 50 },
};
