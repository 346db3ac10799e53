/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_VERDICT_ACTS_H
#define PALE_TESTS_LSM_VERDICT_ACTS_H

/*
 * What test_lsm_verdicts.c has lsm_verdict_actor.c do: one struct act in, one int32_t out, over a
 * SEQPACKET socket that is the actor's descriptor 3.
 */

#include <stdint.h>

enum act_kind {
	/* path */
	ACT_READ,
	ACT_LIST,
	ACT_WRITE,
	ACT_TRUNCATE,
	ACT_APPEND,
	ACT_READ_WRITE,
	ACT_CREATE, /* open */
	ACT_MKNOD,
	ACT_MKDIR,
	ACT_MKFIFO,
	ACT_SYMLINK,
	ACT_UNLINK,
	ACT_RMDIR,
	ACT_CHMOD,
	ACT_UTIMES,
	ACT_MAP,
	ACT_IOCTL,
	ACT_LOCK,
	/* path, path2 */
	ACT_RENAME,
	ACT_LINK,
	/* path; in a child, as all that runs a program */
	ACT_EXEC,
	ACT_EXEC_MEMFD,
	ACT_MAP_MEMFD,
	/* a: socket type, b: family 4 or 6, c: port, address */
	ACT_CONNECT,
	ACT_SENDTO,
	ACT_BIND,
	/* a: socket type, path, or the name behind '@' */
	ACT_UNIX_CONNECT,
	ACT_UNIX_SENDTO,
	ACT_UNIX_BIND,
	/* a: family, b: type, c: protocol */
	ACT_SOCKET,
	/* a: the capability that it takes */
	ACT_CAPABLE,
	/* a: process, b: signal */
	ACT_KILL,
	ACT_PTRACE,
	ACT_FORK,
	ACT_USERNS,
	ACT_COUNT,
};

struct act {
	uint32_t kind;
	int32_t a, b, c;
	uint8_t address[16];
	char path[100], path2[100];
};

/* An answer is an errno, or this and the number of the signal that ended a child. */
#define ACT_SIGNALLED 1000
/* What has to go well for the thing itself to be tried, and did not: with its errno. */
#define ACT_BROKEN 2000

/* A program of 64-bit x86 that ends with 0: an ELF header, one segment, and
 * mov $60, %eax; xor %edi, %edi; syscall. */
static const uint8_t smallest_program[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 62, 0, 1, 0, 0, 0, 0x78, 0, 0x40, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0,
	0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x31, 0xff,
	0x0f, 0x05 };

#endif
