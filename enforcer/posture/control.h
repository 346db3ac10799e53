/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_CONTROL_H
#define PALE_POSTURE_CONTROL_H

/*
 * What `pale audit` looks for, of a node's containers and of a cluster's workloads alike: one table
 * of controls. Who looks is elsewhere: node_checks.h at processes, operator/posture/ at objects.
 */

#include "compiler/options.h"

#include <stddef.h>

enum control_severity { CONTROL_LOW, CONTROL_MEDIUM, CONTROL_HIGH, CONTROL_CRITICAL };

enum control {
	CONTROL_PRIVILEGED,
	CONTROL_RUNTIME_SOCKET,
	CONTROL_NODE_FILES,
	CONTROL_HOST_PATH,
	CONTROL_HOST_PID,
	CONTROL_HOST_IPC,
	CONTROL_HOST_NETWORK,
	CONTROL_HOST_PORT,
	CONTROL_HOST_PROCESS,
	CONTROL_ADDED_CAPABILITIES,
	CONTROL_RAW_SOCKETS,
	CONTROL_KEPT_CAPABILITIES,
	CONTROL_ESCALATION,
	CONTROL_ROOT_USER,
	CONTROL_NO_SECCOMP,
	CONTROL_NO_APPARMOR,
	CONTROL_UNMASKED_PROC,
	CONTROL_WRITABLE_ROOT,
	CONTROL_NO_PROFILE,
	CONTROL_TOKEN,
	CONTROL_DEFAULT_ACCOUNT,
	CONTROL_SECRET_ENVIRONMENT,
	CONTROL_METADATA,
	CONTROL_KUBELET,
	CONTROL_NETWORK_POLICY,
	CONTROL_ADMISSION_POLICY,
	CONTROL_DEFAULT_NAMESPACE,
	CONTROL_COUNT,
};

struct control_spec {
	const char *id; /* "privileged": of findings, of SARIF's rules, and in documents */
	const char *title;
	/*
	 * Of the CIS Kubernetes Benchmark, or NULL: as its versions 1.23 and 1.9 count, and
	 * where 1.11 counts otherwise, as that does (its general policies are 5.6).
	 */
	const char *cis, *cis_later;
	enum control_severity severity;
	const char *why;    /* what an attacker in the container has of it */
	const char *remedy; /* in a manifest, or the engine's words */
	const char *policy; /* what a policy of Pale's does about it; NULL: nothing */
};

extern const struct control_spec controls[CONTROL_COUNT];
extern const char *const control_severity_names[];
/* Severities, the lowest first. */
extern const struct argument_kind control_severities;
/* "5.7.2 (5.6.2 in 1.11)"; malloc-ed, "" where the benchmark has none. */
char *control_cis(enum control c);

#endif
