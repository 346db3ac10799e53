/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor in a kernel that has it. Each act is done unconfined, where it has to succeed, and then
 * within the profile; what the policy allows has to pass, and what it refuses by a rule that is
 * called exact has to fail. Prints TAP.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "enforcer/load_apparmor.h"
#include "tests/vm/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT "/srv/pale-apparmor"
#define N(a) (sizeof(a) / sizeof(*(a)))

static const char policy_text[] =
	"profile t {\n"
	"  process {\n"
	"    allow exec " ROOT "/bin/*, /usr/bin/dash, /usr/bin/cat\n"
	"    allow exec /usr/bin/head as sub\n"
	"    allow signal CONT to self\n"
	"  }\n"
	"  file {\n"
	"    allow read /etc/**, /usr/**, /dev/**, /proc/self/**\n"
	"    allow map /usr/lib/**\n"
	"    allow read " ROOT "/a/** except " ROOT "/a/keys/**\n"
	"    allow read, write " ROOT "/w/*\n"
	"    allow read, append " ROOT "/append/*.log\n"
	"    allow create, delete " ROOT "/spool/*\n"
	"    allow rename " ROOT "/move/**\n"
	"    allow link " ROOT "/link/**\n"
	"    allow setattr " ROOT "/attr/*\n"
	"    allow read, lock " ROOT "/lock/*\n"
	"    allow read, map " ROOT "/map/*\n"
	"    allow read, link " ROOT "/owner/* owner\n"
	"    deny read " ROOT "/a/secret\n"
	"    allow read \"" ROOT "/odd/a b,c#d\", " ROOT "/odd/@\\{HOME\\}^\\?\\*\n"
	"  }\n"
	"  network { allow connect tcp 127.0.0.0/8:*; allow listen unix " ROOT "/sock/* }\n"
	"  allow capability chown, fowner\n" /* fowner: for fs.protected_hardlinks */
	"  profile sub { file { allow read /usr/**, /etc/**, /proc/self/**, /dev/**; allow map "
	"/usr/** } }\n"
	"}\n";

/* ---- files */

static const char *const directories[] = { "", "a", "a/keys", "w", "append", "spool", "move",
	"link", "attr", "lock", "map", "owner", "odd", "bin", "sock", "other" };
static const char *const files[] = { "a/x", "a/keys/k", "a/secret", "w/x", "append/a.log",
	"append/a.txt", "spool/x", "move/x", "link/x", "attr/x", "lock/x", "map/x", "owner/x",
	"owner/foreign", "odd/a b,c#d", "odd/@{HOME}^?*", "odd/@{HOME}^xy", "bin/x", "other/x" };

