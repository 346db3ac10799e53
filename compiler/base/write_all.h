/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_WRITE_ALL_H
#define PALE_BASE_WRITE_ALL_H

#include <stddef.h>

/* write(2) until all of it is written, through interruptions; a negative errno leaves a part
 * written. */
int write_all(int fd, const void *bytes, size_t len);

#endif
