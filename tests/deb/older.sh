#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# older.sh VERSION DIR PACKAGE…: writes packages like these into DIR, as if they were of that version, which had another paled.conf and a file
# that is no more.
set -euo pipefail
version=$1 out=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
for deb; do
	name=$(dpkg-deb -f "$deb" Package)
	root=$work/$name
	dpkg-deb -R "$deb" "$root"
	newer=$(dpkg-deb -f "$deb" Version)
	sed -i "s/^Version: .*/Version: $version/; /^Depends:/ s/(= $newer)/(= $version)/g" "$root/DEBIAN/control"
	if [ "$name" = paled ]; then
		echo '# The version before.' >>"$root/etc/pale/paled.conf"
		echo 'nothing reads this' >"$root/usr/share/doc/paled/gone"
		(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums)
	fi
	dpkg-deb --root-owner-group -b "$root" "$out/${name}_${version}_$(dpkg-deb -f "$deb" Architecture).deb" >/dev/null
done
