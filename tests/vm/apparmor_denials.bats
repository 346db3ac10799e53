#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What AppArmor refuses is named by its policy line, and nothing of it is lost without a word.

bats_require_minimum_version 1.5.0
load lib

@test "each refusal is a violation with its rule; floods are counted" {
	run "$BATS_TEST_DIRNAME/../../build/tests/vm/apparmor_denials"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "pale run reports what AppArmor refuses before BPF-LSM is asked, once" {
	cat >"$BATS_TEST_TMPDIR/sh.pale" <<'END'
use base/libc, base/nss
profile sh {
    include libc, nss
    process { allow exec /usr/bin/{dash,cat} }
    file { deny read /etc/shadow }
}
END
	run "$BATS_TEST_DIRNAME/../../build/pale" run -p "$BATS_TEST_TMPDIR/sh.pale" --allow-partial \
		--report "$BATS_TEST_TMPDIR/report" -- /usr/bin/cat /etc/shadow
	echo "$output"
	cat "$BATS_TEST_TMPDIR/report"
	[ "$status" -eq 1 ]
	[ "$(grep -c '"rule":"deny read /etc/shadow"' "$BATS_TEST_TMPDIR/report")" -eq 1 ]
	grep '"rule":"deny read /etc/shadow"' "$BATS_TEST_TMPDIR/report" | grep -q '"mechanism":"apparmor"'
}
