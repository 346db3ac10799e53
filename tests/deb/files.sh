#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every file of a system, with its kind, mode and owner, but for what any installation leaves, whatever is installed: apt's and dpkg's notes and
# caches, copies of the files of accounts.
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /srv -o -path /var/cache -o -path /var/lib/apt -o -path /tmp -o -path /run/systemd \) -prune -o \
	! -path '/var/log/apt*' ! -path /var/log/dpkg.log ! -path '/var/lib/dpkg/*-old' ! -path '/var/lib/dpkg/lock*' ! -path '/var/lib/dpkg/triggers*' \
	! -path '/var/lib/systemd/deb-systemd-*' ! -path '/etc/*-' ! -path '/etc/.pwd.lock' -printf '%p %y %m %u:%g\n' | sort
# Of what was enabled nothing is kept.
find /var/lib/systemd -path '*pale*'
