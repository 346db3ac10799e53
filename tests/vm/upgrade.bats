#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container of an older version of Pale, whose build is in build/from (make test-upgrade FROM=…), goes on under this one with BPF-LSM:
# nothing that is denied is let through while daemons and their programs are exchanged, and nothing is counted twice or lost.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

. "$BATS_TEST_DIRNAME/paled.bash"

# start_paled BUILD: the daemon of that version.
start_paled() {
	local before
	before=$(grep -c 'ready:' "$work/log" 2>/dev/null) || true
	PALE_PATH=$1/../profiles "$1/paled" --run "$work/run" --log "$work/events" --profiles "$work/profiles" --config "$work/paled.conf" \
		2>>"$work/log" 3>&- &
	echo $! >"$work/pid"
	until_true 300 is_ready "${before:-0}"
}
is_ready() {
	[ "$(grep -c 'ready:' "$work/log")" -gt "$1" ]
}
stop_paled() {
	kill "-$1" "$(cat "$work/pid")"
	until_true 20 has_ended
}
has_ended() {
	[ ! -e "/proc/$(cat "$work/pid")/exe" ]
}

# runtime BUILD COMMAND…
runtime() {
	"$1/pale-runtime" --pale-runtime "$(command -v crun)" --pale-socket "$work/run" --root "$work/crun" "${@:2}"
}
create() { # BUILD ID
	jq --arg id "$2" '.hostname = $id' "$work/config.json" >"$work/bundle/config.json"
	runtime "$1" create --bundle "$work/bundle" "$2" </dev/null
	runtime "$1" start "$2"
}
# is_refused BUILD ID: a program that is executed in it, and it itself all the time.
is_refused() {
	run ! runtime "$1" exec "$2" /bin/busybox cat /srv/secret
	[[ $output == *"can't open '/srv/secret': Permission denied"* ]]
	run -0 runtime "$1" exec "$2" /bin/busybox true
	[ ! -e "$work/rootfs/srv/leaked" ]
}

# Each refusal was told, by whichever daemon, or counted; while the container is frozen.
adds_up() { # ID
	local told
	told=$(jq -sc --arg id "$1" '[.[] | select(.kind == "violation" and .container.id == $id)] | length' "$work/events")
	"$2/pale" ps --run "$work/run" --json |
		jq -e --arg id "$1" --argjson told "$told" '.[] | select(.id == $id) | .refused > 10 and .refused == $told + .lost + .throttled' >/dev/null
}
freeze() { # ID
	echo 1 >"/sys/fs/cgroup/$1/cgroup.freeze"
}

# One test: what came before is what the next step begins with.
@test "containers of an older version go on under this one, and under the older one again" {
	cd "$BATS_TEST_DIRNAME/../.."
	work=$(mktemp -d)
	from=$PWD/build/from/build
	to=$PWD/build
	mkdir -p "$work"/{run,profiles,bundle,lower/{bin,srv,dev,proc,sys},upper,work,rootfs}
	cp /bin/busybox "$work/lower/bin/"
	echo secret >"$work/lower/srv/secret"
	mount -t overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" overlay "$work/rootfs"
	(cd "$work/bundle" && crun spec)
	jq --arg root "$work/rootfs" '.process.terminal = false | .root.path = $root | .annotations["pale.dev/profile"] = "web" |
		.process.args = ["/bin/busybox", "sh", "-c", "while :; do read -r x </srv/secret && echo leaked >/srv/leaked; /bin/busybox usleep 50000; done 2>/dev/null"] |
		.root.readonly = false | del(.process.rlimits, .linux.resources, .linux.seccomp)' "$work/bundle/config.json" >"$work/config.json"
	printf '%s\n' 'use base/libc, base/shell-minimal' 'profile web {' 'include libc, shell-minimal' \
		'process { allow exec /bin/busybox }' 'file { allow create, write /srv/leaked; deny read /srv/secret }' '}' >"$work/profiles/web.pale"
	: >"$work/paled.conf"

	start_paled "$from"
	create "$from" old
	is_refused "$from" old
	stop_paled TERM
	start_paled "$to"
	is_refused "$to" old
	is_refused "$from" old
	create "$to" new
	create "$from" mixed
	stop_paled KILL
	for id in old new mixed; do
		run ! crun --root "$work/crun" exec $id /bin/busybox cat /srv/secret
	done
	start_paled "$from"
	for id in old new mixed; do
		is_refused "$to" $id
	done
	stop_paled KILL
	start_paled "$to"
	for id in old new mixed; do
		is_refused "$from" $id
		freeze $id
		until_true 20 adds_up $id "$to"
	done
}
