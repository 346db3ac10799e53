/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_CONFIG_H
#define PALE_RUNTIME_OCI_CONFIG_H

#include "compiler/base/text.h"
#include "enforcer/runtime/command_line.h"
#include "enforcer/runtime/confinement.h"

/* A bundle's config.json: what Pale reads there, and what it makes of it. */

/* crun takes a filter as the kernel does, base64, from this annotation in place of linux.seccomp,
 * whose flags it still uses. */
#define CRUN_BPF_ANNOTATION "run.oci.seccomp_bpf_data"

/* 0 when @root is in the form that the functions below take: no member that a runtime might take
 * for one that is read or changed here, and each of these of its type. */
int oci_config_check(const json_t *root, struct pale_err **err);

/* Its annotations but for the filter above; a new reference, empty when there are none. */
json_t *oci_config_annotations(const json_t *root);
/* root.path, which may be relative to the bundle; NULL: none. */
const char *oci_config_rootfs(const json_t *root);
/*
 * Whether it is what engines make of a privileged container: its bounding set lacks no capability
 * that this process could hand down, and there are neither linux.seccomp nor masked paths.
 */
bool oci_config_is_privileged(const json_t *root);
/* Whether linux.seccomp.flags has SECCOMP_FILTER_FLAG_LOG. */
bool oci_config_logs_refusals(const json_t *root);

struct oci_host {
	enum real_kind kind;
	const char *stack_file; /* see apparmor_stack.h */
	bool swap;		/* see oci_resources.h */
};

/*
 * Changes @root so that the runtime starts the container with what both @root and @c allow. *@own
 * is a new reference: what @root alone refuses, as pale-protocol(7) has it in register. @note: a
 * sentence for the log when something of the policy is left to another mechanism. -EPERM: @root
 * asks for what cannot be had together with a policy. On an error @root may be changed in part.
 */
int oci_config_confine(json_t *root, const struct confinement *c, const struct oci_host *host,
	json_t **own, struct text *note, struct pale_err **err);

/*
 * The last of hooks.createRuntime becomes @path with @args (NULL-terminated); one that is there
 * with the same path and first two arguments goes. @timeout_s above 0.
 */
int oci_config_add_hook(json_t *root, const char *path, const char *const *args, int timeout_s,
	struct pale_err **err);

#endif
