#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# operator.sh: the controller in a large cluster, which kube_load plays against an API server and etcd of its own: its memory, what it asks of
# the server while pods start, and the memory of one that finds all of them there.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."

if [ "${1:-}" != inside ]; then
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
	PALE_KUBE=$(mktemp -d "$PALE_BUILD/kube-bench.XXXXXX")
	export PALE_KUBE
	trap 'tests/kube/down.sh "$PALE_KUBE"; rm -rf "$PALE_KUBE"' EXIT
	trap 'exit 143' INT TERM HUP
	tests/kube/up.sh --control-plane "$PALE_KUBE"
	tests/kube/in tests/bench/operator.sh inside
	exit
fi

. tests/kube/steps.bash
nodes=${PALE_NODES:-1000} pods=${PALE_PODS:-20000} namespaces=20 profiles=20
load=$PALE_BUILD/tests/bench/kube_load

controller() { # PORT
	"$PALE_BUILD/pale-operator" controller --namespace pale-system --port "$1" 2>>"$PALE_KUBE/log/controller-$1" &
	pid=$!
}

metric() { # PORT METRIC
	curl -sf "http://127.0.0.1:$1/metrics" | sed -n "s/^$2 //p"
}

# As the kernel counts it, in MiB; CPU time in seconds.
memory() { # PID FIELD
	awk -v field="$2:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/$1/status"
}
cpu() { # PID
	awk -v hz="$(getconf CLK_TCK)" '{ printf "%.1f", ($14 + $15) / hz }' "/proc/$1/stat"
}

# print WHAT FIGURE GOAL: a goal is an upper bound
print() {
	printf '%-64s %9s' "$1" "$2"
	[ -z "${3:-}" ] || printf '   goal: at most %s%s' "$3" "$(awk -v is="$2" -v goal="$3" 'BEGIN { if (is + 0 > goal + 0) print ", missed" }')"
	echo
}

leads() { [ "$(metric "$1" pale_leader)" = 1 ]; }
knows() { [ "$(metric "$1" 'pale_watch_objects{resource="pods"}')" = "$2" ]; }
profiles_are() { [ "$(metric 9081 "pale_profiles{state=\"$1\"}")" = $profiles ]; }

kubectl apply -k operator/deploy >/dev/null
kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
for ((i = 0; i < namespaces; i++)); do
	echo "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"load-$i\"}}"
	echo "{\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"default\", \"namespace\": \"load-$i\"}}"
done | kubectl apply -f - >/dev/null
controller 9081
leader=$pid
in_time 30 leads 9081

for ((i = 0; i < profiles; i++)); do
	jq -n --arg name "p$i" '{apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: {name: $name}, spec: {namespaces: ["*"],
		source: "use base/libc\nprofile \($name) {\n\tinclude libc\n\tfile { allow read /srv/\($name)/** }\n}\n"}}'
done | kubectl apply -f - >/dev/null
in_time 120 profiles_are distributing
empty=$(memory $leader VmRSS)

before=$(metric 9081 pale_api_requests_total)
kubectl get paleprofiles -o json | jq -r '.items[] | "\(.metadata.name) \(.status.digest)"' | "$load" nodes "$nodes" | sed "s/^/$nodes nodes: /"
in_time 300 profiles_are ready
print "requests of the controller, until $profiles profiles are ready on $nodes nodes" $(($(metric 9081 pale_api_requests_total) - before))

before=$(metric 9081 pale_api_requests_total) cpu_before=$(cpu $leader) since=$SECONDS
"$load" pods 0 $((pods - 1)) "$nodes" $namespaces $profiles | sed "s/^/$pods pods: /"
in_time 60 knows 9081 "$pods"
requests=$(($(metric 9081 pale_api_requests_total) - before)) took=$((SECONDS - since))
print "requests of the controller while $pods pods start, in $took s" $requests
print 'requests of the controller for each start of a pod' "$(awk -v r=$requests -v p="$pods" 'BEGIN { printf "%.4f", r / p }')" 2
print 'its CPU time meanwhile, s' "$(awk -v a="$(cpu $leader)" -v b="$cpu_before" 'BEGIN { print a - b }')"
print 'memory of the controller with profiles alone, MiB' "$empty"
print "memory of the controller at $pods pods, MiB" "$(memory $leader VmRSS)" 128
print 'its peak, MiB' "$(memory $leader VmHWM)" 128

controller 9082
in_time 120 knows 9082 "$pods"
in_time 60 curl -sf http://127.0.0.1:9082/readyz
print 'peak of one that is started then and lists all of them, MiB' "$(memory $pid VmHWM)" 128

# A pod that runs is told of again with each change of it; one that ends is forgotten.
"$load" delete 0 $((pods - 1)) $namespaces | sed 's/^/all deleted: /'
in_time 60 knows 9081 0
print 'memory of the controller when they are gone, MiB' "$(memory $leader VmRSS)" 128
kill $leader $pid
wait
not grep -E 'answers (400|403|422)' "$PALE_KUBE"/log/controller-*
