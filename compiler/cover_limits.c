/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cover_limits.h"

#include "compiler/cover_capabilities.h"

#include <linux/capability.h>

void cover_limits(const struct policy *p, uint32_t available, struct coverage *c)
{
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
		}
		coverage_set(c, rule, OP_LIMIT, MECHANISM_CGROUP, verdict, why);
	}
}
