/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/limits.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#define CPU_PERIOD_US 100000

static const struct {
	int controller; /* -1: an rlimit */
	int resource;
} how[LIMIT_COUNT] = {
	[LIMIT_PROCESSES] = { CGROUP_PIDS, -1 },
	[LIMIT_MEMORY] = { CGROUP_MEMORY, -1 },
	[LIMIT_CPU] = { CGROUP_CPU, -1 },
	[LIMIT_OPEN_FILES] = { -1, RLIMIT_NOFILE },
	[LIMIT_FILE_SIZE] = { -1, RLIMIT_FSIZE },
};

static bool is_limit(const struct rule *rule)
{
	return rule->operations & OP_BIT(OP_LIMIT) && !rule->is_default;
}

struct limits limits_of(const struct policy *p)
{
	struct limits l = { 0 };

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		if (!is_limit(rule) || rule->domain != 0)
			continue;
		if (!l.is_set[rule->limit] || rule->limit_value < l.value[rule->limit])
			l.value[rule->limit] = rule->limit_value;
		l.is_set[rule->limit] = true;
	}
	return l;
}

cgroup_controllers limits_controllers(const struct limits *l)
{
	cgroup_controllers set = 0;

	for (int i = 0; i < LIMIT_COUNT; i++)
		if (l->is_set[i] && how[i].controller >= 0)
			set |= 1u << how[i].controller;
	return set;
}

uint32_t limits_available(cgroup_controllers set)
{
	uint32_t limits = 0;

	for (int i = 0; i < LIMIT_COUNT; i++)
		if (how[i].controller >= 0 && set & (1u << how[i].controller))
			limits |= 1u << i;
	return limits;
}

int limits_set_cgroup(const struct limits *l, const struct cgroup *c, struct pale_err **err)
{
	static const char *const files[LIMIT_COUNT] = {
		[LIMIT_PROCESSES] = "pids.max",
		[LIMIT_MEMORY] = "memory.max",
		[LIMIT_CPU] = "cpu.max",
	};
	cgroup_controllers have = c->controllers & limits_controllers(l);

	for (int i = 0; i < LIMIT_COUNT; i++) {
		char value[64];
		int r;

		if (!l->is_set[i] || how[i].controller < 0 || !(have & (1u << how[i].controller)))
			continue;
		if (i == LIMIT_CPU)
			snprintf(value, sizeof(value), "%" PRIu64 " %d",
				l->value[i] * CPU_PERIOD_US / 100, CPU_PERIOD_US);
		else
			snprintf(value, sizeof(value), "%" PRIu64, l->value[i]);
		r = cgroup_write(c, files[i], value, err);
		if (r < 0)
			return r;
		/* Else as much again could be swapped out. Absent where swap is not accounted. */
		if (i == LIMIT_MEMORY && faccessat(c->fd, "memory.swap.max", W_OK, 0) == 0) {
			r = cgroup_write(c, "memory.swap.max", "0", err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int limits_set_rlimits(const struct limits *l)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		struct rlimit was, limit;

		if (!l->is_set[i] || how[i].resource < 0)
			continue;
		if (getrlimit(how[i].resource, &was) < 0)
			return -errno;
		/* A hard limit below the policy's stays. */
		limit.rlim_max = l->value[i] < was.rlim_max ? l->value[i] : was.rlim_max;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(how[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}
