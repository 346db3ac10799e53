/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_AUDIT_RECORD_H
#define PALE_AUDIT_RECORD_H

/*
 * The kernel's audit records (linux kernel/audit.c), whichever way they come, and how to tell that
 * some did not: each event has a serial number, one more than the last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest are of two file names, each 4096 bytes in hexadecimal. */
#define AUDIT_RECORD_BYTES 32768

struct audit_record {
	uint16_t type; /* AUDIT_… of linux/audit.h */
	uint32_t serial;
	uint64_t time_ns; /* CLOCK_REALTIME, to the millisecond */
	char *text;	  /* what follows "audit(TIME:SERIAL): "; in the reader's buffer */
	size_t len;
};

/* Reads "audit(TIME:SERIAL): TEXT"; false when it is not that. */
bool audit_record_parse(struct audit_record *r, uint16_t type, char *s, size_t len);

/*
 * Records overtake each other by as many as there are CPUs, and several may belong to one event:
 * a serial counts as missing when it has not come by the time that this many later ones have.
 */
#define AUDIT_SERIALS_WINDOW 1024

struct audit_serials {
	bool any;
	uint32_t newest;
	uint64_t seen[AUDIT_SERIALS_WINDOW / 64]; /* bit (serial modulo the window) */
	uint64_t missing;			  /* of those before the window */
};

void audit_serials_add(struct audit_serials *s, uint32_t serial);
/* Between the first that was added and the newest. */
uint64_t audit_serials_missing(const struct audit_serials *s);

#endif
