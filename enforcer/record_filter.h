/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORD_FILTER_H
#define PALE_RECORD_FILTER_H

/*
 * Which system calls a recorder is told of: those that take paths and addresses, those that do what
 * rules speak of, and all that no policy allows without a rule (the derived set of an empty
 * profile). What every process may do anyway (read, write, futex, malloc's mmap …) runs at full
 * speed and is not seen: no rule will need it.
 *
 * A filter cannot be changed once it is loaded, so a call that is told of is told of each time.
 */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"

#include <linux/filter.h>

/* Of every ABI; calls of other ones than this machine's own are all told of. In @a. */
int record_filter(struct arena *a, struct sock_fprog *ret, struct pale_err **err);

#endif
