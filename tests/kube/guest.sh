#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# guest.sh KERNEL: the node's side with all mechanisms, which this machine's kernel lacks: containerd and a kubelet in the guest, and pods of theirs,
# guest.bats. An API server would take ten minutes there to begin. Prints TAP. $PALE_BUILD is the build directory.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
# The guest sees this machine's files, and builds nothing itself.
tests/kube/build.sh >/dev/null
tests/runtime/images.sh "$PALE_BUILD/tests/runtime/attack" >/dev/null
program=$PALE_BUILD/tests/kube/guest
mkdir -p "${program%/*}"
{
	echo '#!/bin/bash'
	printf 'export PALE_BUILD=%q XDG_CACHE_HOME=%q PALE_SLOWDOWN=6\n' "$PALE_BUILD" "${XDG_CACHE_HOME:-$HOME/.cache}"
	printf 'cd %q && exec bats --tap tests/kube/guest.bats\n' "$PWD"
} >"$program"
chmod +x "$program"
exec tests/vm/run.sh --kernel "$1" --timeout 1800 "$program"
