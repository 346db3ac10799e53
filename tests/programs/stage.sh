#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stage.sh NAME ACT: runs NAME.sh of this folder in namespaces of its own, as root: its network is a loopback interface, its processes
# and mounts end with it, and what its program writes is in memory. $PALE_BUILD names the build directory; $PALE_VM is set in the guest.
#
# The scripts share common.bash. Acts of programs: "works" does what the program is for, under its policy, and expects no report; "strict"
# the same where what no rule allows kills; "refused" does what the policy does not allow, first without the policy. Acts of container.sh
# are runtimes.
set -euo pipefail

if [ "$1" != --inside ]; then
	exec unshare --mount --net --ipc --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
shift

. tests/stage.bash
stage_begin
[ ! -d "$PALE_BUILD/tests/programs" ] || cp -r "$PALE_BUILD/tests/programs" /run/pale/built
if [ "$1" = runtime ]; then
	mkdir /run/pale/built-runtime
	cp "$PALE_BUILD"/{pale-runtime,tests/live/mock_paled} /run/pale/built-runtime/
	cp grammar/vocab/capabilities.csv /run/pale/
fi
stage_cover

# Nothing of the caller's: a program finds by PATH what Debian installed.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 guest="${PALE_VM:-}" bash -euo pipefail -c \
	'. programs/common.bash; . "programs/$0.sh"; "$1"; exit 0' "$@"
