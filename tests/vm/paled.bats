#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# paled with BPF-LSM, and a container of crun under it: a policy that changes while the container runs, and the daemon's sudden end. The
# guest is started without AppArmor, whose profiles do not change under a container.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

. "$BATS_TEST_DIRNAME/paled.bash"

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

# A container of crun's own, with a shell that does what it is told, under a profile that the node has by the time paled starts.
start_old() {
	old=$(printf '%064d' 7)
	export old
	printf '%s\n' 'use base/libc, base/shell-minimal' 'profile old {' 'include libc, shell-minimal' \
		'process { allow exec /bin/busybox }' 'file { allow read, write /srv/** except /srv/secret }' '}' >"$work/profiles/old.pale"
	# It opens the file itself, and has another program do it.
	make_bundle old '.process.args = ["/bin/busybox", "sh", "-c",
			"while :; do read -r x </srv/secret && echo read >/srv/itself; /bin/busybox cat /srv/secret >/srv/other 2>&1; sleep 1; done"] |
		.annotations["pale.dev/profile"] = "old" | .root.readonly = false'
	crun create --bundle "$work/old" "$old" </dev/null
	crun start "$old"
	until_true 20 old_reads
}
old_reads() {
	[ "$(cat "$work/old/rootfs/srv/other")" = secret ]
}
old_is_refused() {
	[ "$(cat "$work/old/rootfs/srv/other")" = "cat: can't open '/srv/secret': Permission denied" ]
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
	make_image
	echo 'events-per-second: 50' >"$work/paled.conf"
	start_old
	start_paled
	policy 'file { deny read /srv/secret }'
	start_web
}

teardown_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	runtime delete --force web || true
	crun delete --force "$old" || true
	end_paled
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

@test "a container that ran before is confined as far as that can be, and told" {
	[ "$(jq -r 'select(.kind == "confined-late") | .container.id, .profile, .mode' "$work/events" | xargs)" = "$old old enforce" ]
	[ "$(pale ps --json | jq -r --arg id "$old" '.[] | select(.id == $id) | .state, .late, .restart_required' | xargs)" = 'running true true' ]
	pale ps | grep -q '^000000000000 .* restart for all of its policy$'
	until_true 60 old_is_refused
	# What goes on without executing anything is as it was.
	rm "$work/old/rootfs/srv/itself"
	until_true 20 [ -e "$work/old/rootfs/srv/itself" ]
	run ! crun exec "$old" /bin/busybox cat /srv/secret
	[ "$output" = "cat: can't open '/srv/secret': Permission denied" ]
	run -0 crun exec "$old" /bin/busybox true
	until_true 20 [ -n "$(jq -c --arg id "$old" 'select(.kind == "violation" and .container.id == $id and
		.object == "/srv/secret" and .operation == "read")' "$work/events")" ]
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
	[ "$(pale ps --json | jq -r --arg id "$old" '.[] | select(.id == $id) | .late')" = true ]
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
