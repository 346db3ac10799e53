/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_TIME_H
#define PALE_KUBE_TIME_H

/* Times as the API writes them, RFC 3339 in UTC. They are for people and for other programs to
 * read: nothing of the client's is decided by a clock of another machine. */

#include <stdint.h>

#define KUBE_TIME_BYTES 32

/* metav1.Time: "2026-01-02T03:04:05Z". @us: since the epoch, CLOCK_REALTIME. */
const char *kube_time(uint64_t us, char buffer[KUBE_TIME_BYTES]);
/* metav1.MicroTime: "2026-01-02T03:04:05.000006Z", all six digits, or the server refuses it. */
const char *kube_micro_time(uint64_t us, char buffer[KUBE_TIME_BYTES]);
/* The clock's, in microseconds. */
uint64_t kube_realtime_us(void);
/* CLOCK_BOOTTIME in microseconds: it goes on while the machine sleeps, as leases do. */
uint64_t kube_boottime_us(void);

#endif
