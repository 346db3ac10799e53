/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cover_limits.h"

#include "compiler/cover_capabilities.h"
#include "compiler/coverage_paths.h"

#include <linux/capability.h>
#include <string.h>

/* Where cgroups are mounted: cgroups(7). */
#define CGROUPS "/sys/fs/cgroup"

struct cgroup_writing {
	uint32_t n_domains;
	bool found;
};

static void find_writing(void *ctx, const struct path_case *c)
{
	struct cgroup_writing *w = ctx;

	for (uint32_t i = 0; c->n_grants && i < w->n_domains; i++) {
		for (int v = 0; v < PATH_VARIANTS; v++) {
			if (rule_allows(c->rows[i]->by[OP_WRITE][v], OP_WRITE) ||
				rule_allows(c->rows[i]->by[OP_APPEND][v], OP_APPEND))
				w->found = true;
		}
	}
}

/* Whether the process can change its limits, or leave its group, by writing to cgroupfs. */
static bool writes_to_cgroups(const struct policy *p)
{
	static const char *const types[] = { "cgroup", "cgroup2" };
	struct arena *a = p->arena;
	struct path_grants grants = { 0 };
	struct path_grant below = { .glob = glob_below(a, CGROUPS) };
	struct cgroup_writing w = { .n_domains = p->n_domains };
	struct pale_err *err = NULL;

	/* Mounted elsewhere, it has other paths. */
	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < p->n_rules; k++) {
			if (p->rules[k]->operations & OP_BIT(OP_MOUNT) &&
				rule_allows(p->rules[k], OP_MOUNT) &&
				(!p->rules[k]->fstype || !strcmp(p->rules[k]->fstype, types[i])))
				return true;
		}
	}
	ARENA_PUSH(a, grants.v, grants.n, grants.cap, below);
	if (coverage_walk_paths(p, 0, p->n_domains, &grants, find_writing, &w, &err) < 0) {
		pale_err_free(err);
		return true; /* not known that it cannot */
	}
	return w.found;
}

static bool has_cgroup_limits(const struct policy *p)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		if (rule->operations & OP_BIT(OP_LIMIT) && !rule->is_default &&
			LIMITS_OF_CGROUP & (1u << rule->limit))
			return true;
	}
	return false;
}

void cover_limits(const struct policy *p, uint32_t available, struct coverage *c)
{
	bool may_write = has_cgroup_limits(p) && writes_to_cgroups(p);
	bool may_raise = capabilities_kept(p) & ((uint64_t)1 << CAP_SYS_RESOURCE);

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];
		enum coverage_verdict verdict = COVERAGE_EXACT;
		const char *why = NULL;

		if (!(rule->operations & OP_BIT(OP_LIMIT)))
			continue;
		if (rule->is_default) {
			/* What no rule limits is not limited. */
		} else if (!(LIMITS_OF_CGROUP & (1u << rule->limit))) {
			if (may_raise) {
				verdict = COVERAGE_WIDER;
				why = "who has sys_resource may raise an rlimit";
			}
		} else if (!(available & (1u << rule->limit))) {
			verdict = COVERAGE_UNENFORCED;
			why = "the cgroup controller for it is not to be had here";
		} else if (may_write) {
			verdict = COVERAGE_WIDER;
			why = "the policy lets the program write to cgroups, " CGROUPS
			      " or one it mounts";
		}
		coverage_set(c, rule, OP_LIMIT, MECHANISM_CGROUP, verdict, why);
	}
}
