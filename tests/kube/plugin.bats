#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kubectl-pale with a real API server, which tests/kube/run.sh --control-plane starts. What Pale's components would write is written by the test.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export d1=1111111111111111111111111111111111111111111111111111111111111111 d2=2222222222222222222222222222222222222222222222222222222222222222
	export api=/apis/pale.dev/v1alpha1
	export PATH=$PALE_BUILD:$PATH
	now=$(date -u +%FT%TZ)
	kubectl apply -f operator/deploy/base/crd-paleprofiles.yaml -f operator/deploy/base/crd-palebindings.yaml \
		-f operator/deploy/base/crd-palenodestatuses.yaml -f operator/deploy/base/crd-palerecordings.yaml \
		-f operator/deploy/base/runtimeclass.yaml >/dev/null
	kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
	for ns in shop open; do
		kubectl create namespace $ns >/dev/null
		# No controller makes it.
		kubectl -n $ns create serviceaccount default >/dev/null
	done
	kubectl label namespace shop pale.dev/inject=enabled >/dev/null
	profile web 'profile web { }' "$(status web $d2)"
	profile log 'profile log { }' "$(status log $d1)"
	profile bad $'profile bad {\n\tallow raed /etc\n}\n' '{"observedGeneration": 1, "conditions": [{"type": "Compiled", "status": "False", "message": "bad.pale:2:8: unknown operation '"'raed'"'"}],
		"diagnostics": [{"severity": "error", "line": 2, "column": 8, "message": "unknown operation '"'raed'"'", "hint": "did you mean '"'read'"'?"}]}'
	kubectl -n shop create -f - >/dev/null <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleBinding
		metadata: {name: logs}
		spec: {selector: {matchLabels: {app: logs}}, profile: log, onMissing: deny}
	END
	node n1 '{"heartbeat": "'"$now"'", "mechanisms": ["seccomp", "bpf-lsm"], "unconfined": 1, "profiles": [
		{"name": "web", "digest": "'$d1'", "state": "Loaded", "violations": [{"since": "'"$now"'", "count": 4}]},
		{"name": "web", "digest": "'$d2'", "state": "Loaded", "violations": [{"since": "'"$now"'", "count": 3}]},
		{"name": "log", "digest": "'$d1'", "state": "Failed", "message": "no AppArmor here"}],
		"conditions": [{"type": "Ready", "status": "True"}]}'
	node n2 '{"heartbeat": "2020-01-01T00:00:00Z", "mechanisms": ["seccomp"], "unconfined": 0}'
}

profile() { # NAME SOURCE STATUS
	jq -n --arg name "$1" --arg source "$2" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: {$name}, spec: {$source, namespaces: ["*"]}}' |
		kubectl create -f - >/dev/null
	put_status "$api/paleprofiles/$1" "$3"
}

node() { # NAME STATUS
	jq -n --arg name "$1" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleNodeStatus", metadata: {$name}, spec: {nodeName: $name}}' | kubectl create -f - >/dev/null
	put_status "$api/palenodestatuses/$1" "$2"
}

put_status() { # PATH STATUS
	kubectl get --raw "$1" | jq --argjson s "$2" '.status = $s' | kubectl replace --raw "$1/status" -f - >/dev/null
}

status() { # NAME DIGEST, of one that has compiled
	jq -cn --arg name "$1" --arg d "$2" '{observedGeneration: 1, digest: $d, nodes: {ready: 1, total: 2},
		conditions: [{type: "Compiled", status: "True"}, {type: "Ready", status: "True"}], pod: {seccompProfile: "pale/\($name)-\($d[:12]).json"}}'
}

# As the webhook would have made it, on a node.
pod() { # NAME ANNOTATIONS [SPEC [LABELS]]
	jq -cn --arg name "$1" --argjson a "$2" --argjson s "${3:-{\}}" --argjson l "${4:-{\}}" '{apiVersion: "v1", kind: "Pod", metadata: {name: $name, annotations: $a, labels: $l},
		spec: ({automountServiceAccountToken: false, nodeName: "n1", runtimeClassName: "pale", nodeSelector: {"pale.dev/runtime": "ready"}, containers: [{name: "c", image: "i"}]} + $s)}'
}

filter() { # NAME DIGEST: what a container under it has
	jq -cn --arg f "pale/$1-${2:0:12}.json" '{securityContext: {seccompProfile: {type: "Localhost", localhostProfile: $f}}}'
}

