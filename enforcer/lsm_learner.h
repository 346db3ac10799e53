/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_LEARNER_H
#define PALE_LSM_LEARNER_H

/*
 * The BPF-LSM programs as who watches (enforcer/bpf/learn.bpf.c): what runs in a cgroup is asked
 * the same as if it were enforced upon, nothing is refused, and each act is told once. System calls
 * are not seen here: count_calls.h.
 *
 * Where the kernel lets us (lsm_supported()), at the cost of loading a second set of programs:
 * about a million verified instructions.
 *
 * Functions return 0 or a negative errno with *err set. None is thread safe on the same struct.
 */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"

#include <stdbool.h>
#include <stdint.h>

struct lsm_learner;

int lsm_learner_new(struct lsm_learner **ret, struct pale_err **err);
/* Detaches all. Runs that were not ended get no more. Takes NULL. */
void lsm_learner_free(struct lsm_learner *l);
void lsm_learner_freep(struct lsm_learner **l);

struct lsm_watch {
	uint64_t cgroup; /* of the unified hierarchy, as cgroup.h has it; those below it as well */
	/* Adds to it until lsm_learner_end(). */
	struct learn_run *run;
	/*
	 * What is learned begins with the next exec in the cgroup, its own included: that of a
	 * command, or of a container whose program has not been started. Otherwise what is in it
	 * is learned from now on; execs of tasks that come in later are told as `execed`, and
	 * left out where the task has a terminal.
	 */
	bool begins;
	/* As struct counted_group has them: whose exec that is. Whatever else is executed before it
	 * is left out; who did is told of from when the program begins. */
	int init;
	bool any_begins;
	/* As lsm_add_instance() has it: what is drift. */
	uint64_t start_ns;
};

/* *ret_id names it to the other functions. -EEXIST: the cgroup is watched already. */
int lsm_learner_watch(
	struct lsm_learner *l, const struct lsm_watch *w, uint32_t *ret_id, struct pale_err **err);

/*
 * Of what is done from now on; LEARN_RUNTIME is LEARN_INIT, since nothing is told before the
 * program begins. A program that a watch waits for and that has begun by another's word was
 * executed before we watched: it is found as what ran already, and NEW_RUN_LOST_BEFORE is the run's
 * loss.
 */
int lsm_learner_phase(
	struct lsm_learner *l, uint32_t id, enum learn_phase phase, struct pale_err **err);

/* The loss of a run whose program was not alone as it began. */
#define LSM_LEARNER_LOST_OTHERS "what processes beside the program did as it began"

/* Readable when there is something; belongs to @l. */
int lsm_learner_fd(const struct lsm_learner *l);
/* Adds all that there is to the runs, without waiting. */
int lsm_learner_read(struct lsm_learner *l, struct pale_err **err);

/* Whether the program that a watch with `begins` waits for has been executed. */
bool lsm_learner_has_begun(const struct lsm_learner *l, uint32_t id);
/* Acts that were added to its run; after lsm_learner_end(), until the next watch, as well. */
uint64_t lsm_learner_acts(const struct lsm_learner *l, uint32_t id);
/* Execs that were left out for their terminal. */
uint64_t lsm_learner_interactive(const struct lsm_learner *l, uint32_t id);

/*
 * Reads what there is, adds what was lost to the run, and watches no more. What the cgroup's tasks
 * do later is not told.
 */
int lsm_learner_end(struct lsm_learner *l, uint32_t id, struct pale_err **err);

#endif
