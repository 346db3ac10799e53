/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_SECCOMP_INTERNAL_H
#define PALE_RUNTIME_OCI_SECCOMP_INTERNAL_H

/*
 * What the steps of oci_seccomp_intersect() hand to each other: both sections are read into calls
 * (read), each call is merged (call, with sets of argument values: set), x86's calls that stand for
 * many are looked at (multiplexed), and the rest is written. All is allocated from one arena.
 *
 * Actions are the kernel's, SECCOMP_RET_… with their data.
 */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"
#include "compiler/base/hash_index.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one call: more would not fit into a filter beside the rest. */
#define SECTION_ENTRIES_MAX 256

enum section_compare {
	SECTION_NE,
	SECTION_LT,
	SECTION_LE,
	SECTION_EQ,
	SECTION_GE,
	SECTION_GT,
	SECTION_MASKED_EQ, /* argument & value == value_two & value */
	SECTION_COMPARE_COUNT,
};

struct section_condition {
	uint8_t index;
	enum section_compare op;
	uint64_t value, value_two;
};

/* Values of one argument. */
enum value_set_kind {
	VALUES_RANGE,  /* from a to b */
	VALUES_EXCEPT, /* all but a */
	VALUES_MASKED, /* that have b in the bits of a */
};

struct value_set {
	enum value_set_kind kind;
	uint64_t a, b;
};

/* Arguments whose values lie in all sets; those without a bit in @has are free. */
struct argument_box {
	uint8_t has;
	struct value_set sets[6];
};

struct argument_boxes {
	struct argument_box *v;
	uint32_t n, cap;
	bool partial; /* holds less than it should */
};

/* An entry, for each of the names that it has. */
struct section_rule {
	uint32_t action;
	struct section_condition conditions[6];
	uint8_t n_conditions; /* 0: goes before those that have some */
	/* Cannot hold; libseccomp may mix it up with others all the same. */
	bool never;
	/* Compares with more than 32 bits, which ABIs of 32 bits cut. */
	bool wide;
	bool high_only;
	struct argument_box box;
};

/* What one section says of one call: @rules, which are or-ed, and @rest. */
struct section_half {
	const struct section_rule **rules;
	uint32_t n_rules, cap_rules;
	bool named;
	bool whole; /* an entry without conditions said @rest */
	uint32_t rest;
	/* An entry has conditions on high halves only, and so none on ABIs of 32 bits: there it may
	 * be the one that goes before others. The strictest of those. */
	bool high_only;
	uint32_t high_only_action;
};

enum { SECTION_OWN, SECTION_POLICY };

struct section_call {
	const char *name;
	struct section_half halves[2];
	/* Merged. */
	bool is_whole; /* then @action whatever the arguments, else entries and the default */
	uint32_t action;
	struct section_rule *entries;
	uint32_t n_entries, cap_entries;
	bool subtracted; /* entries hold negated comparisons */
	bool narrowed;	 /* stricter than the stricter half, or with another errno */
	bool own_refuses;
};

struct section {
	const char *path; /* "linux.seccomp" */
	uint32_t default_action;
	uint32_t architectures; /* bit (1 << row of section_architectures) */
	const json_t *flags;	/* array or NULL */
	const json_t *syscalls; /* array or NULL */
};

struct section_merge {
	struct arena *arena;
	struct section sections[2];
	struct section_call *calls;
	uint32_t n_calls, cap_calls;
	struct hash_index index;
	/* Of the result. */
	uint32_t default_action;
	uint32_t architectures;
	bool cuts_to_32; /* some ABI has 32 bits */
};

/* oci_seccomp_actions.c */

/* NULL-terminated by a NULL name. */
struct section_word {
	const char *name;
	uint32_t value;
};

extern const struct section_word section_actions[];
extern const struct section_word section_flags[];

/* The stricter one; of two errnos @policy's. */
uint32_t section_stricter(uint32_t own, uint32_t policy);
/* Whether @a is stricter than @b, whatever their data. */
bool section_is_stricter(uint32_t a, uint32_t b);
/* Neither run nor asked about. */
bool section_refuses(uint32_t action);

/* oci_seccomp_architectures.c */

struct section_architecture {
	const char *name; /* "SCMP_ARCH_X86_64" */
	int abi;	  /* enum abi, or -1 */
	bool is_32;	  /* libseccomp compares 32 bits */
};
extern const struct section_architecture section_architectures[];

/* A row, or -1. */
int section_architecture_find(const char *name);
/* Bit of this machine's own. */
uint32_t section_architecture_native(void);
bool section_has_multiplexed(const struct section_merge *m);
/*
 * Of a filter for x86_64 and x32 libseccomp 2.5.4 loads the number of the call in the first of the
 * calls only, those without conditions before others, and leaves that one out if neither has it,
 * like socketcall (gen_bpf.c, _gen_bpf_syscalls()). The filter then compares nothing. So calls of
 * x32 are killed where no call of both is without conditions. After the calls were merged.
 */
void section_drop_x32(struct section_merge *m);

/* oci_seccomp_read.c */

/* All but the calls. @path: what messages begin with. */
int section_read(struct section_merge *m, int which, const char *path, const json_t *o,
	struct pale_err **err);
/* When both sections were read. */
int section_read_calls(struct section_merge *m, int which, struct pale_err **err);

/* oci_seccomp_set.c */

struct value_set value_set_of(
	enum section_compare op, uint64_t value, uint64_t value_two, bool *ret_never);
bool value_set_is_all(const struct value_set *s);
bool value_set_has(const struct value_set *s, uint64_t v);
/* false if it would be two comparisons, or needs a number that JSON does not carry, or one above 32
 * bits although @cuts_to_32. */
bool value_set_condition(const struct value_set *s, bool cuts_to_32, struct section_condition *ret);
/* Whether @c means something else where only low halves count. */
bool section_condition_is_wide(const struct section_condition *c);

/*
 * Boxes that entries can say. What they cannot is left out and makes the list partial, as does what
 * comes after @left boxes were looked at. Entries can say what comes of one comparison.
 */
struct box_work {
	struct arena *arena;
	bool cuts_to_32;
	uint32_t left;
};

void argument_boxes_intersect(struct box_work *w, const struct argument_box *x,
	const struct argument_box *y, struct argument_boxes *to);
/* From what @from holds, what lies outside of @x. */
void argument_boxes_subtract(
	struct box_work *w, struct argument_boxes *from, const struct argument_box *x);
/* true unless they surely have nothing in common. */
bool argument_box_may_meet(const struct argument_box *x, const struct argument_box *y);

/* oci_seccomp_call.c */

void section_call_merge(struct section_merge *m, struct section_call *c);
/* Of all that the half says. */
uint32_t section_strictest(const struct section_half *h);
/* All of the call gets @action; it is more than was asked for. */
void section_call_narrow(struct section_call *c, uint32_t action);

/* oci_seccomp_multiplexed.c */

void section_multiplexed(struct section_merge *m);

/* oci_seccomp_write.c */

/* Sorts the calls. @own: for the listener's members. */
json_t *section_write(struct section_merge *m, const json_t *own);

/* oci_seccomp.c */

/* oci_seccomp_intersect() of two sections that are there. Appended to @narrowed, which may be NULL:
 * calls that do not for all arguments get exactly what the stricter half says. */
int oci_seccomp_merge(const json_t *own, const json_t *policy, json_t **ret, json_t *refused,
	json_t *narrowed, struct pale_err **err);

#endif
