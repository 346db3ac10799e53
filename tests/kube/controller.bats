#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `pale-operator controller` with a real API server, which tests/kube/run.sh --control-plane starts: as its pod would run it, with the rights of
# operator/deploy and the token of its ServiceAccount, not root, in a filesystem that cannot be written.
# shellcheck shell=bash

load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export kube=$PALE_KUBE folder=$BATS_FILE_TMPDIR
	kubectl apply -k operator/deploy >/dev/null
	kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
	for ns in shop lab; do
		kubectl create namespace $ns >/dev/null
		# No controller makes it.
		kubectl -n $ns create serviceaccount default >/dev/null
	done
	# What the kubelet mounts.
	mkdir -p "$folder/account" /run/secrets/kubernetes.io/serviceaccount
	cp "$kube/pki/ca.crt" "$folder/account"
	printf pale-system >"$folder/account/namespace"
	echo '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}' |
		kubectl create --raw /api/v1/namespaces/pale-system/serviceaccounts/pale-controller/token -f - | jq -j .status.token >"$folder/account/token"
	chmod -R go+rX "$folder"
	# That are as they should be.
	echo 0 >"$folder/refusals"
	controller a 9081
	in_time 30 leads a
}

teardown_file() {
	local name
	for name in a b; do
		[ ! -e "$folder/$name.pid" ] || kill -KILL "$(<"$folder/$name.pid")" 2>/dev/null || :
	done
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	server=
}

