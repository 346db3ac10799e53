/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/compile_process.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"
#include "operator/controller/profile_compile.h"

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

const struct compile_limits compile_limits_default = {
	.cpu_seconds = COMPILE_CPU_SECONDS,
	.memory = COMPILE_MEMORY,
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

static bool limit_self(const struct compile_limits *limits)
{
	size_t own = address_space();
	rlim_t memory = own + limits->memory;
	sigset_t none;

	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0 && own &&
	       signal(SIGXCPU, SIG_DFL) != SIG_ERR && set_limit(RLIMIT_CORE, 0, 0) &&
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

/* Descriptor 3 is the pipe and the only one above stderr. */
static bool keep_pipe_alone(int fd)
{
	if (fd != 3 && dup2(fd, 3) < 0)
		return false;
	return close_range(4, ~0u, 0) == 0;
}

/* Of the parent's state it must not touch anything: it never returns. */
__attribute__((noreturn)) static void run_child(int fd, pid_t parent, const char *name,
	const json_t *spec, const struct compile_limits *limits)
{
	_cleanup_free_ char *answer = NULL;
	json_t *outcome;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || !keep_pipe_alone(fd) ||
		!limit_self(limits))
		_exit(2);
	json_set_alloc_funcs(allocate_or_abort, free);
	outcome = profile_compile(name, spec);
	answer = json_dumps(outcome, JSON_COMPACT);
	if (!answer || write_all(3, answer, strlen(answer)) < 0)
		_exit(3);
	_exit(0);
}

/* ---- the parent */

int compile_process_start(struct compile_process *p, const char *name, const json_t *spec,
	const struct compile_limits *limits, struct pale_err **err)
{
	pid_t self = getpid();
	int fds[2];

	*p = (struct compile_process){ .fd = -1, .limits = *limits };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return pale_err_set(err, errno, "make a pipe");
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		run_child(fds[1], self, name, spec, limits);
	close(fds[1]);
	if (p->pid < 0) {
		p->pid = 0;
		close(fds[0]);
		return pale_err_set(err, errno, "start a process to compile in");
	}
	p->fd = fds[0];
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static json_t *outcome(const char *reason, json_t *message)
{
	return json_pack("{s:s, s:o, s:[]}", "reason", reason, "message", message, "diagnostics");
}

/* The kernel sends SIGXCPU at the limit and an arena that cannot grow aborts. */
static json_t *outcome_of(const struct compile_process *p, int status)
{
	json_t *o = NULL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && p->answer.len <= ANSWER_MAX)
		o = json_loadb(text_str(&p->answer), p->answer.len, 0, NULL);
	if (o)
		return o;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return outcome(
			"TooComplex", json_string("the compiler was killed, as where the "
						  "controller itself has too little memory"));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return outcome(
			"TooComplex", json_sprintf("compiling it takes more than %u s of CPU time",
					      p->limits.cpu_seconds));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		return outcome(
			"TooComplex", json_sprintf("compiling it takes more than %zu MiB of memory",
					      p->limits.memory >> 20));
	if (WIFSIGNALED(status))
		return outcome("InternalError",
			json_sprintf("the compiler died of signal %d", WTERMSIG(status)));
	return outcome("InternalError",
		json_sprintf("the compiler ended with status %d", WEXITSTATUS(status)));
}

/* -ECHILD-like failures leave 0, an exit without an answer. */
static int reap(struct compile_process *p)
{
	int status = 0;

	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	close(p->fd);
	p->fd = -1;
	return status;
}

bool compile_process_read(struct compile_process *p, json_t **ret)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(p->fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0 && p->answer.len <= ANSWER_MAX)
			text_add(&p->answer, chunk, (size_t)n);
	}
	if (n < 0 && errno == EAGAIN)
		return false;
	*ret = outcome_of(p, reap(p));
	text_release(&p->answer);
	return true;
}

json_t *compile_process_give_up(struct compile_process *p)
{
	kill(p->pid, SIGKILL);
	reap(p);
	text_release(&p->answer);
	return outcome("CompileTimeout",
		json_string("compiling it did not end in time: this machine is too busy"));
}

int compile_process_run(const char *name, const json_t *spec, const struct compile_limits *limits,
	json_t **ret, struct pale_err **err)
{
	struct compile_process p;
	int r = compile_process_start(&p, name, spec, limits, err);

	if (r < 0)
		return r;
	for (;;) {
		struct pollfd wait = { .fd = p.fd, .events = POLLIN };

		poll(&wait, 1, -1);
		if (compile_process_read(&p, ret))
			return 0;
	}
}
