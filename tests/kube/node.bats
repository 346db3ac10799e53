#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pale-operator node on the node of a cluster, beside paled: without root, with the rights of operator/deploy/base/node-rbac.yaml. The controller's part,
# a PaleProfile's status, is written by compile_profile.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export PALE_KUBE=$PALE_BUILD/kube-node
	tests/kube/up.sh "$PALE_KUBE" 3>&-
	kubectl apply -f operator/deploy/base/namespace.yaml -f operator/deploy/base/node-rbac.yaml
	for crd in operator/deploy/base/crd-*.yaml; do kubectl apply -f "$crd"; done
	kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale
	kubectl taint node node1 pale.dev/agent-not-ready=:NoSchedule example.org/other=:PreferNoSchedule
	profile test-nginx <tests/runtime/policies/nginx.pale
	tests/kube/in bash -c '
		cp -a /etc /run/etc && mount --bind /run/etc /etc
		echo pale:x:65533: >>/etc/group
		mkdir -p /etc/pale/profiles
		printf "%s\n" "default: none" "on-missing: deny" "allow-partial: true" >/etc/pale/paled.conf
		sed "s/web/of-the-node/" >/etc/pale/profiles/of-the-node.pale <<<"profile web { file { allow read /etc/** } }"
		token=$(kubectl -n pale-system get secret -o json |
			jq -r ".items[] | select(.metadata.annotations[\"kubernetes.io/service-account.name\"] == \"pale-node\") | .data.token" | base64 -d)
		kubectl config view --flatten --minify | sed "/client-/d; s|^  user:\$|  user:\n    token: $token|" >/run/node.kubeconfig
		chmod 644 /run/node.kubeconfig'
	start_paled
	start_node
}

teardown_file() {
	tests/kube/down.sh "$PALE_KUBE"
}

kubectl() {
	tests/kube/in kubectl "$@"
}

start_paled() {
	tests/kube/in bash -c '
		PALE_PATH=$PWD/profiles nsenter --net=/proc/self/fd/9 "$PALE_BUILD/paled" >>"$PALE_KUBE/log/paled" 2>&1 3>&- </dev/null &
		echo $! >/run/paled.pid && disown'
}

start_node() {
	tests/kube/in bash -c '
		NODE_NAME=node1 POD_NAMESPACE=pale-system setpriv --reuid 65532 --regid 65532 --groups 65533 --no-new-privs --bounding-set=-all \
			"$PALE_BUILD/pale-operator" node --kubeconfig /run/node.kubeconfig --metrics 127.0.0.1:8080 >>"$PALE_KUBE/log/node" 2>&1 3>&- </dev/null &
		echo $! >/run/node.pid && disown'
}

# profile NAME <POLICY: the PaleProfile, and what the controller makes of it.
profile() {
	local object
	object=$(jq -Rs --arg name "$1" '{ apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: { name: $name }, spec: { source: ., namespaces: ["*"] } }')
	kubectl apply -f - <<<"$object"
	put_status "$1" "$(PALE_PATH=$PWD/profiles "$PALE_BUILD/tests/kube/compile_profile" <<<"$object")"
}

put_status() { # NAME STATUS [RESOURCE]
	jq -n --argjson status "$2" '{ status: $status }' |
		tests/kube/in bash -c 'curl -sSf --cacert "$PALE_KUBE/pki/ca.crt" --cert "$PALE_KUBE/pki/admin.crt" --key "$PALE_KUBE/pki/admin.key" -X PATCH \
			-H "Content-Type: application/merge-patch+json" --data-binary @- -o /dev/null \
			"https://10.96.0.1:443/apis/pale.dev/v1alpha1/$1/$0/status"' "$1" "${3:-paleprofiles}"
}

