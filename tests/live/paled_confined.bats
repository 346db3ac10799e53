# SPDX-License-Identifier: Apache-2.0
# paled under its own policy, profiles/apps/paled.pale, as far as this kernel enforces it: seccomp and Landlock.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	export PALE_BUILD=${PALE_BUILD:-build}
}

@test "paled serves under its own policy, and is refused nothing" {
	run --separate-stderr -0 tests/live/paled_confined.sh serves "$BATS_TEST_TMPDIR/report"
	echo "$output" "$stderr"
	[[ $output == '["calls","enforce"]
mkdir	1
redis: digest '*'
reported
/bin/calls mkdir
/bin/calls wait' ]]
	[ ! -s "$BATS_TEST_TMPDIR/report" ] || { cat "$BATS_TEST_TMPDIR/report" && false; }
}

@test "who has taken paled's place can do none of what paled never does" {
	run --separate-stderr -0 tests/live/paled_confined.sh taken "$BATS_TEST_TMPDIR/report"
	echo "$output"
	[ "$output" = 'bare
read /etc/shadow
read /srv/secret
wrote a policy
executed another program
connected
confined' ]
	for object in /etc/shadow /srv/secret /etc/pale/profiles/own.pale /usr/bin/true socket; do
		jq -se --arg object "$object" 'any(.object == $object and .outcome == "refused")' "$BATS_TEST_TMPDIR/report"
	done
}
