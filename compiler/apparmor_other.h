/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_OTHER_H
#define PALE_APPARMOR_OTHER_H

/*
 * What a profile says beside files and mounts: sockets, capabilities, signals, tracing and
 * pivot_root. Everything is asked of decide(), so that denies and defaults are in it.
 */

#include "compiler/base/text.h"
#include "compiler/coverage_notes.h"

/* Types of AF_INET and AF_INET6, as lines name them. */
enum apparmor_socket_type {
	APPARMOR_STREAM,
	APPARMOR_DGRAM,
	APPARMOR_SEQPACKET,
	APPARMOR_RAW,
	APPARMOR_N_SOCKET_TYPES,
};

extern const char *const apparmor_socket_types[APPARMOR_N_SOCKET_TYPES];

/* The `network` lines. */
struct apparmor_sockets {
	bool all;	      /* every family: nothing else is written */
	uint32_t inet;	      /* bit (enum apparmor_socket_type) */
	uint64_t families[2]; /* bit (AF_…) */
};

struct apparmor_other {
	uint64_t capabilities;
	uint32_t protocols;   /* bit (PROTOCOL_…) of which something is allowed */
	uint64_t families[2]; /* bit (AF_…) */
	bool raw;	      /* AF_INET and AF_INET6 with SOCK_RAW */
	bool all_families;    /* one is allowed that AppArmor has no name for */
	uint64_t signals_outside;
	uint64_t *signals; /* [target domain], bit (number - 1) */
	bool ptrace_outside;
	bool *ptrace; /* [target domain] */
	bool pivot;
};

/* AppArmor's own words: "inet" and "term", which its records use too. -1: unknown. */
int apparmor_family_find(const char *name, size_t len);
int apparmor_signal_find(const char *name, size_t len);

void apparmor_other(struct apparmor_other *o, const struct policy *p, uint32_t domain);
struct apparmor_sockets apparmor_sockets(const struct apparmor_other *o);
void apparmor_write_other(struct text *to, const struct policy *p, const struct apparmor_other *o);
void apparmor_cover_other(struct coverage_notes *notes, const struct policy *p, uint32_t domain,
	const struct apparmor_other *o);

#endif
