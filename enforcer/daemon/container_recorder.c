/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/container_recorder.h"

#include "compiler/base/cleanup.h"
#include "enforcer/bpf/lsm_event.h"
#include "enforcer/daemon/container.h"
#include "enforcer/daemon/written_run.h"
#include "enforcer/group_processes.h"
#include "enforcer/lsm_source.h"
#include "enforcer/load_lsm.h"
#include "enforcer/new_run.h"
#include "enforcer/proc.h"
#include "enforcer/record_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

struct session {
	const char *id, *cgroup, *file;
	int tell; /* -1: it has been told */
	struct recorded_group group;
	struct lsm_learner *learner;
	struct lsm_source source;
	bool told_full;
};

static void session_release(struct session *s)
{
	closep(&s->tell);
	closep(&s->group.fd);
	closep(&s->group.init);
	closep(&s->group.root);
	lsm_source_release(&s->source);
	learn_run_free(s->group.run);
	lsm_learner_free(s->learner);
}

/* Once, on one line: libraries say things on several. */
static void tell(struct session *s, const char *what)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	ssize_t n;

	if (s->tell < 0)
		return;
	for (; *what; what++)
		text_putc(&t, (unsigned char)*what < ' ' ? ' ' : *what);
	text_putc(&t, '\n');
	/* Who does not listen has ended, and so does this. */
	n = write(s->tell, text_str(&t), t.len);
	(void)n;
	close(TAKE_FD(s->tell));
}

static int end_with(pid_t parent, struct pale_err **err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return pale_err_set(err, errno, "end with paled");
	return getppid() == parent ? 0 : pale_err_plain(err, ESRCH, "paled has ended");
}

/* Raising it needs no privilege. */
static void be_killed_first(void)
{
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, "1000", 4) : -1;

	(void)n;
}

static bool is_same_folder(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A runtime that is to create and start in one (`runc run`) asks before it has gone into the
 * container's root: then that is found later.
 */
static int root_of(pid_t pid)
{
	char own[32], its[32];
	struct stat a, b;
	uint64_t parent;

	snprintf(own, sizeof(own), "/proc/%d/root", pid);
	if (proc_status_number(pid, "PPid", 10, &parent) < 0)
		return -1;
	snprintf(its, sizeof(its), "/proc/%d/root", (int)parent);
	if (stat(own, &a) < 0 || (stat(its, &b) >= 0 && is_same_folder(&a, &b)))
		return -1;
	return open(own, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int find_group(struct session *s, struct pale_err **err)
{
	struct recorded_group *g = &s->group;
	pid_t pid;
	int r = container_pid_of(g->init, &pid, err);

	if (r >= 0)
		r = group_open(s->cgroup, &g->fd, &g->cgroup, err);
	if (r < 0)
		return r;
	g->root = root_of(pid);
	return 0;
}

/* Of a container whatever is not in its image is drift; where that cannot be told, what is newer.
 */
static uint64_t drift_begins(const struct recorded_group *g)
{
	struct statfs fs;
	struct timespec t;

	if (g->root >= 0 && fstatfs(g->root, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		return LSM_START_OF_IMAGE;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Without BPF-LSM calls and programs are recorded, and the run says that it is no more. */
static int watch(struct session *s, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why = NULL;
	struct lsm_watch w = { .cgroup = s->group.cgroup, .init = s->group.init, .begins = true };
	int r;

	if (lsm_supported(&why) >= 0 && lsm_learner_new(&s->learner, &why) < 0)
		fprintf(stderr, "paled: a container is recorded without BPF-LSM: %s\n",
			pale_err_text(why));
	s->group.run =
		learn_run_new(s->learner ? "bpf-lsm" : "tracepoint", s->id, (uint64_t)time(NULL));
	if (!s->learner)
		return 0;
	w.run = s->group.run;
	w.start_ns = drift_begins(&s->group);
	r = lsm_source_watch(&s->source, s->learner, &w, err);
	s->group.source = &s->source.source;
	return r;
}

static void ready(void *ctx)
{
	tell(ctx, "");
}

/* A disk that is full must not end the recording. */
static void flush(void *ctx, const struct learn_runs *runs)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct session *s = ctx;

	learn_run_lost(runs->v[0], 1, NEW_RUN_LOST_LATER);
	if (written_run_save(s->file, runs->v[0], RECORDED_RUN_MAX, &err) >= 0 || s->told_full)
		return;
	fprintf(stderr, "paled: what is recorded of a container: %s\n", pale_err_text(err));
	s->told_full = true;
}

static int record(struct session *s, struct pale_err **err)
{
	struct record_cgroups r = {
		.groups = &s->group, .n = 1, .ready = ready, .flush = flush, .ctx = s
	};
	int n = find_group(s, err);

	if (n >= 0)
		n = watch(s, err);
	return n < 0 ? n : record_cgroups(&r, err);
}

static int fail(struct session *s, const struct pale_err *err)
{
	if (s->tell < 0)
		fprintf(stderr, "paled: recording a container: %s\n", pale_err_text(err));
	tell(s, pale_err_text(err));
	return CONTAINER_RECORDER_FAILED;
}

int container_recorder_main(int argc, char **argv)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(session_release) struct session s = {
		.tell = CONTAINER_RECORDER_TELL,
		.group = { .fd = -1, .init = CONTAINER_RECORDER_INIT, .root = -1 },
	};

	if (argc != 6)
		return CONTAINER_RECORDER_FAILED;
	s.id = argv[2];
	s.cgroup = argv[3];
	s.file = argv[4];
	umask(0077);
	/* Who listens may have ended. */
	signal(SIGPIPE, SIG_IGN);
	be_killed_first();
	if (end_with((pid_t)strtol(argv[5], NULL, 10), &err) < 0 || record(&s, &err) < 0)
		return fail(&s, err);
	if (!s.group.began)
		return CONTAINER_RECORDER_NOT_STARTED;
	return written_run_save(s.file, s.group.run, RECORDED_RUN_MAX, &err) < 0 ? fail(&s, err)
										 : 0;
}
