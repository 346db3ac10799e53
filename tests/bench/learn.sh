#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What it costs a program to be learned from: Debian's nginx under load, from one connection and from several, and a loop of getppid; alone,
# under `pale learn` in each way that there is, and under `strace -f`. All ways take turns in each of $PALE_ROUNDS rounds (5); wrk asks for
# $PALE_SECONDS (2) a time; $PALE_WAYS ("bare root grouped") are those that take part. Medians, and how many times slower than alone. Figures pass or fail nothing.
#
# On this machine, or in the guest, in instructions: make bench-learn, bench-learn-vm. Needs root.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
export PALE_PATH=$PWD/profiles
pale=$PALE_BUILD/pale
rounds=${PALE_ROUNDS:-5}
seconds=${PALE_SECONDS:-2}
# There time is the number of instructions, and one round like the next.
[ -z "${PALE_VM:-}" ] || { rounds=${PALE_ROUNDS:-1} seconds=${PALE_SECONDS:-1}; }
port=8807
several=8
goal=1.15
work=$(mktemp -d /srv/pale-bench-XXXXXX)
chmod 755 "$work"
group=

end() {
	[ ! -s "$work/nginx.pid" ] || kill -KILL "$(cat "$work/nginx.pid")" 2>/dev/null || true
	[ -z "$(jobs -p)" ] || kill -KILL $(jobs -p) 2>/dev/null || true
	wait
	[ -z "$group" ] || rmdir "$group" || true
	rm -rf "$work"
}
trap end EXIT

. tests/nginx_conf.bash
nginx_conf "$work" $port 1 'keepalive_requests 100000000;'
mkdir "$work"/{out,results}
head -c 612 /dev/zero | tr '\0' x >"$work/www/index.html"

# Each way runs COMMAND, and ends with it.
policy=$work/out/bench.pale
bare() {
	exec "$@"
}
root() {
	exec "$pale" learn -o "$policy" -- "$@" 2>"$work/said"
}
unprivileged() {
	exec "$pale" learn --unprivileged -o "$policy" -- "$@" 2>"$work/said"
}
traced() {
	exec strace -f -qq -o "$work/trace" "$@"
}
# Who runs in a group already, as a container does.
grouped() {
	local watcher status=0
	"$pale" learn -o "$policy" --cgroup "$group" 2>"$work/said" &
	watcher=$!
	in_time grep -q 'is recorded' "$work/said"
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$group" "$@" || status=$?
	kill -TERM $watcher 2>/dev/null || true
	wait $watcher || true
	return $status
}

ways=(bare root grouped unprivileged traced)
declare -A names=([bare]=alone [root]='pale learn, root' [unprivileged]='pale learn --unprivileged' [traced]='strace -f'
	[grouped]='pale learn --cgroup')
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
group=$mount/pale-bench-$$
mkdir "$group"
[ -z "${PALE_WAYS:-}" ] || read -ra ways <<<"$PALE_WAYS"

serves() {
	curl -s -o /dev/null "http://127.0.0.1:$port/"
}

in_time() { # COMMAND…: until it succeeds; an emulator takes minutes to verify the programs of BPF-LSM
	local until=$((SECONDS + 300))
	until "$@"; do
		if [ $SECONDS -ge $until ]; then
			echo "waited in vain for: $*" >&2
			cat "$work/said" "$work/error.log" >&2 || true
			return 1
		fi
		sleep 0.05
	done
}

# Microseconds from one answer to the next.
request() { # CONNECTIONS
	wrk -t 1 -c "$1" -d "$seconds" "http://127.0.0.1:$port/" >"$work/wrk"
	awk '/Non-2xx|Socket errors/ { bad = 1 } /^Requests\/sec:/ { printf "%.1f\n", 1000000 / $2; found = 1 } END { exit bad || !found }' "$work/wrk"
}

measure() { # WAY
	local way=$1 run
	rm -f "$work"/{trace,access.log,error.log} "$work"/out/*
	("$way" "${nginx[@]}") &
	run=$!
	in_time serves
	request 1 >>"$work/results/$way.one"
	request $several >>"$work/results/$way.several"
	kill -QUIT "$(cat "$work/nginx.pid")"
	wait $run
	[ ! -e "$policy.runs" ] || jq -r .recorder "$policy.runs" >"$work/results/$way.recorder"
	rm -f "$work"/trace "$work"/out/*
	("$way" "$PALE_BUILD/tests/bench/getppid" 500) >>"$work/results/$way.getppid"
}

median() {
	sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

row() { # WAY
	local what figure
	printf '%-28s' "${names[$1]}"
	for what in one several getppid; do
		figure=$(median "$work/results/$1.$what")
		awk -v figure="$figure" -v bare="$(median "$work/results/bare.$what")" 'BEGIN { printf " %11.2f %7.2fx", figure, figure / bare }'
	done
	[ "$1" != root ] && [ "$1" != grouped ] || printf '  goal, nginx: at most %sx' $goal
	[ ! -e "$work/results/$1.recorder" ] || printf '  (%s)' "$(cat "$work/results/$1.recorder")"
	echo
}

echo 1..1
echo "# Linux $(uname -r), $(nproc) CPUs, $(nginx -v 2>&1 | sed 's/.*: //') with 1 worker, $rounds rounds of $seconds s; medians, and times those alone"
for ((round = 0; round < rounds; round++)); do
	for way in "${ways[@]}"; do
		measure "$way"
	done
done
printf '# %-26s %20s %20s %20s\n' 'us a request, ns a call' 'nginx, 1 connection' "nginx, $several connections" getppid
for way in "${ways[@]}"; do
	echo "# $(row "$way")"
done
echo "ok 1 - each way served every request"
