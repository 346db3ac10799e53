#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pale in a cluster, as a user has it: kubectl apply -k operator/deploy/, a pod is annotated, and runs under its policy or does not run. One cluster for all, in
# which the tests follow one another. What differs from operator/deploy: the node has no systemd that restarts containerd, and this machine's kernel
# cannot enforce all of a policy, which paled.conf has to allow. Images are made by make images.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export PALE_KUBE=$PALE_BUILD/kube-operator deploy=$BATS_FILE_TMPDIR/deploy
	machine >"$BATS_FILE_TMPDIR/before"
	tests/kube/up.sh --bare "$PALE_KUBE" 3>&-
	pid=$(<"$PALE_KUBE/inside.pid")
	readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net" >"$BATS_FILE_TMPDIR/namespaces"
	cat "$PALE_KUBE/group" >"$BATS_FILE_TMPDIR/group"
	cp -r operator/deploy "$deploy"
	# shellcheck disable=SC2016
	sed -i 's,value: ""$,value: "kill $(cat '"$PALE_KUBE"'/containerd.pid)",' "$deploy/runtime/install.yaml"
	sed -i 's,^  paled.conf: |$,&\n    allow-partial: true,' "$deploy/base/node-daemonset.yaml"
}

teardown_file() {
	tests/kube/down.sh "$PALE_KUBE"
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || whole_state
}

# What is to be known when something failed.
whole_state() {
	kubectl get pods --all-namespaces -o wide
	kubectl get paleprofiles,palerecordings,palenodestatuses --all-namespaces
	kubectl get events --all-namespaces --sort-by=.lastTimestamp | tail -n 25
	for part in deployment/pale-controller deployment/pale-webhook daemonset/pale-node; do
		kubectl -n pale-system logs $part --all-containers --tail=15
	done
} 2>&1

