#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# AppArmor profiles made from policies, in a kernel that enforces them.

bats_require_minimum_version 1.5.0
load lib

@test "what a policy allows passes, and what the coverage calls exact is refused" {
	run "$BATS_TEST_DIRNAME/../../build/tests/vm/apparmor_acts"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "mounts pass and are refused by type, source, place and flags" {
	run "$BATS_TEST_DIRNAME/../../build/tests/vm/apparmor_mounts"
	echo "$output"
	[ "$status" -eq 0 ]
}
