/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_TELL_H
#define PALE_EXPORT_TELL_H

/* A line on stderr, and for the journal its level, which is one of syslog(3). Escapes what would
 * drive a terminal. */
void export_tell(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
