#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# paled as a container of the DaemonSet's pod, operator/deploy/base/node-daemonset.yaml, without the other container of it: pods start under their
# policies by it, and stay under them while it is killed, away and replaced. Images are made by make images.

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	export PALE_KUBE=$PALE_BUILD/kube-test-paled
	tests/kube/up.sh "$PALE_KUBE" 3>&-
	tests/kube/in bash -euc '
		mount --make-shared /run
		ctr --address /run/containerd/containerd.sock --namespace k8s.io images import "$PALE_BUILD/images/pale-node.tar"
		kubectl apply -f operator/deploy/base/namespace.yaml
		kubectl -n pale-system create serviceaccount pale-node'
	daemonset | kubectl apply -f -
	in_time 60 paled_is_ready
	tests/kube/in env PALE_PATH="$PWD/profiles" "$PALE_BUILD/pale" load tests/runtime/policies/nginx.pale
}

teardown_file() {
	tests/kube/down.sh "$PALE_KUBE"
	rm -rf "$PALE_KUBE"
}

kubectl() {
	tests/kube/in kubectl "$@"
}

# The manifest with paled alone. Rules that this machine has no mechanism for do not keep a pod from starting.
daemonset() {
	kubectl apply --dry-run=client -o json -f operator/deploy/base/node-daemonset.yaml |
		jq '(.items[] | select(.kind == "DaemonSet") | .spec.template.spec.containers) |= map(select(.name == "paled")) |
			(.items[] | select(.kind == "ConfigMap") | .data["paled.conf"]) += "allow-partial: true\n"'
}

paled_is_ready() {
	[ "$(kubectl -n pale-system get daemonset pale-node -o json | jq '.status.observedGeneration == .metadata.generation and .status.updatedNumberScheduled == 1')" = true ] &&
		[ "$(kubectl -n pale-system get pods -l app.kubernetes.io/name=pale-node -o json |
			jq '[.items[] | select(.metadata.deletionTimestamp == null) | .status.containerStatuses[0].ready] == [true]')" = true ]
}

node_pod() { # FILTER
	kubectl -n pale-system get pods -l app.kubernetes.io/name=pale-node -o json | jq -r ".items[0] | $1"
}

# Its process, as this machine numbers it.
paled() {
	local id
	id=$(node_pod '.status.containerStatuses[0].containerID')
	jq .init_process_pid "/proc/$(<"$PALE_KUBE/inside.pid")/root/run/containerd/runc/k8s.io/${id#containerd://}/state.json"
}

pod() { # NAME PROFILE [FILTER]
	jq -n --arg name "$1" --arg profile "$2" '{
		apiVersion: "v1", kind: "Pod",
		metadata: { name: $name, annotations: { "pale.dev/profile": $profile } },
		spec: { runtimeClassName: "pale", terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "pale.test/nginx:1" }] } }'" | ${3:-.}" |
		kubectl apply -f -
}

is_running() {
	[ "$(kubectl get pod "$1" -o jsonpath='{.status.containerStatuses[0].state.running.startedAt}')" != '' ]
}

restarts() {
	kubectl get pod "$1" -o jsonpath='{.status.containerStatuses[0].restartCount}'
}

container() {
	kubectl get pod "$1" -o json | jq -r '.status.containerStatuses[0].containerID | sub("^containerd://"; "")'
}

asked() { # SOCKET METHOD ID
	tests/kube/in python3 -c 'import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(f"/run/pale/{sys.argv[1]}")
s.sendall(json.dumps({"version": 1, "method": sys.argv[2], "id": sys.argv[3]}).encode() + b"\n")
print(s.makefile().readline(), end="")' "$@"
}

is_refused() { # POD
	run -0 kubectl exec "$1" -- attack chroot
	[ "$output" = 'chroot chroot EPERM' ]
}

# told POD: how often a chroot of its container was.
told() {
	tests/kube/in jq -cs --arg id "$(container "$1")" '[.[] | select(.container.id? == $id and .operation == "syscall" and .object == "chroot")] | length' \
		/var/log/pale/events.jsonl
}
is_told() { # POD N
	[ "$(told "$1")" -ge "$2" ]
}

@test "it is ready, with the capabilities that it keeps and no more, and sockets for the groups of its image" {
	# SETPCAP to give the others up is not needed where they were never had.
	mapfile -t kept < <(sed -n 's/^\tCAP_\([A-Z_]*\),.*/\1/p' enforcer/daemon/privileges.c | sort)
	[ "$(node_pod '.spec.containers[0].securityContext.capabilities.add[]' | sort | tr '\n' ' ')" = "${kept[*]} " ]
	run -0 tests/kube/in stat -c '%U:%g %a' /run/pale/register /run/pale/control /run/pale/events
	[ "$output" = $'root:0 600\nroot:65533 660\nroot:65531 666' ]
	# Its own container is not one that escaped.
	run -0 kubectl -n pale-system logs -l app.kubernetes.io/name=pale-node
	id=$(node_pod '.status.containerStatuses[0].containerID')
	[[ $output != *"${id#containerd://}"* ]]
}

@test "a pod runs under a profile that was loaded, and what that refuses is told with its container" {
	pod web test-nginx
	in_time 60 is_running web
	is_refused web
	in_time 10 is_told web 1
	run -0 tests/kube/in "$PALE_BUILD/pale" ps --json
	jq -e --arg id "$(container web)" '.[] | select(.id == $id) | .profile == "test-nginx" and .pod == "web" and .state == "running"' <<<"$output"
	# What runc can do was told by pale-runtime.
	run -0 kubectl -n pale-system logs -l app.kubernetes.io/name=pale-node
	[[ $output != *'whether runc takes'* ]]
}