static void make_tree(void)
{
	for (size_t i = 0; i < N(directories); i++) {
		char path[256];

		snprintf(path, sizeof(path), ROOT "/%s", directories[i]);
		must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
	}
	for (size_t i = 0; i < N(files); i++) {
		char path[256];
		int fd;

		snprintf(path, sizeof(path), ROOT "/%s", files[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		must(fd >= 0 && write(fd, "garbage\n", 8) == 8, path);
		must(fchown(fd, strstr(path, "foreign") ? 1000 : 0, 0) == 0, path);
		close(fd);
	}
}

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

static int act_truncate(const char *path)
{
	return truncate(path, 3) < 0 ? errno : 0;
}

static int act_append(const char *path)
{
	return opened(path, O_WRONLY | O_APPEND);
}

/* As shells and loggers do it, on a file that is there. */
static int act_append_creat(const char *path)
{
	return opened(path, O_WRONLY | O_APPEND | O_CREAT);
}

static int act_exec(const char *path)
{
	execv(path, (char *[]){ (char *)path, NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static const char *beside(const char *path)
{
	static char other[256];

	snprintf(other, sizeof(other), "%s2", path);
	return other;
}

static int act_create(const char *path)
{
	return mknod(beside(path), S_IFREG | 0644, 0) < 0 ? errno : 0;
}

static int act_mkdir(const char *path)
{
	return mkdir(beside(path), 0755) < 0 ? errno : 0;
}

static int act_delete(const char *path)
{
	return unlink(path) < 0 ? errno : 0;
}

static int act_rename(const char *path)
{
	return rename(path, beside(path)) < 0 ? errno : 0;
}

static int act_link(const char *path)
{
	return link(path, beside(path)) < 0 ? errno : 0;
}

static int act_chmod(const char *path)
{
	return chmod(path, 0700) < 0 ? errno : 0;
}

static int act_map(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno
											 : 0;
}

static int locked(const char *path, int how)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return flock(fd, how) < 0 ? errno : 0;
}

static int act_lock_shared(const char *path)
{
	return locked(path, LOCK_SH);
}

static int act_lock(const char *path)
{
	return locked(path, LOCK_EX);
}

static const struct act {
	uint64_t operations; /* all of them are needed */
	const char *name;
	int (*act)(const char *path);
	bool beside; /* the second path's operation too */
} acts[] = {
	{ OP_BIT(OP_READ), "read", act_read, false },
	{ OP_BIT(OP_WRITE), "write", act_write, false },
	{ OP_BIT(OP_WRITE), "truncate", act_truncate, false },
	{ OP_BIT(OP_APPEND), "append", act_append, false },
	{ OP_BIT(OP_APPEND), "append with O_CREAT", act_append_creat, false },
	{ OP_BIT(OP_EXEC), "exec", act_exec, false },
	{ OP_BIT(OP_CREATE), "create", act_create, true },
	{ OP_BIT(OP_CREATE), "mkdir", act_mkdir, true },
	{ OP_BIT(OP_DELETE), "delete", act_delete, false },
	{ OP_BIT(OP_RENAME), "rename", act_rename, true },
	{ OP_BIT(OP_LINK), "link", act_link, true },
	{ OP_BIT(OP_SETATTR), "chmod", act_chmod, false },
	{ OP_BIT(OP_READ) | OP_BIT(OP_MAP), "map", act_map, false },
	{ OP_BIT(OP_READ) | OP_BIT(OP_LOCK), "lock shared", act_lock_shared, false },
	{ OP_BIT(OP_READ) | OP_BIT(OP_LOCK), "lock", act_lock, false },
};

static int in_child(const char *profile, int (*act)(const char *), const char *path)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		if (profile && aa_change_profile(profile) < 0)
			_exit(255);
		_exit(act(path));
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) != 255, "change profile");
	return WEXITSTATUS(status);
}

static void clean(const char *path)
{
	unlink(beside(path));
	rmdir(beside(path));
	make_tree();
}

struct answer {
	bool allowed;
	bool exact; /* the rules that refuse are called so */
	const char *rule;
};

static void ask(const struct policy *p, const struct coverage *c, const char *path, uint64_t ops,
	bool directory, struct answer *a)
{
	_cleanup_free_ char *named = NULL;

	must(asprintf(&named, "%s%s", path, directory ? "/" : "") > 0, "asprintf");
	for (; ops; ops &= ops - 1) {
		struct request r = { .operation = (enum operation)__builtin_ctzll(ops),
			.path = named,
			.path_len = (uint32_t)strlen(named),
			.owner = !strstr(path, "foreign") };
		struct decision d = decide(p, 0, &r);

		if (d.verdict == VERDICT_ALLOW)
			continue;
		a->allowed = false;
		a->exact |= c->v[d.rule->index][r.operation][MECHANISM_APPARMOR].verdict ==
			    COVERAGE_EXACT;
		a->rule = d.rule->text;
	}
}

static void test_files(const struct policy *p, const struct coverage *c)
{
	unsigned int compared = 0, enforced = 0, wider = 0;

	for (size_t f = 0; f < N(files); f++) {
		for (size_t i = 0; i < N(acts); i++) {
			struct answer a = { .allowed = true };
			char path[256];
			int without, within;

			snprintf(path, sizeof(path), ROOT "/%s", files[f]);
			ask(p, c, path, acts[i].operations, false, &a);
			if (acts[i].beside)
				ask(p, c, beside(path), acts[i].operations,
					acts[i].act == act_mkdir, &a);
			clean(path);
			without = in_child(NULL, acts[i].act, path);
			clean(path);
			within = in_child(apparmor_profile_name(p, 0), acts[i].act, path);
			clean(path);
			compared++;
			if (without != 0)
				result(false, "%s %s unconfined: %s", acts[i].name, path,
					strerror(without));
			else if (a.allowed && within != 0)
				result(false, "%s %s is allowed: %s", acts[i].name, path,
					strerror(within));
			else if (!a.allowed && a.exact && within == 0)
				result(false, "%s %s passes against '%s'", acts[i].name, path,
					a.rule);
			enforced += !a.allowed && within != 0;
			wider += !a.allowed && within == 0;
		}
	}
	result(compared > 200 && enforced > 100,
		"%u acts on files: %u refused as the policy says, %u pass where the coverage says "
		"wider",
		compared, enforced, wider);
}

/* ---- the rest */

static int act_tcp(const char *unused)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};

	if (fd < 0)
		return errno;
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == ECONNREFUSED ? 0
											   : errno;
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

