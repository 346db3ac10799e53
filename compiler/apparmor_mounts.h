/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_MOUNTS_H
#define PALE_APPARMOR_MOUNTS_H

// Rules about new mounts and binds between policy and text. What each form matches was read off
// the automata of apparmor_parser 3.0.8 and 4.1.0, and is how security/apparmor/mount.c asks them:
// place, source, type and flags, one behind the other, a directory with its '/' at the end.
//
//	mount fstype="T" "S" -> "P"	whatever the flags (4.1: whatever it has names for).
//					Binds, moves, remounts and changes of propagation have
//					no type and never match
//	options=(a) options in (b,c)	a is set, b and c are or are not, and nothing else is
//	options=(bind), (rbind)		one each. `options in (bind,rbind)` would let new mounts
//					without flags pass, too
//	options=(move) ""		what fsmount(2) or open_tree(2) made, when move_mount(2)
//					attaches it: it has no source and no type
//
// So a flag that must be set cannot be asked for. Of the flags that a mount may have beside it,
// some have no name in AppArmor 3.0 (lazytime, nosymfollow) and some have none at all (MS_REC,
// which a new mount ignores); a list that leaves them out refuses what the policy allows. What is
// refused instead, by a deny, are mounts of named flags that lack the one that must be set. A
// program that gives a flag without a name slips through, and the coverage says wider.
//
// Linux 6.1 asks nothing in move_mount(2), later ones ask as above; neither knows the type then.
// Where the policy's filter lets that call pass, as it does when a rule of the profile allows
// mounts, what refuses mounts is wider, and the last form is written lest it be narrower. A filter
// that refuses the call, by an `only` list or a fragment's deny, closes that.

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/coverage_notes.h"

enum apparmor_mount_kind {
	APPARMOR_MOUNT_NEW,
	APPARMOR_MOUNT_BIND,
	APPARMOR_MOUNT_RBIND,
	APPARMOR_MOUNT_DETACHED,
};

struct apparmor_mount {
	enum apparmor_mount_kind kind;
	bool deny, audit;
	const char *fstype; /* NEW; all these are patterns, as between the quotes */
	const char *source; /* NULL: any */
	const char *place;
	/* NEW: MOUNT_…; mounts of named flags that have all of @set, or lack the one of @unset.
	 * Both 0: whatever the flags. */
	uint32_t set, unset;
	const struct rule *from; /* NULL when read back */
};

struct apparmor_mounts {
	struct apparmor_mount *v;
	uint32_t n, cap;
	/* Too many to be told apart: all is allowed if anything is. */
	bool whole;
};

/* One domain's. Denies are those that take nothing away that is allowed; none in audit mode. */
int apparmor_lower_mounts(
	struct apparmor_mounts *m, const struct policy *p, uint32_t domain, struct pale_err **err);
void apparmor_write_mounts(struct text *to, const struct apparmor_mounts *m);
/* Every case that policy or profile tell apart, asked of decide(). */
int apparmor_cover_mounts(struct coverage_notes *notes, const struct policy *p, uint32_t domain,
	const struct apparmor_mounts *m, struct pale_err **err);

/* The flags by name, as rules have them; the first four are MOUNT_RO to MOUNT_NOEXEC. */
#define APPARMOR_N_FLAGS 14
extern const char *const apparmor_flag_names[APPARMOR_N_FLAGS];

#endif
