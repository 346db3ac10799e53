/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_SCENE_H
#define PALE_TESTS_ATTACK_SCENE_H

/*
 * What the guest holds for attacks: what lsm_actor acts on and more, made anew for each, and how it
 * looks from outside whether one had its effect.
 */
#include "tests/attacks/catalogue/row.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "tests/vm/lsm_scene.h"

#include <linux/loop.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define VICTIM_FD 30

static char attack[4096], preload[4096];

static struct {
	/* Of the run: in the files, and in the runtime's environment. */
	char secret[32];
	struct text proof; /* what the attack said */
	pid_t victim, runtime;
	volatile struct {
		bool ready, poked;
		int signals;
		unsigned looks;	     /* at its word so far */
	} * seen;		     /* written by the victim */
	char marked[256], mark[512]; /* a path and how it was */
	bool reached;
} scene;

/* The victim's, and at the same address in it as here. */
static volatile long victim_word;

/* ---- the files ---- */

static void put_secrets(const char *dir)
{
	static const char *const names[] = { "a", "b", "private", "private-of-1000", "of-1000",
		"x.log", "dir/x", "b (deleted)", "b\n", "b\xff", "empty/file" };
	char text[64];

	snprintf(text, sizeof(text), "%s\n", scene.secret);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[256];
		struct stat st;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (!strcmp(names[i], "empty/file") && strcmp(dir, "/tmp/t"))
			continue;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, text, strlen(text)) < 0 || fstat(fd, &st) < 0)
			die(path);
		close(fd);
	}
}

static void copy_file(const char *from, const char *to)
{
	char command[9000];

	snprintf(command, sizeof(command), "cp '%s' '%s' && chmod 755 '%s'", from, to, to);
	if (system(command) != 0)
		die(to);
}

static bool mentions(const struct row *r, const char *what)
{
	return strstr(r->attack, what) || (r->twin && strstr(r->twin, what));
}

static void fresh_trees(const struct row *r)
{
	bool program = mentions(r, "/prog") || mentions(r, "/script") || mentions(r, "doc.pale");

	make_tree("/tmp/t", program);
	put_secrets("/tmp/t");
	if (!mentions(r, "/tmp/t/empty/") && !mentions(r, "then_read"))
		unlink("/tmp/t/empty/file");
	if (mentions(r, "/srv/t")) {
		make_tree("/srv/t", program);
		put_secrets("/srv/t");
	}
	if (program && !r->actor)
		copy_file(attack, "/tmp/t/prog");
	put_text("/tmp/t", "doc.pale", 0755, "");
	put_text("/tmp/t", "shell-script", 0755, "echo ran >&5\n");
	put_text("/tmp/t/dir", "script", 0644, "echo ran >&5\n");
	if (mentions(r, "evil.so"))
		copy_file(preload, "/tmp/t/evil.so");
}

/* A block device with the secret, the first of its kind. */
static void make_disk(void)
{
	char content[4096] = "";
	int control, disk, file;

	snprintf(content, sizeof(content), "%s\n", scene.secret);
	put("/tmp", "disk", 0600, content, sizeof(content));
	/* Whose module the kernel loads for who opens it. */
	if (mknod("/dev/loop-control", S_IFCHR | 0600, makedev(10, 237)) < 0 && errno != EEXIST)
		die("/dev/loop-control");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0 || ioctl(control, LOOP_CTL_GET_FREE) != 0)
		die("/dev/loop-control");
	close(control);
	disk = open("/dev/loop0", O_RDWR | O_CLOEXEC);
	file = open("/tmp/disk", O_RDWR | O_CLOEXEC);
	if (disk < 0 || file < 0 || ioctl(disk, LOOP_SET_FD, file) < 0)
		die("/dev/loop0");
	close(file);
	close(disk);
}

static void make_fuse(void)
{
	if (mknod("/dev/fuse", S_IFCHR | 0600, makedev(10, 229)) < 0 && errno != EEXIST)
		die("/dev/fuse");
	if (close(open("/dev/fuse", O_RDWR | O_CLOEXEC)) < 0)
		die("/dev/fuse");
}

