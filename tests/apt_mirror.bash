# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# apt_mirror SUITE: the mirror that apt takes a suite from, or nothing. As apt reads its sources whatever their form, and before it has fetched a list.
apt_mirror() {
	apt-get --print-uris update | sed -n "s#^'\(.*\)/dists/$1/InRelease' .*#\1#p" | head -n 1
}
