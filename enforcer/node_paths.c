/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/node_paths.h"

#include "compiler/base/cleanup.h"

#include <string.h>

/* Of the node; below the other names of the same, since a link is not looked at from here. */
static const char *const node_paths[] = {
	"/run/pale",
	"/etc/pale",
	"/run/containerd",
	"/run/crio",
	"/run/docker.sock",
	"/run/docker",
	"/run/podman",
	"/run/k3s",
	"/run/systemd",
	"/run/dbus",
	"/run/runc",
	"/run/crun",
	"/var/lib/kubelet",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/docker",
	"/var/lib/rancher",
	"/var/lib/pale",
	"/var/lib/pale-export",
	"/etc/kubernetes",
	"/etc/containerd",
	"/etc/crio",
	"/etc/docker",
	"/etc/rancher",
	/* Programs that engines and the kubelet start as root. */
	"/etc/cni",
	"/opt/cni",
	"/opt/pale",
	"/usr/libexec/kubernetes",
	"/usr/bin",
	"/usr/sbin",
	"/usr/lib",
	"/usr/local",
	"/bin",
	"/sbin",
	"/lib",
	"/lib64",
	"/boot",
	"/root",
	"/etc/systemd",
	"/etc/cron.d",
	"/etc/crontab",
	"/var/spool/cron",
	/* What was refused is told there. */
	"/var/log/pale",
	"/proc",
	"/sys",
};

/* What starts containers, or says what they run under, for whoever may connect. */
static const char *const runtime_sockets[] = {
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/docker.sock",
	"/run/podman/podman.sock",
	"/run/k3s/containerd/containerd.sock",
	"/run/cri-dockerd.sock",
	"/run/dockershim.sock",
	"/run/pale/control",
	"/run/pale/register",
};

#define RUNTIME_SOCKETS (sizeof(runtime_sockets) / sizeof(*runtime_sockets))
#define NODE_PATHS	(sizeof(node_paths) / sizeof(*node_paths))

void node_path_plain(const char *path, struct text *ret)
{
	const char *s = path;

	while (*s) {
		size_t len;

		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (len && !(len == 1 && *s == '.')) {
			text_putc(ret, '/');
			text_add(ret, s, len);
		}
		s += len;
	}
	if (strncmp(text_str(ret), "/var/run", 8) == 0 && (ret->s[8] == '/' || ret->s[8] == '\0')) {
		memmove(ret->s, ret->s + 4, ret->len - 4 + 1);
		ret->len -= 4;
	}
}

bool node_path_is_within(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	return strncmp(inner, outer, len) == 0 && (inner[len] == '/' || inner[len] == '\0');
}

const char *node_path_opens(const char *path)
{
	_cleanup_(text_release) struct text plain = TEXT_INIT;

	node_path_plain(path, &plain);
	/* /var has /var/run, by which /run is reached. */
	if (strcmp(text_str(&plain), "/var") == 0)
		return "/run";
	for (size_t i = 0; i < NODE_PATHS; i++) {
		if (node_path_is_within(text_str(&plain), node_paths[i]) ||
			node_path_is_within(node_paths[i], text_str(&plain)))
			return node_paths[i];
	}
	return NULL;
}

const char *node_path_runtime_socket(const char *path)
{
	_cleanup_(text_release) struct text plain = TEXT_INIT;

	node_path_plain(path, &plain);
	for (size_t i = 0; i < RUNTIME_SOCKETS; i++) {
		if (node_path_is_within(runtime_sockets[i], text_str(&plain)))
			return runtime_sockets[i];
	}
	return strcmp(text_str(&plain), "/var") == 0 ? runtime_sockets[0] : NULL;
}
