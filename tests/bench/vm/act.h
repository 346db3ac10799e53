/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BENCH_ACT_H
#define PALE_BENCH_ACT_H

/*
 * What costs.c, which is never confined, and act.c, which it runs confined and not, both know.
 *
 * The path that is opened has 56 bytes and seven components, the first of them a mount point of
 * tmpfs: the published figures were taken with such a one.
 */

#include <stdint.h>

#define TREE	  "/mnt"
#define OPENED	  TREE "/srv/application/releases/current/conf/settings.yaml"
#define FRESH	  TREE "/srv/application/releases/current/conf/s%07u.yaml"
#define SPOOLED	  TREE "/spool/%07u"
#define FORBIDDEN TREE "/forbidden"
#define NOTHING	  TREE "/bin/nothing"
#define ACT	  TREE "/bin/act"
#define PORT	  7001
#define OWN_PORT  7002

/* Of one run. Where all is only prepared, it leaves a descriptor open for each. */
#define ITERATIONS_MAX 1000

/* Over pipes, which no mechanism mediates: act.c asks on its descriptor 3 and is answered on 4. */
enum word {
	WORD_AGE,  /* make every cache's content old, and the fresh path of that number; answered */
	WORD_DONE, /* the last: number is the cost, confined whether FORBIDDEN was refused */
};

struct message {
	uint32_t word;
	uint32_t confined;
	uint64_t number;
};

#endif
