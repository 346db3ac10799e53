#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How long it takes from the kernel's verdict to the line in the log, and what a container that is refused something as fast as it can
# costs its neighbour: paled, pale-runtime and real containers. On this machine seccomp refuses mkdir, under runc; in the guest
# (make bench-events KERNEL=…) BPF-LSM refuses to open a file, under crun. $PALE_SECONDS each, 20 unless it says otherwise. Nothing here
# passes or fails by its figures; that what was told and what was counted as lost make up what was refused is checked.
# shellcheck disable=SC2154
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
seconds=${PALE_SECONDS:-20}
real=runc act=mkdir
[ -z "${PALE_VM:-}" ] || real=crun act=open
work=$(mktemp -d)

end() {
	[ -z "${paled:-}" ] || kill "$paled" 2>/dev/null || true
	for id in noisy quiet; do
		runtime delete --force $id >/dev/null 2>&1 || true
	done
	wait
	umount "$work/rootfs" 2>/dev/null || true
	rm -rf "$work"
}
trap end EXIT

runtime() {
	"$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v $real)" --pale-socket "$work/run" --root "$work/$real" "$@"
}

# start_paled EVENTS-PER-SECOND: with what the log had gone.
start_paled() {
	local line
	rm -f "$work"/events* "$work/run/events"
	printf 'allow-partial: true\nevents-per-second: %d\n' "$1" >"$work/paled.conf"
	PALE_PATH=$PWD/profiles "$PALE_BUILD/paled" --run "$work/run" --log "$work/events" --recorder "$work/recorder.db" --profiles "$work/profiles" \
		--config "$work/paled.conf" 2>>"$work/log" &
	paled=$!
	for ((i = 0; i < 3000; i++)); do
		[ ! -S "$work/run/events" ] || break
		sleep 0.1
	done
	for id in quiet noisy; do
		jq --arg id $id '.hostname = $id' "$work/config.json" >"$work/bundle/config.json"
		runtime create --bundle "$work/bundle" $id </dev/null >/dev/null
		runtime start $id
	done
	line=$("$PALE_BUILD/pale" ps --run "$work/run" | grep -c running)
	[ "$line" = 2 ]
}
stop_paled() {
	for id in quiet noisy; do
		runtime delete --force $id
	done
	kill $paled
	wait $paled
	paled=
}

# cpu: of paled, in hundredths of a second.
cpu() {
	awk '{ print $14 + $15 }' "/proc/$paled/stat"
}

# measure NAME QUIET-RATE NOISY-RATE: -1 is not at all. Prints a line for each that was refused something.
measure() {
	local begun used id n median p99 longest counted refused=0 told=0 before after
	coproc latency { exec "$PALE_BUILD/tests/bench/event_latency" "$work/events" quiet noisy; }
	local out=${latency[0]} in=${latency[1]} pid=$latency_PID
	read -r _ <&"$out"
	before=$(not_told) begun=$(cpu)
	[ "$3" = -1 ] || runtime exec noisy /bin/violate $act "$3" "$seconds" >"$work/refused.noisy" &
	noisy=$!
	[ "$2" = -1 ] || runtime exec quiet /bin/violate $act "$2" "$seconds" >"$work/refused.quiet"
	wait $noisy
	used=$(($(cpu) - begun))
	# What is throttled without a later event is told within five seconds.
	sleep 7
	eval "exec $in>&-"
	after=$(not_told)
	while read -r id n _ median p99 longest; do
		[ -s "$work/refused.$id" ] || continue
		read -r counted _ <"$work/refused.$id"
		printf '%-22s %-6s %9d %9d %9d %8s %8s %8s %5d%%\n' "$1" "$id" "$counted" "$n" $((counted - n)) "$median" "$p99" "$longest" \
			$((used / seconds))
		refused=$((refused + counted)) told=$((told + n))
	done <&"$out"
	wait "$pid" || true
	rm "$work"/refused.*
	[ $((told + after - before)) = $refused ] || {
		echo "not ok 1 - $refused were refused, $told told and $((after - before)) counted"
		exit 1
	}
}

# not_told: how many were counted instead, of both, since paled started.
not_told() {
	"$PALE_BUILD/pale" status --run "$work/run" --json | jq '.daemon.events | .lost + .throttled'
}

mkdir -p "$work"/{run,profiles,lower/{bin,srv,dev,proc,sys},upper,work,rootfs,bundle}
cat >"$work/profiles/violate.pale" <<'END'
use base/libc
profile violate {
    include libc
    process {
        allow exec /bin/violate
        allow signal to self
    }
    syscall { allow pause, nanosleep }
}
END
cp "$PALE_BUILD/tests/programs/violate" "$work/lower/bin/"
echo secret >"$work/lower/srv/secret"
mount -t overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" overlay "$work/rootfs"
(cd "$work/bundle" && $real spec)
jq --arg root "$work/rootfs" '.process.terminal = false | .process.args = ["/bin/violate", "wait"] | .root.path = $root |
	.annotations["pale.dev/profile"] = "violate" | del(.process.rlimits, .linux.resources, .linux.seccomp)' \
	"$work/bundle/config.json" >"$work/config.json"

echo 1..1
echo "# $real, $act, $(uname -r), $(nproc) CPUs, $seconds s each; ms from the verdict to the line in the file; paled's part of a CPU"
printf '%-22s %-6s %9s %9s %9s %8s %8s %8s %6s\n' '# events-per-second' who refused told 'not told' median p99 longest CPU
start_paled 1000
measure '1000, alone' 50 -1
measure '1000, beside a flood' 50 0
stop_paled
start_paled 0
for rate in 1000 10000 60000; do
	measure "none, $rate/s" -1 $rate
done
measure 'none, alone' 50 -1
measure 'none, beside a flood' 50 0
stop_paled
echo "ok 1 - what was told and what was counted make up what was refused"
