#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manifests and `pale-operator webhook` with a real API server, which tests/kube/run.sh --control-plane starts. The webhook has the rights of its own
# service account. No controller runs: the suite writes what it would.
# shellcheck shell=bash

load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export kube=$PALE_KUBE operator=$PALE_BUILD/pale-operator folder=$BATS_FILE_TMPDIR
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
	"$PALE_BUILD/tests/kube/webhook_server" --certificates "$folder"
	own_kubeconfig >"$folder/kubeconfig"
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

# What the Deployment's pods have: the service account's token.
own_kubeconfig() {
	echo '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}' |
		kubectl create --raw /api/v1/namespaces/pale-system/serviceaccounts/pale-webhook/token -f - | jq -r .status.token >"$folder/token"
	jq -n --arg ca "$kube/pki/ca.crt" --arg token "$folder/token" '{apiVersion: "v1", kind: "Config", "current-context": "own",
		clusters: [{name: "own", cluster: {server: "https://10.96.0.1:443", "certificate-authority": $ca}}],
		users: [{name: "own", user: {tokenFile: $token}}], contexts: [{name: "own", context: {cluster: "own", user: "own"}}]}'
}

# In the background, without the descriptors that bats waits for.
start() { # KUBECONFIG PORT NAME
	"$operator" webhook --kubeconfig "$1" --listen 127.0.0.1 --port "$2" --certificates "$folder" >"$folder/$3" 2>&1 3>&- &
	echo $! >"$folder/$3.pid"
}

serve() {
	start "$folder/kubeconfig" 8443 log
	mv "$folder/log.pid" "$folder/pid"
	in_time 30 ready
}

ready() {
	[ "$(ask readyz)" = ok ]
}

ask() { # PATH [CURL-ARGUMENT…]
	local path=$1
	shift
	curl -sS --max-time 5 --cacert "$folder/ca.crt" "$@" "https://localhost:8443/$path"
}

metric() { # NAME
	ask metrics | awk -v name="$1" '$1 == name { print $2 }'
}

# Not by way of the API server.
review() { # NAMESPACE POD
	jq -cn --arg ns "$1" --argjson pod "$2" '{kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request: {uid: "u", namespace: $ns,
		operation: "CREATE", resource: {group: "", version: "v1", resource: "pods"}, object: $pod}}'
}

directly() { # NAMESPACE POD: what the webhook says of it
	ask mutate -H 'Content-Type: application/json' --data-binary "$(review "$1" "$2")"
}

# As somebody writes it, and then the controller.
profile() { # NAME POD
	source_of "$1"
	compiled "$1" "$2"
}

source_of() { # NAME
	kubectl create -f - >/dev/null <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleProfile
		metadata: {name: $1}
		spec: {source: "profile $1 { }", namespaces: ["*"]}
	END
}

compiled() { # NAME POD
	status paleprofiles "$1" "$(jq -cn --arg name "$1" --argjson pod "$2" '{observedGeneration: 1, digest: ("0123456789ab" * 5 + "0123"),
		conditions: [{type: "Compiled", status: "True"}, {type: "Ready", status: "True"}],
		pod: ({seccompProfile: "pale/\($name)-0123456789ab.json"} + $pod), nodes: {total: 3, ready: 3}}')"
}

