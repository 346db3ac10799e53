#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

@test "runs in the guest" { [ "$PALE_VM" = 1 ] && [ "$(hostname)" = pale-vm ]; }
@test "finds its own file" { [ -e "$BATS_TEST_FILENAME" ]; }
