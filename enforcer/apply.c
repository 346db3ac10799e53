/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/apply.h"

#include "compiler/base/cleanup.h"
#include "compiler/cover_capabilities.h"
#include "compiler/cover_limits.h"
#include "compiler/cover_seccomp.h"
#include "compiler/emit_apparmor.h"
#include "compiler/emit_lsm.h"
#include "compiler/verify_seccomp.h"
#include "enforcer/guardian.h"
#include "enforcer/load_apparmor.h"
#include "enforcer/profile_lock.h"
#include "enforcer/supervise_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool uses(const struct enforcement *e, enum mechanism m)
{
	return e->used & (1u << m);
}

/*
 * Calls are stopped for their objects' sake where nothing else reports them: with Landlock, and
 * when all is only watched.
 */
static int prepare_seccomp(struct enforcement *e, struct pale_err **err)
{
	struct arena *a = e->policy->arena;
	struct seccomp_options options = {
		.refusals = SECCOMP_RETURN_NOTIFY,
		.audit = e->audit,
	};
	uint64_t *notify =
		arena_array(a, SUPERVISE_NOTIFY_WORDS(vocab_n_syscalls), sizeof(*notify));
	const char *why = NULL;

	if (uses(e, MECHANISM_LANDLOCK) || (e->audit && !uses(e, MECHANISM_BPF_LSM))) {
		supervise_notify_set(notify);
		options.notify = notify;
	}
	e->seccomp = emit_seccomp(a, e->policy, &options, NULL, &why);
	if (!e->seccomp)
		return pale_err_set(err, 0, "compile the seccomp filter: %s", why);
	why = verify_seccomp(a, e->policy, &options, e->seccomp);
	if (why)
		return pale_err_set(err, 0, "internal error: the seccomp filter is wrong: %s", why);
	e->filter = (struct sock_fprog){
		.len = (unsigned short)e->seccomp->n,
		.filter = e->seccomp->v,
	};
	cover_seccomp(e->policy, e->coverage);
	return 0;
}

/* Named by this process, whose number is its own in a pid namespace only; one that was killed may
 * have left its group, too. */
static int make_cgroup(cgroup_controllers wanted, struct cgroup **ret, struct pale_err **err)
{
	enum { TRIES = 1000 };
	char name[64];

	snprintf(name, sizeof(name), "pale-run-%d", getpid());
	for (unsigned int again = 1;; again++) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;
		int r = cgroup_new(name, wanted, ret, &why);

		if (r != -EEXIST || again == TRIES) {
			*err = TAKE_PTR(why);
			return r;
		}
		snprintf(name, sizeof(name), "pale-run-%d-%u", getpid(), again);
	}
}

static int prepare_cgroup(struct enforcement *e, const struct host *host, struct pale_err **err)
{
	cgroup_controllers wanted, have = 0;

	e->limits = limits_of(e->policy);
	wanted = uses(e, MECHANISM_CGROUP) ? limits_controllers(&e->limits) : 0;
	if (host->cgroup_writable && (uses(e, MECHANISM_BPF_LSM) || wanted)) {
		int r = make_cgroup(wanted, &e->cgroup, err);

		if (r < 0)
			return r;
		have = e->cgroup->controllers;
	}
	if (uses(e, MECHANISM_CGROUP))
		cover_limits(e->policy, limits_available(have), e->coverage);
	return 0;
}

static int prepare_lsm(struct enforcement *e, struct pale_err **err)
{
	int r;

	if (!e->cgroup)
		return pale_err_set(err, ENOENT,
			"BPF-LSM needs a cgroup of the unified hierarchy for the command");
	r = emit_lsm(e->policy, e->coverage, &e->lsm_blob, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	r = verify_lsm(e->policy, text_str(&e->lsm_blob), e->lsm_blob.len, err);
	return r < 0 ? pale_err_wrap(err, "internal error: the BPF-LSM tables are wrong") : 0;
}

static int prepare_apparmor(struct enforcement *e, struct pale_err **err)
{
	int r = emit_apparmor(e->policy, e->coverage, &e->apparmor, err);

	if (r < 0)
		return pale_err_wrap(err, "apparmor");
	e->apparmor_profile = apparmor_profile_name(e->policy, 0);
	return 0;
}

static int prepare(struct enforcement *e, const struct host *host, struct pale_err **err)
{
	int r = prepare_cgroup(e, host, err);

	if (r >= 0 && uses(e, MECHANISM_SECCOMP))
		r = prepare_seccomp(e, err);
	if (r >= 0 && uses(e, MECHANISM_LANDLOCK))
		r = emit_landlock(e->policy, host->landlock_abi, e->coverage, &e->landlock, err);
	if (r >= 0 && uses(e, MECHANISM_BPF_LSM))
		r = prepare_lsm(e, err);
	if (r >= 0 && uses(e, MECHANISM_APPARMOR))
		r = prepare_apparmor(e, err);
	cover_capabilities(e->policy, e->coverage);
	return r;
}

/* The clock that file systems stamp with: a fine one would be ahead of a file made just after. */
static uint64_t coarse_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int enforcement_new(const struct policy *p, const struct host *host, mechanisms used,
	struct enforcement **ret, struct pale_err **err)
{
	_cleanup_(enforcement_freep) struct enforcement *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		abort();
	e->policy = p;
	e->audit = p->audit;
	e->used = used;
	/* Landlock and limits can only refuse. */
	if (e->audit)
		e->used &= ~(1u << MECHANISM_LANDLOCK | 1u << MECHANISM_APPARMOR |
			     1u << MECHANISM_CGROUP | 1u << MECHANISM_CAPABILITIES);
	for (int i = 0; i < 2; i++)
		e->low_fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	e->landlock_fd = -1;
	e->apparmor_lock = -1;
	e->coverage = coverage_new(p);
	r = prepare(e, host, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(e);
	return 0;
}

static int load_landlock(struct enforcement *e, struct pale_err **err)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root < 0)
		return pale_err_set(err, errno, "open the root directory");
	r = landlock_load(e->landlock, root, &e->omissions, &e->landlock_fd, err);
	return r == -ENOMSG ? 0 : r;
}

