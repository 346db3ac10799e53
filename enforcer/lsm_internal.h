/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_INTERNAL_H
#define PALE_LSM_INTERNAL_H

/*
 * What the parts of load_lsm.h's implementation share: load_lsm.c has the programs and their
 * events, lsm_policies.c policies and instances, lsm_pins.c what outlives the loader.
 */

#include "enforcer/load_lsm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>

#include <lsm.skel.h>

/* One that the kernel has, and so a number to lsm_program_name(). */
struct lsm_program {
	struct bpf_program *program;
	int fd; /* the loaded program; -1: another loader's, of which only the link is known yet */
	int link; /* -1: not attached */
};

struct lsm {
	struct lsm_bpf *skel;
	struct lsm_program *programs;
	size_t n_programs;
	struct ring_buffer *ring;
	/* maps, as the kernel has them */
	struct lsm_instance *instances; /* [LSM_INSTANCES_MAX] */
	struct lsm_slot *slots;		/* [LSM_POLICIES_MAX] */
	struct lsm_kept *kept;
	lsm_on_event on_event;
	void *ctx;
	size_t events_left;    /* until the reading stops; 0: it does not */
	struct lsm_pins *pins; /* NULL: nothing is pinned */
};

/* A value of the map `cgroups`. */
struct lsm_cgroup_binding {
	uint32_t instance, generation;
};

/* ---- load_lsm.c: the steps of loading ---- */

/* An object file in memory, made of the same source as lsm.bpf.o. */
struct lsm_elf {
	const void *bytes;
	size_t len;
};

/* @object (NULL: that which enforces) as it fits this kernel, with its programs; nothing is loaded.
 */
int lsm_new(const struct lsm_elf *object, struct lsm **ret, struct pale_err **err);
/* All that is left to be done for what does not outlive the process. */
int lsm_load_all(struct lsm *l, struct pale_err **err);
/* On maps that have been given it with bpf_map__reuse_fd(), and otherwise new ones. */
int lsm_load_programs(struct lsm *l, struct pale_err **err);
/* Begins to work with the maps. */
int lsm_use_maps(struct lsm *l, struct pale_err **err);
int lsm_attach_programs(struct lsm *l, struct pale_err **err);
/*
 * Tells the programs which programs, links and maps are the engine's own, so that no confined task
 * gets at them by number; those of an earlier set are forgotten.
 */
int lsm_note_own(struct lsm *l, struct pale_err **err);

/* ---- lsm_policies.c ---- */

/* Brings the tables to what they were before, or would have been after, what a loader was about
 * when it was killed. */
int lsm_repair_policies(struct lsm *l, struct pale_err **err);

/* ---- lsm_pins.c ---- */

void lsm_pins_free(struct lsm_pins *pins);
/* The link of program @i is there, or is to be no longer. */
int lsm_pins_add(struct lsm *l, size_t i, struct pale_err **err);
int lsm_pins_remove(struct lsm *l, size_t i, struct pale_err **err);

#endif
