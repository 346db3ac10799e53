/* SPDX-License-Identifier: Apache-2.0 */

/*
 *	hostile ACT [ARGUMENT...]
 *
 * What an odd or hostile program does while somebody records it: one act, after which it says "ok"
 * with status 0, or what went wrong with status 1.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define X32_BIT 0x40000000

extern char **environ;

static _Noreturn void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void need(bool ok, const char *what)
{
	if (!ok)
		fail(what);
}

static void open_and_close(int at, const char *path, int flags)
{
	int fd = openat(at, path, flags | O_CLOEXEC, 0600);

	need(fd >= 0, path);
	close(fd);
}

static void wait_for(pid_t pid)
{
	int status;

	need(pid > 0 && waitpid(pid, &status, 0) == pid, "waitpid");
	errno = 0;
	need(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child's end");
}

/* ---- names */

/* SECONDS: as many processes as there may be, each with the same in mind. */
static void forks(char **argv)
{
	time_t end = time(NULL) + atoi(argv[0]);
	bool refused = false;

	while (time(NULL) < end) {
		pid_t pid = fork();

		if (pid < 0 && errno == EAGAIN)
			refused = true;
		if (pid != 0)
			usleep(2000);
	}
	/* Each counts as one that saw it. */
	if (refused)
		open_and_close(AT_FDCWD, argv[1], O_WRONLY | O_CREAT);
}

static void *sleep_long(void *seconds)
{
	sleep((unsigned)(uintptr_t)seconds);
	return NULL;
}

/* SECONDS: the same with threads. */
static void threads(char **argv)
{
	uintptr_t seconds = (uintptr_t)atoi(argv[0]);
	pthread_attr_t attr;
	pthread_t t;
	int n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (pthread_create(&t, &attr, sleep_long, (void *)seconds) == 0)
		n++;
	printf("threads %d\n", n);
}

/* FOLDER FOLDERS NAMES: files of that many names, spread over so many folders. */
static void names(char **argv)
{
	unsigned folders = (unsigned)atoi(argv[1]), n = (unsigned)atoi(argv[2]);
	char path[4096];

	for (unsigned i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%u/%u", argv[0], i % folders, i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		/* The file system may have no room for so many. */
		need(fd >= 0 || errno == ENOSPC, path);
		close(fd);
	}
}

/* FOLDER: more than PATH_MAX, in one go and step by step. */
static void long_paths(char **argv)
{
	static char path[3 * 4096];
	char name[201];

	memset(name, 'n', 200);
	name[200] = '\0';
	memset(path, '/', sizeof(path) - 1);
	need(open(path, O_RDONLY) < 0 && errno == ENAMETOOLONG, "a path of 12 kB");
	need(chdir(argv[0]) == 0, "chdir");
	for (int i = 0; i < 30; i++)
		need(mkdir(name, 0700) == 0 && chdir(name) == 0, "mkdir");
	open_and_close(AT_FDCWD, "deep", O_WRONLY | O_CREAT);
	need(unlink("deep") == 0, "unlink");
}

/* PROGRAM: is mapped as data, and made code; then memory that is no file. */
static void late_code(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	void *q = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(fd >= 0 && p != MAP_FAILED && q != MAP_FAILED, "mmap");
	need(mprotect(q, 4096, PROT_READ | PROT_EXEC) == 0, "mprotect");
	need(argv[1] || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0, "mprotect");
}

/* FOLDER: paths that begin in one that is gone. */
static void deleted_folder(char **argv)
{
	char above[64];

	need(chdir(argv[0]) == 0 && mkdir("gone", 0700) == 0 && chdir("gone") == 0 &&
			rmdir("../gone") == 0,
		"a folder that is gone");
	need(open("x", O_RDONLY) < 0 && errno == ENOENT, "a file in it");
	need(open("x", O_WRONLY | O_CREAT, 0600) < 0 && errno == ENOENT, "a new file in it");
	open_and_close(AT_FDCWD, ".", O_RDONLY);
	snprintf(above, sizeof(above), "../page");
	open_and_close(AT_FDCWD, above, O_RDONLY);
}

