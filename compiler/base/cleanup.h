/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_CLEANUP_H
#define PALE_BASE_CLEANUP_H

/*
 * What a scope owns is released when the scope ends, however it ends. A function that succeeds
 * hands its result over with TAKE_PTR() or TAKE_FD(), so that there is one way out and nothing to
 * unwind.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_	   _cleanup_(freep)
#define _cleanup_close_	   _cleanup_(closep)
#define _cleanup_fclose_   _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *from__ = &(p);                                                      \
		__typeof__(p) taken__ = *from__;                                                   \
		*from__ = NULL;                                                                    \
		taken__;                                                                           \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *from__ = &(fd);                                                               \
		int taken__ = *from__;                                                             \
		*from__ = -1;                                                                      \
		taken__;                                                                           \
	})

#endif
