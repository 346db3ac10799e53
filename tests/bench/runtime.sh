#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What pale-runtime adds to the life of a container: create, start and delete of one of the image busybox that
# ends by itself, by pale-runtime and by the runtime alone, both with the config.json that pale-runtime writes, in turn. For crun also what
# the filter's raw bytes save against its JSON, which that file has beside them. Nothing here passes or fails by its figures.
#
# The guest's time is real time: where it counts instructions, each wait for the host's files lets the clock jump to the next timeout.
#
# Started by tests/runtime/run.sh with the engine "none": make bench-runtime. $PALE_PAIRS of them, 200 unless it says otherwise.
# shellcheck disable=SC2034,SC2154
set -euo pipefail

. tests/runtime/engine.bash
. tests/runtime/pale.bash
pairs=${PALE_PAIRS:-200}
name=bench
bundle=$bundles/$name
times=$(mktemp -d)
configs=$(mktemp -d)
trap 'engine_remove $name >/dev/null 2>&1; rm -rf "$times" "$configs"' EXIT

# Not counted: that its program ends, which is waited for. The pid is what `create` told.
has_ended() {
	local state
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 0
	[ "$state" = Z ]
}

# life RUNTIME CONFIG RESULTS: one container; appends its microseconds.
life() {
	local runtime=$1 begun ended pid time
	cp "$2" "$bundle/config.json"
	begun=${EPOCHREALTIME/[.,]/}
	oci create --bundle "$bundle" --pid-file "$times/pid" $name </dev/null >/dev/null 2>"$times/errors" 3>&-
	oci start $name
	ended=${EPOCHREALTIME/[.,]/}
	time=$((ended - begun))
	pid=$(cat "$times/pid")
	until has_ended "$pid"; do :; done
	begun=${EPOCHREALTIME/[.,]/}
	oci delete $name
	ended=${EPOCHREALTIME/[.,]/}
	echo $((time + ended - begun)) >>"$times/$3"
}

# compare A-RUNTIME A-CONFIG A-NAME B-RUNTIME B-CONFIG B-NAME: in pairs, each time the other first.
compare() {
	local i
	for ((i = -3; i < pairs; i++)); do
		if ((i % 2)); then
			life "$1" "$2" "$3" && life "$4" "$5" "$6"
		else
			life "$4" "$5" "$6" && life "$1" "$2" "$3"
		fi
		# The first ones find nothing in the caches.
		((i >= 0)) || rm "$times/$3" "$times/$6"
	done
	summary "$3"
	summary "$6"
	paste "$times/$3" "$times/$6" | awk '{ print $2 - $1 }' >"$times/difference"
	summary difference
}

summary() {
	sort -n "$times/$1" | awk -v name="$1" '{ v[NR] = $1 / 1000 } END { printf "# %-24s median %8.2f ms, quartiles %8.2f and %8.2f, of %d\n", name,
		(v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[int((NR + 3) / 4)], v[int((3 * NR + 3) / 4)], NR }'
}

profile=test-busybox
runtime=$pale_runtime
bundle_make $name busybox busybox true
cp "$bundle/config.json" "$configs/asked"
# Once through pale-runtime, for what it writes.
oci create --bundle "$bundle" $name </dev/null >/dev/null 3>&-
cp "$bundle/config.json" "$configs/written"
oci delete --force $name
jq -e '.linux.seccomp.syscalls | length > 0' "$configs/written" >/dev/null

echo 1..1
echo "# $runtime_name $(bare_runtime) $("$(bare_runtime)" --version | head -n 1), config.json of $(wc -c <"$configs/written") bytes"
compare "$(bare_runtime)" "$configs/written" "$runtime_name" "$pale_runtime" "$configs/asked" pale-runtime
if [ "$runtime_name" = crun ]; then
	jq 'del(.annotations["run.oci.seccomp_bpf_data"])' "$configs/written" >"$configs/json"
	! cmp -s "$configs/json" "$configs/written"
	compare "$(bare_runtime)" "$configs/written" raw-bytes "$(bare_runtime)" "$configs/json" json
fi
echo "ok 1 - measured $pairs pairs"