machine() {
	(cd /proc/sys && grep -s . vm/* kernel/panic* kernel/keys/* net/ipv4/ip_forward net/ipv4/conf/*/forwarding net/bridge/* || :)
	cat /proc/self/mounts
	ip -brief link
}

kubectl() {
	tests/kube/in kubectl "$@"
}

namespace() { # NAME [ANNOTATION…]: one that Pale is asked about.
	kubectl create namespace "$1"
	kubectl label namespace "$1" pale.dev/inject=enabled
	[ $# = 1 ] || kubectl annotate namespace "$@"
	in_time 30 kubectl -n "$1" get serviceaccount default
}

# profile NAME FILE [JQ]: of the policy in FILE; JQ changes the object.
profile() {
	jq -n --arg name "$1" --rawfile source "$2" '{ apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: { name: $name },
		spec: { source: $source, namespaces: ["*"] } } | '"${3:-.}" | kubectl apply -f -
}

condition() { # PROFILE TYPE STATUS: of what its specification is now.
	kubectl get paleprofile "$1" -o json | jq -e --arg type "$2" --arg status "$3" '.status.observedGeneration == .metadata.generation and
		any(.status.conditions[]; .type == $type and .status == $status)'
}

is_ready() { # PROFILE
	condition "$1" Ready True && kubectl get paleprofile "$1" -o json | jq -e '.status.nodes.ready == 1'
}

# pod NAMESPACE NAME IMAGE [ANNOTATIONS [JQ]]: the pod as JSON.
pod_json() {
	jq -n --arg namespace "$1" --arg name "$2" --arg image "$3" --argjson annotations "${4:-null}" '{ apiVersion: "v1", kind: "Pod",
		metadata: { namespace: $namespace, name: $name, annotations: $annotations, labels: { app: $name } },
		spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false,
			containers: [{ name: "c", image: "pale.test/\($image):1" }] } } | '"${5:-.}"
}

pod() {
	pod_json "$@" | kubectl create -f -
}

nginx() { # NAMESPACE NAME: under the policy test-nginx.
	pod "$1" "$2" nginx '{ "pale.dev/profile": "test-nginx" }'
}

runs() { # NAMESPACE POD
	kubectl -n "$1" get pod "$2" -o json | jq -e '.status.containerStatuses | length > 0 and all(.state.running)'
}

restarts() { # NAMESPACE POD
	kubectl -n "$1" get pod "$2" -o jsonpath='{.status.containerStatuses[0].restartCount}'
}

serves() { # NAMESPACE POD [PORT]
	tests/kube/in timeout 5 busybox wget -q -O /dev/null "http://$(kubectl -n "$1" get pod "$2" -o jsonpath='{.status.podIP}'):${3:-80}/"
}

attack() { # NAMESPACE POD NAME [CONTAINER]: its result.
	kubectl -n "$1" exec "$2" ${4:+-c "$4"} -- attack "$3"
}

is_refused() { # NAMESPACE POD [ATTACK [CONTAINER]]
	[[ $(attack "$1" "$2" "${3:-chroot}" "${4:-}") =~ ^${3:-chroot}' '[a-z0-9_]+' '(EPERM|EACCES)$ ]]
}

no_pods() { # NAMESPACE
	[ -z "$(kubectl -n "$1" get pods -o name)" ]
}

# Leaves a namespace without pods.
empty() { # NAMESPACE
	kubectl -n "$1" delete deployment,pod --all --grace-period=0 --force --wait=false 2>/dev/null
	in_time 60 no_pods "$1"
}

all_ready() { # of Pale's own pods
	local part
	for part in deployment/pale-webhook deployment/pale-controller daemonset/pale-node; do
		kubectl -n pale-system rollout status $part --timeout=1s || return 1
	done
}

# The process of a container of Pale's own pods, on the node.
process_of() { # APP CONTAINER
	local id
	id=$(kubectl -n pale-system get pods -l app.kubernetes.io/name="$1" -o json |
		jq -r --arg name "$2" '[.items[].status.containerStatuses[] | select(.name == $name and .state.running).containerID][0]')
	tests/kube/in ctr --address /run/containerd/containerd.sock --namespace k8s.io task ls | awk -v id="${id#containerd://}" '$1 == id { print $2 }'
}

leader() {
	kubectl -n pale-system get lease pale-controller -o jsonpath='{.spec.holderIdentity}'
}

events() { # JQ: which of paled's events there is one of.
	tests/kube/in jq -es "any(.[]; $1)" /var/log/pale/events.jsonl
}

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

@test "kubectl apply -k brings Pale to a cluster, and all of it becomes ready" {
	kubectl apply -k "$deploy"
	in_time 180 all_ready
	kubectl -n pale-system rollout status daemonset/pale-runtime-install --timeout=60s
	bundle() {
		kubectl get mutatingwebhookconfiguration,validatingwebhookconfiguration pale-webhook -o json |
			jq -e '[.items[].webhooks[].clientConfig.caBundle] | length == 2 and all(. != null)'
	}
	in_time 60 bundle
	in_time 60 kubectl wait --for=condition=Ready --timeout=1s palenodestatus/node1
	# A second time nothing is changed, and nothing is lost.
	kubectl apply -k "$deploy"
	bundle
}

@test "a profile is compiled, and brought to the nodes" {
	profile test-nginx tests/runtime/policies/nginx.pale
	profile test-busybox tests/runtime/policies/busybox.pale
	in_time 60 is_ready test-nginx
	in_time 60 is_ready test-busybox
	kubectl get paleprofile test-nginx -o json | jq -e '.status.digest | test("^[0-9a-f]{64}$")'
	# Its seccomp filter is where the kubelet looks for it.
	tests/kube/in test -s "/var/lib/kubelet/seccomp/$(kubectl get paleprofile test-nginx -o jsonpath='{.status.pod.seccompProfile}')"
}

@test "an annotated pod serves; what is refused in it is reported with pod and line within a second" {
	kubectl get namespace shop || namespace shop; kubectl -n shop delete pod web --ignore-not-found
	nginx shop web
	in_time 90 runs shop web
	in_time 10 serves shop web
	kubectl -n shop get pod web -o json | jq -e '.spec.runtimeClassName == "pale"'
	line=$(awk '$0 ~ /deny chroot/ { print NR }' tests/runtime/policies/nginx.pale)
	began=$(milliseconds)
	run -0 attack shop web chroot
	[ "$output" = 'chroot chroot EPERM' ]
	in_time 5 events ".container.pod == \"web\" and .container.namespace == \"shop\" and any(.. | .line? // empty; . == $line)"
	took=$(($(milliseconds) - began))
	echo "# refused and told within $took ms" >&3
	# With kubectl exec before it, and jq's reading after.
	[ $took -lt 1000 ] || told_in_time
	# The cluster is told, too.
	told() {
		kubectl -n shop get events -o json | jq -e '.items[] | select(.reason == "Violation" and .involvedObject.name == "web")'
	}
	in_time 30 told
	serves shop web
}

# The event's own times, when starting programs to look took longer.
told_in_time() {
	local seen written
	seen=$(tests/kube/in jq -rs '[.[] | select(.container.pod == "web" and .operation)][0].time' /var/log/pale/events.jsonl)
	written=$(tests/kube/in date -r /var/log/pale/events.jsonl +%s%3N)
	[ $((written - $(date -d "$seen" +%s%3N))) -lt 1000 ]
}

@test "every attack that a policy names is refused" {
	for name in mount userns trace bpf perf key device setns uring faults chroot; do
		is_refused shop web $name || { echo "$name: $(attack shop web $name)" && return 1; }
	done
	[ "$(restarts shop web)" = 0 ]
}

@test "a pod without a profile in a namespace that asks for one is refused, with what to do" {
	run pod shop bare busybox
	[ "$status" -ne 0 ]
	[[ $output == *'admission webhook "pods.pale.dev" denied the request: Pale: '*'pale.dev/profile'* ]]
	# Elsewhere it runs.
	pod default bare busybox
	in_time 60 runs default bare
}

@test "a profile that is not there, another runtime class and a privileged container are refused" {
	run pod shop p nginx '{ "pale.dev/profile": "nobody" }'
	[[ $status != 0 && $output == *'denied the request: Pale: '*nobody* ]]
	run pod shop p nginx '{ "pale.dev/profile": "test-nginx" }' '.spec.runtimeClassName = "other"'
	[[ $status != 0 ]]
	run pod shop p nginx '{ "pale.dev/profile": "test-nginx" }' '.spec.containers[0].securityContext = { privileged: true }'
	[[ $status != 0 && $output == *'denied the request: Pale: '*privileged* ]]
}

@test "a tenant who asks for audit where the namespace enforces is still refused" {
	namespace floor pale.dev/profile=test-nginx pale.dev/mode=enforce
	run pod floor loose nginx '{ "pale.dev/profile": "test-nginx", "pale.dev/mode": "audit" }'
	# Whether the pod is refused or tightened, what it does is refused.
	if [ "$status" = 0 ]; then
		in_time 90 runs floor loose
		is_refused floor loose
	else
		[[ $output == *'denied the request: Pale: '*audit* ]]
	fi
	nginx floor strict
	in_time 90 runs floor strict
	# Nor later.
	run kubectl -n floor annotate pod strict pale.dev/mode=audit --overwrite
	[[ $status != 0 && $output == *'Pale: '* ]]
	is_refused floor strict
	empty floor
}

@test "a profile that is edited holds for new pods, and running ones keep theirs" {
	old=$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')
	sed 's/deny  *add_key/allow add_key/' tests/runtime/policies/nginx.pale >"$BATS_FILE_TMPDIR/edited.pale"
	profile test-nginx "$BATS_FILE_TMPDIR/edited.pale"
	in_time 60 is_ready test-nginx
	[ "$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')" != "$old" ]
	is_refused shop web key
	nginx shop newer
	in_time 90 runs shop newer
	not is_refused shop newer key
	is_refused shop newer chroot
	is_refused shop web key
	[ "$(restarts shop web)" = 0 ]
	profile test-nginx tests/runtime/policies/nginx.pale
	in_time 60 is_ready test-nginx
	kubectl -n shop delete pod newer --wait=false
}

@test "a profile that does not compile says where, and the last right one goes on" {
	good=$(kubectl get paleprofile test-nginx -o jsonpath='{.status.digest}')
	sed 's/deny chroot/deny chrooot/' tests/runtime/policies/nginx.pale >"$BATS_FILE_TMPDIR/wrong.pale"
	profile test-nginx "$BATS_FILE_TMPDIR/wrong.pale"
	in_time 60 condition test-nginx Compiled False
	line=$(awk '$0 ~ /deny chroot/ { print NR }' tests/runtime/policies/nginx.pale)
	kubectl get paleprofile test-nginx -o json |
		jq -e --argjson line "$line" --arg good "$good" '.status.diagnostics[0].line == $line and .status.diagnostics[0].column > 0 and .status.digest == $good'
	nginx shop meanwhile
	in_time 90 runs shop meanwhile
	is_refused shop meanwhile
	profile test-nginx tests/runtime/policies/nginx.pale
	in_time 60 condition test-nginx Compiled True
	kubectl -n shop delete pod meanwhile --wait=false
}

@test "a profile that is deleted while it is used stays until nobody uses it" {
	sed 's/test-busybox/short-lived/' tests/runtime/policies/busybox.pale >"$BATS_FILE_TMPDIR/short-lived.pale"
	profile short-lived "$BATS_FILE_TMPDIR/short-lived.pale"
	in_time 60 is_ready short-lived
	pod shop user busybox '{ "pale.dev/profile": "short-lived" }'
	in_time 90 runs shop user
	held() {
		kubectl get paleprofile short-lived -o json | jq -e '.metadata.finalizers | any(. == "pale.dev/in-use")'
	}
	in_time 30 held
	kubectl delete paleprofile short-lived --wait=false
	sleep 3
	held
	is_refused shop user unshare || is_refused shop user mount
	kubectl -n shop delete pod user
	gone() { ! kubectl get paleprofile short-lived; }
	in_time 60 gone
}

@test "a pod that was there before its profile runs once that has come" {
	kubectl -n shop create deployment early --image=pale.test/busybox:1 --dry-run=client -o json |
		jq '.spec.template.metadata.annotations = { "pale.dev/profile": "late" } | .spec.template.spec.terminationGracePeriodSeconds = 0' | kubectl create -f -
	refused() {
		kubectl -n shop get events -o json | jq -e '.items[] | select(.reason == "FailedCreate" and (.message | contains("late")))'
	}
	in_time 30 refused
	[ -z "$(kubectl -n shop get pods -l app=early -o name)" ]
	sed 's/test-busybox/late/' tests/runtime/policies/busybox.pale >"$BATS_FILE_TMPDIR/late.pale"
	profile late "$BATS_FILE_TMPDIR/late.pale"
	# The ReplicaSet's own patience grows with each refusal.
	in_time 180 kubectl -n shop rollout status deployment/early --timeout=1s
	kubectl -n shop delete deployment early --wait=false
}

@test "while nobody answers for the webhook annotated pods are refused, and kube-system goes on" {
	kubectl -n pale-system scale deployment/pale-webhook --replicas=0
	none() { [ -z "$(kubectl -n pale-system get pods -l app.kubernetes.io/name=pale-webhook -o name)" ]; }
	in_time 60 none
	run nginx shop refused
	[[ $status != 0 && $output == *'failed calling webhook "pods.pale.dev"'* ]]
	pod kube-system unharmed busybox
	in_time 60 runs kube-system unharmed
	# Not even where somebody labelled it.
	kubectl label namespace pale-system pale.dev/inject=enabled
	pod pale-system unharmed busybox
	in_time 60 runs pale-system unharmed
	kubectl label namespace pale-system pale.dev/inject-
	kubectl -n kube-system delete pod unharmed --wait=false
	kubectl -n pale-system delete pod unharmed --wait=false
	serves shop web
	kubectl -n pale-system scale deployment/pale-webhook --replicas=2
	in_time 90 all_ready
	in_time 30 nginx shop again
	in_time 90 runs shop again
	kubectl -n shop delete pod again --wait=false
}

@test "when the controller that leads is killed another one does" {
	old=$(leader)
	# A pod's name and a number of its process.
	kubectl -n pale-system delete pod "${old%_*}" --grace-period=0 --force
	moved() { [ "$(leader)" != "$old" ]; }
	in_time 60 moved
	profile test-busybox tests/runtime/policies/busybox.pale '.spec.source += "\n# after the change\n"'
	in_time 60 is_ready test-busybox
}

restart_api_server() {
	local old
	old=$(<"$PALE_KUBE/kube-apiserver.pid")
	kill -KILL "$old"
	other() { [ "$(<"$PALE_KUBE/kube-apiserver.pid")" != "$old" ]; }
	in_time 60 other
	in_time 60 kubectl get --raw /readyz
}

@test "the API server is restarted, and what comes afterwards is acted on" {
	restart_api_server
	profile test-busybox tests/runtime/policies/busybox.pale '.spec.source += "\n# after the restart\n"'
	in_time 90 is_ready test-busybox
	in_time 60 nginx shop restarted
	in_time 90 runs shop restarted
	is_refused shop restarted
	kubectl -n shop delete pod restarted --wait=false
}

@test "what was compacted away under the watches is listed anew" {
	touch "$PALE_KUBE/kube-apiserver.stop"
	kill -KILL "$(<"$PALE_KUBE/kube-apiserver.pid")"
	etcd() { tests/kube/in env ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 "$@"; }
	# Something newer than what anybody has seen, and nothing older is left.
	for _ in 1 2 3; do etcd put /elsewhere x; done
	etcd compact "$(etcd endpoint status -w json | jq '.[0].Status.header.revision')"
	rm "$PALE_KUBE/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
	profile test-busybox tests/runtime/policies/busybox.pale '.spec.source += "\n# after the compaction\n"'
	in_time 90 is_ready test-busybox
	in_time 60 nginx shop compacted
	in_time 90 runs shop compacted
	kubectl -n shop delete pod compacted --wait=false
	[ "$(restarts shop web)" = 0 ]
}

@test "paled is killed while a pod starts: the pod runs under its policy in the end, and those that run go on" {
	in_time 90 all_ready
	paled=$(process_of pale-node paled)
	[ -n "$paled" ]
	nginx shop struck
	kill -KILL "$paled"
	is_refused shop web
	in_time 120 runs shop struck
	is_refused shop struck
	is_refused shop web
	[ "$(restarts shop web)" = 0 ]
	serves shop web
	in_time 120 all_ready
	kubectl -n shop delete pod struck --wait=false
}

@test "the DaemonSet is rolled while pods run: none is started anew, refusals go on, and so does exec" {
	kubectl -n pale-system rollout restart daemonset/pale-node
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		is_refused shop web
		kubectl -n shop exec web -- cat /var/www/html/index.nginx-debian.html >/dev/null
		sleep 0.5
	done
	in_time 120 all_ready
	is_refused shop web
	[ "$(restarts shop web)" = 0 ]
	nginx shop afterwards
	in_time 90 runs shop afterwards
	is_refused shop afterwards
	kubectl -n shop delete pod afterwards --wait=false
}

@test "init containers are under the pod's policy, and no ephemeral one comes without" {
	pod shop stages busybox '{ "pale.dev/profile": "test-busybox" }' \
		'.spec.initContainers = [{ name: "first", image: "pale.test/busybox:1", command: ["attack", "mount", "userns"] }]'
	in_time 90 runs shop stages
	run -0 kubectl -n shop logs stages -c first
	[ "$output" = $'mount mount EPERM\nuserns unshare EPERM' ]
	# Kubernetes 1.20 sends reviews of ephemeral containers without their pod, whose policy is to hold: none is let in.
	run kubectl -n shop debug stages --image=pale.test/busybox:1 -c later -- attack mount userns
	[[ $status != 0 && $output == *'denied the request: Pale: this API server does not say which pod gets the container'* ]]
	kubectl -n shop delete pod stages --wait=false
}

@test "each container of a pod has the profile that is named for it" {
	pod shop two nginx '{ "container.profile.pale.dev/c": "test-nginx", "container.profile.pale.dev/side": "test-busybox" }' \
		'.spec.containers += [{ name: "side", image: "pale.test/busybox:1" }]'
	in_time 90 runs shop two
	in_time 10 serves shop two
	serves shop two 8000
	# The one has no rule for it, the other one allows nothing that asks for it.
	is_refused shop two chroot c
	is_refused shop two mount side
	digests() {
		kubectl -n pale-system exec daemonset/pale-node -c paled -- pale ps --json |
			jq -es 'flatten | [.[] | (.containers? // [.])[] | select(.pod == "two") | .profile] | sort == ["test-busybox", "test-nginx"]'
	}
	in_time 10 digests
	# An injected container without a profile is none that runs.
	run pod shop three nginx '{ "container.profile.pale.dev/c": "test-nginx" }' '.spec.containers += [{ name: "side", image: "pale.test/busybox:1" }]'
	[[ $status != 0 && $output == *'denied the request: Pale: '*side* ]]
	kubectl -n shop delete pod two --wait=false
}

# How often Pale has asked the API server: its webhook asks for nothing but its watches.
asked() {
	local address
	for address in $(kubectl -n pale-system get pods -l 'app.kubernetes.io/name in (pale-node, pale-controller)' \
		-o jsonpath='{.items[*].status.podIP}'); do
		tests/kube/in timeout 10 busybox wget -q -O - "http://$address:8080/metrics"
	done | awk '$1 == "pale_api_requests_total" { n += $2; found++ } END { if (found < 2) exit 1; print n }'
}

@test "500 pods are created in a burst; 50 of them run, for which Pale asks the API server at most twice each" {
	namespace burst
	pods() { # FROM TO JQ
		for ((i = $1; i <= $2; i++)); do pod_json burst p$i busybox '{ "pale.dev/profile": "test-busybox" }' "$3"; done
	}
	# All but fifty wait for a node that there is not.
	{ pods 1 50 . && pods 51 500 '.spec.nodeSelector = { nowhere: "x" }'; } >"$BATS_FILE_TMPDIR/burst.json"
	before=$(asked)
	began=$(milliseconds)
	kubectl create -f "$BATS_FILE_TMPDIR/burst.json" >/dev/null
	echo "# 500 pods created in $(($(milliseconds) - began)) ms" >&3
	kubectl -n burst get pods -o json | jq -e '.items | length == 500 and all(.spec.runtimeClassName == "pale")'
	fifty() { [ "$(kubectl -n burst get pods --field-selector=status.phase=Running -o name | wc -l)" = 50 ]; }
	in_time 400 fifty
	echo "# 50 run after $(($(milliseconds) - began)) ms" >&3
	requests=$(($(asked) - before))
	echo "# $requests requests to the API server meanwhile (goal: 2 for each of 50)" >&3
	[ "$requests" -le 100 ]
	is_refused burst p1 mount
	is_refused burst p50 mount
	kubectl -n burst get pods -o json | jq -e 'all(.items[].status.containerStatuses // [] | .[]; .restartCount == 0)'
	empty burst
	kubectl delete namespace burst --wait=false
}

@test "three replicas are recorded, and a fourth pod runs under the policy that comes of it" {
	namespace lab
	kubectl -n lab apply -f - <<-END
		{ "apiVersion": "pale.dev/v1alpha1", "kind": "PaleRecording", "metadata": { "name": "learned" },
		  "spec": { "selector": { "matchLabels": { "app": "learnt" } }, "durationSeconds": 45, "profile": "learned" } }
	END
	kubectl -n lab create deployment learnt --image=pale.test/busybox:1 --replicas=3 --dry-run=client -o json |
		jq '.spec.template.spec.terminationGracePeriodSeconds = 2' | kubectl create -f -
	in_time 120 kubectl -n lab rollout status deployment/learnt --timeout=1s
	for name in $(kubectl -n lab get pods -l app=learnt -o jsonpath='{.items[*].metadata.name}'); do serves lab "$name" 8000; done
	completed() { [ "$(kubectl -n lab get palerecording learned -o jsonpath='{.status.phase}')" = Completed ]; }
	in_time 180 completed
	kubectl -n lab get palerecording learned -o json | jq -e '.status.runs == 3 and .status.draft == "learned"'
	in_time 60 is_ready learned
	kubectl get paleprofile learned -o json | jq -e '.spec.mode == "audit"'
	# Reviewed, and enforced.
	kubectl patch paleprofile learned --type=merge -p '{"spec":{"mode":"enforce","namespaces":["lab"]}}'
	in_time 60 is_ready learned
	pod lab fourth busybox '{ "pale.dev/profile": "learned" }'
	in_time 90 runs lab fourth
	in_time 10 serves lab fourth 8000
	is_refused lab fourth chroot
	empty lab
}

@test "uninstall.sh leaves nothing that is in anybody's way, and running pods can be entered" {
	kubectl get paleprofile test-nginx
	tests/kube/in "$deploy/uninstall.sh"
	is_refused shop web
	[ "$(restarts shop web)" = 0 ]
	serves shop web
	nginx shop plain
	in_time 60 runs shop plain
	not is_refused shop plain key
	[ -z "$(kubectl get crd,clusterrole,clusterrolebinding,runtimeclass,mutatingwebhookconfiguration,validatingwebhookconfiguration,namespace -o name |
		grep -i pale)" ]
	[ -z "$(kubectl get nodes -o json | jq -r '.items[] | (.metadata.labels | keys[]), (.spec.taints // [] | .[].key) | select(startswith("pale.dev/"))')" ]
	not tests/kube/in grep pale-runtime /etc/containerd/config.toml
	# And again.
	tests/kube/in "$deploy/uninstall.sh"
}

@test "nothing of it stays on the machine" {
	tests/kube/down.sh "$PALE_KUBE"
	group=$(<"$BATS_FILE_TMPDIR/group")
	[ -z "$(find /sys/fs/cgroup -path "*$group*" -print -quit)" ]
	not grep -F "$group" /proc/[0-9]*/cgroup
	[ -z "$(readlink /proc/[0-9]*/ns/{mnt,net} 2>/dev/null | grep -Fxf "$BATS_FILE_TMPDIR/namespaces")" ]
	machine | diff "$BATS_FILE_TMPDIR/before" -
	[ ! -e "$PALE_KUBE/kubelet" ] && [ ! -e "$PALE_KUBE/pki" ]
}
