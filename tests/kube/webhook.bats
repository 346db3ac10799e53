#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manifests and the webhook with a real API server, which tests/kube/run.sh --control-plane starts. The webhook is webhook_server, with what the API
# server says of the cluster.
# shellcheck shell=bash

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export server=$PALE_BUILD/tests/kube/webhook_server folder=$BATS_FILE_TMPDIR
	kubectl apply -k operator/deploy >/dev/null
	kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
	# The Deployment's pods would need a node.
	for ns in shop:enabled strict:enabled trial:enabled open:disabled; do
		kubectl create namespace "${ns%:*}" >/dev/null
		kubectl label namespace "${ns%:*}" "pale.dev/inject=${ns#*:}" >/dev/null
		# No controller makes it.
		kubectl -n "${ns%:*}" create serviceaccount default >/dev/null
	done
	kubectl annotate namespace strict pale.dev/profile=web pale.dev/mode=enforce pale.dev/on-missing=deny >/dev/null
	kubectl annotate namespace trial pale.dev/default-profile=web pale.dev/mode=audit >/dev/null
	profile web '{"dropCapabilities": ["NET_RAW", "SYS_PTRACE"], "allowPrivilegeEscalation": false}'
	profile log '{}'
	kubectl create -f - >/dev/null <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleBinding
		metadata: {name: logs, namespace: shop}
		spec: {selector: {matchLabels: {app: logs}}, profile: log, onMissing: deny}
	END
	"$server" --certificates "$folder"
	serve
	for kind in mutating:/mutate validating:/validate; do
		kubectl patch "${kind%:*}webhookconfiguration" pale-webhook --type json -p "$(jq -cn --arg url "https://localhost:8443${kind#*:}" \
			--arg ca "$(base64 -w0 "$folder/ca.crt")" '[{op: "replace", path: "/webhooks/0/clientConfig", value: {url: $url, caBundle: $ca}}]')" >/dev/null
	done
	# The API server has it a moment later.
	for _ in $(seq 100); do
		kubectl -n shop create --dry-run=server -f - <<<"$(pod p '{"pale.dev/profile":"web"}')" -o json 2>/dev/null | grep -q runtimeClassName && return
		sleep 0.1
	done
	return 1
}

teardown_file() {
	[ ! -e "$folder/pid" ] || kill "$(<"$folder/pid")"
}

serve() {
	kubectl get namespaces,paleprofiles,palebindings -A -o json | jq .items >"$folder/cluster.json"
	"$server" "$folder/cluster.json" "$folder" 8443 >"$folder/said" 2>"$folder/errors" 3>&- &
	echo $! >"$folder/pid"
	until grep -q port "$folder/said"; do sleep 0.1; done
}

# As the controller writes it.
profile() { # NAME POD
	kubectl create -f - >/dev/null <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleProfile
		metadata: {name: $1}
		spec: {source: "profile $1 { }", namespaces: ["*"]}
	END
	kubectl get paleprofile "$1" -o json | jq --argjson pod "$2" '.status = {observedGeneration: 1, digest: ("0123456789ab" * 5 + "0123"),
		conditions: [{type: "Compiled", status: "True"}, {type: "Ready", status: "True"}],
		pod: ({seccompProfile: "pale/\(.metadata.name)-0123456789ab.json"} + $pod), nodes: {total: 3, ready: 3}}' |
		kubectl replace --raw "/apis/pale.dev/v1alpha1/paleprofiles/$1/status" -f - >/dev/null
}

pod() { # NAME ANNOTATIONS [CONTAINER [SPEC [LABELS]]]
	jq -cn --arg name "$1" --argjson a "$2" --argjson c "${3:-{\}}" --argjson s "${4:-{\}}" --argjson l "${5:-{\}}" '{apiVersion: "v1", kind: "Pod", metadata: {name: $name, annotations: $a, labels: $l},
		spec: ({automountServiceAccountToken: false, containers: [{name: "c", image: "i"} + $c]} + $s)}'
}

create() { # NAMESPACE POD
	kubectl -n "$1" create -f - <<<"$2"
}

get() { # NAMESPACE POD FILTER
	kubectl -n "$1" get pod "$2" -o json | jq -c "$3"
}

refused() { # MESSAGE, of what was run
	[ "$status" -ne 0 ]
	[[ $output == *"admission webhook \"pods.pale.dev\" denied the request: Pale: $1"* ]]
}

@test "the server takes the schemas" {
	run kubectl get crd -l app.kubernetes.io/part-of=pale -o json
	[ "$(jq -c '[.items[].status.conditions[] | select(.type == "NonStructuralSchema" or .status != "True")]' <<<"$output")" = '[]' ]
	[ "$(jq '.items | length' <<<"$output")" = 4 ]
	run kubectl get paleprofile web
	[[ ${lines[0]} =~ ^NAME\ +MODE\ +COMPILED\ +READY\ +NODES\ +OF\ +AGE ]]
	[[ ${lines[1]} =~ ^web\ +enforce\ +True\ +True\ +3\ +3\  ]]
	[[ "$(kubectl explain palebinding.spec.mode)" == *"audit loosens nothing"* ]]
}

