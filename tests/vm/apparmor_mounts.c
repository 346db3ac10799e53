/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor's mount rules in a kernel that has them. Each act is done unconfined, where it has to
 * succeed, and then within the profile, each time in a mount namespace of its own: what the policy
 * allows has to pass, and what it refuses by a rule that is called exact has to fail. What a table
 * expects beside that is how the kernel reads the forms of compiler/apparmor_mounts.h. Prints TAP.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "enforcer/load_apparmor.h"
#include "tests/vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT	  "/srv/pale-mounts"
#define N(a)	  (sizeof(a) / sizeof(*(a)))
#define MIXED_REC (MS_BIND | MS_REC)

static const char policy_text[] =
	"fragment closed { deny syscall move_mount }\n"
	"fragment mounts {\n"
	"  mount {\n"
	"    allow mount tmpfs on " ROOT "/t\n"
	"    allow mount tmpfs on " ROOT "/flags/ with nosuid, nodev\n"
	"    allow mount proc from proc on " ROOT "/many/*/p\n"
	"    allow mount sysfs from detached on " ROOT "/sys\n"
	"    deny mount tmpfs on " ROOT "/t with noexec\n"
	"    allow bind " ROOT "/a on " ROOT "/view/*\n"
	"    allow bind " ROOT "/file on " ROOT "/view/file\n"
	"    allow bind \"" ROOT "/o d@\\{d\\}\" on " ROOT "/view/**\n"
	"    allow umount " ROOT "/** except " ROOT "/keep\n"
	"  }\n"
	"  allow capability sys_admin\n"
	"}\n"
	"profile open { include mounts; mount { allow pivot } process { allow exec anonymous } }\n"
	"profile shut { include mounts, closed }\n";

