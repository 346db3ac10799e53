#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nginx_stage.sh: sets the stage, inside namespaces of its own; nginx.bash starts it. Says "ready", and
# holds them until it is killed.
set -euo pipefail

# Puts a copy in memory in the place of a directory.
copy() {
	local was
	was=$(mktemp -d)
	mount --bind "$1" "$was"
	mount -t tmpfs -o mode=755 tmpfs "$1"
	cp -a "$was/." "$1"
	umount "$was"
	rmdir "$was"
}

mount --make-rprivate /
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
# As where systemd runs: workers look through them for their groups.
mkdir -p /run/systemd/userdb /run/userdb
mount -t tmpfs -o mode=755 tmpfs /var/lib/nginx
mount -t tmpfs -o mode=755 tmpfs /var/log/nginx
copy /etc/nginx
copy /usr/lib/nginx/modules
# Other servers' packages lay a page of their own beside nginx's, before which it would go.
copy /var/www/html
rm -f /var/www/html/index.html
# Too large to copy. The drift attack replaces a program here.
mkdir -p /run/sbin/upper /run/sbin/work
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/sbin/upper,workdir=/run/sbin/work overlay /usr/sbin
# So that reports of different machines read alike.
sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf

echo ready
exec sleep infinity >/dev/null
