/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor's refusals in a kernel that has it. Each act succeeds unconfined; within the profile it
 * is refused, and the violations that come of it name operation, object and rule. Then floods, and
 * what is left where the capabilities are not there. Prints TAP.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "enforcer/apparmor_denials.h"
#include "enforcer/load_apparmor.h"
#include "tests/vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT "/srv/pale-denials"
#define N(a) (sizeof(a) / sizeof(*(a)))
/* Looks like the rest of a record, and drives terminals. */
#define HOSTILE ROOT "/odd/a\" pid=1 apparmor=\"ALLOWED\" \\x41\n\033[31m\xff\xc3\xbc"

static const char policy_text[] =
	"profile t {\n"
	"  process {\n"
	"    allow exec /usr/bin/dash, /usr/bin/cat\n"
	"    allow exec /usr/bin/head as sub\n"
	"    deny exec " ROOT "/bin/*\n"
	"    deny signal TERM to any\n"
	"    deny ptrace any\n"
	"  }\n"
	"  file {\n"
	"    allow read /etc/**, /usr/**, /dev/**, " ROOT "/readable/**\n"
	"    allow read /proc/self/** except /proc/self/environ\n"
	"    allow write /proc/self/attr/current\n"
	"    allow map /usr/lib/**\n"
	"    deny read " ROOT "/secret\n"
	"    quiet deny read " ROOT "/quiet\n"
	"    deny write " ROOT "/ro/*\n"
	"    deny append " ROOT "/log/*\n"
	"    deny create, delete " ROOT "/spool/**\n"
	"    deny rename " ROOT "/move/**\n"
	"    deny link " ROOT "/link/*\n"
	"    deny setattr " ROOT "/attr/*\n"
	"    allow read " ROOT "/map/*, " ROOT "/lock/*\n"
	"    deny map " ROOT "/map/*\n"
	"    deny lock " ROOT "/lock/*\n"
	"    allow read " ROOT "/owner/* owner\n"
	"    deny read " ROOT "/listed/\n"
	"  }\n"
	"  network { allow connect unix /run/nothing; deny connect udp *:53 }\n"
	"  allow capability sys_admin\n"
	"  deny capability sys_chroot\n"
	"  profile sub { file { allow read /usr/**, /etc/**, /dev/**; allow map /usr/** } }\n"
	"}\n";

/* ---- what is reported */

struct seen {
	enum operation operation;
	enum outcome outcome;
	uint32_t domain;
	pid_t pid, parent;
	const char *rule;
	bool is_default;
	char *object, *executable;
};

static struct {
	struct seen v[16];
	unsigned int n; /* in all; of the first some are kept */
} seen;

static void forget(void)
{
	for (unsigned int i = 0; i < seen.n && i < N(seen.v); i++) {
		free(seen.v[i].object);
		free(seen.v[i].executable);
	}
	seen.n = 0;
}

static void take(void *ctx, const struct violation *v)
{
	if (seen.n < N(seen.v)) {
		struct seen *s = &seen.v[seen.n];
		_cleanup_(text_release) struct text object = TEXT_INIT;

		text_add(&object, v->object, v->object_len);
		*s = (struct seen){
			.operation = v->operation,
			.outcome = v->outcome,
			.domain = v->domain,
			.pid = v->pid,
			.parent = v->parent,
			.rule = v->decision.rule->text,
			.is_default = v->decision.rule->is_default,
			.executable = strdup(v->executable),
		};
		s->object = text_take(&object);
		/* The whole way to the terminal. */
		report_print(v, stderr, false);
	}
	seen.n++;
}

static const char *seen_text(void)
{
	static struct text t = TEXT_INIT;

	text_clear(&t);
	for (unsigned int i = 0; i < seen.n && i < N(seen.v); i++) {
		const struct seen *s = &seen.v[i];

		text_printf(&t, "%s%s ", i ? ", " : "", vocab_operations[s->operation].name);
		text_escaped(&t, s->object, strlen(s->object));
		text_printf(&t, " by '%s' (%d)", s->rule, s->outcome);
	}
	return t.len ? text_str(&t) : "nothing";
}

/* ---- the acts */

