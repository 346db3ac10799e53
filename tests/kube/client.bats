#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Kubernetes client against a real API server and etcd, which tests/kube/run.sh starts.

load steps

setup_file() {
	export kube=$PALE_KUBE
	export client=$PALE_BUILD/tests/kube/kube_client
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	ns=t$BATS_TEST_NUMBER
	kubectl create namespace $ns >/dev/null
	pids=()
}

teardown() {
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || :
	rm -f "$kube/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
}

# In the background, without the descriptors that bats waits for.
start() { # FILE ARGUMENT…
	local to=$1
	shift
	"$client" "$@" >"$to" 2>"$to.err" 3>&- &
	pids+=($!)
	pid=$!
}

told() { # FILE REGEX
	grep -Eq -- "$2" "$1"
}

is_stopped() {
	[ "$(awk '{ print $3 }' "/proc/$1/stat")" = T ]
}

# What the server has, as the client prints it.
versions_there() {
	kubectl get configmaps -n $ns -o json | jq -r '.items[] | select(.metadata.name | startswith("c0")) | "\(.metadata.namespace)/\(.metadata.name) \(.metadata.resourceVersion)"' |
		sort
}

# What a client that prints to FILE knows: of each object the last version that it was told of.
versions_told() {
	awk '$1 == "seen" && $2 ~ /\/c0/ { v[$2] = $3 } $1 == "gone" { delete v[$2] } END { for (n in v) print n, v[n] }' "$1" | sort
}

# Nothing missed, and no version told twice.
knows_all() { # FILE
	local twice
	twice=$(awk '$1 == "seen"' "$1" | sort | uniq -d)
	[ -z "$twice" ] || { echo "twice: $twice" && return 1; }
	in_time 10 same_versions "$1" || { diff <(versions_told "$1") <(versions_there) | head -n 20 && return 1; }
}

same_versions() {
	[ "$(versions_told "$1")" = "$(versions_there)" ]
}

# At once: asked to end it waits a minute for watches to end.
restart_api_server() {
	kill -KILL "$(<"$kube/kube-apiserver.pid")"
}

etcd() {
	ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 "$@"
}

compact() {
	etcd compact "$(etcd endpoint status -w json | jq '.[0].Status.header.revision')"
}

service_account_token() { # NAME
	echo '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}' |
		kubectl create --raw "/api/v1/namespaces/$ns/serviceaccounts/$1/token" -f - | jq -r .status.token
}

@test "2,000 objects are listed in pages and followed" {
	"$client" configmaps create $ns 1 2000
	start watch watch /api/v1/namespaces/$ns/configmaps page=150
	in_time 30 told watch '^synced 200[0-9] '
	"$client" configmaps change $ns 1 300
	"$client" configmaps delete $ns 301 400
	"$client" configmaps create $ns 2001 2100
	knows_all watch
	[ "$(grep -c ^gone watch)" = 100 ]
	not grep restart watch
	kill $pid && wait $pid
	# A request for each page, and one to watch.
	[ "$(sed -n 's/^sent //p' watch)" = 15 ]
}

@test "of large objects the metadata alone can be followed" {
	start nothing watch /api/v1/namespaces/$ns/configmaps metadata
	in_time 10 told nothing '^synced 0 '
	not grep restart nothing
	"$client" configmaps create $ns 1 3
	start metadata watch /api/v1/namespaces/$ns/configmaps metadata
	start whole watch /api/v1/namespaces/$ns/configmaps cached
	in_time 10 told metadata ^synced
	in_time 10 told whole ^synced
	"$client" configmaps create $ns 4 4
	knows_all metadata
	knows_all whole
	not grep ' data$' metadata
	[ "$(grep -c data whole)" = "$(grep -c seen whole)" ]
}

@test "a watch that the server ends goes on where it was" {
	"$client" configmaps create $ns 1 20
	start watch watch /api/v1/namespaces/$ns/configmaps seconds=1
	for i in 1 2 3 4 5; do
		"$client" configmaps change $ns 1 20
		sleep 0.7
	done
	knows_all watch
	[ "$(grep -c ^synced watch)" = 1 ]
	grep -q '^restart ended ' watch
	not grep '^restart [^e]' watch
}

