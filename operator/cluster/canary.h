/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_CANARY_H
#define PALE_CLUSTER_CANARY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether @key is one of @percent out of a hundred, for a staged rollout of @profile: the same for
 * ever for the same profile and key, and whoever is one of few is one of more.
 *
 * While status.rollout of a PaleProfile has canaryPercent, status.mode is audit, and the webhook
 * admits those pods under enforce that are canaries; they keep that. The key is "NAMESPACE/NAME",
 * so that a StatefulSet's pods stay what they are; of a pod that has no name yet, generateName and
 * the review's uid.
 */
bool canary_is(const char *profile, const char *key, uint32_t percent);

#endif
