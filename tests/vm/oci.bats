#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# crun as it is run where it may make control groups; tests/live/oci.bats has it without, and runc.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
load lib

@test "crun runs containers under the filter that the policy was compiled to" {
	PALE_BUILD=$(realpath "$BATS_TEST_DIRNAME/../../build")
	export PALE_BUILD
	cd "$PALE_BUILD/.."
	timeout --kill-after=5 300 tests/programs/stage.sh container act_crun
}
