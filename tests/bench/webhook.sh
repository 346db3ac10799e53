#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a review of a pod takes `pale-operator webhook`, and its memory, with a cluster of 1,000 namespaces, 2,000 profiles and 2,000 bindings of a real
# API server; then its memory after large reviews and after a new list of all. Where it may, at real-time priority, so that it is not the machine's other
# load that is measured.
#
#	webhook.sh BUILD [RATE [SECONDS]]
set -euo pipefail
if [ "${1:-}" != --inside ]; then
	PALE_BUILD=$(realpath "$1")
	PALE_KUBE=$(mktemp -d "$PALE_BUILD/kube-bench.XXXXXX")
	export PALE_BUILD PALE_KUBE
	trap 'tests/kube/down.sh "$PALE_KUBE" && rm -rf "$PALE_KUBE"' EXIT
	tests/kube/up.sh --control-plane "$PALE_KUBE"
	shift
	tests/kube/in "$0" --inside "$@"
	exit
fi
shift
. tests/kube/steps.bash
dir=$PALE_KUBE/bench
pid=
trap '[ -z "$pid" ] || kill "$pid"' EXIT
mkdir -p "$dir"

# One a line: what a policy of 4 KiB is as an object.
objects() {
	jq -cn --arg text "$(printf '%04096d' 0)" '
		(range(1000) | {apiVersion: "v1", kind: "Namespace", metadata: {name: "n\(.)", labels: {"pale.dev/inject": "enabled"},
			annotations: {"pale.dev/default-profile": "p\(.)"}}}),
		(range(2000) | {apiVersion: "pale.dev/v1alpha1", kind: "PaleProfile", metadata: {name: "p\(.)"}, spec: {source: $text, namespaces: ["*"]},
			status: {observedGeneration: 1, digest: ("0123456789ab" * 5 + "0123"), bundle: {main: "p.pale", files: {"p.pale": $text}},
				conditions: [{type: "Compiled", status: "True"}, {type: "Ready", status: "True"}],
				pod: {seccompProfile: "pale/p\(.)-0123456789ab.json", allowPrivilegeEscalation: false,
					dropCapabilities: ["NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"]}}}),
		(range(2000) | {apiVersion: "pale.dev/v1alpha1", kind: "PaleBinding", metadata: {name: "b\(.)", namespace: "n\(. % 1000)"},
			spec: {selector: {matchLabels: {app: "a\(. % 3)"}}, mode: "enforce"}})'
}

# A request for each, as curl reads it from a file; kubectl would take some minutes.
requests() { # KIND METHOD TYPE FILTER PATH
	jq -r --arg kind "$1" --arg method "$2" --arg type "$3" "select(.kind == \$kind) |
		\"url = https://10.96.0.1$5\", \"request = \(\$method)\", \"header = \\\"Content-Type: \(\$type)\\\"\", \"data = \($4 | tojson | tojson)\", \"output = /dev/null\",
		\"cacert = $PALE_KUBE/pki/ca.crt\", \"cert = $PALE_KUBE/pki/admin.crt\", \"key = $PALE_KUBE/pki/admin.key\", \"fail\", \"next\"" "$dir/objects" |
		head -n -1 | curl --parallel --parallel-max 8 -K - 2>"$dir/curl" || { tail -n 3 "$dir/curl" >&2 && return 1; }
}

objects >"$dir/objects"
kubectl apply -k operator/deploy >/dev/null
kubectl wait --for=condition=Established --timeout=60s crd -l app.kubernetes.io/part-of=pale >/dev/null
api=/apis/pale.dev/v1alpha1
requests Namespace POST application/json . /api/v1/namespaces
requests PaleProfile POST application/json . "$api/paleprofiles"
requests PaleProfile PATCH application/merge-patch+json '{status}' "$api/paleprofiles/\(.metadata.name)/status"
requests PaleBinding POST application/json . "$api/namespaces/\(.metadata.namespace)/palebindings"

first=
if chrt -f 5 true 2>/dev/null; then
	first='chrt -f 5'
	echo "at real-time priority; load: $(cut -d' ' -f1-3 /proc/loadavg)"
fi
memory() { # AFTER-WHAT
	echo "after $1: $(awk '/^VmHWM|^VmRSS/ { printf "%s %.1f MiB  ", $1, $2 / 1024 }' "/proc/$pid/status")"
}

"$PALE_BUILD/tests/kube/webhook_server" --certificates "$dir"
$first "$PALE_BUILD/pale-operator" webhook --kubeconfig "$KUBECONFIG" --listen 127.0.0.1 --port 0 --certificates "$dir" 2>"$dir/log" &
pid=$!
in_time 120 grep 'the cluster is known' "$dir/log"
port=$(sed -n 's/.*listening on port //p' "$dir/log")
sed -n 's/.*\(the cluster is known\)/\1/p' "$dir/log"
memory 'the lists'
$first "$PALE_BUILD/tests/bench/webhook" "$port" "$dir/ca.crt" "$pid" "${1:-500}" "${2:-10}"

# As many values as are taken, and as many bytes.
{ printf '[' && { yes '{},' || :; } | head -n 149000 | tr -d '\n' && printf '{}]'; } >"$dir/values"
{ printf '"' && head -c 7000000 /dev/zero | tr '\0' x && printf '"'; } >"$dir/bytes"
for body in values bytes; do
	for _ in 1 2 3 4; do
		curl -sS --cacert "$dir/ca.crt" -H 'Content-Type: application/json' --data-binary "@$dir/$body" -o /dev/null \
			"https://localhost:$port/mutate"
	done
	memory "large reviews ($body)"
done
