/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NEW_RUN_H
#define PALE_NEW_RUN_H

/* A run that begins now (compiler/learn_run.h), and one that is kept. */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"

/* @recorder as learn_run_new() has it; the id is random. */
int new_run(const char *recorder, struct learn_run **ret, struct pale_err **err);
/* Takes over @run. */
void keep_run(struct learn_runs *runs, struct learn_run *run);
/* An equal one, which can be added to for itself. */
int copy_run(struct learn_run *run, struct learn_runs *to, struct pale_err **err);

/* The loss of a run of which the program ran already. */
#define NEW_RUN_LOST_BEFORE "what was done before the recording began"
/* That of one as it is saved before its end. */
#define NEW_RUN_LOST_LATER "what came after the last time that the recording was saved"

#endif
