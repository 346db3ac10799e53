/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_ROW_H
#define PALE_TESTS_ATTACK_ROW_H

/*
 * One thing that somebody may try inside a container, and how it must end. An attack first has its
 * effect without the policy; under it, its twin, which does the like to what the policy allows,
 * still works, the attack has no effect, and the report names the rule.
 *
 * Commands are actions of attack.c; "\xHH" in them is that byte. "@attack" is the program itself,
 * "@victim" a process that nobody confines, with a mount namespace of its own in which /tmp/victim/
 * secret is, "@word" the address of a long in it that should stay 0, "@runtime" another program
 * (/tmp/t/runtime) with a secret in its environment. /tmp/t and /srv/t are the trees of
 * lsm_scene.h, each of whose files holds the run's secret.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct row {
	const char *
		number; /* of the bypass it stands for; "a" and a number: of an attacker's action */
	const char *title;
	const char *rules;	   /* of the profile, beside those for running the attack */
	const char *attack, *twin; /* without a twin the attack is allowed: see documented */
	/*
	 * How the attack shows that it worked: "secret", it read one; "said WORD", attack.c says it
	 * after the thing was done; "changed PATH", content or attributes are not as before;
	 * "reached", a peer got something; "poked", "signalled", the victim's memory, the victim.
	 */
	const char *effect;
	int expect; /* exit status under the policy: an errno, or what the program makes of it */
	/* What is reported, one a line, each a pattern as of fnmatch(3); "": nothing is. */
	const char *events;
	/*
	 * Who stops it: NULL, the BPF-LSM programs alone. Else `pale run` does with these
	 * mechanisms, a list as of its option, in front of which capabilities are always.
	 */
	const char *by;
	const char *actor;    /* program whose actions they are; NULL: attack */
	const char *programs; /* BPF programs without which it would work or not be told; a hint */
	/* A sentence of the language's reference: no policy can stop it. */
	const char *documented;
	bool own_mounts;     /* in a mount namespace of its own */
	const char *mounted; /* this directory is a mount of it */
	/*
	 * Not the runner, but another process loads the programs; pinned, it is killed meanwhile or
	 * before the attack. Bare is with programs that it has not pinned; or for the attack on
	 * what is pinned, in a cgroup that is not bound.
	 */
	enum { NOT_KILLED, KILLED_MEANWHILE, KILLED_BEFORE, KILLED_AND_ATTACKED } killed;
	/*
	 * In a cgroup that is not bound yet, below one that is, to a policy without rules. The
	 * twin's is bound when its first exec was refused.
	 */
	bool unregistered;
	bool image;	  /* as of lsm_cases.h */
	bool storm;	  /* while another process renames as fast as it can */
	bool churn;	  /* while other containers come and go */
	bool drop_caches; /* before it runs confined */
	bool repeats;	  /* the same event any number of times */
};

extern const struct row rows[];
extern const size_t n_rows;

#endif
