/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_AUDIT_KMSG_H
#define PALE_AUDIT_KMSG_H

/*
 * Audit records from the kernel's log, where they are printed when there is no auditd: for where
 * the multicast is out of reach. Ten in five seconds are (kernel.printk_ratelimit), cut at about
 * 1000 bytes; the serial numbers tell what is missing.
 */

#include "compiler/base/error.h"
#include "enforcer/audit_record.h"

/* A descriptor that does not block, at the log's end. -EPERM: no CAP_SYSLOG. */
int audit_kmsg_open(int *ret, struct pale_err **err);

/*
 * 1 and a record within @buffer; 0 when there is none; -ENOBUFS when some were overwritten before
 * they were read. Skips what the kernel did not write itself.
 */
int audit_kmsg_read(int fd, char buffer[AUDIT_RECORD_BYTES], struct audit_record *ret);

/* One line as /dev/kmsg has it, changed in place. */
bool audit_kmsg_parse(char *line, size_t len, struct audit_record *ret);

#endif
