/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel as the oracle: each act is done without Landlock first, and has to succeed; then
 * within the domain, and has to come out as the model says, which the coverage rests on.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "enforcer/check_symlinks.h"
#include "enforcer/load_landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64]; /* of the files that the tests act on */

static const char policy_text[] = "profile t {\n"
				  "    process { allow exec %r/bin/*; allow exec %r/own/run }\n"
				  "    file {\n"
				  "        allow read %r/etc/a, %r/list/, %r/tree/**\n"
				  "        allow read, write %r/logs/*.log\n"
				  "        allow append %r/more.log\n"
				  "        allow create, delete %r/spool/*\n"
				  "        allow rename %r/move/**, %r/moveto/**\n"
				  "        allow write, create %r/own/**\n"
				  "        allow link %r/spool/l*\n"
				  "        allow read, write %r/new\n"
				  "        allow read %r/link/a\n"
				  "        deny read %r/tree/secret\n"
				  "    }\n"
				  "    network {\n"
				  "        allow listen tcp *:20001-20003\n"
				  "        allow connect tcp 127.0.0.0/8:20001\n"
				  "    }\n"
				  "}\n";

/* %r in @text is the root. */
static void expand_root(struct text *to, const char *text)
{
	for (const char *s = text; *s; s++) {
		if (s[0] == '%' && s[1] == 'r') {
			text_puts(to, root);
			s++;
		} else {
			text_putc(to, *s);
		}
	}
}

static struct policy *compiled(struct compilation *c, const char *text)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	expand_root(&t, text);
	compile_bytes(c, "t.pale", t.s, t.len, &(struct compile_options){ 0 });
	if (c->diags.n_errors)
		diag_print(&c->diags, stderr, false);
	assert_int_equal(c->diags.n_errors, 0);
	return compilation_policy(c, NULL);
}

static void make_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "garbage\n", 8), 8);
}

static const char *const files[] = { "etc/a", "etc/b", "list/x", "tree/d/x", "tree/secret",
	"logs/a.log", "logs/a.txt", "more.log", "spool/x", "spool/lx", "move/x", "own/run", "own/x",
	"bin/x", "new", "other" };
static const char *const directories[] = { "", "etc", "list", "tree", "tree/d", "logs", "spool",
	"move", "moveto", "own", "bin" };

#define N(a) (sizeof(a) / sizeof(*(a)))

/* Everything as at the beginning, whatever the last act left. */
static void make_tree(void)
{
	char path[256];

	for (size_t i = 0; i < N(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
		if (mkdir(path, 0755) < 0)
			assert_int_equal(errno, EEXIST);
	}
	for (size_t i = 0; i < N(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, files[i]);
		if (access(path, F_OK) < 0)
			make_file(path);
	}
	snprintf(path, sizeof(path), "%s/link", root);
	if (symlink("etc", path) < 0)
		assert_int_equal(errno, EEXIST);
}

/* ---- acts: 0 or a positive errno */

static int opened(const char *path, int flags)
{
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC);

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
	return truncate(path, 0) < 0 ? errno : 0;
}

static int act_append(const char *path)
{
	return opened(path, O_WRONLY | O_APPEND);
}

/* What may be executed and is no program gives ENOEXEC. */
static int act_exec(const char *path)
{
	execv(path, (char *[]){ (char *)path, NULL });
	return errno == ENOEXEC ? 0 : errno;
}

/* A second file with the same parent, whose name a policy treats alike. */
static void beside(const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s2", path);
}

static int act_create(const char *path)
{
	char other[256];

	beside(path, other, sizeof(other));
	if (mknod(other, S_IFREG | 0644, 0) < 0)
		return errno;
	unlink(other);
	return 0;
}

static int act_delete(const char *path)
{
	return unlink(path) < 0 ? errno : 0;
}

static int act_rename(const char *path)
{
	char other[256];

	beside(path, other, sizeof(other));
	return rename(path, other) < 0 ? errno : 0;
}