static int opened(const char *path, int flags)
{
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

static int act_read(const char *path)
{
	return opened(path, O_RDONLY);
}

static int act_write(const char *path)
{
	return opened(path, O_WRONLY);
}

static int act_both(const char *path)
{
	return opened(path, O_RDWR);
}

static int act_append(const char *path)
{
	return opened(path, O_WRONLY | O_APPEND | O_CREAT);
}

static int act_read_creat(const char *path)
{
	return opened(path, O_RDONLY | O_CREAT);
}

static int act_truncate(const char *path)
{
	return truncate(path, 1) < 0 ? errno : 0;
}

static int act_create(const char *path)
{
	return opened(path, O_WRONLY | O_CREAT | O_EXCL);
}

static int act_mkdir(const char *path)
{
	return mkdir(path, 0755) < 0 ? errno : 0;
}

static int act_symlink(const char *path)
{
	return symlink("x", path) < 0 ? errno : 0;
}

static int act_unlink(const char *path)
{
	return unlink(path) < 0 ? errno : 0;
}

static int act_rename(const char *path)
{
	return rename(path, ROOT "/move/new") < 0 ? errno : 0;
}

static int act_link(const char *path)
{
	return link(path, ROOT "/link/new") < 0 ? errno : 0;
}

static int act_chmod(const char *path)
{
	return chmod(path, 0700) < 0 ? errno : 0;
}

static int act_chown(const char *path)
{
	return chown(path, 0, 0) < 0 ? errno : 0;
}

static int act_map(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno
											 : 0;
}

static int act_lock(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return flock(fd, LOCK_SH) < 0 ? errno : 0;
}

static int act_exec(const char *path)
{
	execv(path, (char *[]){ (char *)path, NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static int act_memfd_exec(const char *unused)
{
	int fd = dup2(memfd_create("x", MFD_CLOEXEC), 100);

	if (write(fd, "garbage\n", 8) != 8)
		return errno;
	fexecve(fd, (char *[]){ (char *)"x", NULL }, (char *[]){ NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static int act_chroot(const char *unused)
{
	return chroot("/") < 0 ? errno : 0;
}

static int sock(int family, int type, int protocol)
{
	_cleanup_close_ int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd < 0 ? errno : 0;
}

static int act_udp(const char *unused)
{
	return sock(AF_INET, SOCK_DGRAM, 0);
}

static int act_tcp6(const char *unused)
{
	return sock(AF_INET6, SOCK_STREAM, 0);
}

static int act_raw(const char *unused)
{
	return sock(AF_INET, SOCK_RAW, 1);
}

static int act_packet(const char *unused)
{
	return sock(AF_PACKET, SOCK_DGRAM, 0);
}

static int act_netlink(const char *unused)
{
	return sock(AF_NETLINK, SOCK_RAW, 0);
}

static int act_term(const char *unused)
{
	return kill(getppid(), SIGTERM) < 0 ? errno : 0;
}

static int act_hup(const char *unused)
{
	return kill(getppid(), SIGHUP) < 0 ? errno : 0;
}

static int act_rtmin(const char *unused)
{
	return kill(getppid(), 36) < 0 ? errno : 0;
}

static int act_ptrace(const char *unused)
{
	return ptrace(PTRACE_SEIZE, getppid(), 0, 0) < 0 ? errno : 0;
}

static int act_mount(const char *path)
{
	return mount("none", path, "tmpfs", MS_NOSUID, NULL) < 0 ? errno : 0;
}

static int act_bind_mount(const char *path)
{
	return mount(ROOT "/readable", path, NULL, MS_BIND, NULL) < 0 ? errno : 0;
}

static int act_umount(const char *path)
{
	return umount(path) < 0 ? errno : 0;
}

static int act_attribute(const char *unused)
{
	static const char change[] = "changeprofile unconfined";
	_cleanup_close_ int fd = open("/proc/self/attr/current", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return write(fd, change, strlen(change)) < 0 ? errno : 0;
}

/* The sub-profile's program may not read there. */
static int act_head(const char *path)
{
	execl("/usr/bin/head", "head", "-c1", path, NULL);
	return errno;
}

struct expected {
	enum operation operation;
	const char *object;
	const char *rule; /* NULL: the default */
};

static const struct act {
	int (*act)(const char *path);
	const char *path;
	struct expected expected[2];
	enum outcome outcome;
	uint32_t domain;
	bool quiet;
} acts[] = {
	{ act_read, ROOT "/secret",
		.expected = { { OP_READ, ROOT "/secret", "deny read " ROOT "/secret" } } },
	{ act_read, ROOT "/quiet", .quiet = true },
	{ act_read, ROOT "/other/x", .expected = { { OP_READ, ROOT "/other/x", NULL } } },
	{ act_read, ROOT "/listed",
		.expected = { { OP_READ, ROOT "/listed/", "deny read " ROOT "/listed/" } } },
	{ act_read, HOSTILE, .expected = { { OP_READ, HOSTILE, NULL } } },
	{ act_write, ROOT "/ro/x",
		.expected = { { OP_WRITE, ROOT "/ro/x", "deny write " ROOT "/ro/*" } } },
	{ act_truncate, ROOT "/ro/x",
		.expected = { { OP_WRITE, ROOT "/ro/x", "deny write " ROOT "/ro/*" } } },
	{ act_both, ROOT "/other/x",
		.expected = { { OP_READ, ROOT "/other/x", NULL },
			{ OP_WRITE, ROOT "/other/x", NULL } } },
	{ act_both, ROOT "/readable/x", .expected = { { OP_WRITE, ROOT "/readable/x", NULL } } },
	{ act_append, ROOT "/log/x",
		.expected = { { OP_APPEND, ROOT "/log/x", "deny append " ROOT "/log/*" } } },
	{ act_create, ROOT "/spool/new",
		.expected = { { OP_CREATE, ROOT "/spool/new",
			"deny create, delete " ROOT "/spool/**" } } },
	{ act_mkdir, ROOT "/spool/dir",
		.expected = { { OP_CREATE, ROOT "/spool/dir/",
			"deny create, delete " ROOT "/spool/**" } } },
	{ act_symlink, ROOT "/spool/link",
		.expected = { { OP_CREATE, ROOT "/spool/link",
			"deny create, delete " ROOT "/spool/**" } } },
	{ act_unlink, ROOT "/spool/x",
		.expected = { { OP_DELETE, ROOT "/spool/x",
			"deny create, delete " ROOT "/spool/**" } } },
	{ act_rename, ROOT "/move/x",
		.expected = { { OP_RENAME, ROOT "/move/x", "deny rename " ROOT "/move/**" } } },
	{ act_link, ROOT "/link/x",
		.expected = { { OP_LINK, ROOT "/link/new", "deny link " ROOT "/link/*" },
			{ OP_LINK, ROOT "/link/x", "deny link " ROOT "/link/*" } } },
	{ act_chmod, ROOT "/attr/x",
		.expected = { { OP_SETATTR, ROOT "/attr/x", "deny setattr " ROOT "/attr/*" } } },
	{ act_chown, ROOT "/attr/x",
		.expected = { { OP_SETATTR, ROOT "/attr/x", "deny setattr " ROOT "/attr/*" } } },
	{ act_map, ROOT "/map/x",
		.expected = { { OP_MAP, ROOT "/map/x", "deny map " ROOT "/map/*" } } },
	{ act_lock, ROOT "/lock/x",
		.expected = { { OP_LOCK, ROOT "/lock/x", "deny lock " ROOT "/lock/*" } } },
	{ act_exec, ROOT "/bin/x",
		.expected = { { OP_EXEC, ROOT "/bin/x", "deny exec " ROOT "/bin/*" } } },
	{ act_exec, ROOT "/other/x", .expected = { { OP_EXEC, ROOT "/other/x", NULL } } },
	{ act_memfd_exec, NULL,
		.expected = { { OP_EXEC, "(without a path: /dev/fd/100)", NULL } } },
	{ act_read, ROOT "/owner/foreign",
		.expected = { { OP_READ, ROOT "/owner/foreign", NULL } } },
	{ act_read, "/proc/self/environ", .expected = { { OP_READ, "/proc/self/environ", NULL } } },
	{ act_read_creat, ROOT "/readable/x",
		.expected = { { OP_READ, ROOT "/readable/x",
			"allow read /etc/**, /usr/**, /dev/**, " ROOT "/readable/**" } },
		.outcome = OUTCOME_OVERBLOCKED },
	{ act_chroot, NULL,
		.expected = { { OP_CAPABILITY, "sys_chroot", "deny capability sys_chroot" } } },
	{ act_udp, NULL,
		.expected = { { OP_CONNECT, "udp (address not told by AppArmor)", NULL } } },
	{ act_tcp6, NULL,
		.expected = { { OP_CONNECT, "tcp (address not told by AppArmor)", NULL } } },
	{ act_raw, NULL, .expected = { { OP_SOCKET, "raw", NULL } } },
	{ act_packet, NULL, .expected = { { OP_SOCKET, "packet", NULL } } },
	{ act_netlink, NULL, .expected = { { OP_SOCKET, "netlink(ROUTE)", NULL } } },
	{ act_term, NULL, .expected = { { OP_SIGNAL, "TERM to any", "deny signal TERM to any" } } },
	{ act_hup, NULL, .expected = { { OP_SIGNAL, "HUP to any", NULL } } },
	{ act_rtmin, NULL, .expected = { { OP_SIGNAL, "RTMIN+2 to any", NULL } } },
	{ act_ptrace, NULL, .expected = { { OP_PTRACE, "any", "deny ptrace any" } } },
	{ act_mount, ROOT "/mnt",
		.expected = { { OP_MOUNT, "tmpfs from none on " ROOT "/mnt/", NULL } } },
	{ act_bind_mount, ROOT "/mnt",
		.expected = { { OP_BIND, ROOT "/readable/ on " ROOT "/mnt/", NULL } } },
	{ act_umount, ROOT "/mnt", .expected = { { OP_UMOUNT, ROOT "/mnt/", NULL } } },
	{ act_attribute, NULL,
		.expected = { { OP_WRITE, "/proc/self/attr/current",
			"allow write /proc/self/attr/current" } },
		.outcome = OUTCOME_OVERBLOCKED },
	{ act_head, ROOT "/readable/x", .expected = { { OP_READ, ROOT "/readable/x", NULL } },
		.domain = 1 },
};

/* ---- running them */

static const char *const directories[] = { "", "other", "listed", "odd", "readable", "ro", "log",
	"spool", "move", "link", "attr", "map", "lock", "bin", "owner", "mnt" };
static const char *const files[] = { "secret", "quiet", "other/x", "readable/x", "ro/x", "log/x",
	"spool/x", "move/x", "link/x", "attr/x", "map/x", "lock/x", "bin/x", "owner/foreign" };

static void make_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	must(fd >= 0 && write(fd, "garbage\n", 8) == 8, path);
	must(fchown(fd, strstr(path, "foreign") ? 1000 : 0, 0) == 0, path);
	must(fchmod(fd, 0755) == 0, path);
}

static void make_tree(void)
{
	static const char *const made[] = { "spool/new", "spool/link", "move/new", "link/new" };
	char path[256];

	umount(ROOT "/mnt");
	rmdir(ROOT "/spool/dir");
	for (size_t i = 0; i < N(made); i++) {
		snprintf(path, sizeof(path), ROOT "/%s", made[i]);
		unlink(path);
	}
	for (size_t i = 0; i < N(directories); i++) {
		snprintf(path, sizeof(path), ROOT "/%s", directories[i]);
		must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
	}
	for (size_t i = 0; i < N(files); i++) {
		snprintf(path, sizeof(path), ROOT "/%s", files[i]);
		make_file(path);
	}
	make_file(HOSTILE);
}

static int in_child(const char *profile, const struct act *act)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		must(freopen("/dev/null", "w", stdout) != NULL, "/dev/null");
		if (profile && aa_change_profile(profile) < 0)
			_exit(255);
		_exit(act->act(act->path));
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) != 255, "change profile");
	return WEXITSTATUS(status);
}

static void finish(struct apparmor_denials *d)
{
	struct pale_err *err = NULL;

	if (apparmor_denials_finish(d, &err) == 0)
		return;
	result(false, "finish: %s", pale_err_text(err));
	pale_err_free(err);
}

static bool as_expected(const struct act *a)
{
	unsigned int n = a->quiet ? 0 : a->expected[1].object ? 2 : 1;

	if (seen.n != n)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		const struct expected *e = &a->expected[i];
		const struct seen *s = &seen.v[i];

		if (s->operation != e->operation || strcmp(s->object, e->object) != 0 ||
			s->outcome != a->outcome || s->domain != a->domain ||
			s->is_default != !e->rule || (e->rule && strcmp(s->rule, e->rule) != 0))
			return false;
	}
	return true;
}

static void test_acts(const struct policy *p, struct apparmor_denials *d)
{
	for (size_t i = 0; i < N(acts); i++) {
		const struct act *a = &acts[i];
		_cleanup_(text_release) struct text shown = TEXT_INIT;
		int without, within;

		make_tree();
		if (a->act == act_umount)
			must(mount("none", a->path, "tmpfs", 0, NULL) == 0, "mount");
		without = in_child(NULL, a);
		make_tree();
		if (a->act == act_umount)
			must(mount("none", a->path, "tmpfs", 0, NULL) == 0, "mount");
		finish(d);
		forget();
		within = in_child(apparmor_profile_name(p, 0), a);
		finish(d);
		if (!a->quiet)
			text_escaped(&shown, a->expected[0].object, strlen(a->expected[0].object));
		result(without == 0 && within != 0 && as_expected(a),
			"%s %s: unconfined %d, within %d, seen %s",
			a->quiet ? "quiet" : vocab_operations[a->expected[0].operation].name,
			text_str(&shown), without, within, seen_text());
	}
	result(apparmor_denials_lost(d) == 0 && apparmor_denials_lost_known(d) &&
			apparmor_denials_unnamed(d) == 0,
		"lost %lu, unnamed %lu", (unsigned long)apparmor_denials_lost(d),
		(unsigned long)apparmor_denials_unnamed(d));
}

/* Executable and parent while the process lives, its name when it is gone. */
static void test_process(const struct policy *p, struct apparmor_denials *d)
{
	char self[256] = "";

	must(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "readlink");
	for (int gone = 0; gone < 2; gone++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0) {
			if (aa_change_profile(apparmor_profile_name(p, 0)) == 0)
				act_read(ROOT "/secret");
			if (!gone)
				pause();
			_exit(0);
		}
		if (gone)
			waitpid(pid, NULL, 0);
		forget();
		for (int i = 0; i < 50 && seen.n == 0; i++) {
			usleep(20000);
			finish(d);
		}
		result(seen.n == 1 && seen.v[0].pid == pid &&
				!strcmp(seen.v[0].executable, gone ? "apparmor_denial" : self) &&
				seen.v[0].parent == (gone ? 0 : getpid()),
			"a process that is %s: %s", gone ? "gone" : "there",
			seen.n ? seen.v[0].executable : "nothing");
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static struct apparmor_place ended(void *ctx, pid_t pid)
{
	return (struct apparmor_place){ .root = -1 };
}

/* Among other mounts, and all of them are gone when the record is read. */
static void act_in_container(const struct policy *p)
{
	static const char program[] = ROOT "/bin/contained";

	must(unshare(CLONE_NEWNS) == 0 &&
			mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			mount("none", ROOT "/bin", "tmpfs", 0, NULL) == 0,
		"mounts");
	must(opened(program, O_WRONLY | O_CREAT) == 0 && chmod(program, 0755) == 0, program);
	must(aa_change_profile(apparmor_profile_name(p, 0)) == 0, "change_profile");
	execl(program, "contained", NULL);
}

static void test_container(
	const struct policy *p, const struct apparmor_denials_options *of_programs)
{
	struct apparmor_denials_options options = *of_programs;
	_cleanup_(apparmor_denials_freep) struct apparmor_denials *d = NULL;
	struct pale_err *err = NULL;
	pid_t pid;

	options.place = ended;
	must(apparmor_denials_new(&options, &d, &err) == 0, "apparmor_denials_new");
	forget();
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		act_in_container(p);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 50 && seen.n == 0; i++) {
		usleep(20000);
		finish(d);
	}
	result(seen.n == 1 && !strcmp(seen.v[0].object, ROOT "/bin/contained") &&
			!strcmp(seen.v[0].rule, "deny exec " ROOT "/bin/*"),
		"a file of a container that has ended: %s", seen_text());
}

static void flood(const struct policy *p, int n)
{
	for (int half = 0; half < 2; half++) {
		if (fork() != 0)
			continue;
		if (aa_change_profile(apparmor_profile_name(p, 0)) < 0)
			_exit(1);
		for (int i = 0; i < n / 2; i++)
			act_read(ROOT "/secret");
		_exit(0);
	}
}

/* What was refused was seen or counted; a marker that met a full queue is counted too. */
static void test_flood(const struct policy *p, struct apparmor_denials *d, int n, uint64_t slack)
{
	uint64_t lost = apparmor_denials_lost(d);
	struct pale_err *err = NULL;
	int status, left = 2;

	finish(d);
	forget();
	flood(p, n);
	while (left) {
		must(apparmor_denials_handle(d, &err) == 0, "handle");
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			must(status == 0, "flood");
			left--;
		}
	}
	finish(d);
	lost = apparmor_denials_lost(d) - lost;
	result(seen.n > 0 && seen.n + lost >= (uint64_t)n && seen.n + lost <= (uint64_t)n + slack &&
			apparmor_denials_lost_known(d),
		"flood by %s: of %d refusals %u were seen and %lu lost", apparmor_denials_source(d),
		n, seen.n, (unsigned long)lost);
}

static void set_capabilities(const cap_value_t *v, int n, cap_flag_value_t to)
{
	cap_t caps = cap_get_proc();

	must(caps && cap_set_flag(caps, CAP_EFFECTIVE, n, v, to) == 0 && cap_set_proc(caps) == 0,
		"capabilities");
	cap_free(caps);
}

static void test_without(const struct policy *p, const struct apparmor_denials_options *options)
{
	static const cap_value_t read_log[] = { CAP_AUDIT_READ },
				 both[] = { CAP_AUDIT_READ, CAP_SYSLOG, CAP_SYS_ADMIN };
	_cleanup_(apparmor_denials_freep) struct apparmor_denials *d = NULL, *none = NULL;
	struct pale_err *err = NULL;
	pid_t pid;
	int r, status;

	set_capabilities(read_log, 1, CAP_CLEAR);
	r = apparmor_denials_new(options, &d, &err);
	result(r == 0 && !strcmp(apparmor_denials_source(d), "kmsg"), "no CAP_AUDIT_READ: %s",
		r ? pale_err_text(err) : apparmor_denials_source(d));
	if (r == 0)
		test_flood(p, d, 100, 32);
	set_capabilities(both, 3, CAP_CLEAR);
	r = apparmor_denials_new(options, &none, &err);
	result(r == -EOPNOTSUPP, "no CAP_SYSLOG either: %s", err ? pale_err_text(err) : "it works");
	pale_err_free(err);
	err = NULL;
	set_capabilities(both, 3, CAP_SET);
	/* The group can be joined there, but nothing is ever sent to it. */
	pid = fork();
	if (pid == 0) {
		must(unshare(CLONE_NEWNET) == 0, "unshare");
		r = apparmor_denials_new(options, &none, &err);
		_exit(r == 0 && !strcmp(apparmor_denials_source(none), "kmsg") ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	result(status == 0, "in another network namespace, by kmsg");
}

int main(void)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	_cleanup_(apparmor_denials_freep) struct apparmor_denials *d = NULL;
	struct apparmor_denials_options options = { .report = take };
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p;

	umask(022);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(36, SIG_IGN);
	compile_bytes(
		&c, "t.pale", policy_text, strlen(policy_text), &(struct compile_options){ 0 });
	diag_print(&c.diags, stderr, false);
	if (c.diags.n_errors)
		return 1;
	options.policy = p = compilation_policy(&c, NULL);
	if (apparmor_supported(&err) < 0 || apparmor_denials_new(&options, &d, &err) < 0 ||
		emit_apparmor(p, NULL, &text, &err) < 0 ||
		apparmor_load(text.s, text.len, &err) < 0) {
		printf("Bail out! %s\n", pale_err_text(err));
		return 1;
	}
	result(!strcmp(apparmor_denials_source(d), "netlink"), "records come by %s",
		apparmor_denials_source(d));
	test_acts(p, d);
	test_process(p, d);
	test_container(p, &options);
	test_flood(p, d, 10000, 64);
	test_without(p, &options);
	printf("1..%d\n", tests);
	forget();
	compilation_release(&c);
	return failures > 0;
}
