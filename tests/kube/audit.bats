#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `kubectl pale audit` with a real API server, which tests/kube/run.sh --control-plane starts: faults that are planted, as the server keeps them, and
# the changes that are offered, as kubectl and the server make them.
# shellcheck shell=bash disable=SC2016

bats_require_minimum_version 1.5.0

load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export PATH=$PALE_BUILD:$PATH
	kubectl apply -f operator/deploy/base/crd-paleprofiles.yaml -f operator/deploy/base/runtimeclass.yaml >/dev/null
	kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
	for ns in faults shop bare; do
		kubectl create namespace $ns >/dev/null
		# No controller makes it.
		kubectl -n $ns create serviceaccount default >/dev/null
	done
	kubectl label namespace faults pod-security.kubernetes.io/enforce=restricted >/dev/null
	kubectl label namespace shop pale.dev/inject=enabled >/dev/null
	for ns in faults shop; do
		kubectl -n $ns create -f - >/dev/null <<-'END'
			apiVersion: networking.k8s.io/v1
			kind: NetworkPolicy
			metadata: {name: refuse-all}
			spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
		END
	done
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# Pods in which nothing is to be found.
clean() { # NAME
	jq -n --arg name "$1" '
		def c(n): {name: n, image: "i", securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true,
			capabilities: {drop: ["ALL"]}, seccompProfile: {type: "RuntimeDefault"}}};
		{apiVersion: "v1", kind: "Pod", metadata: {$name, labels: {app: "web"}, annotations: {"pale.dev/profile": "web"}},
		 spec: {automountServiceAccountToken: false, runtimeClassName: "pale", nodeSelector: {"pale.dev/runtime": "ready"}, initContainers: [c("setup")], containers: [c("web"), c("side")]}}'
}

security() { # MEMBERS [LIST NAME]: a patch
	printf '{"spec":{"%s":[{"name":"%s","securityContext":{%s}}]}}' "${2:-containers}" "${3:-web}" "$1"
}
volume() { # PATH
	printf '{"spec":{"containers":[{"name":"web","volumeMounts":[{"name":"v","mountPath":"/v"}]}],"volumes":[{"name":"v","hostPath":{"path":"%s"}}]}}' "$1"
}

