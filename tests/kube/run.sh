#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--control-plane] SUITE…: bats suites in a cluster, or with an API server and etcd alone, that is started for them and ended after them. Prints TAP.
# $PALE_BUILD is the build directory.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
mode=()
[ "${1:-}" != --control-plane ] || { mode=(--control-plane) && shift; }
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
export PALE_BUILD
PALE_KUBE=$(mktemp -d "$PALE_BUILD/kube-test.XXXXXX")
export PALE_KUBE
end() {
	trap '' INT TERM HUP
	tests/kube/down.sh "$PALE_KUBE"
	[ "$1" != 0 ] || rm -rf "$PALE_KUBE"
}
trap 'end $?' EXIT
trap 'exit 143' INT TERM HUP
tests/kube/up.sh "${mode[@]}" "$PALE_KUBE"
tests/kube/in bats --tap "$@"
