/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_LANDLOCK_H
#define PALE_EMIT_LANDLOCK_H

/*
 * A policy as far as Landlock can say it: rights on files and on whole directories, and TCP ports.
 *
 * Landlock knows files by identity, not by name, and nothing smaller than a directory with all
 * below it. A glob without `**` of files that are only read or run, and that the policy lets nobody
 * make, stands for the files that are there at load: later ones are refused. Any other glob,
 * `except` and a deny inside become the containing directory, and a path that the policy lets be
 * made anew gets its rights through its directory, since what is made later has no identity yet. A
 * process tree has one domain, so the sub-profiles' rights are united. All that is wider is named
 * in the coverage. What is never widened: a file that the profile may both run and change or make
 * loses EXECUTE (unless `exec drift` allows it there), and /proc/self/ is read through /proc as a
 * whole, but written not at all.
 *
 * What Landlock also does without being asked (security/landlock): it refuses every change of the
 * mount tree, and tracing of processes outside the domain.
 */

#include "compiler/base/error.h"
#include "compiler/coverage.h"
#include "compiler/landlock_access.h"
#include "compiler/policy.h"

struct landlock_grant {
	/* Absolute, without a '/' at its end but for the root's. With @each the directory to begin
	 * in. */
	const char *path;
	/* Every file that it matches (class 1) when the ruleset is loaded; or NULL. */
	const struct dfa *each;
	const struct glob *each_glob;
	uint32_t each_depth; /* how many directories below @path its matches lie */
	bool beneath;	     /* this directory and all below it; else this one file */
	bool optional;	     /* a place where a loader may be: nobody misses it */
	uint64_t access;     /* LL_… */
};

struct landlock_port {
	uint16_t port;
	uint64_t access;
};

/* More ports than this are not listed one by one: that access is then left unhandled. */
#define LANDLOCK_PORTS_MAX 1024

struct landlock_rules {
	unsigned int abi;
	/* What the ruleset handles, that is, refuses unless granted. All 0 in `mode audit`, which
	 * Landlock cannot do. */
	uint64_t handled_fs, handled_net, scoped;
	const struct landlock_grant *grants; /* by path, files before directories */
	uint32_t n_grants;
	const struct landlock_port *ports; /* ascending */
	uint32_t n_ports;
};

/*
 * Lowers @p for @abi (above LANDLOCK_ABI_MAX counts as that) into *@ret, in the policy's arena, and
 * writes MECHANISM_LANDLOCK's coverage into @c (may be NULL). -E2BIG when the paths cannot be
 * compared within the automaton's budget.
 */
int emit_landlock(const struct policy *p, unsigned int abi, struct coverage *c,
	struct landlock_rules **ret, struct pale_err **err);

/*
 * What the loaded ruleset answers for an operation on a resolved path (a directory's ends in '/'):
 * whether a form of it passes. Tells a refusal from what passes because Landlock is wider.
 * Operations that it does not handle pass. Supposes that every granted path was there at load.
 */
bool landlock_model_allows(
	const struct landlock_rules *l, enum operation op, const char *path, size_t len);

/* Whether connect (@listen false) or bind to @port of TCP passes. */
bool landlock_model_allows_port(const struct landlock_rules *l, bool listen, uint16_t port);

#endif
