# SPDX-License-Identifier: Apache-2.0
# paled with its recorder, and containers of runc whose programs do what recorded_acts.c does. Sourced by recorder.bats after
# refused_calls.bash, whose paled is as this one.
# shellcheck shell=bash

# start_recording [COMMAND…]: paled, with its state in $work; COMMANDs run before it in its mount namespace.
start_recording() {
	mkdir -p "$work"/{profiles,run,lib}
	cp tests/programs/recorded_acts.pale "$work/profiles/"
	printf 'allow-partial: true\n' >"$work/paled.conf"
	touch "$work/log"
	before=$(grep -c "^paled: ready" "$work/log") || :
	PALE_PATH=$PWD/profiles unshare --mount --propagation private --fork --kill-child bash -c "${1:-:}"'
		exec "$@"' - "$PALE_BUILD/paled" --run "$work/run" --log "$work/events" --profiles "$work/profiles" \
		--config "$work/paled.conf" --recorder "$work/lib/recorder.db" 2>>"$work/log" 3>&- &
	keeper=$!
	export keeper
	until_true 300 is_ready
	paled=$(pgrep --parent $keeper)
	export paled
	# Each test is a process of its own.
	echo "paled=$paled keeper=$keeper" >"$work/running"
}
find_paled() {
	. "$work/running"
}
is_ready() {
	[ "$(grep -c '^paled: ready' "$work/log")" -gt "$before" ]
}

make_acting_bundle() {
	rm -rf "$work/bundle"
	mkdir -p "$work/bundle/rootfs"/{bin,dev,proc,sys}
	cp "$PALE_BUILD/tests/programs/recorded_acts" "$work/bundle/rootfs/bin/acts"
	(cd "$work/bundle" && runc spec)
	jq '.process.terminal = false | .process.args = ["/bin/acts", "wait"] | .annotations["pale.dev/profile"] = "acts" |
		.root.readonly = false | .process.noNewPrivileges = true | del(.process.rlimits, .linux.resources, .linux.seccomp)' \
		"$work/bundle/config.json" >"$work/new"
	mv "$work/new" "$work/bundle/config.json"
}

# record ID SCRIPT: a container of this id, and what a shell does meanwhile, with `enter ACT…` for a process in it.
record() {
	work=$work PALE_BUILD=$PALE_BUILD paled=$paled timeout 120 unshare --mount --pid --fork --kill-child --mount-proc bash -euc '
		id=$1
		runtime=("$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v runc)" --pale-socket "$work/run" --root "$work/runc")
		enter() {
			"${runtime[@]}" exec "$id" /bin/acts "$@"
		}
		"${runtime[@]}" create --bundle "$work/bundle" "$id" </dev/null
		"${runtime[@]}" start "$id"
		eval "$2"
		"${runtime[@]}" delete --force "$id"' record "$1" "$2"
}

# ask SOCKET REQUEST: the answer.
ask() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(s.makefile().readline(), end="")' "$work/run/$1" "$2"
}

# unified: where that hierarchy is mounted.
unified() {
	findmnt --noheadings --output TARGET --types cgroup2 | head -n 1
}

# recorded FILTER [OPTION…]: what jq makes of all that is recorded, one after another.
recorded() {
	"$PALE_BUILD/pale" events --run "$work/run" --until 2099-01-01 --json "${@:2}" | jq -r "$1"
}
count() {
	recorded "select($1) | 1" "${@:2}" | wc -l
}
