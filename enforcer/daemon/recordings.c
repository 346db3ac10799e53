/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/recordings_internal.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/container_recorder.h"
#include "enforcer/daemon/event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define TOLD_BYTES_MAX 1024

static void recorded_free(struct recorded *r)
{
	sd_event_source_disable_unref(r->ended);
	sd_event_source_disable_unref(r->told);
	sd_event_source_disable_unref(r->late);
	if (r->tell >= 0)
		close(r->tell);
	json_decref(r->kept);
	free(r->why);
	free(r->id);
	free(r);
}

struct recorded *recorded_find(const struct daemon *d, const char *id)
{
	for (size_t i = 0; i < d->recordings->n; i++) {
		if (strcmp(d->recordings->v[i]->id, id) == 0)
			return d->recordings->v[i];
	}
	return NULL;
}

struct recorded *recorded_add(struct daemon *d, const char *id)
{
	struct recordings *all = d->recordings;
	struct recorded *r = calloc(1, sizeof(*r));

	all->v = reallocarray(all->v, all->n + 1, sizeof(struct recorded *));
	if (!r || !all->v)
		abort();
	*r = (struct recorded){ .daemon = d, .id = strdup(id), .tell = -1 };
	if (!r->id)
		abort();
	all->v[all->n++] = r;
	return r;
}

/* on_end() goes on with it; the daemon waits for nobody. */
static void kill_recorder(struct recorded *r)
{
	if (r->child)
		kill(r->child, SIGKILL);
}

void recorded_drop(struct daemon *d, struct recorded *r)
{
	struct recordings *all = d->recordings;
	_cleanup_free_ char *kept = recorded_path(r, ".json");

	recorded_remove_run(r);
	unlink(kept);
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i] == r) {
			all->v[i] = all->v[--all->n];
			break;
		}
	}
	if (!r->child) {
		recorded_free(r);
		return;
	}
	kill_recorder(r);
	r->next = all->dropped;
	all->dropped = r;
}

/* ---- the course of one */

static void tell_event(const struct recorded *r, const char *kind, const char *error)
{
	struct container *c = containers_find(&r->daemon->containers, r->id);
	json_t *o = event_notice(kind, c);

	if (!c)
		json_object_set_new(o, "container", json_pack("{s:s}", "id", r->id));
	json_object_set(o, "recording", json_object_get(r->kept, "recording"));
	if (error)
		json_object_set_new(o, "error", json_string(error));
	event_log_take(&r->daemon->log, o);
}

void recorded_answer(struct recorded *r)
{
	r->late = sd_event_source_disable_unref(r->late);
	r->told = sd_event_source_disable_unref(r->told);
	if (r->tell >= 0)
		close(TAKE_FD(r->tell));
	if (r->waiting)
		server_answer(r->waiting, json_object());
	r->waiting = NULL;
}

static void finish(struct recorded *r, const char *error)
{
	r->done = true;
	recorded_keep(r);
	tell_event(r, error ? "recording-failed" : "recording-ended", error);
}

static void fail(struct recorded *r, const char *why)
{
	daemon_tell(LOG_ERR, "container '%s' is not recorded: %s", r->id, why);
	recorded_save_lost(r, why);
	finish(r, why);
	recorded_answer(r);
}

static void reap(struct recorded *r, int *status)
{
	while (waitpid(r->child, status, 0) < 0 && errno == EINTR)
		;
	r->child = 0;
	r->ended = sd_event_source_disable_unref(r->ended);
}

static struct recorded **find_dropped(const struct daemon *d, const char *id)
{
	struct recorded **r = &d->recordings->dropped;

	while (*r && strcmp((*r)->id, id) != 0)
		r = &(*r)->next;
	return r;
}

/* What it said on its pipe, without the newline; "" when that was that it has begun, or nothing. */
static void read_told(struct recorded *r, struct text *ret, bool *begun)
{
	char s[TOLD_BYTES_MAX];
	ssize_t n = r->tell >= 0 ? read(r->tell, s, sizeof(s)) : 0;

	*begun = n == 1 && s[0] == '\n';
	if (n > 0)
		text_add(ret, s, (size_t)(s[n - 1] == '\n' ? n - 1 : n));
}

static void begin(struct recorded *r);

/* It may have put its file into place while it was killed. */
static void end_dropped(struct recorded *r)
{
	struct daemon *d = r->daemon;
	struct recorded *again = recorded_find(d, r->id), **at = &d->recordings->dropped;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (!again || !again->done)
		recorded_remove_run(r);
	recorded_free(r);
	if (again && !again->done && !again->child && !*find_dropped(d, again->id))
		begin(again);
}

