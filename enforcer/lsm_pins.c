/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the directory of pins:
 *
 *	maps_SCHEMA/NAME	every map
 *	links_DIGEST/PROGRAM	a complete set of links, of the programs that DIGEST is of
 *	new/			maps or links that are being pinned
 *	old_N/			what is to go
 *
 * A rename is all that makes a set complete, or no longer so; who is killed before it has changed
 * nothing, and who is killed after it is done. So whatever is in new/ and old_N/ is dispensable,
 * and is taken away once a complete set is there: what a loader had attached and not yet renamed
 * goes on enforcing until then. Links mean nothing without the maps.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/base/text.h"
#include "enforcer/lsm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define NEW	     "new"
#define OLD_PREFIX   "old_"
#define MAPS_PREFIX  "maps_"
#define LINKS_PREFIX "links_"

struct lsm_pins {
	int dir; /* locked as long as it is open */
	char links[sizeof(LINKS_PREFIX) + 64];
	bool complete; /* what is pinned later goes to `links`, not NEW */
};

void lsm_pins_free(struct lsm_pins *pins)
{
	if (!pins)
		return;
	closep(&pins->dir);
	free(pins);
}

static int open_directory(const char *dir, int *ret, struct pale_err **err)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "%s", dir);
	if (fs.f_type != BPF_FS_MAGIC) {
		int r = pale_err_plain(err, EINVAL, "%s is not of a BPF file system", dir);

		pale_err_hint(err, "mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf %s", dir);
		return r;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		int r = pale_err_plain(err, EPERM,
			"%s is accessible to others (mode %03o, user %u)", dir, st.st_mode & 0777,
			st.st_uid);

		pale_err_hint(err, "who can reach the pins can take enforcement off: chmod 700");
		return r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? pale_err_plain(err, EBUSY, "%s is another process's", dir)
			       : pale_err_set(err, errno, "lock %s", dir);
	*ret = TAKE_FD(fd);
	return 0;
}

/* ---- directories ---- */

static bool begins_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int list(int parent, const char *name, DIR **ret, struct pale_err **err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	*ret = fd < 0 ? NULL : fdopendir(fd);
	if (*ret)
		return 0;
	closep(&fd);
	return pale_err_set(err, errno, "%s", name);
}

static const char *next_name(DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			return e->d_name;
	return NULL;
}

