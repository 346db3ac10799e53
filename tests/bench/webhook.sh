#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a review of a pod takes, and the webhook's memory.
#
#	webhook.sh BUILD [RATE [SECONDS]]
set -eu
build=$1
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT
"$build/tests/bench/webhook" cluster >"$dir/cluster.json"
"$build/tests/kube/webhook_server" --certificates "$dir"
: >"$dir/said"
"$build/tests/kube/webhook_server" "$dir/cluster.json" "$dir" >"$dir/said" &
pid=$!
until grep -q ^port "$dir/said"; do sleep 0.1; done
"$build/tests/bench/webhook" load "$(sed -n 's/^port //p' "$dir/said")" "$dir/ca.crt" "$pid" "${2:-500}" "${3:-10}"
