/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_CONFINE_H
#define PALE_TESTS_ATTACK_CONFINE_H

/*
 * The BPF-LSM programs for one attack after the other: each gets a cgroup and an instance of its
 * own.
 */
#include "compiler/emit_lsm.h"
#include "enforcer/load_lsm.h"
#include "tests/vm/guest_test.h"
#include "tests/vm/lsm_event_text.h"

#include <time.h>

static struct {
	struct lsm *lsm;
	struct text policies[LSM_POLICIES_MAX]; /* by the number that the loader gave them */
	uint32_t n_policies;			/* that there were so far */
} confine;

struct confinement {
	char path[64];
	int cgroup; /* a descriptor of its directory */
	uint32_t policy, instance;
	struct seen seen;
};

static void confine_load(void)
{
	struct pale_err *err = NULL;

	check_err(lsm_load(&confine.lsm, &err), &err);
}

static void confine_unload(void)
{
	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++)
		text_release(&confine.policies[i]);
	lsm_free(confine.lsm);
}

static const char *confine_program(size_t i)
{
	return lsm_program_name(confine.lsm, i);
}

static void confine_without(size_t i)
{
	struct pale_err *err = NULL;

	check_err(lsm_detach_program(confine.lsm, i, &err), &err);
}

static void confine_with(size_t i)
{
	struct pale_err *err = NULL;

	check_err(lsm_attach_program(confine.lsm, i, &err), &err);
}

/* The loader's number of it; that of a policy which nobody is under is used anew. Takes @blob. */
static uint32_t policy_of(struct text *blob)
{
	struct pale_err *err = NULL;
	uint32_t policy;

	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++) {
		const struct text *p = &confine.policies[i];

		if (p->len && p->len == blob->len && !memcmp(p->s, blob->s, p->len)) {
			text_release(blob);
			return i;
		}
	}
	if (confine.n_policies >= LSM_POLICIES_MAX) {
		policy = confine.n_policies++ % LSM_POLICIES_MAX;
		check_err(lsm_remove_policy(confine.lsm, policy, &err), &err);
		text_release(&confine.policies[policy]);
	} else {
		confine.n_policies++;
	}
	check_err(lsm_add_policy(confine.lsm, blob->s, blob->len, &policy, &err), &err);
	confine.policies[policy] = *blob;
	return policy;
}

/* Binds the container's cgroup to a new instance of its policy. @image: what its image does not
 * have is drift. */
static void add_instance(struct lsm *l, struct confinement *c, bool image)
{
	struct pale_err *err = NULL;
	struct timespec now;
	uint64_t id;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	check_err(lsm_add_instance(l, c->policy,
			  image ? LSM_START_OF_IMAGE
				: (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
			  &c->instance, &err),
		&err);
	check_err(lsm_cgroup_id(c->cgroup, &id, &err), &err);
	check_err(lsm_bind_cgroup(l, id, c->instance, &err), &err);
}

/* Tasks go first: those that are left may do nothing any more. */
static void end_instance(struct confinement *c)
{
	struct pale_err *err = NULL;

	close(c->cgroup);
	remove_cgroup(c->path);
	check_err(lsm_remove_instance(confine.lsm, c->instance, &err), &err);
}

static uint32_t compiled_policy(const struct policy *p)
{
	struct text blob = TEXT_INIT;
	struct pale_err *err = NULL;

	check_err(emit_lsm(p, coverage_new(p), &blob, &err), &err);
	return policy_of(&blob);
}

/* A container under the policy, and nothing in it yet. */
static void confine_begin(struct confinement *c, const struct policy *p, bool image)
{
	*c = (struct confinement){ .policy = compiled_policy(p), .seen.policy = p };
	c->cgroup = new_cgroup(c->path, sizeof(c->path));
	add_instance(confine.lsm, c, image);
}

/* Another container comes. */
static void confine_another(const struct confinement *c)
{
	struct confinement other = { .policy = c->policy };

	other.cgroup = new_cgroup(other.path, sizeof(other.path));
	add_instance(confine.lsm, &other, false);
	end_instance(&other);
}

/* What was reported, one event a line; false if some are missing. */
static bool confine_end(struct confinement *c, struct text *ret_events)
{
	struct pale_err *err = NULL;
	struct lsm_instance counters;

	check_err(lsm_poll(confine.lsm, 0, on_event, &c->seen, &err), &err);
	check_err(lsm_counters(confine.lsm, c->instance, &counters, &err), &err);
	end_instance(c);
	*ret_events = c->seen.text;
	return !c->seen.gap && counters.sequence == c->seen.n && !counters.lost;
}

#endif
