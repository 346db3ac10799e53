/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NODE_MOUNTS_H
#define PALE_POSTURE_NODE_MOUNTS_H

/*
 * What a container has of the node's files: its mounts (proc_pid_mountinfo(5)) are of the same file
 * systems as the node's own, from which the path on the node follows. What an engine makes for each
 * container (its root, /proc, /sys, /dev, /etc/hosts, volumes below its own folders) is none of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mount {
	char *device; /* "8:1" */
	char *root;   /* of the mount in its file system */
	char *point;  /* as its process sees it */
	char *type;
	bool read_only;
};

struct mounts {
	struct mount *v;
	size_t n;
};

/* Appends what the text of a mountinfo file has, decoding what is escaped in it; lines that are
 * none are left out. */
void mounts_parse(const char *text, struct mounts *ret);
/* Appends those of a process; 0 or a negative errno. */
int mounts_read(pid_t pid, struct mounts *ret);
void mounts_release(struct mounts *m);

/* The last one at this point; NULL. */
const struct mount *mounts_at(const struct mounts *m, const char *point);
/* Whether any is below the point. */
bool mounts_below(const struct mounts *m, const char *point);
/*
 * The path on the node, malloc-ed, of what is mounted; NULL: it is nothing of the node's, or what
 * an engine made for the container.
 */
char *mount_host_path(const struct mounts *node, const struct mount *m);

#endif