/* To a name that sweep() takes away. */
static int set_aside(int dir, const char *name, struct pale_err **err)
{
	char old[sizeof(OLD_PREFIX) + 16];

	for (unsigned n = 0; n < 10000; n++) {
		snprintf(old, sizeof(old), OLD_PREFIX "%u", n);
		if (faccessat(dir, old, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (renameat(dir, name, dir, old) < 0 && errno != ENOENT)
			return pale_err_set(err, errno, "%s", name);
		return 0;
	}
	return pale_err_set(err, EMFILE, "%s", name);
}

/* All whose names begin with @prefix but @but, which may be NULL. */
static int set_all_aside(int dir, const char *prefix, const char *but, struct pale_err **err)
{
	/* What is renamed may be listed again or not at all: from the start each time. */
	for (;;) {
		_cleanup_closedir_ DIR *d = NULL;
		const char *name;
		int r = list(dir, ".", &d, err);

		if (r < 0)
			return r;
		while ((name = next_name(d)) &&
			(!begins_with(name, prefix) || (but && !strcmp(name, but))))
			;
		if (!name)
			return 0;
		r = set_aside(dir, name, err);
		if (r < 0)
			return r;
	}
}

static int remove_directory(int dir, const char *name, struct pale_err **err)
{
	for (;;) {
		_cleanup_closedir_ DIR *d = NULL;
		const char *entry;
		int r = list(dir, name, &d, err);

		if (r < 0)
			return r;
		entry = next_name(d);
		if (!entry)
			break;
		do {
			if (unlinkat(dirfd(d), entry, 0) < 0)
				return pale_err_set(err, errno, "%s/%s", name, entry);
		} while ((entry = next_name(d)));
	}
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? pale_err_set(err, errno, "%s", name) : 0;
}

static int sweep(int dir, struct pale_err **err)
{
	for (;;) {
		_cleanup_closedir_ DIR *d = NULL;
		const char *name;
		int r = list(dir, ".", &d, err);

		if (r < 0)
			return r;
		while ((name = next_name(d)) && !begins_with(name, OLD_PREFIX))
			;
		if (!name)
			return 0;
		r = remove_directory(dir, name, err);
		if (r < 0)
			return r;
	}
}

/* Whether there are maps of ours; others are refused. */
static int find_maps(int dir, const char *maps, bool *ret, struct pale_err **err)
{
	_cleanup_closedir_ DIR *d = NULL;
	const char *name;
	int r = list(dir, ".", &d, err);

	if (r < 0)
		return r;
	*ret = false;
	while ((name = next_name(d))) {
		if (!begins_with(name, MAPS_PREFIX))
			continue;
		if (strcmp(name, maps) != 0) {
			r = pale_err_plain(err, EPROTO, "what is pinned is of schema %s, not %d",
				name + strlen(MAPS_PREFIX), LSM_SCHEMA);
			pale_err_hint(err, "go on with the version of pale that pinned it, or end "
					   "the containers and remove the pins");
			return r;
		}
		*ret = true;
	}
	return 0;
}

/* ---- pins ---- */

/* bpf(2) takes paths alone. This one leads to the directory that was looked at. */
static void path_of(
	const struct lsm *l, const char *folder, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "/proc/self/fd/%d/%s/%s", l->pins->dir, folder, name);
}

static int pin(
	const struct lsm *l, const char *folder, const char *name, int fd, struct pale_err **err)
{
	char path[256];

	path_of(l, folder, name, path, sizeof(path));
	return bpf_obj_pin(fd, path) < 0 ? pale_err_set(err, errno, "pin %s", name) : 0;
}

static int begin(const struct lsm *l, struct pale_err **err)
{
	return mkdirat(l->pins->dir, NEW, 0700) < 0 ? pale_err_set(err, errno, "%s", NEW) : 0;
}

static int complete(const struct lsm *l, const char *name, struct pale_err **err)
{
	return renameat(l->pins->dir, NEW, l->pins->dir, name) < 0
		       ? pale_err_set(err, errno, "%s", name)
		       : 0;
}

/* Those of constants and of the kernel's configuration belong to the programs, which hold them. */
static bool is_pinned(const struct bpf_map *map)
{
	return !bpf_map__is_internal(map);
}

static int pin_maps(struct lsm *l, const char *maps, struct pale_err **err)
{
	struct bpf_map *map;
	int r = begin(l, err);

	bpf_object__for_each_map(map, l->skel->obj)
	{
		if (r >= 0 && is_pinned(map))
			r = pin(l, NEW, bpf_map__name(map), bpf_map__fd(map), err);
	}
	return r < 0 ? r : complete(l, maps, err);
}

/* Those that the version which pinned the others did not have. */
static int pin_further_maps(struct lsm *l, const char *maps, struct pale_err **err)
{
	struct bpf_map *map;
	char path[256];
	int r = 0;

	bpf_object__for_each_map(map, l->skel->obj)
	{
		path_of(l, maps, bpf_map__name(map), path, sizeof(path));
		if (r >= 0 && is_pinned(map) && access(path, F_OK) < 0)
			r = pin(l, maps, bpf_map__name(map), bpf_map__fd(map), err);
	}
	return r;
}

/* The programs' idea of the map is checked by the verifier, but only when they are loaded. */
static int same_shape(const struct bpf_map *map, int fd, struct pale_err **err)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int r;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return pale_err_set(err, errno, "map %s", bpf_map__name(map));
	if (info.type == (uint32_t)bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
		info.value_size == bpf_map__value_size(map) &&
		info.max_entries == bpf_map__max_entries(map) &&
		info.map_flags == bpf_map__map_flags(map))
		return 0;
	r = pale_err_plain(err, EPROTO, "what is pinned has another map %s", bpf_map__name(map));
	pale_err_hint(err,
		"go on with the version of pale that pinned it, or end the containers and "
		"remove the pins");
	return r;
}

/* @ret_all: there is none that is not pinned yet. */
static int take_maps(struct lsm *l, const char *maps, bool *ret_all, struct pale_err **err)
{
	struct bpf_map *map;

	*ret_all = true;
	bpf_object__for_each_map(map, l->skel->obj)
	{
		_cleanup_close_ int fd = -1;
		char path[256];
		int r;

		if (!is_pinned(map))
			continue;
		path_of(l, maps, bpf_map__name(map), path, sizeof(path));
		fd = bpf_obj_get(path);
		if (fd < 0 && errno == ENOENT) {
			*ret_all = false;
			continue;
		}
		if (fd < 0)
			return pale_err_set(err, errno, "map %s", bpf_map__name(map));
		r = same_shape(map, fd, err);
		if (r < 0)
			return r;
		r = bpf_map__reuse_fd(map, fd);
		if (r < 0)
			return pale_err_set(err, -r, "map %s", bpf_map__name(map));
	}
	return 0;
}

/* Of the object, what it has been set to, and the programs of it that this kernel can have. */
static void digest_of(const struct lsm *l, unsigned edition, char hex[65])
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const void *bytes;
	size_t len;

	text_printf(&t, "%u", edition);
	for (size_t i = 0; i < l->n_programs; i++)
		text_printf(&t, " %s", lsm_program_name(l, i));
	bytes = bpf_map__initial_value(l->skel->maps.rodata, &len);
	text_add(&t, bytes, len);
	bytes = lsm_bpf__elf_bytes(&len);
	text_add(&t, bytes, len);
	sha256_hex(t.s, t.len, hex);
}

