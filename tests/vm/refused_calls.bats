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
		make_bundle '.root.path = "image"'
		# What is not of an image's lower layers is drift, and not executed.
		mkdir -p "$work/bundle"/{image,upper,workdir}
		mount -t overlay -o "lowerdir=$work/bundle/rootfs,upperdir=$work/bundle/upper,workdir=$work/bundle/workdir" overlay \
			"$work/bundle/image"
		act $real mkdir mkdir-32 mkdir-in-passing sethostname personality personality-new uname swapoff >"$work/results.$real"
		until_true 60 is_marked $real
		cp "$work/bundle/config.json" "$work/config.$real"
		umount "$work/bundle/image"
		until_true 60 is_detached
	done
	links after
}

teardown_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/live/refused_calls.bash
	stop_paled
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/live/refused_calls.bash
}

# is_told CONTAINER: each refusal, and nothing else.
is_told() {
	[ "$(grep -c . "$work/results.$1")" = 9 ]
	violations "$1" '[.mechanism, .object, .outcome, .syscall.abi]' >"$work/told"
	[ "$(sort "$work/told")" = '["seccomp","mkdir","refused","x86"]
["seccomp","mkdir","refused","x86_64"]
["seccomp","mkdir","refused","x86_64"]
["seccomp","mkdirat","refused","x86_64"]
["seccomp","personality","refused","x86_64"]
["seccomp","uname","refused","x86_64"]' ] && violations "$1" 'select(.object == "personality") | .syscall.arguments[0]' |
		grep -qx '"0x40000"' || {
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
