#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

@test "passes" { true; }
@test "fails" { echo 'because of this' && false; }
@test "is skipped" { skip 'no reason'; }
