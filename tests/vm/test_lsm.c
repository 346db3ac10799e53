/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF-LSM against a live kernel, in the guest. Each case runs lsm_actor twice on the same fresh
 * tree: bare, which must succeed, and confined by a policy, which must end as the case says, with
 * just those events.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "enforcer/load_lsm.h"
#include "tests/vm/lsm_cases.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static char actor[4096];
static struct lsm *lsm;
static int n_results, n_bad;
static pid_t outside;
static int listener, waiting_client;

static void result(bool good, const char *title)
{
	n_bad += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++n_results, title);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check_err(int r, struct pale_err **err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", pale_err_text(*err));
	exit(1);
}

/* ---- the tree ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void put(const char *dir, const char *name, mode_t mode, const void *bytes, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		die(path);
	fchmod(fd, mode);
	close(fd);
}

static void put_text(const char *dir, const char *name, mode_t mode, const char *text)
{
	put(dir, name, mode, text, strlen(text));
}

static void make_tree(const char *dir, bool program)
{
	static char image[4 << 20];
	static size_t image_len;
	char path[256], text[4200];

	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (mkdir(dir, 0755) < 0) {
		/* nftw() cannot reach below PATH_MAX. */
		snprintf(text, sizeof(text), "rm -rf %s", dir);
		if (system(text) != 0 || mkdir(dir, 0755) < 0)
			die(dir);
	}
	put_text(dir, "a", 0644, "content");
	put_text(dir, "b", 0644, "content");
	put_text(dir, "private", 0600, "content");
	put_text(dir, "of-1000", 0644, "content");
	snprintf(path, sizeof(path), "%s/of-1000", dir);
	if (chown(path, 1000, 1000) < 0)
		die(path);
	put_text(dir, "private-of-1000", 0600, "content");
	snprintf(path, sizeof(path), "%s/private-of-1000", dir);
	if (chown(path, 1000, 1000) < 0)
		die(path);
	put_text(dir, "x.log", 0644, "content");
	snprintf(path, sizeof(path), "%s/dir", dir);
	mkdir(path, 0755);
	put_text(path, "x", 0644, "content");
	snprintf(path, sizeof(path), "%s/empty", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/link", dir);
	if (symlink("a", path) < 0)
		die(path);
	snprintf(path, sizeof(path), "%s/up", dir);
	if (symlink(".", path) < 0)
		die(path);
	if (!program)
		return;
	if (!image_len) {
		int fd = open(actor, O_RDONLY | O_CLOEXEC);
		ssize_t n;

		while ((n = read(fd, image + image_len, sizeof(image) - image_len)) > 0)
			image_len += (size_t)n;
		close(fd);
	}
	put(dir, "prog", 0755, image, image_len);
	snprintf(text, sizeof(text), "#!%s/prog nothing\n", dir);
	put_text(dir, "script", 0755, text);
}

static void make_trees(const struct lsm_case *t)
{
	bool program = strstr(t->command, "prog") || strstr(t->command, "script");

	if (strstr(t->command, "/tmp/t") || strstr(t->command, "receive"))
		make_tree("/tmp/t", program);
	if (strstr(t->command, "/srv/t"))
		make_tree("/srv/t", program);
}

/* ---- running ---- */

static void send_descriptor(int sock, int fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char c = 0;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	sendmsg(sock, &m, MSG_NOSIGNAL);
	close(fd);
}

/* Hands descriptors to lsm_actor until it ends. */
static void serve(int sock)
{
	int pipes[2];
	char c;

	while (recv(sock, &c, 1, 0) == 1) {
		switch (c) {
		case 'r':
			send_descriptor(sock, open("/tmp/t/a", O_RDONLY | O_CLOEXEC));
			break;
		case 'w':
			send_descriptor(sock, open("/tmp/t/a", O_WRONLY | O_CLOEXEC));
			break;
		case 'o':
			send_descriptor(sock, open("/tmp/t/a", O_PATH | O_CLOEXEC));
			break;
		case 'm':
			send_descriptor(sock, memfd_create("m", MFD_CLOEXEC));
			break;
		case 'p':
			if (pipe2(pipes, O_CLOEXEC) == 0) {
				send_descriptor(sock, pipes[0]);
				close(pipes[1]);
			}
			break;
		}
	}
}

