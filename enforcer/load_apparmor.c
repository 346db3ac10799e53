/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/load_apparmor.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define FEATURES "/sys/kernel/security/apparmor/features/"

/* What the coverage rests on; the rules for anything else would be left out without a word. */
static const char *const needed[] = {
	"file/mask",
	"caps/mask",
	"network_v8/af_mask",
	"signal/mask",
	"ptrace/mask",
	"mount/mask",
	"domain/change_onexec",
};

static const char *parser(void)
{
	static const char *const places[] = { "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser",
		"/usr/local/sbin/apparmor_parser" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

static bool enabled(void)
{
	_cleanup_close_ int fd =
		open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer;

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

int apparmor_supported(struct pale_err **err)
{
	int r;

	if (!enabled()) {
		r = pale_err_set(err, EOPNOTSUPP, "AppArmor is not active in this kernel");
		pale_err_hint(err, "boot with apparmor in lsm=");
		return r;
	}
	if (access(FEATURES, F_OK) < 0) {
		r = pale_err_set(err, EOPNOTSUPP, "AppArmor's files cannot be seen");
		pale_err_hint(err, "mount securityfs on /sys/kernel/security");
		return r;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, FEATURES "%s", needed[i]) < 0)
			abort();
		if (access(path, F_OK) == 0)
			continue;
		r = pale_err_set(err, EOPNOTSUPP, "this kernel's AppArmor lacks %s", needed[i]);
		pale_err_hint(err, "Linux 6.1 has it");
		return r;
	}
	if (!parser()) {
		r = pale_err_set(err, EOPNOTSUPP, "apparmor_parser is missing");
		pale_err_hint(err, "install the package apparmor");
		return r;
	}
	return 0;
}

static int read_all(int fd, struct text *to)
{
	char buf[65536];

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		text_add(to, buf, (size_t)n);
	}
}

/* Files without a name, not pipes: nobody waits for anybody. */
static int run(char *const argv[], int in, int out, int said, int *ret_status)
{
	static char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, said, 2);
	r = posix_spawn(&pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return -r;
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int apparmor_compile(
	const char *text, size_t len, const char *features, struct text *ret, struct pale_err **err)
{
	_cleanup_close_ int in = memfd_create("profile", MFD_CLOEXEC);
	_cleanup_close_ int out = memfd_create("binary", MFD_CLOEXEC);
	_cleanup_close_ int said = memfd_create("messages", MFD_CLOEXEC);
	_cleanup_(text_release) struct text words = TEXT_INIT, shown = TEXT_INIT;
	/* -K: no cache, -Q: load nothing, -S: the binary to stdout. */
	char *argv[] = { (char *)parser(), (char *)"-q", (char *)"-K", (char *)"-Q", (char *)"-S",
		features ? (char *)"-M" : NULL, (char *)features, NULL };
	int status, r;

	if (!argv[0])
		return pale_err_set(err, ENOENT, "apparmor_parser is missing");
	if (in < 0 || out < 0 || said < 0)
		return pale_err_set(err, errno, "make a file in memory");
	r = write_all(in, text, len);
	if (r == 0 && lseek(in, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = run(argv, in, out, said, &status);
	if (r == 0)
		r = read_all(said, &words);
	if (r < 0)
		return pale_err_set(err, -r, "run apparmor_parser");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		while (words.len && words.s[words.len - 1] == '\n')
			words.len--;
		text_escaped(&shown, text_str(&words), words.len);
		return pale_err_set(err, EBADMSG, "apparmor_parser: %s", text_str(&shown));
	}
	r = read_all(out, ret);
	if (r == 0 && ret->len == 0)
		r = -EBADMSG;
	if (r < 0)
		return pale_err_set(err, -r, "read what apparmor_parser made");
	return 0;
}

static void interface_unrefp(aa_kernel_interface **i)
{
	aa_kernel_interface_unref(*i);
}

static int open_interface(aa_kernel_interface **ret, struct pale_err **err)
{
	if (aa_kernel_interface_new(ret, NULL, NULL) < 0) {
		*ret = NULL;
		return pale_err_set(err, errno, "open AppArmor's kernel interface");
	}
	return 0;
}

int apparmor_load(const char *text, size_t len, struct pale_err **err)
{
	_cleanup_(interface_unrefp) aa_kernel_interface *i = NULL;
	_cleanup_(text_release) struct text binary = TEXT_INIT;
	int r = open_interface(&i, err);

	if (r == 0)
		r = apparmor_compile(text, len, NULL, &binary, err);
	if (r < 0)
		return pale_err_wrap(err, "load AppArmor profile");
	if (aa_kernel_interface_replace_policy(i, binary.s, binary.len) < 0)
		return pale_err_set(err, errno, "load AppArmor profile");
	return 0;
}

int apparmor_unload(const char *profile, struct pale_err **err)
{
	_cleanup_(interface_unrefp) aa_kernel_interface *i = NULL;
	int r = open_interface(&i, err);

	if (r < 0)
		return pale_err_wrap(err, "unload AppArmor profile %s", profile);
	if (aa_kernel_interface_remove_policy(i, profile) < 0)
		return pale_err_set(err, errno, "unload AppArmor profile %s", profile);
	return 0;
}