# One a line: the pod's name, what is to be found in it ("control/container"), and what was done to it.
faults() {
	cat <<-END
		clean  {}
		privileged privileged/web,privilege-escalation/web $(security '"privileged":true,"allowPrivilegeEscalation":true')
		init privileged/setup,privilege-escalation/setup $(security '"privileged":true,"allowPrivilegeEscalation":true' initContainers setup)
		capability added-capabilities/web $(security '"capabilities":{"add":["SYS_PTRACE"]}')
		admin added-capabilities/web,privilege-escalation/web $(security '"capabilities":{"add":["CAP_SYS_ADMIN"]},"allowPrivilegeEscalation":true')
		raw raw-sockets/side,kept-capabilities/side $(security '"capabilities":{"drop":["CHOWN"]}' containers side)
		kept kept-capabilities/web $(security '"capabilities":{"drop":["NET_RAW"]}')
		escalation privilege-escalation/web $(security '"allowPrivilegeEscalation":null')
		root root-user/web $(security '"runAsNonRoot":null,"runAsUser":0')
		seccomp no-seccomp/web $(security '"seccompProfile":{"type":"Unconfined"}')
		bare no-seccomp/web $(security '"seccompProfile":null')
		writable writable-root/web $(security '"readOnlyRootFilesystem":null')
		apparmor no-apparmor/web {"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/web":"unconfined"}}}
		pid host-pid/ {"spec":{"hostPID":true}}
		ipc host-ipc/ {"spec":{"hostIPC":true}}
		network host-network/,metadata-address/ {"spec":{"hostNetwork":true}}
		port host-port/web {"spec":{"containers":[{"name":"web","ports":[{"containerPort":53,"protocol":"UDP","hostPort":53},{"containerPort":80}]}]}}
		path host-path/web $(volume /srv/data)
		log node-files/web $(volume /var/log)
		socket runtime-socket/web $(volume /run/containerd/containerd.sock)
		secret secret-environment/web {"spec":{"containers":[{"name":"web","env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"db","key":"p"}}}],"envFrom":[{"secretRef":{"name":"other"}},{"configMapRef":{"name":"c"}}]}]}}
		unlabelled no-profile/setup,no-profile/side,no-profile/web {"metadata":{"annotations":{"pale.dev/profile":null}}}
		unstarted no-profile/setup,no-profile/side,no-profile/web {"spec":{"runtimeClassName":null}}
	END
}

# of FILE NAME: what its findings say of the pod.
of() {
	jq -r --arg name "$2" '[.findings[] | select(.name == $name) | "\(.control)/\(.container)"] | sort | join(",")' "$1"
}

@test "each fault is found in what the server has of it, and nothing in what is right" {
	local name expected patch n=0
	while read -r name expected patch; do
		[ -n "$patch" ] || { patch=$expected expected=; }
		clean "$name" | kubectl patch --local -f - --type strategic -p "$patch" -o json
		n=$((n + 1))
	done < <(faults) >pods.json
	kubectl -n faults create -f pods.json >/dev/null
	run -1 kubectl-pale audit -n faults --json
	echo "$output" >"$BATS_FILE_TMPDIR/found.json"
	[ "$(jq -c '[.objects, .containers, .unseen, .notes]' <<<"$output")" = "[$n,$((3 * n)),[],[]]" ]
	while read -r name expected patch; do
		[ -n "$patch" ] || expected=
		[ "$(of "$BATS_FILE_TMPDIR/found.json" "$name")" = "$(tr , '\n' <<<"$expected" | sort | paste -sd,)" ] || {
			echo "$name: $(of "$BATS_FILE_TMPDIR/found.json" "$name"), not $expected"
			return 1
		}
	done < <(faults)
	# All of a namespace, and no other.
	[ "$(jq -r '[.findings[].namespace] | unique | join(" ")' <<<"$output")" = faults ]
	# Evidence is what stands there.
	jq -r '.findings[] | .name as $n | .evidence[] | select(.path | test("^spec[.]")) | [$n, .path, (.value | tojson)] | @tsv' <<<"$output" >evidence
	[ "$(wc -l <evidence)" -gt 25 ]
	kubectl -n faults get pods -o json >have.json
	while IFS=$'\t' read -r name path value; do
		[ "$(jq -c --arg n "$name" '.items[] | select(.metadata.name == $n).'"$path" have.json)" = "$value" ] || {
			echo "$name: $path is not $value"
			return 1
		}
	done <evidence
}

@test "each change that is offered is one to kubectl and the server, and ends its finding" {
	local i=0 name control container patch
	[ -s "$BATS_FILE_TMPDIR/found.json" ]
	kubectl -n faults get pods -o json >have.json
	while IFS=$'\x1f' read -r name control container patch; do
		i=$((i + 1))
		jq --arg n "$name" '.items[] | select(.metadata.name == $n)' have.json | kubectl patch --local -f - --type strategic -p "$patch" -o json |
			jq --arg n "m$i" '.metadata |= ({name: $n} + {labels, annotations}) | del(.status)'
		echo "m$i $control/$container" >>mended
	done < <(jq -r '.findings[] | [.name, .control, .container, (.patch | tojson)] | join("\u001f")' "$BATS_FILE_TMPDIR/found.json") >mended.json
	[ "$i" -gt 25 ]
	# The server takes them.
	kubectl -n faults create --dry-run=server -f mended.json -o json >taken.json
	kubectl -n faults get networkpolicies -o json >policies.json
	run kubectl-pale audit -f taken.json -f policies.json --json
	echo "$output" >after.json
	[ "$(jq .objects after.json)" = "$i" ]
	while read -r name control; do
		[[ ,$(of after.json "$name"), != *",$control,"* ]] || {
			echo "$name: $control is still there"
			return 1
		}
	done <mended
}

@test "pods of a Deployment are told of as that, and its patch is the Deployment's" {
	kubectl -n shop create -f - >/dev/null <<-'END'
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 2
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {automountServiceAccountToken: false, containers: [{name: web, image: i, securityContext: {privileged: true}}]}
	END
	for n in a b; do
		clean web-5d8f-$n | jq '.metadata.labels["pod-template-hash"] = "5d8f" |
			.metadata.ownerReferences = [{apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d8f", uid: "1-2", controller: true}] |
			.spec |= (del(.initContainers, .containers[1]) | .containers[0].securityContext = {privileged: true})'
	done | kubectl -n shop create -f - >/dev/null
	run -1 kubectl-pale audit -n shop --json --severity critical
	[ "$(jq -c '[.findings[] | [.control, .kind, .name, .pods]]' <<<"$output")" = '[["privileged","Deployment","web",2]]' ]
	kubectl -n shop patch deployment web --type strategic -p "$(jq -c '.findings[0].patch' <<<"$output")" >/dev/null
	[ "$(kubectl -n shop get deployment web -o json | jq -c '.spec.template.spec.containers[0].securityContext')" = '{"privileged":false}' ]
	run kubectl-pale audit -f <(kubectl -n shop get deployment web -o json) --severity critical --json
	[ "$(jq -c .findings <<<"$output")" = '[]' ]
}

@test "what makes pods and has none now is looked at by its template" {
	for schedule in '"apiVersion": "batch/v1beta1", "kind": "CronJob"' '"apiVersion": "apps/v1", "kind": "StatefulSet"' '"apiVersion": "batch/v1", "kind": "Job"'; do
		jq -n "{$schedule, metadata: {name: \"idle\"}}"' | .template = {metadata: {labels: {app: "idle"}}, spec: {hostPID: true, restartPolicy: "Never", containers: [{name: "c", image: "i"}]}} |
			if .kind == "CronJob" then .spec = {schedule: "0 0 * * *", jobTemplate: {spec: {template}}} elif .kind == "Job" then .spec = {template}
			else .template.spec.restartPolicy = "Always" | .spec = {serviceName: "s", replicas: 0, selector: {matchLabels: {app: "idle"}}, template} end | del(.template)' |
			kubectl -n shop create -f - >/dev/null
	done
	run -1 kubectl-pale audit -n shop --json --severity high
	[ "$(jq -c '[.findings[] | select(.control == "host-pid") | [.kind, .name, .evidence[0].path]] | sort' <<<"$output")" = \
		'[["CronJob","idle","spec.jobTemplate.spec.template.spec.hostPID"],["Job","idle","spec.template.spec.hostPID"],["StatefulSet","idle","spec.template.spec.hostPID"]]' ]
	# That of the Deployment has them.
	[ "$(jq -c '[.findings[] | select(.kind == "Deployment").control]' <<<"$output")" = '["privileged"]' ]
	kubectl -n shop patch cronjob idle --type strategic -p "$(jq -c '.findings[] | select(.kind == "CronJob").patch' <<<"$output")" 2>&1 | grep -q patched
	kubectl -n shop delete statefulset,job idle >/dev/null
	run kubectl-pale audit -n shop --json --severity high
	[ "$(jq -c '[.findings[] | select(.control == "host-pid")]' <<<"$output")" = '[]' ]
}

@test "a namespace without policies, and the network that its pods reach; what is offered is created" {
	clean web | jq '.metadata.namespace = "bare"' | kubectl create -f - >/dev/null
	kubectl get --raw /api/v1/namespaces/bare/pods/web | jq '.status.hostIP = "10.0.0.5"' | kubectl replace --raw /api/v1/namespaces/bare/pods/web/status -f - >/dev/null
	run -1 kubectl-pale audit -n bare --json
	[ "$(jq -r '[.findings[].control] | sort | join(" ")' <<<"$output")" = "kubelet-port metadata-address no-admission-policy no-network-policy" ]
	kubectl patch namespace bare -p "$(jq -c '.findings[] | select(.control == "no-admission-policy").patch' <<<"$output")" >/dev/null
	jq -c '.findings[] | select(.control == "kubelet-port").create' <<<"$output" | kubectl create -f - >/dev/null
	run -0 kubectl-pale audit -n bare
	[ "$output" = "0 findings; 3 containers of 1 object looked at" ]
	# One that lets too much is named.
	kubectl -n bare create -f - >/dev/null <<-'END'
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: wide}
		spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 80}]}]}
	END
	run -1 kubectl-pale audit -n bare --json
	[ "$(jq -cS '[.findings[] | [.control, .evidence, .create]]' <<<"$output")" = \
		'[["metadata-address",[{"path":"NetworkPolicy/wide spec.egress[1]","value":{"ports":[{"port":80,"protocol":"TCP"}]}}],null]]' ]
}

