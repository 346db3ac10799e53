#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a review of a pod takes, and the webhook's memory; then its memory after large reviews. Where it may, at real-time priority, so
# that it is not the machine's other load that is measured.
#
#	webhook.sh BUILD [RATE [SECONDS]]
set -eu
build=$1
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT
first=
if chrt -f 5 true 2>/dev/null; then
	first='chrt -f 5'
	echo "at real-time priority; load: $(cut -d' ' -f1-3 /proc/loadavg)"
fi
"$build/tests/bench/webhook" cluster >"$dir/cluster.json"
"$build/tests/kube/webhook_server" --certificates "$dir"
: >"$dir/said"
$first "$build/tests/kube/webhook_server" "$dir/cluster.json" "$dir" >"$dir/said" &
pid=$!
until grep -q ^port "$dir/said"; do sleep 0.1; done
port=$(sed -n 's/^port //p' "$dir/said")
$first "$build/tests/bench/webhook" load "$port" "$dir/ca.crt" "$pid" "${2:-500}" "${3:-10}"

# As many values as are taken, and as many bytes.
{ printf '[' && yes '{},' | head -n 149000 | tr -d '\n' && printf '{}]'; } >"$dir/values"
{ printf '"' && head -c 7000000 /dev/zero | tr '\0' x && printf '"'; } >"$dir/bytes"
for body in values bytes; do
	for _ in 1 2 3 4; do
		curl -sS --cacert "$dir/ca.crt" -H 'Content-Type: application/json' --data-binary "@$dir/$body" -o /dev/null \
			"https://localhost:$port/mutate"
	done
	echo "after large reviews ($body): $(awk '/^VmHWM|^VmRSS/ { printf "%s %.1f MiB  ", $1, $2 / 1024 }' "/proc/$pid/status")"
done
