/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_VOLUME_CHECKS_H
#define PALE_POSTURE_VOLUME_CHECKS_H

#include "operator/posture/audited_pod.h"

/* Folders of the node among a pod's volumes, for each container that has them. */
void volume_checks(const struct audited_pod *p);

/* ["spec"]["volumes"] and the containers' volumeMounts of a patch that takes these volumes (names)
 * away from a pod: a new object. */
json_t *volumes_taken_away(const struct audited_pod *p, const json_t *names);

#endif
