/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/limited_process.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sources again, library, diagnostics; doubled at most by JSON's escapes. */
#define ANSWER_MAX ((size_t)2 << 20)

const struct work_limits work_limits_default = {
	.cpu_seconds = 10,
	.memory = (size_t)96 << 20,
};

/* ---- the child */

/* Of this process, in bytes; 0 when it cannot be told. */
static size_t address_space(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages;

	if (!f || fscanf(f, "%lu", &pages) != 1)
		return 0;
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool set_limit(__rlimit_resource_t what, rlim_t value, rlim_t hard)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = hard };

	return setrlimit(what, &limit) == 0;
}

static bool limit_self(const struct work_limits *limits)
{
	size_t own = address_space();
	rlim_t memory = own + limits->memory;
	sigset_t none;

	/* Handlers are the parent's. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0 && own && set_limit(RLIMIT_CORE, 0, 0) &&
	       set_limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1) &&
	       set_limit(RLIMIT_AS, memory, memory);
}

/* jansson gives NULL where there is no memory, and a member would be missing: of what is dropped,
 * too. */
static void *allocate_or_abort(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		abort();
	return p;
}

/* Where memory is short it is this process that is killed, not the controller. That it cannot be
 * asked for changes nothing else. */
static void offer_to_be_killed(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/oom_score_adj", "we");

	if (f)
		fputs("1000", f);
}

/* Descriptor 3 is the pipe and the only one above stderr. */
static bool keep_pipe_alone(int fd)
{
	if (fd != 3 && dup2(fd, 3) < 0)
		return false;
	return close_range(4, ~0u, 0) == 0;
}

/* Of the parent's state it must not touch anything: it never returns. */
__attribute__((noreturn)) static void run_child(
	int fd, pid_t parent, limited_work work, const void *arg, const struct work_limits *limits)
{
	_cleanup_free_ char *answer = NULL;
	json_t *outcome;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || !keep_pipe_alone(fd) ||
		!limit_self(limits))
		_exit(2);
	offer_to_be_killed();
	json_set_alloc_funcs(allocate_or_abort, free);
	outcome = work(arg);
	answer = json_dumps(outcome, JSON_COMPACT);
	if (!answer || write_all(3, answer, strlen(answer)) < 0)
		_exit(3);
	_exit(0);
}

/* ---- the parent */

int limited_process_start(struct limited_process *p, limited_work work, const void *arg,
	const struct work_limits *limits, struct pale_err **err)
{
	pid_t self = getpid();
	int fds[2];

	*p = (struct limited_process){ .fd = -1, .limits = *limits };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return pale_err_set(err, errno, "make a pipe");
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		run_child(fds[1], self, work, arg, limits);
	close(fds[1]);
	if (p->pid < 0) {
		p->pid = 0;
		close(fds[0]);
		return pale_err_set(err, errno, "start a process to work in");
	}
	p->fd = fds[0];
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static json_t *outcome(const char *reason, json_t *message)
{
	return json_pack("{s:s, s:o}", "reason", reason, "message", message);
}

/* The kernel sends SIGXCPU at the limit and an arena that cannot grow aborts. */
static json_t *outcome_of(const struct limited_process *p, int status)
{
	json_t *o = NULL;

	if (p->answer.len > ANSWER_MAX)
		return outcome("InternalError",
			json_sprintf(
				"the process for it answers more than %zu MiB", ANSWER_MAX >> 20));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		o = json_loadb(text_str(&p->answer), p->answer.len, 0, NULL);
	if (o)
		return o;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return outcome("Timeout",
			json_string("the process for it was killed, as where memory is short"));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return outcome("TooComplex",
			json_sprintf("it takes more than %u s of CPU time", p->limits.cpu_seconds));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		return outcome("TooComplex", json_sprintf("it takes more than %zu MiB of memory",
						     p->limits.memory >> 20));
	if (WIFSIGNALED(status))
		return outcome("InternalError",
			json_sprintf("the process for it died of signal %d", WTERMSIG(status)));
	return outcome("InternalError",
		json_sprintf("the process for it ended with status %d", WEXITSTATUS(status)));
}

/*
 * One that closed the pipe and goes on would be waited for without end. What has ended by itself
 * keeps its status: a signal that comes later changes nothing of it. -ECHILD-like failures leave 0,
 * an exit without an answer.
 */
static int end(struct limited_process *p)
{
	int status = 0;

	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	return status;
}

bool limited_process_read(struct limited_process *p, json_t **ret)
{
	char chunk[65536];
	ssize_t n = 0;

	/* Who says too much is not listened to any longer, or this would not return. */
	while (p->answer.len <= ANSWER_MAX &&
		((n = read(p->fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))) {
		if (n > 0)
			text_add(&p->answer, chunk, (size_t)n);
	}
	if (p->answer.len <= ANSWER_MAX && n < 0 && errno == EAGAIN)
		return false;
	*ret = outcome_of(p, end(p));
	text_release(&p->answer);
	return true;
}

json_t *limited_process_give_up(struct limited_process *p)
{
	end(p);
	text_release(&p->answer);
	return outcome("Timeout", json_string("it did not end in time: this machine is too busy"));
}

void limited_process_close(struct limited_process *p)
{
	close(p->fd);
	p->fd = -1;
}

int limited_process_run(limited_work work, const void *arg, const struct work_limits *limits,
	json_t **ret, struct pale_err **err)
{
	struct limited_process p;
	int r = limited_process_start(&p, work, arg, limits, err);

	if (r < 0)
		return r;
	for (;;) {
		struct pollfd wait = { .fd = p.fd, .events = POLLIN };

		poll(&wait, 1, -1);
		if (limited_process_read(&p, ret))
			break;
	}
	limited_process_close(&p);
	return 0;
}
