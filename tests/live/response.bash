# SPDX-License-Identifier: Apache-2.0
# paled, pale-runtime and a real runtime, and a container whose program asks again and again for what it is refused. Sourced by bats files: of
# the host, where seccomp refuses, and of the guest, where BPF-LSM does.
# shellcheck shell=bash

. tests/live/refused_calls.bash

# Each test has a shell of its own.
[ ! -e "$work/paled" ] || {
	paled=$(cat "$work/paled")
	keeper=$(cat "$work/keeper")
}

# configure [TEXT]: paled's configuration, with what responses there are.
configure() {
	printf 'allow-partial: true\nevents-per-second: 1000\n%b' "${1:-}" >"$work/paled.conf"
	[ -n "${paled:-}" ] || return 0
	kill -HUP "$paled"
	# It answers when it has read it.
	pale ps >"$work/answer"
}

# start_responder: paled, with its state in $work.
start_responder() {
	# What it pins is on a file system that it mounts, and which is to outlive it where there is BPF-LSM.
	local private=(--mount)
	[ -z "${PALE_VM:-}" ] || private=()
	mkdir -p "$work"/{profiles,run,fifo}
	cp tests/programs/repeated_attack.pale "$work/profiles/"
	rm -f "$work/run/events"
	PALE_PATH=$PWD/profiles unshare "${private[@]}" --fork --kill-child "$PALE_BUILD/paled" --run "$work/run" --log "$work/events" --recorder "$work/recorder.db" \
		--profiles "$work/profiles" --config "$work/paled.conf" 2>>"$work/log" 3>&- &
	keeper=$!
	echo $keeper >"$work/keeper"
	until_true 300 [ -S "$work/run/events" ]
	paled=$(pgrep --parent $keeper)
	echo "$paled" >"$work/paled"
	until_true 300 pale ps >"$work/answer"
}

pale() {
	"$PALE_BUILD/pale" "$1" --run "$work/run" "${@:2}"
}

# container ID ARGUMENT…: one whose program is repeated_attack with these arguments, until end_container ID. In a hybrid set-up the runtime
# makes a group in the unified hierarchy, too, unless that is not mounted: hidden=FOLDER is taken away for it.
container() {
	local id=$1 args
	shift
	args=$(printf '%s\n' /bin/attack "$@" | jq -R . | jq -sc .)
	rm -rf "$work/$id"
	mkdir -p "$work/$id"/rootfs/{bin,dev,proc,sys,data,srv} "$work/$id"/{upper,workdir,image,out}
	cp "$PALE_BUILD/tests/programs/repeated_attack" "$work/$id/rootfs/bin/attack"
	echo secret >"$work/$id/rootfs/srv/secret"
	(cd "$work/$id" && "$real" spec)
	jq --argjson args "$args" --arg id "$id" --arg out "$work/$id/out" '.process.terminal = false | .process.args = $args |
		.annotations["pale.dev/profile"] = "attacked" | .root.path = "image" | .root.readonly = false |
		.mounts += [{ destination: "/data", type: "none", source: $out, options: ["bind", "rw"] }] |
		.linux.cgroupsPath = "/pale-response-" + $id | del(.process.rlimits, .linux.resources, .linux.seccomp)' \
		"$work/$id/config.json" >"$work/$id/new"
	mv "$work/$id/new" "$work/$id/config.json"
	mkfifo "$work/fifo/$id"
	work=$work real=$real PALE_BUILD=$PALE_BUILD hidden=${hidden:-} unshare --mount --pid --fork --kill-child --mount-proc bash -euc '
		[ -z "$hidden" ] || umount "$hidden"
		mount -t overlay -o "lowerdir=$work/$1/rootfs,upperdir=$work/$1/upper,workdir=$work/$1/workdir" overlay "$work/$1/image"
		runtime=("$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v "$real")" --pale-socket "$work/run" --root "$work/$real")
		"${runtime[@]}" create --bundle "$work/$1" "$1" </dev/null
		"${runtime[@]}" start "$1"
		read -r _ <"$work/fifo/$1"
		"${runtime[@]}" delete --force "$1"' container "$id" >"$work/$id.said" 2>&1 3>&- &
	until_true 60 knows "$id"
}
end_container() {
	echo end >"$work/fifo/$1"
	rm "$work/fifo/$1"
	until_true 60 forgets "$1"
}
state() {
	pale ps --json | jq -r --arg id "$1" '.[] | select(.id == $id) | .state'
}
is_in_state() {
	[ "$(state "$1")" = "$2" ]
}
knows() { is_in_state "$1" running; }
forgets() { [ -z "$(state "$1")" ]; }

# How far the attack of a container has come; more or fewer processes of it there are.
progress() {
	stat -c %s "$work/$1/out/progress"
}
has_come_further() {
	[ -e "$work/$1/out/progress" ] && [ "$(progress "$1")" -gt "$2" ]
}
goes_on() {
	until_true 20 has_come_further "$1" 0
	until_true 20 has_come_further "$1" $(($(progress "$1") + 5))
}
# Twenty times as long as each of its steps takes, on whatever machine: the daemon answers meanwhile.
stands_still() {
	local at
	at=$(progress "$1")
	sleep 0.4
	[ "$(progress "$1")" = "$at" ]
}

# responses ID FILTER: events of that kind.
responses() {
	events "$1" "select(.kind == \"response\") | $2"
}
responded() { # ID FILTER
	[ -n "$(responses "$1" "select($2)")" ]
}

# Milliseconds from each violation to what was done about it, the longest.
slowest() {
	jq -s 'def ms: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
		[.[] | select(.kind == "response" and .done) | (.time | ms) - (.cause.time | ms)] | max' "$work/events"
}