status() { # RESOURCE NAME STATUS, the resource with its namespace in front: namespaces/shop/palerecordings
	local path=/apis/pale.dev/v1alpha1/$1/$2
	kubectl get --raw "$path" | jq --argjson status "$3" '.status = ((.status // {}) + $status)' | kubectl replace --raw "$path/status" -f - >/dev/null
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
	[ "$(get shop all '[.spec.runtimeClassName, .spec.nodeSelector["pale.dev/seccomp"]]')" = '["pale","true"]' ]
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

is_refused() { # NAMESPACE POD MESSAGE
	run create "$1" "$2"
	refused "$3"
}

@test "a pod before its profile is refused until it is there and compiled" {
	local late
	late=$(pod late '{"pale.dev/profile":"late","pale.dev/on-missing":"allow"}')
	run create shop "$late"
	refused "pod late: container 'c': there is no PaleProfile 'late' (create it, and name namespace 'shop' in its spec.namespaces)"
	source_of late
	in_time 5 is_refused shop "$late" "pod late: container 'c': PaleProfile 'late' is not compiled yet (try again; pale-operator's controller does it)"
	compiled late '{}'
	in_time 5 create shop "$late"
	# allow is not a pod's to say.
	[ "$(get shop late '[.spec.runtimeClassName, .metadata.annotations["pale.dev/on-missing"]]')" = '["pale","wait"]' ]
	kubectl delete paleprofile late
	in_time 5 is_refused shop "$(pod later '{"pale.dev/profile":"late"}')" "pod later: container 'c': there is no PaleProfile 'late'"
}

@test "a namespace and a binding that come later count" {
	kubectl create namespace later
	kubectl -n later create serviceaccount default
	create later "$(pod before '{}')"
	kubectl label namespace later pale.dev/inject=enabled
	in_time 5 is_refused later "$(pod after '{}')" "pod after: container 'c': no profile is named for it in namespace 'later'"
	kubectl -n later create -f - <<<'{"apiVersion":"pale.dev/v1alpha1","kind":"PaleBinding","metadata":{"name":"all"},"spec":{"selector":{},"profile":"web","mode":"enforce"}}'
	in_time 5 create later "$(pod after '{"pale.dev/mode":"audit"}')"
	[ "$(get later after '[.metadata.annotations["pale.dev/profile"], .metadata.annotations["pale.dev/mode"]]')" = '["web","enforce"]' ]
	kubectl -n later delete palebinding all
	in_time 5 is_refused later "$(pod last '{}')" "pod last: container 'c': no profile is named for it in namespace 'later'"
	[ "$(get later before .spec.runtimeClassName)" = null ]
}

canaries() { # PREFIX NUMBER: how many of the pods have which mode
	kubectl -n shop get pods -o json | jq -c --arg prefix "$1" '[.items[] | select(.metadata.name | startswith($prefix)) | .metadata.annotations["pale.dev/mode"]] |
		group_by(.) | map({(.[0]): length}) | add'
}

@test "a share of new pods is enforced while a rollout has canaries, with a name or without" {
	local i made
	profile half '{"allowPrivilegeEscalation": false}'
	status paleprofiles half '{"mode":"audit","rollout":{"phase":"Canary","canaryPercent":50}}'
	in_time 5 eval '[[ $(directly shop "$(pod half-2 "{\"pale.dev/profile\":\"half\"}")") == *\"mode\":\"enforce\"* ]]'
	for i in $(seq 0 39); do pod "half-$i" '{"pale.dev/profile":"half"}'; done | jq -s '{apiVersion: "v1", kind: "List", items: .}' | kubectl -n shop create -f -
	# As SHA-256 has it of half, a NUL, shop/half-N.
	made=$(for i in $(seq 0 39); do echo $((16#$(printf 'half\0shop/half-%d' "$i" | sha256sum | cut -c1-6) % 10000 < 5000)); done | grep -c 1)
	[ "$(canaries half-)" = "{\"audit\":$((40 - made)),\"enforce\":$made}" ]
	[ "$(kubectl -n shop get pods -o json | jq '[.items[] | select((.metadata.name | startswith("half-")) and
		((.metadata.annotations["pale.dev/mode"] == "enforce") != (.spec.containers[0].securityContext.allowPrivilegeEscalation == false)))] | length')" = 0 ]
	# The API server makes their names behind the mutating webhooks: what was answered once has to do.
	for i in $(seq 40); do pod x '{"pale.dev/profile":"half"}' | jq -c '.metadata |= (del(.name) | .generateName = "made-")'; done |
		jq -s '{apiVersion: "v1", kind: "List", items: .}' | kubectl -n shop create -f -
	[ "$(canaries made- | jq '.audit + .enforce')" = 40 ]
	[ "$(canaries made- | jq '.audit >= 5 and .enforce >= 5')" = true ]
}

recording() { # NAME LABEL
	kubectl -n taped create -f - <<<"{\"apiVersion\":\"pale.dev/v1alpha1\",\"kind\":\"PaleRecording\",\"metadata\":{\"name\":\"$1\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"$2\"}}}}"
}

@test "a pod that a recording selects is annotated, and no other one, whatever it says" {
	kubectl create namespace taped
	kubectl -n taped create serviceaccount default
	kubectl label namespace taped pale.dev/inject=enabled
	recording first web
	in_time 5 create taped "$(pod recorded '{"pale.dev/recording":"taped/other"}' '{}' '{}' '{"app":"web"}')"
	[ "$(get taped recorded '[.spec.runtimeClassName, .metadata.annotations["pale.dev/recording"], .spec.containers[0].securityContext]')" = '["pale","taped/first",null]' ]
	run create taped "$(pod spoof '{"pale.dev/recording":"taped/first"}' '{}' '{}' '{"app":"db"}')"
	refused "pod spoof: container 'c': no profile is named for it"
	create taped "$(pod policy '{"pale.dev/recording":"taped/first","pale.dev/profile":"web"}' '{}' '{}' '{"app":"web"}')"
	[ "$(get taped policy '[.metadata.annotations["pale.dev/recording"], .spec.containers[0].securityContext.seccompProfile.type]')" = '[null,"Localhost"]' ]
	run kubectl -n taped annotate --overwrite pod recorded pale.dev/recording=taped/other
	refused "annotation pale.dev/recording cannot be changed once a pod was created"
	run kubectl -n taped annotate pod policy pale.dev/recording=taped/first
	refused "annotation pale.dev/recording cannot be changed once a pod was created"
	# Merging: replicas do not join any more.
	status namespaces/taped/palerecordings first '{"phase":"Merging"}'
	in_time 5 is_refused taped "$(pod late '{}' '{}' '{}' '{"app":"web"}')" "pod late: container 'c': no profile is named for it"
}

@test "a certificate is exchanged under the webhook, with its authority" {
	local old ca
	old=$(echo | openssl s_client -connect localhost:8443 2>/dev/null | openssl x509 -noout -serial)
	"$PALE_BUILD/tests/kube/webhook_server" --certificates "$folder"
	ca=$(base64 -w0 "$folder/ca.crt")
	for kind in mutating validating; do
		kubectl patch ${kind}webhookconfiguration pale-webhook --type json -p "[{\"op\":\"replace\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"$ca\"}]"
	done
	in_time 10 ready
	[ "$(echo | openssl s_client -connect localhost:8443 2>/dev/null | openssl x509 -noout -serial)" != "$old" ]
	in_time 10 create shop "$(pod exchanged '{"pale.dev/profile":"web"}')"
	kill -0 "$(<"$folder/pid")"
}

stop_api_server() {
	touch "$kube/kube-apiserver.stop"
	# At once: asked to end it waits a minute for watches to end.
	kill -KILL "$(<"$kube/kube-apiserver.pid")"
}

start_api_server() {
	rm -f "$kube/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
}

restarts() { # RESOURCE REASON
	metric "pale_watch_restarts_total{resource=\"$1\",reason=\"$2\"}"
}

were() { # RESOURCE REASON MORE-THAN
	[ "$(restarts "$1" "$2")" -gt "$3" ]
}

knows() { # PROFILE
	[[ $(directly shop "$(pod p "{\"pale.dev/profile\":\"$1\"}")") == *'"allowed":true'* ]]
}

@test "what is known counts while the API server is away, and what came meanwhile afterwards" {
	local before
	before=$(restarts paleprofiles unreachable)
	stop_api_server
	in_time 20 were paleprofiles unreachable "$before"
	ready
	knows web
	not knows came
	[[ $(directly shop "$(pod p '{"pale.dev/profile":"wbe"}')") == *"there is no PaleProfile 'wbe' (is 'web' meant?)"* ]]
	grep -q '^pale-operator webhook: paleprofiles are not followed, and stay as they were: ' "$folder/log"
	start_api_server
	profile came '{}'
	in_time 60 knows came
	in_time 5 grep -q '^pale-operator webhook: paleprofiles are followed again$' "$folder/log"
	create shop "$(pod returned '{"pale.dev/profile":"came"}')"
	# Nothing was told to be gone.
	[ "$(metric 'pale_watch_objects{resource="paleprofiles"}')" = "$(kubectl get paleprofiles -o name | wc -l)" ]
}

@test "a version that etcd no longer has costs nothing that is gone or new" {
	local pid before
	pid=$(<"$folder/pid") before=$(restarts paleprofiles expired)
	profile goes '{}'
	in_time 5 knows goes
	# Without a connection, whose buffers would hold what happens.
	stop_api_server
	in_time 20 were paleprofiles unreachable "$(restarts paleprofiles unreachable)"
	kill -STOP "$pid"
	start_api_server
	# Nobody answers for pods at present, and none is asked for.
	kubectl delete paleprofile goes
	profile fresh '{}'
	etcdctl_compact
	kill -KILL "$(<"$kube/kube-apiserver.pid")"
	sleep 1
	start_api_server
	kill -CONT "$pid"
	in_time 60 knows fresh
	not knows goes
	knows web
	[ "$(restarts paleprofiles expired)" -gt "$before" ]
}

etcdctl_compact() {
	local revision
	revision=$(ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 endpoint status -w json | jq '.[0].Status.header.revision')
	ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 compact "$revision"
}

@test "a webhook that does not know the cluster is not ready, and refuses" {
	jq '.clusters[0].cluster.server = "https://127.0.0.1:1"' "$folder/kubeconfig" >"$folder/nowhere"
	start "$folder/nowhere" 8444 lost
	in_time 10 eval 'curl -sS --cacert "$folder/ca.crt" https://localhost:8444/healthz | grep ok'
	[ "$(curl -sS --cacert "$folder/ca.crt" https://localhost:8444/readyz)" = 'the cluster is not known yet' ]
	run curl -sS --cacert "$folder/ca.crt" -H 'Content-Type: application/json' --data-binary "$(review shop "$(pod p '{"pale.dev/profile":"web"}')")" https://localhost:8444/mutate
	[[ $output == *'"allowed":false'*"Pale: the cluster's profiles are not known yet (try again)"* ]]
	kill "$(<"$folder/lost.pid")"
	in_time 10 not kill -0 "$(<"$folder/lost.pid")"
	rm "$folder/lost.pid"
	grep -q '^pale-operator webhook: namespaces are not followed, and stay as they were: ' "$folder/lost"
}

@test "a webhook without the rights says which it lacks" {
	jq '.users[0].user = {token: "nobody"}' "$folder/kubeconfig" >"$folder/strangers-kubeconfig"
	start "$folder/strangers-kubeconfig" 8444 stranger
	in_time 10 grep -q '^pale-operator webhook: paleprofiles are not followed, and stay as they were: the API server answers 401 Unauthorized' "$folder/stranger"
	kill "$(<"$folder/stranger.pid")"
	rm "$folder/stranger.pid"
	local verb resource
	for verb in list watch; do
		for resource in namespaces paleprofiles.pale.dev palebindings.pale.dev palerecordings.pale.dev; do
			[ "$(kubectl auth can-i $verb $resource --as system:serviceaccount:pale-system:pale-webhook)" = yes ]
		done
	done
	[ "$(kubectl auth can-i create paleprofiles.pale.dev --as system:serviceaccount:pale-system:pale-webhook || :)" = no ]
	[ "$(kubectl auth can-i get secrets -n pale-system --as system:serviceaccount:pale-system:pale-webhook || :)" = no ]
}

@test "five hundred at once" {
	local started=$EPOCHREALTIME
	for i in $(seq 500); do pod "burst$i" '{"pale.dev/profile":"web"}'; done | jq -s '{apiVersion: "v1", kind: "List", items: .}' >"$BATS_TEST_TMPDIR/burst"
	split_create() { jq -c ".items[$1:$(($1 + 125))] | {apiVersion: \"v1\", kind: \"List\", items: .}" "$BATS_TEST_TMPDIR/burst" | kubectl -n shop create -f - >/dev/null; }
	split_create 0 & split_create 125 & split_create 250 & split_create 375 &
	wait
	[ "$(kubectl -n shop get pods -o json | jq '[.items[] | select((.metadata.name | startswith("burst")) and .spec.runtimeClassName == "pale")] | length')" = 500 ]
	echo "# $(bc <<<"$EPOCHREALTIME - $started") s for 500 pods, with four clients; $(ask metrics | awk '
		/^pale_webhook_seconds_sum/ { s += $2 } /^pale_webhook_seconds_count/ { n += $2 } END { printf "%.2f ms in the webhook for each of %d reviews", 1000 * s / n, n }')" >&3
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