static void make_tree(void)
{
	static const char *const directories[] = { "", "t", "flags", "many", "many/1", "many/1/p",
		"many/p", "sys", "a", "a/sub", "b", "view", "view/1", "view/1/2", "o d@{d}", "keep",
		"other" };
	static const char *const files[] = { "file", "view/file", "other/file" };

	for (size_t i = 0; i < N(directories); i++) {
		char path[256];

		snprintf(path, sizeof(path), ROOT "/%s", directories[i]);
		must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
	}
	for (size_t i = 0; i < N(files); i++) {
		char path[256];
		int fd;

		snprintf(path, sizeof(path), ROOT "/%s", files[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		must(fd >= 0, path);
		close(fd);
	}
	must(symlink(ROOT "/other", ROOT "/to_other") == 0 || errno == EEXIST, "symlink");
	must(symlink(ROOT "/t", ROOT "/to_t") == 0 || errno == EEXIST, "symlink");
}

/* ---- acts */

struct act;
typedef int (*act_function)(const struct act *a);

struct act {
	act_function act;
	const char *type, *source, *place;
	unsigned long flags;
	int within;	   /* errno */
	const char *named; /* the place as the kernel names it, when that is another than @place */
	const char *prepared; /* a tmpfs is mounted there before */
};

static int act_mount(const struct act *a)
{
	return mount(a->source, a->place, a->type, a->flags, NULL) < 0 ? errno : 0;
}

static int act_umount(const struct act *a)
{
	return umount2(a->place, MNT_DETACH) < 0 ? errno : 0;
}

static int act_pivot(const struct act *a)
{
	return syscall(SYS_pivot_root, ROOT "/t", ROOT "/t/old") < 0 ? errno : 0;
}

static int attach(int fd, const char *place)
{
	if (fd < 0)
		return errno;
	return move_mount(fd, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? errno : 0;
}

static int act_fsmount(const struct act *a)
{
	_cleanup_close_ int context = fsopen(a->type, 0);

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return errno;
	return attach(fsmount(context, 0, 0), a->place);
}

static int act_open_tree(const struct act *a)
{
	return attach(open_tree(AT_FDCWD, a->source, OPEN_TREE_CLONE), a->place);
}

static int act_memfd_exec(const struct act *a)
{
	int fd = memfd_create("x", 0);

	if (write(fd, "garbage\n", 8) != 8)
		return errno;
	fexecve(fd, (char *[]){ (char *)"x", NULL }, (char *[]){ NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static const struct act acts[] = {
	{ .act = act_mount, .type = "tmpfs", .source = "none", .place = ROOT "/t" },
	{ .act = act_mount, .type = "tmpfs", .place = ROOT "/t" },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/t",
		.flags = MS_RDONLY | MS_NOATIME | MS_LAZYTIME },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/to_t",
		.named = ROOT "/t/" },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/t",
		.flags = MS_NOEXEC,
		.within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/t",
		.flags = MS_NOEXEC | MS_RDONLY | MS_NODIRATIME,
		.within = EACCES },
	/* A flag without a name: wider, and called so. */
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/t",
		.flags = MS_NOEXEC | MS_LAZYTIME },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/other",
		.within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/to_other",
		.within = EACCES,
		.named = ROOT "/other/" },
	{ .act = act_mount, .type = "proc", .source = "x", .place = ROOT "/t", .within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_NOSUID,
		.within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_NODEV | MS_RDONLY,
		.within = EACCES },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_NOSUID | MS_NODEV },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_NOSUID | MS_NODEV | MS_RDONLY | MS_SILENT },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_NOSUID | MS_NODEV | MS_LAZYTIME },
	{ .act = act_mount,
		.type = "tmpfs",
		.source = "x",
		.place = ROOT "/flags",
		.flags = MS_LAZYTIME },
	{ .act = act_mount, .type = "proc", .source = "proc", .place = ROOT "/many/1/p" },
	{ .act = act_mount,
		.type = "proc",
		.source = "none",
		.place = ROOT "/many/1/p",
		.within = EACCES },
	{ .act = act_mount,
		.type = "proc",
		.source = "proc",
		.place = ROOT "/many/p",
		.within = EACCES },
	{ .act = act_mount, .type = "sysfs", .source = "detached", .place = ROOT "/sys" },
	{ .act = act_mount,
		.type = "sysfs",
		.source = "none",
		.place = ROOT "/sys",
		.within = EACCES },
	{ .act = act_mount, .source = ROOT "/a", .place = ROOT "/view/1", .flags = MS_BIND },
	{ .act = act_mount, .source = ROOT "/a/", .place = ROOT "/view/1/", .flags = MIXED_REC },
	/* The kernel takes no other flags with a bind, and asks for none. */
	{ .act = act_mount,
		.source = ROOT "/a",
		.place = ROOT "/view/1",
		.flags = MS_BIND | MS_RDONLY },
	{ .act = act_mount,
		.source = ROOT "/a/sub",
		.place = ROOT "/view/1",
		.flags = MS_BIND,
		.within = EACCES },
	{ .act = act_mount,
		.source = ROOT "/b",
		.place = ROOT "/view/1",
		.flags = MS_BIND,
		.within = EACCES },
	{ .act = act_mount,
		.source = ROOT "/b",
		.place = ROOT "/view/1",
		.flags = MIXED_REC,
		.within = EACCES },
	{ .act = act_mount,
		.source = ROOT "/a",
		.place = ROOT "/other",
		.flags = MS_BIND,
		.within = EACCES },
	{ .act = act_mount,
		.source = ROOT "/a",
		.place = ROOT "/view/1/2",
		.flags = MS_BIND,
		.within = EACCES },
	{ .act = act_mount,
		.source = ROOT "/o d@{d}",
		.place = ROOT "/view/1/2",
		.flags = MS_BIND },
	{ .act = act_mount, .source = ROOT "/file", .place = ROOT "/view/file", .flags = MS_BIND },
	{ .act = act_mount,
		.source = ROOT "/file",
		.place = ROOT "/other/file",
		.flags = MS_BIND,
		.within = EACCES },
	/* No rule speaks of these. */
	{ .act = act_mount,
		.source = ROOT "/t",
		.place = ROOT "/view/1",
		.flags = MS_MOVE,
		.within = EACCES,
		.prepared = ROOT "/t" },
	{ .act = act_mount,
		.source = "none",
		.place = ROOT "/t",
		.flags = MS_REMOUNT,
		.within = EACCES,
		.prepared = ROOT "/t" },
	{ .act = act_mount,
		.source = "none",
		.place = ROOT "/t",
		.flags = MS_REMOUNT | MS_BIND | MS_RDONLY,
		.within = EACCES,
		.prepared = ROOT "/t" },
	{ .act = act_mount,
		.source = "none",
		.place = ROOT "/t",
		.flags = MS_SHARED,
		.within = EACCES,
		.prepared = ROOT "/t" },
	{ .act = act_umount, .place = ROOT "/t", .prepared = ROOT "/t" },
	{ .act = act_umount, .place = ROOT "/view/1/2", .prepared = ROOT "/view/1/2" },
	{ .act = act_umount, .place = ROOT "/keep", .within = EACCES, .prepared = ROOT "/keep" },
};

/* These differ by the profile: the first has no filter that would close move_mount(2). */
static const struct act open_acts[] = {
	{ .act = act_fsmount, .type = "tmpfs", .place = ROOT "/t" },
	{ .act = act_open_tree, .source = ROOT "/a", .place = ROOT "/view/1" },
	{ .act = act_pivot, .place = ROOT "/t", .prepared = ROOT "/t" },
	/* Narrower, and called so: it would take attach_disconnected. */
	{ .act = act_memfd_exec, .place = "/", .within = EACCES },
};

static const struct act shut_acts[] = {
	{ .act = act_pivot, .place = ROOT "/t", .within = EACCES, .prepared = ROOT "/t" },
	{ .act = act_memfd_exec, .place = "/", .within = EACCES },
};

