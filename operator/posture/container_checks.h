/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_CONTAINER_CHECKS_H
#define PALE_POSTURE_CONTAINER_CHECKS_H

#include "operator/posture/audited_pod.h"

/*
 * What each container of a pod asks for, init containers and ephemeral ones too, by its
 * securityContext, its ports and its environment. Of Windows pods only what Windows has.
 */
void container_checks(const struct audited_pod *p);

#endif