@test "the pods' PaleProfile is asked, and its rule named" {
	local api=/apis/pale.dev/v1alpha1/paleprofiles/web source
	source=$'profile web {\n\tnetwork { allow connect tcp *:80 }\n}\n'
	jq -n --arg s "$source" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: {name: "web"}, spec: {source: $s, namespaces: ["*"]}}' | kubectl create -f - >/dev/null
	# As the controller writes it.
	kubectl get --raw $api | jq --arg s "$source" '.status = {observedGeneration: 1, digest: ("1" * 64), conditions: [{type: "Compiled", status: "True"}], bundle: {main: "web.pale", files: {"web.pale": $s}}}' |
		kubectl replace --raw $api/status -f - >/dev/null
	run -1 kubectl-pale audit -n bare --json
	[ "$(jq -c '.findings[0] | [.control, .evidence[1]]' <<<"$output")" = '["metadata-address",{"path":"PaleProfile/web","value":"allowed by web.pale:2:12: allow connect tcp *:80"}]' ]
	source=${source/:80/:443}
	kubectl get --raw $api | jq --arg s "$source" '.status.bundle.files["web.pale"] = $s' | kubectl replace --raw $api/status -f - >/dev/null
	run -0 kubectl-pale audit -n bare
}

@test "a token that the server mounts is found" {
	# As its controller makes one.
	uid=$(kubectl -n shop create serviceaccount own -o json | jq -r .metadata.uid)
	jq -n --arg uid "$uid" '{apiVersion: "v1", kind: "Secret", type: "kubernetes.io/service-account-token", metadata: {name: "own-token-x1", annotations:
		{"kubernetes.io/service-account.name": "own", "kubernetes.io/service-account.uid": $uid}}, data: {token: ("t" | @base64), "ca.crt": ("c" | @base64), namespace: ("shop" | @base64)}}' |
		kubectl -n shop create -f - >/dev/null
	kubectl -n shop patch serviceaccount own -p '{"secrets": [{"name": "own-token-x1"}]}' >/dev/null
	clean token | jq 'del(.spec.automountServiceAccountToken) | .spec.serviceAccountName = "own"' | kubectl -n shop create -f - >/dev/null
	run -1 kubectl-pale audit -n shop --json
	echo "$output" >found.json
	[ "$(of found.json token)" = service-account-token/ ]
	# Its profile has no rule for it, so that it weighs less.
	[ "$(jq -c '.findings[] | select(.name == "token") | [.severity, (.evidence | length), .evidence[0].value, .evidence[3].value]' found.json)" = \
		'["low",4,"/var/run/secrets/kubernetes.io/serviceaccount","refused by web.pale:1:1: deny read by default"]' ]
	kubectl -n shop get pod token -o json |
		kubectl patch --local -f - --type strategic -p "$(jq -c '.findings[] | select(.name == "token").patch' found.json)" -o json >mended.json
	run -0 kubectl-pale audit -f mended.json
}