static bool is_dropped(const struct recorded *r)
{
	return recorded_find(r->daemon, r->id) != r;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	struct recorded *r = ctx;
	bool begun, waited = r->tell >= 0;
	int status = 0;

	(void)source;
	(void)fd;
	(void)events;
	read_told(r, &why, &begun);
	reap(r, &status);
	if (is_dropped(r)) {
		end_dropped(r);
		return 0;
	}
	if (r->why) {
		fail(r, r->why);
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == CONTAINER_RECORDER_NOT_STARTED) {
		/* Nothing was, that a run could be of. */
		recorded_answer(r);
		recorded_drop(r->daemon, r);
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && recorded_is_saved(r)) {
		finish(r, NULL);
		recorded_answer(r);
		return 0;
	}
	if (!why.len && WIFSIGNALED(status))
		text_printf(&why, "its recorder was killed by signal %d", WTERMSIG(status));
	else if (!why.len)
		text_puts(&why, waited ? "its recorder could not begin" : "its recorder failed");
	fail(r, text_str(&why));
	return 0;
}

/* The reason of the first who says one. */
static void end_for(struct recorded *r, const char *why)
{
	kill_recorder(r);
	if (!r->why && !(r->why = strdup(why)))
		abort();
}

static int on_told(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	struct recorded *r = ctx;
	bool begun;

	(void)source;
	(void)fd;
	(void)events;
	read_told(r, &why, &begun);
	if (begun) {
		tell_event(r, "recording-begun", NULL);
		recorded_answer(r);
		return 0;
	}
	r->told = sd_event_source_disable_unref(r->told);
	end_for(r, why.len ? text_str(&why) : "its recorder ended");
	return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct recorded *r = ctx;

	(void)source;
	(void)usec;
	end_for(r, "its recorder did not begin in time");
	recorded_answer(r);
	return 0;
}

/* ---- its recorder */

static int spawn(struct recorded *r, const struct container *c, int tell, struct pale_err **err)
{
	_cleanup_free_ char *file = recorded_path(r, ".run");
	char parent[16];
	const char *argv[] = { "paled", CONTAINER_RECORDER_WORD, recorded_text(r, "run_id"),
		c->cgroup + 3, file, parent, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int n;

	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, c->pidfd, CONTAINER_RECORDER_INIT);
	posix_spawn_file_actions_adddup2(&actions, tell, CONTAINER_RECORDER_TELL);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	n = posix_spawn(
		&r->child, "/proc/self/exe", &actions, &attributes, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (n)
		r->child = 0;
	return n ? pale_err_set(err, n, "start its recorder") : 0;
}

static int listen_to(struct recorded *r, struct pale_err **err)
{
	sd_event *e = r->daemon->event;
	int pidfd = (int)syscall(SYS_pidfd_open, r->child, 0), n;

	if (pidfd < 0)
		return pale_err_set(err, errno, "open its recorder's process");
	n = sd_event_add_io(e, &r->ended, pidfd, EPOLLIN, on_end, r);
	if (n < 0) {
		close(pidfd);
		return pale_err_set(err, -n, "wait for its recorder");
	}
	sd_event_source_set_io_fd_own(r->ended, 1);
	n = sd_event_add_io(e, &r->told, r->tell, EPOLLIN, on_told, r);
	/* What it says last goes before its end. */
	if (n >= 0)
		n = sd_event_source_set_priority(r->ended, SD_EVENT_PRIORITY_NORMAL + 1);
	return n < 0 ? pale_err_set(err, -n, "wait for its recorder") : 0;
}

/* dup2() to these numbers must not meet them: what is there is the other one's. */
static int above(int *fd, struct pale_err **err)
{
	int high;

	if (*fd > CONTAINER_RECORDER_TELL)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, CONTAINER_RECORDER_TELL + 1);
	if (high < 0)
		return pale_err_set(err, errno, "keep a descriptor");
	close(*fd);
	*fd = high;
	return 0;
}

static size_t running(const struct daemon *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->recordings->n; i++)
		n += d->recordings->v[i]->child != 0;
	for (const struct recorded *r = d->recordings->dropped; r; r = r->next)
		n++;
	return n;
}

static int start(struct recorded *r, const struct container *c, struct pale_err **err)
{
	_cleanup_close_ int out = -1;
	int fds[2], n, status;

	if (strncmp(c->cgroup, "0::", 3) != 0)
		return pale_err_plain(
			err, EOPNOTSUPP, "it has no cgroup of its own in the unified hierarchy");
	if (running(r->daemon) >= RECORDINGS_AT_ONCE)
		return pale_err_plain(err, EBUSY,
			"%d containers are recorded, as many as can be at once",
			RECORDINGS_AT_ONCE);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return pale_err_set(err, errno, "make a pipe");
	r->tell = fds[0];
	out = fds[1];
	n = above(&out, err);
	if (n >= 0)
		n = spawn(r, c, out, err);
	if (n >= 0)
		n = listen_to(r, err);
	/* This early it has nothing to detach, and nothing might tell of its end. */
	if (n < 0 && r->child) {
		kill_recorder(r);
		reap(r, &status);
	}
	return n;
}