/* Splits at blanks; "@outside" is a process that no policy confines, "@actor" lsm_actor. */
static void split(char *text, char **argv, int max)
{
	static char number[16];
	int n = 0;

	for (char *w = strtok(text, " "); w && n < max - 1; w = strtok(NULL, " ")) {
		if (!strcmp(w, "@outside")) {
			snprintf(number, sizeof(number), "%d", outside);
			w = number;
		} else if (!strcmp(w, "@actor")) {
			w = actor;
		}
		argv[n++] = w;
	}
	argv[n] = NULL;
}

/* In @cgroup_fd unless that is -1. An exit status, or 256 + the signal. */
static int run(const char *command, int cgroup_fd)
{
	char text[512], *argv[16] = { actor };
	int socks[2], status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", command);
	split(text, argv + 1, 15);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd;

		dup2(socks[1], 3);
		dup2(listener, 4);
		if (cgroup_fd >= 0) {
			fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
			if (fd < 0 || write(fd, "0", 1) != 1)
				_exit(254);
		}
		execv(actor, argv);
		_exit(errno);
	}
	close(socks[1]);
	serve(socks[0]);
	close(socks[0]);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- events ---- */

struct seen {
	const struct policy *policy;
	struct text text;
	uint64_t n, last;
	bool gap;
};

/* KIND:TYPE:SOURCE:PLACE:OPTIONS */
static void put_mount(struct text *t, const struct lsm_event *e)
{
	static const char *const kinds[] = { "new", "bind", "move", "remount", "propagation" };

	text_printf(t, "%s:", kinds[e->detail]);
	for (uint32_t i = 0; i < e->text_len; i++)
		text_putc(t, e->text[i] ? e->text[i] : ':');
	if (e->why)
		text_printf(t, " (%s)", lsm_why_name(e->why));
	text_printf(t, ":%u", e->number);
}

static void object_text(struct text *t, const struct lsm_event *e)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp", "icmp" };
	char address[64], *hash;

	switch (e->object) {
	case LSM_OBJECT_NONE:
		if (e->why)
			text_printf(t, "(%s)", lsm_why_name(e->why));
		break;
	case LSM_OBJECT_PATH:
		if (e->why == LSM_WHY_TOO_LONG) {
			text_puts(t, "(path too long)");
			break;
		}
		text_escaped(t, e->text, e->text_len < 200 ? e->text_len : 200);
		/* O_TMPFILE's are "#" and the inode's number. */
		if (e->why == LSM_WHY_UNLINKED && (hash = strrchr(t->s, '#'))) {
			t->len = (size_t)(hash + 1 - t->s);
			text_putc(t, '*');
		}
		if (e->why)
			text_printf(t, " (%s)", lsm_why_name(e->why));
		if (e->drift)
			text_puts(t, " (drift)");
		break;
	case LSM_OBJECT_ABSTRACT:
		text_puts(t, "abstract:");
		text_escaped(t, e->text, e->text_len);
		break;
	case LSM_OBJECT_ENDPOINT:
		inet_ntop(
			e->family == 6 ? AF_INET6 : AF_INET, e->address, address, sizeof(address));
		text_printf(t, "%s %s:%u", e->protocol < 4 ? protocols[e->protocol] : "?", address,
			e->port);
		break;
	case LSM_OBJECT_NUMBER:
		text_printf(t, "%u", e->number);
		break;
	case LSM_OBJECT_MOUNT:
		put_mount(t, e);
		break;
	case LSM_OBJECT_TASK:
		text_printf(t, "%s%u", e->operation == OP_SIGNAL ? "" : "mode ", e->number);
		text_puts(t, e->target == LSM_TARGET_OUTSIDE ? " outside" : " inside");
		break;
	}
}