/* Overlay's layers, and a cgroup hierarchy with a release agent. Once. */
static void make_mounts(void)
{
	static const char *const dirs[] = { "/tmp/o", "/tmp/o/lower", "/tmp/o/upper", "/tmp/o/work",
		"/tmp/o/merged", "/tmp/bm", "/tmp/cg", "/tmp/victim" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mkdir(dirs[i], 0755);
	put_text("/tmp/o/lower", "secret", 0644, scene.secret);
	if (mount("overlay", "/tmp/o/merged", "overlay", 0,
		    "lowerdir=/tmp/o/lower,upperdir=/tmp/o/upper,workdir=/tmp/o/work") < 0)
		die("overlay");
	put_text("/tmp/o/merged", "new", 0644, scene.secret);
	if (mount("none", "/tmp/bm", "binfmt_misc", 0, NULL) < 0)
		die("binfmt_misc");
	put_text("/tmp/bm", "register", 0200, ":pale:E::pale::/tmp/t/prog:");
	if (mount("cgroup", "/tmp/cg", "cgroup", 0, "none,name=pale") < 0)
		die("cgroup");
}

/* ---- peers ---- */

static void add_address(const char *name, const char *address)
{
	struct ifreq r = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&r.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &in->sin_addr) != 1 || ioctl(fd, SIOCSIFADDR, &r) < 0)
		die(address);
	close(fd);
}

static void add_sctp_peer(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7001) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0)
		die("sctp");
	peers[n_peers++] = fd;
}

