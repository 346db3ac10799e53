/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_reach.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/posture/node_checks.h"
#include "enforcer/posture/policy_answer.h"
#include "enforcer/posture/probe.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_MS	 1000
#define METADATA_ADDRESS "169.254.169.254"
#define METADATA_PORT	 80

static const uint16_t kubelet_ports[] = { 10250, 10255 };

/* The metadata's address, and each port of the node's. 0 or a negative errno. */
static int find_targets(struct probe_targets *ret)
{
	int r = 0;

	probe_targets_add(ret, METADATA_ADDRESS, METADATA_PORT);
	for (size_t i = 0; r == 0 && i < sizeof(kubelet_ports) / sizeof(*kubelet_ports); i++)
		r = probe_targets_add_node(ret, kubelet_ports[i]);
	return r;
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

/* Of as many targets as are tried at once. */
static int probe(struct posture *p, const struct node_container *c, const struct probe_target *v,
	size_t n, struct pale_err **err)
{
	bool reached[PROBE_TARGETS_MAX] = { false };
	int r = probe_connect(c->pid, v, n, TIMEOUT_MS, reached, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (reached[i])
			tell(p, c, v[i].port == METADATA_PORT ? CONTROL_METADATA : CONTROL_KUBELET,
				&v[i]);
	}
	return r;
}

void node_reach(struct posture *p, const struct node_container *c)
{
	_cleanup_(probe_targets_release) struct probe_targets targets = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int r = find_targets(&targets);

	if (r < 0)
		posture_unseen(p, "the node's addresses: %s", strerror(-r));
	r = 0;
	for (size_t i = 0; r == 0 && i < targets.n; i += PROBE_TARGETS_MAX) {
		size_t left = targets.n - i;

		r = probe(p, c, &targets.v[i], left < PROBE_TARGETS_MAX ? left : PROBE_TARGETS_MAX,
			&err);
	}
	if (r < 0 && r != -ENOENT)
		posture_unseen(p, "container %s: %s", c->id, pale_err_text(err));
}
