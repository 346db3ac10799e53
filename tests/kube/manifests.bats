#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a cluster would be told: the rights, and how Pale's own pods run. No cluster is needed.

bats_require_minimum_version 1.5.0
load steps
load manifests

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	for name in . overlays/audit-first overlays/nodes-prepared overlays/own-policies overlays/registry overlays/single-replica admission-policy; do
		mkdir -p "$BATS_FILE_TMPDIR/$name"
		objects "operator/deploy/$name" >"$BATS_FILE_TMPDIR/$name/objects"
	done
	to_json <operator/deploy/runtime/remove.yaml >"$BATS_FILE_TMPDIR/remove"
}

setup() {
	all=$BATS_FILE_TMPDIR/objects
	registry=overlays/registry
	[ "$(kubectl version --client -o json | jq '.clientVersion.minor | gsub("[^0-9]"; "") | tonumber')" -ge 21 ] || registry=
}

rights() { # FILE
	jq -rf "$BATS_TEST_DIRNAME/rbac.jq" "$1"
}

@test "each folder of manifests is read" {
	for name in . overlays/audit-first overlays/nodes-prepared overlays/own-policies $registry overlays/single-replica; do
		jq -e 'map(.kind) | contains(["DaemonSet", "Deployment", "MutatingWebhookConfiguration", "RuntimeClass"])' "$BATS_FILE_TMPDIR/$name/objects"
	done
	jq -e 'map(.kind) == ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]' "$BATS_FILE_TMPDIR/admission-policy/objects"
}

@test "overlays change what they say" {
	run -0 jq -r '.[] | select(.kind | endswith("WebhookConfiguration")) | .webhooks[].failurePolicy' "$BATS_FILE_TMPDIR/overlays/audit-first/objects"
	[ "$output" = $'Ignore\nIgnore' ]
	run -0 jq -r '.[] | select(.kind | endswith("WebhookConfiguration")) | .webhooks[].failurePolicy' "$all"
	[ "$output" = $'Fail\nFail' ]
	run -0 jq -c '[.[] | select(.kind == "Deployment") | .spec.replicas] | unique' "$BATS_FILE_TMPDIR/overlays/single-replica/objects"
	[ "$output" = '[1]' ]
	if [ -n "$registry" ]; then
		run -0 jq -r '.[] | .spec.template.spec | select(.) | (.initContainers // [], .containers)[].image' "$BATS_FILE_TMPDIR/$registry/objects"
		[ -n "$output" ]
		not grep -v '^registry[.]example/pale-' <<<"$output"
	else
		# As the overlay says: take that away when it is not so any more.
		run -1 kubectl kustomize operator/deploy/overlays/registry
		[[ $output == *'containers path is not of type'* ]]
	fi
	run -0 jq -r '.[] | .spec.template.spec.containers[]? | select(.image | startswith("pale-operator:")) | .command[3]' "$BATS_FILE_TMPDIR/overlays/own-policies/objects"
	[ "$(sort <<<"$output")" = "$(sed -n 's,^profile \(.*\) {$,/usr/share/pale/policies/pale-operator.pale:\1,p' operator/deploy/policies/pale-operator.pale | sort)" ]
	jq -e 'all(.[]; .metadata.name != "pale-runtime-install")' "$BATS_FILE_TMPDIR/overlays/nodes-prepared/objects"
	jq -e 'any(.[]; .metadata.name == "pale-runtime-install")' "$all"
}

@test "each object is known as Pale's, which uninstall.sh goes by" {
	run -0 jq -rs 'add | .[] | select(.metadata.labels["app.kubernetes.io/part-of"] != "pale") | "\(.kind) \(.metadata.name)"' "$all" \
		"$BATS_FILE_TMPDIR/admission-policy/objects" "$BATS_FILE_TMPDIR/remove"
	[ "$output" = '' ]
}

@test "nobody has a right that is not needed" {
	run -0 rights "$all"
	[ "$output" = '' ]
}