static int act_link(const char *path)
{
	char other[256];

	beside(path, other, sizeof(other));
	return link(path, other) < 0 ? errno : 0;
}

static const struct {
	enum operation op;
	const char *name;
	int (*act)(const char *path);
	bool directories;
} acts[] = {
	{ OP_READ, "read", act_read, true },
	{ OP_WRITE, "write", act_write, false },
	{ OP_WRITE, "truncate", act_truncate, false },
	{ OP_APPEND, "append", act_append, false },
	{ OP_EXEC, "exec", act_exec, false },
	{ OP_CREATE, "create", act_create, false },
	{ OP_DELETE, "delete", act_delete, false },
	{ OP_RENAME, "rename", act_rename, false },
	{ OP_LINK, "link", act_link, false },
};

static int in_child(int ruleset_fd, int (*act)(const char *), const char *path)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int r = ruleset_fd >= 0 ? landlock_enter(ruleset_fd) : 0;

		_exit(r < 0 ? 255 : act(path));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

static void clean_beside(const char *path)
{
	char other[256];

	beside(path, other, sizeof(other));
	unlink(other);
}

/* An operation of several acts passes when one of them does: before ABI 3 nobody asks about
 * truncate(2). */
static void compare(const struct landlock_rules *l, int fd, const char *path, bool directory)
{
	uint64_t tried = 0, passed = 0;
	char named[256];

	snprintf(named, sizeof(named), "%s%s", path, directory ? "/" : "");
	for (size_t i = 0; i < N(acts); i++) {
		int within;

		if (directory && !acts[i].directories)
			continue;
		make_tree();
		if (in_child(-1, acts[i].act, path) != 0)
			fail_msg("%s %s fails without Landlock", acts[i].name, named);
		clean_beside(path);
		make_tree();
		within = in_child(fd, acts[i].act, path);
		clean_beside(path);
		assert_true(within == 0 || within == EACCES);
		tried |= OP_BIT(acts[i].op);
		passed |= within == 0 ? OP_BIT(acts[i].op) : 0;
	}
	for (uint64_t rest = tried; rest; rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);
		bool passes = landlock_model_allows(l, op, named, strlen(named));

		if (passes != !!(passed & OP_BIT(op)))
			fail_msg("ABI %u, %s %s: the model says %s and the kernel does not", l->abi,
				vocab_operations[op].name, named, passes ? "passes" : "refused");
	}
}

static int loaded(struct landlock_rules *l, struct landlock_omissions *o)
{
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct pale_err *err = NULL;
	int fd = -1;

	if (landlock_load(l, root_fd, o, &fd, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	return fd;
}

static void kernel_does_what_the_model_says(void **state)
{
	struct landlock_omissions omitted = { 0 };
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, policy_text);
	int kernel = landlock_supported(&err);

	make_tree();
	/* REFER, TRUNCATE, ports, IOCTL_DEV and scopes came one by one. */
	for (unsigned int abi = 1; abi <= (unsigned int)kernel; abi++) {
		struct landlock_rules *l;
		char path[256];
		int fd;

		assert_int_equal(emit_landlock(p, abi, NULL, &l, &err), 0);
		fd = loaded(l, &omitted);
		for (size_t i = 0; i < N(files); i++) {
			snprintf(path, sizeof(path), "%s/%s", root, files[i]);
			compare(l, fd, path, false);
		}
		for (size_t i = 1; i < N(directories); i++) {
			snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
			compare(l, fd, path, true);
		}
		close(fd);
	}
	landlock_omissions_release(&omitted);
	compilation_release(&c);
}

static int bind_port(const char *port)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

/* Nobody listens there: what passes is refused by the peer. */
static int connect_port(const char *port)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == ECONNREFUSED)
		return 0;
	return errno;
}

