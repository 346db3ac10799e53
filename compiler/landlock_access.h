/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LANDLOCK_ACCESS_H
#define PALE_LANDLOCK_ACCESS_H

/*
 * The rights that Landlock handles, by ABI. Numbers are include/uapi/linux/landlock.h's of Linux
 * 6.12, where each right's comment names its ABI; Debian 12's header ends before ABI 3. ABI 7
 * (6.15) adds flags for audit and no rights.
 */

#include <stdint.h>

#define LANDLOCK_ABI_MIN 1
#define LANDLOCK_ABI_MAX 7

/* LANDLOCK_ACCESS_FS_… */
#define LL_EXECUTE     (UINT64_C(1) << 0)
#define LL_WRITE_FILE  (UINT64_C(1) << 1)
#define LL_READ_FILE   (UINT64_C(1) << 2)
#define LL_READ_DIR    (UINT64_C(1) << 3)
#define LL_REMOVE_DIR  (UINT64_C(1) << 4)
#define LL_REMOVE_FILE (UINT64_C(1) << 5)
#define LL_MAKE_CHAR   (UINT64_C(1) << 6)
#define LL_MAKE_DIR    (UINT64_C(1) << 7)
#define LL_MAKE_REG    (UINT64_C(1) << 8)
#define LL_MAKE_SOCK   (UINT64_C(1) << 9)
#define LL_MAKE_FIFO   (UINT64_C(1) << 10)
#define LL_MAKE_BLOCK  (UINT64_C(1) << 11)
#define LL_MAKE_SYM    (UINT64_C(1) << 12)
#define LL_REFER       (UINT64_C(1) << 13) /* ABI 2 */
#define LL_TRUNCATE    (UINT64_C(1) << 14) /* ABI 3 */
#define LL_IOCTL_DEV   (UINT64_C(1) << 15) /* ABI 5 */

#define LL_MAKE_FILES                                                                              \
	(LL_MAKE_CHAR | LL_MAKE_REG | LL_MAKE_SOCK | LL_MAKE_FIFO | LL_MAKE_BLOCK | LL_MAKE_SYM)
/* What a rule on a file that is no directory may name. */
#define LL_OF_FILES (LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)
/* What is asked of the directory that holds the file. */
#define LL_OF_PARENTS (LL_MAKE_FILES | LL_MAKE_DIR | LL_REMOVE_DIR | LL_REMOVE_FILE | LL_REFER)

/* LANDLOCK_ACCESS_NET_…, ABI 4 */
#define LL_BIND_TCP    (UINT64_C(1) << 0)
#define LL_CONNECT_TCP (UINT64_C(1) << 1)

/* LANDLOCK_SCOPE_…, ABI 6 */
#define LL_SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define LL_SCOPE_SIGNAL		      (UINT64_C(1) << 1)

#endif