@test "a pod that names its profile's seccomp file starts with it" {
	digest=$(tests/kube/in "$PALE_BUILD/pale" ps --json | jq -r 'map(select(.profile == "test-nginx"))[0].digest')
	pod file test-nginx ".spec.containers[0].securityContext = { seccompProfile: { type: \"Localhost\", localhostProfile: \"pale/test-nginx-${digest:0:12}.json\" } }"
	in_time 60 is_running file
	is_refused file
	in_time 10 is_told file 1
	# The rule of the policy, not the pod's own filter.
	tests/kube/in jq -es --arg id "$(container file)" '[.[] | select(.container.id? == $id and .object == "chroot") | .rule] == ["deny chroot"]' \
		/var/log/pale/events.jsonl
}

@test "killed while a pod starts, which then starts under its policy" {
	id=$(paled)
	kill -STOP "$id"
	pod late test-nginx
	asks() {
		pgrep -f 'pale-runtime .* create .*k8s.io' >/dev/null
	}
	in_time 30 asks
	kill -KILL "$id"
	in_time 90 is_running late
	[ "$(restarts late)" = 0 ]
	in_time 60 is_refused late
	in_time 10 is_told late 1
	[ "$(node_pod '.status.containerStatuses[0].restartCount')" = 1 ]
	in_time 60 paled_is_ready
}

@test "those that ran before are known to it still, and what they are refused is told" {
	before=$(told web)
	is_refused web
	in_time 10 is_told web $((before + 1))
	[ "$(restarts web)" = 0 ]
}

@test "while the DaemonSet is rolled pods run on, are refused the same, and can be entered" {
	kubectl exec web -- sh -c 'while :; do attack chroot; sleep 0.1; done' >"$BATS_TEST_TMPDIR/answers" 2>&1 3>&- &
	loop=$!
	old=$(node_pod .metadata.name)
	kubectl -n pale-system patch daemonset pale-node --type merge -p '{ "spec": { "template": { "metadata": { "annotations": { "rolled": "1" } } } } }'
	gone() {
		not kubectl -n pale-system get pod "$old"
	}
	# Entered while nobody is there to ask: it waits.
	for n in {1..12}; do
		kubectl exec file -- attack chroot >>"$BATS_TEST_TMPDIR/entered" 2>&1 || echo "failed $n" >>"$BATS_TEST_TMPDIR/entered"
		sleep 0.5
	done
	in_time 60 gone
	in_time 60 paled_is_ready
	is_refused web
	kill $loop
	[ "$(sort -u "$BATS_TEST_TMPDIR/answers")" = 'chroot chroot EPERM' ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/answers")" -gt 20 ]
	for name in web file late; do
		[ "$(restarts $name)" = 0 ]
	done
	[ "$(sort -u "$BATS_TEST_TMPDIR/entered")" = 'chroot chroot EPERM' ]
	before=$(told web)
	is_refused web
	in_time 10 is_told web $((before + 1))
}

@test "the profile is there after that, and pods start under it" {
	pod again test-nginx
	in_time 60 is_running again
	is_refused again
}

@test "a pod is recorded from before its program, and its run is handed out with its name" {
	pod seen '' '.metadata.annotations = { "pale.dev/recording": "default/web" }'
	in_time 60 is_running seen
	id=$(container seen)
	uid=$(kubectl get pod seen -o jsonpath='{.metadata.uid}')
	tests/kube/in "$PALE_BUILD/pale" ps --json | jq -e --arg id "$id" '.[] | select(.id == $id) | .state == "unconfined" and .recording == "default/web"'
	# It runs under no policy.
	run kubectl exec seen -- attack chroot
	[ "$output" != 'chroot chroot EPERM' ]
	kubectl delete pod seen
	is_done() {
		asked events recordings "" | jq -e --arg id "$id" '.recordings[] | select(.id == $id) | .state == "done"'
	}
	in_time 60 is_done
	asked events recording "$id" >"$BATS_TEST_TMPDIR/recording"
	jq -e --arg uid "$uid" '.recording == "default/web" and .pod == "seen" and .namespace == "default" and .pod_uid == $uid and .name == "c"' "$BATS_TEST_TMPDIR/recording"
	jq -r .run "$BATS_TEST_TMPDIR/recording" >"$BATS_TEST_TMPDIR/run"
	jq -e --arg uid "$uid" '(.id | startswith("\($uid):c:")) and (.program | endswith("/nginx")) and
		any(.observations[]; .object == "listen" and .phases == ["init"]) and all(.lost[].why; startswith("files, network and capabilities"))' "$BATS_TEST_TMPDIR/run"
	asked control forget-recording "$id" | jq -e .ok
}

@test "what ends is forgotten, and so is what ends while it is away" {
	first=$(container again)
	second=$(container late)
	kubectl delete pod again
	known() {
		tests/kube/in "$PALE_BUILD/pale" ps --json | jq -e --arg id "$1" 'any(.[]; .id == $id)'
	}
	in_time 30 not known "$first"
	kill -KILL "$(paled)"
	kubectl delete pod late
	in_time 60 paled_is_ready
	in_time 60 not known "$second"
}
