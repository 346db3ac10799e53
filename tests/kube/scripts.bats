#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the scripts around a cluster do, without one.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	top=/sys/fs/cgroup/unified
	[ -d $top ] || top=/sys/fs/cgroup
	stage=pale-kube-scripts$$
	pids=()
}

teardown() {
	local group
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || :
	wait
	for group in $top/$stage/pod $top/$stage $top/${stage}0; do
		[ ! -d $group ] || rmdir $group
	done
}

# What has "!" before it ends no test.
not() {
	if "$@"; then return 1; fi
}

@test "down.sh ends a cluster, and not another one whose name begins with its" {
	mkdir -p $top/$stage/pod $top/${stage}0 "$BATS_TEST_TMPDIR/kube"
	echo $stage >"$BATS_TEST_TMPDIR/kube/group"
	for group in $stage/pod ${stage}0; do
		sleep 60 3>&- &
		pids+=($!)
		echo $! >$top/$group/cgroup.procs
	done
	tests/kube/down.sh "$BATS_TEST_TMPDIR/kube"
	kill -0 ${pids[1]}
	[ -d $top/${stage}0 ]
	[ ! -d $top/$stage ]
	not kill -0 ${pids[0]}
}