static int act_raw(const char *unused)
{
	return sock(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int act_packet(const char *unused)
{
	return sock(AF_PACKET, SOCK_DGRAM, 0);
}

static int act_netlink(const char *unused)
{
	return sock(AF_NETLINK, SOCK_RAW, 0);
}

static int act_pair(const char *unused)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0 ? errno : 0;
}

#define NEW_LINK ROOT "/link/new"

static int act_link_to(const char *old)
{
	return link(old, NEW_LINK) < 0 ? errno : 0;
}

static int act_link_as(const char *new_name)
{
	return link(ROOT "/link/x", new_name) < 0 ? errno : 0;
}

static int act_bind(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

/* Where a socket listens that make_listener() made. */
#define LISTENER ROOT "/other/listener"

static void make_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = LISTENER };

	unlink(LISTENER);
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 64) == 0, LISTENER);
}

static int act_unix_connect(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

static int act_abstract(const char *unused)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "\0pale-apparmor" };

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

static int act_signal(const char *unused)
{
	return kill(getppid(), SIGCONT) < 0 ? errno : 0;
}

static int act_probe(const char *unused)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int act_signal_self(const char *unused)
{
	return kill(getpid(), SIGCONT) < 0 ? errno : 0;
}

static int signal_child(int sig)
{
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		alarm(2);
		pause();
		_exit(0);
	}
	r = kill(pid, sig) < 0 ? errno : 0;
	return r;
}

static int act_cont_child(const char *unused)
{
	return signal_child(SIGCONT);
}

static int act_term_child(const char *unused)
{
	return signal_child(SIGTERM);
}

static int act_ptrace(const char *unused)
{
	if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) < 0)
		return errno;
	return 0;
}

static int act_mount(const char *unused)
{
	return mount("none", ROOT "/other", "tmpfs", 0, NULL) < 0 ? errno : 0;
}

static int act_chown(const char *unused)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t had = CAP_CLEAR;
	int r;

	cap_get_flag(caps, CAP_CHOWN, CAP_EFFECTIVE, &had);
	cap_free(caps);
	r = chown(ROOT "/attr/x", 0, 0) < 0 ? errno : 0;
	return had == CAP_SET ? r : 253;
}

static int act_hostname(const char *unused)
{
	char name[64];

	gethostname(name, sizeof(name));
	return sethostname(name, strlen(name)) < 0 ? errno : 0;
}

