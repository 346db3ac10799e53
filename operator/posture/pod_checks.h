/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_POD_CHECKS_H
#define PALE_POSTURE_POD_CHECKS_H

#include "operator/posture/audited_pod.h"

/*
 * What a pod asks for as a whole: namespaces of its node, volumes, a token for the API server, a
 * policy of Pale's, and where it is.
 */
void pod_checks(const struct audited_pod *p);

/* The name of its service account. */
const char *audited_service_account(const struct audited_pod *p);

#endif
