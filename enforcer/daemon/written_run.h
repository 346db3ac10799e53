/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WRITTEN_RUN_H
#define PALE_WRITTEN_RUN_H

/* Runs as files of a bounded size. */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"

/*
 * Puts @run into the file @path in one step, as one line of at most @max bytes: where it would be
 * longer, as few observations as need be are left off, and it is written as partial for that.
 */
int written_run_save(const char *path, struct learn_run *run, size_t max, struct pale_err **err);

#endif
