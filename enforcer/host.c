/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/host.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/load_apparmor.h"
#include "enforcer/load_landlock.h"
#include "enforcer/load_lsm.h"
#include "enforcer/supervise_seccomp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int probe_seccomp(struct host *h, struct pale_err **err)
{
	return seccomp_supported(err);
}

static int probe_landlock(struct host *h, struct pale_err **err)
{
	int abi = landlock_supported(err);

	if (abi < 0)
		return abi;
	h->landlock_abi = (unsigned int)abi;
	return 0;
}

/* Limits by rlimit work everywhere; the group is for those of the whole tree. */
static int probe_cgroup(struct host *h, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;

	if (cgroup_mount_point(&h->cgroup_mount, &unused) < 0)
		return 0;
	h->cgroup_writable = access(h->cgroup_mount, W_OK) == 0;
	if (h->cgroup_writable && cgroup_available(&h->controllers, &unused) < 0)
		h->controllers = 0;
	return 0;
}

static void add_absent(void *ctx, const char *hook, bool present)
{
	struct text *t = ctx;

	if (!present)
		text_printf(t, "%s%s", t->len ? ", " : "", hook);
}

static int probe_bpf_lsm(struct host *h, struct pale_err **err)
{
	int r;

	if (geteuid() != 0)
		return pale_err_set(err, EPERM, "only root may load it");
	r = lsm_supported(err);
	if (r >= 0) {
		struct text absent = TEXT_INIT;

		r = lsm_optional_hooks(add_absent, &absent, err);
		h->absent_hooks = absent.len ? strdup(text_str(&absent)) : NULL;
		text_release(&absent);
	}
	if (r >= 0 && !h->cgroup_writable)
		return pale_err_set(err, EROFS,
			"no cgroup can be made for the command in the unified hierarchy");
	return r;
}

static int probe_apparmor(struct host *h, struct pale_err **err)
{
	if (geteuid() != 0)
		return pale_err_set(err, EPERM, "only root may load it");
	return apparmor_supported(err);
}

static const struct {
	enum mechanism mechanism;
	int (*probe)(struct host *h, struct pale_err **err);
} probes[] = {
	{ MECHANISM_SECCOMP, probe_seccomp },
	{ MECHANISM_LANDLOCK, probe_landlock },
	{ MECHANISM_CGROUP, probe_cgroup },
	{ MECHANISM_BPF_LSM, probe_bpf_lsm },
	{ MECHANISM_APPARMOR, probe_apparmor },
};

void host_probe(struct host *h)
{
	*h = (struct host){ .available = 1u << MECHANISM_CAPABILITIES };
	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		enum mechanism m = probes[i].mechanism;

		if (probes[i].probe(h, &h->why_not[m]) == 0)
			h->available |= 1u << m;
	}
}

void host_release(struct host *h)
{
	for (int i = 0; i < MECHANISM_COUNT; i++)
		pale_err_free(h->why_not[i]);
	free(h->absent_hooks);
	free(h->cgroup_mount);
	*h = (struct host){ 0 };
}

mechanisms host_default(const struct host *h, const struct policy *p)
{
	mechanisms set = h->available;

	if (set & (1u << MECHANISM_BPF_LSM)) {
		set &= ~(1u << MECHANISM_LANDLOCK);
		if (coverage_preempts(p, MECHANISM_APPARMOR))
			set &= ~(1u << MECHANISM_APPARMOR);
	}
	return set;
}