pod() { # NAME IMAGE CLASS PROFILE [NAMESPACE]
	jq -n --arg name "$1" --arg image "$2" --arg class "$3" --arg profile "$4" '{
		apiVersion: "v1", kind: "Pod",
		metadata: { name: $name, annotations: (if $profile == "" then {} else { "pale.dev/profile": $profile, "pale.dev/on-missing": "deny" } end) },
		spec: ({ terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "pale.test/\($image):1" }] } +
			if $class == "" then {} else { runtimeClassName: $class } end) }' | kubectl apply -n "${5:-default}" -f -
}

is_running() {
	[ "$(kubectl get pod "$1" -n "${2:-default}" -o jsonpath='{.status.containerStatuses[0].state.running.startedAt}')" != '' ]
}

# status FILTER: of the PaleNodeStatus.
status() {
	kubectl get palenodestatus node1 -o json | jq -e "$@"
}

state_of() { # NAME STATE
	status --arg name "$1" --arg state "$2" 'any(.status.profiles[]; .name == $name and .state == $state)'
}

# event POD REASON TEXT
event() {
	kubectl get events -n "${4:-default}" --field-selector "involvedObject.name=$1,reason=$2" -o json | jq -e --arg text "$3" 'any(.items[]; .message | contains($text))'
}


asked() { # METHOD
	tests/kube/in python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/pale/control")
s.sendall(b"{\"version\":1,\"method\":\"%s\"}\n" % sys.argv[1].encode())
print(s.makefile().readline())' "$1"
}

metric() { # LINE
	tests/kube/in curl -sf http://127.0.0.1:8080/metrics | grep -Fx "$1"
}

@test "a profile reaches paled, the node says so, and loses its taint" {
	digest=$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')
	# This machine has neither BPF-LSM nor AppArmor for us.
	in_time 30 state_of test-nginx Degraded
	asked profiles | jq -e --arg digest "$digest" 'any(.profiles[]; .profile == "test-nginx" and .digest == $digest and .file == "loaded")'
	status --arg digest "$digest" '.spec.nodeName == "node1" and .metadata.ownerReferences[0].kind == "Node" and
		(.status.profiles | length == 1 and (.[0] | .name == "test-nginx" and .digest == $digest and .reason == "Partial" and
			(.message | contains("cannot be enforced exactly on this node")))) and .status.unconfined == 0 and
		(.status.mechanisms | index("seccomp")) and (.status.heartbeat | type) == "string" and
		any(.status.conditions[]; .type == "Ready" and .status == "True" and .reason == "Ready")'
	untainted() {
		kubectl get node node1 -o json | jq -e '[.spec.taints[]?.key] == ["example.org/other"] and .metadata.labels["pale.dev/seccomp"] == "true" and
			.metadata.labels["pale.dev/bpf-lsm"] == "false"'
	}
	in_time 10 untainted
	tests/kube/in curl -sf http://127.0.0.1:8080/readyz
	tests/kube/in curl -sf http://127.0.0.1:8080/healthz
	metric 'pale_profiles{state="Degraded"} 1'
	kubectl taint node node1 example.org/other-
}

@test "an annotated pod runs under it; what it is refused is told on the pod with the line within a second, and counted" {
	pod confined nginx pale test-nginx
	in_time 120 is_running confined
	run -0 kubectl exec confined -- attack chroot
	[ "$output" = 'chroot chroot EPERM' ]
	line=$(grep -n 'deny chroot' tests/runtime/policies/nginx.pale | cut -d: -f1)
	told() {
		kubectl get events --field-selector involvedObject.name=confined,reason=Violation -o json | jq -e --arg at "test-nginx.pale:$line: deny chroot" '
			any(.items[]; (.message | contains($at)) and .type == "Warning" and .involvedObject.fieldPath == "spec.containers{c}")'
	}
	in_time 5 told
	# From paled's time of the refusal to the API server's of the Event.
	at=$(tests/kube/in jq -s 'map(select(.kind == "violation" and .rule == "deny chroot"))[0].time' /var/log/pale/events.jsonl -r)
	made=$(kubectl get events --field-selector involvedObject.name=confined,reason=Violation -o json |
		jq -r --arg at "test-nginx.pale:$line: deny chroot" 'first(.items[] | select(.message | contains($at))) | .metadata.managedFields[0].time')
	echo "refused $at, Event $made"
	[ $(($(date -d "$made" +%s) - $(date -d "$at" +%s))) -le 1 ]
	counted() {
		status '[.status.profiles[] | select(.name == "test-nginx").violations[].count] | add >= 1'
	}
	in_time 5 counted
	metric 'pale_violations_total{namespace="default",profile="test-nginx",class="syscall",action="refused"} 1'
	[ "$(kubectl get events --field-selector involvedObject.name=confined,reason=Unconfined -o name)" = '' ]
}

