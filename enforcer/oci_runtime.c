/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/oci_runtime.h"

const char *const oci_runtime_names[OCI_RUNTIME_COUNT] = {
	[OCI_RUNTIME_RUNC] = "runc",
	[OCI_RUNTIME_CRUN] = "crun",
};

const char *const oci_runtime_features_words[OCI_RUNTIME_COUNT] = {
	[OCI_RUNTIME_RUNC] = "features",
	[OCI_RUNTIME_CRUN] = "--version",
};