# event REASON OBJECT MESSAGE [COMPONENT [TIME [COUNT]]]
event() {
	jq -cn --arg reason "$1" --argjson o "$2" --arg message "$3" --arg by "${4:-pale-node}" --arg at "${5:-2026-11-26T13:10:43Z}" --argjson n "${6:-1}" '{
		apiVersion: "v1", kind: "Event", metadata: {generateName: "e-", namespace: ($o.namespace // "default")}, involvedObject: $o, $reason, $message,
		type: "Warning", count: $n, firstTimestamp: $at, lastTimestamp: $at, source: {component: $by}, reportingComponent: $by, reportingInstance: "n1"}' |
		kubectl create -f - >/dev/null
}

lines() {
	printf '%s\n' "$@"
}

same() { # EXPECTED, of what was run
	diff <(cat) <(echo "$output")
}

@test "status shows profiles and nodes, and says by its exit status that not all is well" {
	run -1 kubectl-pale status
	same <<-END
		PROFILE   MODE      STATE      DIGEST         NODES   VIOLATIONS   MESSAGE
		bad       enforce   Rejected   -              -       0            bad.pale:2:8: unknown operation 'raed'
		log       enforce   Ready      111111111111   1/2     0
		web       enforce   Ready      222222222222   1/2     3

		NODE   READY    MECHANISMS        PROFILES   UNCONFINED   MESSAGE
		n1     True     seccomp,bpf-lsm   2/3        1            log: Failed: no AppArmor here
		n2     Silent   seccomp           0/0        0            last heard of at 2020-01-01T00:00:00Z
	END
	run -1 kubectl-pale status --json
	[ "$(jq -c '[.well, (.profiles | map(.name)), .profiles[2].nodes, .nodes[0].mechanisms]' <<<"$output")" = \
		'[false,["bad","log","web"],{"ready":1,"total":2},["seccomp","bpf-lsm"]]' ]
}

@test "kubectl finds the plugin" {
	run -1 kubectl pale status
	[[ ${lines[0]} == PROFILE* ]]
}

@test "explain says who names a profile, and whether the container is under it" {
	pod two '{"pale.dev/profile": "web", "container.profile.pale.dev/side": "log", "pale.dev/mode": "enforce"}' "$(jq -cn --argjson w "$(filter web $d1)" --argjson l "$(filter log $d1)" \
		'{containers: [{name: "c", image: "i"} + $w, {name: "side", image: "i"} + $l], initContainers: [{name: "setup", image: "i"} + $w]}')" | kubectl -n shop create -f - >/dev/null
	kubectl get --raw /api/v1/namespaces/shop/pods/two | jq '.status.phase = "Running" | .status.containerStatuses = [{name: "c", ready: true, restartCount: 0, image: "i", imageID: "i",
		state: {running: {startedAt: "2026-11-26T13:10:43Z"}}}, {name: "side", ready: false, restartCount: 0, image: "i", imageID: "i",
		state: {waiting: {reason: "CreateContainerError", message: "no such file"}}}]' | kubectl replace --raw /api/v1/namespaces/shop/pods/two/status -f - >/dev/null
	run -1 kubectl-pale explain -n shop two
	same <<-END
		pod shop/two on node n1
		  mode      enforce

		init container 'setup'
		  profile   web: the pod's annotation pale.dev/profile says so
		  under it  yes: node n1 has web in force, digest 111111111111
		  anew      222222222222 is the profile's digest by now

		container 'c'
		  profile   web: the pod's annotation pale.dev/profile says so
		  under it  yes: node n1 has web in force, digest 111111111111
		  anew      222222222222 is the profile's digest by now
		  state     running

		container 'side'
		  profile   log: the pod's annotation container.profile.pale.dev/side says so
		  under it  no: on node n1 log is Failed: no AppArmor here
		  state     waiting: CreateContainerError: no such file
	END
	run -1 kubectl-pale explain --namespace shop pod/two --json
	[ "$(jq -c '[.well, .asked, .containers[2].under.answer]' <<<"$output")" = '[false,true,"no"]' ]
}

@test "explain finds a pod well that is" {
	pod good '{"pale.dev/profile": "web"}' "$(jq -cn --argjson w "$(filter web $d2)" '{containers: [{name: "c", image: "i"} + $w]}')" | kubectl -n shop create -f - >/dev/null
	run -0 kubectl-pale explain -n shop good
	same <<-END
		pod shop/good on node n1
		  mode      enforce

		container 'c'
		  profile   web: the pod's annotation pale.dev/profile says so
		  under it  yes: node n1 has web in force, digest 222222222222
	END
	# Its node says otherwise.
	event Unconfined '{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "good", "uid": "another"}' 'not this pod' pale-node 2026-11-26T13:10:40Z
	run -0 kubectl-pale explain -n shop good
	uid=$(kubectl -n shop get pod good -o 'jsonpath={.metadata.uid}')
	event Unconfined '{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "good", "uid": "'"$uid"'"}' 'container c runs without a policy' pale-node 2026-11-26T13:10:41Z
	run -1 kubectl-pale explain -n shop good
	[ "${lines[4]}" = "  under it  no: the node has said: container c runs without a policy" ]
}

