#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# deb.sh DIR: builds the packages of debian/ into DIR, from a copy of what is in the repository, so that nothing else of this machine's
# folder gets into them. DIR/build.log says how.
set -euo pipefail
mkdir -p "$1"
out=$(realpath "$1")
rm -rf "$out/source" "$out"/*.{deb,buildinfo,changes}
mkdir "$out/source"
echo "  DEB     $out"

# As it is now: changes that are not committed count, what was deleted does not.
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
	[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
done | tar -c --null --files-from=- | tar -x -C "$out/source"

cd "$out/source"
# Neither make's variables nor flags of this build are those of the packages'.
if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u LDFLAGS DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-parallel=$(nproc)}" \
	dpkg-buildpackage --build=binary --no-sign >../build.log 2>&1; then
	tail -n 40 ../build.log >&2
	exit 1
fi
cd ..
rm -rf source
