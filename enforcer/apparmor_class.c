/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/apparmor_class.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int root_of(const struct process *process, const struct apparmor_place *place)
{
	int root = process ? process_open_path(process, "root") : -ESRCH;

	if (root < 0 && place->root >= 0)
		root = fcntl(place->root, F_DUPFD_CLOEXEC, 0);
	return root;
}

enum object_class apparmor_class(
	const struct process *process, const struct apparmor_place *place, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_close_ int root = root_of(process, place), fd = -1, again = -1;
	struct stat st;
	uint64_t changed_ns;

	if (root < 0)
		return CLASS_PLAIN;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 && errno == ENOENT) {
		/* Its mounts go with its last process, and then all is missing. */
		again = root_of(process, place);
		return again >= 0 ? CLASS_ANONYMOUS : CLASS_PLAIN;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return CLASS_PLAIN;
	changed_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 + (uint64_t)st.st_ctim.tv_nsec;
	return place->start_ns && changed_ns >= place->start_ns ? CLASS_DRIFT : CLASS_PLAIN;
}
