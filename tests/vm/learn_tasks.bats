# SPDX-License-Identifier: Apache-2.0
# A command that forks without end while it is learned from, in a guest of which it may have all: the unified hierarchy has pids here.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	dir=$(mktemp -d /srv/pale-learn-XXXXXX)
	policy=$dir/t.pale
	export PALE_PATH=$PWD/profiles
	before=$(cat /proc/sys/kernel/pid_max)
	echo 2000 >/proc/sys/kernel/pid_max
}

teardown() {
	echo "$before" >/proc/sys/kernel/pid_max
	rm -rf "$dir"
}

group() {
	compgen -G '/sys/fs/cgroup/pale-learn-*'
}

in_time() { # COMMAND…: until it succeeds, for a minute
	local i
	for i in {1..600}; do "$@" && return; sleep 0.1; done
	return 1
}

is_full() {
	[ "$(cat "$(group)/pids.current")" = 300 ]
}

is_held() {
	[ "$(awk '$1 == "max" { print $2 }' "$(group)/pids.events")" -gt 0 ]
}

is_gone() {
	! group >/dev/null
}

@test "a command that forks without end has 15 % of what there is, and the kernel holds it when pale is killed" {
	"$build/pale" learn -o "$policy" -- "$build/tests/live/hostile" forks 20 "$dir/met" >/dev/null 2>&1 3>&- &
	local recorder=$!
	in_time is_full
	in_time test -e "$policy.recording"
	[ "$(cat "$(group)/pids.max")" = 300 ]
	kill -KILL $recorder
	in_time is_held
	[ "$(cat "$(group)/pids.current")" -le 300 ]
	in_time is_gone
	[ -e "$dir/met" ]
	jq -e '.complete == false' "$policy.recording"
}

@test "and is partial for it" {
	run -0 --separate-stderr "$build/pale" learn -o "$policy" -- "$build/tests/live/hostile" forks 8 "$dir/met"
	jq -e '.lost[0].why == "processes and threads beyond 300, which is as many as a run may have"' "$policy.runs"
	is_gone
}