/* PAGE: by links that lead to what is open. */
static void magic_links(char **argv)
{
	int fd = open(argv[0], O_PATH | O_CLOEXEC), pipes[2];
	char path[4200];

	need(fd >= 0 && pipe(pipes) == 0, "open");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	open_and_close(AT_FDCWD, path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	open_and_close(AT_FDCWD, path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/root%s", argv[0]);
	open_and_close(AT_FDCWD, path, O_RDONLY);
	snprintf(path, sizeof(path), "/dev/fd/%d", pipes[0]);
	open_and_close(AT_FDCWD, path, O_RDONLY);
	open_and_close(AT_FDCWD, "/proc/self/exe", O_RDONLY);
}

/* ---- programs */

/* PROGRAM ARGUMENT...: by a descriptor. */
static void exec_descriptor(char **argv)
{
	int fd = open(argv[0], O_PATH | O_CLOEXEC);

	need(fd >= 0, "open");
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	fail("execveat");
}

static void *exec_here(void *argv)
{
	execv(((char **)argv)[0], argv);
	fail("execv");
}

/* The same from a thread, while the first one is stopped in a call. */
static void exec_thread(char **argv)
{
	pthread_t t;

	need(pthread_create(&t, NULL, exec_here, argv) == 0, "pthread_create");
	for (;;)
		close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void exec_vfork(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	wait_for(pid);
}

/* PAGE: from a process that no C library made. */
static void clone3_(char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		syscall(SYS_openat, AT_FDCWD, argv[0], O_RDONLY);
		_exit(0);
	}
	wait_for((pid_t)pid);
}

/* ---- calls */

/* PAGE: addresses that nothing is at, and some at the end of what there is. */
static void pointers(char **argv)
{
	static const long bad[] = { 0, 1, -1, 0x7fffffffffff, 0x4141414141414141 };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t len = strlen(argv[0]) + 1;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need(page != MAP_FAILED && munmap(page + 4096, 4096) == 0 && s >= 0, "prepare");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		need(syscall(SYS_open, bad[i], O_RDONLY) < 0, "open");
		need(syscall(SYS_openat2, AT_FDCWD, bad[i], bad[i], 24) < 0, "openat2");
		need(syscall(SYS_openat2, AT_FDCWD, argv[0], bad[i], 24) < 0, "openat2");
		need(syscall(SYS_execve, bad[i], bad[i], bad[i]) < 0, "execve");
		need(syscall(SYS_execveat, bad[i], bad[i], bad[i], 0, AT_EMPTY_PATH) < 0,
			"execveat");
		need(syscall(SYS_rename, argv[0], bad[i]) < 0, "rename");
		need(syscall(SYS_connect, s, bad[i], 16) < 0, "connect");
		need(syscall(SYS_bind, s, bad[i], bad[i]) < 0, "bind");
		need(syscall(SYS_sendto, s, "x", 1, 0, bad[i], 16) < 0 || !bad[i], "sendto");
		need(syscall(SYS_sendmsg, s, bad[i], 0) < 0, "sendmsg");
		need(syscall(SYS_sendmmsg, s, bad[i], 1u << 20, 0) < 0, "sendmmsg");
		need(syscall(SYS_clone3, bad[i], 88) < 0, "clone3");
		need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, bad[i]) < 0, "seccomp");
		need(syscall(SYS_mount, bad[i], bad[i], bad[i], 0, bad[i]) < 0, "mount");
	}
	/* A string that ends with the page, and one that does not. */
	memcpy(page + 4096 - len, argv[0], len);
	open_and_close(AT_FDCWD, page + 4096 - len, O_RDONLY);
	memset(page, 'x', 4096);
	need(syscall(SYS_open, page + 4000, O_RDONLY) < 0 && errno == EFAULT, "no end");
}

/* Numbers of no call, and of another ABI. */
static void numbers(char **argv)
{
	static const long odd[] = { -1, 9999, 1 << 20, X32_BIT | SYS_getppid, X32_BIT | 9999,
		X32_BIT | SYS_open };

	(void)argv;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		need(syscall(odd[i], 0, 0, 0) < 0 && errno == ENOSYS, "ENOSYS");
}

