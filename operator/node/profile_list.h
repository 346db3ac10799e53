/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_PROFILE_LIST_H
#define PALE_NODE_PROFILE_LIST_H

/*
 * The profiles of this node: those that the cluster has (PaleProfiles with a digest and a bundle),
 * what paled has of them, and what is to be asked of paled next so that both are the same.
 *
 * Only what came by `load` is ever unloaded, and of that only what this program, or the process
 * before it, brought: a profile of the node's own files, or of an administrator's `pale load`,
 * stays. Running containers keep the digest that they began with; as long as there are any it has
 * an entry of its own in the status, Removing. Degraded is what this node enforces only in part, as
 * its configuration accepts; where it does not, containers are refused, and the profile is Failed.
 */

#include "compiler/base/error.h"
#include "operator/node/violation_periods.h"

#include <jansson.h>
#include <stdbool.h>

struct node_profile;

enum profile_action {
	PROFILE_NOTHING,
	PROFILE_LOAD,
	PROFILE_UPDATE, /* containers that run under an older policy of it */
	PROFILE_UNLOAD,
};

struct profile_list {
	struct node_profile **v;
	size_t n;
	bool complete; /* all PaleProfiles were told: set by the caller */
	json_t *paled; /* profiles of its last answer */
	bool known;    /* what paled has was told since it was there again */
};

void profile_list_release(struct profile_list *l);

/* A PaleProfile is there in this version, or no more. */
void profile_list_put(struct profile_list *l, const json_t *object);
void profile_list_gone(struct profile_list *l, const char *name);
/* status.profiles of an earlier process's PaleNodeStatus: which profiles it had brought, and which
 * violations it had counted. */
void profile_list_adopt(struct profile_list *l, const json_t *profiles, int64_t now);

/* paled is away: what it has is not known. */
void profile_list_forget_paled(struct profile_list *l);
/* paled's answers to `profiles` and to `ps`, which are ok. */
void profile_list_take_profiles(struct profile_list *l, const json_t *answer);
void profile_list_take_ps(struct profile_list *l, const json_t *answer);

/*
 * What to ask paled next, of *@ret and with *@request; one at a time: PROFILE_NOTHING while
 * there is no answer to what was asked. The answer goes to profile_list_answered().
 */
enum profile_action profile_list_next(
	struct profile_list *l, struct node_profile **ret, json_t **request);
/* @answer NULL: paled went away. *@news, for a log and an Event, says what was refused, or stays
 * NULL. @p is gone when it was the last of an unloaded one. */
void profile_list_answered(struct profile_list *l, struct node_profile *p,
	enum profile_action action, const json_t *answer, struct pale_err **news);
/* Containers run under a policy that is not their profile's newest: `ps` tells when they end. */
bool profile_list_has_older(const struct profile_list *l);
/* What failed and may go well the next time, is to be tried again. */
void profile_list_retry(struct profile_list *l);

/* @count violations under it at @at. Of a digest that is not known (a policy with an exception) it
 * is the newest one's. */
void profile_list_violations(struct profile_list *l, const char *profile, const char *digest,
	int64_t at, uint64_t count, int64_t now);

const char *node_profile_name(const struct node_profile *p);
/* Its PaleProfile: name, and uid, which is "" once it is gone. */
json_t *node_profile_reference(const struct node_profile *p);

/* All that the cluster has is loaded, or was refused: nothing is left to wait for. */
bool profile_list_is_settled(const struct profile_list *l);
/* status.profiles: at most one entry for each name and digest. */
json_t *profile_list_json(struct profile_list *l, int64_t now);
/* How many entries are in each state, by the state's name; for metrics. */
json_t *profile_list_states(struct profile_list *l, int64_t now);

#endif