static int act_memfd_exec(const char *unused)
{
	int fd = memfd_create("x", 0);

	if (write(fd, "garbage\n", 8) != 8)
		return errno;
	fexecve(fd, (char *[]){ (char *)"x", NULL }, (char *[]){ NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static int act_memfd_map(const char *unused)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	if (write(fd, "garbage\n", 8) != 8)
		return errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno
											 : 0;
}

static int act_self(const char *unused)
{
	return opened("/proc/self/status", O_RDONLY);
}

static int act_others(const char *unused)
{
	return opened("/proc/1/environ", O_RDONLY);
}

static int act_deleted(const char *unused)
{
	int fd = open(ROOT "/bin/x", O_RDONLY);

	if (fd < 0)
		return errno;
	unlink(ROOT "/bin/x");
	fexecve(fd, (char *[]){ (char *)"x", NULL }, (char *[]){ NULL });
	return errno == ENOEXEC ? 0 : errno;
}

/* Runs a script in a shell; the shell, cat and head are programs with a loader and libraries. */
static int act_shell(const char *script)
{
	execl("/usr/bin/dash", "dash", "-c", script, NULL);
	return errno;
}

static const struct {
	const char *what;
	int (*act)(const char *);
	const char *argument;
	int within; /* expected */
} others[] = {
	{ "tcp connect", act_tcp, NULL, 0 },
	{ "udp socket", act_udp, NULL, EACCES },
	{ "raw socket", act_raw, NULL, EACCES },
	{ "packet socket", act_packet, NULL, EACCES },
	{ "netlink socket", act_netlink, NULL, EACCES },
	{ "unix socketpair", act_pair, NULL, 0 },
	{ "link to a file of another rule", act_link_to, ROOT "/owner/x", 0 },
	{ "link to a file of its rule that is somebody else's", act_link_to, ROOT "/owner/foreign",
		EACCES },
	{ "link to a file without a rule for it", act_link_to, ROOT "/attr/x", EACCES },
	{ "link as a name without a rule for it", act_link_as, ROOT "/other/new", EACCES },
	{ "bind to an allowed path", act_bind, ROOT "/sock/s", 0 },
	{ "bind to another path", act_bind, ROOT "/other/s", EACCES },
	{ "connect to a path, which is unenforced", act_unix_connect, LISTENER, 0 },
	{ "bind to an abstract name, which is unenforced", act_abstract, NULL, 0 },
	{ "signal outside", act_signal, NULL, EACCES },
	{ "signal 0 outside", act_probe, NULL, 0 },
	{ "signal to itself", act_signal_self, NULL, 0 },
	{ "CONT to a child", act_cont_child, NULL, 0 },
	{ "TERM to a child, in the same profile", act_term_child, NULL, 0 },
	{ "ptrace outside", act_ptrace, NULL, EACCES },
	{ "mount", act_mount, NULL, EACCES },
	{ "a capability that is allowed", act_chown, NULL, 0 },
	{ "a capability that is not", act_hostname, NULL, EPERM },
	{ "exec of a memfd", act_memfd_exec, NULL, EACCES },
	{ "map of a memfd", act_memfd_map, NULL, 0 },
	{ "exec of a deleted file", act_deleted, NULL, 0 }, /* wider, and called so */
	{ "/proc/self", act_self, NULL, 0 },
	{ "another process's environment", act_others, NULL, EACCES },
	{ "a program with its libraries", act_shell, "exec cat /etc/hostname", 0 },
	{ "a program that is not allowed", act_shell, "exec ls", 126 },
};

static void remove_made(void)
{
	unlink(ROOT "/other/s");
	unlink(ROOT "/other/new");
	unlink(NEW_LINK);
}

static void test_others(const struct policy *p)
{
	make_listener();
	for (size_t i = 0; i < N(others); i++) {
		int without, within;

		make_tree();
		remove_made();
		without = in_child(NULL, others[i].act, others[i].argument);
		umount(ROOT "/other");
		remove_made();
		make_tree();
		within = in_child(apparmor_profile_name(p, 0), others[i].act, others[i].argument);
		result((without == 0 || others[i].act == act_shell) && within == others[i].within,
			"%s: unconfined %d, within %d", others[i].what, without, within);
	}
}

/* What the sub-profile's program, which a shell in the profile executes, finds in a file. */
static size_t read_in_sub(const struct policy *p, const char *file, char *buf, size_t size)
{
	_cleanup_free_ char *script = NULL;
	int out[2];
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	must(asprintf(&script, "head -c %zu %s", size, file) > 0, "asprintf");
	must(pipe2(out, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		if (aa_change_onexec(apparmor_profile_name(p, 0)) < 0)
			_exit(1);
		execl("/usr/bin/dash", "dash", "-c", script, NULL);
		_exit(1);
	}
	close(out[1]);
	while (len < size && (n = read(out[0], buf + len, size - len)) > 0)
		len += (size_t)n;
	close(out[0]);
	waitpid(pid, NULL, 0);
	return len;
}

static void test_transition(const struct policy *p)
{
	char label[256] = "";
	unsigned long auxv[128], secure = 2;
	size_t n;

	label[read_in_sub(p, "/proc/self/attr/current", label, sizeof(label) - 1)] = 0;
	label[strcspn(label, " \n")] = 0;
	result(!strcmp(label, apparmor_profile_name(p, 1)), "exec as sub is in %s", label);
	n = read_in_sub(p, "/proc/self/auxv", (char *)auxv, sizeof(auxv)) / sizeof(*auxv);
	for (size_t i = 0; i + 1 < n; i += 2) {
		if (auxv[i] == AT_SECURE)
			secure = auxv[i + 1];
	}
	result(secure == 1, "and in secure-exec mode (%lu)", secure);
}

int main(void)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct pale_err *err = NULL;
	struct compilation c;
	struct coverage *cov;
	struct policy *p;
	int r;

	umask(022);
	if (apparmor_supported(&err) < 0) {
		printf("Bail out! %s\n", pale_err_text(err));
		return 1;
	}
	compile_bytes(
		&c, "t.pale", policy_text, strlen(policy_text), &(struct compile_options){ 0 });
	diag_print(&c.diags, stderr, false);
	if (c.diags.n_errors)
		return 1;
	p = compilation_policy(&c, NULL);
	cov = coverage_new(p);
	if (emit_apparmor(p, cov, &text, &err) < 0 || apparmor_load(text.s, text.len, &err) < 0) {
		printf("Bail out! %s\n", pale_err_text(err));
		return 1;
	}
	test_files(p, cov);
	test_others(p);
	test_transition(p);
	result(apparmor_unload(apparmor_profile_name(p, 0), &err) == 0, "unload");
	r = apparmor_unload(apparmor_profile_name(p, 0), &err);
	result(r == -ENOENT, "unload again: %s", pale_err_text(err));
	pale_err_free(err);
	printf("1..%d\n", tests);
	compilation_release(&c);
	return failures > 0;
}
