/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/command_tree.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a person or a service manager sends to pale and means for the command. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH };

void command_tree_release(struct command_tree *t)
{
	free(t->foreign);
	launched_release(&t->command);
	if (t->signals >= 0)
		close(t->signals);
}

static int prepare_signals(struct command_tree *t, sigset_t *ret_before, struct pale_err **err)
{
	sigset_t set;

	/* Who is started with it ignored is not told of its children, nor how they ended (wait(2)).
	 * The command gets it so, too, as execve(2) may do anyway. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* A reader of our reports that went away must not take the command with it. */
	sigaddset(&set, SIGPIPE);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, ret_before) < 0)
		return pale_err_set(err, errno, "block signals");
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return pale_err_set(err, errno, "signalfd");
	return 0;
}

static FILE *open_children(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", getpid());
	return fopen(name, "re");
}

void command_tree_pass_over(struct command_tree *t, pid_t pid)
{
	pid_t *more = realloc(t->foreign, (t->n_foreign + 1) * sizeof(*more));

	if (!more)
		abort();
	t->foreign = more;
	t->foreign[t->n_foreign++] = pid;
}

static int note_foreign(struct command_tree *t, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = open_children();
	pid_t pid;

	if (!f)
		return pale_err_set(err, errno, "look for children");
	while (fscanf(f, "%d", &pid) == 1)
		command_tree_pass_over(t, pid);
	return 0;
}

static bool is_foreign(const struct command_tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->n_foreign; i++) {
		if (t->foreign[i] == pid)
			return true;
	}
	return false;
}

/* The next child of this process that belongs to the run; 0: there is none. */
static pid_t next_child(const struct command_tree *t, FILE *children)
{
	pid_t pid;

	while (children && fscanf(children, "%d", &pid) == 1) {
		if (!is_foreign(t, pid))
			return pid;
	}
	return 0;
}

/* Once the command is gone, what it left behind: those are children of this process by now. */
static void forward(const struct command_tree *t, int signo)
{
	_cleanup_fclose_ FILE *f = NULL;
	pid_t pid;

	if (!t->reaped) {
		kill(t->command.pid, signo);
		return;
	}
	f = open_children();
	while ((pid = next_child(t, f)) > 0) {
		kill(pid, signo);
		kill(pid, SIGCONT); /* one that its tracer left stopped would never see it */
	}
}

static void reap(struct command_tree *t)
{
	_cleanup_fclose_ FILE *f = NULL;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < t->n_foreign; i++) {
			if (t->foreign[i] == pid)
				t->foreign[i] = 0; /* the number may be given away again */
		}
		if (pid != t->command.pid)
			continue;
		t->reaped = true;
		t->wait_status = status;
		t->exec_errno = launched_exec_errno(&t->command);
	}
	if (pid < 0 && errno == ECHILD) {
		t->alone = true;
	} else if (t->n_foreign && t->reaped) {
		/* One that cannot be listed is waited for. */
		f = open_children();
		t->alone = f && next_child(t, f) == 0;
	}
}

static void take_signal(struct command_tree *t, const struct signalfd_siginfo *s)
{
	switch (s->ssi_signo) {
	case SIGCHLD:
		reap(t);
		return;
	case SIGPIPE:
		return;
	case SIGTERM:
	case SIGINT:
	case SIGQUIT:
		t->told_to_end = (int)s->ssi_signo;
		break;
	}
	/* The terminal sent it to the command as well, which is in its foreground group. */
	if (s->ssi_code != SI_KERNEL)
		forward(t, (int)s->ssi_signo);
}

int command_tree_handle(struct command_tree *t, struct pale_err **err)
{
	struct signalfd_siginfo s;
	ssize_t n;

	while ((n = read(t->signals, &s, sizeof(s))) == sizeof(s))
		take_signal(t, &s);
	return n < 0 && errno != EAGAIN ? pale_err_set(err, errno, "read signals") : 0;
}

/* Nobody would answer for them. Each death may hand us the children of the dead. */
void command_tree_end(struct command_tree *t)
{
	while (!t->alone) {
		struct timespec pause = { .tv_nsec = 1000 * 1000 };

		if (!t->reaped && t->command.pid > 0)
			kill(t->command.pid, SIGKILL);
		t->reaped = true;
		forward(t, SIGKILL);
		nanosleep(&pause, NULL);
		reap(t);
	}
}

int command_tree_prepare(struct command_tree *t, sigset_t *ret_mask, struct pale_err **err)
{
	int r = prepare_signals(t, ret_mask, err);

	if (r >= 0)
		r = note_foreign(t, err);
	/* Who outlives the command becomes our child, and is served and reaped. */
	if (r >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = pale_err_set(err, errno, "become a subreaper");
	return r;
}
