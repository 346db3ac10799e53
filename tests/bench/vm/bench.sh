#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What confinement adds to operations, in instructions that the guest counts. Goals stand beside the figures; no figure fails.
#
#	bench.sh BUILD KERNEL
set -eu
build=$1
kernel=$2
here=$build/tests/bench/vm
log=$here/run.tap

policy() { # NAME RULES
	mkdir -p "$here/policies/$1"
	awk -v n="$2" -f tests/bench/vm/policy.awk >"$here/policies/$1/bench.pale"
	"$build/pale" build "$here/policies/$1/bench.pale" -o "$here/policies/$1" >/dev/null
}

policy few 10
policy many 2000
if ! tests/vm/run.sh --kernel "$kernel" --count-instructions --timeout 1200 "$here/costs" >"$log"; then
	cat "$log" >&2
	exit 1
fi
sed -n 's/^# //p' "$log"