static int limit_beginning(struct recorded *r, struct pale_err **err)
{
	int n = sd_event_add_time_relative(r->daemon->event, &r->late, CLOCK_MONOTONIC,
		(uint64_t)RECORDING_BEGIN_MS * 1000, 100000, on_late, r);

	return n < 0 ? pale_err_set(err, -n, "wait for its recorder") : 0;
}

/* Once no earlier recorder of that container, which could write to the same file, is there. */
static void begin(struct recorded *r)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct container *c = containers_find(&r->daemon->containers, r->id);
	int n = 0;

	if (r->why)
		fail(r, r->why);
	else if (!c)
		fail(r, "it ended before its recorder began");
	else if (!r->late)
		n = limit_beginning(r, &err);
	if (r->done)
		return;
	if (n >= 0 && !*find_dropped(r->daemon, r->id))
		n = start(r, c, &err);
	if (n < 0)
		fail(r, pale_err_text(err));
}

static void make_room(struct daemon *d)
{
	struct recorded *oldest = NULL;

	for (size_t i = 0; i < d->recordings->n; i++) {
		struct recorded *r = d->recordings->v[i];

		if (r->done && (!oldest || r->since_ns < oldest->since_ns))
			oldest = r;
	}
	if (d->recordings->n < RECORDINGS_MAX || !oldest)
		return;
	daemon_tell(LOG_WARNING,
		"the recording of container '%s' for %s is dropped: %d are kept, and nobody has "
		"taken it",
		oldest->id, recorded_text(oldest, "recording"), RECORDINGS_MAX);
	tell_event(oldest, "recording-dropped", NULL);
	recorded_drop(d, oldest);
}

struct waiter {
	struct daemon *daemon;
	char *id;
};

static void on_gone(struct connection *c, void *data)
{
	struct waiter *w = data;
	struct recorded *r = w->daemon->recordings ? recorded_find(w->daemon, w->id) : NULL;

	if (r && r->waiting == c)
		r->waiting = NULL;
	free(w->id);
	free(w);
}

static void wait_for(struct recorded *r, struct connection *connection)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w || !(w->id = strdup(r->id)))
		abort();
	w->daemon = r->daemon;
	server_keep(connection, w, on_gone);
	r->waiting = connection;
}

void recordings_begin(struct daemon *d, const struct container *c, const char *recording,
	struct connection *connection)
{
	struct recorded *r = recorded_find(d, c->id);

	/* As by engines that start a container again. */
	if (r) {
		recorded_answer(r);
		daemon_tell(LOG_WARNING,
			"the recording of container '%s' for %s is dropped: it is started again, "
			"and nobody has taken it",
			r->id, recorded_text(r, "recording"));
		tell_event(r, "recording-dropped", NULL);
		recorded_drop(d, r);
	}
	make_room(d);
	r = recorded_add(d, c->id);
	r->since_ns = c->since_ns;
	r->kept = recorded_describe(c, recording);
	wait_for(r, connection);
	/* What is kept of nobody known would be taken for a stray by the next daemon. */
	if (recorded_keep(r) < 0)
		fail(r, "what it is of could not be kept");
	else
		begin(r);
}

const char *recordings_of(const struct daemon *d, const struct container *c)
{
	const struct recorded *r = recorded_find(d, c->id);

	return r && r->child ? recorded_text(r, "recording") : NULL;
}

bool recordings_wait_again(struct daemon *d, const char *id, struct connection *connection)
{
	struct recorded *r = recorded_find(d, id);

	/* It waits until the recorder has said something. */
	if (!r || !r->late)
		return false;
	if (r->waiting && r->waiting != connection)
		server_answer(r->waiting, json_object());
	wait_for(r, connection);
	return true;
}

/* Where the daemon ends, it waits: for all at once, as they detach side by side. */
static void release(struct recorded *r)
{
	int status;

	if (r->child)
		reap(r, &status);
	recorded_free(r);
}

void recordings_release(struct daemon *d)
{
	struct recordings *all = d->recordings;

	if (!all)
		return;
	for (size_t i = 0; i < all->n; i++)
		kill_recorder(all->v[i]);
	for (size_t i = 0; i < all->n; i++)
		release(all->v[i]);
	while (all->dropped) {
		struct recorded *r = all->dropped;

		all->dropped = r->next;
		release(r);
	}
	free(all->v);
	free(all->dir);
	free(all);
	d->recordings = NULL;
}
