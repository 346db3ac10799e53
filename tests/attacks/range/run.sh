#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh BUILD KERNEL: the range and the catalogue of bypasses, each in a guest of its own, and their report in BUILD/range.
# PALE_ROWS and PALE_ENGINES choose rows and engines, as of in_guest.py; then the catalogue is left out.
set -uo pipefail
build=$1 kernel=$2
cd "$(dirname "$(realpath "$0")")/../../.." || exit

# Into the guest, whose cache is another.
mkdir -p "$build/range"
cp "$(tests/import/profile.sh docker)" "$build/range/docker-seccomp.json" || exit

guests() {
	tests/vm/run.sh --kernel "$kernel" --timeout 5400 tests/attacks/range/in_guest.py
	[ -z "${PALE_ROWS:-}${PALE_ENGINES:-}" ] || return
	tests/vm/run.sh --kernel "$kernel" --timeout 3600 --cmdline syscall.x32=y "$build/tests/attacks/catalogue/test_attacks"
	tests/vm/run.sh --kernel "$kernel" --timeout 5400 --cmdline syscall.x32=y tests/attacks/range/catalogue_under.py
}

guests | tests/attacks/range/table.py "$build/range"
