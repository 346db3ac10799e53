#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel.sh VERSION: fetch Debian's kernel of that series, unpack it in the cache without installing
# it, and print the folder that then holds boot/vmlinux and lib/modules/RELEASE.
set -euo pipefail

# Series, and the suite whose linux-image-amd64 depends on a kernel of it.
kernels='
6.1	bookworm
'

die() {
	echo "kernel.sh: $*" >&2
	exit 1
}

[ $# -eq 1 ] || die "usage: kernel.sh VERSION"
version=$1
suite=$(awk -v v="$version" '$1 == v { print $2 }' <<<"$kernels")
[ -n "$suite" ] || die "unknown kernel $version; known:$(awk 'NF { printf " %s", $1 }' <<<"$kernels")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale
dir=$cache/kernel-$version
# The folder appears by one rename, so that it exists only when whole.
if [ -d "$dir" ]; then
	echo "$dir"
	exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/.kernel-$version.lock"
flock 9
if [ -d "$dir" ]; then
	echo "$dir"
	exit 0
fi
rm -rf "$cache/kernel-$version".tmp.*
tmp=$(mktemp -d "$cache/kernel-$version.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

apt_update() {
	[ "$(id -u)" -eq 0 ] || die "apt's package lists are empty or old: run 'apt-get update' as root"
	apt-get -qq update >&2 || die "apt-get update failed"
}

# linux-image-amd64 names the kernel of each suite that apt knows; take the newest of the series.
newest() {
	apt-cache show linux-image-amd64 2>/dev/null |
		sed -n 's/^Depends: \(linux-image-[^ ,]*-amd64\).*/\1/p' |
		grep -F "linux-image-$version." | sort -V | tail -n 1
}

# APT::Sandbox::User: as root apt would drop to _apt, which cannot write to a cache under /root.
# apt compares what it fetched with the signed lists, and fails if they differ.
download() {
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download "$1") >&2
}

package=$(newest) || true
if [ -z "$package" ]; then
	apt_update
	package=$(newest) || true
fi
[ -n "$package" ] || die "apt knows no kernel $version: is $suite in /etc/apt/sources.list?"

echo "fetching $package" >&2
if ! download "$package"; then
	# Lists older than the mirror name files that it no longer has.
	apt_update
	package=$(newest) || die "apt knows no kernel $version after apt-get update"
	download "$package" || die "cannot download $package"
fi

dpkg -x "$tmp"/*.deb "$tmp/root"
release=$(basename "$tmp"/root/lib/modules/*)
vmlinuz=$tmp/root/boot/vmlinuz-$release
[ -e "$vmlinuz" ] || die "$package holds no boot/vmlinuz-$release"

# A guest under TCG takes three seconds to decompress its kernel; a decompressed one it enters by
# PVH. Where the payload lies: Linux, Documentation/arch/x86/boot.rst. Its last four bytes are the
# kernel's size, not xz's.
field() { # OFFSET BYTES
	od -An -t "u$2" -j $(($1)) -N "$2" "$vmlinuz" | tr -d ' '
}
offset=$((($(field 0x1f1 1) + 1) * 512 + $(field 0x248 4)))
length=$(field 0x24c 4)
head -c $((offset + length - 4)) "$vmlinuz" | tail -c +$((offset + 1)) | xz -dc >"$tmp/root/boot/vmlinux" ||
	die "$package: its kernel is not compressed by xz"
# The package makes modules.dep when it is installed; modprobe in the guest needs it.
busybox depmod -b "$tmp/root" "$release" || die "depmod failed for $release"
chmod 755 "$tmp/root"
mv -T "$tmp/root" "$dir"
echo "$dir"
