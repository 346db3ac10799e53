/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/runtime_conf.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/paled_client.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Of the protocol: what waits for paled waits no longer. */
#define WAIT_MAX_S     10
#define LINE_MAX_BYTES 4096

static const char *const directories[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
	"/usr/bin", "/sbin", "/bin" };

static char *copy(const char *s)
{
	char *c = strdup(s);

	if (!c)
		abort();
	return c;
}

static bool set_path(char **to, const char *value)
{
	if (value[0] != '/')
		return false;
	free(*to);
	*to = copy(value);
	return true;
}

static bool set_runc(struct runtime_conf *conf, const char *value)
{
	return set_path(&conf->runc, value);
}

static bool set_crun(struct runtime_conf *conf, const char *value)
{
	return set_path(&conf->crun, value);
}

static bool set_sockets(struct runtime_conf *conf, const char *value)
{
	return set_path(&conf->socket_dir, value);
}

static bool set_wait(struct runtime_conf *conf, const char *value)
{
	char *end;
	unsigned long s;

	if (!isdigit((unsigned char)*value))
		return false;
	s = strtoul(value, &end, 10);
	if (*end || s > WAIT_MAX_S)
		return false;
	conf->wait_ms = (int)s * 1000;
	return true;
}

static bool set_allow_unreachable(struct runtime_conf *conf, const char *value)
{
	conf->allow_unreachable = !strcmp(value, "yes");
	return conf->allow_unreachable || !strcmp(value, "no");
}

static const struct {
	const char *name;
	const char *meant;
	bool (*set)(struct runtime_conf *conf, const char *value);
} names[] = {
	{ "runc", "an absolute path", set_runc },
	{ "crun", "an absolute path", set_crun },
	{ "sockets", "an absolute path", set_sockets },
	{ "wait", "seconds, from 0 to 10", set_wait },
	{ "allow-without-paled", "yes or no", set_allow_unreachable },
};

static char *trimmed(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && strchr(" \t\n", end[-1]))
		*--end = '\0';
	return s;
}

static int read_line(struct runtime_conf *conf, const char *path, unsigned int line, char *s,
	struct pale_err **err)
{
	char *equals, *name, *value;

	s[strcspn(s, "#")] = '\0';
	s = trimmed(s);
	if (!*s)
		return 0;
	equals = strchr(s, '=');
	if (!equals)
		return pale_err_plain(err, EINVAL, "%s:%u: no 'name = value'", path, line);
	*equals = '\0';
	name = trimmed(s);
	value = trimmed(equals + 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		return names[i].set(conf, value)
			       ? 0
			       : pale_err_plain(err, EINVAL, "%s:%u: '%s' has to be %s", path, line,
					 name, names[i].meant);
	}
	return pale_err_plain(err, EINVAL, "%s:%u: unknown name '%s'", path, line, name);
}

static int check_owner(int fd, const char *path, struct pale_err **err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return pale_err_plain(err, EINVAL, "%s: not a regular file", path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & 022)
		return pale_err_plain(err, EPERM, "%s: others than root may write to it", path);
	return 0;
}

static int read_file(struct runtime_conf *conf, const char *path, FILE *f, struct pale_err **err)
{
	char s[LINE_MAX_BYTES];

	for (unsigned int line = 1; fgets(s, sizeof(s), f); line++) {
		int r;

		if (!strchr(s, '\n') && !feof(f))
			return pale_err_plain(
				err, EINVAL, "%s:%u: the line is too long", path, line);
		r = read_line(conf, path, line, s, err);
		if (r < 0)
			return r;
	}
	return ferror(f) ? pale_err_set(err, EIO, "read %s", path) : 0;
}

static int read_path(
	struct runtime_conf *conf, const char *path, bool needed, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0 && errno == ENOENT && !needed)
		return 0;
	if (fd < 0)
		return pale_err_set(err, errno, "open %s", path);
	r = check_owner(fd, path, err);
	if (r < 0)
		return r;
	f = fdopen(fd, "r");
	if (!f)
		return pale_err_set(err, errno, "open %s", path);
	fd = -1;
	return read_file(conf, path, f, err);
}

int runtime_conf_read(const char *path, struct runtime_conf *ret, struct pale_err **err)
{
	int r;

	*ret = (struct runtime_conf){
		.socket_dir = copy(PALED_RUN_DIR),
		.wait_ms = WAIT_MAX_S * 1000,
	};
	r = read_path(ret, path ? path : RUNTIME_CONF_FILE, path != NULL, err);
	if (r < 0)
		runtime_conf_release(ret);
	return r;
}

void runtime_conf_release(struct runtime_conf *conf)
{
	free(conf->runc);
	free(conf->crun);
	free(conf->socket_dir);
	*conf = (struct runtime_conf){ 0 };
}

/* The name runc may be this program's, too: it would start itself for ever. */
static int check_is_other(const char *path, struct pale_err **err)
{
	struct stat its, own;

	if (stat(path, &its) < 0)
		return pale_err_set(err, errno, "the real runtime, %s", path);
	if (stat("/proc/self/exe", &own) < 0)
		return pale_err_set(err, errno, "/proc/self/exe");
	if (its.st_dev == own.st_dev && its.st_ino == own.st_ino)
		return pale_err_plain(err, ELOOP, "the real runtime, %s, is pale-runtime", path);
	return 0;
}

static int take(const char *path, char **ret, struct pale_err **err)
{
	int r = check_is_other(path, err);

	if (r == 0)
		*ret = copy(path);
	return r;
}

int runtime_conf_find(const struct runtime_conf *conf, enum real_kind kind, const char *asked,
	char **ret, struct pale_err **err)
{
	const char *name = kind == REAL_CRUN ? "crun" : "runc";
	const char *configured = kind == REAL_CRUN ? conf->crun : conf->runc;
	int r;

	if (asked && asked[0] != '/')
		return pale_err_plain(
			err, EINVAL, "--pale-runtime has to be an absolute path, not '%s'", asked);
	if (asked || configured)
		return take(asked ? asked : configured, ret, err);
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;

		text_printf(&path, "%s/%s", directories[i], name);
		if (access(path.s, X_OK) == 0)
			return take(path.s, ret, err);
	}
	r = pale_err_plain(err, ENOENT, "there is no %s on this node", name);
	pale_err_hint(err, "say where it is in " RUNTIME_CONF_FILE ": %s = PATH", name);
	return r;
}