@test "an annotated pod of no RuntimeClass is found to be unconfined within five seconds, and of Pale's own namespace it is left alone" {
	pod loose nginx '' test-nginx
	pod own nginx '' test-nginx pale-system
	pod plain nginx '' ''
	in_time 60 is_running loose
	in_time 5 event loose Unconfined 'container c runs without the policy'
	in_time 60 is_running own pale-system
	in_time 60 is_running plain
	in_time 5 status '.status.unconfined == 1'
	metric 'pale_unconfined_containers 1'
	sleep 5
	[ "$(kubectl get events -A --field-selector reason=Unconfined -o json | jq '[.items[].involvedObject.name] == ["loose"]')" = true ]
	kubectl delete pod loose own plain -n default --ignore-not-found --wait
	kubectl delete pod own -n pale-system --wait
	in_time 10 status '.status.unconfined == 0'
}

@test "paled is killed, and all its profiles lost: they are brought again, and the pod runs on" {
	restarts=$(kubectl get pod confined -o jsonpath='{.status.containerStatuses[0].restartCount}')
	id=$(kubectl get pod confined -o jsonpath='{.status.containerStatuses[0].containerID}')
	tests/kube/in bash -c 'kill -9 $(</run/paled.pid)'
	away() { not tests/kube/in curl -sf http://127.0.0.1:8080/readyz; }
	in_time 5 away
	in_time 10 status 'any(.status.conditions[]; .type == "Ready" and .status == "False" and .reason == "PaledAway")'
	tests/kube/in bash -c 'rm -f /run/pale/loaded/*'
	start_paled
	back() { asked profiles | jq -e 'any(.profiles[]; .profile == "test-nginx")'; }
	in_time 20 back
	in_time 10 status 'any(.status.conditions[]; .type == "Ready" and .status == "True")'
	in_time 10 state_of test-nginx Degraded
	[ "$(kubectl get pod confined -o jsonpath='{.status.containerStatuses[0].containerID}')" = "$id" ]
	[ "$(kubectl get pod confined -o jsonpath='{.status.containerStatuses[0].restartCount}')" = "$restarts" ]
	run -0 kubectl exec confined -- attack mount
	[[ $output == *EPERM* ]]
}

@test "paled is told who owns a pod" {
	kubectl apply -f - <<-END
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: owned-web}
		spec:
		  selector: {matchLabels: {app: owned}}
		  template:
		    metadata: {labels: {app: owned}, annotations: {pale.dev/profile: test-nginx, pale.dev/on-missing: deny}}
		    spec: {runtimeClassName: pale, terminationGracePeriodSeconds: 0, containers: [{name: c, image: "pale.test/nginx:1"}]}
	END
	owner() { asked ps | jq -e 'any(.containers[]; .owner == "Deployment/owned-web" and .name == "c")'; }
	in_time 60 owner
	kubectl delete deployment owned-web --wait
}