@test "all namespaces, as SARIF" {
	run -1 kubectl pale audit --sarif
	jq -e '.version == "2.1.0" and (.runs[0] | .tool.driver.rules as $rules | (.results | length > 25) and
		all(.results[]; . as $r | $rules[$r.ruleIndex].id == $r.ruleId and $r.message.text and ($r.level | IN("note", "warning", "error")) and
			($r.locations[0].logicalLocations[0].fullyQualifiedName | length > 0)) and
		([.results[].locations[0].logicalLocations[0].fullyQualifiedName | split("/")[0]] | unique | contains(["faults", "shop"])) and
		.invocations[0].executionSuccessful)' <<<"$output"
	run -1 pale audit --cluster --severity critical
	[[ $output == *"shop/Deployment/web (2 pods)"* ]]
}

@test "what may not be seen is said, and the rest is found" {
	kubectl -n shop create rolebinding lists --clusterrole=view --serviceaccount=shop:own >/dev/null
	kubectl create clusterrole pods --verb=list,watch --resource=pods >/dev/null
	kubectl -n shop create rolebinding pods --clusterrole=pods --serviceaccount=shop:own >/dev/null
	kubectl -n shop delete rolebinding lists >/dev/null
	token=$(echo '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}' |
		kubectl create --raw /api/v1/namespaces/shop/serviceaccounts/own/token -f - | jq -r .status.token)
	kubectl config view --raw --minify -o json | jq --arg t "$token" '.users[0].user = {token: $t}' >own
	in_time 10 kubectl --kubeconfig own -n shop get pods
	run -3 kubectl-pale audit --kubeconfig own -n shop
	[[ $output == *"could not be looked at: namespaces: "*forbidden* ]]
	[[ $output == *"could not be looked at: networkpolicies: "*forbidden* ]]
	[[ $output == *"not looked at: what pods reach, since NetworkPolicies are not known"* ]]
	[[ $output == *"critical   privileged "* ]]
	run --separate-stderr -3 kubectl-pale audit --kubeconfig own
	[[ $stderr == "kubectl-pale audit: "*pods*forbidden* ]]
}
