/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_CHILD_H
#define PALE_RUNTIME_CHILD_H

#include "compiler/base/error.h"

/*
 * Runs @path with the caller's environment and descriptors, and waits. *@status is what a shell
 * would call it: its exit status, or 128 and the signal's number. It dies with the caller: an
 * engine that gives up a create kills the program that it knows. SIGCHLD must not be ignored.
 */
int child_run(const char *path, char *const *argv, int *status, struct pale_err **err);

#endif
