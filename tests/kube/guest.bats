#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A pod under a kernel that has every mechanism: a cluster of one node in the guest, with kubelet and containerd, and paled with BPF-LSM and AppArmor.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	export PALE_KUBE=/tmp/kube
	# What is in the guest is gone with it.
	tests/kube/up.sh --node "$PALE_KUBE" 3>&- || { tail -n 25 "$PALE_KUBE"/log/* && return 1; }
	start_paled
	pod confined test-nginx
	# As runc starts it.
	ctr_ run --detach pale.test/nginx:1 bare
	in_time 60 is_running confined || {
		tests/kube/in bash -c 'tail -n 5 /var/log/pods/*/*/*.log; grep denied /var/log/pale/events.jsonl'
		tail -n 5 "$PALE_KUBE/log/kubelet"
		return 1
	}
}

teardown_file() {
	tail -n 20 "$PALE_KUBE/log/paled" || :
	tests/kube/down.sh "$PALE_KUBE"
}

start_paled() {
	tests/kube/in bash -c '
		mkdir -p /etc/pale/profiles && cp tests/runtime/policies/nginx.pale /etc/pale/profiles/
		printf "%s\n" "default: none" "on-missing: deny" >/etc/pale/paled.conf
		PALE_PATH=$PWD/profiles nsenter --net=/proc/self/fd/9 "$PALE_BUILD/paled" >>"$PALE_KUBE/log/paled" 2>&1 3>&- </dev/null &
		disown'
	in_time 60 tests/kube/in test -S /run/pale/events
}

# A file for the kubelet.
pod() { # NAME PROFILE
	jq -n --arg name "$1" --arg profile "$2" '{ apiVersion: "v1", kind: "Pod",
		metadata: { name: $name, namespace: "default", annotations: { "pale.dev/profile": $profile } },
		spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "pale.test/nginx:1" }] } }' |
		tests/kube/in tee "/run/manifests/$1.json" >/dev/null
}

ctr_() {
	tests/kube/in ctr --address /run/containerd/containerd.sock --namespace k8s.io "$@"
}

# The kubelet calls a file's pod NAME-NODE.
container_of() { # NAME
	[ "$1" != bare ] || { echo bare && return; }
	ctr_ containers list --quiet "labels.\"io.kubernetes.pod.name\"==$1-node1,labels.\"io.cri-containerd.kind\"==container"
}

is_running() {
	ctr_ tasks list | grep -q "^$(container_of "$1") .*RUNNING"
}

in_pod() { # NAME COMMAND…
	ctr_ tasks exec --exec-id "exec-$SRANDOM" "$(container_of "$1")" "${@:2}"
}

serves() { # NAME
	tests/kube/in busybox wget -q -O /dev/null "http://$(address "$1")/"
}

# Of its network namespace.
address() {
	local pid
	pid=$(ctr_ tasks list | awk -v id="$(container_of "$1")" '$1 == id { print $2 }')
	tests/kube/in nsenter --net="/proc/$pid/ns/net" ip -4 -oneline address show eth0 | awk '{ sub("/.*", "", $4); print $4 }'
}

ps_of() { # jq's filter over the container that runs under the policy
	tests/kube/in "$PALE_BUILD/pale" ps --json | jq -r ".[] | select(.profile == \"test-nginx\" and .state == \"running\") | $1"
}

reported() { # MECHANISM RULE: by its line, of that pod
	local line
	line=$(awk -v rule="$2" '{ $1 = $1 } $0 == rule { print NR }' tests/runtime/policies/nginx.pale)
	tests/kube/in jq -es --arg id "$(ps_of .id)" --arg line "$line" --arg mechanism "$1" 'any(.[]; .container.id == $id and .container.pod == "confined-node1" and
		.container.namespace == "default" and ((.file // "") | endswith("nginx.pale")) and .line == ($line | tonumber) and .mechanism == $mechanism)' /var/log/pale/events.jsonl
}

@test "the pod is held by a filter and by a profile; the reports below say what BPF-LSM refused" {
	[ "$(ps_of '.mode')" = enforce ]
	pid=$(ps_of .pid)
	[ "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")" = 2 ]
	grep -q 'pale.*(enforce)' "/proc/$pid/attr/current"
}

@test "the pod serves" {
	in_time 20 serves confined
}

# Without a policy the attacks succeed. Each mechanism refuses something: calls seccomp, before all others; objects AppArmor, which is asked
# before BPF-LSM; and BPF-LSM addresses, of which AppArmor knows nothing.
@test "what works in a container without a policy is refused in the pod, and reported with the pod and the line" {
	run -0 in_pod bare attack chroot shadow passwd shell dropped
	[ "$(grep -c ' worked$' <<<"$output")" = 5 ]
	run -0 in_pod confined attack chroot shadow passwd shell dropped
	[ "$(grep -cE ' (EPERM|EACCES)$' <<<"$output")" = 5 ]
	in_time 10 reported seccomp 'deny chroot'
	reported apparmor 'deny read /etc/shadow'
	reported apparmor 'deny write /etc/passwd'
	reported apparmor 'deny exec /usr/bin/busybox'
	reported apparmor 'deny exec drift'
	# Nobody listens there: what is not refused by Pale is by the kernel's TCP.
	run -0 in_pod bare attack connect=9000
	[ "$output" = 'connect connect ECONNREFUSED' ]
	run -0 in_pod confined attack connect=9000
	[ "$output" = 'connect connect EACCES' ]
	in_time 10 reported bpf-lsm 'deny connect tcp 127.0.0.1:9000'
}

@test "paled's sudden end lets nothing through, and restarts nothing" {
	before=$(container_of confined)
	tests/kube/in bash -c 'kill -9 "$(pidof paled)"'
	in_time 20 serves confined
	start_paled
	run -0 in_pod confined attack chroot shadow shell
	[ "$(grep -cE ' (EPERM|EACCES)$' <<<"$output")" = 3 ]
	[ "$(container_of confined)" = "$before" ]
}