static int load_lsm(struct enforcement *e, struct pale_err **err)
{
	uint32_t lsm_policy = 0;
	int r = lsm_load(&e->lsm, err);

	if (r >= 0)
		r = lsm_add_policy(
			e->lsm, text_str(&e->lsm_blob), e->lsm_blob.len, &lsm_policy, err);
	if (r >= 0)
		r = lsm_add_instance(e->lsm, lsm_policy, e->start_ns, &e->lsm_instance, err);
	if (r >= 0)
		r = lsm_bind_cgroup(e->lsm, e->cgroup->id, e->lsm_instance, err);
	if (r >= 0)
		r = guardian_start(e->cgroup->fd, &e->guardian, err);
	return r < 0 ? pale_err_wrap(err, "bpf-lsm") : 0;
}

static int load_apparmor(struct enforcement *e, struct pale_err **err)
{
	int r = profile_lock(e->apparmor_profile, &e->apparmor_lock, err);

	if (r >= 0)
		r = apparmor_load(text_str(&e->apparmor), e->apparmor.len, err);
	return r < 0 ? pale_err_wrap(err, "apparmor") : 0;
}

int enforcement_load(struct enforcement *e, struct pale_err **err)
{
	int r = 0;

	e->start_ns = coarse_now_ns();
	if (e->cgroup && uses(e, MECHANISM_CGROUP))
		r = limits_set_cgroup(&e->limits, e->cgroup, err);
	if (r >= 0 && e->landlock)
		r = load_landlock(e, err);
	if (r >= 0 && uses(e, MECHANISM_BPF_LSM))
		r = load_lsm(e, err);
	if (r >= 0 && uses(e, MECHANISM_APPARMOR))
		r = load_apparmor(e, err);
	return r;
}

void enforcement_give_low_fds(struct enforcement *e)
{
	for (int i = 0; i < 2; i++) {
		closep(&e->low_fds[i]);
		e->low_fds[i] = -1;
	}
}

void enforcement_launch(const struct enforcement *e, struct launch *ret)
{
	ret->cgroup_procs_fd = e->cgroup ? e->cgroup->procs_fd : -1;
	ret->apparmor_profile = e->apparmor_profile;
	ret->limits = uses(e, MECHANISM_CGROUP) ? &e->limits : NULL;
	ret->drop_capabilities = uses(e, MECHANISM_CAPABILITIES);
	ret->capabilities = capabilities_kept(e->policy);
	/*
	 * With it AppArmor refuses to enter a profile that is no subset of the present one
	 * (security/apparmor/domain.c), and no sub-profile is. Who may load AppArmor needs it for
	 * nothing else.
	 */
	ret->no_new_privs = !e->apparmor_profile || e->policy->n_domains == 1;
	ret->landlock_fd = e->landlock_fd;
	ret->seccomp = e->seccomp ? &e->filter : NULL;
}

static void unload_apparmor(struct enforcement *e)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;

	if (e->apparmor_lock < 0)
		return;
	/* A profile that stays confines whoever is in it still, and costs some memory. */
	if (profile_lock_is_last(e->apparmor_lock))
		apparmor_unload(e->apparmor_profile, &unused);
	close(e->apparmor_lock);
}

void enforcement_free(struct enforcement *e)
{
	if (!e)
		return;
	guardian_stop(e->guardian);
	lsm_free(e->lsm);
	text_release(&e->lsm_blob);
	unload_apparmor(e);
	text_release(&e->apparmor);
	enforcement_give_low_fds(e);
	if (e->landlock_fd >= 0)
		close(e->landlock_fd);
	landlock_omissions_release(&e->omissions);
	cgroup_free(e->cgroup);
	free(e);
}

void enforcement_freep(struct enforcement **e)
{
	enforcement_free(*e);
}