static void ports(void **state)
{
	/* Below ip_local_port_range: connections of others may have a port there. */
	static const char *const tried[] = { "20000", "20001", "20002", "20003", "20004" };
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, policy_text);
	struct landlock_rules *l;
	int fd;

	if (landlock_supported(&err) < 4)
		skip();
	assert_int_equal(emit_landlock(p, 4, NULL, &l, &err), 0);
	fd = loaded(l, NULL);
	for (size_t i = 0; i < N(tried); i++) {
		uint16_t port = (uint16_t)atoi(tried[i]);

		assert_int_equal(in_child(-1, bind_port, tried[i]), 0);
		assert_int_equal(in_child(-1, connect_port, tried[i]), 0);
		assert_int_equal(in_child(fd, bind_port, tried[i]),
			landlock_model_allows_port(l, true, port) ? 0 : EACCES);
		assert_int_equal(in_child(fd, connect_port, tried[i]),
			landlock_model_allows_port(l, false, port) ? 0 : EACCES);
	}
	assert_true(landlock_model_allows_port(l, true, 20003));
	assert_false(landlock_model_allows_port(l, true, 20004));
	assert_false(landlock_model_allows_port(l, false, 20002));
	close(fd);
	compilation_release(&c);
}

static int signal_parent(const char *unused)
{
	return kill(getppid(), SIGCONT) < 0 ? errno : 0;
}

static void signals_stay_inside(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, policy_text);
	struct landlock_rules *l;
	int fd;

	if (landlock_supported(&err) < 6)
		skip();
	assert_int_equal(emit_landlock(p, 6, NULL, &l, &err), 0);
	fd = loaded(l, NULL);
	assert_int_equal(in_child(-1, signal_parent, NULL), 0);
	assert_int_equal(in_child(fd, signal_parent, NULL), EPERM);
	close(fd);
	compilation_release(&c);
}

/* ---- what is claimed */

static const struct rule *rule_of(const struct policy *p, const char *text)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	expand_root(&t, text);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (!strcmp(p->rules[i]->text, t.s))
			return p->rules[i];
	}
	fail_msg("no rule '%s'", t.s);
	return NULL;
}

static void expect_coverage(const struct policy *p, const struct coverage *c, const char *text,
	enum operation op, enum coverage_verdict verdict, const char *why)
{
	const struct coverage_entry *e = &c->v[rule_of(p, text)->index][op][MECHANISM_LANDLOCK];
	_cleanup_(text_release) struct text want = TEXT_INIT;

	if (why)
		expand_root(&want, why);
	if (e->verdict != verdict || strcmp(e->why ? e->why : "", text_str(&want)) != 0)
		fail_msg("%s, %s: %s, '%s'", text, vocab_operations[op].name,
			coverage_names[e->verdict], e->why ? e->why : "");
}