@test "explain tells of a binding, and that the pod was made without the webhook" {
	kubectl -n open create -f - >/dev/null <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleBinding
		metadata: {name: logs}
		spec: {selector: {matchLabels: {app: logs}}, containers: [c], profile: log, onMissing: deny}
	END
	pod bare '{}' '{"runtimeClassName": null, "nodeSelector": null}' '{"app": "logs"}' | kubectl -n open create -f - >/dev/null
	run -1 kubectl-pale explain -n open bare
	same <<-END
		pod open/bare on node n1
		  mode      enforce
		  missing   deny
		  webhook   the API server does not ask Pale about pods of this namespace
		  lacks     /spec/runtimeClassName
		  lacks     /spec/containers/0/securityContext
		  lacks     /metadata/annotations

		container 'c'
		  profile   none
		  anew      log: PaleBinding 'logs' says so of this container, and a pod cannot change it
		  under it  no: the pod's annotations name no profile for it
	END
}

@test "explain says of a template why its pods are refused, with the line of the policy" {
	jq -n --argjson t "$(pod x '{"pale.dev/profile": "bad", "container.profile.pale.dev/ok": "web"}' '{"nodeName": null, "containers": [{"name": "c", "image": "i"}, {"name": "ok", "image": "i"}]}' '{"app": "x"}')" '{
		apiVersion: "apps/v1", kind: "Deployment", metadata: {name: "bad"}, spec: {selector: {matchLabels: {app: "x"}}, template: ($t | del(.apiVersion, .kind) | del(.metadata.name))}}' |
		kubectl -n shop create -f - >/dev/null
	run -1 kubectl-pale explain -n shop deployment/bad
	same <<-END
		pod shop/bad-
		  refused   pod bad-: container 'c': PaleProfile 'bad' does not compile: 2:8: unknown operation 'raed' (kubectl describe paleprofile bad)

		container 'c'
		  profile   bad: the pod's annotation pale.dev/profile says so
		  refused   PaleProfile 'bad' does not compile: 2:8: unknown operation 'raed'
		  to do     kubectl describe paleprofile bad

		container 'ok'
		  profile   web: the pod's annotation container.profile.pale.dev/ok says so

		bad:2:8: error: unknown operation 'raed'
		    2 | 	allow raed /etc
		      | 	      ^
		   hint: did you mean 'read'?
	END
	kubectl -n shop patch deployment bad --type json -p '[{"op": "replace", "path": "/spec/template/metadata/annotations/pale.dev~1profile", "value": "web"}]' >/dev/null
	run -0 kubectl-pale explain -n shop deploy/bad
}

