#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# apparmor.sh: print the folder with the profiles of Debian's packages apparmor, apparmor-profiles and apparmor-profiles-extra,
# which are unpacked in the cache without being installed.
set -euo pipefail

die() {
	echo "apparmor.sh: $*" >&2
	exit 1
}

packages="apparmor apparmor-profiles apparmor-profiles-extra"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale
dir=$cache/apparmor-profiles

mkdir -p "$cache"
exec 9>"$cache/.apparmor-profiles.lock"
flock 9
# The folder appears by one rename, so that it exists only when whole.
if [ -d "$dir" ]; then
	echo "$dir"
	exit 0
fi
rm -rf "$cache"/apparmor-profiles.tmp.*
tmp=$(mktemp -d "$cache/apparmor-profiles.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

download() {
	# shellcheck disable=SC2086
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download $packages) >&2
}

echo "fetching $packages" >&2
if ! download; then
	[ "$(id -u)" -eq 0 ] || die "apt's package lists are empty or old: run 'apt-get update' as root"
	apt-get -qq update >&2 || die "apt-get update failed"
	download || die "cannot download $packages"
fi
for deb in "$tmp"/*.deb; do
	dpkg -x "$deb" "$tmp/root"
done
[ -d "$tmp/root/usr/share/apparmor/extra-profiles" ] || die "the packages hold no profiles"
chmod 755 "$tmp/root"
mv -T "$tmp/root" "$dir"
echo "$dir"
