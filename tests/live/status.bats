# SPDX-License-Identifier: Apache-2.0
# `pale status` on this host, against what the kernel itself says.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

setup() {
	pale=$(realpath "${PALE_BUILD:-build}")/pale
}

@test "each mechanism has a line, and what is missing has a reason" {
	run -0 --separate-stderr "$pale" status
	[ -z "$stderr" ]
	for mechanism in seccomp landlock bpf-lsm apparmor cgroup; do
		line=$(grep "^$mechanism " <<<"$output")
		[[ $line =~ ^[a-z-]+\ +(yes|no)\ +[^\ ] ]]
	done
	[[ $output == *"$(uname -r)"* ]]
}

@test "JSON says the same" {
	run -0 --separate-stderr "$pale" status --json
	jq -e --arg kernel "$(uname -r)" '.kernel == $kernel and (.mechanisms | length) == 5' <<<"$output"
	jq -e '.mechanisms.seccomp.available and .mechanisms.landlock.available and .mechanisms.landlock.abi >= 1' <<<"$output"
	jq -e '[.mechanisms[] | select(.available | not) | .why_not | length > 0] | all' <<<"$output"
	json=$output
	run -0 "$pale" status
	for mechanism in $(jq -r '.mechanisms | to_entries[] | select(.value.available) | .key' <<<"$json"); do
		grep -q "^$mechanism  *yes" <<<"$output"
	done
}

@test "a daemon that is not there is said to be away, and why" {
	run -0 "$pale" status --run /nowhere
	[ "${lines[-1]}" = 'paled      no   connect to /nowhere/events: No such file or directory' ]
	run -0 --separate-stderr "$pale" status --run /nowhere --json
	[ "$(jq -c .daemon <<<"$output")" = '{"why_not":"connect to /nowhere/events: No such file or directory"}' ]
}

@test "AppArmor and BPF-LSM are only said to be there when the kernel has them" {
	run -0 --separate-stderr "$pale" status --json
	if [ ! -d /sys/module/apparmor ]; then
		jq -e '.mechanisms.apparmor.available | not' <<<"$output"
	fi
	if ! grep -qw bpf /sys/kernel/security/lsm 2>/dev/null; then
		jq -e '.mechanisms["bpf-lsm"].available | not' <<<"$output"
	fi
}

@test "nobody may ask" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	dir=$(mktemp -d /tmp/pale-status-XXXXXX)
	chmod 755 "$dir"
	cp "$pale" "$dir/"
	run -0 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/pale" status --json
	rm -r "$dir"
	jq -e '(.root | not) and .mechanisms.landlock.available and (.mechanisms["bpf-lsm"].available | not)' <<<"$output"
}

@test "explain --host tells which rules pale run would not start with" {
	cat >"$BATS_TEST_TMPDIR/x.pale" <<'END'
profile x {
    process { allow exec /usr/bin/true }
    file { allow read /etc/** except /etc/shadow; deny write /srv/** errno EROFS }
    limit { open-files 100 }
}
END
	run -3 --separate-stderr "$pale" run -p "$BATS_TEST_TMPDIR/x.pale" -- true
	refused=$(sed -n 's/.* (\([0-9a-f]\{16\}\))$/\1/p' <<<"$stderr" | sort)
	[ -n "$refused" ]
	run -0 --separate-stderr "$pale" explain --host --json "$BATS_TEST_TMPDIR/x.pale"
	told=$(jq -r '.x.here.rules | to_entries[] | select(.value.verdict != "exact") | .key' <<<"$output" | sort)
	diff <(echo "$refused") <(echo "$told")
	run -0 --separate-stderr "$pale" explain --host --why "$BATS_TEST_TMPDIR/x.pale"
	[[ $output == *"here       rule"*"here: seccomp"* ]]
	[[ $output == *" here: write: "* ]]
}
