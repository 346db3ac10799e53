#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the scripts around a cluster do, without one.

bats_require_minimum_version 1.5.0
load steps

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

# Programs that build.sh runs: each notes its name and ends with 0, but for the one that fails.
stubs() { # FAILING
	local name
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	for name in apt-get dpkg-source make strip; do
		cat >"$BATS_TEST_TMPDIR/bin/$name" <<-END
			#!/bin/sh
			echo $name >>"$BATS_TEST_TMPDIR/ran"
			case $name in
			apt-get) [ "\$1" != --print-uris ] || { echo "'http://mirror/debian/dists/bookworm/InRelease' x"; exit 0; }; touch kubernetes_1.20.5+really1.20.2-1.dsc ;;
			dpkg-source) shift 2; mkdir -p "\$1/vendor/github.com/modern-go/reflect2" "\$1/_output/bin" ;;
			make) touch "_output/bin/\${2#*cmd/}" ;;
			strip) cp "\$3" "\$2" ;;
			esac
			[ $name != "$1" ]
		END
		chmod +x "$BATS_TEST_TMPDIR/bin/$name"
	done
}

build() { # [PROGRAM…]
	(cd "$BATS_TEST_TMPDIR" && XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache PATH=$BATS_TEST_TMPDIR/bin:$PATH "$OLDPWD/tests/kube/build.sh" "$@")
}

@test "build.sh builds nothing of a source that was not taken whole, and leaves nothing behind" {
	for failing in apt-get dpkg-source; do
		stubs $failing
		run -1 build
		[[ $output == *"build.sh: apt-get source kubernetes failed; "* ]]
		not grep -q make "$BATS_TEST_TMPDIR/ran"
		[ -z "$(find "$BATS_TEST_TMPDIR/cache/pale" -mindepth 1 -type d)" ]
	done
	stubs none
	build
	[ -e "$BATS_TEST_TMPDIR/cache/pale/kubernetes-1.20.2/kubelet" ]
}

@test "build.sh builds what it is asked for, each once" {
	local made=$BATS_TEST_TMPDIR/cache/pale/kubernetes-1.20.2
	stubs none
	[ "$(build kube-apiserver)" = "$made" ]
	[ "$(ls "$made")" = kube-apiserver ]
	[ "$(build)" = "$made" ]
	[ "$(ls "$made")" = $'kube-apiserver\nkube-controller-manager\nkube-scheduler\nkubectl\nkubelet' ]
	build
	[ "$(grep -c make "$BATS_TEST_TMPDIR/ran")" = 5 ]
}

@test "up.sh that is ended while it makes its groups leaves none" {
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/cache/pale/kubernetes-1.20.2"
	touch "$BATS_TEST_TMPDIR/cache/pale/kubernetes-1.20.2/kube-apiserver"
	cat >"$BATS_TEST_TMPDIR/bin/mkdir" <<-END
		#!/bin/sh
		$(command -v mkdir) "\$@"
		case \$1 in
		/sys/fs/cgroup/*) echo "\$1" >"$BATS_TEST_TMPDIR/group" && kill -TERM \$PPID ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/mkdir"
	XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache PATH=$BATS_TEST_TMPDIR/bin:$PATH \
		run -143 tests/kube/up.sh --control-plane "$BATS_TEST_TMPDIR/kube"
	group=$(<"$BATS_TEST_TMPDIR/group")
	[[ $group == */pale-kube-* ]]
	# Of the test itself nothing stays, either, where it fails.
	not rmdir "$group"
	[ ! -e "$BATS_TEST_TMPDIR/kube/pki" ]
}
