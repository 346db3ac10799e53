/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/reach_checks.h"

#include "compiler/base/cleanup.h"
#include "enforcer/posture/policy_answer.h"
#include "operator/memory.h"
#include "operator/posture/network_reach.h"

#include <string.h>

/* Of AWS, Azure, Google and OpenStack alike; and the one that AWS has for IPv6. */
#define METADATA_ADDRESS  "169.254.169.254"
#define METADATA_ADDRESS6 "fd00:ec2::254"
#define METADATA_PORT	  80
#define KUBELET_PORT	  10250

/* What controllers put on pods of their own accord, and no selector should hang on. */
static const char *const made_labels[] = { "pod-template-hash", "controller-revision-hash",
	"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-uid",
	"job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name",
	"pod-template-generation" };

static json_t *selector_of(const struct audited_pod *p)
{
	json_t *labels = audited_copy(p->pod.labels);

	for (size_t i = 0; i < sizeof(made_labels) / sizeof(*made_labels); i++)
		json_object_del(labels, made_labels[i]);
	if (json_object_size(labels))
		return json_pack("{s:o}", "matchLabels", labels);
	json_decref(labels);
	return json_object();
}

/* All but the node's kubelet and the metadata: one policy for both, as several would add up. */
static json_t *policy_without(const struct audited_pod *p, const char *node)
{
	json_t *except = json_pack("[s]", METADATA_ADDRESS "/32"),
	       *except6 = json_pack("[s]", METADATA_ADDRESS6 "/128"), *policy;

	if (node)
		json_array_append_new(strchr(node, ':') ? except6 : except,
			json_sprintf("%s/%d", node, strchr(node, ':') ? 128 : 32));
	policy = memory_checked(
		json_pack("{s:s, s:s, s:{s:s+}, s:{s:o, s:[s], s:[{s:[{s:{s:s, s:o}}, {s:{s:s, "
			  "s:o}}]}]}}",
			"apiVersion", "networking.k8s.io/v1", "kind", "NetworkPolicy", "metadata",
			"name", p->place.name, "-egress", "spec", "podSelector", selector_of(p),
			"policyTypes", "Egress", "egress", "to", "ipBlock", "cidr", "0.0.0.0/0",
			"except", except, "ipBlock", "cidr", "::/0", "except", except6));
	if (*p->place.namespace)
		json_object_set_new(json_object_get(policy, "metadata"), "namespace",
			json_string(p->place.namespace));
	return policy;
}

static void add_network_evidence(
	const struct audited_pod *p, json_t *f, const struct network_reach *reach)
{
	const json_t *metadata = json_object_get(reach->policy, "metadata"), *rules;

	if (!reach->policy) {
		finding_evidence(f, json_string("none holds what the pod sends"), "NetworkPolicy");
		return;
	}
	rules = json_object_get(json_object_get(reach->policy, "spec"), "egress");
	finding_evidence(f, audited_copy(json_array_get(rules, reach->rule)),
		"NetworkPolicy/%s spec.egress[%zu]", json_member_text(metadata, "name"),
		reach->rule);
}

/* Whether a policy of Pale's refuses it to each container. */
static bool all_refuse(const struct audited_pod *p, const struct network_target *target, json_t *f)
{
	struct request r;
	bool all = policy_request_connect(target->address, target->port, &r);

	for (size_t i = 0; all && i < p->pod.n; i++)
		all = audited_refuses(p, &p->pod.v[i], &r, f);
	return all;
}

static void check_target(const struct audited_pod *p, enum control control,
	const struct network_target *target, const char *node)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool host = json_is_true(json_object_get(p->pod.spec, "hostNetwork"));
	struct network_reach reach = { .reaches = true };
	json_t *f;

	/* What has the node's network no NetworkPolicy holds. */
	if (!host && network_reach(p->network_policies, p->place.namespace, p->pod.labels, target,
			     &reach, &err) < 0) {
		posture_unseen(p->posture, "%s/%s: %s", p->place.namespace, p->place.name,
			pale_err_text(err));
		return;
	}
	if (!reach.reaches)
		return;
	f = audited_finding(p, control, NULL);
	if (host)
		audited_evidence(p, f, json_object_get(p->pod.spec, "hostNetwork"), "%s",
			"spec.hostNetwork");
	else
		add_network_evidence(p, f, &reach);
	if (all_refuse(p, target, f)) {
		json_decref(f);
		return;
	}
	if (host)
		finding_patch(
			f, audited_patch(p, json_pack("{s:{s:b}}", "spec", "hostNetwork", 0)));
	if (!reach.policy)
		finding_create(f, policy_without(p, node));
	audited_add(p, f);
}

void reach_checks(const struct audited_pod *p)
{
	const char *node = p->host_address;
	struct network_target kubelet = { node, KUBELET_PORT };
	static const struct network_target metadata = { METADATA_ADDRESS, METADATA_PORT };

	if (!p->network_policies)
		return;
	if (node && !network_address_is_valid(node))
		node = NULL;
	check_target(p, CONTROL_METADATA, &metadata, node);
	if (node)
		check_target(p, CONTROL_KUBELET, &kubelet, node);
}
