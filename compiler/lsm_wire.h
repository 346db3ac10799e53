/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_LSM_WIRE_H
#define PALE_LSM_WIRE_H

/*
 * NAME.lsm: a policy as the BPF-LSM programs read it. One little-endian blob, which becomes the
 * single value of an inner map as it is; the head gives the offset of every table in bytes from the
 * blob's start. Shared by the emitter and the kernel side, so it includes nothing and has no
 * padding.
 *
 * A uint16_t called "rule" is an index into the rules table; its highest bit (LSM_IMPLIED) says
 * that the rule allows this only by implication, so that nothing is reported even if the rule is
 * `audit`.
 */

#ifndef __VMLINUX_TYPES__
typedef unsigned char lsm_u8;
typedef unsigned short lsm_u16;
typedef unsigned int lsm_u32;
typedef unsigned long long lsm_u64;
#endif

#define LSM_MAGIC   0x314d534c454c4150ull /* "PALELSM1" */
#define LSM_VERSION 3

/* An inner map's value has the smallest of these sizes that holds the blob, with zeros behind it:
 * those of one outer map must be alike. */
#define LSM_SMALL_BYTES	 (1u << 17)
#define LSM_MEDIUM_BYTES (1u << 20)
#define LSM_LARGE_BYTES	 (1u << 23)

enum lsm_size { LSM_SMALL, LSM_MEDIUM, LSM_LARGE, LSM_SIZES };

static inline enum lsm_size lsm_size_of(lsm_u32 blob_bytes)
{
	return blob_bytes <= LSM_SMALL_BYTES	? LSM_SMALL
	       : blob_bytes <= LSM_MEDIUM_BYTES ? LSM_MEDIUM
						: LSM_LARGE;
}

static inline lsm_u32 lsm_size_bytes(enum lsm_size size)
{
	return size == LSM_SMALL    ? LSM_SMALL_BYTES
	       : size == LSM_MEDIUM ? LSM_MEDIUM_BYTES
				    : LSM_LARGE_BYTES;
}

#define LSM_DOMAINS_MAX	  16
#define LSM_RULES_MAX	  32767
#define LSM_ENDPOINTS_MAX 4096
#define LSM_MOUNTS_MAX	  1024
#define LSM_IMPLIED	  0x8000u

/* Operations on paths, as columns of a row. */
enum lsm_path_op {
	LSM_EXEC,
	LSM_READ,
	LSM_WRITE,
	LSM_APPEND,
	LSM_CREATE,
	LSM_DELETE,
	LSM_RENAME,
	LSM_LINK,
	LSM_SETATTR,
	LSM_MAP,
	LSM_IOCTL,
	LSM_LOCK,
	LSM_CONNECT, /* unix, by path or abstract name */
	LSM_LISTEN,
	LSM_UMOUNT,
	LSM_PATH_OPS = 16,
};

/* A row's lines: bit 0: the file's owner is the caller's fsuid; bit 1: drift (counts for exec and
 * map). */
#define LSM_OWNER    1
#define LSM_DRIFT    2
#define LSM_VARIANTS 4

struct lsm_row {
	lsm_u16 rule[LSM_VARIANTS][LSM_PATH_OPS];
};

enum lsm_effect { LSM_ALLOW, LSM_DENY, LSM_KILL };

struct lsm_rule {
	lsm_u64 id;
	lsm_u8 effect;	    /* enum lsm_effect */
	lsm_u8 report;	    /* 1: tell user space when this rule decides */
	lsm_u16 errnum;	    /* of a refusal, positive */
	lsm_u16 transition; /* exec: the domain entered; LSM_STAY otherwise */
	lsm_u16 unused;
};

#define LSM_STAY 0xffffu

/*
 * connect and listen: a domain has a run of these for each, in order of precedence. The entries of
 * one rule stand together, objects first, then its exceptions, the last one marked. The rule
 * decides when an object and no exception matches; else the next rule is looked at. When none
 * decides, the domain's default does.
 */
struct lsm_endpoint {
	lsm_u16 rule;
	lsm_u8 protocols; /* bit (1 << PROTOCOL_…): tcp 1, udp 2, sctp 4, icmp 8 */
	lsm_u8 family;	  /* 0: either, 4, 6; a mapped IPv4 address is compared as IPv4 */
	lsm_u8 prefix;
	lsm_u8 is_except;
	lsm_u8 is_last;
	lsm_u8 unused;
	lsm_u16 port_lo, port_hi; /* host order */
	lsm_u8 address[16];	  /* network order; IPv4 in the first four bytes */
	lsm_u32 unused2;
};

