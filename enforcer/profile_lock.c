/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/profile_lock.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FOLDER "/run/pale"

int profile_lock(const char *profile, int *ret_fd, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_close_ int fd = -1;

	if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)
		return pale_err_set(err, errno, "make %s", FOLDER);
	text_printf(&path, "%s/apparmor.%s", FOLDER, profile);
	fd = open(text_str(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return pale_err_set(err, errno, "open %s", text_str(&path));
	while (flock(fd, LOCK_SH) < 0) {
		if (errno != EINTR)
			return pale_err_set(err, errno, "lock %s", text_str(&path));
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool profile_lock_is_last(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}