static void on_event(void *ctx, const struct lsm_event *e)
{
	static const char *const outcomes[] = { "denied", "killed", "audited" };
	struct seen *s = ctx;

	if (s->text.len)
		text_putc(&s->text, '\n');
	text_printf(&s->text, "%s %s ", outcomes[e->outcome],
		e->operation < OP_COUNT ? vocab_operations[e->operation].name : "?");
	object_text(&s->text, e);
	text_printf(&s->text, " | %s", s->policy->rules[e->rule]->text);
	if (e->sequence != s->last + 1)
		s->gap = true;
	s->last = e->sequence;
	s->n++;
}

/* ---- cases ---- */

static int new_cgroup(char *path, size_t size)
{
	static int n;
	int fd;

	snprintf(path, size, "/sys/fs/cgroup/lsm-%d", n++);
	if (mkdir(path, 0755) < 0)
		die(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void remove_cgroup(const char *path)
{
	char kill_path[128];
	int fd;

	snprintf(kill_path, sizeof(kill_path), "%s/cgroup.kill", path);
	fd = open(kill_path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			die(kill_path);
		close(fd);
	}
	for (int i = 0; i < 100 && rmdir(path) < 0; i++)
		usleep(10000);
}

static void compile_case(struct compilation *c, const struct lsm_case *t)
{
	_cleanup_(text_release) struct text source = TEXT_INIT;

	text_printf(&source,
		"profile t {\n%s\n"
		"process { allow exec %s }\n"
		"file { allow read, map /usr/lib/**; allow read /etc/ld.so.cache }\n}\n",
		t->rules, actor);
	compile_bytes(c, "case.pale", source.s, source.len, &(struct compile_options){ 0 });
	if (c->diags.n_errors) {
		diag_print(&c->diags, stdout, false);
		printf("Bail out! policy of \"%s\"\n", t->title);
		exit(1);
	}
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	sync();
	if (fd < 0 || write(fd, "2", 1) != 1)
		die("drop_caches");
	close(fd);
}

static pid_t start_storm(void)
{
	pid_t pid;

	mkdir("/tmp/storm", 0755);
	put_text("/tmp/storm", "x", 0644, "");
	pid = fork();
	if (pid < 0)
		die("fork");
	while (pid == 0)
		if (rename("/tmp/storm/x", "/tmp/storm/y") < 0 ||
			rename("/tmp/storm/y", "/tmp/storm/x") < 0)
			_exit(1);
	return pid;
}

static void run_case(const struct lsm_case *t)
{
	_cleanup_(compilation_release) struct compilation c = { 0 };
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	_cleanup_close_ int cgroup = -1;
	struct pale_err *err = NULL;
	struct seen seen = { 0 };
	struct lsm_instance counters;
	struct timespec now;
	char cgroup_path[64], why[256] = "";
	uint64_t id;
	uint32_t policy, instance;
	int bare = t->bare, confined, status;
	pid_t storm = 0;

	make_trees(t);
	if (bare >= 0)
		bare = run(t->command, -1);
	if (bare >= 0 && bare != t->bare) {
		printf("# bare: %d, expected %d\n", bare, t->bare);
		result(false, t->title);
		return;
	}

	make_trees(t);
	compile_case(&c, t);
	seen.policy = c.policies[0];
	check_err(emit_lsm(c.policies[0], coverage_new(c.policies[0]), &blob, &err), &err);
	if (t->drop_caches)
		drop_caches();
	/* The file times of the tree must have passed. */
	usleep(10000);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	cgroup = new_cgroup(cgroup_path, sizeof(cgroup_path));
	check_err(lsm_add_policy(lsm, blob.s, blob.len, &policy, &err), &err);
	check_err(
		lsm_add_instance(lsm, policy,
			(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, &instance, &err),
		&err);
	check_err(lsm_cgroup_id(cgroup, &id, &err), &err);
	check_err(lsm_bind_cgroup(lsm, id, instance, &err), &err);
	if (t->storm)
		storm = start_storm();
	confined = run(t->command, cgroup);
	if (storm && (kill(storm, SIGKILL) < 0 || waitpid(storm, &status, 0) < 0 ||
			     !WIFSIGNALED(status)))
		die("storm");
	check_err(lsm_poll(lsm, 0, on_event, &seen, &err), &err);
	check_err(lsm_counters(lsm, instance, &counters, &err), &err);

	if (confined != t->expect)
		snprintf(why, sizeof(why), "ended with %d, expected %d", confined, t->expect);
	else if (t->flood && (counters.sequence != t->flood || counters.refused != t->flood ||
				     !counters.lost || counters.lost + seen.n != t->flood))
		snprintf(why, sizeof(why), "%llu events, %llu refused, %llu lost, %llu read",
			counters.sequence, counters.refused, counters.lost,
			(unsigned long long)seen.n);
	else if (t->flood)
		;
	else if (strcmp(text_str(&seen.text), t->events ? t->events : ""))
		snprintf(why, sizeof(why), "events differ");
	else if (seen.gap || counters.sequence != seen.n || counters.lost)
		snprintf(why, sizeof(why), "events are missing");
	result(!*why, t->title);
	if (*why)
		printf("# %s\n# events:\n# %s\n# expected:\n# %s\n", why, text_str(&seen.text),
			t->events ? t->events : "");
	text_release(&seen.text);
	remove_cgroup(cgroup_path);
	check_err(lsm_remove_instance(lsm, instance, &err), &err);
	check_err(lsm_remove_policy(lsm, policy, &err), &err);
}

/* ---- what the cases connect to ---- */

static int inet_listener(int type, uint16_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

static void unix_listener(int type, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));

	strncpy(a.sun_path, name, sizeof(a.sun_path) - 1);
	if (*name == '@')
		a.sun_path[0] = 0;
	unlink(name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0)
		die(name);
	if (type != SOCK_DGRAM && listen(fd, 4096) < 0)
		die("listen");
}

static void make_peers(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(7003),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	inet_listener(SOCK_STREAM, 7001);
	inet_listener(SOCK_DGRAM, 7001);
	listener = inet_listener(SOCK_STREAM, 7003);
	for (int i = 0; i < 16; i++) {
		waiting_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(waiting_client, (struct sockaddr *)&a, sizeof(a)) < 0)
			die("connect");
	}
	mkdir("/tmp/s", 0755);
	unix_listener(SOCK_STREAM, "/tmp/s/stream");
	unix_listener(SOCK_SEQPACKET, "/tmp/s/seqpacket");
	unix_listener(SOCK_DGRAM, "/tmp/s/dgram");
	unlink("/tmp/s/elsewhere");
	unix_listener(SOCK_STREAM, "@pale-stream");
	unix_listener(SOCK_DGRAM, "@pale-dgram");
	mkdir("/tmp/shown", 0755);
	if (link("/tmp/s/stream", "/tmp/s/alias") < 0 || symlink("stream", "/tmp/s/link") < 0 ||
		mount("/tmp/s", "/tmp/shown", NULL, MS_BIND, NULL) < 0)
		die("/tmp/s");
	outside = fork();
	if (outside == 0) {
		if (unshare(CLONE_NEWNS) < 0)
			_exit(1);
		unix_listener(SOCK_STREAM, "/tmp/s/elsewhere");
		for (;;)
			pause();
	}
}

int main(int argc, char **argv)
{
	struct pale_err *err = NULL;
	struct timespec before, after;
	ssize_t n = readlink("/proc/self/exe", actor, sizeof(actor) - 16);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("PALE_VM")) {
		printf("Bail out! for the guest only\n");
		return 1;
	}
	if (n < 0)
		die("/proc/self/exe");
	actor[n] = 0;
	strcpy(strrchr(actor, '/') + 1, "lsm_actor");

	check_err(lsm_supported(&err), &err);
	result(true, "the guest's kernel is supported");
	clock_gettime(CLOCK_MONOTONIC, &before);
	check_err(lsm_load(&lsm, &err), &err);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("# loaded in %ld ms\n",
		(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
	make_peers();
	while (access("/tmp/s/elsewhere", F_OK) < 0)
		usleep(1000);
	for (size_t i = 0; i < sizeof(lsm_cases) / sizeof(*lsm_cases); i++)
		if (argc < 2 || strstr(lsm_cases[i].title, argv[1]))
			run_case(&lsm_cases[i]);
	kill(outside, SIGKILL);
	lsm_free(lsm);
	printf("1..%d\n", n_results);
	return n_bad != 0;
}
