#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# learn_nginx.sh [SECONDS [ROUNDS]]: requests that Debian's nginx answers in a second, alone and while `pale learn` watches it in each of its
# ways, and strace -f; of these $PALE_WAYS, "alone" first. Rounds take turns; what is printed are medians, and how many times as long a
# request took as alone. As root.
set -euo pipefail
cd "$(dirname "$0")/../.."
PALE_BUILD=${PALE_BUILD:-build}
. tests/nginx.bash
seconds=${1:-5} rounds=${2:-5}

work=$(mktemp -d)
unified=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
group=$unified/pale-bench-$$
mkdir "$group"
stage=
trap '[ -z "$stage" ] || stage_stop; rm -rf "$work"; rmdir "$group"' EXIT
stage_start

nginx=(nginx -g 'daemon off;')
learn=("$PALE_BUILD/pale" learn -o "$work/t.pale")
# What serves; it ends when nginx does.
start_alone() {
	on_stage "${nginx[@]}"
}
start_cgroup() {
	on_stage "${learn[@]}" --cgroup "$group" &
	until grep -q 'is recorded' "$work/said"; do sleep 0.05; done
	on_stage sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - "$group" "${nginx[@]}"
	wait
}
start_command() {
	on_stage "${learn[@]}" -- "${nginx[@]}"
}
start_unprivileged() {
	on_stage "${learn[@]}" --unprivileged -- "${nginx[@]}"
}
start_strace() {
	on_stage strace -f -qq -o /dev/null "${nginx[@]}"
}

measure() { # WAY
	rm -f "$work"/t.pale*
	: >"$work/said"
	"start_$1" 2>"$work/said" &
	in_time nginx_serves >&2 || { echo "$1"; cat "$work/said"; exit 1; } >&2
	on_stage wrk --threads 1 --connections 8 --duration "${seconds}s" http://127.0.0.1/ | awk '/^Requests\/sec:/ { print $2 }' >>"$work/$1"
	nginx_quit >&2
	wait
}

read -ra ways <<<"${PALE_WAYS:-alone cgroup command unprivileged strace}"
for ((round = 0; round < rounds; round++)); do
	for way in "${ways[@]}"; do
		measure "$way"
	done
done
for way in "${ways[@]}"; do
	median=$(sort -n "$work/$way" | sed -n "$(((rounds + 1) / 2))p")
	[ "$way" != alone ] || alone=$median
	awk -v way="$way" -v median="$median" -v alone="$alone" 'BEGIN { printf "%-14s %8.0f requests a second, %.2f times as long\n", way, median, alone / median }'
done
