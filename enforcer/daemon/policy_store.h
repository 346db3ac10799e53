/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POLICY_STORE_H
#define PALE_POLICY_STORE_H

/*
 * The profiles that containers of this node may have, by name: those of the policies in a folder
 * that the administrator keeps, and those that were loaded through the control socket. A file that
 * became wrong keeps what it said last; the reason is kept beside it.
 */

#include "enforcer/daemon/node_policy.h"

struct store_profile {
	char *name;
	char *file;  /* where it was read; "loaded" when it came through the socket */
	char *error; /* why its newest text is not in force; NULL: it is */
	struct node_policy *policy;
	struct node_policy *audit; /* its form that refuses nothing; made when it is asked for */
	bool loaded;
	bool seen; /* during a scan */
};

struct policy_store {
	char *dir;    /* the administrator's folder */
	char *store;  /* folders of sources, node_policy.h */
	char *loaded; /* which of them came through the socket: links to them */
	struct store_profile **v;
	size_t n;
	/* Policies that are wrong and have never been right: told, and nothing more. */
	void (*tell)(void *ctx, const char *text);
	/* A profile came, or has another policy, or is no more (@gone). NULL: nobody asks. */
	void (*changed)(void *ctx, const struct store_profile *p, bool gone);
	void *ctx;
};

/* @run is the daemon's own folder, where the store is made. Reads nothing yet. */
int policy_store_init(
	struct policy_store *s, const char *dir, const char *run, struct pale_err **err);
void policy_store_release(struct policy_store *s);

/*
 * Reads the folder anew, and what was loaded before a restart. Files that did not change are not
 * compiled again. Only a folder that cannot be read fails; that one file is wrong is told.
 */
int policy_store_scan(struct policy_store *s, struct pale_err **err);

/*
 * Takes profiles from sources in memory, all of them or none. -EEXIST: one is there under that name
 * and @replace is false, or it is the administrator's. As node_policy_compile() for the rest.
 */
int policy_store_load(struct policy_store *s, const struct node_source *sources, size_t n,
	const char *main, bool replace, json_t **ret_profiles, json_t **ret_diagnostics,
	struct pale_err **err);

/* -ENOENT; -EPERM: it is the administrator's, in a file. */
int policy_store_unload(struct policy_store *s, const char *profile, struct pale_err **err);

/* NULL when there is none. */
struct store_profile *policy_store_find(struct policy_store *s, const char *profile);

/* Its policy with a reference of the caller's. */
int policy_store_policy(
	struct store_profile *p, bool audit, struct node_policy **ret, struct pale_err **err);

/* A policy from a folder of the store by the folder's name, for a container that has it still. */
int policy_store_restore(struct policy_store *s, const char *folder, const char *main,
	const char *profile, bool audit, struct node_policy **ret, struct pale_err **err);
/* Of a policy of the store: the folder's name. */
const char *policy_store_folder(const struct node_policy *p);

/* Removes folders that no profile names and no policy of @in_use (n of them) lies in. */
void policy_store_sweep(struct policy_store *s, const char *const *in_use, size_t n);

#endif
