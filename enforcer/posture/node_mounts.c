/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_mounts.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/node_paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Folders below which engines and the kubelet make what each container has of its own, and how
 * deep:
 * "/var/lib/docker/containers/ID/hosts". What lies higher is of several containers, and only
 * somebody else hands it over. A prefix of a name will do, as containerd's have one.
 */
static const struct {
	const char *path;
	size_t depth;
} engine_folders[] = {
	{ "/var/lib/docker", 3 },
	{ "/var/lib/containers/storage", 3 },
	{ "/run/containers/storage", 3 },
	{ "/var/lib/containerd", 4 },
	{ "/run/containerd/io.containerd", 3 },
	{ "/var/lib/kubelet/pods", 2 },
	{ "/var/lib/rancher/k3s/agent/containerd", 4 },
	{ "/run/k3s/containerd/io.containerd", 3 },
};

/* Kernel's own, which engines mount anew in each container. */
static const char *const kernel_points[] = { "/proc", "/sys", "/dev" };
static const char *const kernel_types[] = { "proc", "sysfs", "cgroup", "cgroup2", "mqueue",
	"devpts", "nsfs", "securityfs", "tmpfs" };
/* Of the node's devtmpfs, which engines without the right to make devices hand over one by one, and
 * put before files that they mask. */
static const char *const plain_devices[] = { "/null", "/zero", "/full", "/random", "/urandom",
	"/tty" };

static char *decoded(const char *s, size_t len)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 3 < len && s[i + 1] >= '0' && s[i + 1] <= '3') {
			text_putc(&t, (char)((s[i + 1] - '0') << 6 | (s[i + 2] - '0') << 3 |
					      (s[i + 3] - '0')));
			i += 3;
		} else {
			text_putc(&t, s[i]);
		}
	}
	return text_take(&t);
}

/* The next word of a line, or NULL at its end. */
static const char *word(const char **s, size_t *len)
{
	const char *at = *s + strspn(*s, " ");

	*len = strcspn(at, " \n");
	*s = at + *len;
	return *len ? at : NULL;
}

static bool has_option(const char *options, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= len; i++) {
		if ((i == 0 || options[i - 1] == ',') && memcmp(options + i, name, n) == 0 &&
			(i + n == len || options[i + n] == ','))
			return true;
	}
	return false;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static bool parse_line(const char *line, struct mount *ret)
{
	enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, FIELDS };
	const char *field[FIELDS], *s = line, *w;
	size_t len[FIELDS], n;

	for (int i = 0; i < FIELDS; i++) {
		field[i] = word(&s, &len[i]);
		if (!field[i])
			return false;
	}
	do {
		w = word(&s, &n);
	} while (w && !(n == 1 && *w == '-'));
	w = w ? word(&s, &n) : NULL;
	if (!w)
		return false;
	*ret = (struct mount){ .device = decoded(field[DEVICE], len[DEVICE]),
		.root = decoded(field[ROOT], len[ROOT]),
		.point = decoded(field[POINT], len[POINT]),
		.type = decoded(w, n),
		.read_only = has_option(field[OPTIONS], len[OPTIONS], "ro") };
	return true;
}

void mounts_parse(const char *text, struct mounts *ret)
{
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		_cleanup_free_ char *copy = strndup(line, (size_t)(end - line));
		struct mount m;

		if (copy && parse_line(copy, &m)) {
			ret->v = reallocarray(ret->v, ret->n + 1, sizeof(*ret->v));
			if (!ret->v)
				abort();
			ret->v[ret->n++] = m;
		}
		line = *end ? end + 1 : end;
	}
}

int mounts_read(pid_t pid, struct mounts *ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], buffer[4096];
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		text_add(&t, buffer, n);
	if (ferror(f))
		return -EIO;
	mounts_parse(text_str(&t), ret);
	return 0;
}

void mounts_release(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].device);
		free(m->v[i].root);
		free(m->v[i].point);
		free(m->v[i].type);
	}
	free(m->v);
	*m = (struct mounts){ 0 };
}

const struct mount *mounts_at(const struct mounts *m, const char *point)
{
	for (size_t i = m->n; i-- > 0;) {
		if (strcmp(m->v[i].point, point) == 0)
			return &m->v[i];
	}
	return NULL;
}

bool mounts_below(const struct mounts *m, const char *point)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->v[i].point, point) != 0 && node_path_is_within(m->v[i].point, point))
			return true;
	}
	return false;
}

static bool is_kernels_own(const struct mount *m)
{
	bool at = false, of = false;

	for (size_t i = 0; i < sizeof(kernel_points) / sizeof(*kernel_points); i++)
		at |= node_path_is_within(m->point, kernel_points[i]);
	for (size_t i = 0; i < sizeof(kernel_types) / sizeof(*kernel_types); i++)
		of |= strcmp(m->type, kernel_types[i]) == 0;
	for (size_t i = 0; i < sizeof(plain_devices) / sizeof(*plain_devices); i++)
		of |= strcmp(m->type, "devtmpfs") == 0 && strcmp(m->root, plain_devices[i]) == 0;
	return (at && of) || strcmp(m->type, "nsfs") == 0;
}

static size_t depth_of(const char *path)
{
	size_t n = 0;

	while ((path = strchr(path, '/'))) {
		n++;
		path++;
	}
	return n;
}

static bool is_engines_own(const char *path)
{
	for (size_t i = 0; i < sizeof(engine_folders) / sizeof(*engine_folders); i++) {
		size_t n = strlen(engine_folders[i].path);

		if (strncmp(path, engine_folders[i].path, n) == 0 &&
			depth_of(path + n) >= engine_folders[i].depth)
			return true;
	}
	return false;
}

/* "" of the root is all of the file system. */
static const char *below(const char *root, const char *outer)
{
	if (strcmp(outer, "/") == 0)
		outer = "";
	if (!node_path_is_within(root, outer))
		return NULL;
	root += strlen(outer);
	return strcmp(root, "/") == 0 ? "" : root;
}

char *mount_host_path(const struct mounts *node, const struct mount *m)
{
	const struct mount *best = NULL;
	_cleanup_(text_release) struct text path = TEXT_INIT, plain = TEXT_INIT;

	if (is_kernels_own(m))
		return NULL;
	for (size_t i = 0; i < node->n; i++) {
		const struct mount *h = &node->v[i];

		if (strcmp(h->device, m->device) == 0 && below(m->root, h->root) &&
			(!best || strlen(h->root) > strlen(best->root)))
			best = h;
	}
	if (!best)
		return NULL;
	text_printf(&path, "%s%s", best->point, below(m->root, best->root));
	node_path_plain(text_str(&path), &plain);
	if (is_engines_own(text_str(&plain)))
		return NULL;
	/* What the container's root lies in is its image, unless it is the node's own. */
	if (strcmp(m->point, "/") == 0 && plain.len)
		return NULL;
	if (!plain.len)
		text_putc(&plain, '/');
	return text_take(&plain);
}
