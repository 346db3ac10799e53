/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/node_enforcement.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/emit_apparmor.h"
#include "enforcer/daemon/daemon.h"
#include "enforcer/file_tree.h"
#include "enforcer/load_apparmor.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <syslog.h>
#include <sys/vfs.h>

/*
 * A BPF file system of our own: whoever can enter it can take enforcement off. In a container,
 * whose mounts end with it, it is a folder of the node's that somebody has mounted there.
 */
static int mount_bpf(const char *dir, struct pale_err **err)
{
	struct statfs fs;
	int r = file_tree_make(dir, 0700, err);

	if (r < 0)
		return r;
	if (statfs(dir, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return chmod(dir, 0700) < 0 ? pale_err_set(err, errno, "close %s to others", dir)
					    : 0;
	if (mount("pale", dir, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return pale_err_set(err, errno, "mount a BPF file system on %s", dir);
	return 0;
}

int node_enforcement_open(struct node_enforcement *e, const char *run, struct pale_err **err)
{
	struct text t = TEXT_INIT;
	int r;

	*e = (struct node_enforcement){ 0 };
	text_printf(&t, "%s/bpf", run);
	e->bpf_dir = text_take(&t);
	e->used = 1u << MECHANISM_SECCOMP | 1u << MECHANISM_OCI | 1u << MECHANISM_CAPABILITIES |
		  1u << MECHANISM_CGROUP;
	if (apparmor_supported(&e->why_not[MECHANISM_APPARMOR]) >= 0)
		e->used |= 1u << MECHANISM_APPARMOR;
	if (lsm_supported(&e->why_not[MECHANISM_BPF_LSM]) < 0)
		return 0;
	r = mount_bpf(e->bpf_dir, err);
	if (r >= 0)
		r = lsm_open(e->bpf_dir, &e->lsm, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	e->used |= 1u << MECHANISM_BPF_LSM;
	return 0;
}

static void forget_apparmor(struct node_apparmor *a)
{
	sd_event_source_disable_unref(a->source);
	apparmor_denials_free(a->denials);
	node_policy_unref(a->policy);
	free(a->profile);
}

void node_enforcement_close(struct node_enforcement *e)
{
	for (size_t i = 0; i < e->n_apparmor; i++)
		forget_apparmor(&e->apparmor[i]);
	free(e->apparmor);
	lsm_free(e->lsm);
	for (int i = 0; i < MECHANISM_COUNT; i++)
		pale_err_free(e->why_not[i]);
	free(e->bpf_dir);
}

mechanisms node_enforcement_of(const struct node_enforcement *e, const struct node_policy *p,
	enum oci_runtime runtime, uint32_t *ret_inexact, char **ret_first)
{
	mechanisms used = e->used & ~(1u << MECHANISM_SECCOMP | 1u << MECHANISM_OCI);
	uint32_t n = 0;

	if (p->audit || (e->lsm && coverage_preempts(p->policy, MECHANISM_APPARMOR)))
		used &= ~(1u << MECHANISM_APPARMOR);
	used |= runtime == OCI_RUNTIME_CRUN ? 1u << MECHANISM_SECCOMP : 1u << MECHANISM_OCI;
	for (uint32_t i = 0; i < p->policy->n_rules && !p->audit; i++) {
		const struct rule *rule = p->policy->rules[i];
		enum operation op;
		const char *why;

		if (coverage_of_rule(p->artefacts.coverage, rule, used, &op, &why) ==
			COVERAGE_EXACT)
			continue;
		if (!n++ && ret_first) {
			struct text t = TEXT_INIT;

			text_printf(&t, "%s:%u: %s: %s", rule->lines ? rule->lines[0].file : "",
				rule->lines ? rule->lines[0].line : 0, rule->text,
				why ? why : "nothing here enforces it");
			*ret_first = text_take(&t);
		}
	}
	*ret_inexact = n;
	return used;
}

void node_enforcement_listen(struct node_enforcement *e, sd_event *event,
	void (*report)(void *ctx, const struct violation *v),
	struct apparmor_place (*place)(void *ctx, pid_t pid), void *ctx)
{
	e->event = event;
	e->report = report;
	e->place = place;
	e->ctx = ctx;
}

static int on_denials(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)source;
	(void)fd;
	(void)events;
	if (apparmor_denials_handle(ctx, &err) < 0)
		daemon_tell(LOG_ERR, "read AppArmor's records: %s", pale_err_text(err));
	return 0;
}

uint64_t node_enforcement_untold(const struct node_enforcement *e)
{
	uint64_t n = 0;

	for (size_t i = 0; i < e->n_apparmor; i++)
		n += apparmor_denials_lost(e->apparmor[i].denials) +
		     apparmor_denials_unnamed(e->apparmor[i].denials);
	return n;
}

/* Before the profile is loaded, so that nothing is refused untold. */
static int listen_to(struct node_enforcement *e, const struct node_policy *p,
	struct node_apparmor *a, struct pale_err **err)
{
	struct apparmor_denials_options options = {
		.policy = p->policy,
		.place = e->place,
		.refusals_only = e->lsm != NULL,
		.report = e->report,
		.ctx = e->ctx,
	};
	int r = apparmor_denials_new(&options, &a->denials, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(e->event, &a->source, apparmor_denials_fd(a->denials), EPOLLIN,
		on_denials, a->denials);
	return r < 0 ? pale_err_set(err, -r, "wait for AppArmor's records") : 0;
}

int node_enforcement_apparmor(struct node_enforcement *e, struct node_policy *p, mechanisms used,
	const char **ret, struct pale_err **err)
{
	const struct text *text = &p->artefacts.v[ARTEFACT_APPARMOR];
	struct node_apparmor a = { 0 };
	int r;

	*ret = NULL;
	if (!(used & (1u << MECHANISM_APPARMOR)))
		return 0;
	*ret = apparmor_profile_name(p->policy, 0);
	for (size_t i = 0; i < e->n_apparmor; i++) {
		if (strcmp(e->apparmor[i].digest, p->digest) == 0)
			return 0;
	}
	a.profile = strdup(*ret);
	memcpy(a.digest, p->digest, sizeof(a.digest));
	/* Reports name rules of this policy, which has to stay as long. */
	r = listen_to(e, p, &a, err);
	if (r >= 0)
		r = apparmor_load(text_str(text), text->len, err);
	if (r < 0) {
		forget_apparmor(&a);
		return pale_err_wrap(err, "apparmor");
	}
	e->apparmor = reallocarray(e->apparmor, e->n_apparmor + 1, sizeof(*e->apparmor));
	if (!e->apparmor)
		abort();
	a.policy = node_policy_ref(p);
	e->apparmor[e->n_apparmor++] = a;
	return 0;
}

static bool is_among(const struct node_policy *const *policies, size_t n, const char digest[65])
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(policies[i]->digest, digest) == 0)
			return true;
	}
	return false;
}

void node_enforcement_sweep(
	struct node_enforcement *e, const struct node_policy *const *in_use, size_t n)
{
	for (size_t i = 0; i < e->n_apparmor;) {
		_cleanup_(pale_err_freep) struct pale_err *gone = NULL;
		struct node_apparmor *a = &e->apparmor[i];

		if (is_among(in_use, n, a->digest)) {
			i++;
			continue;
		}
		apparmor_unload(a->profile, &gone);
		forget_apparmor(a);
		*a = e->apparmor[--e->n_apparmor];
	}
}

/* Policies outlive the daemon in the kernel; they are known by their bytes. */
static bool find_policy(const struct lsm *lsm, const uint8_t digest[32], uint32_t *ret)
{
	for (uint32_t i = 0; i < LSM_POLICIES_MAX; i++) {
		const struct lsm_slot *slot = lsm_policy(lsm, i);

		if (slot && memcmp(slot->digest, digest, sizeof(slot->digest)) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int put_policy(struct node_enforcement *e, struct node_policy *p, struct pale_err **err)
{
	const struct text *blob = &p->artefacts.v[ARTEFACT_LSM];
	uint8_t digest[32];
	int r;

	sha256(text_str(blob), blob->len, digest);
	if (find_policy(e->lsm, digest, &p->lsm_policy)) {
		p->in_lsm = true;
		return 0;
	}
	r = lsm_add_policy(e->lsm, text_str(blob), blob->len, &p->lsm_policy, err);
	p->in_lsm = r >= 0;
	return r;
}

/* A policy of the kernel's that no container is under. */
static void drop_policy(struct node_enforcement *e, struct node_policy *p)
{
	_cleanup_(pale_err_freep) struct pale_err *busy = NULL;

	if (p->in_lsm && lsm_remove_policy(e->lsm, p->lsm_policy, &busy) == 0)
		p->in_lsm = false;
}

int node_enforcement_confine(struct node_enforcement *e, struct container *c,
	uint32_t events_per_second, struct pale_err **err)
{
	int r;

	if (!e->lsm)
		return 0;
	if (!c->cgroup_id)
		return pale_err_plain(err, EOPNOTSUPP,
			"container '%s' has no cgroup of its own in the unified hierarchy", c->id);
	r = put_policy(e, c->policy, err);
	if (r < 0)
		return r;
	r = lsm_add_instance(e->lsm, c->policy->lsm_policy, LSM_START_OF_IMAGE, &c->instance, err);
	if (r < 0) {
		drop_policy(e, c->policy);
		return r;
	}
	c->has_instance = true;
	if (events_per_second)
		lsm_limit_events(e->lsm, c->instance, events_per_second, 2 * events_per_second);
	r = lsm_bind_cgroup(e->lsm, c->cgroup_id, c->instance, err);
	if (r >= 0) {
		struct lsm_instance counters;

		r = lsm_counters(e->lsm, c->instance, &counters, err);
		c->generation = counters.generation;
	}
	if (r < 0)
		node_enforcement_release(e, c);
	return r;
}

int node_enforcement_adopt(struct node_enforcement *e, struct container *c, struct pale_err **err)
{
	struct lsm_instance counters;
	int r;

	if (!c->has_instance)
		return 0;
	c->has_instance = false;
	if (!e->lsm)
		return pale_err_plain(err, ENOENT,
			"container '%s' was under BPF-LSM, which this kernel does not have", c->id);
	r = lsm_counters(e->lsm, c->instance, &counters, err);
	if (r < 0 || counters.generation != c->generation || counters.cgroup != c->cgroup_id) {
		pale_err_free(*err);
		*err = NULL;
		return pale_err_plain(
			err, ENOENT, "the kernel does not know container '%s' any more", c->id);
	}
	c->has_instance = true;
	r = put_policy(e, c->policy, err);
	if (r < 0)
		return r;
	return 0;
}

int node_enforcement_exchange(struct node_enforcement *e, struct container *c,
	struct node_policy *next, void (*settled)(void *ctx, struct container *c), void *ctx,
	struct pale_err **err)
{
	_cleanup_free_ struct lsm_count *counts = NULL;
	size_t n;
	int r = put_policy(e, next, err);

	/* Counts by rule begin anew; those of the container go on. */
	if (r >= 0)
		r = lsm_set_policy(e->lsm, c->instance, next->lsm_policy, &counts, &n, err);
	if (r < 0) {
		drop_policy(e, next);
		return r;
	}
	node_policy_unref(c->previous);
	c->previous = c->policy;
	c->policy = node_policy_ref(next);
	settled(ctx, c);
	drop_policy(e, c->previous);
	return 0;
}

void node_enforcement_release(struct node_enforcement *e, struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *gone = NULL;

	if (!c->has_instance)
		return;
	lsm_remove_instance(e->lsm, c->instance, &gone);
	c->has_instance = false;
	drop_policy(e, c->policy);
}