@test "and refuses what they do not have" {
	wrong() { # OBJECT MESSAGE: the server's, not kubectl's
		run kubectl -n shop create --validate=false -f - <<<"$1"
		[[ $status -ne 0 && $output == *"$2"* ]]
	}
	wrong '{"apiVersion":"pale.dev/v1alpha1","kind":"PaleBinding","metadata":{"name":"b"},"spec":{"profile":"web"}}' 'spec.selector: Required value'
	wrong '{"apiVersion":"pale.dev/v1alpha1","kind":"PaleProfile","metadata":{"name":"p"},"spec":{"source":"x","mode":"off"}}' 'spec.mode: Unsupported value: "off"'
	wrong '{"apiVersion":"pale.dev/v1alpha1","kind":"PaleProfile","metadata":{"name":"p"},"spec":{"sauce":"x"}}' 'spec.source: Required value'
}

@test "a pod with the annotation gets all of it" {
	create shop "$(pod all '{"pale.dev/profile":"web"}')"
	[ "$(get shop all '[.spec.runtimeClassName, .spec.nodeSelector["pale.dev/runtime"]]')" = '["pale","ready"]' ]
	[ "$(get shop all '.spec.containers[0].securityContext')" = \
		'{"allowPrivilegeEscalation":false,"capabilities":{"drop":["NET_RAW","SYS_PTRACE"]},"seccompProfile":{"localhostProfile":"pale/web-0123456789ab.json","type":"Localhost"}}' ]
}

@test "a pod that says nothing in a labelled namespace is refused, elsewhere it is not asked about" {
	run create shop "$(pod nothing '{}')"
	refused "pod nothing: container 'c': no profile is named for it in namespace 'shop' (annotate the pod with pale.dev/profile, or the namespace with pale.dev/default-profile)"
	create open "$(pod nothing '{}')"
	[ "$(get open nothing .spec.runtimeClassName)" = null ]
}

@test "audit does not count where enforce is the floor, and who asks is told" {
	run create strict "$(pod audit '{"pale.dev/mode":"audit"}')"
	[ "$status" -eq 0 ]
	[[ $output == *"Warning: pale.dev/mode: audit is not for this pod to choose; it stays enforce"* ]]
	[ "$(get strict audit '.metadata.annotations | [.["pale.dev/profile"], .["pale.dev/mode"], .["pale.dev/on-missing"]]')" = '["web","enforce","deny"]' ]
	run create strict "$(pod other '{"pale.dev/profile":"log"}')"
	refused "pod other: container 'c': annotation pale.dev/profile names profile 'log', but namespace 'strict' sets web"
}

@test "audit of the namespace changes nothing but what pale-runtime reads" {
	create trial "$(pod audit '{}')"
	[ "$(get trial audit '[.metadata.annotations, .spec.runtimeClassName, .spec.containers[0].securityContext]')" = \
		'[{"pale.dev/mode":"audit","pale.dev/profile":"web"},"pale",null]' ]
}

@test "a binding means pods by their labels" {
	create shop "$(pod bound '{}' '{}' '{}' '{"app":"logs"}')"
	[ "$(get shop bound '[.metadata.annotations, .spec.containers[0].securityContext.seccompProfile.localhostProfile]')" = \
		'[{"container.seccomp.security.alpha.kubernetes.io/c":"localhost/pale/log-0123456789ab.json","pale.dev/on-missing":"deny","pale.dev/profile":"log"},"pale/log-0123456789ab.json"]' ]
}

@test "annotations of before 1.19 end up in agreement with the fields" {
	create shop "$(pod old1 '{"pale.dev/profile":"web","container.seccomp.security.alpha.kubernetes.io/c":"unconfined"}')"
	create shop "$(pod old2 '{"pale.dev/profile":"web","container.seccomp.security.alpha.kubernetes.io/c":"docker/default"}')"
	create shop "$(pod old3 '{"pale.dev/profile":"web","seccomp.security.alpha.kubernetes.io/pod":"runtime/default"}')"
	create shop "$(pod old4 '{"pale.dev/profile":"web","seccomp.security.alpha.kubernetes.io/pod":"unconfined"}')"
	create shop "$(pod old5 '{"pale.dev/profile":"web","container.seccomp.security.alpha.kubernetes.io/c":"localhost/own.json"}')"
	local i types=
	for i in 1 2 3 4 5; do types+=$(get shop old$i '.spec.containers[0].securityContext.seccompProfile | [.type, .localhostProfile]'); done
	[ "$types" = '["Localhost","pale/web-0123456789ab.json"]["RuntimeDefault",null]["RuntimeDefault",null]["Localhost","pale/web-0123456789ab.json"]["Localhost","own.json"]' ]
}

