/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_ENFORCEMENT_H
#define PALE_NODE_ENFORCEMENT_H

/*
 * What this node's kernel enforces for containers, and puts a container under its policy: BPF-LSM
 * here, by the container's cgroup. seccomp, capabilities, AppArmor's profile and limits are written
 * into its configuration by pale-runtime, and applied by the OCI runtime.
 */

#include "enforcer/apparmor_denials.h"
#include "enforcer/daemon/container.h"
#include "enforcer/load_lsm.h"

#include <systemd/sd-event.h>

struct node_enforcement {
	mechanisms used;
	struct pale_err *why_not[MECHANISM_COUNT]; /* of security modules that are not used */
	struct lsm *lsm;			   /* NULL: this kernel has none */
	char *bpf_dir;				   /* of its pins */
	/* AppArmor's profiles that were loaded for policies, and who reads what they refuse. */
	struct node_apparmor {
		char digest[65];
		char *profile;
		struct node_policy *policy; /* a reference: its rules are named in reports */
		struct apparmor_denials *denials;
		sd_event_source *source;
	} * apparmor;
	size_t n_apparmor;
	sd_event *event; /* borrowed */
	void (*report)(void *ctx, const struct violation *v);
	struct apparmor_place (*place)(void *ctx, pid_t pid);
	void *ctx;
};

/*
 * Opens what there is. Programs and policies that are pinned below @run go on as they are; they are
 * put there where there are none. Only a kernel that lacks BPF-LSM is used without; that it cannot
 * be opened where it is there fails.
 */
int node_enforcement_open(struct node_enforcement *e, const char *run, struct pale_err **err);
/* Enforcement goes on. */
void node_enforcement_close(struct node_enforcement *e);

/* From here on @report gets what AppArmor refuses; before the first container is prepared. @place:
 * apparmor_denials.h. */
void node_enforcement_listen(struct node_enforcement *e, sd_event *event,
	void (*report)(void *ctx, const struct violation *v),
	struct apparmor_place (*place)(void *ctx, pid_t pid), void *ctx);

/*
 * What confines a container under @p: seccomp (by @runtime), capabilities, cgroup and, where they
 * are here, BPF-LSM and AppArmor; the latter not where it would refuse, before BPF-LSM is asked,
 * what the policy wants killed or failed with an errno of its own. The number of rules that these
 * do not enforce exactly, and the first of them as a text, malloc-ed.
 */
mechanisms node_enforcement_of(const struct node_enforcement *e, const struct node_policy *p,
	enum oci_runtime runtime, uint32_t *ret_inexact, char **ret_first);

/*
 * Loads AppArmor's profile for @p, if it is used for it and has not been loaded; *ret is its name,
 * borrowed, or NULL. apparmor_parser takes a moment.
 */
int node_enforcement_apparmor(struct node_enforcement *e, struct node_policy *p, mechanisms used,
	const char **ret, struct pale_err **err);
/* Records that AppArmor wrote and that were lost, or that the language has no words for. */
uint64_t node_enforcement_untold(const struct node_enforcement *e);
/* Takes AppArmor's profiles of other policies than these (n of them) out of the kernel. */
void node_enforcement_sweep(
	struct node_enforcement *e, const struct node_policy *const *in_use, size_t n);

/* Makes an instance for the container and binds its cgroup. Nothing stays on failure. */
int node_enforcement_confine(struct node_enforcement *e, struct container *c,
	uint32_t events_per_second, struct pale_err **err);
/* The instance that it had before the daemon started. -ENOENT: the kernel knows it no more. */
int node_enforcement_adopt(struct node_enforcement *e, struct container *c, struct pale_err **err);
/* Puts the container's instance under @next, which has as many domains, and the container with it;
 * the old policy goes with the last container under it. Before that @settled is called: the old one
 * has decided for the last time, and is still known by its number in events. */
int node_enforcement_exchange(struct node_enforcement *e, struct container *c,
	struct node_policy *next, void (*settled)(void *ctx, struct container *c), void *ctx,
	struct pale_err **err);
/* Frees its instance. The policy goes with the last container under it. */
void node_enforcement_release(struct node_enforcement *e, struct container *c);

#endif