@test "bookmarks move a watch on that has nothing to tell" {
	start watch watch /api/v1/namespaces/$ns/configmaps seconds=4
	in_time 10 told watch ^synced
	"$client" configmaps create default 1 50
	in_time 20 told watch '^restart ended'
	"$client" configmaps delete default 1 50
	before=$(sed -n 's/^synced .* at //p' watch)
	after=$(sed -n 's/^restart ended at //p' watch | head -n 1)
	# The server's numbers, which nobody but a test may compare.
	[ $((after - before)) -ge 50 ]
}

@test "an API server that is started anew under a watch costs nothing that happened" {
	"$client" configmaps create $ns 1 200
	start watch watch /api/v1/namespaces/$ns/configmaps
	in_time 30 told watch ^synced
	for round in 1 2; do
		restart_api_server
		in_time 60 told watch '^restart unreachable'
		in_time 60 kubectl get --raw /readyz
		"$client" configmaps change $ns 1 50
		"$client" configmaps delete $ns $((round * 50 + 1)) $((round * 50 + 20))
	done
	in_time 60 same_versions watch
	knows_all watch
}

@test "a version that etcd no longer has is answered with a new list" {
	"$client" configmaps create $ns 1 100
	start watch watch /api/v1/namespaces/$ns/configmaps
	in_time 30 told watch ^synced
	# Without a connection, whose buffers would hold what happens.
	touch "$kube/kube-apiserver.stop"
	restart_api_server
	in_time 10 told watch '^restart unreachable'
	kill -STOP $pid
	rm "$kube/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
	"$client" configmaps change $ns 1 10
	"$client" configmaps delete $ns 11 20
	"$client" configmaps delete $ns 21 25
	"$client" configmaps create $ns 21 25
	"$client" configmaps create $ns 101 110
	compact
	restart_api_server
	sleep 1
	in_time 60 kubectl get --raw /readyz
	kill -CONT $pid
	in_time 60 told watch '^restart expired at [0-9]*: the API server answers 410'
	knows_all watch
	# Ten are gone for good, five were others by then.
	[ "$(grep -c ^gone watch)" = 15 ]
	[ "$(grep -c ^synced watch)" = 2 ]
	# What did not change is not told again.
	[ "$(grep -c '^seen .*/c00050 ' watch)" = 1 ]
}

@test "a list whose pages are compacted away while it is read is read anew" {
	"$client" configmaps create $ns 1 60
	start watch watch /api/v1/namespaces/$ns/configmaps page=10 stop-after=15
	in_time 10 is_stopped $pid
	"$client" configmaps change $ns 1 5
	"$client" configmaps delete $ns 6 8
	compact
	kill -CONT $pid
	in_time 30 told watch ^synced
	grep -q '^restart expired at [0-9]*: the API server answers 410 Expired' watch
	knows_all watch
	[ "$(grep -c ^gone watch)" = 3 ]
}

@test "a token is exchanged under a client, and an old one is refused" {
	kubectl create serviceaccount -n $ns a
	kubectl create role -n $ns reader --verb=get,list,watch --resource=configmaps
	kubectl create rolebinding -n $ns reader --role=reader --serviceaccount=$ns:a
	service_account_token a >token
	"$client" configmaps create $ns 1 5
	start watch --token-file token watch /api/v1/namespaces/$ns/configmaps seconds=1
	in_time 10 told watch ^synced
	# Its tokens end with the account.
	kubectl delete serviceaccount -n $ns a
	kubectl create serviceaccount -n $ns a
	in_time 30 told watch '^restart refused at [0-9]*: the API server answers 401 Unauthorized'
	service_account_token a >token.new
	mv token.new token
	"$client" configmaps change $ns 1 5
	in_time 60 same_versions watch
	knows_all watch
	[ "$(grep -c ^synced watch)" -le 2 ]
}

@test "a token is read again when it is old enough, without being refused first" {
	kubectl create serviceaccount -n $ns a
	kubectl create serviceaccount -n $ns b
	kubectl create role -n $ns reader --verb=get,list,watch --resource=configmaps
	kubectl create rolebinding -n $ns reader --role=reader --serviceaccount=$ns:b
	service_account_token a >token
	start watch --token-file token --token-age 1 watch /api/v1/namespaces/$ns/configmaps
	in_time 10 told watch '^restart refused at [0-9]*: the API server answers 403 Forbidden'
	service_account_token b >token.new
	mv token.new token
	in_time 60 told watch ^synced
	not grep 'answers 401' watch
}