/* PAGE */
static void undumpable(char **argv)
{
	need(prctl(PR_SET_DUMPABLE, 0) == 0, "prctl");
	open_and_close(AT_FDCWD, argv[0], O_RDONLY);
}

/* PAGE: nothing odd. */
static void read_page(char **argv)
{
	open_and_close(AT_FDCWD, argv[0], O_RDONLY);
}

/* NEW */
static void close_all(char **argv)
{
	syscall(SYS_close_range, 0, ~0u, 0);
	open_and_close(AT_FDCWD, argv[0], O_WRONLY | O_CREAT);
}

/* SIGNALLED: made once a signal is pending that it does not want. */
static void block_signals(char **argv)
{
	sigset_t set;

	sigfillset(&set);
	need(sigprocmask(SIG_BLOCK, &set, NULL) == 0, "sigprocmask");
	open_and_close(AT_FDCWD, argv[0], O_WRONLY | O_CREAT);
	do {
		usleep(10000);
		open_and_close(AT_FDCWD, argv[0], O_RDONLY);
		sigpending(&set);
	} while (!sigismember(&set, SIGTERM));
	open_and_close(AT_FDCWD, argv[0], O_RDONLY);
}

/* ---- filters and tracers of its own */

#define BY_PRCTL (-1)

static long filter(uint32_t call, uint32_t action, long flags)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(f) / sizeof(*f), .filter = f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (flags == BY_PRCTL)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* PAGE */
static void own_filter_by(char **argv, long flags)
{
	need(filter(SYS_mkdir, SECCOMP_RET_ERRNO | 77, flags) == 0, "seccomp");
	need(mkdir(argv[0], 0700) < 0 && errno == 77, "what it refuses itself");
	open_and_close(AT_FDCWD, argv[0], O_RDONLY);
}

static void own_filter(char **argv)
{
	own_filter_by(argv, 0);
}

static void own_filter_prctl(char **argv)
{
	own_filter_by(argv, BY_PRCTL);
}

/* Says what became of it: Linux lets each process have one listener. */
static void own_listener(char **argv)
{
	long fd = filter(SYS_mkdir, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);

	(void)argv;
	printf("listener: %s\n", fd < 0 ? strerror(errno) : "made");
}

/* PAGE: a child that its parent lets open nothing. Says whether that was asked. */
static void own_tracer(char **argv)
{
	int status, asked = 0;
	pid_t pid = fork();

	if (pid == 0) {
		need(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0, "ptrace");
		raise(SIGSTOP);
		need(filter(SYS_openat, SECCOMP_RET_TRACE, 0) == 0, "seccomp");
		syscall(SYS_openat, AT_FDCWD, argv[0], O_RDONLY);
		_exit(0);
	}
	need(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	need(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP) == 0, "ptrace");
	do {
		ptrace(PTRACE_CONT, pid, 0, 0);
		need(waitpid(pid, &status, 0) == pid, "waitpid");
		asked += status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
	} while (!WIFEXITED(status));
	printf("tracer: %s\n", asked ? "asked" : "not asked");
}

/* PAGE: each call of a child is stopped at its begin and end. */
static void trace_calls(char **argv)
{
	int status, stops = 0;
	pid_t pid = fork();

	if (pid == 0) {
		need(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0, "ptrace");
		raise(SIGSTOP);
		for (int i = 0; i < 20; i++)
			open_and_close(AT_FDCWD, argv[0], O_RDONLY);
		_exit(0);
	}
	do {
		need(waitpid(pid, &status, 0) == pid, "waitpid");
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	} while (!WIFEXITED(status) && ++stops);
	need(WEXITSTATUS(status) == 0 && stops >= 80, "its stops");
}