@test "a right that is not needed is found" {
	spoil() { # WHAT IS FOUND, JQ
		jq "$2" "$all" >"$BATS_TEST_TMPDIR/spoiled"
		run -0 rights "$BATS_TEST_TMPDIR/spoiled"
		[[ $'\n'$output$'\n' == *$'\n'"$1"$'\n'* ]] || { echo "not found: $1; found: $output" && return 1; }
	}
	add() { # RULE [KIND]
		echo "(.[] | select(.kind == \"${2:-ClusterRole}\" and .metadata.name == \"pale-controller\") | .rules) += [$1]"
	}
	spoil 'ClusterRole pale-controller: a wildcard' "$(add '{ apiGroups: [""], resources: ["*"], verbs: ["get"] }')"
	spoil 'ClusterRole pale-controller: a wildcard' "$(add '{ apiGroups: ["pale.dev"], resources: ["paleprofiles"], verbs: ["*"] }')"
	spoil 'ClusterRole pale-controller: Secrets of other namespaces' "$(add '{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }')"
	spoil 'Role pale-controller: Secrets that are not its own' "$(add '{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }' Role)"
	spoil 'Role pale-controller: list of Secrets' \
		"$(add '{ apiGroups: [""], resources: ["secrets"], resourceNames: ["pale-webhook-certificates"], verbs: ["list"] }' Role)"
	spoil 'ClusterRole pale-controller: delete pods' "$(add '{ apiGroups: [""], resources: ["pods"], verbs: ["delete"] }')"
	spoil 'ClusterRole pale-controller: create pods/exec' "$(add '{ apiGroups: [""], resources: ["pods/exec"], verbs: ["create"] }')"
	spoil 'ClusterRole pale-controller: escalate clusterroles.rbac.authorization.k8s.io' \
		"$(add '{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["escalate"] }')"
	spoil 'ClusterRole pale-controller: webhook configurations of others' \
		"$(add '{ apiGroups: ["admissionregistration.k8s.io"], resources: ["mutatingwebhookconfigurations"], verbs: ["patch"] }')"
	spoil 'ClusterRole pale-controller: URLs that are no resources' "$(add '{ nonResourceURLs: ["/metrics"], verbs: ["get"] }')"
	spoil 'ClusterRoleBinding pale-webhook: Group system:authenticated is not Pale'\''s' \
		'(.[] | select(.kind == "ClusterRoleBinding" and .metadata.name == "pale-webhook") | .subjects) += [{ kind: "Group", name: "system:authenticated" }]'
}

@test "each role has who it is for, and each service account its pod" {
	run -0 jq -r '. as $all | .[] | select(.kind | IN("Role", "ClusterRole")) | .metadata.name as $name | .kind as $kind |
		select([$all[] | select(.roleRef.name == $name and .roleRef.kind == $kind)] == []) | "\($kind) \($name)"' "$all"
	[ "$output" = '' ]
	run -0 jq -r '. as $all | .[] | select(.kind == "ServiceAccount") | .metadata.name |
		select(. as $name | [$all[] | .spec.template.spec.serviceAccountName? // empty] | index($name) | not)' "$all"
	[ "$output" = '' ]
}

# Containers as kind/pod/container, of what jq selects of pod ($pod) and container.
containers() { # FILTER
	jq -r '.[] | select(.spec.template) | . as $owner | .spec.template.spec as $pod | ($pod.initContainers // [], $pod.containers)[] |
		select(. as $c | '"$1"') | "\($owner.kind)/\($owner.metadata.name)/\(.name)"' "$all"
}

@test "who speaks to the API server is nobody in particular, with a root filesystem that is read" {
	run -0 containers '(.image | startswith("pale-operator:")) and (
		(.securityContext.runAsNonRoot // $pod.securityContext.runAsNonRoot) != true or .securityContext.readOnlyRootFilesystem != true or
		.securityContext.allowPrivilegeEscalation != false or .securityContext.capabilities != { drop: ["ALL"] } or
		(.securityContext.seccompProfile // $pod.securityContext.seccompProfile).type != "RuntimeDefault")'
	[ "$output" = '' ]
	run -0 containers '.image | startswith("pale-operator:")'
	[ "${#lines[@]}" = 3 ]
}

@test "each container has what it asks of a node, and an image that make images makes" {
	run -0 containers '.resources.requests.memory == null or .resources.requests.cpu == null'
	[ "$output" = '' ]
	run -0 containers '.image | test("^pale-(operator|node|install):0[.]1$") | not'
	[ "$output" = '' ]
}

@test "none of Pale's pods waits for Pale" {
	jq -e 'all(.[]; .spec.template.spec.runtimeClassName? == null)' "$all"
	jq -e 'all(.[] | select(.kind == "Namespace"); .metadata.labels["pale.dev/inject"] == null)' "$all"
	jq -e 'all(.[] | select(.kind | endswith("WebhookConfiguration")) | .webhooks[];
		.namespaceSelector.matchExpressions | any(.operator == "NotIn" and .values == ["kube-system", "pale-system"]))' "$all"
}

@test "the policies of Pale's own pods are right" {
	"$PALE_BUILD/pale" check operator/deploy/policies/*.pale profiles/apps/paled.pale
}
