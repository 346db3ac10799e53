#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# paled with BPF-LSM, and a container of crun under it: a policy that changes while the container runs, and the daemon's sudden end. The
# guest is started without AppArmor, whose profiles do not change under a container.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

# start_paled: until it answers.
start_paled() {
	rm -f "$work/run/events"
	PALE_PATH=$PWD/profiles build/paled --run "$work/run" --log "$work/events" --profiles "$work/none" --config "$work/paled.conf" \
		2>>"$work/log" 3>&- &
	echo $! >"$work/pid"
	until_true 300 [ -S "$work/run/events" ]
}

until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "waited in vain for: $*" && cat "$work/log" && return 1; }
		sleep 0.1
	done
}

# policy RULE…: with these rules besides what every version has.
policy() {
	{
		printf 'use base/libc, base/shell-minimal\nprofile web {\n\tinclude libc, shell-minimal\n'
		printf '\tprocess { allow exec /bin/busybox }\n'
		printf '\t%s\n' "$@"
		echo '}'
	} >"$work/web.pale"
	pale load --replace -I profiles "$work/web.pale"
}

pale() {
	build/pale "$1" --run "$work/run" "${@:2}"
}

runtime() {
	build/pale-runtime-crun --pale-socket "$work/run" --root "$work/crun" "$@"
}

in_container() {
	runtime exec web /bin/busybox "$@"
}

refused() { # OBJECT: how often that was reported
	jq -sc --arg object "$1" '[.[] | select(.kind == "violation" and .object == $object and .container.id == "web")] | length' "$work/events"
}
refused_times() {
	[ "$(refused "$1")" = "$2" ]
}

counted() { # MEMBER of the container
	pale ps --json | jq -r ".[] | select(.id == \"web\") | .$1"
}

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	work=$(mktemp -d)
	export work
	export -f start_paled until_true policy pale runtime in_container refused refused_times counted
	ln -sf pale-runtime build/pale-runtime-crun
	echo 'events-per-second: 50' >"$work/paled.conf"
	mkdir -p "$work"/{run,lower/{bin,srv,dev,proc,sys,etc},upper,work,bundle/rootfs}
	cp /bin/busybox "$work/lower/bin/"
	echo secret >"$work/lower/srv/secret"
	mount -t overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" overlay "$work/bundle/rootfs"
	start_paled
	policy 'file { deny read /srv/secret }'
	(cd "$work/bundle" && crun spec)
	jq '.process.terminal = false | .process.args = ["/bin/busybox", "sleep", "3000"] | .annotations["pale.dev/profile"] = "web" |
		del(.process.rlimits, .linux.resources, .linux.seccomp)' "$work/bundle/config.json" >"$work/new"
	mv "$work/new" "$work/bundle/config.json"
	runtime create --bundle "$work/bundle" web </dev/null
	runtime start web
}

teardown_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	runtime delete --force web || true
	kill "$(cat "$work/pid")" || true
	wait || true
	umount "$work/bundle/rootfs"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

@test "a container keeps the policy that it was started with" {
	run ! in_container cat /srv/secret
	until_true 20 refused_times /srv/secret 1
	policy 'file { allow read /srv/secret }'
	[ "$(counted restart_required)" = true ]
	run ! in_container cat /srv/secret
	until_true 20 refused_times /srv/secret 2
}

@test "update puts it under the new one while it runs" {
	run -0 pale update web
	[ "$output" = 'web: updated' ]
	[ "$(counted restart_required)" = false ]
	run -0 in_container cat /srv/secret
	[ "$output" = secret ]
	[ "$(refused /srv/secret)" = 2 ]
}

@test "what is decided by more than BPF-LSM needs a restart" {
	policy 'file { allow read /srv/secret }' 'allow capability net_raw'
	run -0 pale update web
	[[ $output == 'web: needs a restart: the '@(system calls|capabilities)' are others' ]]
	policy 'file { deny read /srv/secret }'
	run -0 pale update web
	[ "$output" = 'web: updated' ]
	run ! in_container cat /srv/secret
	until_true 20 refused_times /srv/secret 3
}

@test "after kill -9 what is refused stays so, and what was counted is told by the next daemon" {
	kill -9 "$(cat "$work/pid")"
	wait
	for _ in 1 2 3; do
		run ! crun --root "$work/crun" exec web /bin/busybox cat /srv/secret
	done
	run -0 crun --root "$work/crun" exec web /bin/busybox true
	start_paled
	until_true 30 refused_times /srv/secret 6
	[ "$(counted refused)" = "$(counted events)" ]
	[ "$(counted lost)" = 0 ]
	run -0 in_container true
	run ! in_container cat /srv/secret
	until_true 20 refused_times /srv/secret 7
}

@test "a flood is counted to the last" {
	before=$(counted refused)
	in_container sh -c 'i=0; while [ $i -lt 3000 ]; do read -r x </srv/secret; i=$((i + 1)); done' 2>/dev/null || true
	[ $(($(counted refused) - before)) = 3000 ]
	[ "$(counted throttled)" -gt 0 ]
	all_told
}

# What is not told is counted; the last may still wait to be read.
all_told() {
	until_true 20 sum_is_right
}
sum_is_right() {
	[ "$(counted events)" = "$(($(counted reported) + $(counted throttled) + $(counted lost)))" ]
}