static void coverage_says_what_is_lost(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c,
		"profile t {\n"
		"  process { allow exec /usr/bin/t; allow exec /own/run; allow signal TERM to any "
		"}\n"
		"  file {\n"
		"    allow read /etc/a; allow read /etc/web/** except /etc/web/keys/**\n"
		"    allow append /var/log/*.log\n"
		"    allow write, create /own/**\n"
		"    allow read /home/x owner\n"
		"    allow write /proc/self/comm\n"
		"    deny read /etc/web/secret\n"
		"  }\n"
		"  network { allow connect tcp 10.0.0.0/8:443; allow connect udp *:53 }\n"
		"}\n");
	struct coverage *cov = coverage_new(p);
	struct landlock_rules *l;

	assert_int_equal(emit_landlock(p, 7, cov, &l, &err), 0);
	expect_coverage(p, cov, "allow read /etc/a", OP_READ, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow exec /usr/bin/t", OP_EXEC, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow exec /own/run", OP_EXEC, COVERAGE_NARROWER,
		"what the profile may change it may not run: refuses /own/run");
	expect_coverage(p, cov, "allow read /etc/web/** except /etc/web/keys/**", OP_READ,
		COVERAGE_WIDER, "reaches /etc/web/ too");
	expect_coverage(p, cov, "deny read /etc/web/secret", OP_READ, COVERAGE_WIDER,
		"lets /etc/web/secret through");
	expect_coverage(p, cov, "allow append /var/log/*.log", OP_APPEND, COVERAGE_WIDER,
		"reaches /var/log/a too");
	expect_coverage(p, cov, "allow write, create /own/**", OP_WRITE, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow read /home/x owner", OP_READ, COVERAGE_WIDER,
		"cannot tell who owns the file");
	expect_coverage(p, cov, "allow write /proc/self/comm", OP_WRITE, COVERAGE_NARROWER,
		"refuses /proc/self/comm");
	expect_coverage(p, cov, "allow connect tcp 10.0.0.0/8:443", OP_CONNECT, COVERAGE_WIDER,
		"knows ports, no addresses");
	expect_coverage(p, cov, "allow connect udp *:53", OP_CONNECT, COVERAGE_UNENFORCED, NULL);
	expect_coverage(p, cov, "allow signal TERM to any", OP_SIGNAL, COVERAGE_UNENFORCED, NULL);
	expect_coverage(p, cov, "deny setattr by default", OP_SETATTR, COVERAGE_UNENFORCED, NULL);
	expect_coverage(p, cov, "deny delete by default", OP_DELETE, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny mount by default", OP_MOUNT, COVERAGE_EXACT, NULL);
	assert_int_equal(l->scoped, LL_SCOPE_ABSTRACT_UNIX_SOCKET);
	compilation_release(&c);
}

/* Each path that the policy allows passes, or its rule is called narrower: the coverage compared
 * all paths, this compares some by another way, decide() and the model. */
static void no_unnamed_refusal(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, policy_text);
	struct coverage *cov = coverage_new(p);
	struct landlock_rules *l;

	assert_int_equal(emit_landlock(p, 7, cov, &l, &err), 0);
	for (size_t i = 0; i < N(files); i++) {
		for (size_t k = 0; k < N(acts); k++) {
			char path[256];
			struct request r = { .operation = acts[k].op, .path = path, .owner = true };
			struct decision d;
			bool passes;
			enum coverage_verdict verdict;

			snprintf(path, sizeof(path), "%s/%s", root, files[i]);
			r.path_len = (uint32_t)strlen(path);
			d = decide(p, 0, &r);
			passes = landlock_model_allows(l, acts[k].op, path, r.path_len);
			verdict = cov->v[d.rule->index][acts[k].op][MECHANISM_LANDLOCK].verdict;
			if (d.verdict == VERDICT_ALLOW && !passes)
				assert_int_equal(verdict, COVERAGE_NARROWER);
			if (d.verdict != VERDICT_ALLOW && passes)
				assert_int_not_equal(verdict, COVERAGE_EXACT);
		}
	}
	compilation_release(&c);
}

static void what_is_missing_is_told(void **state)
{
	struct landlock_omissions omitted = { 0 };
	_cleanup_(text_release) struct text want = TEXT_INIT;
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p =
		compiled(&c, "profile t {\n"
			     "  file { allow read %r/nowhere, %r/link/a, %r/etc, %r/etc/a/** }\n"
			     "}\n");
	struct landlock_rules *l;
	int fd;

	make_tree();
	assert_int_equal(emit_landlock(p, 1, NULL, &l, &err), 0);
	fd = loaded(l, &omitted);
	expand_root(&want,
		"%r/etc: a directory, whose name would end in '/', so nothing of it is "
		"granted\n"
		"%r/etc/a: not a directory, so nothing of it is granted\n"
		"%r/link/a: passes through a symbolic link, so nothing of it is granted\n"
		"%r/nowhere: not there, so nothing of it is granted\n");
	for (uint32_t i = 0; i < omitted.missing.n; i++) {
		size_t n = strlen(omitted.missing.v[i]);

		assert_memory_equal(want.s, omitted.missing.v[i], n);
		memmove(want.s, want.s + n + 1, strlen(want.s + n + 1) + 1);
	}
	assert_string_equal(want.s, "");
	landlock_omissions_release(&omitted);
	close(fd);
	compilation_release(&c);
}

