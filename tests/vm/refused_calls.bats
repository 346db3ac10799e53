#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the filters of containers refuse is told once under BPF-LSM: by audit_seccomp() where the runtime sets SECCOMP_FILTER_FLAG_LOG, as
# crun does for a filter in bytes too, and at the end of calls where it does not, as runc 1.1. tests/live/refused_calls.bats has more of the
# latter.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	PALE_BUILD=$PWD/build
	work=$(mktemp -d)
	export PALE_BUILD work
	. tests/live/refused_calls.bash
	start_paled
	links before
	for real in runc crun; do
		export real
		make_bundle .
		act $real mkdir mkdir-32 mkdir-in-passing sethostname personality personality-new uname swapoff >"$work/results.$real"
		until_true 60 is_marked $real
		cp "$work/bundle/config.json" "$work/config.$real"
	done
	links after
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/live/refused_calls.bash
}

# is_told CONTAINER: each refusal, and nothing else.
is_told() {
	[ "$(grep -c . "$work/results.$1")" = 9 ]
	violations "$1" '[.mechanism, .object, .outcome, .syscall.abi, .syscall.arguments[1]]' >"$work/told"
	[ "$(sort "$work/told")" = '["seccomp","mkdir","refused","x86","0x1c0"]
["seccomp","mkdir","refused","x86_64","0x1c0"]
["seccomp","mkdir","refused","x86_64","0x29c"]
["seccomp","mkdirat","refused","x86_64","'"$(violations "$1" 'select(.object == "mkdirat")' | jq -r '.syscall.arguments[1]')"'"]
["seccomp","personality","refused","x86_64","0x0"]
["seccomp","uname","refused","x86_64","'"$(violations "$1" 'select(.object == "uname")' | jq -r '.syscall.arguments[1]')"'"]' ] || {
		cat "$work/events" "$work/log"
		return 1
	}
}

@test "of runc's containers it is told at the end of calls" {
	[ "$(jq -c .linux.seccomp.flags "$work/config.runc")" = null ]
	is_told runc
	[ -z "$(violations runc 'select(.sequence)')" ]
	[ "$(cat "$work/links.runc")" = "$(($(cat "$work/links.before") + 1))" ]
	[ "$(cat "$work/links.after")" = "$(cat "$work/links.before")" ]
}

@test "of crun's containers the kernel tells it, also of a filter in bytes" {
	[ "$(jq -c .linux.seccomp.flags "$work/config.crun")" = '["SECCOMP_FILTER_FLAG_LOG"]' ]
	jq -e '.annotations["run.oci.seccomp_bpf_data"] | length > 0' "$work/config.crun"
	is_told crun
	[ -z "$(violations crun 'select(.sequence | not)')" ]
	[ "$(cat "$work/links.crun")" = "$(cat "$work/links.before")" ]
}
