# SPDX-License-Identifier: Apache-2.0
# What `pale audit` says of containers as each engine starts them: what they were given too much, and nothing of what the engine itself mounts.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	. tests/runtime/engine.bash
	runtime=$(bare_runtime)
	profile=
	name=audit-$BATS_TEST_NUMBER
}

teardown() {
	engine_remove "$name"
}

@test "a container of an engine, with what it was given" {
	engine_run "$name" busybox
	id=$(engine_id "$name")
	# Known by no id that engines give, nor kept where runtimes of engines keep theirs.
	if [ "$engine" = none ]; then
		run --separate-stderr -3 "$PALE_BUILD/pale" audit "$id"
		[ "${stderr_lines[0]}" = "pale audit: no container '$id' runs here" ]
		return
	fi
	run -1 "$PALE_BUILD/pale" audit --json "$id"
	echo "$output" >"$BATS_TEST_TMPDIR/said"
	jq -r '.findings[] | [.control, (.evidence[] | .path, (.value | tostring))] | join(" ")' "$BATS_TEST_TMPDIR/said"
	[ "$(jq -c '[.containers, .unseen]' "$BATS_TEST_TMPDIR/said")" = '[1,[]]' ]
	has() { jq -e --arg c "$1" 'any(.findings[]; .control == $c)' "$BATS_TEST_TMPDIR/said" >/dev/null; }
	for control in added-capabilities raw-sockets kept-capabilities root-user no-seccomp writable-root no-profile; do
		has $control || { echo "$control is missing" && false; }
	done
	[ "$(jq -r '.findings[] | select(.control == "added-capabilities").evidence[0].value' "$BATS_TEST_TMPDIR/said")" = sys_ptrace,sys_admin ]
	# What is told of the node's files is what the test has mounted.
	jq -r '.findings[] | select(.control | IN("host-path", "node-files", "runtime-socket")).evidence[0].value' "$BATS_TEST_TMPDIR/said" >"$BATS_TEST_TMPDIR/mounted"
	case $engine in
	containerd) [ "$(cat "$BATS_TEST_TMPDIR/mounted")" = "$images/busybox$token" ] && has service-account-token ;;
	*) [ ! -s "$BATS_TEST_TMPDIR/mounted" ] ;;
	esac
	for control in privileged host-pid host-ipc unmasked-proc; do
		! has $control || { echo "$control is wrong" && false; }
	done
}
