# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Steps of the tests with a cluster, and of what starts one.

# What has "!" before it ends no test.
not() {
	if "$@"; then return 1; fi
}

# in_time SECONDS COMMAND…: in the guest, whose processor is emulated, PALE_SLOWDOWN times as many.
in_time() {
	local end=$((SECONDS + $1 * ${PALE_SLOWDOWN:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "not in time: $*" && return 1; }
		sleep 0.1
	done
}
