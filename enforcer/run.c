/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/run.h"

#include "compiler/base/cleanup.h"
#include "enforcer/apparmor_denials.h"
#include "enforcer/command_tree.h"
#include "enforcer/lsm_report.h"
#include "enforcer/supervise_seccomp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

struct loop {
	const struct run *run;
	struct run_result *result;
	int epoll;
	struct supervisor *supervisor; /* NULL: no filter, or nothing is left behind it */
	struct lsm_reporter lsm;
	struct apparmor_denials *apparmor; /* NULL: not used */
	struct command_tree tree;
};

static void loop_release(struct loop *l)
{
	supervisor_free(l->supervisor);
	apparmor_denials_free(l->apparmor);
	command_tree_release(&l->tree);
	if (l->epoll >= 0)
		close(l->epoll);
}

static int watch(struct loop *l, int fd, struct pale_err **err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return pale_err_set(err, errno, "watch a descriptor");
	return 0;
}

static int take_notification(struct loop *l, uint32_t events, struct pale_err **err)
{
	if (events & EPOLLIN)
		return supervisor_handle(l->supervisor, err);
	/* No process is left behind the filter. */
	l->result->unexamined = supervisor_unexamined(l->supervisor);
	supervisor_free(l->supervisor);
	l->supervisor = NULL;
	return 0;
}

static int take_lsm_events(struct loop *l, struct pale_err **err)
{
	int n = lsm_poll(l->run->enforcement->lsm, 0, lsm_report, &l->lsm, err);

	if (n != -EINTR)
		return n < 0 ? n : 0;
	pale_err_free(*err);
	*err = NULL;
	return 0;
}

static int watch_lsm(struct loop *l, struct pale_err **err)
{
	const struct enforcement *e = l->run->enforcement;

	l->lsm = (struct lsm_reporter){
		.with_parent = true,
		.policy = e->policy,
		.container = l->run->container,
		.report = report_sink_take,
		.ctx = l->run->sink,
	};
	return e->lsm ? watch(l, lsm_event_fd(e->lsm), err) : 0;
}

/* What was still under way when the last process went, and the count of what never came. */
static int finish_lsm(struct loop *l, struct pale_err **err)
{
	const struct enforcement *e = l->run->enforcement;
	struct lsm_instance counters;
	int r;

	if (!e->lsm)
		return 0;
	r = take_lsm_events(l, err);
	if (r >= 0)
		r = lsm_counters(e->lsm, e->lsm_instance, &counters, err);
	if (r < 0)
		return r;
	l->result->lost = l->lsm.lost + (counters.sequence - l->lsm.sequence);
	return 0;
}

static int watch_apparmor(struct loop *l, struct pale_err **err)
{
	const struct enforcement *e = l->run->enforcement;
	struct apparmor_denials_options options = {
		.policy = e->policy,
		.container = l->run->container,
		.start_ns = e->start_ns,
		/* It sees what AppArmor lets pass. */
		.refusals_only = e->lsm != NULL,
		.report = report_sink_take,
		.ctx = l->run->sink,
	};
	int r;

	if (!e->apparmor_profile)
		return 0;
	r = apparmor_denials_new(&options, &l->apparmor, err);
	return r < 0 ? r : watch(l, apparmor_denials_fd(l->apparmor), err);
}

/* All that was refused is reported before the run ends. */
static int finish_apparmor(struct loop *l, struct pale_err **err)
{
	int r;

	if (!l->apparmor)
		return 0;
	r = apparmor_denials_finish(l->apparmor, err);
	l->result->lost +=
		apparmor_denials_lost(l->apparmor) + apparmor_denials_unnamed(l->apparmor);
	l->result->lost_unknown = r < 0 || !apparmor_denials_lost_known(l->apparmor);
	return r;
}

static int serve(struct loop *l, struct pale_err **err)
{
	while (!l->tree.alone) {
		struct epoll_event e;
		int n = epoll_wait(l->epoll, &e, 1, -1), r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pale_err_set(err, errno, "wait for events");
		if (e.data.fd == l->tree.signals)
			r = command_tree_handle(&l->tree, err);
		else if (l->run->enforcement->lsm &&
			 e.data.fd == lsm_event_fd(l->run->enforcement->lsm))
			r = take_lsm_events(l, err);
		else if (l->apparmor && e.data.fd == apparmor_denials_fd(l->apparmor))
			r = apparmor_denials_handle(l->apparmor, err);
		else
			r = take_notification(l, e.events, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int supervise(struct loop *l, struct pale_err **err)
{
	const struct enforcement *e = l->run->enforcement;
	struct supervise_options options = {
		.policy = e->policy,
		.audit = e->audit,
		.landlock = e->landlock,
		.others_report = e->apparmor_profile,
		.start_ns = e->start_ns,
		.container = l->run->container,
		.report = report_sink_take,
		.ctx = l->run->sink,
	};
	int r;

	if (l->tree.command.listener < 0)
		return 0;
	r = supervisor_new(TAKE_FD(l->tree.command.listener), &options, &l->supervisor, err);
	return r < 0 ? r : watch(l, supervisor_fd(l->supervisor), err);
}

int run(const struct run *r, struct run_result *ret, struct pale_err **err)
{
	_cleanup_(loop_release) struct loop l = {
		.run = r, .result = ret, .epoll = -1, .tree = COMMAND_TREE_INIT
	};
	struct launch launch_options = { .path = r->path, .argv = r->argv, .envp = environ };
	int n;

	*ret = (struct run_result){ 0 };
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0)
		return pale_err_set(err, errno, "open a descriptor");
	n = command_tree_prepare(&l.tree, &launch_options.signal_mask, err);
	if (n >= 0)
		n = watch(&l, l.tree.signals, err);
	if (n < 0)
		return n;
	n = watch_lsm(&l, err);
	if (n >= 0)
		n = watch_apparmor(&l, err);
	if (n < 0)
		return n;
	enforcement_launch(r->enforcement, &launch_options);
	enforcement_give_low_fds(r->enforcement);
	n = launch(&launch_options, &l.tree.command, err);
	if (n >= 0)
		n = supervise(&l, err);
	if (n >= 0)
		n = serve(&l, err);
	if (n >= 0)
		n = finish_lsm(&l, err);
	if (n >= 0)
		n = finish_apparmor(&l, err);
	if (n < 0)
		command_tree_end(&l.tree);
	ret->wait_status = l.tree.wait_status;
	ret->exec_errno = l.tree.exec_errno;
	if (l.supervisor)
		ret->unexamined = supervisor_unexamined(l.supervisor);
	return n;
}
