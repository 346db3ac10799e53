# SPDX-License-Identifier: Apache-2.0
# What attacks reach for is served while a suite runs: loaded by the suites.
# shellcheck shell=bash

setup_file() {
	. tests/runtime/attacks.bash
	attacks_serve
}

teardown_file() {
	. tests/runtime/attacks.bash
	attacks_end
}
