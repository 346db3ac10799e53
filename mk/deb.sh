#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# deb.sh DIR [RELEASE]: builds the packages of debian/ into DIR, from a copy of what is in the repository, so that nothing else of this machine's
# folder gets into them; on this machine, or in RELEASE of Debian as debootstrap makes it, with what debian/control names and nothing else.
# That needs root and the network. DIR/build.log says how it went.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
mkdir -p "$1"
out=$(realpath "$1")
release=${2-}
release_seconds=3600
rm -rf "$out/source" "$out/root" "$out"/*.{deb,buildinfo,changes}
trap 'rm -rf "$out/root"' EXIT
source=$out/${release:+root/build/}source
if [ -n "$release" ]; then
	. "$here/release.bash"
	release_unpack "$release" "$out/root"
fi
mkdir -p "$source"
echo "  DEB     $out"

# As it is now: changes that are not committed count, what was deleted does not.
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
	[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
done | tar -c --null --files-from=- | tar -x --no-same-owner -C "$source"

# Neither make's variables nor flags of this build are those of the packages'.
build() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u LDFLAGS DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-parallel=$(nproc)}" \
		dpkg-buildpackage --build=binary --no-sign
}

build_in_release() {
	cp /etc/resolv.conf "$out/root/etc/resolv.conf"
	release_run online "$release" "$out/root" sh -ec 'apt-get update -qq && apt-get build-dep -qq /build/source' &&
		release_run offline "$release" "$out/root" sh -ec 'cd /build/source && DEB_BUILD_OPTIONS=$1 dpkg-buildpackage --build=binary --no-sign' - \
			"${DEB_BUILD_OPTIONS-parallel=$(nproc)}" &&
		mv "$out"/root/build/*.{deb,buildinfo,changes} "$out/"
}

cd "$source"
if ! "build${release:+_in_release}" >"$out/build.log" 2>&1; then
	tail -n 40 "$out/build.log" >&2
	exit 1
fi
rm -rf "$out/source"