/* Takes in what came, and tells whether anything did. */
static bool drain_peers(void)
{
	bool any = false;
	char buf[256];

	for (int i = 0; i < n_peers; i++) {
		int fd;

		/* Its clients wait on purpose. */
		if (peers[i] == listener)
			continue;
		fcntl(peers[i], F_SETFL, O_NONBLOCK);
		while ((fd = accept4(peers[i], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			any = true;
			close(fd);
		}
		while (recv(peers[i], buf, sizeof(buf), MSG_DONTWAIT) >= 0)
			any = true;
	}
	return any;
}

/* ---- other processes ---- */

static void on_signal(int signo)
{
	scene.seen->signals++;
}

static void be_victim(void)
{
	int fd;

	/* Links to programs that are to be detached among them. */
	close_range(3, ~0U, 0);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", "/tmp/victim", "tmpfs", 0, NULL) < 0)
		die("victim");
	put_text("/tmp/victim", "secret", 0644, scene.secret);
	fd = open("/tmp/victim/secret", O_RDONLY);
	if (fd < 0 || dup2(fd, VICTIM_FD) < 0)
		die("victim");
	signal(SIGCONT, on_signal);
	scene.seen->ready = true;
	for (;;) {
		if (victim_word)
			scene.seen->poked = true;
		scene.seen->looks++;
		usleep(1000);
	}
}

static void start_victim(void)
{
	scene.seen->ready = scene.seen->poked = false;
	scene.seen->signals = 0;
	scene.victim = fork();
	if (scene.victim < 0)
		die("fork");
	if (scene.victim == 0)
		be_victim();
	while (!scene.seen->ready)
		usleep(1000);
}

static void start_runtime(void)
{
	char environment[64], *const envp[] = { environment, NULL };
	char path[64];

	copy_file(attack, "/tmp/t/runtime");
	snprintf(environment, sizeof(environment), "TOKEN=%s", scene.secret);
	scene.runtime = fork();
	if (scene.runtime < 0)
		die("fork");
	if (scene.runtime == 0) {
		execle("/tmp/t/runtime", "/tmp/t/runtime", "wait", NULL, envp);
		_exit(1);
	}
	/* Until it is the program. */
	for (char exe[64] = ""; strcmp(exe, "/tmp/t/runtime");) {
		ssize_t n;

		usleep(1000);
		snprintf(path, sizeof(path), "/proc/%d/exe", scene.runtime);
		n = readlink(path, exe, sizeof(exe) - 1);
		exe[n < 0 ? 0 : n] = 0;
	}
}

static void end_process(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

/* ---- effects ---- */

/* All that an attack might change of a file but the time at which it was read. */
static void describe(const char *path, char *ret, size_t size)
{
	struct stat st;
	char content[128] = "", value[16] = "";
	ssize_t n;
	int fd;

	if (lstat(path, &st) < 0) {
		snprintf(ret, size, "none");
		return;
	}
	fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		n = read(fd, content, sizeof(content) - 1);
		content[n < 0 ? 0 : n] = 0;
		close(fd);
	}
	n = getxattr(path, "trusted.pale", value, sizeof(value) - 1);
	/* The kernel's own files have new times whenever somebody looks. */
	if (!strncmp(path, "/proc", 5) || !strncmp(path, "/sys", 4))
		memset(&st.st_mtim, 0, sizeof(st.st_mtim));
	snprintf(ret, size, "%o %u %u %lld %lld.%ld %zd %.100s", st.st_mode, st.st_uid, st.st_gid,
		(long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, n,
		content);
}

static void mark_path(const struct row *r)
{
	*scene.marked = 0;
	if (!r->effect || strncmp(r->effect, "changed ", 8))
		return;
	snprintf(scene.marked, sizeof(scene.marked), "%s", r->effect + 8);
	describe(scene.marked, scene.mark, sizeof(scene.mark));
}

static bool has_changed(void)
{
	char now[512];

	describe(scene.marked, now, sizeof(now));
	return strcmp(now, scene.mark) != 0;
}

/* What lies outside of the trees is as it was for who comes next. */
static void put_back(void)
{
	const char *content = strrchr(scene.mark, ' ');
	int fd;

	if (!*scene.marked || !has_changed() || !strncmp(scene.marked, "/tmp/t/", 7))
		return;
	if (!strcmp(scene.mark, "none")) {
		if (!strncmp(scene.marked, "/sys/module/", 12))
			syscall(SYS_delete_module, strrchr(scene.marked, '/') + 1, O_NONBLOCK);
		else
			unlink(scene.marked);
		return;
	}
	fd = open(scene.marked, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, content + 1, strlen(content + 1)) < 0)
		die(scene.marked);
	close(fd);
}

static bool said(const char *word)
{
	const char *s = scene.proof.len ? text_str(&scene.proof) : "";
	size_t len = strlen(word);

	for (; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, word, len) && (s[len] == '\n' || !s[len]))
			return true;
	return false;
}

/* Until it has looked at its word since now, and taken its signals. */
static void await_victim(void)
{
	unsigned before = scene.seen->looks;

	while (scene.seen->looks - before < 2 && waitpid(scene.victim, NULL, WNOHANG) == 0)
		usleep(1000);
}

static bool has_effect(const char *effect)
{
	if (!effect)
		return true;
	if (!strcmp(effect, "secret"))
		return scene.proof.len && strstr(text_str(&scene.proof), scene.secret);
	if (!strncmp(effect, "said ", 5))
		return said(effect + 5);
	if (!strncmp(effect, "changed ", 8))
		return has_changed();
	if (!strcmp(effect, "reached"))
		return scene.reached;
	await_victim();
	if (!strcmp(effect, "poked"))
		return scene.seen->poked;
	if (!strcmp(effect, "signalled"))
		return scene.seen->signals > 0;
	die(effect);
	return false;
}

/* ---- running ---- */

static void scene_make(void)
{
	struct rlimit files = { 4096, 4096 };

	setrlimit(RLIMIT_NOFILE, &files);
	snprintf(scene.secret, sizeof(scene.secret), "secret-%d-%ld", getpid(), (long)time(NULL));
	scene.seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (scene.seen == MAP_FAILED)
		die("mmap");
	/* Families whose modules the kernel would load for the first who asks. */
	close(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
	close(socket(AF_ALG, SOCK_SEQPACKET, 0));
	close(socket(AF_VSOCK, SOCK_STREAM, 0));
	close(socket(AF_PACKET, SOCK_RAW, 0));
	add_address("lo:1", "169.254.169.254");
	add_address("lo:2", "10.96.0.1");
	make_mounts();
	make_disk();
	make_fuse();
	make_peers();
	add_sctp_peer();
	while (access("/tmp/s/elsewhere", F_OK) < 0)
		usleep(1000);
}

static void scene_fresh(const struct row *r)
{
	fresh_trees(r);
	end_process(&scene.victim);
	end_process(&scene.runtime);
	if (mentions(r, "@victim"))
		start_victim();
	if (mentions(r, "@runtime"))
		start_runtime();
	mark_path(r);
	text_release(&scene.proof);
	drain_peers();
	/* The file times of the tree must have passed: later ones are drift. */
	usleep(10000);
}

static void scene_end(void)
{
	put_back();
	end_process(&scene.victim);
	end_process(&scene.runtime);
}

static void add_word(struct text *t, const char *name)
{
	static const char *const names[] = { "@attack", "@actor", "@victim", "@runtime", "@outside",
		"@word" };
	size_t i;

	for (i = 0; i < 6 && strncmp(name, names[i], strlen(names[i])); i++)
		;
	switch (i) {
	case 0:
		text_puts(t, attack);
		break;
	case 1:
		text_puts(t, actor);
		break;
	case 2:
		text_printf(t, "%d", scene.victim);
		break;
	case 3:
		text_printf(t, "%d", scene.runtime);
		break;
	case 4:
		text_printf(t, "%d", outside);
		break;
	case 5:
		text_printf(t, "%llx", (unsigned long long)(uintptr_t)&victim_word);
		break;
	default:
		text_putc(t, '@');
		return;
	}
}

/* "@name" and "\xHH" put in. */
static char *expand(const char *s)
{
	struct text t = TEXT_INIT;

	while (*s) {
		unsigned byte;

		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &byte) == 1) {
			text_putc(&t, (char)byte);
			s += 4;
		} else if (*s == '@') {
			size_t len = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz") + 1,
			       before = t.len;

			add_word(&t, s);
			s += t.s[before] == '@' && t.len == before + 1 ? 1 : len;
		} else {
			text_putc(&t, *s++);
		}
	}
	return text_take(&t);
}