@test "a container that is recorded: its run is handed in until it was merged" {
	tests/kube/in bash -c 'echo recording: true >>/etc/pale/paled.conf && kill -HUP $(</run/paled.pid)'
	kubectl apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleRecording
		metadata: {name: web, namespace: default}
		spec: {selector: {matchLabels: {app: recorded}}, profile: drafted, durationSeconds: 3600}
	END
	jq -n '{ apiVersion: "v1", kind: "Pod", metadata: { name: "recorded", annotations: { "pale.dev/recording": "default/web" } },
		spec: { runtimeClassName: "pale", terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "pale.test/nginx:1" }] } }' | kubectl apply -f -
	in_time 90 is_running recorded
	phase() { put_status web "{ \"phase\": \"$1\" }" namespaces/default/palerecordings; }
	phase Recording
	sleep 12
	status '.status.runs == [] and .status.unconfined == 0'
	phase Merging
	uid=$(kubectl get pod recorded -o jsonpath='{.metadata.uid}')
	handed_in() {
		status --arg uid "$uid" '.status.runs | length == 1 and (.[0] | .recording == "default/web" and .uid == $uid and .container == "c" and
			(.run | fromjson | .id | startswith($uid + ":c")))'
	}
	in_time 60 handed_in
	is_running recorded
	phase Completed
	forgotten() { [[ $(asked recordings) == *'"recordings":[]'* ]] && status '.status.runs == []'; }
	in_time 60 forgotten
	kubectl delete pod recorded --wait
}

@test "the node's process is killed: the next one goes on with what was counted" {
	counted() { status '[.status.profiles[].violations[]?.count] | add == 2'; }
	in_time 10 counted
	tests/kube/in bash -c 'kill -9 $(</run/node.pid)'
	run -0 kubectl exec confined -- attack key
	start_node
	one_more() { status '[.status.profiles[].violations[]?.count] | add == 3'; }
	in_time 20 one_more
	in_time 5 event confined Violation 'deny add_key'
}

@test "the next one is killed before it heard of what came meanwhile: the one after it tells that, and once" {
	counted() { status --argjson n "$1" '[.status.profiles[].violations[]?.count] | add == $n'; }
	in_time 10 counted 3
	tests/kube/in bash -c 'kill -9 $(</run/node.pid)'
	run -0 kubectl exec confined -- attack key
	# It is stopped until the node's process has written that it is there, and ended.
	tests/kube/in bash -c 'kill -STOP $(</run/paled.pid)'
	before=$(kubectl get palenodestatus node1 -o jsonpath='{.status.heartbeat}')
	start_node
	written() { status --arg before "$before" '.status.heartbeat != $before'; }
	in_time 20 written
	tests/kube/in bash -c 'kill -9 $(</run/node.pid); kill -CONT $(</run/paled.pid)'
	start_node
	in_time 20 counted 4
	told() { kubectl get events --field-selector involvedObject.name=confined,reason=Violation -o json |
		jq -e '[.items[] | select(.message | contains("deny add_key")).count] | add == 2'; }
	in_time 20 told
	tests/kube/in bash -c 'kill -9 $(</run/node.pid)'
	start_node
	sleep 6
	counted 4
	told
}