static void audit_loads_nothing(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t { mode audit\n file { allow read /x } }\n");
	struct coverage *cov = coverage_new(p);
	struct landlock_rules *l;
	int fd = -1;

	assert_int_equal(emit_landlock(p, 7, cov, &l, &err), 0);
	assert_int_equal(landlock_load(l, -1, NULL, &fd, &err), -ENOMSG);
	assert_int_equal(fd, -1);
	pale_err_free(err);
	expect_coverage(p, cov, "allow read /x", OP_READ, COVERAGE_UNENFORCED,
		"cannot report without refusing");
	compilation_release(&c);
}

static void symbolic_links(void **state)
{
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	static const char text[] = "profile t {\n"
				   "  file {\n"
				   "    allow read %r/link/a\n"
				   "    deny read %r/link/b, %r/etc/b\n"
				   "    allow write %r/{etc,link}/*.c\n"
				   "    allow delete %r/link\n"
				   "    allow read %r/tree/** except %r/link/**\n"
				   "    allow read %r/dangling/x\n"
				   "    allow read %r/dang*\n"
				   "  }\n"
				   "}\n";
	_cleanup_(text_release) struct text got = TEXT_INIT, want = TEXT_INIT;
	struct symlink_findings found;
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, text);
	char path[256];

	make_tree();
	snprintf(path, sizeof(path), "%s/dangling", root);
	assert_int_equal(symlink("/no/where", path), 0);
	assert_int_equal(check_symlinks(p, root_fd, &found, &err), 0);
	unlink(path);
	for (uint32_t i = 0; i < found.n; i++) {
		symlink_finding_text(&found.v[i], &got);
		text_putc(&got, '\n');
	}
	expand_root(&want,
		"t.pale:3:5: warning: %r/link/a passes through a symbolic link: its path is "
		"%r/etc/a\n"
		"t.pale:4:5: error: %r/link/b passes through a symbolic link: its path is "
		"%r/etc/b\n"
		"t.pale:5:5: warning: %r/link passes through a symbolic link: its path is %r/etc\n"
		"t.pale:7:5: warning: %r/link passes through a symbolic link: its path is %r/etc\n"
		"t.pale:8:5: warning: %r/dangling/x passes through a symbolic link: its path is "
		"/no/where/x\n");
	assert_string_equal(text_str(&got), want.s);
	assert_int_equal(found.n_errors, 1);
	symlink_findings_release(&found);
	compilation_release(&c);
}

static int make_root(void **state)
{
	snprintf(root, sizeof(root), "/tmp/pale-landlock-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest with_kernel[] = {
		cmocka_unit_test(kernel_does_what_the_model_says),
		cmocka_unit_test(ports),
		cmocka_unit_test(signals_stay_inside),
		cmocka_unit_test(what_is_missing_is_told),
		cmocka_unit_test(audit_loads_nothing),
	};
	const struct CMUnitTest without[] = {
		cmocka_unit_test(coverage_says_what_is_lost),
		cmocka_unit_test(no_unnamed_refusal),
		cmocka_unit_test(symbolic_links),
	};
	struct pale_err *err = NULL;
	int failed = cmocka_run_group_tests_name("landlock", without, make_root, remove_root);

	if (landlock_supported(&err) < 0) {
		fprintf(stderr, "# landlock: not tested with the kernel: %s\n", pale_err_text(err));
		pale_err_free(err);
		return failed;
	}
	return failed + cmocka_run_group_tests_name(
				"landlock in the kernel", with_kernel, make_root, remove_root);
}
