/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the range does on the host:
 * range-host enter PID PROGRAM: into that process's mounts and processes, and there the program,
 * from this side's file, as runtimes did before CVE-2019-5736. Prints its number inside.
 * range-host handle FILE: its file handle, as actions_escape.c takes it.
 * range-host argv FILE: executes the words in it, each ended by a null byte.
 * range-host landlock COMMAND...: under file rules of Landlock alone: everything may be read and
 * executed, what lies below the folders of data may be written.
 */
#include "tests/attacks/range/action.h"

#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static int fail(const char *what)
{
	fprintf(stderr, "range-host: %s: %s\n", what, strerror(errno));
	return 1;
}

static int enter(const char *pid, const char *program)
{
	const char *const argv[] = { "runtime", "hold", NULL };
	char path[64], *const envp[] = { NULL };
	int mounts, pids, file = open(program, O_RDONLY | O_CLOEXEC), ready[2];
	size_t len = 0;
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	mounts = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	pids = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || mounts < 0 || pids < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return fail(pid);
	if (setns(pids, CLONE_NEWPID) < 0 || setns(mounts, CLONE_NEWNS) < 0)
		return fail("setns");
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dprintf(ready[1], "%d\n", getpid());
		fexecve(file, (char *const *)argv, envp);
		_exit(1);
	}
	/* Until its end closes, with the exec: the number is told when that is the program. */
	close(ready[1]);
	for (ssize_t n; (n = read(ready[0], path + len, sizeof(path) - len)) > 0;)
		len += (size_t)n;
	if (write(STDOUT_FILENO, path, len) < 0)
		return fail("standard output");
	return result_of(child) != 0;
}

static int handle(const char *file)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, file, &u.h, &mount_id, 0) < 0)
		return fail(file);
	printf("%02x", (unsigned)u.h.handle_type);
	for (unsigned i = 0; i < u.h.handle_bytes; i++)
		printf("%02x", u.h.f_handle[i]);
	printf("\n");
	return 0;
}

static void allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access,
		.parent_fd = open(path, O_PATH | O_CLOEXEC) };

	if (rule.parent_fd < 0 ||
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		exit(fail(path));
	close(rule.parent_fd);
}

static int landlock(char **command)
{
	static const char *const data[] = { DATA, "/tmp", "/dev", "/run" };
	/* Up to and with truncation, which Debian 12's header does not name. */
	const uint64_t all = (1 << 15) - 1;
	struct landlock_ruleset_attr attr = { .handled_access_fs = all };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (ruleset < 0)
		return fail("landlock");
	allow(ruleset, "/",
		LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
			LANDLOCK_ACCESS_FS_READ_DIR);
	for (size_t i = 0; i < sizeof(data) / sizeof(*data); i++)
		allow(ruleset, data[i], all);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return fail("landlock");
	close(ruleset);
	execv(command[0], command);
	return fail(command[0]);
}

static int execute(const char *file)
{
	static char words[65536];
	char *argv[256];
	int fd = open(file, O_RDONLY | O_CLOEXEC), n = 0;
	ssize_t len = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);

	if (len <= 0)
		return fail(file);
	for (char *w = words; w < words + len && n < 255; w += strlen(w) + 1)
		argv[n++] = w;
	argv[n] = NULL;
	execv(argv[0], argv);
	/* As who would have executed it says it. */
	return errno;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "enter"))
		return enter(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "handle"))
		return handle(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "argv"))
		return execute(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "landlock"))
		return landlock(argv + 2);
	return 2;
}
