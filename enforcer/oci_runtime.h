/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OCI_RUNTIME_H
#define PALE_OCI_RUNTIME_H

/* The OCI runtimes that are known, by the names of their programs. */

enum oci_runtime { OCI_RUNTIME_RUNC, OCI_RUNTIME_CRUN, OCI_RUNTIME_COUNT };
extern const char *const oci_runtime_names[OCI_RUNTIME_COUNT];
/* What makes each of them say what it can do. */
extern const char *const oci_runtime_features_words[OCI_RUNTIME_COUNT];

#endif