/* False: none, or not a whole one. */
static bool take_links(struct lsm *l)
{
	size_t n = 0;

	for (; n < l->n_programs; n++) {
		struct bpf_link_info info = { 0 };
		uint32_t len = sizeof(info);
		char path[256];
		int fd;

		path_of(l, l->pins->links, lsm_program_name(l, n), path, sizeof(path));
		fd = l->programs[n].link = bpf_obj_get(path);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ||
			info.type != BPF_LINK_TYPE_TRACING)
			break;
	}
	if (n == l->n_programs)
		return true;
	for (size_t i = 0; i < l->n_programs; i++) {
		closep(&l->programs[i].link);
		l->programs[i].link = -1;
	}
	return false;
}

int lsm_pins_add(struct lsm *l, size_t i, struct pale_err **err)
{
	return pin(l, l->pins->complete ? l->pins->links : NEW, lsm_program_name(l, i),
		l->programs[i].link, err);
}

int lsm_pins_remove(struct lsm *l, size_t i, struct pale_err **err)
{
	char path[256];

	path_of(l, l->pins->links, lsm_program_name(l, i), path, sizeof(path));
	return unlink(path) < 0 ? pale_err_set(err, errno, "unpin") : 0;
}

static int pin_links(struct lsm *l, struct pale_err **err)
{
	int r = begin(l, err);

	for (size_t i = 0; i < l->n_programs && r >= 0; i++)
		r = lsm_pins_add(l, i, err);
	if (r >= 0)
		r = complete(l, l->pins->links, err);
	if (r >= 0)
		l->pins->complete = true;
	return r;
}

/* Loads and pins what is missing. NEW is not there at first. */
static int make_set(struct lsm *l, const char *maps, bool have_maps, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
	int r = lsm_load_programs(l, err);

	if (r >= 0)
		r = have_maps ? pin_further_maps(l, maps, err) : pin_maps(l, maps, err);
	if (r >= 0)
		r = lsm_use_maps(l, err);
	if (r >= 0)
		r = lsm_attach_programs(l, err);
	if (r >= 0)
		r = pin_links(l, err);
	/* Of a set that is not whole nothing stays attached. */
	if (r < 0 && faccessat(l->pins->dir, NEW, F_OK, 0) == 0)
		remove_directory(l->pins->dir, NEW, &unused);
	return r;
}

static int establish(struct lsm *l, const char *maps, struct pale_err **err)
{
	const int dir = l->pins->dir;
	bool have_maps, all = false;
	int r;

	r = find_maps(dir, maps, &have_maps, err);
	if (r >= 0 && have_maps)
		r = take_maps(l, maps, &all, err);
	if (r >= 0)
		r = set_aside(dir, NEW, err);
	if (r >= 0 && !have_maps)
		r = set_all_aside(dir, LINKS_PREFIX, NULL, err);
	if (r < 0)
		return r;
	if (all && take_links(l)) {
		l->pins->complete = true;
		r = lsm_use_maps(l, err);
	} else {
		r = set_aside(dir, l->pins->links, err);
		if (r >= 0)
			r = make_set(l, maps, have_maps, err);
	}
	if (r >= 0)
		r = lsm_note_own(l, err);
	if (r >= 0)
		r = lsm_repair_policies(l, err);
	if (r >= 0)
		r = set_all_aside(dir, LINKS_PREFIX, l->pins->links, err);
	return r < 0 ? r : sweep(dir, err);
}

int lsm_open_edition(const char *dir, unsigned edition, struct lsm **ret, struct pale_err **err)
{
	_cleanup_(lsm_freep) struct lsm *l = NULL;
	char maps[sizeof(MAPS_PREFIX) + 16], digest[65];
	int r = lsm_new(NULL, &l, err);

	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	l->pins = calloc(1, sizeof(*l->pins));
	if (!l->pins)
		abort();
	l->pins->dir = -1;
	snprintf(maps, sizeof(maps), MAPS_PREFIX "%d", LSM_SCHEMA);
	digest_of(l, edition, digest);
	snprintf(l->pins->links, sizeof(l->pins->links), LINKS_PREFIX "%s", digest);
	r = open_directory(dir, &l->pins->dir, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	r = establish(l, maps, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm: %s", dir);
	*ret = TAKE_PTR(l);
	return 0;
}

int lsm_open(const char *dir, struct lsm **ret, struct pale_err **err)
{
	return lsm_open_edition(dir, 0, ret, err);
}

int lsm_unpin(const char *dir, struct pale_err **err)
{
	static const char *const prefixes[] = { MAPS_PREFIX, LINKS_PREFIX, NEW };
	_cleanup_close_ int fd = -1;
	int r = open_directory(dir, &fd, err);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes) && r >= 0; i++)
		r = set_all_aside(fd, prefixes[i], NULL, err);
	if (r >= 0)
		r = sweep(fd, err);
	return r < 0 ? pale_err_wrap(err, "bpf-lsm: %s", dir) : 0;
}
