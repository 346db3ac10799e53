/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_H
#define PALE_LEARN_H

/*
 * From what was seen (learn_run.h) to a policy.
 *
 * What the policy then allows: all that was seen, and as little else as its rules can say that read
 * as if written by hand. Eight things allow more than was seen, and each says so in a comment:
 *
 *	fragments	are included by name where what was seen uses enough of them; whatever a
 *			fragment lets a program do beside reading must have been seen
 *	typed tokens	a pid, tid, uid, UUID, hash, timestamp, random suffix or a library's version
 *			stands for any of its kind
 *	variation	names of one directory that differed from run to run, five at least, for
 *			one operation of one executable, are a star. Never a component of the first
 *			two, never what is executed or the image's and written, never over secrets.
 *			Names that come and go together do not differ (learn_vary.c)
 *	content		outside of the system's folders (/usr, /etc, …) a star is for names of
 *			several kinds, too, and all below a folder is `**` where both files and
 *			folders in it differed, or where each run had one of its own with a random
 *			name
 *	state		a folder is `**` for what a program does in it that changes files in many
 *			folders below it, other ones in each run (learn_state.c)
 *	numbers		more than LEARN_LITERALS_MAX names below one directory are `**`
 *	addresses	addresses of one port, and ports that the kernel chose, that differed from
 *			run to run (learn_network.c)
 *	arguments	of a system call: more values than a rule compares are not compared, and
 *			the values of several ones are allowed in any combination
 *
 * No star reaches what is a secret of each machine, or of each user whose folder was seen. Where a
 * secret that was seen is among what a star is for, or what was mapped or executed and the program
 * did not make, it is excepted: what was done to the secret, and what changed the code, is for a
 * rule with its name.
 *
 * Everything else is literal. What hand-written rules allow is not learned again; what they refuse
 * is not learned, and told. System calls are left to be derived where the language does so.
 *
 * The result hangs on the set of runs alone: not on their order, nor on a run that comes twice, nor
 * on what was learned before.
 */

#include "compiler/base/diag.h"
#include "compiler/base/text.h"
#include "compiler/learn_run.h"

#define LEARN_VALUES_MIN   5
#define LEARN_LITERALS_MAX 256

struct learn_options {
	const char *profile; /* NULL: the hand-written policy's first, or named by the program */
	bool sub_profiles;   /* write those that are proposed */
	const char *const *include_dirs;
	uint32_t n_include_dirs;
};

/* Something to tell people who review the policy. */
struct learn_note {
	enum learn_note_kind {
		LEARN_REFUSED,	/* a hand-written rule refuses it: not learned */
		LEARN_LEFT_OUT, /* no rule can be learned for it */
		LEARN_SECRET,	/* learned, and worth a look: a secret, or power over the host */
		LEARN_PROPOSED, /* a sub-profile that could be */
		LEARN_DROPPED,	/* what others did: the runtime, commands from outside */
		LEARN_ATTACK,	/* of the list of attacks, one that the policy allows */
	} kind;
	const char *what, *why;
};
extern const char *const learn_note_names[LEARN_ATTACK + 1];

struct learn_readiness {
	bool ready;
	uint32_t n_runs, n_complete;
	uint32_t n_items;      /* kinds of accesses: what one rule, or one literal object, is for */
	uint32_t n_singletons; /* seen in one run only */
	uint64_t n_sightings;  /* items, each as often as there are runs that had it */
	double unseen;	       /* n_singletons / n_sightings: how much of a next run would be new
				  (Good-Turing) */
	uint32_t n_new[2];    /* items that no earlier run had: of the last run but one, the last */
	const char **reasons; /* why it is not ready, one clause each */
	uint32_t n_reasons;
};

struct learn_result {
	struct arena *arena;
	struct text policy; /* the whole file */
	struct learn_note *notes;
	uint32_t n_notes, cap_notes;
	struct learn_readiness readiness;
	uint32_t n_rules, n_includes; /* learned ones */
	struct text weights;	      /* weights.h: "SYSCALL COUNT" */
};

/*
 * A policy from @runs, which are sorted in here. @hand: the file that they are merged into, or NULL
 * for a new one. Its parts between the marks that learning makes are written anew, and of the rest
 * no byte is changed; where it has no marks the parts are put in. false with errors in @diags,
 * whose sources @hand belongs to. @ret is to be released either way.
 */
bool learn_policy(struct learn_runs *runs, const struct source *hand,
	const struct learn_options *options, struct diag_list *diags, struct learn_result *ret);
/* Whether there are rules in @hand that were learned: with runs that have to be there, too. */
bool learn_has_rules(const struct source *hand);
void learn_result_release(struct learn_result *r);

json_t *learn_result_json(const struct learn_result *r);
/* For people: readiness, then notes. */
void learn_result_print(const struct learn_result *r, FILE *to);

#endif