/* Words at blanks. The caller does not free them: this is a child that executes them. */
static void split(const char *command, char **argv, int max)
{
	char *copy = strdup(command);
	int n = 0;

	for (char *w = strtok(copy, " "); w && n < max - 1; w = strtok(NULL, " "))
		argv[n++] = expand(w);
	argv[n] = NULL;
}

static void own_mounts(const struct row *r)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(252);
	if (r->mounted && mount(r->mounted, r->mounted, NULL, MS_BIND, NULL) < 0)
		_exit(252);
}

/* Whether the runner has bound the cgroup. Leaves errno. */
static bool asks_for_policy(void)
{
	int errnum = errno;
	char c = 'g';
	bool bound =
		errnum == EACCES && send(3, &c, 1, 0) == 1 && recv(3, &c, 1, 0) == 1 && c == 'y';

	errno = errnum;
	return bound;
}

/* By what stands before a command: descriptors are handed on through it. */
static bool keeps_descriptors;

/*
 * Starts @command in the cgroup, by @before (or NULL), which is a command's beginning. *ret_proof
 * is what it says, *ret_sock asks for descriptors.
 */
static pid_t start(const struct row *r, const char *command, int cgroup_fd,
	const char *const *before, int *ret_proof, int *ret_sock)
{
	int socks[2], pipes[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0 ||
		pipe2(pipes, O_CLOEXEC) < 0)
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		char *argv[64];
		int n = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC), fd, folder;
		bool alone = before && !keeps_descriptors;

		/* Where modules of the kernel look at what is inherited, it is nothing. */
		folder = alone ? null : open("/tmp/t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(254);
		/* The numbers below may be in use by one another: first away, then back. */
		socks[1] = fcntl(socks[1], F_DUPFD_CLOEXEC, 200);
		pipes[1] = fcntl(pipes[1], F_DUPFD_CLOEXEC, 200);
		folder = fcntl(folder, F_DUPFD_CLOEXEC, 200);
		null = fcntl(null, F_DUPFD_CLOEXEC, 200);
		fd = fcntl(listener, F_DUPFD_CLOEXEC, 200);
		dup2(alone ? null : socks[1], 3);
		dup2(alone ? null : fd, 4);
		dup2(pipes[1], 5);
		dup2(folder, 6);
		for (; before && before[n]; n++)
			argv[n] = strdup(before[n]);
		argv[n++] = strdup(r->actor ? r->actor : attack);
		split(command, argv + n, 64 - n);
		if (r->own_mounts)
			own_mounts(r);
		execv(argv[0], argv);
		if (r->unregistered && asks_for_policy())
			execv(argv[0], argv);
		_exit(errno);
	}
	close(socks[1]);
	close(pipes[1]);
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	*ret_proof = pipes[0];
	*ret_sock = socks[0];
	return pid;
}

/*
 * Runs it to its end; an exit status, or 256 + the signal. @meanwhile is called over and over, if
 * not NULL.
 */
static int scene_run(const struct row *r, const char *command, int cgroup_fd,
	const char *const *before, void (*meanwhile)(void *), void *ctx)
{
	int proof, sock, status = 0;
	char buf[4096];
	ssize_t n;
	pid_t pid = start(r, command, cgroup_fd, before, &proof, &sock);

	if (meanwhile) {
		for (int i = 0; i < 30 && waitpid(pid, &status, WNOHANG) == 0; i++)
			meanwhile(ctx);
		/* waitpid() below fails if it is gone by now, and leaves the status. */
	}
	if (!before || keeps_descriptors)
		serve(sock);
	waitpid(pid, &status, 0);
	close(sock);
	text_release(&scene.proof);
	while ((n = read(proof, buf, sizeof(buf))) > 0)
		text_add(&scene.proof, buf, (size_t)n);
	close(proof);
	scene.reached = drain_peers();
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
