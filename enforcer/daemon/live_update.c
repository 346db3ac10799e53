/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/live_update.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/exceptions.h"

#include <string.h>
#include <syslog.h>

static bool same_text(const struct node_policy *a, const struct node_policy *b, enum artefact which)
{
	const struct text *x = &a->artefacts.v[which], *y = &b->artefacts.v[which];

	return x->len == y->len && memcmp(text_str(x), text_str(y), x->len) == 0;
}

static bool same_limits(const struct limits *a, const struct limits *b)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (a->is_set[i] != b->is_set[i] || (a->is_set[i] && a->value[i] != b->value[i]))
			return false;
	}
	return true;
}

const char *live_update_obstacle(
	const struct daemon *d, const struct container *c, const struct node_policy *next)
{
	uint32_t unused;

	if (!c->has_instance)
		return "BPF-LSM does not enforce its policy";
	if (!container_is_alive(c))
		return "it has ended";
	if (node_enforcement_of(&d->enforcement, c->policy, c->runtime, &unused, NULL) &
		(1u << MECHANISM_APPARMOR))
		return "AppArmor enforces its policy, too";
	if (next->policy->n_domains != c->policy->policy->n_domains)
		return "the sub-profiles are others";
	if (!same_text(c->policy, next, ARTEFACT_OCI) ||
		!same_text(c->policy, next, ARTEFACT_SECCOMP))
		return "the system calls are others";
	if (next->capabilities != c->policy->capabilities ||
		node_policy_implies_no_new_privs(next) !=
			node_policy_implies_no_new_privs(c->policy))
		return "the capabilities are others";
	if (!same_limits(&next->limits, &c->policy->limits))
		return "the limits are others";
	return NULL;
}

static int update(
	struct daemon *d, struct container *c, struct node_policy *next, struct pale_err **err)
{
	int r = node_enforcement_exchange(&d->enforcement, c, next, violations_settle, d, err);

	if (r < 0)
		return r;
	daemon_log_notice(d, "updated", c);
	/* Who starts after this daemon would look for the old policy. */
	return container_keep(&d->containers, c, err);
}

static void leave(json_t *left, const struct container *c, const char *why)
{
	json_array_append_new(left, json_pack("{s:s, s:s}", "id", c->id, "why", why));
}

static bool is_meant(const struct container *c, const struct store_profile *profile)
{
	return !c->forgotten_ns && c->policy && !c->policy->sandbox &&
	       strcmp(c->policy->profile, profile->name) == 0 &&
	       strcmp(exceptions_own_policy(c)->digest, profile->policy->digest) != 0;
}

void live_update(struct daemon *d, struct store_profile *profile, json_t *updated, json_t *left)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		_cleanup_(node_policy_unrefp) struct node_policy *next = NULL;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct container *c = d->containers.v[i];
		const char *why;

		if (!is_meant(c, profile))
			continue;
		if (policy_store_policy(profile, c->policy->audit, &next, &err) < 0) {
			leave(left, c, pale_err_text(err));
			continue;
		}
		/* The new policy may have no such rule. */
		why = exceptions_count(c) ? "exceptions of it are in force: remove them first"
					  : live_update_obstacle(d, c, next);
		if (why) {
			leave(left, c, why);
		} else if (update(d, c, next, &err) < 0) {
			daemon_tell(LOG_ERR, "container '%s': %s", c->id, pale_err_text(err));
			leave(left, c, pale_err_text(err));
		} else {
			json_array_append_new(updated, json_string(c->id));
		}
	}
}
