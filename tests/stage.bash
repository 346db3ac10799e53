# SPDX-License-Identifier: Apache-2.0
# How the stages of tests/programs and tests/apps begin, in namespaces that unshare(1) has made: stage_begin, what else a stage brings to
# /run/pale, stage_cover.
# shellcheck shell=bash

# With a loopback interface, and below /run/pale the sources: they may lie where nobody else looks, or below what is covered.
stage_begin() {
	mount --make-rprivate /
	ip link set lo up
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir /run/pale
	cp -r profiles tests/programs "$PALE_BUILD/pale" /run/pale/
}

# What programs and people keep is empty, and in memory; goes to /run/pale.
stage_cover() {
	local dir
	chmod -R a+rX /run/pale
	cd /run/pale || exit
	for dir in /tmp /var/tmp /dev/shm; do
		mount -t tmpfs -o mode=1777 tmpfs $dir
	done
	for dir in /srv /opt /home /root; do
		mount -t tmpfs -o mode=755 tmpfs $dir
	done
}
