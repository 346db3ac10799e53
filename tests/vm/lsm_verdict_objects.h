/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_VERDICT_OBJECTS_H
#define PALE_TESTS_LSM_VERDICT_OBJECTS_H

/*
 * What the cases of test_lsm_verdicts.c are about: the same tree on tmpfs and on the guest's
 * overlay, in each of whose folders are all leaves, and peers on the loopback interface.
 */

#include "tests/unit/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define N(a) (sizeof(a) / sizeof(*(a)))

static const char *one_of(const char *const *v, size_t n)
{
	return v[random_below((uint32_t)n)];
}
#define ONE_OF(v) one_of(v, N(v))

static bool chance(uint32_t percent)
{
	return random_below(100) < percent;
}

static const char *const roots[] = { "/tmp/v", "/srv/v" };
static const char *const folders[] = { "", "/data", "/etc", "/data/bin" };

/* In a row, so that a kind of case may take part of them. Every second one of those that do not
 * change belongs to another. */
static const char *const leaves[] = { "a", "b", "ab", "x", "k.key", ".x", "sp ace", "\xe2\x82\xac",
	"prog", "lib.so", "new", "new.so", "sock", "sock.d" };
/* Come and go, as a case needs them. */
#define LEAVES_CHANGING 0, 8
/* Programs, made before any policy's start, and just after it. */
#define LEAVES_PLAIN   8, 2
#define LEAVES_DRIFT   10, 2
#define LEAVES_CODE    8, 4
#define LEAVES_FILES   0, 12
#define LEAVES_SOCKETS 12, 2
#define LEAF_STREAM    12
#define LEAF_DATAGRAM  13

#define OTHER_OWNER 1000

/* Connected to and sent to; bound. */
#define PORT_PEERS 7100
#define N_PEERS	   5
#define PORT_BOUND 7200

static const char *const names_of_peers[] = { "v-a", "v-ab", "v-x" };

/* Those that lsm_verdict_actor.c knows a use for. */
static const char *const capability_words[] = { "sys_admin", "sys_chroot", "setgid", "setuid",
	"setpcap", "sys_nice", "sys_boot", "sys_resource", "wake_alarm", "net_admin",
	"net_bind_service", "net_raw", "fowner" };

#endif
