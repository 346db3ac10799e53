/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as paled.conf: refused with a place, or all of it understood. */
#include "compiler/base/cleanup.h"
#include "enforcer/daemon/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check(const struct daemon_config *c)
{
	must(!c->default_profile || *c->default_profile);
	must(c->on_missing < ON_MISSING_COUNT && c->events_per_second <= 1000000);
	for (uint32_t i = 0; i < c->n_images; i++)
		must(*c->images[i].image && *c->images[i].profile);
	for (uint32_t i = 0; i < c->n_image_labels; i++)
		must(*c->image_labels[i] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_close_ int fd = memfd_create("paled.conf", 0);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_config c;
	char path[64];
	int r;

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = daemon_config_read(path, &c, &err);
	if (r < 0) {
		must(!c.arena && strncmp(pale_err_text(err), path, strlen(path)) == 0);
		return 0;
	}
	must(!err);
	check(&c);
	daemon_config_release(&c);
	return 0;
}
