/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CHECK_SYMLINKS_H
#define PALE_CHECK_SYMLINKS_H

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/policy.h"

/*
 * Paths are matched as resolved, so a rule written with a symbolic link in its path says nothing of
 * what the link leads to. At load each rule's literal beginning is looked up in the container's
 * root. For every mechanism alike.
 */

struct symlink_finding {
	const struct rule *rule;
	const struct glob *glob;
	bool except;   /* the glob is one of the rule's exceptions */
	bool is_error; /* the rule denies or kills: it would not */
	/* What the glob's literal beginning really is; malloc-ed, may hold odd bytes. */
	char *written, *real;
};

struct symlink_findings {
	struct symlink_finding *v;
	uint32_t n, cap;
	uint32_t n_errors;
};

/*
 * @root_fd: the container's root. Two globs of one rule with one beginning are one finding. /proc/
 * is left out: its links are another for each process. A path that is not there has no link in it
 * beyond what is.
 */
int check_symlinks(
	const struct policy *p, int root_fd, struct symlink_findings *ret, struct pale_err **err);
void symlink_findings_release(struct symlink_findings *f);

/* "web.pale:22:9: error: /bin/sh passes through a symbolic link: its path is /usr/bin/sh" */
void symlink_finding_text(const struct symlink_finding *f, struct text *to);

#endif
