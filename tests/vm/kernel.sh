#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel.sh VERSION: fetch Debian's kernel of that series, unpack it in the cache without installing
# it, and print the folder that then holds boot/vmlinux and lib/modules/RELEASE.
set -euo pipefail

# Series, and the suite that has it.
kernels='
6.1	bookworm
6.12	bookworm-backports
'
# How a kernel's payload begins, and what unpacks that.
payloads='
fd377a58	xz
28b52ffd	zstd
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

. "$(dirname "$(realpath "$0")")/../apt_mirror.bash"

# APT::Sandbox::User: as root apt would drop to _apt, which cannot write to a cache under /root.
# Error-Mode: else a list that did not come is a warning.
apt=(-o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Retries=3)

# A suite that apt does not have gets lists of its own, beside which the machine's stay as they are. A
# mirror has all of a release's suites, and one key signs them.
private=
if [ -z "$(apt_mirror "$suite")" ]; then
	private=$tmp/apt
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keys" ] || die "no $keys: install debian-archive-keyring"
	uri=$(apt_mirror "${suite%%-*}")
	[ -n "$uri" ] || die "apt has no source of ${suite%%-*}, whose mirror would have $suite"
	mkdir -p "$private"/{lists,archives}/partial
	: >"$private/status"
	echo "deb [arch=amd64 signed-by=$keys] $uri $suite main" >"$private/sources.list"
	apt+=(-o Dir::State="$private" -o Dir::State::status="$private/status" -o Dir::Cache="$private"
		-o Dir::Etc::sourcelist="$private/sources.list" -o Dir::Etc::sourceparts=-
		-o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false)
fi

apt_update() {
	[ -n "$private" ] || [ "$(id -u)" -eq 0 ] ||
		die "apt's package lists are empty or old: run 'apt-get update' as root"
	apt-get -qq "${apt[@]}" update >&2 || die "apt-get update failed"
}

# Not by way of linux-image-amd64, which in backports moves from series to series.
newest() {
	apt-cache "${apt[@]}" dumpavail 2>/dev/null |
		sed -n "s/^Package: \(linux-image-${version//./\\.}\.[^-]*\(-[0-9.]*\)\?-amd64\)\$/\1/p" |
		sort -V | tail -n 1
}

# apt compares what it fetched with the signed lists, and fails if they differ.
download() {
	(cd "$tmp" && apt-get -qq "${apt[@]}" download "$1") >&2
}

package=$(newest) || true
if [ -z "$package" ]; then
	apt_update
	package=$(newest) || true
fi
[ -n "$package" ] || die "$suite has no kernel $version"

echo "fetching $package" >&2
if ! download "$package"; then
	# Lists older than the mirror name files that it no longer has.
	apt_update
	package=$(newest) || true
	[ -n "$package" ] || die "$suite has no kernel $version"
	download "$package" || die "cannot download $package"
fi

dpkg -x "$tmp"/*.deb "$tmp/root"
release=$(basename "$tmp"/root/lib/modules/*)
vmlinuz=$tmp/root/boot/vmlinuz-$release
[ -e "$vmlinuz" ] || die "$package holds no boot/vmlinuz-$release"

# A guest under TCG takes three seconds to decompress its kernel; a decompressed one it enters by
# PVH. Where the payload lies: Linux, Documentation/arch/x86/boot.rst. Its last four bytes are the
# kernel's size, not the compressor's.
field() { # OFFSET BYTES
	od -An -t "u$2" -j $(($1)) -N "$2" "$vmlinuz" | tr -d ' '
}
offset=$((($(field 0x1f1 1) + 1) * 512 + $(field 0x248 4)))
length=$(field 0x24c 4)
magic=$(od -An -t x1 -j "$offset" -N 4 "$vmlinuz" | tr -d ' ')
unpack=$(awk -v m="$magic" '$1 == m { print $2 }' <<<"$payloads")
[ -n "$unpack" ] || die "$package: its kernel is compressed by neither of$(awk 'NF { printf " %s", $2 }' <<<"$payloads")"
head -c $((offset + length - 4)) "$vmlinuz" | tail -c +$((offset + 1)) | "$unpack" -dc >"$tmp/root/boot/vmlinux" ||
	die "$package: $unpack cannot unpack its kernel"
# The package makes modules.dep when it is installed; modprobe in the guest needs it.
busybox depmod -b "$tmp/root" "$release" || die "depmod failed for $release"
chmod 755 "$tmp/root"
mv -T "$tmp/root" "$dir"
echo "$dir"
