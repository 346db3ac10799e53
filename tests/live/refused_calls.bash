# SPDX-License-Identifier: Apache-2.0
# paled, pale-runtime and a real runtime, and what refused_calls.c is refused in a container. Sourced by bats files: of the host, where
# nothing but a tracepoint's program can tell, and of the guest.
#
# paled stays in the initial process namespace, by whose numbers the kernel tells processes; the runtime and its containers have one of
# their own, and end with it.
# shellcheck shell=bash

# start_paled: with its state in $work, and until it answers.
start_paled() {
	mkdir -p "$work"/{profiles,run}
	cp tests/programs/refused_calls.pale "$work/profiles/"
	# What the recorder attaches would be counted, too.
	printf 'allow-partial: true\nevents-per-second: 100\nrecorder: off\n' >"$work/paled.conf"
	PALE_PATH=$PWD/profiles unshare --mount --fork --kill-child "$PALE_BUILD/paled" --run "$work/run" --log "$work/events" \
		--profiles "$work/profiles" --config "$work/paled.conf" 2>"$work/log" 3>&- &
	keeper=$!
	export keeper
	until_true 300 [ -S "$work/run/events" ]
	paled=$(pgrep --parent $keeper)
	export paled
	# This /proc, where others have their own.
	exec 9</proc
}

# With what keeps its namespace; also one that did not come to answer.
stop_paled() {
	[ -z "${paled:-}" ] || kill "$paled"
	[ -n "${paled:-}" ] || [ -z "${keeper:-}" ] || kill "$keeper"
	until_true 20 has_ended "${keeper:-0}"
}
has_ended() {
	[ ! -e "/proc/$1/exe" ] || [ "$(awk '/^State/ { print $2 }' "/proc/$1/status")" = Z ]
}

# until_true SECONDS COMMAND…
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || {
			echo "waited in vain for: $*"
			cat "$work/log"
			return 1
		}
		sleep 0.1
	done
}

# make_bundle FILTER: whose container waits; jq's FILTER changes its configuration. It lies in $work/bundle.
make_bundle() {
	rm -rf "$work/bundle"
	mkdir -p "$work/bundle/rootfs"/{bin,dev,proc,sys}
	cp "$PALE_BUILD/tests/programs/refused_calls" "$work/bundle/rootfs/bin/calls"
	(cd "$work/bundle" && "$real" spec)
	jq '.process.terminal = false | .process.args = ["/bin/calls", "wait"] | .annotations["pale.dev/profile"] = "calls" |
		del(.process.rlimits, .linux.resources, .linux.seccomp) | '"$1" "$work/bundle/config.json" >"$work/new"
	mv "$work/new" "$work/bundle/config.json"
}

# act ID ACT…: a container whose program does each of these in a process of its own, and then what marks the end of it.
act() {
	local id=$1
	shift
	work=$work real=$real PALE_BUILD=$PALE_BUILD unshare --mount --pid --fork --kill-child --mount-proc bash -euc '
		id=$1
		shift
		runtime=("$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v "$real")" --pale-socket "$work/run" --root "$work/$real")
		"${runtime[@]}" create --bundle "$work/bundle" "$id" </dev/null
		"${runtime[@]}" start "$id"
		links "$id"
		for act in "$@" mark; do
			"${runtime[@]}" exec "$id" /bin/calls "$act"
		done
		"${runtime[@]}" delete --force "$id"' act "$id" "$@"
}

# links NAME: how many BPF programs paled has attached, into a file of that name.
links() {
	find "/proc/self/fd/9/$paled/fd/" -lname 'anon_inode:bpf*link*' | wc -l >"$work/links.$1"
}
export -f links

# It goes some seconds after the last container that needs it.
is_detached() {
	links now
	[ "$(cat "$work/links.now")" = "$(cat "$work/links.before")" ]
}

# events ID FILTER: of a container, and what jq's FILTER says of each.
events() {
	jq -c --arg id "$1" "select(.container.id? == \$id) | $2" "$work/events"
}
violations() {
	events "$1" "select(.kind == \"violation\") | $2"
}

is_marked() {
	[ -n "$(violations "$1" 'select(.syscall.arguments[1] == "0x29c")')" ]
}
