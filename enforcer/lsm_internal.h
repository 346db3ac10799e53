/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_INTERNAL_H
#define PALE_LSM_INTERNAL_H

/* What the parts of load_lsm.h's implementation share: load_lsm.c has the programs and their
 * events, lsm_policies.c policies and instances. */

#include "enforcer/load_lsm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>

#include <lsm.skel.h>

struct slot {
	bool used;
	uint32_t n_instances; /* under it */
	enum lsm_size size;
	uint32_t n_rules, n_domains;
};

struct lsm {
	struct lsm_bpf *skel;
	struct ring_buffer *ring;
	struct slot policies[LSM_POLICIES_MAX];
	struct lsm_instance *instances; /* [LSM_INSTANCES_MAX], the map itself */
	uint64_t generation;		/* of the last instance */
	uint64_t serial;		/* of the last policy */
	lsm_on_event on_event;
	void *ctx;
};

#endif
