/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_PROBE_H
#define PALE_POSTURE_PROBE_H

/*
 * Whether the network of a container lets a connection through. A child enters its network
 * namespace, connects, and closes: nothing is sent but what the kernel sends for that. The child is
 * under no policy of the container's.
 */

#include "compiler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROBE_TARGETS_MAX 64

struct probe_target {
	char address[46]; /* IPv4 or IPv6, as text */
	uint16_t port;
};

/*
 * From the network namespace of process @pid; all at once, for at most @timeout_ms. @ret_reached
 * has @n answers, PROBE_TARGETS_MAX at most: true where the connection was accepted. -ENOENT: the
 * process has ended. Where one could not be tried at all, that is an error.
 */
int probe_connect(pid_t pid, const struct probe_target *targets, size_t n, int timeout_ms,
	bool *ret_reached, struct pale_err **err);

struct probe_targets {
	struct probe_target *v;
	size_t n;
};

void probe_targets_add(struct probe_targets *t, const char *address, uint16_t port);
/* All addresses of this node that others can have, loopback's and those of links alone left out. 0
 * or a negative errno. */
int probe_targets_add_node(struct probe_targets *t, uint16_t port);
void probe_targets_release(struct probe_targets *t);

#endif
