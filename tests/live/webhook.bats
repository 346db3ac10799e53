# SPDX-License-Identifier: Apache-2.0
# The webhook's HTTPS, asked as the API server asks it, and as anybody in a cluster could. The server is tests/kube/webhook_server, with
# the cluster of tests/webhook/cluster.json.
# shellcheck shell=bash disable=SC2030,SC2031

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
	export SERVER=$PALE_BUILD/tests/kube/webhook_server
}

setup() {
	"$SERVER" --certificates "$BATS_TEST_TMPDIR"
	serve tests/webhook/cluster.json
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID"
}

serve() { # CLUSTER
	[ -z "${PID:-}" ] || kill "$PID"
	: >"$BATS_TEST_TMPDIR/said"
	"$SERVER" "$1" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/said" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	PID=$!
	for _ in $(seq 100); do
		PORT=$(sed -n 's/^port //p' "$BATS_TEST_TMPDIR/said")
		[ -n "$PORT" ] && return
		sleep 0.1
	done
	cat "$BATS_TEST_TMPDIR/errors"
	return 1
}

ask() { # PATH CURL-ARGUMENT…: the body, and behind it the status
	local path=$1
	shift
	curl -sS --max-time 20 --cacert "$BATS_TEST_TMPDIR/ca.crt" -w '%{http_code}' "$@" "https://localhost:$PORT$path"
}

review() { # OPERATION POD [DRY-RUN]
	jq -cn --arg op "$1" --argjson pod "$2" --argjson dry "${3:-false}" '{kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1",
		request: {uid: "u1", namespace: "shop", operation: $op, resource: {group: "", version: "v1", resource: "pods"}, object: $pod, dryRun: $dry}}'
}

post() { # PATH BODY
	ask "$1" -H 'Content-Type: application/json' --data-binary "$2"
}

pod='{"kind":"Pod","metadata":{"name":"p","annotations":{"pale.dev/profile":"log"}},"spec":{"containers":[{"name":"c"}]}}'

@test "a pod is patched, over each version of TLS that is taken" {
	for version in --tlsv1.2\ --tls-max\ 1.2 --tlsv1.3; do
		# shellcheck disable=SC2086
		run ask /mutate $version -H 'Content-Type: application/json' --data-binary "$(review CREATE "$pod")"
		[ "${output: -3}" = 200 ]
		[ "$(jq -r '.response.uid + " " + (.response.allowed | tostring)' <<<"${output%200}")" = "u1 true" ]
		[ "$(jq -r .response.patch <<<"${output%200}" | base64 -d)" = '[{"op":"add","path":"/spec/runtimeClassName","value":"pale"},{"op":"add","path":"/spec/containers/0/securityContext","value":{"seccompProfile":{"type":"Localhost","localhostProfile":"pale/log-0123456789ab.json"}}}]' ]
	done
}

@test "older versions are not" {
	local ask="openssl s_client -connect localhost:$PORT -cipher DEFAULT@SECLEVEL=0"
	run $ask -tls1_1 </dev/null
	[ "$status" -ne 0 ]
	[[ $output == *"no peer certificate available"* ]]
	run $ask -tls1_2 </dev/null
	[[ $output == *"BEGIN CERTIFICATE"* ]]
}

@test "who does not believe its authority does not ask it" {
	run curl -sS "https://localhost:$PORT/healthz"
	[ "$status" -eq 60 ]
}

@test "a dry run is answered like any other" {
	[ "$(post /mutate "$(review CREATE "$pod" true)")" = "$(post /mutate "$(review CREATE "$pod")")" ]
}

@test "/validate refuses what was not patched" {
	run post /validate "$(review CREATE "$pod")"
	[ "$(jq -r .response.status.message <<<"${output%200}")" = "Pale: pod p: the pod lacks what its profile asks for in /spec/runtimeClassName, /spec/containers/0/securityContext (another admission webhook may have changed it behind Pale's, or that was not asked)" ]
}

@test "what is no review is not answered as one" {
	[ "$(post /mutate '{')" = $'the body is not JSON\n400' ]
	[ "$(post /mutate '')" = $'the body is not JSON\n400' ]
	[ "$(ask /mutate)" = $'reviews by POST, all else by GET\n405' ]
	[ "$(post /healthz '{}')" = $'reviews by POST, all else by GET\n405' ]
	[ "$(ask /mutate -X DELETE)" = $'reviews by POST, all else by GET\n405' ]
	[ "$(ask /elsewhere)" = $'no such page\n404' ]
	[ "$(ask /mutate -H 'Content-Type: text/plain' -d '{}')" = $'a review is application/json\n415' ]
	[ "$(ask /mutate -H 'Content-Type: application/jsonp' -d '{}')" = $'a review is application/json\n415' ]
}

@test "too large a review is not read" {
	head -c 8000000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	run ask /mutate -H 'Content-Type: application/json' --data-binary "@$BATS_TEST_TMPDIR/large" -H 'Expect:'
	[[ $output == *413 ]] || [[ $output == *"Broken pipe"* ]] || [[ $output == *reset* ]]
	# Where its length is not told before.
	[ "$(ask /mutate -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --data-binary "@$BATS_TEST_TMPDIR/large")" = $'a review has at most 7 MiB\n413' ]
	[ "$(ask /metrics | grep large)" = 'pale_webhook_unread_total{reason="large"} 2' ]
	# One that is just not too large is read.
	head -c 7340032 /dev/zero >"$BATS_TEST_TMPDIR/large"
	[ "$(ask /mutate -H 'Content-Type: application/json' --data-binary "@$BATS_TEST_TMPDIR/large")" = $'the body is not JSON\n400' ]
}

@test "it is ready when it can decide" {
	[ "$(ask /readyz)" = $'ok\n200' ]
	serve -
	[ "$(ask /healthz)" = $'ok\n200' ]
	[ "$(ask /readyz)" = $'the cluster is not known yet\n503' ]
	run post /mutate "$(review CREATE "$pod")"
	[ "$(jq -c '.response | [.allowed, .status.code]' <<<"${output%200}")" = '[false,503]' ]
}

@test "metrics are right, and count what was answered" {
	post /mutate "$(review CREATE "$pod")" >/dev/null
	post /mutate "$(review UPDATE "$pod")" >/dev/null
	post /mutate '{' >/dev/null
	ask /metrics | sed 's/200$//' >"$BATS_TEST_TMPDIR/metrics"
	promtool check metrics <"$BATS_TEST_TMPDIR/metrics"
	for result in patched refused malformed; do
		grep -qx "pale_webhook_seconds_count{result=\"$result\"} 1" "$BATS_TEST_TMPDIR/metrics"
	done
	grep -qx 'pale_webhook_seconds_count{result="allowed"} 0' "$BATS_TEST_TMPDIR/metrics"
}

client() {
	timeout 60 python3 -B "$BATS_TEST_DIRNAME/webhook_client.py" "$1" "$PORT" "$BATS_TEST_TMPDIR" "$SERVER"
}

@test "another certificate is shown from then on, and who is connected stays so" { client reload; }
@test "a certificate that cannot be used changes nothing, and is told of" {
	client keep
	[[ $(<"$BATS_TEST_TMPDIR/errors") == *"the key is not the certificate's"* ]]
}
@test "who sends slowly is not waited for" { client drip; }
@test "who connects and says nothing keeps nobody out" { client silent; }
@test "two hundred clients at once" { client many; }