@test "what the server would not take is refused with a reason" {
	run create shop "$(pod privileged '{"pale.dev/profile":"web"}' '{"securityContext":{"privileged":true}}')"
	refused "pod privileged: container 'c' is privileged"
	run create shop "$(pod admin '{"pale.dev/profile":"web"}' '{"securityContext":{"capabilities":{"add":["CAP_SYS_ADMIN"]}}}')"
	refused "pod admin: container 'c' adds CAP_SYS_ADMIN"
	run create shop "$(pod socket '{"pale.dev/profile":"web"}' '{}' '{"volumes":[{"name":"v","hostPath":{"path":"/var/run/docker.sock"}}]}')"
	refused "pod socket: volume 'v' is the node's /var/run/docker.sock"
}

@test "annotations stay as they are, and labels do not" {
	create shop "$(pod stays '{"pale.dev/profile":"web"}')"
	kubectl -n shop label pod stays a=b
	kubectl -n shop annotate pod stays note=x
	run kubectl -n shop annotate --overwrite pod stays pale.dev/profile=log
	refused "annotation pale.dev/profile cannot be changed once a pod was created"
	run kubectl -n shop annotate pod stays pale.dev/mode=audit
	refused "annotation pale.dev/mode cannot be changed once a pod was created"
	run kubectl -n shop annotate pod stays pale.dev/profile-
	refused "annotation pale.dev/profile cannot be changed once a pod was created"
}

bind() { # RESOURCE POD ANNOTATIONS
	jq -cn --arg name "$2" --argjson a "$3" '{apiVersion: "v1", kind: "Binding", metadata: {name: $name, annotations: $a},
		target: {apiVersion: "v1", kind: "Node", name: "n1"}}' | kubectl create --raw "/api/v1/namespaces/shop/$1" -f -
}

@test "who binds a pod to a node gives it annotations, but none that the runtime reads" {
	create shop "$(pod placed '{"pale.dev/profile":"web"}')"
	for resource in pods/placed/binding bindings; do
		run bind "$resource" placed '{"pale.dev/mode":"audit"}'
		refused "annotation pale.dev/mode cannot be changed once a pod was created"
	done
	bind pods/placed/binding placed '{"note":"x"}'
	[ "$(get shop placed '[.spec.nodeName, .metadata.annotations.note, .metadata.annotations["pale.dev/mode"]]')" = '["n1","x",null]' ]
}

@test "an ephemeral container of a server that does not say for which pod" {
	create shop "$(pod debugged '{"pale.dev/profile":"web"}')"
	run kubectl -n shop replace --raw /api/v1/namespaces/shop/pods/debugged/ephemeralcontainers -f - <<<'{"apiVersion":"v1","kind":"EphemeralContainers","metadata":{"name":"debugged","namespace":"shop"},"ephemeralContainers":[{"name":"d","image":"i","terminationMessagePolicy":"File","imagePullPolicy":"Always"}]}'
	refused "this API server does not say which pod gets the container"
}

@test "kube-system and Pale's own namespace are not asked about, even with the label" {
	kubectl label namespace kube-system pale-system pale.dev/inject=enabled
	for ns in kube-system pale-system; do
		kubectl -n $ns create serviceaccount default 2>/dev/null || :
		create $ns "$(pod plain '{}')"
		[ "$(get $ns plain .spec.runtimeClassName)" = null ]
	done
	kubectl label namespace kube-system pale-system pale.dev/inject-
}

@test "five hundred at once" {
	local started=$EPOCHREALTIME
	for i in $(seq 500); do pod "burst$i" '{"pale.dev/profile":"web"}'; done | jq -s '{apiVersion: "v1", kind: "List", items: .}' >"$BATS_TEST_TMPDIR/burst"
	split_create() { jq -c ".items[$1:$(($1 + 125))] | {apiVersion: \"v1\", kind: \"List\", items: .}" "$BATS_TEST_TMPDIR/burst" | kubectl -n shop create -f - >/dev/null; }
	split_create 0 & split_create 125 & split_create 250 & split_create 375 &
	wait
	[ "$(kubectl -n shop get pods -o json | jq '[.items[] | select((.metadata.name | startswith("burst")) and .spec.runtimeClassName == "pale")] | length')" = 500 ]
	echo "# $(bc <<<"$EPOCHREALTIME - $started") s for 500 pods, with four clients" >&3
}

@test "nobody answers: labelled namespaces refuse, others are unharmed" {
	kill "$(<"$folder/pid")"
	rm "$folder/pid"
	run create shop "$(pod down '{"pale.dev/profile":"web"}')"
	[[ $status -ne 0 && $output == *'failed calling webhook "pods.pale.dev"'* ]]
	kubectl delete --ignore-not-found -n kube-system pod after >/dev/null
	create kube-system "$(pod after '{}')"
	create open "$(pod after '{}')"
	# And deleting does not need it.
	kubectl -n shop delete pod all --grace-period=0 --force
	serve
	create shop "$(pod up '{"pale.dev/profile":"web"}')"
}

@test "taken away, it blocks nothing" {
	kubectl delete -k operator/deploy --wait=false >/dev/null
	create shop "$(pod free '{}')"
	[ "$(get shop free .spec.runtimeClassName)" = null ]
}
