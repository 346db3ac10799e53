/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORD_FILTER_H
#define PALE_RECORD_FILTER_H

/*
 * Which system calls an observer is told of: those that take paths and addresses, those that do
 * what rules speak of, and all that no policy allows without a rule (the derived set of an empty
 * profile). What every process may do anyway (read, write, futex, malloc's mmap …) runs at full
 * speed and is not seen: no rule will need it.
 *
 * A filter cannot be changed once it is loaded, so a call that is told of is told of each time.
 */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"

#include <linux/filter.h>
#include <stdbool.h>

/*
 * Of every ABI; calls of other ones than this machine's own are all told of. @counted: those of
 * which nothing is to be told but that they were made, with which arguments, are counted by others
 * (count_calls.h), and run at full speed, too. In @a.
 */
int record_filter(struct arena *a, bool counted, struct sock_fprog *ret, struct pale_err **err);

#endif
