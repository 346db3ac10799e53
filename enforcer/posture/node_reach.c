/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_reach.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/posture/node_checks.h"
#include "enforcer/posture/policy_answer.h"
#include "enforcer/posture/probe.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_MS     1000
#define NODE_ADDRESSES 24
#define METADATA_TARGET                                                                            \
	{                                                                                          \
		"169.254.169.254", 80                                                              \
	}

static const uint16_t kubelet_ports[] = { 10250, 10255 };

/* The metadata's address first, then each port of the node's addresses. */
static size_t find_targets(struct probe_target *ret)
{
	static const struct probe_target metadata = METADATA_TARGET;
	size_t n = 0;

	ret[n++] = metadata;
	for (size_t i = 0; i < sizeof(kubelet_ports) / sizeof(*kubelet_ports); i++)
		n += probe_node_addresses(&ret[n], NODE_ADDRESSES, kubelet_ports[i]);
	return n;
}

static void tell(struct posture *p, const struct node_container *c, enum control control,
	const struct probe_target *t)
{
	const struct finding_place place = node_place(c);
	json_t *f = finding_new(control, &place);
	struct request r;

	finding_evidence(f, json_string("accepted"), "/proc/%d/ns/net connect tcp %s%s%s:%u",
		c->pid, strchr(t->address, ':') ? "[" : "", t->address,
		strchr(t->address, ':') ? "]" : "", t->port);
	if (policy_request_connect(t->address, t->port, &r) && node_refuses(c, &r, f))
		json_decref(f);
	else
		posture_add(p, f);
}

void node_reach(struct posture *p, const struct node_container *c)
{
	struct probe_target targets[PROBE_TARGETS_MAX];
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool reached[PROBE_TARGETS_MAX] = { false };
	size_t n = find_targets(targets);
	int r = probe_connect(c->pid, targets, n, TIMEOUT_MS, reached, &err);

	if (r < 0 && r != -ENOENT)
		posture_unseen(p, "container %s: %s", c->id, pale_err_text(err));
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (reached[i])
			tell(p, c, i == 0 ? CONTROL_METADATA : CONTROL_KUBELET, &targets[i]);
	}
}
