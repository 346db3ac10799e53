#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# profile.sh docker|docker-old|containers: print the path of the default seccomp profile of Docker, of the form that it had in
# 2016, or of Podman (containers-common). They are taken from Debian's packages, which are unpacked in the cache without being
# installed.
set -euo pipefail

# Name, package, and where the profile lies in it.
profiles='
docker		golang-github-docker-docker-dev	usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json
docker-old	golang-github-docker-docker-dev	usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/fixtures/default-old-format.json
containers	golang-github-containers-common	usr/share/containers/seccomp.json
'

die() {
	echo "profile.sh: $*" >&2
	exit 1
}

[ $# -eq 1 ] || die "usage: profile.sh NAME"
name=$1
read -r package path < <(awk -v n="$name" '$1 == n { print $2, $3 }' <<<"$profiles") ||
	die "unknown profile $name; known:$(awk 'NF { printf " %s", $1 }' <<<"$profiles")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale
dir=$cache/seccomp-$name
file=$dir/$(basename "$path")
# The folder appears by one rename, so that it exists only when whole.
if [ -d "$dir" ]; then
	echo "$file"
	exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/.seccomp-$name.lock"
flock 9
if [ -d "$dir" ]; then
	echo "$file"
	exit 0
fi
rm -rf "$cache/seccomp-$name".tmp.*
tmp=$(mktemp -d "$cache/seccomp-$name.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# APT::Sandbox::User: as root apt would drop to _apt, which cannot write to a cache under /root.
# apt compares what it fetched with the signed lists, and fails if they differ.
download() {
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download "$package") >&2
}

echo "fetching $package" >&2
if ! download; then
	# Lists that are missing, or older than the mirror, do not lead to a file.
	[ "$(id -u)" -eq 0 ] || die "apt's package lists are empty or old: run 'apt-get update' as root"
	apt-get -qq update >&2 || die "apt-get update failed"
	download || die "cannot download $package"
fi
dpkg -x "$tmp"/*.deb "$tmp/root"
[ -e "$tmp/root/$path" ] || die "$package holds no $path"
mkdir "$tmp/profile"
cp "$tmp/root/$path" "$tmp/profile/"
chmod 755 "$tmp/profile"
mv -T "$tmp/profile" "$dir"
echo "$file"