# Nothing that it asks for is refused, and nothing that it writes is wrong.
teardown() {
	rm -f "$kube/kube-apiserver.stop"
	kill -CONT "$(<"$folder/a.pid")"
	[ -z "$server" ] || kill "$server" || :
	in_time 60 kubectl get --raw /readyz
	cp "$folder"/*.log "$kube/log"
	# An API server that begins knows nobody's roles for some seconds.
	[ -z "${restarted:-}" ] || refusals 403 >"$folder/refusals"
	if [ "$(refusals 403)" != "$(<"$folder/refusals")" ] || [ "$(refusals '400|422')" != 0 ]; then
		grep -hE 'answers (400|403|422)' "$folder"/*.log
		return 1
	fi
}

refusals() { # CODES
	cat "$folder"/*.log | grep -cE "answers ($1)" || :
}

# Starts one, as the kubelet would.
controller() { # NAME PORT
	echo "$2" >"$folder/$1.port"
	unshare --mount bash -c '
		mount --bind "$1/account" /run/secrets/kubernetes.io/serviceaccount
		mount -o remount,bind,ro /
		exec env -i POD_NAMESPACE=pale-system KUBERNETES_SERVICE_HOST=10.96.0.1 KUBERNETES_SERVICE_PORT=443 \
			setpriv --reuid 65532 --regid 65532 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
			"$2" controller --port "$3"' - "$folder" "$PALE_BUILD/pale-operator" "$2" >>"$folder/$1.log" 2>&1 3>&- 9>&- &
	echo $! >"$folder/$1.pid"
	disown $!
}

metric() { # NAME METRIC: of the controller NAME
	curl -sf "http://127.0.0.1:$(<"$folder/$1.port")/metrics" | sed -n "s/^$2 //p"
}

leads() {
	[ "$(metric "$1" pale_leader)" = 1 ]
}

ended() {
	! kill -0 "$(<"$folder/$1.pid")" 2>/dev/null
}

profile() { # NAME SOURCE
	kubectl apply -f - <<<"$(jq -n --arg name "$1" --arg source "$2" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: {name: $name},
		spec: {source: $source, namespaces: ["*"]}}')"
}

# status NAME FILTER: of a PaleProfile
status() {
	kubectl get paleprofile "$1" -o json | jq -rce ".status | $2"
}

# Compiled in its newest generation.
compiled() { # NAME TRUE-OR-FALSE
	kubectl get paleprofile "$1" -o json | jq -e --arg status "$2" '.status.observedGeneration == .metadata.generation and
		any(.status.conditions[]; .type == "Compiled" and .status == $status and .observedGeneration == 1 or .status == $status)'
}

gone() { # RESOURCE NAME…
	[ -z "$(kubectl get --ignore-not-found "$@")" ]
}

event() { # KIND NAME REASON MESSAGE: a regular expression
	kubectl get events -A -o json | jq -e --arg kind "$1" --arg name "$2" --arg reason "$3" --arg message "$4" \
		'any(.items[]; .involvedObject.kind == $kind and .involvedObject.name == $name and .reason == $reason and (.message | test($message)) and
			.source.component == "pale-controller")'
}

node_status() { # NODE STATUS: as the node writes it
	jq -n --arg name "$1" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleNodeStatus", metadata: {name: $name}, spec: {nodeName: $name}}' |
		kubectl apply -f - >/dev/null
	kubectl get palenodestatus "$1" -o json | jq --argjson s "$2" '.status = ($s + {heartbeat: (now | todate)})' |
		kubectl replace --raw "/apis/pale.dev/v1alpha1/palenodestatuses/$1/status" -f - >/dev/null
}

pod() { # NAMESPACE NAME ANNOTATIONS [NODE]
	jq -n --arg name "$2" --argjson a "$3" '{apiVersion: "v1", kind: "Pod", metadata: {name: $name, annotations: $a, labels: {app: "web"}},
		spec: {automountServiceAccountToken: false, containers: [{name: "c", image: "i"}]}}' | kubectl -n "$1" create -f - >/dev/null
	[ -z "${4:-}" ] || jq -n --arg name "$2" --arg node "$4" '{apiVersion: "v1", kind: "Binding", metadata: {name: $name}, target: {kind: "Node", name: $node}}' |
		kubectl create --raw "/api/v1/namespaces/$1/pods/$2/binding" -f - >/dev/null
}

etcd() {
	ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 "$@"
}

# At once: asked to end it waits a minute for watches to end.
restart_api_server() {
	restarted=1
	kill -KILL "$(<"$kube/kube-apiserver.pid")"
}

@test "a profile is compiled, and then nothing more is asked" {
	profile web 'use base/libc
profile web {
	include libc
	capability { allow net_bind_service }
	file { allow read /srv/** }
}'
	in_time 20 compiled web True
	# What a compiler comes to elsewhere.
	kubectl get paleprofile web -o json | jq -r .spec.source >web.pale
	mkdir out
	"$PALE_BUILD/pale" build web.pale -o out >built 2>&1
	grep -q "^web: digest $(status web .digest | head -c 12)$" built
	[ "$(status web .pod.seccompProfile)" = "pale/web-$(status web .digest | head -c 12).json" ]
	[ "$(status web '.pod.dropCapabilities | index("SYS_ADMIN") != null and index("NET_BIND_SERVICE") == null')" = true ]
	[ "$(status web '.bundle.files | keys | length')" -ge 2 ]
	[ "$(status web '.bundle as $b | $b.files[$b.main]')" = "$(kubectl get paleprofile web -o json | jq -r .spec.source)" ]
	[ "$(status web .mode)" = enforce ]
	[ "$(kubectl get paleprofile web -o json | jq -c .metadata.finalizers)" = '["pale.dev/in-use"]' ]
	event PaleProfile web ProfileCompiled "^compiled: digest $(status web .digest | head -c 12)"
	# While nothing happens nothing is asked but for the lease, and once a minute the certificates.
	before=$(metric a pale_api_requests_total)
	sleep 21
	[ $(($(metric a pale_api_requests_total) - before)) -le 16 ]
}

@test "what the controller writes in its unit tests the server takes and keeps" {
	local life
	for life in "$PALE_BUILD"/tests/unit/test_controller{,_{profile,rollout,recording}_life}; do
		(cd "$BATS_TEST_DIRNAME/../.." && PALE_OBJECTS=$BATS_TEST_TMPDIR/objects "$life") >/dev/null 2>&1
	done
	# Of each kind and phase one: the controller itself has to have no part in it.
	kill -STOP "$(<"$folder/a.pid")"
	local n=0 object path
	while read -r object; do
		path=$(jq -r '{PaleProfile: "paleprofiles", PaleRecording: "namespaces/lab/palerecordings", PaleNodeStatus: "palenodestatuses"}[.kind]' <<<"$object")
		n=$((n + 1))
		jq --arg name "kept-$n" '.apiVersion = "pale.dev/v1alpha1" | .metadata = {name: $name} | .spec = ({PaleNodeStatus: {nodeName: "n"},
			PaleRecording: {selector: {}}, PaleProfile: {source: "x"}}[.kind])' <<<"$object" >object
		kubectl create --raw "/apis/pale.dev/v1alpha1/$path" -f object >/dev/null
		jq --arg rv "$(kubectl get --raw "/apis/pale.dev/v1alpha1/$path/kept-$n" | jq -r .metadata.resourceVersion)" '.metadata.resourceVersion = $rv' object |
			kubectl replace --raw "/apis/pale.dev/v1alpha1/$path/kept-$n/status" -f - | jq -S .status >kept
		diff <(jq -S .status object) kept
		kubectl delete --raw "/apis/pale.dev/v1alpha1/$path/kept-$n" >/dev/null
	done < <(jq -sc '[.[] | select(.status)] | unique_by([.kind, (.status | del(.. | .bundle?, .run?) | [paths | map(if type == "number" then 0 else . end)] | unique),
		.status.phase, .status.rollout.phase])[]' objects)
	[ $n -ge 15 ]
}

@test "one that does not compile says why, with line and column" {
	profile wrong 'profile wrong {
	file { allow raed /srv/** }
}'
	in_time 20 compiled wrong False
	[ "$(status wrong '.diagnostics[0] | [.severity, .line, .column]')" = '["error",2,15]' ]
	[ "$(status wrong '.digest // "none"')" = none ]
	in_time 10 event PaleProfile wrong ProfileRejected '2:15'
	kubectl delete paleprofile wrong --timeout=20s
}

@test "one that is edited has a new digest, and keeps it through an edit that is wrong" {
	profile edited 'profile edited { file { allow read /srv/a } }'
	in_time 20 compiled edited True
	local first second
	first=$(status edited .digest)
	profile edited 'profile edited { file { allow read /srv/b } }'
	changed() { compiled edited True && [ "$(status edited .digest)" != "$first" ]; }
	in_time 20 changed
	second=$(status edited '[.digest, .pod, .bundle]')
	profile edited 'profile edited { nonsense }'
	in_time 20 compiled edited False
	[ "$(status edited '[.digest, .pod, .bundle]')" = "$second" ]
	[ "$(status edited '.diagnostics[0].line')" = 1 ]
	profile edited 'profile edited { file { allow read /srv/a } }'
	back() { compiled edited True && [ "$(status edited .digest)" = "$first" ]; }
	in_time 20 back
	[ "$(status edited '.diagnostics | length')" = 0 ]
}

@test "nodes make it ready" {
	profile spread 'profile spread { file { allow read /srv/a } }'
	in_time 20 compiled spread True
	local entry
	entry=$(jq -nc --arg d "$(status spread .digest)" '{profiles: [{name: "spread", digest: $d, state: "Loaded"}]}')
	node_status n1 "$entry"
	ready() { status spread '(.conditions[] | select(.type == "Ready").status == "True") and .nodes.total == .nodes.ready'; }
	in_time 20 ready
	[ "$(metric a 'pale_profiles{state="ready"}')" = 1 ]
	node_status n2 "$(jq -c '.profiles[0] += {state: "Failed", reason: "NoBpf", message: "no BPF-LSM here"}' <<<"$entry")"
	degraded() { status spread '.conditions[] | select(.type == "Degraded") | .status == "True" and (.message | test("n2: no BPF-LSM here"))'; }
	in_time 20 degraded
	in_time 10 event PaleProfile spread ProfileLoadFailed 'n2'
	kubectl delete palenodestatus n2
	in_time 20 ready
}

@test "one that is used is kept until nobody uses it" {
	profile used 'profile used { }'
	in_time 20 compiled used True
	pod shop user '{"pale.dev/profile":"used"}'
	kubectl -n lab apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleBinding
		metadata: {name: b}
		spec: {selector: {}, profile: used}
	END
	kubectl annotate namespace lab pale.dev/default-profile=used
	sleep 1
	kubectl delete paleprofile used --wait=false
	in_time 10 event PaleProfile used ProfileInUse '1 PaleBinding \(lab/b\), 1 namespace \(lab\) and 1 pod \(shop/user\)'
	status used 'any(.conditions[]; .type == "InUse" and .status == "True")'
	kubectl -n lab delete palebinding b
	kubectl annotate namespace lab pale.dev/default-profile-
	sleep 2
	kubectl get paleprofile used
	# A pod that has ended uses nothing, though it is still there.
	kubectl -n shop get pod user -o json | jq '.status.phase = "Succeeded"' | kubectl replace --raw /api/v1/namespaces/shop/pods/user/status -f - >/dev/null
	in_time 10 gone paleprofile used
	kubectl -n shop get pod user
	kubectl -n shop delete pod user --grace-period=0 --force
}

@test "a recording becomes a draft that a compiler takes" {
	kubectl -n shop apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleRecording
		metadata: {name: learned}
		spec: {selector: {matchLabels: {app: web}}, durationSeconds: 10}
	END
	phase() { [ "$(kubectl -n shop get palerecording learned -o json | jq -r .status.phase)" = "$1" ]; }
	in_time 10 phase Pending
	pod shop r1 '{"pale.dev/recording":"shop/learned"}'
	# It is on no node yet.
	sleep 1
	phase Pending
	jq -n '{apiVersion: "v1", kind: "Binding", metadata: {name: "r1"}, target: {kind: "Node", name: "n1"}}' |
		kubectl create --raw /api/v1/namespaces/shop/pods/r1/binding -f - >/dev/null
	pod shop r2 '{"pale.dev/recording":"shop/learned"}' n2
	pod shop r3 '{"pale.dev/recording":"shop/learned"}' n3
	in_time 10 phase Recording
	in_time 10 event PaleRecording learned RecordingStarted '^with pod r1 on node n1$'
	local i uid
	for i in 1 2 3; do
		uid=$(kubectl -n shop get pod r$i -o json | jq -r .metadata.uid)
		node_status n$i "$(jq -nc --arg uid "$uid" '{runs: [{recording: "shop/learned", uid: $uid, container: "c", run: ({"pale-run": 1, id: "\($uid):c",
			time: 1764171937, recorder: "bpf-lsm", program: "/usr/sbin/web", complete: true, observations: [
			{operation: "read", object: "/etc/web.conf", executable: "/usr/sbin/web", phases: ["init"], count: 1, first: 1764171937, last: 1764171937},
			{operation: "syscall", object: "getpid", executable: "/usr/sbin/web", phases: ["steady"], count: 2, first: 1764171938, last: 1764171990}]} | tojson)}]}')"
	done
	in_time 60 phase Completed
	[ "$(kubectl -n shop get palerecording learned -o json | jq -c '.status | [.completeness, .runs, .draft]')" = '["Full",3,"learned"]' ]
	kubectl get paleprofile learned -o json | jq -r .spec.source >learned.pale
	"$PALE_BUILD/pale" check learned.pale
	grep -q /etc/web.conf learned.pale
	[ "$(kubectl get paleprofile learned -o json | jq -c '[.spec.mode, .spec.namespaces, .metadata.annotations]')" = \
		'["audit",["shop"],{"pale.dev/draft":"true","pale.dev/draft-of":"shop/learned"}]' ]
	in_time 20 compiled learned True
	in_time 10 event PaleRecording learned RecordingCompleted '^Full: PaleProfile learned is its draft'
	kubectl -n shop delete pod r1 r2 r3 --grace-period=0 --force
	kubectl delete palenodestatus n1 n2 n3
}

@test "a draft that somebody made his own is not written over, and nothing says that it was" {
	kubectl apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleProfile
		metadata: {name: mine, annotations: {pale.dev/draft: "true", pale.dev/draft-of: shop/again}}
		spec: {source: "profile mine { }", mode: audit, namespaces: [shop]}
	END
	kubectl -n shop apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleRecording
		metadata: {name: again}
		spec: {selector: {matchLabels: {app: web}}, durationSeconds: 10, profile: mine}
	END
	pod shop r4 '{"pale.dev/recording":"shop/again"}' n1
	node_status n1 "$(jq -nc --arg uid "$(kubectl -n shop get pod r4 -o json | jq -r .metadata.uid)" '{runs: [{recording: "shop/again", uid: $uid, container: "c",
		run: ({"pale-run": 1, id: "\($uid):c", time: 1764171937, recorder: "bpf-lsm", program: "/usr/sbin/web", complete: true, observations: []} | tojson)}]}')"
	in_time 60 event PaleRecording again DraftNotWritten 'conflict with "kubectl-client-side-apply".*spec.source'
	[ "$(kubectl -n shop get palerecording again -o json | jq -r .status.phase)" != Completed ]
	[ "$(kubectl get paleprofile mine -o json | jq -r .spec.source)" = 'profile mine { }' ]
	not event PaleRecording again RecordingCompleted .
	# A minute later it is tried again.
	kubectl delete paleprofile mine --timeout=20s
	drafted() { [ "$(kubectl -n shop get palerecording again -o json | jq -r .status.phase)" = Completed ]; }
	in_time 90 drafted
	in_time 20 compiled mine True
	kubectl -n shop delete pod r4 --grace-period=0 --force
	kubectl -n shop delete palerecording again
	kubectl delete palenodestatus n1
}

@test "what the server refuses is asked for again, not all the time" {
	local before
	kubectl get clusterrole pale-controller -o json >role
	jq '.rules |= map(select(.resources != ["paleprofiles/status", "palerecordings/status"]))' role | kubectl replace -f -
	sleep 1
	before=$(metric a pale_api_requests_total)
	profile refused 'profile refused { }'
	said() { grep -q 'write PaleProfile refused: the API server answers 403' "$folder/a.log"; }
	in_time 20 said
	sleep 20
	# The lease, the certificates; the finalizer, an Event, three or four statuses.
	[ $(($(metric a pale_api_requests_total) - before)) -le 32 ]
	kubectl get paleprofile refused -o json | jq -e '.status == null'
	jq 'del(.metadata.resourceVersion)' role | kubectl replace -f -
	in_time 20 compiled refused True
	refusals 403 >"$folder/refusals"
}

@test "certificates are there, and a webhook that has them is believed" {
	secret() { kubectl -n pale-system get secret pale-webhook-certificates -o json | jq -r ".data[\"$1\"]" | base64 -d; }
	bundle() { kubectl get "$1webhookconfiguration" pale-webhook -o json | jq -r '.webhooks[0].clientConfig.caBundle' | base64 -d; }
	in_time 20 bundle mutating
	secret ca.crt >ca.crt
	diff ca.crt <(bundle mutating)
	diff ca.crt <(bundle validating)
	secret tls.crt >tls.crt
	secret tls.key >tls.key
	openssl verify -CAfile ca.crt -verify_hostname pale-webhook.pale-system.svc tls.crt
	# The address of the Service is that of its pods.
	kubectl apply -f - <<-END
		apiVersion: v1
		kind: Endpoints
		metadata: {name: pale-webhook, namespace: pale-system}
		subsets: [{addresses: [{ip: 10.244.0.1}], ports: [{name: https, port: 8443}]}]
	END
	kubectl label --overwrite namespace lab pale.dev/inject=enabled
	serve() { # CERTIFICATE KEY
		cat "$1" "$2" >both.pem
		/usr/bin/python3 - both.pem <<-'END' 3>&- 9>&- &
			import http.server, json, ssl, sys
			class Review(http.server.BaseHTTPRequestHandler):
			    protocol_version = "HTTP/1.1"
			    def do_POST(self):
			        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
			        answer = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"],
			            "response": {"uid": review["request"]["uid"], "allowed": True}}).encode()
			        self.send_response(200)
			        self.send_header("Content-Length", str(len(answer)))
			        self.send_header("Content-Type", "application/json")
			        self.end_headers()
			        self.wfile.write(answer)
			server = http.server.ThreadingHTTPServer(("10.244.0.1", 8443), Review)
			context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
			context.load_cert_chain(sys.argv[1])
			server.socket = context.wrap_socket(server.socket, server_side=True)
			server.serve_forever()
		END
		server=$!
	}
	try() { jq -n '{apiVersion: "v1", kind: "Pod", metadata: {name: "p"}, spec: {automountServiceAccountToken: false, containers: [{name: "c", image: "i"}]}}' | kubectl -n lab create --dry-run=server -f - 2>&1; }
	serve tls.crt tls.key
	in_time 10 try
	kill $server
	wait $server || :
	# Of the same name, and nobody's authority that is believed.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.crt -subj /CN=other -days 1 \
		-addext subjectAltName=DNS:pale-webhook.pale-system.svc 2>/dev/null
	serve other.crt other.key
	disbelieved() { [[ "$(try)" == *'certificate signed by unknown authority'* ]]; }
	in_time 10 disbelieved
	kubectl label namespace lab pale.dev/inject-
	kubectl -n pale-system delete endpoints pale-webhook
}

@test "one that dies is followed within 20 seconds, one that is ended at once" {
	controller b 9082
	in_time 20 curl -sf http://127.0.0.1:9082/readyz
	[ "$(metric b pale_leader)" = 0 ]
	[ "$(curl -s http://127.0.0.1:9082/metrics | grep -c '^pale_profiles')" = 0 ]
	# Wrong certificates, and a configuration that somebody wrote anew: who begins to lead puts them right.
	kubectl -n pale-system patch secret pale-webhook-certificates --type merge -p '{"data":{"tls.crt":"bm8="}}'
	kubectl patch mutatingwebhookconfiguration pale-webhook --type json -p '[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]'
	kill -KILL "$(<"$folder/a.pid")"
	local since=$EPOCHREALTIME
	in_time 20 leads b
	echo "# killed: the other leads after $(bc <<<"$EPOCHREALTIME - $since") s" >&3
	mended() {
		kubectl -n pale-system get secret pale-webhook-certificates -o json | jq -r '.data["tls.crt"]' | base64 -d | openssl verify -CAfile <(
			kubectl get mutatingwebhookconfiguration pale-webhook -o json | jq -r '.webhooks[0].clientConfig.caBundle' | base64 -d)
	}
	in_time 10 mended
	profile followed 'profile followed { }'
	in_time 20 compiled followed True
	controller a 9081
	in_time 20 curl -sf http://127.0.0.1:9081/readyz
	[ "$(metric a pale_leader)" = 0 ]
	kill -TERM "$(<"$folder/b.pid")"
	since=$EPOCHREALTIME
	in_time 5 leads a
	echo "# ended: the other leads after $(bc <<<"$EPOCHREALTIME - $since") s" >&3
	in_time 5 ended b
	# The successor has nothing to write of what is as it was.
	local before
	before=$(kubectl get paleprofile followed -o json | jq -r .metadata.resourceVersion)
	sleep 3
	[ "$(kubectl get paleprofile followed -o json | jq -r .metadata.resourceVersion)" = "$before" ]
}

@test "an API server that is started anew" {
	restart_api_server
	in_time 60 kubectl get --raw /readyz
	profile after 'profile after { }'
	in_time 60 compiled after True
	leads a
	kill -0 "$(<"$folder/a.pid")"
}

@test "what happened while its version was compacted away" {
	profile missed 'profile missed { }'
	in_time 20 compiled missed True
	kubectl -n lab apply -f - <<-END
		apiVersion: pale.dev/v1alpha1
		kind: PaleBinding
		metadata: {name: m}
		spec: {selector: {}, profile: missed}
	END
	sleep 1
	local before
	before=$(metric a 'pale_watch_restarts_total{resource="palebindings",reason="expired"}')
	# Without a connection, whose buffers would hold what happens.
	touch "$kube/kube-apiserver.stop"
	restart_api_server
	sleep 1
	kill -STOP "$(<"$folder/a.pid")"
	rm "$kube/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
	kubectl -n lab delete palebinding m
	kubectl delete paleprofile missed --wait=false
	profile missed2 'profile missed2 { }'
	etcd compact "$(etcd endpoint status -w json | jq '.[0].Status.header.revision')"
	restart_api_server
	sleep 1
	in_time 60 kubectl get --raw /readyz
	kill -CONT "$(<"$folder/a.pid")"
	in_time 90 gone paleprofile missed
	in_time 30 compiled missed2 True
	[ "$(metric a 'pale_watch_restarts_total{resource="palebindings",reason="expired"}')" -gt "$before" ]
}

@test "it has no right but what it needs" {
	can() { kubectl auth can-i --as=system:serviceaccount:pale-system:pale-controller "$@"; }
	can get secret/pale-webhook-certificates -n pale-system
	not can get secret/other -n pale-system
	not can list secrets -n pale-system
	not can create secrets -n shop
	not can get secret/pale-webhook-certificates -n shop
	not can update lease/other -n pale-system
	not can patch mutatingwebhookconfiguration/other
	not can delete mutatingwebhookconfiguration/pale-webhook
	not can create pods -n shop
	not can patch palenodestatuses
	not can delete paleprofiles
	not can patch palebindings -n shop
}

@test "what it says of itself is metrics" {
	curl -sf http://127.0.0.1:9081/metrics | promtool check metrics
	[ "$(curl -s http://127.0.0.1:9081/healthz)" = ok ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9081/secret)" = 404 ]
}