@test "fields of others are taken over only by force, and what is not said any more goes" {
	map() {
		jq -n --argjson data "$1" '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "m"}, data: $data}'
	}
	map '{"x": "1", "y": "1"}' | "$client" apply v1 configmaps $ns m - one -
	map '{"x": "2"}' | "$client" apply v1 configmaps $ns m - two - >out
	grep -q '^failed the API server answers 409 Conflict: Apply failed with 1 conflict: conflict with "one".*: .data.x$' out
	[ "$(kubectl get configmap -n $ns m -o jsonpath='{.data.x}')" = 1 ]
	map '{"x": "2"}' | "$client" apply v1 configmaps $ns m - two force
	[ "$(kubectl get configmap -n $ns m -o jsonpath='{.data.x} {.data.y}')" = '2 1' ]
	map '{}' | "$client" apply v1 configmaps $ns m - two -
	[ "$(kubectl get configmap -n $ns m -o jsonpath='{.data.x} {.data.y}')" = ' 1' ]
}

@test "the status of a custom resource is applied, and nothing else of it" {
	kubectl apply -f - <<-END
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: widgets.test.pale.dev}
		spec:
		  group: test.pale.dev
		  scope: Cluster
		  names: {plural: widgets, singular: widget, kind: Widget}
		  versions:
		  - name: v1
		    served: true
		    storage: true
		    subresources: {status: {}}
		    schema:
		      openAPIV3Schema:
		        type: object
		        properties:
		          spec: {type: object, properties: {size: {type: integer}}}
		          status: {type: object, properties: {ready: {type: boolean}}}
	END
	start watch watch /apis/test.pale.dev/v1/widgets
	in_time 30 kubectl get --raw /apis/test.pale.dev/v1/widgets
	echo '{"apiVersion":"test.pale.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":3}}' >w
	in_time 30 eval '"$client" request POST /apis/test.pale.dev/v1/widgets <w | tee out | grep uid'
	# A watch that began before the resource was there has it, too.
	in_time 60 told watch '^seen /w '
	echo '{"apiVersion":"test.pale.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":9},"status":{"ready":true}}' |
		"$client" apply test.pale.dev/v1 widgets - w status pale-test force
	[ "$(kubectl get widget w -o jsonpath='{.spec.size} {.status.ready}')" = '3 true' ]
	kubectl delete crd widgets.test.pale.dev
	in_time 60 told watch '^gone /w$'
}

@test "a lease moves from a holder that was killed to another, which waits until it has run out" {
	start one lease $ns leader one 3000 2000 500
	one=$pid
	in_time 10 told one taken
	start two lease $ns leader two 3000 2000 500
	sleep 4
	not told two taken
	kill -KILL $one
	killed=$(awk '{ print int($1 * 1000) }' /proc/uptime)
	in_time 10 told two taken
	taken=$(sed -n 's/ taken//p' two)
	# The last renewal was half a second ago at the most.
	[ $((taken - killed)) -ge 2400 ]
	[ "$(kubectl get lease -n $ns leader -o jsonpath='{.spec.holderIdentity} {.spec.leaseTransitions}')" = 'two 1' ]
}

@test "who cannot renew a lease gives up before another may take it, and takes it again" {
	start one lease $ns leader one 3000 2000 500
	in_time 10 told one taken
	touch "$kube/kube-apiserver.stop"
	kill -KILL "$(<"$kube/kube-apiserver.pid")"
	gone=$(awk '{ print int($1 * 1000) }' /proc/uptime)
	in_time 10 told one ' lost$'
	lost=$(sed -n 's/ lost$//p' one)
	[ $((lost - gone)) -le 2100 ]
	rm "$kube/kube-apiserver.stop"
	in_time 60 kubectl get --raw /readyz
	in_time 30 eval '[ "$(grep -c taken one)" = 2 ]'
}

@test "a lease that is given back is taken at once" {
	start one lease $ns leader one
	one=$pid
	in_time 10 told one taken
	start two lease $ns leader two
	sleep 1
	kill $one && wait $one
	not told one lost
	in_time 4 told two taken
}

@test "of two that want a lease at the same time one has it" {
	for i in 1 2 3 4 5 6; do
		start c$i lease $ns leader c$i 3000 2000 300
	done
	in_time 10 eval 'cat c[1-6] | grep taken'
	sleep 3
	[ "$(cat c[1-6] | grep -c taken)" = 1 ]
}

