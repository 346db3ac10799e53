#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What paled does about violations, where BPF-LSM refuses, with cgroups of version 2 alone and crun's containers. tests/live/response.bats has
# more.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	PALE_BUILD=$PWD/build
	work=$(mktemp -d)
	real=crun
	export PALE_BUILD work real
	. tests/live/response.bash
	configure
	start_responder
}

teardown_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/live/response.bash
	stop_paled
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/live/response.bash
	id=c$BATS_TEST_NUMBER
}

teardown() {
	[ ! -e "$work/fifo/$id" ] || end_container "$id"
	configure
}

@test "without a response the attack goes on, and is reported by BPF-LSM" {
	container "$id" /data/progress
	goes_on "$id"
	until_true 60 [ "$(violations "$id" 'select(.mechanism == "bpf-lsm" and .object == "/srv/secret")' | wc -l)" -gt 3 ]
	rule=$(violations "$id" 'select(.mechanism == "bpf-lsm") | .rule' | head -1 | jq -r .)
	[ "$rule" = 'deny read /srv/secret' ]
	[ -z "$(responses "$id" .)" ]
}

@test "freeze: the attack stands still, after paled's sudden end too, until pale thaw" {
	container "$id" /data/progress 3
	goes_on "$id"
	configure 'responses:\n  - { rule: deny read /srv/secret, action: freeze }\n'
	until_true 60 responded "$id" '.done and .action == "freeze"'
	responses "$id" . | jq -e '.cause.sequence > 0 and .cause.object == "/srv/secret" and .cause.operation == "read"'
	[ "$(state "$id")" = frozen ]
	stands_still "$id"
	configure
	kill -9 "$paled"
	until_true 20 has_ended "$paled"
	start_responder
	[ "$(state "$id")" = frozen ]
	stands_still "$id"
	run -0 pale thaw "$id"
	goes_on "$id"
}

@test "kill-process: those that violated, and no other" {
	container "$id" /data/progress 3
	goes_on "$id"
	configure 'responses:\n  - { rule: deny read /srv/secret, action: kill-process }\n'
	until_true 60 has_one_process
	stands_still "$id"
	[ "$(state "$id")" = running ]
	[ "$(responses "$id" 'select(.done) | .process.host_pid' | sort -u | wc -l)" = 3 ]
}
has_one_process() {
	[ "$(wc -l <"/sys/fs/cgroup/pale-response-$id/cgroup.procs")" = 1 ]
}

@test "kill-container: all of its processes, when they have been counted" {
	container "$id" /data/progress 12
	goes_on "$id"
	configure 'responses:\n  - { violations: 10, within: 1m, action: kill-container }\n'
	until_true 60 responded "$id" '.done and .action == "kill-container"'
	[ "$(state "$id")" = stopped ]
	stands_still "$id"
}

@test "each was done within a second" {
	took=$(slowest)
	echo "# the slowest response took $took ms"
	[ "$took" -le 1000 ]
}