static int in_child(const char *profile, const struct act *a)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		must(unshare(CLONE_NEWNS) == 0, "unshare");
		must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
		if (a->prepared)
			must(mount("none", a->prepared, "tmpfs", 0, NULL) == 0, a->prepared);
		if (a->act == act_pivot)
			must(mkdir(ROOT "/t/old", 0755) == 0, "mkdir");
		if (profile && aa_change_profile(profile) < 0)
			_exit(255);
		_exit(a->act(a));
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) != 255, "change profile");
	return WEXITSTATUS(status);
}

/* ---- what the policy says of them */

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *kernel_path(const char *path)
{
	char *named;
	bool slash = path[strlen(path) - 1] == '/';

	must(asprintf(&named, "%s%s", path, is_directory(path) && !slash ? "/" : "") > 0,
		"asprintf");
	return named;
}

/* false: no operation of the language. */
static bool ask(const struct policy *p, const struct coverage *c, const struct act *a,
	bool *ret_allowed, bool *ret_exact)
{
	_cleanup_free_ char *place = kernel_path(a->named ? a->named : a->place);
	_cleanup_free_ char *source = a->source && !a->type ? kernel_path(a->source) : NULL;
	struct request r = { .operation = OP_MOUNT,
		.path = place,
		.path_len = (uint32_t)strlen(place),
		.fstype = a->type,
		.mount_flags = a->flags & 15 };
	const char *from = source ? source : a->source ? a->source : "";
	struct decision d;

	r.source = from;
	r.source_len = (uint32_t)strlen(from);
	if (a->act == act_umount)
		r.operation = OP_UMOUNT;
	else if (a->flags & MS_BIND || a->act == act_open_tree)
		r.operation = OP_BIND;
	if (a->flags & (MS_MOVE | MS_REMOUNT | MS_SHARED) || a->act == act_memfd_exec ||
		a->act == act_pivot)
		return false;
	d = decide(p, 0, &r);
	*ret_allowed = d.verdict == VERDICT_ALLOW;
	*ret_exact = c->v[d.rule->index][r.operation][MECHANISM_APPARMOR].verdict == COVERAGE_EXACT;
	return true;
}

static void test_act(const struct policy *p, const struct coverage *c, const struct act *a)
{
	int without = in_child(NULL, a), within = in_child(apparmor_profile_name(p, 0), a);
	bool allowed, exact, good = without == 0 && within == a->within;

	if (ask(p, c, a, &allowed, &exact))
		good = good && (allowed ? within == 0 : within != 0 || !exact);
	result(good, "%s: %s from %s on %s, flags %lx: unconfined %d, within %d", p->name,
		a->type ? a->type : "-", a->source ? a->source : "-", a->place, a->flags, without,
		within);
}

/* Whether this kernel asks in move_mount(2), and then for the place that rules name. */
static void test_detached(const struct policy *p)
{
	const struct act elsewhere[] = {
		{ .act = act_fsmount, .type = "tmpfs", .place = ROOT "/other" },
		{ .act = act_open_tree, .source = ROOT "/a", .place = ROOT "/other" },
	};

	for (size_t i = 0; i < N(elsewhere); i++) {
		int without = in_child(NULL, &elsewhere[i]);
		int within = in_child(apparmor_profile_name(p, 0), &elsewhere[i]);

		result(without == 0 && (within == 0 || within == EACCES),
			"a detached mount at a place that no rule names: %s",
			within ? "refused" : "passes");
	}
}

static const struct policy *load(
	struct compilation *c, const char *name, struct coverage **ret_coverage)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct pale_err *err = NULL;
	struct policy *p = compilation_policy(c, name);

	*ret_coverage = coverage_new(p);
	if (emit_apparmor(p, *ret_coverage, &text, &err) < 0 ||
		apparmor_load(text.s, text.len, &err) < 0) {
		printf("Bail out! %s\n", pale_err_text(err));
		exit(1);
	}
	return p;
}

int main(void)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct coverage *cov;
	const struct policy *p;

	umask(022);
	if (apparmor_supported(&err) < 0) {
		printf("Bail out! %s\n", pale_err_text(err));
		return 1;
	}
	make_tree();
	compile_bytes(
		&c, "t.pale", policy_text, strlen(policy_text), &(struct compile_options){ 0 });
	diag_print(&c.diags, stderr, false);
	if (c.diags.n_errors)
		return 1;
	p = load(&c, "open", &cov);
	for (size_t i = 0; i < N(acts); i++)
		test_act(p, cov, &acts[i]);
	for (size_t i = 0; i < N(open_acts); i++)
		test_act(p, cov, &open_acts[i]);
	test_detached(p);
	apparmor_unload(apparmor_profile_name(p, 0), &err);
	p = load(&c, "shut", &cov);
	for (size_t i = 0; i < N(acts); i++)
		test_act(p, cov, &acts[i]);
	for (size_t i = 0; i < N(shut_acts); i++)
		test_act(p, cov, &shut_acts[i]);
	apparmor_unload(apparmor_profile_name(p, 0), &err);
	printf("1..%d\n", tests);
	compilation_release(&c);
	return failures > 0;
}
