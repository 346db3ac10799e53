#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# host.sh BUILD [--accept]: what the tutorial says of this machine, in namespaces of its own, so that its files and ports are nobody
# else's. `pale` is that of BUILD.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
if [ "$1" != --inside ]; then
	exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
build=$(realpath "$2")
mount --make-rprivate /
for dir in /srv /run; do mount -t tmpfs -o mode=755 tmpfs $dir; done
mkdir /run/{upper,work}
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
ip link set lo up
PATH=$build:$PATH PALE_PATH=$PWD/profiles exec tests/docs/run.py docs/tutorial.md host "${@:3}"
