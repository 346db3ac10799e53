#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# selftest.sh KERNEL: shows, on the host, that run.sh fails when it must. Prints TAP.
set -uo pipefail
kernel=$1
here=$(dirname "$(realpath "$0")")
out=$(mktemp -d "${TMPDIR:-/tmp}/pale-vm-selftest.XXXXXX")
trap 'rm -rf "$out"' EXIT

count=0
bad=0
result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		bad=$((bad + 1))
		echo "not ok $count - $2"
		sed 's/^/# /' "$out/tap"
	fi
}

# boot NAME... [OPTION...]: run.sh on files of selftest/.
boot() {
	local files=()
	while [ $# -gt 0 ] && [[ $1 != -* ]]; do
		files+=("$here/selftest/$1")
		shift
	done
	"$here/run.sh" --kernel "$kernel" "$@" "${files[@]}" >"$out/tap" 2>"$out/err"
}

# expect STATUS NAME: the run's status, its results and its plan; comments may say anything.
expect() {
	local status=$?
	{ [ "$status" -eq "$1" ] && grep -v '^#' "$out/tap" | diff - "$out/expected" >"$out/diff"; }
	result $? "$2"
	[ ! -s "$out/diff" ] || sed 's/^/# /' "$out/diff"
}

echo 1..6

cat >"$out/expected" <<'EOF'
ok 1 - good.bats: runs in the guest
ok 2 - good.bats: finds its own file
ok 3 - good.sh: numbered
ok 4 - good.sh: 
1..4
EOF
boot good.bats good.sh
expect 0 'passes what passes'

cat >"$out/expected" <<'EOF'
ok 1 - fails.bats: passes
not ok 2 - fails.bats: fails
not ok 3 - fails.bats: is skipped (skip no reason; the guest must run every test)
ok 4 - short.sh: first
ok 5 - short.sh: second
not ok 6 - short.sh: planned 3 results, reported 2
ok 7 - planless.sh: only
not ok 8 - planless.sh: reported no plan, and 1 results
not ok 9 - empty.sh: skipped whole ( SKIP nothing to do here)
not ok 10 - empty.sh: holds no test
ok 11 - status.sh: then something breaks
not ok 12 - status.sh: exited with status 7, though no test failed
ok 13 - repeats.sh: once
not ok 14 - repeats.sh: once (numbered 1, but it is result 2)
ok 15 - kernel.sh: nothing is left of the file before
ok 16 - good.sh: numbered
ok 17 - good.sh: 
1..18
EOF
boot fails.bats short.sh planless.sh empty.sh status.sh repeats.sh kernel.sh good.sh
status=$?
# The time stamp in it varies.
complaint=$(grep "^not ok 18 - guest: its kernel complained: .*WARNING: said by a test$" "$out/tap")
sed -i '/^not ok 18 /d' "$out/tap"
(exit $status)
expect 1 'fails for a failure, a skip, a missing result, a bad status'
[ -n "$complaint" ] && grep -q 'kernel.sh: .*WARNING: said by a test' "$out/tap"
result $? 'fails for a warning of the kernel, and says during which file'

cat >"$out/expected" <<'EOF'
ok 1 - panic.sh: before
not ok 2 - guest: Kernel panic - not syncing: sysrq triggered crash, while panic.sh ran
not ok 3 - panic.sh: planned 2, reported 1, did not end
not ok 4 - good.sh: did not run
1..4
EOF
boot panic.sh good.sh
expect 1 'fails for a panic, and names the files that it cost'

# On a busy machine the time may be up before the file begins.
boot hangs.sh --timeout 6
[ $? -eq 1 ] && grep -q '^not ok 1 - guest: timed out after 6 s' "$out/tap"
result $? 'fails for a hang, in time'

# Killed as no trap can see, it takes qemu along.
TMPDIR=$out "$here/run.sh" --kernel "$kernel" "$here/selftest/hangs.sh" >"$out/tap" 2>&1 &
run=$!
qemu_of() { pgrep -P "$(pgrep -P "$run" -x timeout)" -f qemu-system; }
for ((i = 0; i < 50; i++)); do
	qemu=$(qemu_of 2>/dev/null) && break
	sleep 0.1
done
{ kill -KILL "$run" && wait "$run"; } 2>/dev/null
for ((i = 0; i < 50; i++)); do
	[ -n "$qemu" ] && [ ! -e "/proc/$qemu" ] && break
	sleep 0.1
done
[ -n "$qemu" ] && [ ! -e "/proc/$qemu" ]
result $? 'leaves no guest behind when it is killed'

[ "$bad" -eq 0 ]
