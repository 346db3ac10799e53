#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stage.sh NAME ACT: runs an act of common.bash with what NAME.bash of this folder says, in namespaces of its own, as root: its network is a
# loopback interface, its processes and mounts end with it, and what it writes, below /etc and /var too, is in memory. $PALE_BUILD names the
# build directory.
set -euo pipefail

if [ "$1" != --inside ]; then
	exec unshare --mount --net --ipc --uts --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
shift

. tests/stage.bash
stage_begin
hostname localhost
mkdir /run/pale/build /run/stage /run/lock
chmod 1777 /run/lock
cp -r tests/apps /run/pale/
cp "$PALE_BUILD/tests/apps/hijack.so" "$PALE_BUILD/tests/programs/go_server" /run/pale/build/
# Debian's files, for this stage to change.
for dir in /etc /var /usr/local/lib; do
	mkdir -p "/run/stage$dir"/{upper,work}
	chmod --reference=$dir "/run/stage$dir/upper"
	mount -t overlay -o "lowerdir=$dir,upperdir=/run/stage$dir/upper,workdir=/run/stage$dir/work" overlay $dir
done
find /var/log -type f -delete
# Where a logger's socket can be put.
mkdir /run/dev
mount --bind /dev /run/dev
mount -t tmpfs -o mode=755 tmpfs /dev
cp -a /run/dev/{null,zero,full,random,urandom,tty} /dev/
umount -l /run/dev
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
stage_cover

# Nothing of the caller's: a program finds by PATH what Debian installed.
exec env -i ${PATIENCE:+PATIENCE=$PATIENCE} PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 bash -euo pipefail -c \
	'. programs/common.bash; . apps/common.bash; . "apps/$0.bash"; policy=/run/pale/$policy; "act_$1"; exit 0' "$@"