@test "Retry-After is waited for: what is turned away is done all the same" {
	kubectl create serviceaccount -n $ns slow
	kubectl create role -n $ns reader --verb=get,list --resource=configmaps
	kubectl create rolebinding -n $ns reader --role=reader --serviceaccount=$ns:slow
	service_account_token slow >token
	"$client" configmaps create $ns 1 1500
	kubectl apply -f - <<-END
		apiVersion: flowcontrol.apiserver.k8s.io/v1beta1
		kind: PriorityLevelConfiguration
		metadata: {name: slow}
		spec: {type: Limited, limited: {assuredConcurrencyShares: 1, limitResponse: {type: Reject}}}
		---
		apiVersion: flowcontrol.apiserver.k8s.io/v1beta1
		kind: FlowSchema
		metadata: {name: slow}
		spec:
		  priorityLevelConfiguration: {name: slow}
		  matchingPrecedence: 2
		  rules:
		  - subjects: [{kind: ServiceAccount, serviceAccount: {name: slow, namespace: $ns}}]
		    resourceRules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*']}]
	END
	started=$(awk '{ print int($1 * 1000) }' /proc/uptime)
	turned_away() {
		"$client" --token-file token request GET /api/v1/namespaces/$ns/configmaps 16 1 | grep -q '^failed the API server answers 429'
	}
	in_time 30 turned_away
	started=$(awk '{ print int($1 * 1000) }' /proc/uptime)
	"$client" --token-file token request GET /api/v1/namespaces/$ns/configmaps 16 20 >out
	ended=$(awk '{ print int($1 * 1000) }' /proc/uptime)
	kubectl delete flowschema/slow prioritylevelconfiguration/slow
	[ "$(grep -c '^ok$' out)" = 16 ]
	# The server says one second.
	[ "$(sed -n 's/^sent //p' out)" -gt 16 ]
	[ $((ended - started)) -ge 1000 ]
}

@test "events that are alike are counted in one" {
	start events events $ns web 500 40
	counted() {
		kubectl get events -n $ns -o json | jq -e '[.items[] | select(.reason == "Same")] | length == 1 and .[0].count == 500 and
			.[0].type == "Warning" and .[0].involvedObject.name == "web" and .[0].source.component == "pale-test"'
	}
	in_time 10 counted
	together() {
		kubectl get events -n $ns -o json | jq -e '[.items[] | select(.reason == "Different")] |
			length == 11 and (map(.count) | add) == 40 and
			([.[] | select(.message == "(combined from similar events): number 39")] | length == 1 and .[0].count == 30)'
	}
	in_time 10 together
	kill $pid && wait $pid
	not grep lost events
	# Twelve are made, two counted up.
	[ "$(sed -n 's/^sent //p' events)" = 14 ]
}

@test "an event that the server forgot is told anew, with all that were counted" {
	start events events $ns web 3 0 again
	at_least() {
		kubectl get events -n $ns -o json | jq -e --argjson n "$1" '.items | length == 1 and .[0].count >= $n'
	}
	in_time 10 at_least 4
	kubectl delete events -n $ns --all
	in_time 10 at_least 5
	not grep lost events
}

@test "an event that is not taken is said to be lost" {
	start events events no-such-namespace web 3 0
	in_time 10 told events '^lost 1: the API server answers 404 NotFound'
	in_time 10 told events '^lost 2: the API server answers 404 NotFound'
}

@test "what a server of 1.20 offers" {
	"$client" discover v1 pods v1 pods/ephemeralcontainers v1 nothing admissionregistration.k8s.io/v1 validatingadmissionpolicies \
		admissionregistration.k8s.io/v1 validatingwebhookconfigurations pale.invalid/v1 things >out
	diff out - <<-END
		v1.20.2 older
		v1 pods: yes
		v1 pods/ephemeralcontainers: yes
		v1 nothing: no
		admissionregistration.k8s.io/v1 validatingadmissionpolicies: no
		admissionregistration.k8s.io/v1 validatingwebhookconfigurations: yes
		pale.invalid/v1 things: no
	END
}

@test "another authority's server is not believed" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out other.crt -subj /CN=other -days 1 2>/dev/null
	sed "s|certificate-authority-data: .*|certificate-authority: other.crt|" "$KUBECONFIG" >kubeconfig
	KUBECONFIG=kubeconfig "$client" request GET /version 1 1 >out
	grep -q '^failed the API server does not answer: .*certificate' out
}
