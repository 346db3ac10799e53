/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/run.h"

#include "compiler/base/cleanup.h"
#include "enforcer/apparmor_denials.h"
#include "enforcer/lsm_report.h"
#include "enforcer/supervise_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

/* What a person or a service manager sends to pale and means for the command. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH };

struct loop {
	const struct run *run;
	struct run_result *result;
	int epoll, signals;
	struct supervisor *supervisor; /* NULL: no filter, or nothing is left behind it */
	struct lsm_reporter lsm;
	struct apparmor_denials *apparmor; /* NULL: not used */
	struct launched command;
	bool reaped; /* the command itself */
	bool alone;  /* no process of the run is left */
	/* Children that this process had before: of a shell, say, that became pale by exec. */
	pid_t *foreign;
	size_t n_foreign;
};

static void loop_release(struct loop *l)
{
	free(l->foreign);
	supervisor_free(l->supervisor);
	apparmor_denials_free(l->apparmor);
	launched_release(&l->command);
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->signals >= 0)
		close(l->signals);
}

static int watch(struct loop *l, int fd, struct pale_err **err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return pale_err_set(err, errno, "watch a descriptor");
	return 0;
}

static int prepare_signals(struct loop *l, sigset_t *ret_before, struct pale_err **err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* A reader of our reports that went away must not take the command with it. */
	sigaddset(&set, SIGPIPE);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, ret_before) < 0)
		return pale_err_set(err, errno, "block signals");
	l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signals < 0)
		return pale_err_set(err, errno, "signalfd");
	return watch(l, l->signals, err);
}

static FILE *open_children(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", getpid());
	return fopen(name, "re");
}

static int note_foreign(struct loop *l, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = open_children();
	pid_t pid;

	if (!f)
		return pale_err_set(err, errno, "look for children");
	while (fscanf(f, "%d", &pid) == 1) {
		pid_t *more = realloc(l->foreign, (l->n_foreign + 1) * sizeof(*more));

		if (!more)
			abort();
		l->foreign = more;
		l->foreign[l->n_foreign++] = pid;
	}
	return 0;
}

static bool is_foreign(const struct loop *l, pid_t pid)
{
	for (size_t i = 0; i < l->n_foreign; i++) {
		if (l->foreign[i] == pid)
			return true;
	}
	return false;
}

/* The next child of this process that belongs to the run; 0: there is none. */
static pid_t next_child(const struct loop *l, FILE *children)
{
	pid_t pid;

	while (children && fscanf(children, "%d", &pid) == 1) {
		if (!is_foreign(l, pid))
			return pid;
	}
	return 0;
}

/* Once the command is gone, what it left behind: those are children of this process by now. */
static void forward(const struct loop *l, int signo)
{
	_cleanup_fclose_ FILE *f = NULL;
	pid_t pid;

	if (!l->reaped) {
		kill(l->command.pid, signo);
		return;
	}
	f = open_children();
	while ((pid = next_child(l, f)) > 0) {
		kill(pid, signo);
		kill(pid, SIGCONT); /* one that its tracer left stopped would never see it */
	}
}

static void reap(struct loop *l)
{
	_cleanup_fclose_ FILE *f = NULL;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < l->n_foreign; i++) {
			if (l->foreign[i] == pid)
				l->foreign[i] = 0; /* the number may be given away again */
		}
		if (pid != l->command.pid)
			continue;
		l->reaped = true;
		l->result->wait_status = status;
		l->result->exec_errno = launched_exec_errno(&l->command);
	}
	if (pid < 0 && errno == ECHILD) {
		l->alone = true;
	} else if (l->n_foreign && l->reaped) {
		/* One that cannot be listed is waited for. */
		f = open_children();
		l->alone = f && next_child(l, f) == 0;
	}
}

static int take_signals(struct loop *l, struct pale_err **err)
{
	struct signalfd_siginfo s;
	ssize_t n;

	while ((n = read(l->signals, &s, sizeof(s))) == sizeof(s)) {
		if (s.ssi_signo == SIGCHLD)
			reap(l);
		/* The terminal sent it to the command as well, which is in its foreground group. */
		else if (s.ssi_code != SI_KERNEL && s.ssi_signo != SIGPIPE)
			forward(l, (int)s.ssi_signo);
	}
	return n < 0 && errno != EAGAIN ? pale_err_set(err, errno, "read signals") : 0;
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
	while (!l->alone) {
		struct epoll_event e;
		int n = epoll_wait(l->epoll, &e, 1, -1), r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pale_err_set(err, errno, "wait for events");
		if (e.data.fd == l->signals)
			r = take_signals(l, err);
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

	if (l->command.listener < 0)
		return 0;
	r = supervisor_new(TAKE_FD(l->command.listener), &options, &l->supervisor, err);
	return r < 0 ? r : watch(l, supervisor_fd(l->supervisor), err);
}

/* Nobody would answer for them. Each death may hand us the children of the dead. */
static void end_all(struct loop *l)
{
	while (!l->alone) {
		struct timespec pause = { .tv_nsec = 1000 * 1000 };

		if (!l->reaped && l->command.pid > 0)
			kill(l->command.pid, SIGKILL);
		l->reaped = true;
		forward(l, SIGKILL);
		nanosleep(&pause, NULL);
		reap(l);
	}
}

int run(const struct run *r, struct run_result *ret, struct pale_err **err)
{
	_cleanup_(loop_release) struct loop l = {
		.run = r, .result = ret, .epoll = -1, .signals = -1, .command = LAUNCHED_INIT
	};
	struct launch launch_options = { .path = r->path, .argv = r->argv, .envp = environ };
	int n;

	*ret = (struct run_result){ 0 };
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0)
		return pale_err_set(err, errno, "open a descriptor");
	n = prepare_signals(&l, &launch_options.signal_mask, err);
	if (n < 0)
		return n;
	n = note_foreign(&l, err);
	if (n < 0)
		return n;
	/* Who outlives the command becomes our child, and is served and reaped. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return pale_err_set(err, errno, "become a subreaper");
	n = watch_lsm(&l, err);
	if (n >= 0)
		n = watch_apparmor(&l, err);
	if (n < 0)
		return n;
	enforcement_launch(r->enforcement, &launch_options);
	enforcement_give_low_fds(r->enforcement);
	n = launch(&launch_options, &l.command, err);
	if (n >= 0)
		n = supervise(&l, err);
	if (n >= 0)
		n = serve(&l, err);
	if (n >= 0)
		n = finish_lsm(&l, err);
	if (n >= 0)
		n = finish_apparmor(&l, err);
	if (n < 0)
		end_all(&l);
	if (l.supervisor)
		ret->unexamined = supervisor_unexamined(l.supervisor);
	return n;
}
