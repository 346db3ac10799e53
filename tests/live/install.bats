# SPDX-License-Identifier: Apache-2.0
# `make install` into a staging folder, and what is installed at work.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=${PALE_BUILD:-build}
	root=$BATS_TEST_TMPDIR/root
	make --no-print-directory --silent B="$build" DESTDIR="$root" prefix=/usr install
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'use base/libc\nprofile p { include libc }\n' >uses.pale
}

@test "the program and the whole library are installed, and nothing else" {
	here=$(realpath "$BATS_TEST_DIRNAME/../..")
	[ -x "$root/usr/bin/pale" ]
	diff -r "$root/usr/share/pale/profiles" "$here/profiles"
	[ "$(find "$root" -type f | grep -vc '/share/pale/profiles/')" -eq 1 ]
	[ -z "$(find "$root" -perm /022 ! -type l)" ]
}

@test "the installed pale finds its library, from anywhere" {
	# Beside neither the policy nor the sources.
	unset PALE_PATH
	run --separate-stderr -0 "$root/usr/bin/pale" check uses.pale
	cd /
	run --separate-stderr -0 "$root/usr/bin/pale" check "$BATS_TEST_TMPDIR/uses.pale"
	run --separate-stderr -0 "$root/usr/bin/pale" build "$BATS_TEST_TMPDIR/uses.pale" -o "$BATS_TEST_TMPDIR/out"
	# It was that library.
	cd "$BATS_TEST_TMPDIR"
	mv "$root/usr/share/pale" "$root/usr/share/gone"
	run --separate-stderr -1 "$root/usr/bin/pale" check uses.pale
	[[ $stderr == *"cannot find 'base/libc.pale'"* ]]
}

@test "every profile that is installed is right" {
	cd "$root/usr/share/pale/profiles"
	find . -name '*.pale' -exec "$root/usr/bin/pale" check -q {} +
}