@test "what is older than an hour becomes no Event, and is counted as lost" {
	tests/kube/in bash -c 'kill -9 $(</run/node.pid)'
	line=$(tests/kube/in jq -c --arg at "$(date -u -d '2 hours ago' +%FT%T.000000000Z)" 'select(.kind == "violation" and .rule == "deny add_key") |
		.time = $at | .rule = "deny old"' /var/log/pale/events.jsonl | head -1)
	tests/kube/in bash -c 'cat >/var/log/pale/events.jsonl.1' <<<"$line"$'\n'"$line"
	put_status node1 "{ \"events\": { \"until\": \"$(date -u -d '3 hours ago' +%FT%TZ)\", \"had\": [] } }" palenodestatuses
	start_node
	lost() { metric 'pale_events_lost_total{source="old"} 2'; }
	in_time 20 lost
	in_time 10 eval 'kubectl get events -A --field-selector reason=EventsLost -o json | jq -e "any(.items[]; .message | startswith(\"paled told of more than an hour\"))"'
	not event confined Violation 'deny old'
}

@test "a new policy replaces the old one; the container that runs keeps its own, and a restart is asked for" {
	old=$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')
	sed 's/deny memfd_create/deny memfd_create, personality/' tests/runtime/policies/nginx.pale | profile test-nginx
	new=$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')
	[ "$new" != "$old" ]
	both() {
		status --arg old "$old" --arg new "$new" '[.status.profiles[] | select(.name == "test-nginx") | { (.digest): .state }] | add == { ($old): "Removing", ($new): "Degraded" }'
	}
	in_time 15 both
	in_time 10 event confined RestartRequired 'goes on under the policy that it began with'
	asked ps | jq -e --arg old "$old" 'any(.containers[]; .digest == $old)'
	kubectl delete pod confined --wait
	alone() { status '[.status.profiles[] | select(.name == "test-nginx").state] == ["Degraded"]'; }
	in_time 30 alone
}

@test "a bundle that paled refuses, a digest that differs and a profile of the node's own files are Failed, and say why" {
	for name in wrong differs of-the-node; do
		profile $name <<<"profile $name { file { allow read /etc/** } }"
	done
	put_status wrong '{ "digest": "'"$(printf '%064d' 1)"'", "bundle": { "main": "wrong.pale", "files": { "wrong.pale": "profile wrong {\n  file { allow raed /x }\n}\n" } } }'
	put_status differs '{ "digest": "'"$(printf '%064d' 2)"'" }'
	failed() { # NAME REASON TEXT
		status --arg name "$1" --arg reason "$2" --arg text "$3" 'any(.status.profiles[]; .name == $name and .state == "Failed" and .reason == $reason and
			(.message | contains($text)))'
	}
	in_time 15 failed wrong Refused 'wrong.pale:2'
	in_time 15 failed differs DigestDiffers 'another version of Pale'
	in_time 5 event wrong ProfileLoadFailed 'node node1: paled: '
	# The same policy under the same name is in force, whoever brought it.
	in_time 5 state_of of-the-node Degraded
	profile of-the-node <<<"profile of-the-node { file { allow read /srv/** } }"
	in_time 15 failed of-the-node InNodesFiles '/etc/pale/profiles/of-the-node.pale'
}

@test "what this node cannot enforce, and its configuration does not accept, is Failed" {
	tests/kube/in bash -c 'sed -i s/allow-partial:.*// /etc/pale/paled.conf && kill -HUP $(</run/paled.pid)'
	refused() {
		status 'any(.status.profiles[]; .name == "test-nginx" and .state == "Failed" and .reason == "NotEnforceable" and (.message | contains("containers are refused for it")))'
	}
	in_time 15 refused
	tests/kube/in bash -c 'echo allow-partial: true >>/etc/pale/paled.conf && kill -HUP $(</run/paled.pid)'
	in_time 15 state_of test-nginx Degraded
}

@test "profiles that are gone are unloaded; the node's own stay" {
	kubectl delete paleprofile --all
	gone() { asked profiles | jq -e '[.profiles[].profile] == ["of-the-node"]'; }
	in_time 15 gone
	in_time 10 status '.status.profiles == []'
	metric 'pale_profiles{state="Degraded"} 0'
}

@test "a profile that went while no process of the node ran is unloaded by the next one" {
	profile late <<<"profile late { file { allow read /etc/** } }"
	in_time 15 state_of late Degraded
	tests/kube/in bash -c 'kill -9 $(</run/node.pid)'
	kubectl delete paleprofile late
	start_node
	gone() { asked profiles | jq -e '[.profiles[].profile] == ["of-the-node"]'; }
	in_time 15 gone
}

@test "the API server is started anew, and the PaleNodeStatus deleted: it is made again" {
	kubectl delete palenodestatus node1
	tests/kube/in bash -c 'kill -9 $(<"$PALE_KUBE/kube-apiserver.pid")'
	in_time 60 kubectl get --raw /readyz
	profile again <<<"profile again { file { allow read /etc/** } }"
	in_time 60 state_of again Degraded
}