/*
 * mount and bind: a domain has a run of these for each, in order of precedence. The first whose
 * type, options, place and source all match decides; when none does, the domain's default.
 */
#define LSM_FSTYPE_BYTES 64 /* the NUL included */

/* MOUNT_… of compiler/policy.h, which are MS_… of mount(2), too. */
#define LSM_MOUNT_FLAGS 0xfu

struct lsm_mount {
	lsm_u16 rule;
	lsm_u16 flags;	       /* must be set */
	lsm_u32 place, source; /* automaton, or LSM_ANY_STRING */
	lsm_u32 unused;
	lsm_u8 fstype[LSM_FSTYPE_BYTES]; /* filled up with NUL; empty: any */
};

/* What is not there (a mount without a path, or without a source) matches this alone. */
#define LSM_ANY_STRING 0xffffffffu

/* As the large one below, for one rule's strings. Both tables lie among the cells. */
struct lsm_automaton {
	lsm_u32 start, n_states, n_classes;
	lsm_u32 accept; /* first cell of n_states: 1 where a string that ends there matches */
	lsm_u32 next;	/* first cell of n_states * n_classes */
	lsm_u32 unused;
	lsm_u8 byte_class[256];
};

/* Whom a signal or ptrace goes to: no task of this policy instance, or one in domain n (the
 * caller's own included). */
#define LSM_TARGETS	     (1 + LSM_DOMAINS_MAX)
#define LSM_TARGET_OUTSIDE   0
#define LSM_TARGET_DOMAIN(n) (1 + (n))

struct lsm_domain {
	lsm_u32 start_paths; /* automaton states */
	lsm_u32 start_names;
	lsm_u32 endpoints[2]; /* first entry's index: [0] connect, [1] listen */
	lsm_u32 n_endpoints[2];
	lsm_u32 mounts[2]; /* first entry's index: [0] mount, [1] bind */
	lsm_u32 n_mounts[2];
	lsm_u16 by_default[32];	 /* rule, by enum operation */
	lsm_u16 anonymous[2][2]; /* rule for an object without a path: [0] exec, [1] map; [1]: its
				    owner is the caller's fsuid */
	lsm_u16 fork, userns;	 /* rule */
	lsm_u16 capability[64];	 /* rule, by number */
	lsm_u16 signal[64]
		      [LSM_TARGETS]; /* rule, by number - 1; signal 0 (a probe) is not mediated */
	lsm_u16 ptrace[LSM_TARGETS];
	lsm_u16 family[64]; /* rule of `socket` by AF_…; AF_UNIX, AF_INET, AF_INET6 other than raw
			       ones are not asked here */
	lsm_u16 raw;	    /* rule: SOCK_RAW of AF_INET and AF_INET6 */
	lsm_u16 netlink[32]; /* rule, by protocol */
	lsm_u16 pivot;	     /* rule */
	lsm_u16 unused[3];
};

#define LSM_FLAG_AUDIT 1u /* everything passes; what would have been refused is reported */

struct lsm_head {
	lsm_u64 magic;
	lsm_u32 version;
	lsm_u32 bytes; /* of the blob in use */
	lsm_u32 flags;
	lsm_u32 n_domains, n_rules, n_rows, n_endpoints, n_mounts, n_automata, n_cells;
	lsm_u32 n_states, n_classes;
	lsm_u32 off_domains;   /* struct lsm_domain[] */
	lsm_u32 off_rules;     /* struct lsm_rule[] */
	lsm_u32 off_endpoints; /* struct lsm_endpoint[] */
	lsm_u32 off_mounts;    /* struct lsm_mount[] */
	lsm_u32 off_automata;  /* struct lsm_automaton[] */
	lsm_u32 off_rows;      /* struct lsm_row[] */
	lsm_u32 off_accept;    /* lsm_u16[n_states]: the row of a string that ends there */
	lsm_u32 off_next;      /* lsm_u16[n_states * n_classes] */
	lsm_u32 off_cells;     /* lsm_u16[n_cells]: of all struct lsm_automaton */
	lsm_u32 unused;
	lsm_u64 serial; /* 0 in a file; the loader's, never given twice */
	lsm_u8 byte_class[256];
};

#endif
