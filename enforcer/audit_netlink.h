/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_AUDIT_NETLINK_H
#define PALE_AUDIT_NETLINK_H

/*
 * Audit records by netlink multicast, which gets every record that the kernel's audit queue took,
 * with and without auditd and whatever audit_enabled says. Only in the initial network namespace;
 * elsewhere the group exists and stays silent.
 *
 * The queue takes audit_backlog_limit records (64 unless changed): security modules do not wait for
 * room in it, and what does not fit is counted by the kernel and gone. What does not fit into the
 * socket is gone as well, which shows in the serial numbers.
 */

#include "compiler/base/error.h"
#include "enforcer/audit_record.h"

/* A descriptor that does not block. -EPERM: no CAP_AUDIT_READ in the initial user namespace;
 * -EPROTONOSUPPORT: no audit in this kernel, or audit=0. */
int audit_netlink_open(int *ret, struct pale_err **err);

/* 1 and a record within @buffer; 0 when there is none; -ENOBUFS when some were lost just now. */
int audit_netlink_read(int fd, char buffer[AUDIT_RECORD_BYTES], struct audit_record *ret);

/*
 * How many records the kernel had to drop since it started or somebody reset the count, of any
 * kind. With auditd, or audit=1 on the kernel's command line, also such as auditd alone missed.
 * -EPERM: no CAP_AUDIT_CONTROL, or not in the initial pid namespace.
 */
int audit_netlink_dropped(uint32_t *ret);

#endif
