#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What make kube-up starts: pods run, those of RuntimeClass pale only with paled, and nothing stays of it.

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	export PALE_KUBE=$PALE_BUILD/kube-test
	machine >"$BATS_FILE_TMPDIR/before"
	tests/kube/up.sh "$PALE_KUBE" 3>&-
	pid=$(<"$PALE_KUBE/inside.pid")
	readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net" >"$BATS_FILE_TMPDIR/namespaces"
	cat "$PALE_KUBE/group" >"$BATS_FILE_TMPDIR/group"
}

teardown_file() {
	tests/kube/down.sh "$PALE_KUBE"
}

# What the kubelet and the network would change of the machine.
machine() {
	(cd /proc/sys && grep -s . vm/* kernel/panic* kernel/keys/* net/ipv4/ip_forward net/ipv4/conf/*/forwarding net/bridge/* || :)
	cat /proc/self/mounts
	ip -brief link
}

kubectl() {
	tests/kube/in kubectl "$@"
}

pod() { # NAME IMAGE [RUNTIMECLASS [PROFILE]]
	jq -n --arg name "$1" --arg image "$2" --arg class "${3:-}" --arg profile "${4:-}" '{
		apiVersion: "v1", kind: "Pod",
		metadata: { name: $name, annotations: (if $profile == "" then {} else { "pale.dev/profile": $profile, "pale.dev/on-missing": "deny" } end) },
		spec: ({ terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "pale.test/\($image):1" }] } +
			if $class == "" then {} else { runtimeClassName: $class } end) }' | kubectl apply -f -
}

is_running() {
	[ "$(kubectl get pod "$1" -o jsonpath='{.status.containerStatuses[0].state.running.startedAt}')" != '' ]
}

address() {
	kubectl get pod "$1" -o jsonpath='{.status.podIP}'
}

@test "a pod serves, and programs run in it" {
	pod plain nginx
	in_time 60 is_running plain
	in_time 10 tests/kube/in busybox wget -q -O /dev/null "http://$(address plain)/"
	[ "$(kubectl exec plain -- cat /srv/www/index.html)" = 'Welcome to busybox' ]
	kubectl logs plain
}

@test "a pod reaches the API server at its service's address" {
	pod busy busybox
	in_time 60 is_running busy
	run kubectl exec busy -- sh -c '(printf "GET / HTTP/1.0\n\n"; sleep 1) | nc -w 2 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT | head -n 1'
	[ "$status" = 0 ]
	[[ $output == *"400 Bad Request"* ]]
}

@test "a pod of RuntimeClass pale does not run without paled" {
	pod confined nginx pale test-nginx
	refused() {
		kubectl get events --field-selector involvedObject.name=confined -o json |
			jq -e '.items[] | select(.reason == "FailedCreatePodSandBox") | .message | contains("connect to /run/pale/register")'
	}
	in_time 60 refused
	not is_running confined
}

@test "with paled it runs under its policy, and what that refuses is reported with the pod's container" {
	tests/kube/in bash -c '
		mkdir -p /etc/pale/profiles && cp tests/runtime/policies/nginx.pale /etc/pale/profiles/
		printf "%s\n" "default: none" "on-missing: deny" "allow-partial: true" >/etc/pale/paled.conf
		PALE_PATH=$PWD/profiles nsenter --net=/proc/self/fd/9 "$PALE_BUILD/paled" >"$PALE_KUBE/log/paled" 2>&1 3>&- </dev/null &
		disown'
	in_time 30 tests/kube/in test -S /run/pale/register
	in_time 120 is_running confined
	in_time 10 tests/kube/in busybox wget -q -O /dev/null "http://$(address confined)/"
	run -0 kubectl exec confined -- attack chroot
	[ "$output" = 'chroot chroot EPERM' ]
	id=$(kubectl get pod confined -o jsonpath='{.status.containerStatuses[0].containerID}')
	reported() {
		tests/kube/in jq -es --arg id "${id#containerd://}" 'any(.[]; .container.id == $id and .operation)' /var/log/pale/events.jsonl
	}
	in_time 10 reported
}

@test "nothing of it stays on the machine" {
	kubectl delete pods --all --wait=false
	tests/kube/down.sh "$PALE_KUBE"
	group=$(<"$BATS_FILE_TMPDIR/group")
	[ -z "$(find /sys/fs/cgroup -path "*$group*" -print -quit)" ]
	not grep -F "$group" /proc/[0-9]*/cgroup
	[ -z "$(readlink /proc/[0-9]*/ns/{mnt,net} 2>/dev/null | grep -Fxf "$BATS_FILE_TMPDIR/namespaces")" ]
	machine | diff "$BATS_FILE_TMPDIR/before" -
	[ ! -e "$PALE_KUBE/kubelet" ] && [ ! -e "$PALE_KUBE/pki" ]
}
