# SPDX-License-Identifier: Apache-2.0
# The packages that `make deb` built, before anybody installs them.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

setup() {
	debs=$(realpath "${PALE_BUILD:-build}")/deb
}

@test "lintian finds nothing" {
	# Nor an override that is of nothing.
	run -0 lintian --allow-root --display-info --pedantic --fail-on error,warning,info,pedantic "$debs"/*.changes
	[ -z "$output" ]
}

@test "no path of this machine is in them" {
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$BATS_TEST_TMPDIR/root"
	done
	[ -x "$BATS_TEST_TMPDIR/root/usr/bin/paled" ]
	run -1 grep -rlaF "$debs" "$BATS_TEST_TMPDIR/root"
}