/* PAGE: it is opened, and the first call to io_uring fails where that is not there. */
static void uring(char **argv)
{
	struct io_uring_params p = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 8, &p);
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	char *rings;

	if (fd < 0) {
		printf("io_uring: %s\n", strerror(errno));
		return;
	}
	rings = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(
		NULL, 8 * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	need(rings != MAP_FAILED && sqes != MAP_FAILED, "mmap");
	sqes[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)argv[0],
		.open_flags = O_RDONLY };
	((uint32_t *)(rings + p.sq_off.array))[0] = 0;
	__atomic_add_fetch((uint32_t *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	need(syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1,
		"io_uring_enter");
	cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	errno = -cqes[0].res;
	need(cqes[0].res >= 0, argv[0]);
}

/* ---- what an observer waits for in vain */

struct fault {
	int uffd;
	char *page;
	const char *path, *other;
};

/* Opens another file before it gives the page that the first one's path lies in. */
static void *handle_fault(void *ctx)
{
	struct fault *f = ctx;
	static char content[4096] __attribute__((aligned(4096)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)f->page, .src = (uintptr_t)content, .len = 4096
	};
	struct pollfd p = { .fd = f->uffd, .events = POLLIN };

	strcpy(content, f->path);
	poll(&p, 1, -1);
	open_and_close(AT_FDCWD, f->other, O_RDONLY);
	need(ioctl(f->uffd, UFFDIO_COPY, &copy) == 0, "UFFDIO_COPY");
	return NULL;
}

/* PAGE OTHER: the path of PAGE lies in memory that the program itself has to supply. */
static void faults(char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct fault f = { .path = argv[0], .other = argv[1] };
	pthread_t t;

	f.uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (f.uffd < 0) {
		printf("userfaultfd: %s\n", strerror(errno));
		return;
	}
	f.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	where.range.start = (uintptr_t)f.page;
	where.range.len = 4096;
	need(f.page != MAP_FAILED && ioctl(f.uffd, UFFDIO_API, &api) == 0 &&
			ioctl(f.uffd, UFFDIO_REGISTER, &where) == 0 &&
			pthread_create(&t, NULL, handle_fault, &f) == 0,
		"userfaultfd");
	open_and_close(AT_FDCWD, f.page, O_RDONLY);
	pthread_join(t, NULL);
}

/* PROGRAM OTHER: who may execute PROGRAM a thread is asked, which opens OTHER before it answers. */
static void *permit(void *ctx)
{
	struct fault *f = ctx;
	struct fanotify_event_metadata e;

	while (read(f->uffd, &e, sizeof(e)) == sizeof(e)) {
		struct fanotify_response yes = { .fd = e.fd, .response = FAN_ALLOW };

		open_and_close(AT_FDCWD, f->other, O_RDONLY);
		need(write(f->uffd, &yes, sizeof(yes)) == sizeof(yes), "answer");
		close(e.fd);
	}
	return NULL;
}

static void permits(char **argv)
{
	struct fault f = { .other = argv[1] };
	pthread_t t;
	pid_t pid;

	f.uffd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	if (f.uffd < 0 || fanotify_mark(f.uffd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, argv[0])) {
		printf("fanotify: %s\n", strerror(errno));
		return;
	}
	need(pthread_create(&t, NULL, permit, &f) == 0, "pthread_create");
	pid = vfork();
	if (pid == 0) {
		execl(argv[0], argv[0], NULL);
		_exit(127);
	}
	wait_for(pid);
}

/* PAGE: its path lies where nobody else can read. */
static void secret(char **argv)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	char *page;

	if (fd < 0) {
		printf("memfd_secret: %s\n", strerror(errno));
		return;
	}
	need(ftruncate(fd, 4096) == 0, "ftruncate");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(page != MAP_FAILED, "mmap");
	strcpy(page, argv[0]);
	open_and_close(AT_FDCWD, page, O_RDONLY);
}

/*
 * PAGE FOLDER: the same, below a file whose name is longer in proc_pid_maps(5) than any line should
 * be, and ends as a line of there could begin: with all addresses, which nobody may read.
 */