@test "events are Pale's alone, in the order of their times" {
	web='{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "fieldPath": "spec.containers{c}"}'
	event Violation "$web" $'web.pale:6:15: denied: syscall mkdir\n    6 | deny mkdir, mkdirat' pale-node 2026-11-26T13:10:43Z 12
	event Violation '{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "other"}' $'odd \e[31m' pale-node 2026-11-26T13:10:42Z
	event Pulled "$web" 'Container image "i" already present' kubelet
	event ProfileRejected '{"apiVersion": "pale.dev/v1alpha1", "kind": "PaleProfile", "name": "bad"}' "2:8: unknown operation 'raed'" pale-controller
	run -0 kubectl-pale events -n shop
	same <<-END
		2026-11-26T13:10:40Z Unconfined Pod shop/good: not this pod
		2026-11-26T13:10:41Z Unconfined Pod shop/good: container c runs without a policy
		2026-11-26T13:10:42Z Violation Pod shop/other: odd \\x1b[31m
		2026-11-26T13:10:43Z Violation Pod shop/web container c (12 times): web.pale:6:15: denied: syscall mkdir
		    6 | deny mkdir, mkdirat
	END
	run -0 kubectl-pale events -n shop web --json
	[ "$(jq -c '[.count, .container, .host, .component]' <<<"$output")" = '[12,"c","","pale-node"]' ]
	# The context's namespace is default.
	run -0 kubectl-pale events
	[ "$output" = "2026-11-26T13:10:43Z ProfileRejected PaleProfile bad: 2:8: unknown operation 'raed'" ]
	run -0 kubectl-pale events -A
	[[ $output == *ProfileRejected* && $output == *shop/web* && $output != *Pulled* ]]
}

@test "events are followed" {
	kubectl-pale events -n open --follow >"$BATS_TEST_TMPDIR/told" 2>&1 3>&- &
	pid=$!
	p='{"apiVersion": "v1", "kind": "Pod", "namespace": "open", "name": "web"}'
	event Violation "$p" first
	in_time 10 grep -q first "$BATS_TEST_TMPDIR/told"
	event Violation "$p" second pale-node 2026-11-26T13:10:44Z
	in_time 10 grep -q second "$BATS_TEST_TMPDIR/told"
	# The same one again is counted.
	name=$(kubectl -n open get events -o json | jq -r '.items[] | select(.message == "second").metadata.name')
	kubectl -n open patch event "$name" --type merge -p '{"count": 2, "lastTimestamp": "2026-11-26T13:10:45Z"}' >/dev/null
	in_time 10 grep -q '2 times' "$BATS_TEST_TMPDIR/told"
	kill $pid
	diff "$BATS_TEST_TMPDIR/told" - <<-END
		2026-11-26T13:10:43Z Violation Pod open/web: first
		2026-11-26T13:10:44Z Violation Pod open/web: second
		2026-11-26T13:10:45Z Violation Pod open/web (2 times): second
	END
}

@test "a context and its namespace can be chosen" {
	jq -n --argjson c "$(kubectl config view --raw -o json)" '$c | .contexts += [.contexts[0] | .name = "there" | .context.namespace = "shop"]' >"$BATS_TEST_TMPDIR/config"
	run -0 kubectl-pale events --kubeconfig "$BATS_TEST_TMPDIR/config" --context there web
	[[ $output == *"Pod shop/web"* ]]
	run -3 kubectl-pale events --kubeconfig "$BATS_TEST_TMPDIR/config" --context nowhere
	[[ $output == *"'contexts' has none called 'nowhere'"* ]]
	KUBECONFIG=a:b run -3 kubectl-pale status
	[ "${lines[0]}" = 'kubectl-pale status: $KUBECONFIG names several files, which are not merged here' ]
	[ "${lines[1]}" = 'hint: kubectl config view --flatten --raw >FILE, and --kubeconfig FILE' ]
}

@test "what is not there, and who may not ask" {
	run -3 kubectl-pale explain -n shop nothing
	[ "${lines[0]}" = 'kubectl-pale explain: the API server answers 404 NotFound: pods "nothing" not found' ]
	[ "${lines[1]}" = 'hint: a pod that was refused is nowhere; ask about what makes it, like deployment/NAME' ]
	run -2 kubectl-pale explain thing/web
	[ "${lines[0]}" = "kubectl-pale explain: 'thing' is none of pod, deployment, statefulset, daemonset, replicaset, job, cronjob" ]
	run -2 kubectl-pale events -A web
	[ "${lines[0]}" = "kubectl-pale events: --all-namespaces stands alone: a pod is in one of them" ]
	token=$(echo '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}' |
		kubectl create --raw /api/v1/namespaces/open/serviceaccounts/default/token -f - | jq -r .status.token)
	kubectl config view --raw --minify -o json | jq --arg t "$token" '.users[0].user = {token: $t}' >"$BATS_TEST_TMPDIR/nobody"
	run -3 kubectl-pale status --kubeconfig "$BATS_TEST_TMPDIR/nobody"
	[ "$output" = 'kubectl-pale status: the API server answers 403 Forbidden: paleprofiles.pale.dev is forbidden: User "system:serviceaccount:open:default" cannot list resource "paleprofiles" in API group "pale.dev" at the cluster scope' ]
	run -3 kubectl-pale status --kubeconfig <(jq '.clusters[0].cluster.server = "https://127.0.0.1:1"' "$BATS_TEST_TMPDIR/nobody")
	[[ $output == "kubectl-pale status: "*127.0.0.1* ]]
}

# The objects that docs/kubernetes.md shows.
objects() {
	awk '/^```yaml$/ { on = 1; print "---"; next } /^```$/ { on = 0 } on' "$BATS_TEST_DIRNAME/../../docs/kubernetes.md"
}

@test "the objects of docs/kubernetes.md are such, and its policies right" {
	[ "$(objects | grep -c ^---)" -ge 5 ]
	# The webhook is not here.
	run -0 kubectl apply --dry-run=server -f <(objects)
	[ "$(grep -c 'created' <<<"$output")" = "$(objects | grep -c ^---)" ]
	objects | kubectl create --dry-run=client -o json -f - | jq -c 'select(.kind == "PaleProfile") | .spec.source' >"$BATS_TEST_TMPDIR/sources"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/sources")" = 2 ]
	while read -r source; do
		jq -r . <<<"$source" >"$BATS_TEST_TMPDIR/p.pale"
		PALE_PATH=$BATS_TEST_DIRNAME/../../profiles pale check "$BATS_TEST_TMPDIR/p.pale"
	done <"$BATS_TEST_TMPDIR/sources"
}

@test "a cluster without Pale" {
	kubectl delete crd paleprofiles.pale.dev >/dev/null
	in_time 30 sh -c '! kubectl get paleprofiles'
	run -3 kubectl-pale status
	[ "${lines[1]}" = "hint: this cluster has no Pale: kubectl apply -k operator/deploy/" ]
}