static void secret_below_name(char **argv)
{
	char folder[251], name[256];
	int fd, root = open("/", O_PATH | O_CLOEXEC);

	memset(folder, '\n', 250); /* each is four bytes there */
	folder[250] = '\0';
	snprintf(name, sizeof(name), "%.50s%150s0-ffffffffffffffff -", folder, "");
	need(chdir(argv[1]) == 0, argv[1]);
	for (int i = 0; i < 4; i++)
		need(mkdir(folder, 0700) == 0 && chdir(folder) == 0, "mkdir");
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	need(fd >= 0 && mmap((void *)0x100000, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
				fd, 0) != MAP_FAILED,
		"a file of a long name");
	need(fchdir(root) == 0, "fchdir");
	secret(argv);
}

/* ---- namespaces, groups, identities */

/* FOLDER: the root of a child is that folder, in namespaces of its own. */
static void new_root(char **argv)
{
	need(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare");
	pid_t pid = fork();

	if (pid == 0) {
		need(chroot(argv[0]) == 0 && chdir("/") == 0, "chroot");
		open_and_close(AT_FDCWD, "/page", O_RDONLY);
		open_and_close(AT_FDCWD, "/../../page", O_RDONLY);
		_exit(0);
	}
	wait_for(pid);
}

/* GROUP: goes there, and does what is only counted. */
static void leave_group(char **argv)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[0]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(fd >= 0 && write(fd, "0", 1) == 1, path);
	sync();
}

/* PAGE: without its name. */
static void by_handle(char **argv)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount, fd = open("/", O_RDONLY | O_CLOEXEC);

	need(name_to_handle_at(AT_FDCWD, argv[0], &u.h, &mount, 0) == 0, "name_to_handle_at");
	close(fd);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	printf("handle: %s\n",
		open_by_handle_at(fd, &u.h, O_RDONLY) < 0 ? strerror(errno) : "opened");
}

/* N: each the child of the one before, and then a signal to all. */
static void chain(char **argv)
{
	int n = atoi(argv[0]), pipes[2];
	char c;

	need(pipe(pipes) == 0 && setpgid(0, 0) == 0, "prepare");
	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		need(pid >= 0, "fork");
		if (pid > 0) {
			close(pipes[1]);
			wait_for(pid);
			if (i)
				_exit(0);
			return;
		}
	}
	for (int i = 0; i < 3; i++)
		need(kill(0, SIGUSR1) == 0, "kill");
	close(pipes[1]);
	need(read(pipes[0], &c, 1) >= 0, "read");
	_exit(0);
}

static const struct act {
	const char *name;
	void (*run)(char **argv);
	int n; /* arguments that it needs at least */
} acts[] = {
	{ "forks", forks, 2 },
	{ "threads", threads, 1 },
	{ "names", names, 3 },
	{ "long-paths", long_paths, 1 },
	{ "late-code", late_code, 1 },
	{ "deleted-folder", deleted_folder, 1 },
	{ "magic-links", magic_links, 1 },
	{ "exec-descriptor", exec_descriptor, 1 },
	{ "exec-thread", exec_thread, 1 },
	{ "clone3", clone3_, 1 },
	{ "exec-vfork", exec_vfork, 1 },
	{ "pointers", pointers, 1 },
	{ "numbers", numbers, 0 },
	{ "undumpable", undumpable, 1 },
	{ "read", read_page, 1 },
	{ "close-all", close_all, 1 },
	{ "block-signals", block_signals, 1 },
	{ "own-filter", own_filter, 1 },
	{ "own-filter-prctl", own_filter_prctl, 1 },
	{ "own-listener", own_listener, 0 },
	{ "own-tracer", own_tracer, 1 },
	{ "trace-calls", trace_calls, 1 },
	{ "uring", uring, 1 },
	{ "faults", faults, 2 },
	{ "permits", permits, 2 },
	{ "secret", secret, 1 },
	{ "secret-below-name", secret_below_name, 2 },
	{ "new-root", new_root, 1 },
	{ "leave-group", leave_group, 1 },
	{ "by-handle", by_handle, 2 },
	{ "chain", chain, 1 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(*acts); i++) {
		if (strcmp(acts[i].name, argv[1]) || argc - 2 < acts[i].n)
			continue;
		setvbuf(stdout, NULL, _IOLBF, 0);
		acts[i].run(argv + 2);
		puts("ok");
		return 0;
	}
	fputs("hostile: what is that?\n", stderr);
	return 2;
}
